import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchDirectory } from './surroundings.js';

/** What a bench must take down again, in the order opposite to that in which it was put up. */
export class Cleanup {
  private readonly acts: (() => unknown)[] = [];

  defer(act: () => unknown): void {
    this.acts.push(act);
  }

  /** A folder that goes when the bench ends. */
  directory(): string {
    mkdirSync(benchDirectory(), { recursive: true });
    const path = mkdtempSync(join(benchDirectory(), 'relight-bench-'));
    this.defer(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** Runs every act, also when one before it fails. */
  async run(): Promise<void> {
    for (const act of this.acts.splice(0).reverse()) {
      try {
        await act();
      } catch (error) {
        process.stderr.write(`taking down: ${(error as Error).message}\n`);
      }
    }
  }
}
