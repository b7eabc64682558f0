import type { ManifestMeter } from '../wire/contract.js';
import { Columns } from './columns.js';
import { Meter } from './meter.js';

const SERIAL = /^[0-9]{12}$/;

/**
 * All meters of a fleet, by number and in the manifest's order. Looks like a `ReadonlyMap`, but a number finds its meter through a table
 * of 4-byte places: 100,000 texts as keys would take four times what this takes.
 */
export class MeterSet implements ReadonlyMap<string, Meter> {
  readonly #columns: Columns;
  readonly #meters: Meter[];
  /** Open addressing with linear steps: index + 1 of the meter whose number leads here; 0 = free. At most half full. */
  readonly #places: Uint32Array;
  readonly #mask: number;

  /** `entries` come from a checked manifest: no number twice. */
  constructor(entries: readonly ManifestMeter[], seed: number) {
    this.#columns = new Columns(entries, seed);
    const placeCount = 2 ** Math.ceil(Math.log2(Math.max(1, entries.length) * 2));
    this.#places = new Uint32Array(placeCount);
    this.#mask = placeCount - 1;
    this.#meters = new Array<Meter>(entries.length);
    for (let index = 0; index < entries.length; index += 1) {
      this.#meters[index] = new Meter(this.#columns, index);
      this.#places[this.#placeOf(this.#columns.serial[index] as number)] = index + 1;
    }
  }

  get size(): number {
    return this.#meters.length;
  }

  get(serial: string): Meter | undefined {
    if (!SERIAL.test(serial)) return undefined;
    return this.#meters[(this.#places[this.#placeOf(Number(serial))] as number) - 1];
  }

  has(serial: string): boolean {
    return this.get(serial) !== undefined;
  }

  /** The meter at a place of the manifest, from 0. */
  at(index: number): Meter | undefined {
    return this.#meters[index];
  }

  values(): ArrayIterator<Meter> {
    return this.#meters.values();
  }

  *keys(): Generator<string, undefined> {
    for (const meter of this.#meters) yield meter.serial;
    return undefined;
  }

  *entries(): Generator<[string, Meter], undefined> {
    for (const meter of this.#meters) yield [meter.serial, meter];
    return undefined;
  }

  [Symbol.iterator](): Generator<[string, Meter], undefined> {
    return this.entries();
  }

  forEach(act: (meter: Meter, serial: string, set: ReadonlyMap<string, Meter>) => void): void {
    for (const meter of this.#meters) act(meter, meter.serial, this);
  }

  /** Where a number's meter stands, or the free place where it would. */
  #placeOf(serial: number): number {
    const { serial: serials } = this.#columns;
    // Numbers of a fleet run on, so both halves are stirred: multiplication alone would leave long runs.
    let hash =
      Math.imul((serial % 0x1_0000_0000) | 0, 0x9e3779b1) ^ Math.imul(Math.floor(serial / 0x1_0000_0000), 0x85ebca6b);
    hash ^= hash >>> 15;
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const index = (this.#places[place] as number) - 1;
      if (index < 0 || serials[index] === serial) return place;
    }
  }
}
