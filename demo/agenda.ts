/** Something that happens at an instant of product time. */
interface Entry {
  readonly atMs: number;
  /** What kind of thing comes first where several happen at once. */
  readonly rank: number;
  /** Decides among equals: two entries of one instant never depend on who was written down first. */
  readonly key: string;
  readonly act: () => Promise<void> | void;
}

/** Wire first, then people, then the office. */
export const RANK = { wire: 0, customer: 1, office: 2 } as const;

const SECOND_MS = 1_000;

const before = (one: Entry, other: Entry): boolean =>
  one.atMs !== other.atMs
    ? one.atMs < other.atMs
    : one.rank !== other.rank
      ? one.rank < other.rank
      : one.key < other.key;

/** What is going to happen, in one order that depends on nothing but what it is. */
export class Agenda {
  private readonly entries: Entry[] = [];

  /** Writes something down for `atMs` or the whole second after it; never for the past. */
  add(atMs: number, rank: number, key: string, act: () => Promise<void> | void): void {
    const entry = { atMs: Math.ceil(atMs / SECOND_MS) * SECOND_MS, rank, key, act };
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(entry, this.entries[middle]!)) high = middle;
      else low = middle + 1;
    }
    this.entries.splice(low, 0, entry);
  }

  /** When the next thing happens; Infinity when nothing is left. */
  get nextMs(): number {
    return this.entries[0]?.atMs ?? Infinity;
  }

  /** Does everything that is due, also what that brings about for the same instant. */
  async work(nowMs: number): Promise<void> {
    for (let next = this.entries[0]; next && next.atMs <= nowMs; next = this.entries[0]) {
      this.entries.shift();
      await next.act();
    }
  }
}
