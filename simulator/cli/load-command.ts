import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { startFleet, type LoadKind, type LoadView } from '../fleet.js';
import { loadKeys, ORDER_KINDS, type OrderKind } from '../load/orders.js';
import { LOAD_KINDS } from '../load/load-request.js';
import { SwitchLoad } from '../load/switch-load.js';
import { loadManifest } from '../manifest-source.js';
import { clockTopic, type FleetManifest } from '../wire/contract.js';
import { askControl, CONTROL_OPTIONS, controlAddress } from './control-client.js';
import { LOAD_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { switchLine, switchText, telemetryLine, telemetryText, writeReport } from './load-report.js';
import { readArgs, text, wholeNumber, type ParsedArgs } from './options.js';
import { LiveLine, showConnecting } from './progress.js';
import { LOAD_FIELDS } from './selections.js';

const OPTIONS = {
  ...CONTROL_OPTIONS,
  fleet: { type: 'string' },
  token: { type: 'string' },
  broker: { type: 'string' },
  ca: { type: 'string' },
  keys: { type: 'string' },
  username: { type: 'string' },
  password: { type: 'string' },
  kind: { type: 'string' },
  rate: { type: 'string' },
  'for-s': { type: 'string' },
  count: { type: 'string' },
  'timeout-s': { type: 'string' },
  out: { type: 'string' },
} as const;

/** Messages still on their way when a load ends are waited for so long, ms. */
const DRAIN_MS = 30_000;
const LOOK_EVERY_MS = 1_000;

/** `load telemetry|switch`. */
export async function loadCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, OPTIONS);
  if (parsed.values.help) {
    io.out(LOAD_HELP);
    return 0;
  }
  const [verb, ...more] = parsed.positionals;
  if (more.length > 0) throw new UsageError(`What is ${JSON.stringify(more[0])}? Options begin with --.`);
  switch (verb) {
    case 'telemetry':
      return text(parsed, 'fleet') ? telemetryOfOwnFleet(parsed, io) : telemetryOfRunning(parsed, io);
    case 'switch':
      return switching(parsed, io);
    default:
      throw new UsageError('Say which load: load telemetry, or load switch.');
  }
}

function telemetryRequest(parsed: ParsedArgs): { kind: LoadKind; perSecond?: number; forMs?: number } {
  const kind = wordOf(parsed, 'kind', LOAD_KINDS, 'reading');
  const perSecond = rateOf(parsed);
  if (kind === 'freeze') {
    if (perSecond !== undefined || parsed.values['for-s'] !== undefined) {
      throw new UsageError('A freeze is every meter once, all at once: it takes neither --rate nor --for-s.');
    }
    return { kind };
  }
  return { kind, perSecond, forMs: wholeNumber(parsed, 'for-s', 1, 604_800, 30) * 1000 };
}

/** Connects a fleet only for the load: its meters do not announce themselves, so nothing else is measured. */
async function telemetryOfOwnFleet(parsed: ParsedArgs, io: CliIo): Promise<number> {
  const request = telemetryRequest(parsed);
  const manifest = await manifestOf(parsed, io);
  const line = new LiveLine(io);
  const fleet = await startFleet({
    fleet: manifest,
    brokerUrl: brokerOf(parsed),
    brokerCa: caOf(parsed),
    bootState: false,
    log: (said) => line.say(said),
  });
  try {
    await showConnecting(fleet, io, false);
    if (io.signal.aborted) return 0;
    const startedAt = new Date();
    fleet.startLoad(request);
    let view = fleet.load() as LoadView;
    let drainMs = 0;
    while (!io.signal.aborted && (view.running || (view.pending > 0 && drainMs < DRAIN_MS))) {
      await pause(LOOK_EVERY_MS / 5);
      if (!view.running) drainMs += LOOK_EVERY_MS / 5;
      view = fleet.load() as LoadView;
      line.show(telemetryLine(view));
    }
    fleet.stopLoad();
    return ended(fleet.load() as LoadView, startedAt, line, parsed, io);
  } finally {
    await fleet.stop();
  }
}

/** Starts a load in a running simulator and watches it. Ended early, it is stopped there. */
async function telemetryOfRunning(parsed: ParsedArgs, io: CliIo): Promise<number> {
  const { kind, ...rest } = telemetryRequest(parsed);
  const address = controlAddress(parsed, io);
  const line = new LiveLine(io);
  const startedAt = new Date();
  const input = { kind: kind.toUpperCase(), ...rest };
  await askControl(address, io, 'mutation ($input: LoadInput!) { startLoad(input: $input) { running } }', { input });
  let drainMs = 0;
  for (;;) {
    const { load } = await askControl<{ load: LoadView }>(address, io, `{ load { ${LOAD_FIELDS} } }`);
    line.show(telemetryLine(load));
    if (io.signal.aborted || (!load.running && (load.pending === 0 || drainMs >= DRAIN_MS))) break;
    if (!load.running) drainMs += LOOK_EVERY_MS / 5;
    await pause(LOOK_EVERY_MS / 5);
  }
  // Asked with a signal of its own: the person's may be what ended the waiting.
  const last: CliIo = { ...io, signal: AbortSignal.timeout(10_000) };
  const { stopLoad } = await askControl<{ stopLoad: LoadView }>(
    address,
    last,
    `mutation { stopLoad { ${LOAD_FIELDS} } }`,
  );
  return ended(stopLoad, startedAt, line, parsed, io);
}

