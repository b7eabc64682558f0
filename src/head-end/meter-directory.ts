import type { KeyObject } from 'node:crypto';
import type { Reader } from '../platform/database.js';
import {
  gatewayDirectory,
  meterDirectory,
  type GatewayDirectoryEntry,
  type MeterDirectoryEntry,
} from '../metering/meters.js';
import { publicKeyOf } from './signing.js';

/** A meter as the head-end knows it; the key object is made once. */
export interface KnownMeter extends MeterDirectoryEntry {
  readonly key: KeyObject;
}
/** A gateway likewise; without a key it signs nothing. */
export interface KnownGateway extends GatewayDirectoryEntry {
  readonly key: KeyObject | undefined;
}

/** How long an entry is believed without looking again: the longest that an exchanged key may stay valid, ms. */
const MAX_AGE_MS = 60_000;
const MAX_ENTRIES = 200_000;

/** Number → entry, read through from the database: a cache that a restart may lose. */
class ReadThrough<Row extends { readonly publicKey: Buffer | null }, Known extends Row> {
  private readonly entries = new Map<string, { readonly known: Known; readonly readAtMs: number }>();

  constructor(
    private readonly read: (numbers: readonly string[]) => Promise<Row[]>,
    private readonly numberOf: (row: Row) => string,
    private readonly withKey: (row: Row, before: Known | undefined) => Known,
  ) {}

  /** Those among these numbers that are known, looked up in one statement where the cache has no fresh entry. */
  async find(numbers: readonly string[]): Promise<Map<string, Known>> {
    const nowMs = Date.now();
    const fresh = (number: string) => nowMs - (this.entries.get(number)?.readAtMs ?? 0) < MAX_AGE_MS;
    const wanted = [...new Set(numbers)];
    const missing = wanted.filter((number) => !fresh(number));
    if (missing.length > 0) {
      if (this.entries.size > MAX_ENTRIES) this.entries.clear();
      const stale = new Map(missing.map((number) => [number, this.entries.get(number)?.known]));
      for (const number of missing) this.entries.delete(number);
      for (const row of await this.read(missing)) {
        const number = this.numberOf(row);
        this.entries.set(number, { known: this.withKey(row, stale.get(number)), readAtMs: nowMs });
      }
    }
    return new Map(
      wanted.flatMap((number) => (this.entries.has(number) ? [[number, this.entries.get(number)!.known]] : [])),
    );
  }
}

/** Serial → meter. */
export class MeterDirectory extends ReadThrough<MeterDirectoryEntry, KnownMeter> {
  constructor(reader: Reader) {
    super(
      (serials) => meterDirectory(reader, serials),
      ({ serial }) => serial,
      (row, before) => ({
        ...row,
        key: before?.publicKey.equals(row.publicKey) ? before.key : publicKeyOf(row.publicKey),
      }),
    );
  }
}

/** Number → gateway. */
export class GatewayDirectory extends ReadThrough<GatewayDirectoryEntry, KnownGateway> {
  constructor(reader: Reader) {
    super(
      (numbers) => gatewayDirectory(reader, numbers),
      ({ gatewayNumber }) => gatewayNumber,
      (row) => ({ ...row, key: row.publicKey === null ? undefined : publicKeyOf(row.publicKey) }),
    );
  }
}
