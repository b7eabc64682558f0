import { batchHash, CHAIN_START, merkleRoot, signCheckpoint, type Checkpoint } from './audit-chain.js';
import { statement, type Tx } from './database.js';
import { assert } from './errors.js';
import { LIMITS } from './limits.js';
import type { SigningKey } from './signing-key.js';

/** The two clocks a seal tells. */
export interface SealTime {
  readonly at: Date;
  readonly wallAt: Date;
}

/** The advisory lock that makes one process at a time the sealer. */
const SEALER_LOCK = 7_215_204_178;

/** A checkpoint covers the chain at least this often, wall ms: for so long a change with all its seals made anew would go unseen. */
const CHECKPOINT_EVERY_MS = 60_000;
/** And at least every so many batches, for a burst. */
const CHECKPOINT_EVERY_BATCHES = 20n;

const LOCK = statement('audit-seal-lock', `SELECT pg_try_advisory_xact_lock(${SEALER_LOCK}) AS locked`);

/** The last batch with what the next one needs of it. */
interface Head {
  readonly number: bigint;
  readonly hash: Buffer;
  readonly entries: bigint;
  readonly lastTransactionId: string;
  readonly lastEntryId: bigint;
}

const HEAD = statement(
  'audit-seal-head',
  `SELECT batch_number AS number, batch_hash AS hash, first_position + entry_count - 1 AS entries,
          last_transaction_id::text AS "lastTransactionId", last_entry_id AS "lastEntryId"
   FROM audit_batch ORDER BY batch_number DESC LIMIT 1`,
);

/** A field of an entry's byte form: its length in bytes, a colon and the text; a hyphen for null. The database is in UTF-8 (migration 0003). */
const field = (text: string): string => `coalesce(octet_length(${text}) || ':' || ${text}, '-')`;
const micros = (column: string): string => `trunc(extract(epoch FROM ${column}) * 1000000)::text`;

/** Every column of an entry, in the order in which they are hashed. */
const FIELDS = [
  'e.id::text',
  'e.transaction_id::text',
  micros('e.at'),
  micros('e.recorded_wall_at'),
  'e.actor_kind',
  'e.actor',
  'e.act',
  'e.subject_type',
  'e.subject_id::text',
  'e.account_id::text',
  'e.service_point_id::text',
  'e.from_state',
  'e.to_state',
  'e.reason',
  'e.detail::text',
];

interface Unsealed {
  readonly count: number;
  readonly ids: bigint[] | null;
  readonly hashes: Buffer | null;
  readonly lastTransactionId: string | null;
  /** The next transaction id of this server. */
  readonly ceiling: string;
}

// PostgreSQL hashes the entries where they lie; only ids and hashes travel. The horizon and the entries are of one snapshot: every
// transaction below it has ended, so no entry can come into this range later.
const UNSEALED = statement(
  'audit-seal-entries',
  `WITH entry AS MATERIALIZED (
     SELECT e.transaction_id, e.id, sha256('\\x00'::bytea || convert_to(${FIELDS.map(field).join(' || ')}, 'UTF8')) AS hash
     FROM audit_entry e
     WHERE (e.transaction_id, e.id) > ($1::xid8, $2) AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.transaction_id, e.id LIMIT $3)
   SELECT count(*)::int AS count, array_agg(id ORDER BY transaction_id, id) AS ids,
          string_agg(hash, ''::bytea ORDER BY transaction_id, id) AS hashes, max(transaction_id)::text AS "lastTransactionId",
          pg_snapshot_xmax(pg_current_snapshot())::text AS ceiling
   FROM entry`,
);

