import type { ChildProcess } from 'node:child_process';

/** How much of a process's words is kept for a failure's message, characters. */
const KEPT = 20_000;

/** What a process says, and when. */
export class OutputOf {
  private text = '';
  private waiting: { readonly pattern: RegExp; readonly done: (match: RegExpExecArray) => void }[] = [];
  private ended: string | undefined;

  constructor(private readonly child: ChildProcess) {
    const hear = (chunk: Buffer): void => this.hear(chunk.toString());
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code, signal) => (this.ended = signal ?? `code ${code}`));
  }

  /**
   * Resolves as soon as the process has said something that matches.
   * @throws Error with its last words when it ends first, or time runs out
   */
  async line(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const said = pattern.exec(this.text);
    if (said) return said;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}; it said:\n${this.text}`));
      if (this.ended) return fail(`the process has ended (${this.ended})`);
      const timer = setTimeout(() => fail(`nothing like ${pattern} within ${timeoutMs / 1_000} s`), timeoutMs);
      const exited = (): void => fail(`the process ended before it said ${pattern}`);
      this.child.once('exit', exited);
      this.waiting.push({
        pattern,
        done: (match) => {
          clearTimeout(timer);
          this.child.off('exit', exited);
          resolve(match);
        },
      });
    });
  }

  private hear(chunk: string): void {
    this.text = (this.text + chunk).slice(-KEPT);
    this.waiting = this.waiting.filter(({ pattern, done }) => {
      const match = pattern.exec(this.text);
      if (match) done(match);
      return !match;
    });
  }
}
