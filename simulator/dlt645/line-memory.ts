import type { Meter } from '../meter/meter.js';

/** What a DL/T 645 meter knows beyond what every meter knows. */
export interface LineMemory {
  /** Last order to the relay, where it differs from what the contacts show (stuck, armed, still to come): told to open? */
  toldOpen: boolean | undefined;
  /** Orders to the relay so far: tells whether a delayed one has been overtaken. */
  orders: number;
  /** Pre-trip alarm (2AH). */
  alarm: boolean;
  /** Wrong passwords one after the other. */
  wrongPasswords: number;
  /** By the meter's own clock, ms: until then no password is taken. */
  lockedUntilMs: number;
  /** Rest of a long answer, for 12H: its DI and what is still to be sent. */
  following: { di: string; parts: Buffer[] } | undefined;
}

const FRESH: Readonly<LineMemory> = {
  toldOpen: undefined,
  orders: 0,
  alarm: false,
  wrongPasswords: 0,
  lockedUntilMs: Number.NEGATIVE_INFINITY,
  following: undefined,
};

/** Kept only for meters to which something happened: most of 50,000 have nothing to remember. */
export class LineMemories {
  readonly #kept = new Map<Meter, LineMemory>();

  of(meter: Meter): Readonly<LineMemory> {
    return this.#kept.get(meter) ?? FRESH;
  }

  change(meter: Meter, change: Partial<LineMemory>): void {
    this.#kept.set(meter, { ...this.of(meter), ...change });
  }
}
