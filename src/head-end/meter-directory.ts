import type { KeyObject } from 'node:crypto';
import type { Reader } from '../platform/database.js';
import {
  gatewayDirectory,
  meterDirectory,
  type GatewayDirectoryEntry,
  type MeterDirectoryEntry,
} from '../metering/meters.js';
import { publicKeyOf } from './signing.js';

/** A public key, made into an object when a signature is first checked: most messages carry none, and it costs more than reading one. */
class LazyKey {
  private made: KeyObject | undefined;

  constructor(private readonly raw: Buffer) {}

  get key(): KeyObject {
    return (this.made ??= publicKeyOf(this.raw));
  }
}

/** A meter as the head-end knows it. */
export interface KnownMeter extends MeterDirectoryEntry {
  readonly lazyKey?: LazyKey;
  readonly key: KeyObject;
}

/** The same as a class: a getter on each of 100,000 objects by itself would take a kilobyte a meter. */
class MeterOnRecord implements KnownMeter {
  readonly meterId: string;
  readonly serial: string;
  readonly gatewayNumber: string;
  readonly codec: MeterDirectoryEntry['codec'];
  readonly publicKey: Buffer;

  constructor(
    row: MeterDirectoryEntry,
    readonly lazyKey: LazyKey,
  ) {
    this.meterId = row.meterId;
    this.serial = row.serial;
    this.gatewayNumber = row.gatewayNumber;
    this.codec = row.codec;
    this.publicKey = row.publicKey;
  }

  get key(): KeyObject {
    return this.lazyKey.key;
  }
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
    // What is fresh now is taken now: while others are looked up, another call may find it too old and look again.
    const found = new Map<string, Known>();
    const missing = new Set<string>();
    for (const number of numbers) {
      const entry = this.entries.get(number);
      if (entry && nowMs - entry.readAtMs < MAX_AGE_MS) found.set(number, entry.known);
      else missing.add(number);
    }
    if (missing.size === 0) return found;
    if (this.entries.size > MAX_ENTRIES) this.entries.clear();
    for (const row of await this.read([...missing])) {
      const number = this.numberOf(row);
      const known = this.withKey(row, this.entries.get(number)?.known);
      this.entries.set(number, { known, readAtMs: nowMs });
      found.set(number, known);
      missing.delete(number);
    }
    // What is on record no longer is not believed any longer.
    for (const number of missing) this.entries.delete(number);
    return found;
  }
}

/** Serial → meter. */
export class MeterDirectory extends ReadThrough<MeterDirectoryEntry, KnownMeter> {
  constructor(reader: Reader) {
    super(
      (serials) => meterDirectory(reader, serials),
      ({ serial }) => serial,
      (row, before) => {
        const known = before?.publicKey.equals(row.publicKey) ? before.lazyKey : undefined;
        return new MeterOnRecord(row, known ?? new LazyKey(row.publicKey));
      },
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
