import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { encodeFrame } from '../simulator/dlt645/frame.js';
import { generateFleet } from '../simulator/generate-fleet.js';
import { HeapScheduler } from '../simulator/run/scheduler.js';
import { Simulation } from '../simulator/run/simulation.js';
import { VirtualClock } from '../simulator/run/virtual-clock.js';
import { canonicalJson, type ContractValue } from '../simulator/wire/canonical-json.js';
import type { FleetManifest, ManifestMeter } from '../simulator/wire/contract.js';
import { linePassword } from '../simulator/wire/secrets.js';
import type { Cleanup } from './support/cleanup.js';
import type { BenchOptions } from './support/options.js';
import { step } from './support/progress.js';
import { equal, type Figure, type Outcome } from './support/report.js';
import { rounded } from './support/statistics.js';
import { until } from './support/until.js';

const SIZES = {
  full: { concentrators: 50, metersPerConcentrator: 1_000 },
  quick: { concentrators: 5, metersPerConcentrator: 200 },
};
/** Most orders of one signature. Source: orders.schema.json. */
const GROUP = 64;
const NOW = '2026-01-05T04:00:00.000Z';
const NOT_AFTER = '2026-01-05T04:10:00.000Z';
/** NOT_AFTER in China's time as a frame has it: `ss mm hh DD MM YY`. */
const VALID_UNTIL = Buffer.from('001012050126', 'hex');
/** N1 of a direct close. */
const CLOSE = 0x1c;
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const TIMEOUT_MS = 300_000;

/**
 * The DL/T 645 half of the simulator by itself, without a network: a mass restore through concentrators on a line on which no time
 * passes. Every signature is checked, every order is in memory before it is on the line, each is proven by status word 3.
 */
export async function concentrators(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  const { manifest, provisioning } = generateFleet({
    ...size,
    direct: 0,
    seed: 7,
    timezone: 'Asia/Shanghai',
    registerAt: '2026-01-01T00:00:00.000Z',
    downlinkKeys: [],
    codec: 'dlt645',
    lineBaud: 0,
  });
  for (const meter of manifest.meters) meter.relay = 'open';
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(provisioning.downlinkKeys[0]?.d ?? '', 'base64url')]),
    format: 'der',
    type: 'pkcs8',
  });
  step('signing groups of restores');
  const groups = groupsOf(manifest, key);
  const scheduler = new HeapScheduler();
  cleanup.defer(() => scheduler.stop());
  let messages = 0;
  const simulation = new Simulation({
    manifest,
    seed: 7,
    relayMs: 0,
    spreadMs: 0,
    freezesPerSecond: 1,
    clock: new VirtualClock(() => Date.parse(NOW)),
    scheduler,
    publish: () => (messages += 1),
    hasRoom: () => true,
    gateways: { has: () => true, reconcile: () => undefined },
  });
  step('restoring');
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  for (const { gateway, bytes } of groups) {
    simulation.receiver.receive(gateway, gateway, bytes, () => undefined);
    // A socket would let others in between two messages, too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { counters } = simulation.context;
  await until('every relay closed', () => counters.relayToggles >= manifest.meters.length, {
    timeoutMs: TIMEOUT_MS,
  });
  const { user, system } = process.cpuUsage(startCpu);
  const meters = manifest.meters.length;
  const figures: Figure[] = [
    { what: 'restores a second', value: rounded((meters * 1_000) / (performance.now() - startMs), 0), unit: '/s' },
    { what: 'restores a second of processor time', value: rounded((meters * 1e6) / (user + system), 0), unit: '/s' },
    { what: 'messages up', value: messages, unit: '' },
    { what: 'resident memory of this process', value: rounded(process.memoryUsage().rss / 1e6, 0), unit: 'MB' },
  ];
  return {
    parameters: { ...size, meters },
    figures,
    bars: [],
    checks: [
      equal('orders accepted', counters.accepted, meters),
      equal('relays moved', counters.relayToggles, meters),
      equal('orders refused', Object.keys(counters.refused).length, 0),
    ],
  };
}

function groupsOf(manifest: FleetManifest, key: KeyObject): { gateway: string; bytes: Buffer }[] {
  return manifest.gateways.flatMap(({ gateway }) => {
    const orders = manifest.meters.filter((meter) => meter.gateway === gateway).map((meter) => order(meter, manifest));
    const groups: { gateway: string; bytes: Buffer }[] = [];
    for (let from = 0; from < orders.length; from += GROUP) {
      const message = { v: 1, kind: 'orders', gateway, orders: orders.slice(from, from + GROUP) };
      groups.push({ gateway, bytes: seal(message, manifest.downlinkKeys[0]?.kid ?? '', key) });
    }
    return groups;
  });
}

function order({ meter, gateway, installation }: ManifestMeter, { keySeed }: FleetManifest): ContractValue {
  const password = linePassword(keySeed, meter);
  const data = Buffer.concat([Buffer.of(2), password, Buffer.alloc(4), Buffer.of(CLOSE, 0), VALID_UNTIL]);
  return {
    v: 1,
    kind: 'switch',
    commandId: `00000000-0000-4000-8000-${meter}`,
    gateway,
    meter,
    installation,
    account: 'A-1',
    servicePoint: 'SP-1',
    operation: 'restore',
    mode: 'direct',
    expectedRelay: 'any',
    sequence: 1,
    issuedAt: NOW,
    notAfter: NOT_AFTER,
    reason: 'ARREARS',
    frame: encodeFrame(meter, CLOSE, data).toString('hex'),
  };
}

function seal(message: ContractValue, kid: string, key: KeyObject): Buffer {
  const payload = Buffer.from(canonicalJson(message)).toString('base64url');
  const header = Buffer.from(canonicalJson({ alg: 'EdDSA', kid })).toString('base64url');
  const signature = sign(null, Buffer.from(`${header}.${payload}`), key).toString('base64url');
  return Buffer.from(JSON.stringify({ payload, signatures: [{ protected: header, signature }] }));
}
