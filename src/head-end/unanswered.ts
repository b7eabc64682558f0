import { LIMITS } from '../platform/limits.js';

/**
 * Restores published by this process that no meter has answered yet: flow control, not truth. Sending faster than meters answer
 * would only make waits run out and questions be asked. An entry leaves with its answer, or when its wait is over.
 */
export class Unanswered {
  private readonly sentAtMs = new Map<string, number>();

  constructor(
    private readonly ackTimeoutMs: number,
    private readonly most = LIMITS.restoresUnderWay.value,
  ) {}

  /** Whether the last look at {@link room} found none: then the next answer is worth a new look. */
  held = false;

  /** How many more may be sent now. */
  get room(): number {
    const oldestMs = performance.now() - this.ackTimeoutMs;
    // Insertion order is order of sending: the first that is still waited for ends the look.
    for (const [commandId, sentAtMs] of this.sentAtMs) {
      if (sentAtMs > oldestMs) break;
      this.sentAtMs.delete(commandId);
    }
    const room = Math.max(0, this.most - this.sentAtMs.size);
    this.held = room < LIMITS.dispatchGroup.value;
    return room;
  }

  /** Whether nothing is waited for. */
  get idle(): boolean {
    return this.room === this.most;
  }

  sent(commandIds: readonly string[]): void {
    for (const commandId of commandIds) this.sentAtMs.set(commandId, performance.now());
  }

  answered(commandId: string): void {
    this.sentAtMs.delete(commandId);
  }
}
