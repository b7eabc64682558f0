import { TaskHeap } from './task-heap.js';

/** Delayed work in real (monotonic) time. */
export interface Scheduler {
  /** Monotonic time, ms. */
  nowMs(): number;
  /** Runs something once, not before `delayMs` from now. */
  after(delayMs: number, run: () => void): void;
}

/** Node's timers count in 32 bits; anything later is looked at again then. */
const MAX_TIMER_MS = 2_000_000_000;

/** After this much work in one go the event loop gets its turn; ten thousand relays may be due at the same instant. */
const MAX_RUN_MS = 10;

/**
 * All delayed work of a fleet in one binary heap with one timer, so that ten thousand relays in motion cost ten thousand
 * small entries and stopping the fleet stops everything. Tasks due at the same instant run in the order they were given.
 */
export class HeapScheduler implements Scheduler {
  readonly #heap = new TaskHeap();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  nowMs(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): void {
    if (this.#stopped) return;
    this.#heap.push(this.nowMs() + Math.max(0, delayMs), run);
    this.#arm();
  }

  /** Forgets everything and accepts nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#heap.clear();
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const { first } = this.#heap;
    if (!first || first.dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = first.dueMs;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(first.dueMs - this.nowMs())));
    this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const startMs = this.nowMs();
    for (let task = this.#heap.first; task && task.dueMs <= startMs; task = this.#heap.first) {
      this.#heap.pop();
      task.run();
      if (this.#stopped) return;
      if (this.nowMs() - startMs > MAX_RUN_MS) break;
    }
    this.#arm();
  }
}
