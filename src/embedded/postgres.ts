import { spawn, type ChildProcess } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockDataDir, type DataDirLock } from './data-dir-lock.js';
import type { EmbeddedLog } from './embedded-log.js';
import { findFreePort, isPortFree, PortTakenError } from './ports.js';
import { chooseAccount, type Account } from './postgres-account.js';
import { POSTGRES_ENV, prepareBinaries } from './postgres-binaries.js';
import {
  CLUSTER_DIR_ARGUMENT,
  clusterDirOf,
  createClusterIfMissing,
  PRODUCT_DATABASE,
  PRODUCT_ROLE,
  readPassword,
} from './postgres-cluster.js';
import { clusterPids, readPostmasterPid, stopCluster, stopOrphan } from './postgres-processes.js';

const HOST = '127.0.0.1';
/** Replaying the log after a power cut may take a while on a slow disk; longer than this is a fault to look at. */
const START_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 5;
/** A free port may be taken between our asking and PostgreSQL's binding; three collisions in a row mean something else. */
const PORT_ATTEMPTS = 3;
/** The server's log is for looking at after a failure; older text than this goes at the next start. */
const LOG_MAX_BYTES = 10_000_000;
const LOG_TAIL_LINES = 8;

/** Value of a PostgreSQL setting by its name. */
export type PostgresSettings = Readonly<Record<string, string | number | boolean>>;

/**
 * For one laptop: little memory, every promise kept. `fsync` and `synchronous_commit` stay on, because an acknowledged
 * payment must survive a power cut; tests run with them too.
 */
const SETTINGS: PostgresSettings = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: 100,
  fsync: true,
  synchronous_commit: true,
  autovacuum: true,
  // Our statements are short; compiling them costs more than it saves.
  jit: false,
  // Three worker processes less; all the data is in the page cache anyway.
  io_method: 'sync',
  // No standby reads our log, so it need not carry what only a standby wants.
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'relight',
};

export interface EmbeddedPostgresOptions {
  /** Made when missing. The database is in `postgres` below it, its password beside that, readable by its owner only. */
  dataDir: string;
  /** A fixed port on 127.0.0.1; without it a free one is taken. */
  port?: number;
  /** PostgreSQL settings over ours, for tests and measurements. */
  settings?: PostgresSettings;
  log?: EmbeddedLog;
}

