import { copyCheckpoints } from './audit-checkpoint-file.js';
import { addCheckpoint, sealBatch, type SealTime } from './audit-seals.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { LIMITS } from './limits.js';
import type { Logger } from './log.js';
import { Loop } from './loop.js';
import type { SigningKey } from './signing-key.js';

/** How long an entry waits for its seal at most, wall ms. Not product time, which may stand still or run a month in a minute. */
const SEAL_EVERY_MS = 5_000;

/** What the sealer works with. */
export interface SealerParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly key: SigningKey;
  /** The file outside the database that checkpoints are copied to. */
  readonly checkpointFile: string;
}

/** Seals the audit behind the product's back, every few seconds. Every process with the jobs may run one: one at a time seals. */
export class AuditSealer {
  private readonly loop: Loop;
  /** What was told last, so that a lasting trouble is told once. */
  private told: string | undefined;

  constructor(private readonly parts: SealerParts) {
    this.loop = new Loop('seal-audit', () => this.round(), SEAL_EVERY_MS, parts.log);
  }

  start(): void {
    this.loop.wake();
  }

  /** Ends with everything sealed and signed that can be, so that a stopped product leaves no open tail. */
  async stop(): Promise<void> {
    await this.loop.stop();
    try {
      await this.sealNow();
    } catch (error) {
      this.parts.log.warn({ err: error }, 'the end of the audit could not be sealed; the next start does it');
    }
  }

  /** Seals all that can be sealed now, signs it and copies the checkpoints. */
  async sealNow(): Promise<void> {
    while ((await this.seal()) === LIMITS.auditBatch.value);
    await this.checkpoint(true);
  }

  private async round(): Promise<number> {
    try {
      const sealed = await this.seal();
      await this.checkpoint(false);
      return sealed === LIMITS.auditBatch.value ? 0 : SEAL_EVERY_MS;
    } catch (error) {
      this.tell(error, 'the audit could not be sealed; it is tried again');
      return SEAL_EVERY_MS;
    }
  }

  private seal(): Promise<number | undefined> {
    return this.parts.db.transaction('seal-audit', (tx) => sealBatch(tx, this.time()));
  }

  private async checkpoint(now: boolean): Promise<void> {
    const { db, key, checkpointFile } = this.parts;
    await db.transaction('audit-checkpoint', (tx) => addCheckpoint(tx, key, this.time(), now));
    try {
      await copyCheckpoints(db, checkpointFile);
      this.told = undefined;
    } catch (error) {
      // Sealing goes on: what is sealed and signed in the database is copied as soon as the file can be written.
      this.tell(error, 'audit checkpoints could not be copied to their file; it is tried again');
    }
  }

  private tell(error: unknown, what: string): void {
    const { message } = error as Error;
    if (message !== this.told) this.parts.log.error({ err: error }, what);
    this.told = message;
  }

  private time(): SealTime {
    return { at: this.parts.clock.now(), wallAt: this.parts.clock.wallNow() };
  }
}
