import { readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedLog } from './embedded-log.js';

/** Fast shutdown writes a checkpoint first; a laptop with a slow disk gets this long before it is cut short. */
const FAST_STOP_MS = 20_000;
/** Immediate shutdown only has to kill its children; recovery happens at the next start. */
const IMMEDIATE_STOP_MS = 5_000;
const POLL_MS = 10;

/**
 * The PostgreSQL processes of one database directory, found by what they are and where they stand: executable
 * `postgres`, working directory this very directory. A pid file may name a process that has nothing to do with it.
 */
export function clusterPids(clusterDir: string): number[] {
  const cluster = statSync(clusterDir, { throwIfNoEntry: false });
  if (!cluster) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const cwd = statSync(`/proc/${pid}/cwd`);
        const executable = basename(readlinkSync(`/proc/${pid}/exe`));
        return cwd.dev === cluster.dev && cwd.ino === cluster.ino && /^postgres( \(deleted\))?$/.test(executable);
      } catch {
        return false; // It has ended meanwhile, or is not ours to look at and so not ours at all.
      }
    });
}

/** What `postmaster.pid` says, or undefined when there is none: pid of the server and whether it takes connections. */
export function readPostmasterPid(clusterDir: string): { pid: number; ready: boolean } | undefined {
  try {
    const lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
    // Line 1 and line 8 of the file: see PostgreSQL's src/include/utils/pidfile.h.
    return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/**
 * Stops the server that a killed Relight has left running in this directory. Must be called under the directory's
 * lock: only then is a running server an orphan. Servers of other directories are never touched.
 */
export async function stopOrphan(clusterDir: string, log?: EmbeddedLog): Promise<void> {
  if (clusterPids(clusterDir).length > 0) {
    log?.warn({ clusterDir }, 'a killed process has left PostgreSQL running; stopping it before starting anew');
    await stopCluster(clusterDir);
  }
  // Nobody is left in this directory, so the file is stale. PostgreSQL itself would refuse to start whenever the pid
  // in it has been given to another program of the same user, which is the rule rather than the exception in a container.
  rmSync(join(clusterDir, 'postmaster.pid'), { force: true });
}

/**
 * Stops every process of the directory: fast shutdown, then immediate, then kill. All three keep every acknowledged
 * transaction, because it is in the write-ahead log on disk.
 */
export async function stopCluster(clusterDir: string): Promise<void> {
  const steps = [
    { signal: 'SIGINT', waitMs: FAST_STOP_MS },
    { signal: 'SIGQUIT', waitMs: IMMEDIATE_STOP_MS },
    { signal: 'SIGKILL', waitMs: IMMEDIATE_STOP_MS },
  ] as const;
  for (const { signal, waitMs } of steps) {
    const pids = clusterPids(clusterDir);
    const postmaster = readPostmasterPid(clusterDir)?.pid;
    // The postmaster ends its own children in order. Without one, each is told itself; a killing spares nobody.
    const targets = postmaster && pids.includes(postmaster) && signal !== 'SIGKILL' ? [postmaster] : pids;
    targets.forEach((pid) => sendSignal(pid, signal));
    if (await isEmptyWithin(clusterDir, waitMs)) return;
  }
  throw new Error(
    `PostgreSQL in ${clusterDir} does not end (pids ${clusterPids(clusterDir).join(', ')}); end these processes by hand and start again`,
  );
}

async function isEmptyWithin(clusterDir: string, waitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (clusterPids(clusterDir).length > 0) {
    if (performance.now() > deadlineMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