export interface EmbeddedPostgres {
  /** Connection string of the database `relight` as its owner, with the password: never log it. */
  readonly url: string;
  readonly port: number;
  /** The data directory given, as a real path. */
  readonly dataDir: string;
  /** The running processes of this server, the postmaster included; empty when it is down. */
  pids(): number[];
  /** Resolves when the server is gone, asked for or not, with a sentence about how. */
  readonly exited: Promise<string>;
  /** Fast shutdown: open transactions are rolled back, committed ones are on disk. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that comes with Relight, on 127.0.0.1 only, and makes the database `relight` on first use.
 *
 * A server that a killed Relight left running in the same directory is stopped first. The server is in a process group
 * of its own, so Ctrl-C reaches only us and the database outlives the last request; whoever started it calls `stop`.
 *
 * @throws PortTakenError when the port asked for is taken
 * @throws Error when a live Relight uses the directory, or PostgreSQL cannot run here; the message says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = openDataDir(options.dataDir);
  const clusterDir = clusterDirOf(dataDir);
  const lock = await lockDataDir(dataDir);
  try {
    const account = chooseAccount(clusterDir);
    const binaries = await prepareBinaries(dataDir, account, options.log);
    await stopOrphan(clusterDir, options.log);
    await createClusterIfMissing(dataDir, binaries, account);
    const server = await launchOnPort({ ...options, dataDir }, binaries, account);
    return supervise(server, { dataDir, lock, log: options.log });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Held {
  dataDir: string;
  lock: DataDirLock;
  log?: EmbeddedLog;
}

function supervise({ child, port, exited }: Launched, { dataDir, lock, log }: Held): EmbeddedPostgres {
  const clusterDir = clusterDirOf(dataDir);
  let state: 'running' | 'stopping' | 'gone' = 'running';
  // Once the server is gone the directory may have a new owner, and its processes are not ours to stop any more.
  const gone = exited.then(async (how) => {
    if (state === 'running')
      log?.error({ clusterDir, how }, 'PostgreSQL has ended by itself; see postgres.log beside it');
    state = 'gone';
    await lock.release();
    return how;
  });
  return {
    url: `postgres://${PRODUCT_ROLE}:${readPassword(dataDir)}@${HOST}:${port}/${PRODUCT_DATABASE}`,
    port,
    dataDir,
    pids: () => clusterPids(clusterDir),
    exited: gone,
    stop: async () => {
      if (state === 'running') {
        state = 'stopping';
        child.ref(); // Its end is now something to wait for.
        await stopCluster(clusterDir);
      }
      await gone;
    },
  };
}

function openDataDir(path: string): string {
  try {
    // 0700: the password and the keys of the simulation live here.
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(path);
  } catch (cause) {
    throw new Error(`cannot write to the data directory ${path}: choose one you may write to with DATA_DIR`, { cause });
  }
}

interface Launched {
  child: ChildProcess;
  port: number;
  exited: Promise<string>;
}

async function launchOnPort(options: EmbeddedPostgresOptions, binaries: string, account: Account): Promise<Launched> {
  if (options.port !== undefined) {
    if (!(await isPortFree(HOST, options.port))) throw new PortTakenError('PostgreSQL', HOST, options.port);
    return launch(options, binaries, account, options.port);
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort(HOST);
    try {
      return await launch(options, binaries, account, port);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || (await isPortFree(HOST, port))) throw error;
    }
  }
}

async function launch(
  { dataDir, settings, log }: EmbeddedPostgresOptions,
  binaries: string,
  account: Account,
  port: number,
): Promise<Launched> {
  const clusterDir = clusterDirOf(dataDir);
  const logFile = join(dataDir, 'postgres.log');
  const startedAtMs = performance.now();
  const child = spawnServer(
    { ...SETTINGS, ...settings, port },
    { program: join(binaries, 'bin', 'postgres'), clusterDir, logFile, account },
  );
  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((ending = error.message)));
    child.once('exit', (code, signal) => resolve((ending = `ended with ${signal ?? `code ${code}`}`)));
  });

  while (!isReady(clusterDir, child)) {
    if (performance.now() - startedAtMs > START_TIMEOUT_MS) await stopCluster(clusterDir);
    else await delay(READY_POLL_MS);
    if (ending) throw new Error(`PostgreSQL did not start: it ${ending}. The end of ${logFile}:\n${tailOf(logFile)}`);
  }
  log?.info({ port, clusterDir, elapsedMs: Math.round(performance.now() - startedAtMs) }, 'PostgreSQL is ready');
  return { child, port, exited };
}

interface Surroundings {
  program: string;
  clusterDir: string;
  logFile: string;
  account: Account;
}

function spawnServer(
  settings: PostgresSettings,
  { program, clusterDir, logFile, account }: Surroundings,
): ChildProcess {
  // A file, not a pipe to us: a pipe would break the server's log when we are killed.
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES) truncateSync(logFile);
  const logDescriptor = openSync(logFile, 'a', 0o600);
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(program, ['-D', CLUSTER_DIR_ARGUMENT, ...args], {
    cwd: clusterDir,
    env: POSTGRES_ENV,
    stdio: ['ignore', logDescriptor, logDescriptor],
    detached: true,
    ...account,
  });
  child.unref();
  closeSync(logDescriptor);
  return child;
}

function isReady(clusterDir: string, child: ChildProcess): boolean {
  const state = readPostmasterPid(clusterDir);
  return state !== undefined && state.pid === child.pid && state.ready;
}

function tailOf(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
