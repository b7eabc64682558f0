import { spawn, type ChildProcess } from 'node:child_process';

const STOP_TIMEOUT_MS = 5_000;
/** Chunks of its output that are kept until it is ready, to be told when it gives up. */
const KEPT_CHUNKS = 50;

/** A part of the product that runs as a process of its own. */
export interface ChildStart {
  /** The program, to be run by this Node. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What its output says once it is ready. */
  readonly ready: RegExp;
  readonly readyTimeoutMs: number;
  /** For messages, e.g. `The guard`. */
  readonly name: string;
  /** Whether its standard error is shown as it comes. */
  readonly showErrors: boolean;
}

/**
 * Starts a process and waits until it says that it is ready. It gets a pipe as its standard input: when we are killed the pipe closes, and
 * it ends too.
 * @throws Error with its own words when it ends first or does not answer in time
 */
export async function startChild(start: ChildStart): Promise<ChildProcess> {
  const child = spawn(process.execPath, [start.program, ...start.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: start.env,
  });
  const words: string[] = [];
  const said = (): string => words.join('').trim();
  const ready = new Promise<void>((done, fail) => {
    const listen = (chunk: Buffer): void => {
      words.push(chunk.toString());
      if (words.length > KEPT_CHUNKS) words.shift();
      if (start.ready.test(words.join(''))) done();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', (chunk: Buffer) => {
      if (start.showErrors) process.stderr.write(chunk);
      listen(chunk);
    });
    child.once('exit', (code) => fail(new Error(`${start.name} ended (code ${code}):\n${said()}`)));
    const late = () =>
      fail(new Error(`${start.name} was not ready within ${start.readyTimeoutMs / 1000} s:\n${said()}`));
    setTimeout(late, start.readyTimeoutMs).unref();
  });
  try {
    await ready;
    return child;
  } catch (error) {
    await endChild(child);
    throw error;
  }
}

/** Asks a process to end, and ends it when it does not. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS).unref();
  });
}
