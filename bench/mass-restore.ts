import { join } from 'node:path';
import { PROBE_USERS } from '../src/platform/probe-users.js';
import { gatewayPassword } from '../simulator/wire/keys.js';
import type { FleetManifest } from '../simulator/wire/contract.js';
import type { FleetSummary } from '../simulator/fleet.js';
import type { FleetProcess } from './fleet-process.js';
import type { BareSwitching, FloorProcess } from './floor-process.js';
import type { MassRestore, ProductProcess } from './product-process.js';
import { startChild, type Child } from './support/children.js';
import type { Cleanup } from './support/cleanup.js';
import type { BenchOptions } from './support/options.js';
import { Mosquitto } from './support/mosquitto.js';
import { massRestoreOutcome, type Round } from './support/mass-restore-outcome.js';
import { step } from './support/progress.js';
import { equal, type Check, type Outcome } from './support/report.js';
import { until } from './support/until.js';

const SIZES = {
  full: { districts: 50, metersPerDistrict: 200, rounds: 3 },
  quick: { districts: 5, metersPerDistrict: 200, rounds: 2 },
};
/** A concentrator has at most as many meters here as the larger districts. */
const METERS_PER_DISTRICT = 500;
const PASSWORD = 'bench-head-end-password';
const PROBE_PASSWORD = 'bench-probe-password';
/** The product's slowest regular look is one second; a fleet that has said nothing for this long has said all. */
const QUIET_MS = 1_500;

/** A side of the comparison: who commands, and the meters it commands. */
interface Side<Head> {
  readonly head: Head;
  readonly fleet: Child<FleetProcess>;
}

/**
 * Thousands of restores queued in one transaction until the last is VERIFIED, beside bare mqtt.js doing the same to the same meters
 * without a database. With mosquitto each side has one of its own, configured alike; with DL/T 645 meters the floor's still speak JSON, each
 * with an order and an ack of its own.
 */
export async function massRestore(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = sizeOf(options);
  const meters = size.districts * size.metersPerDistrict;
  const product = await openProduct(size, options, cleanup);
  const floor = await openFloor(product.manifest, 'json', options, cleanup);
  const lineFloor =
    options.codec === 'dlt645' ? await openFloor(product.manifest, 'dlt645', options, cleanup) : undefined;

  const rounds: Round[] = [];
  const checks: Check[] = [];
  // Round 0 warms up both sides and is not counted.
  for (let round = options.warmUp ? 0 : 1; round <= size.rounds; round += 1) {
    step(`round ${round} of ${size.rounds}: product`);
    const restored = await productRound(product, options.codec);
    step(`round ${round} of ${size.rounds}: floor`);
    const bare = await floorRound(floor, meters);
    if (lineFloor) step(`round ${round} of ${size.rounds}: floor in groups`);
    const bareLine = lineFloor && (await floorRound(lineFloor, meters));
    checks.push(...restored.checks, ...bare.checks, ...(bareLine?.checks ?? []));
    step(
      `round ${round} of ${size.rounds}: ${Math.round((meters * 1_000) / restored.measured.elapsedMs)}/s beside ${Math.round((meters * 1_000) / bare.measured.elapsedMs)}/s`,
    );
    if (round > 0) rounds.push({ product: restored.measured, floor: bare.measured, lineFloor: bareLine?.measured });
  }
  return massRestoreOutcome({ ...size, broker: options.broker, codec: options.codec }, meters, rounds, checks);
}

interface Size {
  readonly districts: number;
  readonly metersPerDistrict: number;
  readonly rounds: number;
}

function sizeOf({ quick, meters, rounds }: BenchOptions): Size {
  const size = quick ? SIZES.quick : SIZES.full;
  const districts = meters && Math.ceil(meters / METERS_PER_DISTRICT);
  return {
    ...size,
    ...(districts && { districts, metersPerDistrict: Math.ceil(meters / districts) }),
    ...(rounds && { rounds }),
  };
}

