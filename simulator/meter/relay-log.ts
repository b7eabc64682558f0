import { UuidColumn } from './uuid-bytes.js';

/** Toggles remembered per meter; older ones are forgotten. Enough for a long test, bounded for a long run. */
export const MAX_RELAY_LOG = 64;

/** One movement of a relay, and the accepted command that caused it. */
export interface RelayToggle {
  /** Virtual time, ms since 1970. */
  atMs: number;
  to: 'open' | 'closed';
  cause: 'command' | 'button';
  sequence: number;
  commandId: string;
}

/** Room is made for this many toggles at a time, so that growing copies nothing. */
const CHUNK_TOGGLES = 4_096;

const CLOSES = 1;
const BY_BUTTON = 2;

/** Toggles in columns; `previous` leads from a meter's toggle to the one before it (number + 1; 0 = there is none). */
class Chunk {
  readonly previous = new Uint32Array(CHUNK_TOGGLES);
  readonly atMs = new Float64Array(CHUNK_TOGGLES);
  readonly sequence = new Float64Array(CHUNK_TOGGLES);
  readonly commandId = new UuidColumn(CHUNK_TOGGLES);
  readonly flags = new Uint8Array(CHUNK_TOGGLES);
}

/**
 * The last movements of every relay, oldest forgotten first. Kept in columns, since after a mass cut every meter of a fleet has some: ~40
 * bytes a toggle, 5 for a meter whose relay never moved.
 */
export class RelayLog {
  readonly #chunks: Chunk[] = [];
  /** Number + 1 of each meter's newest toggle; 0 = none. */
  readonly #newest: Uint32Array;
  readonly #counts: Uint8Array;
  #used = 0;

  constructor(meters: number) {
    this.#newest = new Uint32Array(meters);
    this.#counts = new Uint8Array(meters);
  }

  /** Adds a movement of a meter's relay. */
  add(meter: number, toggle: RelayToggle): void {
    const number = this.#counts[meter] === MAX_RELAY_LOG ? this.#forgetOldest(meter) : this.#fresh(meter);
    const chunk = this.#chunkOf(number);
    const at = number % CHUNK_TOGGLES;
    chunk.previous[at] = this.#newest[meter] as number;
    chunk.atMs[at] = toggle.atMs;
    chunk.sequence[at] = toggle.sequence;
    chunk.commandId.set(at, toggle.commandId);
    chunk.flags[at] = (toggle.to === 'closed' ? CLOSES : 0) | (toggle.cause === 'button' ? BY_BUTTON : 0);
    this.#newest[meter] = number + 1;
  }

  /** A meter's movements, oldest first; undefined when its relay never moved. */
  of(meter: number): RelayToggle[] | undefined {
    const toggles: RelayToggle[] = [];
    for (let number = this.#newest[meter] as number; number > 0; number = this.#previousOf(number - 1)) {
      toggles.push(this.#read(number - 1));
    }
    return toggles.length > 0 ? toggles.reverse() : undefined;
  }

  /** Room for one more toggle of a meter whose log is not full. */
  #fresh(meter: number): number {
    this.#counts[meter] = (this.#counts[meter] as number) + 1;
    const number = this.#used;
    this.#used += 1;
    if (number % CHUNK_TOGGLES === 0) this.#chunks.push(new Chunk());
    return number;
  }

  /** Takes the oldest toggle out of a full log; its place is used again. */
  #forgetOldest(meter: number): number {
    let after = (this.#newest[meter] as number) - 1;
    let oldest = this.#previousOf(after) - 1;
    for (let before = this.#previousOf(oldest); before > 0; before = this.#previousOf(oldest)) {
      after = oldest;
      oldest = before - 1;
    }
    this.#chunkOf(after).previous[after % CHUNK_TOGGLES] = 0;
    return oldest;
  }

  #read(number: number): RelayToggle {
    const chunk = this.#chunkOf(number);
    const at = number % CHUNK_TOGGLES;
    const flags = chunk.flags[at] as number;
    return {
      atMs: chunk.atMs[at] as number,
      to: (flags & CLOSES) !== 0 ? 'closed' : 'open',
      cause: (flags & BY_BUTTON) !== 0 ? 'button' : 'command',
      sequence: chunk.sequence[at] as number,
      commandId: chunk.commandId.get(at),
    };
  }

  #previousOf(number: number): number {
    return this.#chunkOf(number).previous[number % CHUNK_TOGGLES] as number;
  }

  #chunkOf(number: number): Chunk {
    return this.#chunks[Math.floor(number / CHUNK_TOGGLES)] as Chunk;
  }
}
