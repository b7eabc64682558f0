import type { AuditEntryRow } from '../../platform/audit-entry.js';
import type { Position } from './position.js';

/** What a subscription wants to hear of. */
export type Subject =
  | { readonly kind: 'subject'; readonly id: string }
  | { readonly kind: 'service-point'; readonly id: string }
  | { readonly kind: 'everything' };

/** How much a follower keeps while its reader is busy, and what happens beyond it. */
export interface Keeping {
  readonly most: number;
  /** True: the oldest are left out and counted. False: the follower is told that it was too slow. */
  readonly lossy: boolean;
}

/** What a follower has gathered since it was last asked. */
export interface Gathered {
  readonly entries: readonly AuditEntryRow[];
  readonly leftOut: number;
  readonly tooSlow: boolean;
}

/** One subscription's end of the feed: entries wait here until their reader takes them. */
export class Follower {
  private entries: AuditEntryRow[] = [];
  private leftOut = 0;
  private tooSlow = false;
  private touched = false;
  private wake: (() => void) | undefined;
  closed = false;

  constructor(
    readonly subject: Subject,
    /** Everything up to here was committed before this follower came. */
    readonly from: Position,
    private readonly keeping: Keeping,
    private readonly onClose: (follower: Follower) => void,
  ) {}

  /** Hands an entry over if it is about this follower's subject. */
  offer(entry: AuditEntryRow): void {
    if (!this.isAbout(entry)) return;
    this.entries.push(entry);
    if (this.entries.length > this.keeping.most) {
      this.entries.shift();
      this.leftOut += 1;
      this.tooSlow = !this.keeping.lossy;
    }
    this.wake?.();
  }

  /** Something changed that left no entry, such as what a meter reports by itself. */
  touch(): void {
    this.touched = true;
    this.wake?.();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose(this);
    this.wake?.();
  }

  /** Resolves when there is something to take, when the follower is closed, or after `timeoutMs`. */
  async changed(timeoutMs?: number): Promise<void> {
    if (this.closed || this.touched || this.entries.length > 0) return;
    await this.sleep(timeoutMs);
  }

  /** Resolves after `ms`, or at once when the follower is closed. */
  async pause(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    for (let leftMs = ms; leftMs > 0 && !this.closed; leftMs = endMs - performance.now()) await this.sleep(leftMs);
  }

  take(): Gathered {
    const gathered = { entries: this.entries, leftOut: this.leftOut, tooSlow: this.tooSlow };
    this.entries = [];
    this.leftOut = 0;
    this.touched = false;
    return gathered;
  }

  private isAbout(entry: AuditEntryRow): boolean {
    if (this.subject.kind === 'everything') return true;
    return this.subject.id === (this.subject.kind === 'subject' ? entry.subjectId : entry.servicePointId);
  }

  private sleep(timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.wake?.(), timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }
}
