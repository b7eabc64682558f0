/** Events for one subscriber, taken at its own pace; beyond a bound the oldest is dropped. */
export class EventQueue<Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #waiting: Value[] = [];
  #taker: ((result: IteratorResult<Value, undefined>) => void) | undefined;
  #ended = false;

  /** `onEnd` runs once, when the subscriber goes. */
  constructor(
    private readonly maxWaiting: number,
    private readonly onEnd: () => void,
  ) {}

  /** Events the subscriber has not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(value: Value): void {
    if (this.#ended) return;
    if (this.#taker) {
      const take = this.#taker;
      this.#taker = undefined;
      take({ value, done: false });
      return;
    }
    if (this.#waiting.length >= this.maxWaiting) this.#waiting.shift();
    this.#waiting.push(value);
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    return new Promise((resolve) => (this.#taker = resolve));
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#taker?.({ value: undefined, done: true });
      this.onEnd();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<IteratorResult<Value, undefined>> {
    void this.return();
    return Promise.reject(error as Error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
