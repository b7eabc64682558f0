import { spawn, type ChildProcess } from 'node:child_process';
import { projectPath } from '../../src/platform/project-path.js';

/** The guard as the product starts it: a process of its own, that a test can kill. It takes the built product. */
export class GuardProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** @throws Error with the guard's own words when it does not start */
  static async start(settings: {
    readonly databaseUrl: string;
    readonly dataDir: string;
    readonly url: string;
  }): Promise<GuardProcess> {
    const child = spawn(process.execPath, [projectPath('dist', 'src', 'main-guard-process.js')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        SIMULATION: '1',
        LOG_LEVEL: 'fatal',
        GUARD_ENDS_WITH_STDIN: '1',
        DATA_DIR: settings.dataDir,
        GUARD_URL: settings.url,
        GUARD_DATABASE_URL: settings.databaseUrl,
      },
    });
    let words = '';
    await new Promise<void>((ready, fail) => {
      const listen = (chunk: Buffer): void => {
        words += chunk.toString();
        if (words.includes('the guard answers at')) ready();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', (code) => fail(new Error(`the guard ended with ${code}: ${words}`)));
    });
    return new GuardProcess(child);
  }

  /** SIGKILL, by its own pid. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await ended;
  }
}
