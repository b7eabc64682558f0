import type { VirtualClock } from './virtual-clock.js';

interface Timer {
  dueMs: number;
  run: () => void;
}

/**
 * What is due at a time of the simulation's clock, not of this machine's: arming that runs out, a trip that ends by itself. Looked at by
 * the pump, so a clock that jumps makes everything it jumped over due.
 */
export class VirtualTimers {
  #waiting: Timer[] = [];
  #earliestMs = Number.POSITIVE_INFINITY;

  constructor(private readonly clock: VirtualClock) {}

  /** Runs something once the virtual time has moved on by `delayMs`. */
  after(delayMs: number, run: () => void): void {
    const dueMs = this.clock.nowMs() + delayMs;
    this.#waiting.push({ dueMs, run });
    this.#earliestMs = Math.min(this.#earliestMs, dueMs);
  }

  /** Runs what is due, the earliest first, in the order it was given. */
  work(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs < this.#earliestMs) return;
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    this.#earliestMs = this.#waiting.reduce(
      (earliest, { dueMs }) => Math.min(earliest, dueMs),
      Number.POSITIVE_INFINITY,
    );
    due.sort((a, b) => a.dueMs - b.dueMs);
    for (const { run } of due) run();
  }
}
