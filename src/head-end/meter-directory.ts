import type { KeyObject } from 'node:crypto';
import type { Reader } from '../platform/database.js';
import { meterDirectory, type MeterDirectoryEntry } from '../metering/meters.js';
import { publicKeyOf } from './signing.js';

/** A meter as the head-end knows it; the key object is made once. */
export interface KnownMeter extends MeterDirectoryEntry {
  readonly key: KeyObject;
}

/** How long an entry is believed without looking again: the longest that an exchanged key may stay valid, ms. */
const MAX_AGE_MS = 60_000;
const MAX_ENTRIES = 200_000;

/** Serial → meter, read through from the database: a cache that a restart may lose. */
export class MeterDirectory {
  private readonly entries = new Map<string, { readonly meter: KnownMeter; readonly readAtMs: number }>();

  constructor(private readonly reader: Reader) {}

  /** The meters among these serials that are known, looked up in one statement where the cache has no fresh entry. */
  async find(serials: readonly string[]): Promise<Map<string, KnownMeter>> {
    const nowMs = Date.now();
    const fresh = (serial: string) => nowMs - (this.entries.get(serial)?.readAtMs ?? 0) < MAX_AGE_MS;
    const wanted = [...new Set(serials)];
    const missing = wanted.filter((serial) => !fresh(serial));
    if (missing.length > 0) {
      if (this.entries.size > MAX_ENTRIES) this.entries.clear();
      const stale = new Map(missing.map((serial) => [serial, this.entries.get(serial)?.meter]));
      for (const serial of missing) this.entries.delete(serial);
      for (const row of await meterDirectory(this.reader, missing)) {
        const before = stale.get(row.serial);
        const key = before?.publicKey.equals(row.publicKey) ? before.key : publicKeyOf(row.publicKey);
        this.entries.set(row.serial, { meter: { ...row, key }, readAtMs: nowMs });
      }
    }
    return new Map(
      wanted.flatMap((serial) => (this.entries.has(serial) ? [[serial, this.entries.get(serial)!.meter]] : [])),
    );
  }
}
