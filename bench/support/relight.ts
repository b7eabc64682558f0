import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  issueDevelopmentToken,
  openDevelopmentIssuer,
  type DevelopmentToken,
} from '../../src/api/auth/development-tokens.js';
import { clusterDirOf, PRODUCT_DATABASE, PRODUCT_ROLE, readPassword } from '../../src/embedded/postgres-cluster.js';
import { clusterPids, stopCluster } from '../../src/embedded/postgres-processes.js';
import { projectPath } from '../../src/platform/project-path.js';
import type { Cleanup } from './cleanup.js';
import { OutputOf } from './output.js';

/** A Relight as a user runs it: main process, its PostgreSQL, its simulator. */
export interface RunningRelight {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly mainPid: number;
  postgresPids(): number[];
  token(whom: DevelopmentToken): Promise<string>;
}

/** A world of 10,000 meters is opened at about 500 a second on two shared cores. */
const READY_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 30_000;

/** Whoever can pay must have been cut before, and in a bench more of them than a guard lets go dark in a day. */
export const AMPLE_GUARD_BUDGET = JSON.stringify({
  cutsPerMinute: 1_000,
  cutsPerHour: 1_000,
  cutsPerDay: 1_000,
  cutsPerDistrictPerHour: 1_000,
  cutsPerRequesterPerDay: 1_000,
});

export interface RelightOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Node's own arguments. */
  readonly execArgv?: readonly string[];
  /** False: no meters; nothing of the wire is measured. */
  readonly simulator?: boolean;
}

/** Starts `node dist/src/main.js --no-story` on an empty data directory and waits until it is ready, its meters connected. */
export async function startRelight(options: RelightOptions, cleanup: Cleanup): Promise<RunningRelight> {
  // Made first, so that it goes last: a database whose folder is gone cannot be told to stop.
  const dataDir = join(cleanup.directory(), 'data');
  const args = ['--no-story', ...(options.simulator === false ? ['--no-simulator'] : [])];
  const child = spawn(process.execPath, [...(options.execArgv ?? []), projectPath('dist', 'src', 'main.js'), ...args], {
    cwd: projectPath(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment, PORT: '0', MQTT_PORT: '0', DATA_DIR: dataDir },
  });
  const stop = (): boolean => child.kill('SIGTERM');
  process.once('exit', stop);
  cleanup.defer(async () => {
    process.off('exit', stop);
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((done) => child.once('exit', done));
      stop();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    if (clusterPids(clusterDirOf(dataDir)).length > 0) await stopCluster(clusterDirOf(dataDir));
  });
  const output = new OutputOf(child);
  const [, graphql] = await output.line(/GraphQL\s+(http:\S+)\/graphql/, READY_TIMEOUT_MS);
  const issuer = await openDevelopmentIssuer(dataDir, { simulation: true });
  return {
    url: graphql!,
    databaseUrl: databaseUrlOf(dataDir),
    dataDir,
    mainPid: child.pid!,
    postgresPids: () => clusterPids(clusterDirOf(dataDir)),
    token: (whom) => issueDevelopmentToken(issuer, whom),
  };
}

function databaseUrlOf(dataDir: string): string {
  // Line 4 of the file is the port: see PostgreSQL's src/include/utils/pidfile.h.
  const port = readFileSync(join(clusterDirOf(dataDir), 'postmaster.pid'), 'utf8').split('\n')[3];
  return `postgres://${PRODUCT_ROLE}:${readPassword(dataDir)}@127.0.0.1:${port}/${PRODUCT_DATABASE}`;
}
