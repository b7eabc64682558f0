import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { projectPath } from './platform/project-path.js';
import { guardAccessOf, openGuardRole } from './app-guard.js';
import type { Database } from './platform/database.js';
import type { StartProgress } from './app.js';
import type { Config } from './config.js';
import { GUARD_READY } from './app-guard-process.js';
import { endChild, startChild } from './main-child.js';
import { print, red, yellow } from './main-terminal.js';

/** The guard as a process of its own: it shares with the product no memory, no key and no right to write. */
export interface RunningGuardProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
/** A guard that dies is started again, after this. */
const RESTART_MS = 1_000;
/** More deaths within this time are a fault to look at: then it stays down, and so do cuts. */
const MAX_DEATHS = 5;
const DEATHS_WITHIN_MS = 60_000;
/** The exit code of a start that its owner must put right first. */
const NEEDS_OWNER = 2;

/**
 * Starts the bundled guard and waits until it answers. When it dies it is started again; until then cuts wait and restores flow.
 * @throws Error with the guard's own words when it cannot start
 */
export async function startGuardProcess(
  config: Config,
  db: Database,
  databaseUrl: string,
  progress: StartProgress,
): Promise<RunningGuardProcess> {
  progress.step('starting the guard');
  const environment = environmentOf(config, config.GUARD_DATABASE_URL ?? (await openGuardRole(db, databaseUrl)));
  let child = await launch(environment);
  let stopping = false;
  let starting: Promise<void> | undefined;
  let deaths: number[] = [];
  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (stopping) return;
      const now = performance.now();
      deaths = [...deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
      const how = signal ?? `code ${code}`;
      if (code === NEEDS_OWNER || deaths.length >= MAX_DEATHS) {
        print(
          red(
            `The guard ended (${how}) and stays down: there are no cuts, and all restores. Ctrl-C, look, and npm start.`,
          ),
        );
        return;
      }
      print(yellow(`The guard ended (${how}); it is started again. Cuts wait for it, restores do not.`));
      setTimeout(restart, RESTART_MS);
    });
  };
  const restart = (): void => {
    if (stopping) return;
    starting = launch(environment).then(
      (started) => {
        child = started;
        if (stopping) return;
        watch();
        print('The guard is back.');
      },
      (error: Error) =>
        print(red(`The guard could not be started again: there are no cuts, and all restores. ${error.message}`)),
    );
  };
  watch();
  return {
    get pid() {
      return child.pid!;
    },
    async stop() {
      stopping = true;
      await starting;
      await endChild(child);
    },
  };
}

/** Only what the guard needs: it gets none of the product's secrets. */
function environmentOf(config: Config, databaseUrl: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    NODE_ENV: process.env['NODE_ENV'],
    DATA_DIR: resolve(config.DATA_DIR),
    SIMULATION: config.simulation ? '1' : '0',
    LOG_LEVEL: config.LOG_LEVEL,
    POLICY: config.POLICY,
    GUARD_DATABASE_URL: databaseUrl,
    GUARD_URL: guardAccessOf(config).url,
    GUARD_TOKEN: config.GUARD_TOKEN,
    GUARD_KEY_FILE: config.GUARD_KEY_FILE,
    GUARD_BUDGET:
      config.GUARD_BUDGET ?? JSON.stringify({ meters: config.SIMULATED_METERS * config.SIMULATED_DISTRICTS }),
  };
}

const launch = (environment: NodeJS.ProcessEnv): Promise<ChildProcess> =>
  startChild({
    program: projectPath('dist', 'src', 'main-guard-process.js'),
    args: [],
    env: { ...environment, GUARD_ENDS_WITH_STDIN: '1' },
    ready: new RegExp(GUARD_READY),
    readyTimeoutMs: READY_TIMEOUT_MS,
    name: 'The guard',
    showErrors: true,
  });