function ended(view: LoadView, startedAt: Date, line: LiveLine, parsed: ParsedArgs, io: CliIo): number {
  line.end();
  io.out(telemetryText(view));
  writeReport(text(parsed, 'out'), 'telemetry', startedAt, view, io);
  return view.pending > 0 || view.dropped > 0 ? 1 : 0;
}

/** Orders as a head-end would, with the development keys of a generated fleet. */
async function switching(parsed: ParsedArgs, io: CliIo): Promise<number> {
  const kind = wordOf<OrderKind>(parsed, 'kind', ORDER_KINDS, 'restore');
  const manifest = await manifestOf(parsed, io);
  const keys = loadKeys(readJson(text(parsed, 'keys') ?? keysBeside(parsed), '--keys'));
  if (kind !== 'restore' && kind !== 'read' && !keys.guard) {
    throw new UsageError(
      'Cuts need a guard’s signature, and the keys file holds no private key of a guard; use --kind restore or read.',
    );
  }
  const request = {
    kind,
    perSecond: rateOf(parsed),
    count: wholeNumber(parsed, 'count', 1, 100_000_000, manifest.meters.length),
    timeoutMs: wholeNumber(parsed, 'timeout-s', 1, 3_600, 30) * 1000,
  };
  const client = await connectAsync(brokerOf(parsed), {
    clientId: `relight-load-${process.pid}`,
    username: text(parsed, 'username'),
    password: text(parsed, 'password') ?? io.env.RELIGHT_BROKER_PASSWORD,
    ca: caOf(parsed),
    connectTimeout: 10_000,
    reconnectPeriod: 0,
  }).catch((error: Error) => {
    throw new Error(`The broker does not let the load in: ${error.message || (error as NodeJS.ErrnoException).code}.`);
  });
  const line = new LiveLine(io);
  let broken: Error | undefined;
  client.on('error', (error) => (broken = error));
  client.on('close', () => (broken ??= new Error('The broker ended the connection.')));
  try {
    const publish = (topic: string, payload: string): void => void client.publish(topic, payload, { qos: 1 });
    const load = new SwitchLoad(manifest, keys, request, { publish });
    client.on('message', (topic, payload) => load.hear(topic, payload));
    const clocks = manifest.gateways.slice(0, 1).map(({ gateway }) => clockTopic(gateway));
    await client.subscribeAsync(['relight/v1/+/up/+/ack', 'relight/v1/+/up/+/state', ...clocks], { qos: 1 });
    const startedAt = new Date();
    const stop = new AbortController();
    const look = setInterval(() => {
      line.show(switchLine(load.view()));
      if (broken || io.signal.aborted) stop.abort();
    }, LOOK_EVERY_MS / 5);
    await load.run(stop.signal).finally(() => clearInterval(look));
    line.end();
    if (broken) throw new Error(`The load lost its broker: ${broken.message}`);
    const view = load.view();
    io.out(switchText(view));
    writeReport(text(parsed, 'out'), 'switch', startedAt, view, io);
    return view.unanswered + view.unproven + view.silent > 0 || Object.keys(view.refused).length > 0 ? 1 : 0;
  } finally {
    client.removeAllListeners('close');
    await client.endAsync(true);
  }
}

async function manifestOf(parsed: ParsedArgs, io: CliIo): Promise<FleetManifest> {
  const from = text(parsed, 'fleet');
  if (!from) throw new UsageError('--fleet is missing: a manifest file, or the address of one.');
  const token = text(parsed, 'token') ?? io.env.RELIGHT_FLEET_TOKEN;
  return loadManifest({ from, token, waiting: (said) => io.out(`${said}\n`), signal: io.signal });
}

function keysBeside(parsed: ParsedArgs): string {
  const from = text(parsed, 'fleet') as string;
  if (/^https?:/.test(from))
    throw new UsageError('--keys is missing: the file with the private keys of head-end and guard.');
  return `${from.replace(/\.json$/, '')}.keys.json`;
}

function readJson(path: string, option: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new UsageError(`Cannot read ${path} (${option}): ${(error as Error).message}`);
  }
}

const brokerOf = (parsed: ParsedArgs): string => text(parsed, 'broker') ?? 'mqtt://127.0.0.1:1883';

function caOf(parsed: ParsedArgs): string | undefined {
  const ca = text(parsed, 'ca');
  return ca && readFileSync(ca, 'utf8');
}

/** Messages a second; absent or `max`: as fast as it goes. */
function rateOf(parsed: ParsedArgs): number | undefined {
  const rate = text(parsed, 'rate');
  if (rate === undefined || rate === 'max') return undefined;
  const perSecond = Number(rate);
  if (!(perSecond > 0 && perSecond <= 100_000)) {
    throw new UsageError(`--rate is max, or a number above 0 and at most 100000, not ${JSON.stringify(rate)}.`);
  }
  return perSecond;
}

function wordOf<Word extends string>(parsed: ParsedArgs, name: string, words: readonly Word[], fallback: Word): Word {
  const given = text(parsed, name) ?? fallback;
  const word = words.find((candidate) => candidate === given);
  if (!word) throw new UsageError(`--${name} is ${words.join(', ')}, not ${JSON.stringify(given)}.`);
  return word;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
