import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControl, type ControlServer } from '../control/server.js';
import { startFleet, type FleetOptions, type RunningFleet } from '../fleet.js';
import { loadManifest } from '../manifest-source.js';
import { instantMs } from '../wire/contract.js';
import { RUN_HELP } from './help.js';
import { UsageError, type CliIo } from './io.js';
import { readArgs, text, wholeNumber, type ParsedArgs } from './options.js';
import { aborted, figures, showConnecting, showFigures } from './progress.js';

const OPTIONS = {
  fleet: { type: 'string' },
  token: { type: 'string' },
  broker: { type: 'string' },
  ca: { type: 'string' },
  seed: { type: 'string' },
  'relay-ms': { type: 'string' },
  faults: { type: 'string' },
  'data-dir': { type: 'string' },
  'state-file': { type: 'string' },
  'boot-state': { type: 'boolean' },
  'spread-ms': { type: 'string' },
  'freeze-rate': { type: 'string' },
  'time-scale': { type: 'string' },
  'start-at': { type: 'string' },
  'clock-wait-ms': { type: 'string' },
  keepalive: { type: 'string' },
  'control-port': { type: 'string' },
  'control-token': { type: 'string' },
  control: { type: 'boolean' },
  'summary-every': { type: 'string' },
  quiet: { type: 'boolean' },
  // Acted on in cli.ts, where standard input is.
  'until-stdin-ends': { type: 'boolean' },
} as const;

/** Name of the file in --data-dir that tells `faults`, `meters` and `button` where the simulator listens. */
export const CONTROL_FILE = 'control.json';

/** `run`: builds the fleet, connects it, serves the control API, until the person ends. */
export async function runCommand(args: string[], io: CliIo): Promise<number> {
  const parsed = readArgs(args, OPTIONS);
  if (parsed.values.help) {
    io.out(RUN_HELP);
    return 0;
  }
  if (parsed.positionals.length > 0) {
    throw new UsageError(`run takes options only; what is ${JSON.stringify(parsed.positionals[0])}?`);
  }
  const from = text(parsed, 'fleet');
  if (!from) throw new UsageError('--fleet is missing: a manifest file, or the address of one.');
  const quiet = parsed.values.quiet === true;
  // On a terminal a line being written over may stand there.
  const say = (line: string): void => io.out(`${io.isTerminal ? '\r\x1b[K' : ''}${line}\n`);
  const fleet = await fleetFrom({ from, parsed, io, quiet, say });
  let control: ControlServer | undefined;
  let stopFigures = (): void => undefined;
  try {
    control = await openControl(parsed, io, fleet);
    await showConnecting(fleet, io, quiet);
    const everyMs = wholeNumber(parsed, 'summary-every', 1, 86_400, 10) * 1000;
    if (!quiet) stopFigures = showFigures(fleet, io, everyMs);
    await aborted(io.signal);
  } finally {
    stopFigures();
    await control?.close();
    const dataDir = text(parsed, 'data-dir');
    if (control && dataDir) rmSync(join(dataDir, CONTROL_FILE), { force: true });
    const last = figures(fleet.summary());
    await fleet.stop();
    if (!quiet) say(`ended: ${last}`);
  }
  return 0;
}

interface Start {
  from: string;
  parsed: ParsedArgs;
  io: CliIo;
  quiet: boolean;
  say: (line: string) => void;
}

/** A function of its own, so that the manifest is let go of when it returns: it is larger than the fleet made from it. */
async function fleetFrom({ from, parsed, io, quiet, say }: Start): Promise<RunningFleet> {
  const options = fleetOptions(parsed);
  const token = text(parsed, 'token') ?? io.env.RELIGHT_FLEET_TOKEN;
  const manifest = await loadManifest({ from, token, waiting: say, signal: io.signal });
  if (!quiet) say(`fleet: ${manifest.meters.length} meters behind ${manifest.gateways.length} gateways`);
  return startFleet({ ...options, fleet: manifest, log: say });
}

function fleetOptions(parsed: ParsedArgs): Omit<FleetOptions, 'fleet'> {
  const dataDir = text(parsed, 'data-dir');
  const ca = text(parsed, 'ca');
  const faultsFile = text(parsed, 'faults');
  return {
    brokerUrl: text(parsed, 'broker') ?? 'mqtt://127.0.0.1:1883',
    brokerCa: ca && readText(ca, '--ca'),
    seed: wholeNumber(parsed, 'seed', 0, 0xffff_ffff, 1),
    relayMs: wholeNumber(parsed, 'relay-ms', 0, 3_600_000, 20),
    faults: faultsFile ? readFaults(faultsFile) : [],
    stateFile: text(parsed, 'state-file') ?? (dataDir && join(dataDir, 'meters.state')),
    bootState: parsed.values['boot-state'] !== false,
    spreadMs: wholeNumber(parsed, 'spread-ms', 0, 3_600_000, 2_000),
    freezesPerSecond: wholeNumber(parsed, 'freeze-rate', 1, 100_000, 2_000),
    clockWaitMs: wholeNumber(parsed, 'clock-wait-ms', 0, 3_600_000, 1_000),
    keepaliveSeconds: wholeNumber(parsed, 'keepalive', 5, 65_535, 60),
    ...ownTime(parsed),
  };
}

function ownTime(parsed: ParsedArgs): Pick<FleetOptions, 'timeScaleMillis' | 'startAtMs'> {
  const [scaleText, startText] = [text(parsed, 'time-scale'), text(parsed, 'start-at')];
  const scale = Number(scaleText ?? 1);
  if (!(scale >= 0 && scale <= 100_000)) throw new UsageError(`--time-scale is 0 to 100000, not ${scaleText}.`);
  const startAtMs = startText === undefined ? undefined : instantMs(startText);
  if (startText !== undefined && startAtMs === undefined) {
    throw new UsageError(`--start-at is an instant like 2026-01-01T00:00:00.000Z, not ${startText}.`);
  }
  return { timeScaleMillis: scaleText === undefined ? undefined : Math.round(scale * 1000), startAtMs };
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${path} (${option}): ${(error as Error).message}`);
  }
}

function readFaults(path: string): unknown[] {
  let faults: unknown;
  try {
    faults = JSON.parse(readText(path, '--faults'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} is not JSON; a faults file is a list, see "faults --help".`);
  }
  if (!Array.isArray(faults)) throw new UsageError(`${path} is no list; a faults file is a list, see "faults --help".`);
  return faults;
}

async function openControl(
  parsed: ParsedArgs,
  io: CliIo,
  fleet: Parameters<typeof startControl>[0],
): Promise<ControlServer | undefined> {
  if (parsed.values.control === false) return undefined;
  const port = wholeNumber(parsed, 'control-port', 0, 65_535, 0);
  const given = text(parsed, 'control-token') ?? io.env.RELIGHT_SIMULATOR_TOKEN;
  const control = await startControl(fleet, port, given);
  io.out(`control API: ${control.url}${given ? '' : `, token ${control.token}`}\n`);
  const dataDir = text(parsed, 'data-dir');
  if (dataDir) {
    mkdirSync(dataDir, { recursive: true });
    const file = join(dataDir, CONTROL_FILE);
    // Only its owner may read the token; an old file keeps its rights when written over, so it goes first.
    rmSync(file, { force: true });
    writeFileSync(file, JSON.stringify({ url: control.url, token: control.token }), { mode: 0o600 });
  }
  return control;
}
