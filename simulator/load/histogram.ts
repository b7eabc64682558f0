/** Counters for the first doublings together; half as many for each further one: a value is known to 1/32. */
const STEPS = 64;
/** Smallest difference told apart, ms. */
const UNIT_MS = 0.001;
/** Doublings of the unit that are kept: 2^32 µs is over an hour; anything longer counts as that long. */
const DOUBLINGS = 32;

/** What a histogram says, ms. */
export interface Percentiles {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

/**
 * Durations in counters whose width grows with the value, after the idea of HdrHistogram: 16 KB however many are recorded, every
 * percentile right to 1/32 of it, the greatest exact.
 */
export class Histogram {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Records one duration; less than nothing (clocks) counts as nothing. */
  record(ms: number): void {
    const index = Math.min(this.#counts.length - 1, indexOf(Math.max(0, ms) / UNIT_MS));
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#count += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** The duration that a part `q` (0–1) of the recorded ones do not exceed, ms, rounded up to the counter's edge; 0 of none. */
  quantileMs(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return Math.min(this.#maxMs, upperEdge(index) * UNIT_MS);
    }
    return 0;
  }

  percentiles(): Percentiles {
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((q) => round(this.quantileMs(q))) as [number, number, number];
    return { count: this.#count, p50Ms, p95Ms, p99Ms, maxMs: round(this.#maxMs) };
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Up to STEPS units one counter per unit, then STEPS / 2 per doubling: the upper half of each power of two. */
function indexOf(units: number): number {
  const whole = Math.floor(units);
  if (whole < STEPS) return whole;
  const shift = Math.floor(Math.log2(whole)) - Math.log2(STEPS) + 1;
  return shift * (STEPS / 2) + Math.floor(whole / 2 ** shift);
}

function upperEdge(index: number): number {
  if (index < STEPS) return index + 1;
  const shift = Math.floor(index / (STEPS / 2)) - 1;
  return (index - shift * (STEPS / 2) + 1) * 2 ** shift;
}
