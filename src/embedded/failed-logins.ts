/** A key is some 30 bytes; this many are a megabyte or two at most, whatever is thrown at us in one window. */
const MAX_KEYS = 10_000;

/**
 * Counts failed logins by key in fixed windows of time, so that guessing passwords is slow and cheap to refuse.
 * The key should name address and user: one gateway with a wrong password must not lock out its neighbours.
 */
export class FailedLogins {
  #counts = new Map<string, number>();
  #windowEndsAtMs = 0;

  /** @param nowMs monotonic milliseconds */
  constructor(
    private readonly maxPerWindow: number,
    private readonly windowMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** True when this key has used up its attempts for this window. */
  isBlocked(key: string): boolean {
    this.#turnWindow();
    return (this.#counts.get(key) ?? 0) >= this.maxPerWindow;
  }

  record(key: string): void {
    this.#turnWindow();
    const oldest = this.#counts.keys().next();
    if (this.#counts.size >= MAX_KEYS && !oldest.done) this.#counts.delete(oldest.value);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #turnWindow(): void {
    if (this.nowMs() < this.#windowEndsAtMs) return;
    this.#counts.clear();
    this.#windowEndsAtMs = this.nowMs() + this.windowMs;
  }
}
