import { statement, type Reader } from '../../platform/database.js';

/** How many entries without a seal are counted one by one; more than these mean that sealing stands still. */
const UNSEALED_COUNTED = 100_000;

/** How far the audit is sealed, and the last signed word about it. */
export interface AuditChainState {
  readonly sealedEntries: bigint;
  readonly batch: bigint | null;
  readonly batchHash: string | null;
  readonly sealedAt: Date | null;
  readonly sealedWallAt: Date | null;
  readonly unsealedEntries: number;
  readonly lastCheckpoint: AuditCheckpointState | null;
}

/** A signed checkpoint, as it can be compared with a line of the checkpoint file. */
export interface AuditCheckpointState {
  readonly checkpoint: bigint;
  readonly batch: bigint;
  readonly hash: string;
  readonly entries: bigint;
  readonly at: Date;
  readonly wallAt: Date;
  readonly kid: string;
}

type Row = Omit<AuditChainState, 'lastCheckpoint'> & {
  readonly [Key in keyof AuditCheckpointState as `c_${Key}`]: AuditCheckpointState[Key] | null;
};

const STATE = statement(
  'api-audit-chain',
  `WITH head AS (SELECT * FROM audit_batch ORDER BY batch_number DESC LIMIT 1),
        signed AS (SELECT * FROM audit_checkpoint ORDER BY checkpoint_number DESC LIMIT 1)
   SELECT coalesce(h.first_position + h.entry_count - 1, 0) AS "sealedEntries", h.batch_number AS batch, encode(h.batch_hash, 'hex') AS "batchHash",
          h.sealed_at AS "sealedAt", h.sealed_wall_at AS "sealedWallAt",
          (SELECT count(*)::int FROM (SELECT FROM audit_entry e WHERE (e.transaction_id, e.id) > (coalesce(h.last_transaction_id, '0'), coalesce(h.last_entry_id, 0))
                                      LIMIT ${UNSEALED_COUNTED}) u) AS "unsealedEntries",
          s.checkpoint_number AS c_checkpoint, s.batch_number AS c_batch, encode(s.batch_hash, 'hex') AS c_hash, s.entry_count AS c_entries,
          s.at AS c_at, s.wall_at AS "c_wallAt", s.kid AS c_kid
   FROM (VALUES (1)) one LEFT JOIN head h ON true LEFT JOIN signed s ON true`,
);

/** Reads it in one statement. */
export async function readAuditChain(db: Reader): Promise<AuditChainState> {
  const [row] = await db.rows<Row>(STATE);
  const { c_checkpoint, c_batch, c_hash, c_entries, c_at, c_wallAt, c_kid, ...chain } = row!;
  if (c_checkpoint === null) return { ...chain, lastCheckpoint: null };
  const lastCheckpoint = {
    checkpoint: c_checkpoint,
    batch: c_batch!,
    hash: c_hash!,
    entries: c_entries!,
    at: c_at!,
    wallAt: c_wallAt!,
    kid: c_kid!,
  };
  return { ...chain, lastCheckpoint };
}
