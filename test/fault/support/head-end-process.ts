import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../embedded/embedded-support.js';

/** `npm start -- --role=head-end` in a process of its own, as it is run beside others. */
export class HeadEndProcess {
  private readonly child: ChildProcess;
  private said = '';
  readonly ready: Promise<void>;

  constructor(environment: Readonly<Record<string, string>>) {
    const main = join(projectRoot, 'dist', 'src', 'main.js');
    if (!existsSync(main)) throw new Error(`${main} is missing: run \`node scripts/build.js\` first`);
    this.child = spawn(process.execPath, [main, '--role=head-end'], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ready = new Promise((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        this.said = (this.said + chunk.toString()).slice(-20_000);
        if (this.said.includes('Serving.')) resolve();
      };
      this.child.stdout!.on('data', listen);
      this.child.stderr!.on('data', listen);
      this.child.once('exit', () => reject(new Error(`the head-end ended before it was ready:\n${this.said}`)));
    });
    this.ready.catch(() => undefined);
  }

  /** What it has said to its terminal and its log, at most the last 20,000 characters. */
  get output(): string {
    return this.said;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** By its own pid. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }
}
