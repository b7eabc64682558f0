import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.js';
import { step } from './progress.js';

/** What a child process offers: plain functions, called by name. Values must survive structured cloning. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each handler names its own arguments
export type Handlers = Record<string, (...values: any[]) => unknown>;

/** A bench process of its own, seen from the bench. */
export interface Child<Offer extends Handlers> {
  readonly pid: number;
  call<Name extends keyof Offer & string>(
    name: Name,
    ...values: Parameters<Offer[Name]>
  ): Promise<Awaited<ReturnType<Offer[Name]>>>;
}

interface Call {
  readonly id: number;
  readonly name: string;
  readonly values: readonly unknown[];
}
interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: string;
}

interface Progress {
  readonly progress: string;
}

/** Taking down a database writes a checkpoint; longer than this is stuck. */
const STOP_TIMEOUT_MS = 30_000;

/**
 * Starts `dist/bench/<script>` as a process of its own. It is asked to stop, and killed by its pid if it does not, when the bench
 * ends; if the bench dies it ends by itself.
 */
export function startChild<Offer extends Handlers>(
  script: string,
  cleanup: Cleanup,
  execArgv: readonly string[] = [],
): Child<Offer> {
  const child = fork(join(import.meta.dirname, '..', script), [], {
    serialization: 'advanced',
    execArgv: [...execArgv],
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let ended: Error | undefined;
  child.on('message', (message: Answer | Progress) => {
    if ('progress' in message) return step(message.progress);
    const { id, result, problem } = message;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (problem === undefined) caller?.resolve(result as never);
    else caller?.reject(new Error(`${script}: ${problem}`));
  });
  child.on('exit', (code, signal) => {
    ended = new Error(`${script} ended (${signal ?? `code ${code}`}); its own words stand above`);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  });
  cleanup.defer(() => end(child));
  return {
    pid: child.pid!,
    call: (name, ...values) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        calls += 1;
        waiting.set(calls, { resolve, reject });
        child.send({ id: calls, name, values } satisfies Call);
      }),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      done();
    });
    // The child stops when its channel closes: the same way as when the bench dies.
    child.disconnect();
  });
}

/** Tells the bench, from inside a child, how far a long call has come. */
export const tell = (progress: string): void => void process.send?.({ progress } satisfies Progress);

/**
 * The child's side: answers calls until the bench is gone, then runs `stop` and ends.
 */
export function serveBench(handlers: Handlers, stop: () => Promise<void>): void {
  process.on('message', ({ id, name, values }: Call) => {
    Promise.resolve()
      .then(() => handlers[name]!(...values))
      .then(
        (result) => process.send!({ id, result } satisfies Answer),
        (error: Error) => process.send?.({ id, problem: error.stack ?? error.message } satisfies Answer),
      );
  });
  // Ctrl-C reaches the whole group at once; the bench decides in which order its parts go.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => {
    void stop()
      .catch((error: Error) => process.stderr.write(`${error.message}\n`))
      .finally(() => process.exit(0));
  });
}