interface FloorSide extends Side<Child<FloorProcess>> {
  readonly codec: BenchOptions['codec'];
}

/** A mosquitto with the product's configuration, which knows the head-end and its probe, and soon the gateways of a fleet. */
async function openMosquitto(
  cleanup: Cleanup,
): Promise<{ mosquitto: Mosquitto; admit: (fleet: FleetManifest) => void }> {
  const logins = [
    { user: 'head-end', password: PASSWORD },
    ...PROBE_USERS.map((user) => ({ user, password: PROBE_PASSWORD })),
  ];
  const mosquitto = await Mosquitto.start({ dir: cleanup.directory(), logins, saves: 'each-second' });
  cleanup.defer(() => mosquitto.stop());
  return {
    mosquitto,
    admit: ({ keySeed, gateways }) =>
      mosquitto.setLogins([
        ...logins,
        ...gateways.map(({ gateway }) => ({ user: gateway, password: gatewayPassword(keySeed, gateway) })),
      ]),
  };
}

async function openProduct(size: Size, options: BenchOptions, cleanup: Cleanup) {
  step('opening the simulated world');
  // Made first, so that it goes last: a database whose folder is gone cannot be told to stop.
  const dataDir = join(cleanup.directory(), 'data');
  const head = startChild<ProductProcess>('product-process.js', cleanup, options.profiling('mass-restore-product'));
  const own = options.broker === 'mosquitto' ? await openMosquitto(cleanup) : undefined;
  const opened = await head.call('open', {
    DATA_DIR: dataDir,
    ...(own && {
      MQTT_URL: own.mosquitto.url,
      MQTT_PROBE_PASSWORD: PROBE_PASSWORD,
      MQTT_PROBE_URL: own.mosquitto.gatewayUrl,
    }),
    SIMULATED_DLT645_SHARE: options.codec === 'dlt645' ? '1' : '0',
    SIMULATED_DISTRICTS: String(size.districts),
    SIMULATED_METERS: String(size.metersPerDistrict),
    SIMULATED_ARREARS_SHARE: '1',
    SIMULATED_MONTHS: '1',
  });
  const manifest = instantLines(opened.manifest as FleetManifest);
  own?.admit(manifest);
  const fleet = startChild<FleetProcess>('fleet-process.js', cleanup, options.profiling('mass-restore-fleet'));
  step('connecting the meters');
  await fleet.call('start', { fleet: manifest, brokerUrl: own?.mosquitto.gatewayUrl ?? opened.brokerUrl, relayMs: 0 });
  await quiet(fleet);
  return { head, fleet, manifest };
}

/** No time passes on the serial lines: what is measured is everything else. */
const instantLines = (fleet: FleetManifest): FleetManifest => ({
  ...fleet,
  gateways: fleet.gateways.map((gateway) => ({ ...gateway, lineBaud: 0 })),
});

const speakingJson = (fleet: FleetManifest): FleetManifest => ({
  ...fleet,
  meters: fleet.meters.map(({ securityClass: _class, ...meter }) => ({ ...meter, codec: 'json' })),
});

async function openFloor(
  manifest: FleetManifest,
  codec: BenchOptions['codec'],
  options: BenchOptions,
  cleanup: Cleanup,
): Promise<FloorSide> {
  const head = startChild<FloorProcess>('floor-process.js', cleanup, options.profiling('mass-restore-floor'));
  const own = options.broker === 'mosquitto' ? await openMosquitto(cleanup) : undefined;
  own?.admit(manifest);
  const at = own && { url: own.mosquitto.url, password: PASSWORD };
  const { brokerUrl, downlinkKeys } = await head.call('open', manifest.keySeed, at);
  const fleet = startChild<FleetProcess>('fleet-process.js', cleanup);
  await fleet.call('start', {
    fleet: { ...(codec === 'json' ? speakingJson(manifest) : manifest), downlinkKeys },
    brokerUrl: own?.mosquitto.gatewayUrl ?? brokerUrl,
    relayMs: 0,
  });
  await head.call(
    'connect',
    manifest.meters.map(({ meter, gateway, installation, lastSequence, securityClass }) => ({
      serial: meter,
      gateway,
      installation,
      sequence: lastSequence,
      securityClass: securityClass === 'cipher' ? ('CIPHER' as const) : ('PASSWORD' as const),
    })),
    codec === 'json' ? undefined : { keySeed: manifest.keySeed, timeZone: manifest.timezone! },
  );
  await quiet(fleet);
  return { head, fleet, codec };
}

