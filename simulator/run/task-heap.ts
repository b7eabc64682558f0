/** Something to be done at an instant. */
export interface Task {
  /** When, in the scheduler's ms. */
  dueMs: number;
  run: () => void;
}

interface Entry extends Task {
  order: number;
}

const before = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** Tasks by when they are due, in one binary heap; those of the same instant in the order they were given. */
export class TaskHeap {
  readonly #heap: Entry[] = [];
  #given = 0;

  /** The task that is due first, or undefined. */
  get first(): Task | undefined {
    return this.#heap[0];
  }

  get size(): number {
    return this.#heap.length;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  push(dueMs: number, run: () => void): void {
    const heap = this.#heap;
    const task: Entry = { dueMs, order: (this.#given += 1), run };
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent] as Entry, task)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = task;
  }

  /** Takes the first task out; undefined when there is none. */
  pop(): Task | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (before(last, heap[child] as Entry)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