const INSERT_BATCH = statement(
  'audit-seal-batch',
  `INSERT INTO audit_batch (batch_number, form, first_position, entry_count, last_transaction_id, last_entry_id, entry_ids, entry_hashes,
                            root, previous_hash, batch_hash, sealed_at, sealed_wall_at)
   VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

/**
 * Seals the oldest entries that are not sealed yet, up to one batch. Returns how many, or undefined when another process is sealing.
 * @throws Error when the server counts transactions anew, after a restore from a dump: then new entries would lie before sealed ones
 */
export async function sealBatch(tx: Tx, time: SealTime): Promise<number | undefined> {
  if (!(await becomeSealer(tx))) return undefined;
  const [head] = await tx.rows<Head>(HEAD);
  const [found] = await tx.rows<Unsealed>(UNSEALED, [
    head?.lastTransactionId ?? '0',
    head?.lastEntryId ?? 0n,
    LIMITS.auditBatch.value,
  ]);
  const { count, ids, hashes, lastTransactionId, ceiling } = found!;
  if (head && BigInt(head.lastTransactionId) >= BigInt(ceiling)) {
    throw new Error(
      `The audit cannot be sealed on: its last sealed entry is of transaction ${head.lastTransactionId}, and this server is only at ${ceiling}. The database was restored from a dump; docs/audit.md ("After a restore") says what to do.`,
    );
  }
  if (count === 0) return 0;
  assert(ids!.length === count && hashes!.length === 32 * count, 'one id and one hash for every entry of a batch');
  const batch = {
    number: (head?.number ?? 0n) + 1n,
    previousHash: head?.hash ?? CHAIN_START,
    firstPosition: (head?.entries ?? 0n) + 1n,
    ids: ids!,
    lastTransactionId: lastTransactionId!,
    root: merkleRoot(hashes!),
    sealedAt: time.at,
    sealedWallAt: time.wallAt,
  };
  await tx.rows(INSERT_BATCH, [
    ...[batch.number, batch.firstPosition, count, batch.lastTransactionId, ids!.at(-1), ids, hashes],
    ...[batch.root, batch.previousHash, batchHash(batch), time.at, time.wallAt],
  ]);
  return count;
}

/** Of several processes one at a time seals. A statement of its own: what follows must see what the sealer before has committed. */
export const becomeSealer = async (tx: Tx): Promise<boolean> => (await tx.rows<{ locked: boolean }>(LOCK))[0]!.locked;

const LAST_CHECKPOINT = statement(
  'audit-checkpoint-last',
  `SELECT checkpoint_number AS number, batch_number AS batch, wall_at AS "wallAt" FROM audit_checkpoint ORDER BY checkpoint_number DESC LIMIT 1`,
);
const INSERT_CHECKPOINT = statement(
  'audit-checkpoint-insert',
  `INSERT INTO audit_checkpoint (checkpoint_number, batch_number, batch_hash, entry_count, at, wall_at, kid, signature)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

/** Signs the last batch if it is time to, or at once if `now`. Returns whether there is a new checkpoint. */
export async function addCheckpoint(tx: Tx, key: SigningKey, time: SealTime, now: boolean): Promise<boolean> {
  if (!(await becomeSealer(tx))) return false;
  const [head] = await tx.rows<Head>(HEAD);
  const [last] = await tx.rows<Pick<Checkpoint, 'number' | 'batch' | 'wallAt'>>(LAST_CHECKPOINT);
  if (!head || head.number === last?.batch) return false;
  const ageMs = last ? Math.abs(time.wallAt.getTime() - last.wallAt.getTime()) : Infinity;
  if (!now && last && ageMs < CHECKPOINT_EVERY_MS && head.number - last.batch < CHECKPOINT_EVERY_BATCHES) return false;
  const checkpoint: Checkpoint = {
    number: (last?.number ?? 0n) + 1n,
    batch: head.number,
    hash: head.hash,
    entries: head.entries,
    at: time.at,
    wallAt: time.wallAt,
    kid: key.kid,
  };
  await tx.rows(INSERT_CHECKPOINT, [
    ...[checkpoint.number, checkpoint.batch, checkpoint.hash, checkpoint.entries, time.at, time.wallAt, key.kid],
    signCheckpoint(checkpoint, key),
  ]);
  return true;
}
