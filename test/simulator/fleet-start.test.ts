import { startFleet, type FleetOptions } from '../../simulator/fleet.js';
import { manifest } from './support/fixtures.js';

const DIRECT = '200000000001';
const brokerUrl = 'mqtt://127.0.0.1:1883';

describe('a fleet that cannot start says why', () => {
  const meterOf = (change: object) => {
    const fleet = manifest();
    return { ...fleet, meters: fleet.meters.map((meter) => ({ ...meter, ...change })) };
  };
  test.each<[string, Partial<FleetOptions>, RegExp]>([
    ['no manifest', { fleet: {} }, /does not match schema\/fleet.schema.json/],
    ['a bad serial', { fleet: meterOf({ meter: '1' }) }, /\/meters\/0\/meter must match pattern/],
    ['a private key in it', { fleet: { ...manifest(), privateKey: 'x' } }, /privateKey/],
    ['no such gateway', { fleet: meterOf({ gateway: '900000000009' }) }, /which the manifest does not list/],
    ['a meter twice', { fleet: { ...manifest(), meters: [...manifest().meters, ...manifest().meters] } }, /twice/],
    ['a bad zone', { fleet: { ...manifest(), timezone: 'Mars/Olympus' } }, /IANA name/],
    [
      'no head-end key',
      { fleet: { ...manifest(), downlinkKeys: manifest().downlinkKeys.slice(1) } },
      /no downlink key of role head-end/,
    ],
    ['an unreal instant', { fleet: meterOf({ registerAt: '2025-02-30T00:00:00.000Z' }) }, /no real instant/],
    [
      'a foreign 4G meter',
      { fleet: { ...manifest({ direct: 1 }), meters: meterOf({ gateway: DIRECT }).meters } },
      /is a 4G meter/,
    ],
    ['a web address', { brokerUrl: 'http://127.0.0.1:1883' }, /use mqtt:\/\/ or mqtts:\/\//],
    ['a password in it', { brokerUrl: 'mqtt://a:b@127.0.0.1' }, /Leave user and password out/],
    ['a bad fault', { faults: [{ name: 'x' }] }, /no fault "x"/],
  ])('%s', async (_, options, words) => {
    await expect(startFleet({ fleet: manifest(), brokerUrl, ...options })).rejects.toThrow(words);
  });
});
