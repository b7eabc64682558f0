import type { Meter } from './meter.js';

/** A stretch of time in which a register followed one course. */
export interface Stretch {
  fromMs: number;
  baseWh: number;
  /** Whose load it counted; undefined: it stood still. */
  home: Meter | undefined;
}

/** A meter remembers its midnights for 62 days; a little more, for clocks that are off. */
const KEPT_MS = 64 * 86_400_000;
/** Beyond this the oldest go: a relay that moves a dozen times a day for a month. */
const MAX_STRETCHES = 400;

/**
 * How registers came to where they stand, for freezes of past midnights. Kept only for meters whose course has changed: for the others
 * the present course tells the whole past.
 */
export class RegisterPast {
  readonly #stretches = new Map<Meter, Stretch[]>();

  /** Adds the stretch that ends now. */
  add(meter: Meter, stretch: Stretch, nowMs: number): void {
    const list = this.#stretches.get(meter) ?? [];
    if (list.length === 0) this.#stretches.set(meter, list);
    if (stretch.fromMs < nowMs) list.push(stretch);
    // A stretch may go once the next one reaches back far enough.
    while (list.length > 1 && ((list[1] as Stretch).fromMs < nowMs - KEPT_MS || list.length > MAX_STRETCHES))
      list.shift();
  }

  /** The stretch an instant lies in, for instants before the present one; undefined before the first. */
  at(meter: Meter, atMs: number): Stretch | undefined {
    return this.#stretches.get(meter)?.findLast((stretch) => stretch.fromMs <= atMs);
  }

  clear(): void {
    this.#stretches.clear();
  }
}
