import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../src/platform/project-path.js';
import { generateFleet } from '../simulator/generate-fleet.js';
import type { FloorProcess } from './floor-process.js';
import { startChild } from './support/children.js';
import type { Cleanup } from './support/cleanup.js';
import type { BenchOptions } from './support/options.js';
import { OutputOf } from './support/output.js';
import { residentMb } from './support/processes.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { rounded } from './support/statistics.js';
import { until } from './support/until.js';

const SIZES = {
  full: { concentrators: 50, metersPerConcentrator: 200 },
  quick: { concentrators: 5, metersPerConcentrator: 200 },
};
const BARS = { connectedSeconds: 20, residentMb: 400 };
const TIMEOUT_MS = 120_000;

/** The simulator as a user runs it, with 10,000 meters, against a broker that does nothing else. */
export async function fleet(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  const meters = size.concentrators * size.metersPerConcentrator;
  const { manifest } = generateFleet({
    ...size,
    direct: 0,
    seed: 7,
    timezone: 'Asia/Shanghai',
    registerAt: '2026-01-01T00:00:00.000Z',
    downlinkKeys: [],
  });
  const manifestFile = join(cleanup.directory(), 'fleet.json');
  writeFileSync(manifestFile, JSON.stringify(manifest), { mode: 0o600 });
  const broker = startChild<FloorProcess>('floor-process.js', cleanup);
  const { brokerUrl } = await broker.call('open', manifest.keySeed);
  await broker.call('countStates');

  step('connecting the fleet');
  const startedAtMs = performance.now();
  const simulator = spawnSimulator(['run', '--fleet', manifestFile, '--broker', brokerUrl, '--no-control'], cleanup);
  const output = new OutputOf(simulator);
  await output.line(/^connected: /m, TIMEOUT_MS);
  const connectedMs = performance.now() - startedAtMs;
  const atConnected = residentMb(simulator.pid!);
  step('hearing how every meter stands');
  await until('every meter has said how it stands', async () => (await broker.call('states')) >= meters, {
    timeoutMs: TIMEOUT_MS,
    everyMs: 50,
  });
  const spokenMs = performance.now() - startedAtMs;
  const afterwards = residentMb(simulator.pid!);
  return {
    parameters: { ...size, meters },
    figures: [
      { what: 'resident memory when connected', value: rounded(atConnected.nowMb, 1), unit: 'MB' },
      { what: 'resident memory when every meter has spoken', value: rounded(afterwards.nowMb, 1), unit: 'MB' },
      { what: 'start of the process to every meter having spoken', value: rounded(spokenMs / 1_000), unit: 's' },
    ],
    bars: [
      atMost(
        'start of the process to every gateway connected',
        rounded(connectedMs / 1_000),
        BARS.connectedSeconds,
        's',
      ),
      atMost('resident memory at its greatest', rounded(afterwards.peakMb, 1), BARS.residentMb, 'MB'),
    ],
    checks: [equal('states heard by the broker', await broker.call('states'), meters)],
  };
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
