/** Delayed work in real (monotonic) time. */
export interface Scheduler {
  /** Monotonic time, ms. */
  nowMs(): number;
  /** Runs something once, not before `delayMs` from now. */
  after(delayMs: number, run: () => void): void;
}

interface Task {
  dueMs: number;
  order: number;
  run: () => void;
}

/** Node's timers count in 32 bits; anything later is looked at again then. */
const MAX_TIMER_MS = 2_000_000_000;

/** After this much work in one go the event loop gets its turn; ten thousand relays may be due at the same instant. */
const MAX_RUN_MS = 10;

const before = (a: Task, b: Task): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/**
 * All delayed work of a fleet in one binary heap with one timer, so that ten thousand relays in motion cost ten thousand
 * small entries and stopping the fleet stops everything. Tasks due at the same instant run in the order they were given.
 */
export class HeapScheduler implements Scheduler {
  readonly #heap: Task[] = [];
  #order = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  nowMs(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): void {
    if (this.#stopped) return;
    this.#order += 1;
    this.#push({ dueMs: this.nowMs() + Math.max(0, delayMs), order: this.#order, run });
    this.#arm();
  }

  /** Forgets everything and accepts nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#heap.length = 0;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || first.dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = first.dueMs;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(first.dueMs - this.nowMs())));
    this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const startMs = this.nowMs();
    for (let first = this.#heap[0]; first && first.dueMs <= startMs; first = this.#heap[0]) {
      this.#popFirst();
      first.run();
      if (this.#stopped) return;
      if (this.nowMs() - startMs > MAX_RUN_MS) break;
    }
    this.#arm();
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent] as Task, task)) break;
      heap[index] = heap[parent] as Task;
      index = parent;
    }
    heap[index] = task;
  }

  #popFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Task;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Task, heap[child] as Task)) child += 1;
      if (before(last, heap[child] as Task)) break;
      heap[index] = heap[child] as Task;
      index = child;
    }
    heap[index] = last;
  }
}