async function productRound(
  { head, fleet }: Side<Child<ProductProcess>>,
  codec: BenchOptions['codec'],
): Promise<{ measured: MassRestore; checks: Check[] }> {
  await head.call('cutAll');
  await quiet(fleet);
  const before = await fleet.call('summary');
  const earlier = new Map((await fleet.call('relays')).map(({ serial, toggles }) => [serial, toggles]));
  const measured = await head.call('restoreAll', fleet.pid);
  await quiet(fleet);
  const after = await fleet.call('summary');
  const relays = await fleet.call('relays');
  const meters = relays.length;
  const obeyed = relays.filter(
    ({ serial, toggles, closed, lastCommandId }) =>
      closed && toggles === earlier.get(serial)! + 1 && lastCommandId === measured.commandIds.get(serial),
  );
  const checks = [
    equal('product: commands VERIFIED', measured.states['VERIFIED'] ?? 0, meters),
    equal('product: each sent once', measured.attempts, meters),
    // A DL/T 645 meter says first that it has accepted; a JSON meter's ack proves at once.
    codec === 'json'
      ? equal('product: audit entries (ordered, SENT, VERIFIED)', measured.auditEntries, 3 * meters)
      : equal('product: audit entries (ordered, SENT, ACCEPTED, VERIFIED)', measured.auditEntries, 4 * meters),
    equal('product: meters closed by their own command, one toggle each', obeyed.length, meters),
    // A concentrator hears groups, and answers in frames.
    ...(codec === 'json' ? messageChecks('product', before, after, meters) : []),
  ];
  return { measured, checks };
}

async function floorRound(
  { head, fleet, codec }: FloorSide,
  meters: number,
): Promise<{ measured: BareSwitching; checks: Check[] }> {
  await head.call('switchAll', 'CUT', fleet.pid);
  await quiet(fleet);
  const before = await fleet.call('summary');
  const measured = await head.call('switchAll', 'RESTORE', fleet.pid);
  await quiet(fleet);
  const after = await fleet.call('summary');
  const name = codec === 'json' ? 'floor' : 'floor in groups';
  return {
    measured,
    checks: [
      equal(`${name}: relays closed`, after.closed, meters),
      ...(codec === 'json'
        ? messageChecks(name, before, after, meters)
        : [equal(`${name}: relay toggles`, after.relayToggles - before.relayToggles, meters)]),
    ],
  };
}

const messageChecks = (side: string, before: FleetSummary, after: FleetSummary, meters: number): Check[] => [
  equal(`${side}: commands heard by meters`, after.received - before.received, meters),
  equal(`${side}: commands accepted`, after.accepted - before.accepted, meters),
  equal(`${side}: relay toggles`, after.relayToggles - before.relayToggles, meters),
  equal(`${side}: acks sent`, after.sent.ack - before.sent.ack, meters),
];

/** Waits until a fleet has nothing more to say. */
async function quiet(fleet: Child<FleetProcess>): Promise<void> {
  let last = '';
  let sinceMs = performance.now();
  await until(
    'the meters have fallen quiet',
    async () => {
      const { received, sent } = await fleet.call('summary');
      const now = JSON.stringify([received, sent]);
      if (now !== last) sinceMs = performance.now();
      last = now;
      return performance.now() - sinceMs > QUIET_MS;
    },
    { everyMs: 100, timeoutMs: 180_000 },
  );
}
