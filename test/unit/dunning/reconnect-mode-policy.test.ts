import { decideReconnectMode, type ReconnectFacts } from '../../../src/dunning/reconnect-mode-policy.js';
import type { DunningPolicy } from '../../../src/dunning/policy-schema.js';

const NOW = new Date('2026-05-10T04:00:00.000Z');
const ARMING: DunningPolicy['arming'] = {
  customerClasses: ['INDUSTRIAL'],
  offHours: 72,
  backfeedVolts: 50,
  rearms: 1,
  clause: { text: 'house rule 7', verified: true },
};
const PLAIN: ReconnectFacts = {
  meterMode: 'DIRECT',
  customerClass: 'RESIDENTIAL',
  offSince: new Date('2026-05-10T03:00:00.000Z'),
  openLoadVoltageMv: 0,
};

describe('a restore closes the relay, or arms the meter', () => {
  test.each<[string, Partial<ReconnectFacts>, DunningPolicy['arming'] | undefined, string, string, boolean]>([
    ['off for an hour', {}, ARMING, 'DIRECT', 'NO_REASON_TO_ARM', false],
    ['a meter set up for its button', { meterMode: 'ARM' }, ARMING, 'ARM', 'METER', false],
    ['the same without a policy', { meterMode: 'ARM' }, undefined, 'ARM', 'METER', false],
    ['a class that is always armed', { customerClass: 'INDUSTRIAL' }, ARMING, 'ARM', 'CUSTOMER_CLASS', false],
    [
      'off a minute less than 72 h',
      { offSince: new Date('2026-05-07T04:01:00.000Z') },
      ARMING,
      'DIRECT',
      'NO_REASON_TO_ARM',
      false,
    ],
    ['off 72 h', { offSince: new Date('2026-05-07T04:00:00.000Z') }, ARMING, 'ARM', 'LONG_OFF', false],
    [
      'off for long, time alone never arms',
      { offSince: new Date('2025-05-07T04:00:00.000Z') },
      { ...ARMING, offHours: null },
      'DIRECT',
      'NO_REASON_TO_ARM',
      false,
    ],
    ['nobody knows since when', { offSince: null }, ARMING, 'DIRECT', 'NO_REASON_TO_ARM', false],
    ['49.999 V behind the open relay', { openLoadVoltageMv: 49_999 }, ARMING, 'DIRECT', 'NO_REASON_TO_ARM', false],
    ['50 V behind the open relay', { openLoadVoltageMv: 50_000 }, ARMING, 'ARM', 'BACKFEED', true],
    ['voltage not measured', { openLoadVoltageMv: null }, ARMING, 'DIRECT', 'NO_REASON_TO_ARM', false],
    [
      'a generator weighs more than the meter',
      { openLoadVoltageMv: 228_000, meterMode: 'ARM' },
      ARMING,
      'ARM',
      'BACKFEED',
      true,
    ],
  ])('%s', (_name, facts, arming, mode, reason, visit) => {
    expect(decideReconnectMode({ ...PLAIN, ...facts }, arming, NOW)).toMatchObject({ mode, reason, visit });
  });

  test('says what it rests on, with the clause', () => {
    const { evidence } = decideReconnectMode({ ...PLAIN, openLoadVoltageMv: 228_300 }, ARMING, NOW);
    expect(evidence).toBe('228.3 V behind the open relay (from 50 V on something feeds in): house rule 7');
  });
});
