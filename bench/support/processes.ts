import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in ticks of 10 ms on every platform Node runs on (USER_HZ = 100, man 5 proc). */
const TICK_MS = 10;

interface Stat {
  readonly parent: number;
  /** User and system time of the process itself, ms. */
  readonly ownMs: number;
  /** The same of its children that have ended, ms. */
  readonly childrenMs: number;
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets and may hold blanks; the third follows the last bracket.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return {
      parent: fields[1]!,
      ownMs: (fields[11]! + fields[12]!) * TICK_MS,
      childrenMs: (fields[13]! + fields[14]!) * TICK_MS,
    };
  } catch {
    return undefined; // It has ended.
  }
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** A process and everything that descends from it. */
export function treeOf(root: number): number[] {
  const parents = new Map(
    allPids().flatMap((pid) => {
      const found = stat(pid);
      return found ? [[pid, found.parent] as const] : [];
    }),
  );
  const tree = [root];
  for (const member of tree) for (const [pid, parent] of parents) if (parent === member) tree.push(pid);
  return tree;
}

/** Processor time used so far by these processes, ms; `withEnded` adds that of their ended children. */
export function cpuMs(pids: readonly number[], withEnded = false): number {
  return pids.reduce((sum, pid) => {
    const found = stat(pid);
    return sum + (found?.ownMs ?? 0) + (withEnded ? (found?.childrenMs ?? 0) : 0);
  }, 0);
}

/** Resident memory of one process, MB (10⁶ bytes): now, and at its greatest. */
export function residentMb(pid: number): { readonly nowMb: number; readonly peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kiB = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN);
  return { nowMb: (kiB('VmRSS') * 1024) / 1e6, peakMb: (kiB('VmHWM') * 1024) / 1e6 };
}

/** Memory of processes with shared pages divided among their users (PSS), MB (10⁶ bytes): what can honestly be added up. */
export function proportionalMb(pids: readonly number[]): number {
  const kiB = pids.reduce((sum, pid) => {
    try {
      return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return sum; // It has ended.
    }
  }, 0);
  return (kiB * 1024) / 1e6;
}

/** The command line of a process, for telling one from another; empty when it has ended. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
