import pg from 'pg';
import type { Entry } from './hashes.js';

/** A sealed batch as it stands in the database; hashes are hexadecimal, instants ISO 8601 with milliseconds. */
export interface Batch {
  readonly number: string;
  readonly position: string;
  readonly count: string;
  readonly lastTransaction: string;
  readonly lastEntry: string;
  readonly ids: readonly string[];
  /** 64 digits for each entry, end to end. */
  readonly hashes: string;
  readonly root: string;
  readonly previous: string;
  readonly hash: string;
  readonly sealedAt: string;
  readonly sealedWallAt: string;
}

/** A checkpoint as it stands in the database. */
export interface StoredCheckpoint {
  readonly checkpoint: string;
  readonly batch: string;
  readonly hash: string;
  readonly entries: string;
  readonly at: string;
  readonly wallAt: string;
  readonly kid: string;
  readonly signature: string;
}

/** Rows of one fetch: entries are small, a batch with all its hashes may have half a megabyte. */
const ENTRIES_AT_ONCE = 2_000;
const BATCHES_AT_ONCE = 10;
const CHECKPOINTS_AT_ONCE = 1_000;

// Everything comes as text, untouched by a parser that could round or localise it. Order is by the table's columns (e.transaction_id),
// not by the texts of the same name.
const instant = (column: string) => `extract(epoch FROM ${column})::text`;
const ENTRIES = `SELECT id::text, transaction_id::text, ${instant('at')} AS at, ${instant('recorded_wall_at')} AS recorded_wall_at,
    actor_kind, actor, act, subject_type, subject_id::text, account_id::text, service_point_id::text, from_state, to_state, reason, detail::text
  FROM public.audit_entry e ORDER BY e.transaction_id, e.id`;
const BATCHES = `SELECT batch_number::text AS number, first_position::text AS position, entry_count::text AS count,
    last_transaction_id::text AS "lastTransaction", last_entry_id::text AS "lastEntry", array_to_string(entry_ids, ' ', '-') AS ids,
    encode(entry_hashes, 'hex') AS hashes, encode(root, 'hex') AS root, encode(previous_hash, 'hex') AS previous,
    encode(batch_hash, 'hex') AS hash, ${instant('sealed_at')} AS "sealedAt", ${instant('sealed_wall_at')} AS "sealedWallAt"
  FROM public.audit_batch b ORDER BY b.batch_number`;
const CHECKPOINTS = `SELECT checkpoint_number::text AS checkpoint, batch_number::text AS batch, encode(batch_hash, 'hex') AS hash,
    entry_count::text AS entries, ${instant('at')} AS at, ${instant('wall_at')} AS "wallAt", kid, encode(signature, 'hex') AS signature
  FROM public.audit_checkpoint c ORDER BY c.checkpoint_number`;

/** Seconds with six decimals → ISO 8601 with milliseconds. What does not fit is given back as it is, and will fit no hash. */
const isoOf = (seconds: string): string => {
  const digits = /^(\d+)\.(\d{3})000$/.exec(seconds);
  const date = digits && new Date(Number(`${digits[1]}${digits[2]}`));
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : seconds;
};

/** One state of the database, looked at from beginning to end. */
export class Snapshot {
  private constructor(private readonly client: pg.Client) {}

  /** @throws Error when the database cannot be reached, or holds no seals */
  static async open(url: string): Promise<Snapshot> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'relight verify-audit',
      connectionTimeoutMillis: 10_000,
      types: { getTypeParser: () => (text: string | Buffer) => text.toString() },
    });
    // A connection that dies fails the statement under way; without a listener it would also end the process.
    client.on('error', () => undefined);
    await client.connect();
    try {
      // Only what PostgreSQL itself brings is called: a function of this name somewhere else must not come before it.
      await client.query(`SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET statement_timeout = 0`);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const kinds = await client.query<{ name: string; kind: string | null }>(
        `SELECT name, (SELECT relkind FROM pg_class WHERE oid = to_regclass('public.' || name)) AS kind
         FROM unnest('{audit_entry,audit_batch,audit_checkpoint}'::text[]) name`,
      );
      for (const { name, kind } of kinds.rows) {
        if (kind !== 'r')
          throw new Error(
            kind ? `${name} is no table: somebody has put something else in its place` : `there is no table ${name}`,
          );
      }
      return new Snapshot(client);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  /** Every entry, in the order of the chain. */
  entries(): AsyncGenerator<Entry> {
    return this.stream<Entry>('entries', ENTRIES, ENTRIES_AT_ONCE);
  }

  async *batches(): AsyncGenerator<Batch> {
    for await (const row of this.stream<Batch & { ids: string }>('batches', BATCHES, BATCHES_AT_ONCE)) {
      yield { ...row, ids: row.ids.split(' '), sealedAt: isoOf(row.sealedAt), sealedWallAt: isoOf(row.sealedWallAt) };
    }
  }

  async *checkpoints(): AsyncGenerator<StoredCheckpoint> {
    for await (const row of this.stream<StoredCheckpoint>('checkpoints', CHECKPOINTS, CHECKPOINTS_AT_ONCE))
      yield { ...row, at: isoOf(row.at), wallAt: isoOf(row.wallAt) };
  }

  /** Hash of each of these batches, and how many entries the chain has up to it. */
  async batchEnds(
    numbers: readonly string[],
  ): Promise<Map<string, { readonly hash: string; readonly entries: string }>> {
    const { rows } = await this.client.query<{ number: string; hash: string; entries: string }>(
      `SELECT batch_number::text AS number, encode(batch_hash, 'hex') AS hash, (first_position + entry_count - 1)::text AS entries
       FROM public.audit_batch WHERE batch_number = ANY($1::bigint[])`,
      [numbers],
    );
    return new Map(rows.map(({ number, ...end }) => [number, end]));
  }

  /** Age of an instant (ISO 8601, or seconds since 1970) by the server's clock, s. */
  async secondsSince(instant: string): Promise<number> {
    const seconds = /^[-\d.]+$/.test(instant) ? Number(instant) : Date.parse(instant) / 1_000;
    const { rows } = await this.client.query<{ now: string }>(
      `SELECT extract(epoch FROM clock_timestamp())::text AS now`,
    );
    return Number(rows[0]!.now) - seconds;
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  private async *stream<Row extends pg.QueryResultRow>(
    cursor: string,
    query: string,
    atOnce: number,
  ): AsyncGenerator<Row> {
    await this.client.query(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`);
    for (;;) {
      const { rows } = await this.client.query<Row>(`FETCH ${atOnce} FROM ${cursor}`);
      yield* rows;
      if (rows.length < atOnce) break;
    }
    await this.client.query(`CLOSE ${cursor}`);
  }
}
