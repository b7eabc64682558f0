/** Lets only so many connections be opened at once, so that a large fleet does not overrun the broker's accept queue. */
export class ConnectGate {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  constructor(maxOpening: number) {
    this.#free = maxOpening;
  }

  /** Runs `start` when there is room; whoever started must call `leave` once. */
  enter(start: () => void): void {
    if (this.#free > 0) {
      this.#free -= 1;
      start();
    } else {
      this.#waiting.push(start);
    }
  }

  leave(): void {
    const start = this.#waiting[this.#next];
    if (!start) {
      this.#free += 1;
      return;
    }
    this.#next += 1;
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#next = 0;
    }
    start();
  }
}
