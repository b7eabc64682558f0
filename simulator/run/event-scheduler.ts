import type { Scheduler } from './scheduler.js';
import { TaskHeap } from './task-heap.js';

/**
 * Discrete-event time: it stands still while something runs and goes on only when its owner says so, from one due task to the
 * next. What is done by it depends on nothing but what was given to it, at any speed.
 */
export class EventScheduler implements Scheduler {
  readonly #heap = new TaskHeap();
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#heap.push(this.#nowMs + Math.max(0, delayMs), run);
  }

  /** When the next task is due, ms; Infinity when there is none. */
  get nextMs(): number {
    return this.#heap.first?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Goes on to an instant without running anything; never back. */
  goTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** Goes on to the next task and runs it. */
  runNext(): void {
    const task = this.#heap.pop();
    if (!task) return;
    this.goTo(task.dueMs);
    task.run();
  }

  /** Runs everything due at the next instant, what is added for that instant meanwhile included. */
  runInstant(): void {
    const atMs = this.nextMs;
    while (this.nextMs <= atMs) this.runNext();
  }
}
