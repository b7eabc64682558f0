import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../src/platform/project-path.js';
import type { Cleanup } from './support/cleanup.js';
import type { BenchOptions } from './support/options.js';
import { OutputOf } from './support/output.js';
import { commandLine, proportionalMb, treeOf } from './support/processes.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';
import { pause, until } from './support/until.js';

const BARS = { coldSeconds: 15, warmSeconds: 6, memoryMb: 700 };
const STARTS = { full: 3, quick: 1 };
const READY = /Relight ready/;
const READY_TIMEOUT_MS = 120_000;
/** Memory is looked at over this time after the ready line, while the story plays. */
const WATCH_MS = 10_000;
const WATCH_EVERY_MS = 500;

interface Start {
  readonly readyMs: number;
  readonly memoryMb: number;
  readonly processes: readonly { readonly what: string; readonly mb: number }[];
  readonly metersConnected: boolean;
}

/**
 * `npm start` from a clean copy of the committed tree, as after `npm ci`: cold (nothing built, no data) and warm (built, its data
 * there after a clean stop).
 */
export async function start(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const times = options.quick ? STARTS.quick : STARTS.full;
  const copy = join(cleanup.directory(), 'relight');
  step('copying the committed tree and node_modules');
  execFileSync('git', ['clone', '--quiet', projectPath(), copy], { stdio: ['ignore', 'ignore', 'inherit'] });
  cpSync(projectPath('node_modules'), join(copy, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    dereference: false,
  });
  const cold: Start[] = [];
  const warm: Start[] = [];
  for (let round = 1; round <= times; round += 1) {
    for (const folder of ['dist', '.data']) rmSync(join(copy, folder), { recursive: true, force: true });
    step(`cold start ${round} of ${times}`);
    cold.push(await startOnce(copy, cleanup));
    step(`warm start ${round} of ${times}`);
    warm.push(await startOnce(copy, cleanup));
  }
  const all = [...cold, ...warm];
  const greatest = all.reduce((a, b) => (a.memoryMb > b.memoryMb ? a : b));
  return {
    parameters: { coldStarts: times, warmStarts: times, nodeModules: 'copied from this tree', meters: 200 },
    figures: greatest.processes.map(({ what, mb }) => ({
      what: `memory (PSS) of ${what}`,
      value: rounded(mb, 1),
      unit: 'MB',
    })),
    bars: [
      atMost(
        'npm start to ready, cold',
        rounded(median(cold.map(({ readyMs }) => readyMs)) / 1_000),
        BARS.coldSeconds,
        's',
      ),
      atMost(
        'npm start to ready, warm',
        rounded(median(warm.map(({ readyMs }) => readyMs)) / 1_000),
        BARS.warmSeconds,
        's',
      ),
      atMost('memory (PSS) of all processes, greatest seen', rounded(greatest.memoryMb, 1), BARS.memoryMb, 'MB'),
    ],
    checks: [
      equal(
        'starts with the meters connected',
        all.filter(({ metersConnected }) => metersConnected).length,
        all.length,
      ),
    ],
    detail: { cold, warm },
  };
}

async function startOnce(copy: string, cleanup: Cleanup): Promise<Start> {
  const startedAtMs = performance.now();
  const npm = spawn('npm', ['start'], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...userEnvironment(), PORT: '0', MQTT_PORT: '0' },
  });
  const stop = (): void => end(npm);
  process.once('exit', stop);
  cleanup.defer(stop);
  const output = new OutputOf(npm);
  await output.line(READY, READY_TIMEOUT_MS);
  const readyMs = performance.now() - startedAtMs;
  const meters = await output.line(/Meters\s+simulated, process \d+/, READY_TIMEOUT_MS).then(
    () => true,
    () => false,
  );
  let memoryMb = 0;
  let processes: Start['processes'] = [];
  while (performance.now() - startedAtMs - readyMs < WATCH_MS) {
    const pids = treeOf(npm.pid!);
    const nowMb = proportionalMb(pids);
    if (nowMb > memoryMb) {
      memoryMb = nowMb;
      processes = byKind(pids);
    }
    await pause(WATCH_EVERY_MS);
  }
  stop();
  await until('npm start has ended', () => npm.exitCode !== null || npm.signalCode !== null, { timeoutMs: 60_000 });
  process.off('exit', stop);
  return { readyMs, memoryMb, processes, metersConnected: meters };
}

/** As in a user's shell: what npm and this bench have put into the environment would decide which Node and which settings are used. */
function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE|INIT_CWD|SIMULATED_|DATA_DIR|DATABASE_URL|MQTT_)/.test(name),
  );
  const path = (process.env['PATH'] ?? '').split(':').filter((part) => !part.endsWith('node_modules/.bin'));
  return { ...Object.fromEntries(kept), PATH: path.join(':') };
}

/** Tells the product itself to stop, by its pid; npm ends with it. */
function end(npm: ChildProcess): void {
  if (npm.exitCode !== null || npm.signalCode !== null) return;
  const main = treeOf(npm.pid!).find((pid) => /^\S*node\S* \S*dist\/src\/main\.js/.test(commandLine(pid)));
  process.kill(main ?? npm.pid!, 'SIGTERM');
}

function byKind(pids: readonly number[]): { what: string; mb: number }[] {
  const kind = (command: string): string => {
    if (/postgres/.test(command)) return 'PostgreSQL';
    if (/dist\/simulator/.test(command)) return 'simulator';
    if (/dist\/src\/main/.test(command) && /node/.test(command.split(' ')[0]!)) return 'Relight';
    return 'npm and its shell';
  };
  const groups = Map.groupBy(pids, (pid) => kind(commandLine(pid)));
  return [...groups].map(([what, members]) => ({ what, mb: proportionalMb(members) }));
}
