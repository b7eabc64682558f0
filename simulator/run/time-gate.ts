/**
 * Meters neither hear nor speak before they know what time it is: by the wrong clock a command that waited for them would
 * look expired, and their first words would carry a wrong time and register. What comes earlier waits here, in order.
 */
export class TimeGate {
  #known = false;
  #waiting: (() => void)[] = [];

  get known(): boolean {
    return this.#known;
  }

  /** Runs something at once when the time is known, otherwise as soon as it is. */
  whenKnown(run: () => void): void {
    if (this.#known) run();
    else this.#waiting.push(run);
  }

  /** The time is known (a head-end has set it, or nobody does). */
  open(): void {
    if (this.#known) return;
    this.#known = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}
