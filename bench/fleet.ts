import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../src/platform/project-path.js';
import { generateFleet } from '../simulator/generate-fleet.js';
import type { FloorProcess } from './floor-process.js';
import { startChild } from './support/children.js';
import { Cleanup } from './support/cleanup.js';
import type { BenchOptions } from './support/options.js';
import { OutputOf } from './support/output.js';
import { residentMb } from './support/processes.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';
import { until } from './support/until.js';

const SIZES = {
  full: { concentrators: 50, metersPerConcentrator: 200, rounds: 3 },
  quick: { concentrators: 5, metersPerConcentrator: 200, rounds: 1 },
};
const BARS = { connectedSeconds: 20, residentMb: 400 };
const TIMEOUT_MS = 120_000;

interface Connecting {
  readonly connectedMs: number;
  readonly spokenMs: number;
  readonly connectedMb: number;
  readonly spokenMb: number;
  readonly peakMb: number;
  readonly states: number;
}

/** The simulator as a user runs it, with 10,000 meters, against a broker that does nothing else. */
export async function fleet(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  const { concentrators, metersPerConcentrator } = size;
  const meters = concentrators * metersPerConcentrator;
  const { manifest } = generateFleet({
    concentrators,
    metersPerConcentrator,
    direct: 0,
    seed: 7,
    timezone: 'Asia/Shanghai',
    registerAt: '2026-01-01T00:00:00.000Z',
    downlinkKeys: [],
  });
  const manifestFile = join(cleanup.directory(), 'fleet.json');
  writeFileSync(manifestFile, JSON.stringify(manifest), { mode: 0o600 });
  const rounds: Connecting[] = [];
  for (let round = 1; round <= size.rounds; round += 1) {
    step(`connecting the fleet: round ${round} of ${size.rounds}`);
    rounds.push(await connectOnce(manifestFile, manifest.keySeed, meters));
  }
  const seconds = (pick: (round: Connecting) => number): number => rounded(median(rounds.map(pick)) / 1_000);
  const greatest = (pick: (round: Connecting) => number): number => rounded(Math.max(...rounds.map(pick)), 1);
  return {
    parameters: { ...size, meters },
    figures: [
      {
        what: 'start of the process to every meter having spoken',
        value: seconds(({ spokenMs }) => spokenMs),
        unit: 's',
      },
      { what: 'resident memory when connected', value: greatest(({ connectedMb }) => connectedMb), unit: 'MB' },
      { what: 'resident memory when every meter has spoken', value: greatest(({ spokenMb }) => spokenMb), unit: 'MB' },
    ],
    bars: [
      atMost(
        'start of the process to every gateway connected',
        seconds(({ connectedMs }) => connectedMs),
        BARS.connectedSeconds,
        's',
      ),
      atMost(
        'resident memory at its greatest',
        greatest(({ peakMb }) => peakMb),
        BARS.residentMb,
        'MB',
      ),
    ],
    checks: rounds.map(({ states }, index) =>
      equal(`states heard by the broker in round ${index + 1}`, states, meters),
    ),
    detail: rounds,
  };
}

/** One simulator process and one broker process, both new. */
async function connectOnce(manifestFile: string, keySeed: string, meters: number): Promise<Connecting> {
  const cleanup = new Cleanup();
  try {
    const broker = startChild<FloorProcess>('floor-process.js', cleanup);
    const { brokerUrl } = await broker.call('open', keySeed);
    await broker.call('countStates');
    const startedAtMs = performance.now();
    const simulator = spawnSimulator(['run', '--fleet', manifestFile, '--broker', brokerUrl, '--no-control'], cleanup);
    await new OutputOf(simulator).line(/^connected: /m, TIMEOUT_MS);
    const connectedMs = performance.now() - startedAtMs;
    const connected = residentMb(simulator.pid!);
    const heardAll = async (): Promise<boolean> => (await broker.call('states')) >= meters;
    await until('every meter has said how it stands', heardAll, { timeoutMs: TIMEOUT_MS, everyMs: 50 });
    const spokenMs = performance.now() - startedAtMs;
    const { nowMb, peakMb } = residentMb(simulator.pid!);
    return {
      connectedMs,
      spokenMs,
      connectedMb: connected.nowMb,
      spokenMb: nowMb,
      peakMb,
      states: await broker.call('states'),
    };
  } finally {
    await cleanup.run();
  }
}

function spawnSimulator(args: readonly string[], cleanup: Cleanup): ChildProcess {
  const child = spawn(process.execPath, [projectPath('dist', 'simulator', 'cli.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  cleanup.defer(() => {
    process.off('exit', kill);
    kill();
  });
  return child;
}
