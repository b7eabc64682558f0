import { lockAccount } from '../accounts/accounts.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { assert } from '../platform/errors.js';
import { mayNoticeMove, type NoticeLanguage, type NoticeRecipient } from './notice.js';
import type { NoticeChannel, NoticePurpose, NoticeState, ProofKind } from './words.js';

/** A notice to be put on record, PREPARED. Amounts are minor units. */
export interface NewNotice {
  readonly id: string;
  readonly accountId: string;
  readonly caseId: string | null;
  readonly anchorBillId: string | null;
  readonly copyOfId: string | null;
  readonly stepCode: string | null;
  readonly purpose: NoticePurpose;
  readonly channel: NoticeChannel;
  readonly recipient: NoticeRecipient;
  readonly contactId: string | null;
  readonly byGateway: boolean;
  readonly owner: string | null;
  readonly deadlineAt: Date | null;
  readonly mandatory: boolean;
  readonly language: NoticeLanguage;
  readonly templateCode: string;
  readonly templateVersion: number;
  readonly body: string;
  readonly principalMinor: bigint;
  readonly lateFeeMinor: bigint;
  readonly balanceMinor: bigint;
  readonly currency: string;
  readonly policyCode: string;
  readonly policyVersion: number;
  readonly routesLeft: readonly string[];
  readonly acceptedProofs: readonly ProofKind[];
  readonly announcedCutAt: Date | null;
  /** About the way back to power: the restore it belongs to. */
  readonly commandId?: string;
  readonly restoreCodeId?: string;
  readonly bills: readonly {
    readonly billId: string;
    readonly principalMinor: bigint;
    readonly lateFeeMinor: bigint;
  }[];
}

const INSERT = statement(
  'notice-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (id uuid, "accountId" uuid, "caseId" uuid, "anchorBillId" uuid, "copyOfId" uuid, "stepCode" text,
       purpose text, channel text, recipient text, "contactId" uuid, "byGateway" boolean, owner text, "deadlineAt" timestamptz, mandatory boolean,
       language text, "templateCode" text, "templateVersion" smallint, body text, "principalMinor" bigint, "lateFeeMinor" bigint, "balanceMinor" bigint,
       currency text, "policyCode" text, "policyVersion" integer, "routesLeft" text[], "acceptedProofs" text[], "announcedCutAt" timestamptz, "commandId" uuid, "restoreCodeId" uuid, bills jsonb)),
   made AS (
     INSERT INTO notice (id, account_id, case_id, anchor_bill_id, copy_of_id, step_code, purpose, state, channel, recipient, contact_id, by_gateway, owner,
       deadline_at, mandatory, language, template_code, template_version, body, principal_minor, late_fee_minor, balance_minor, currency, policy_code,
       policy_version, routes_left, accepted_proofs, announced_cut_at, command_id, restore_code_id, created_at)
     SELECT id, "accountId", "caseId", "anchorBillId", "copyOfId", "stepCode", purpose, 'PREPARED', channel, recipient, "contactId", "byGateway", owner,
       "deadlineAt", mandatory, language, "templateCode", "templateVersion", body, "principalMinor", "lateFeeMinor", "balanceMinor", currency, "policyCode",
       "policyVersion", "routesLeft", "acceptedProofs", "announcedCutAt", "commandId", "restoreCodeId", $2
     FROM wanted ORDER BY "copyOfId" NULLS FIRST, id
     ON CONFLICT DO NOTHING RETURNING id, account_id, step_code, channel, recipient),
   named AS (
     INSERT INTO notice_bill (notice_id, bill_id, principal_minor, late_fee_minor)
     SELECT m.id, (b->>'billId')::uuid, (b->>'principalMinor')::bigint, (b->>'lateFeeMinor')::bigint
     FROM made m JOIN wanted w ON w.id = m.id CROSS JOIN LATERAL jsonb_array_elements(w.bills) AS b),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, to_state, detail)
     SELECT $2, $3, $4, 'notice.prepared', 'Notice', id, account_id, 'PREPARED',
            jsonb_build_object('step', step_code, 'channel', channel, 'recipient', recipient) FROM made)
   SELECT id FROM made`,
);

const bigintAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/**
 * Puts notices on record. The accounts must be locked. A step that is under way already keeps its notice, so a run may happen twice.
 * Returns the ids that were made.
 */
export async function insertNotices(
  tx: Tx,
  notices: readonly NewNotice[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<string[]> {
  if (notices.length === 0) return [];
  const json = JSON.stringify(notices, bigintAsText);
  const rows = await tx.rows<{ id: string }>(INSERT, [json, by.at, by.actor.kind, by.actor.id]);
  return rows.map(({ id }) => id);
}

/** What a decision about one notice needs, read under its lock. */
export interface LockedNotice {
  readonly id: string;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly state: NoticeState;
  readonly channel: NoticeChannel;
  readonly contactId: string | null;
  readonly stepCode: string | null;
  readonly recipient: NoticeRecipient;
  readonly mandatory: boolean;
  readonly byGateway: boolean;
  readonly routesLeft: readonly string[];
  readonly acceptedProofs: readonly ProofKind[];
  readonly createdAt: Date;
  readonly failedAt: Date | null;
  readonly attempts: number;
  readonly attemptKey: number;
}

const LOCK = statement(
  'notice-lock',
  `SELECT n.id, n.account_id AS "accountId", a.account_number AS "accountNumber", n.state, n.channel, n.contact_id AS "contactId", n.step_code AS "stepCode",
          n.recipient, n.mandatory, n.by_gateway AS "byGateway", n.routes_left AS "routesLeft", n.accepted_proofs AS "acceptedProofs",
          n.created_at AS "createdAt", n.failed_at AS "failedAt", n.attempts, n.attempt_key AS "attemptKey"
   FROM notice n JOIN account a ON a.id = n.account_id WHERE n.id = ANY($1::uuid[]) ORDER BY n.id FOR UPDATE OF n`,
);

/** Locks notices in the order of their ids. Who also needs their account locks that first. */
export const lockNotices = (tx: Tx, ids: readonly string[]): Promise<LockedNotice[]> =>
  ids.length === 0 ? Promise.resolve([]) : tx.rows<LockedNotice>(LOCK, [ids]);

const ACCOUNT_OF = statement('notice-account', `SELECT account_id AS "accountId" FROM notice WHERE id = $1`);

/**
 * Locks the account of a notice first, then the notice, so that nothing is recorded about it between the decision about a cut and its
 * commit. Undefined: there is no such notice.
 */
export async function lockNoticeAndAccount(tx: Tx, noticeId: string): Promise<LockedNotice | undefined> {
  const [found] = await tx.rows<{ accountId: string }>(ACCOUNT_OF, [noticeId]);
  if (!found) return undefined;
  await lockAccount(tx, found.accountId);
  return (await lockNotices(tx, [noticeId]))[0];
}

/** One move of a notice that the caller has locked in state `from`; absent fields stay as they are. */
export interface NoticeMove {
  readonly id: string;
  readonly from: NoticeState;
  readonly to: NoticeState;
  readonly code?: string;
  readonly reason?: string;
  readonly sentAt?: Date;
  readonly servedAt?: Date;
  readonly proofKind?: ProofKind | null;
  readonly proofReference?: string | null;
  readonly gatewayMessageId?: string;
  /** Another way is tried: its channel and contact, who goes, and what is left then. Counts as a new message. */
  readonly reroute?: {
    readonly channel: NoticeChannel;
    readonly contactId: string | null;
    readonly byGateway: boolean;
    readonly owner: string | null;
    readonly deadlineAt: Date | null;
    readonly routesLeft: readonly string[];
  };
  /** Not to be looked at again before so many ms of wall time. */
  readonly waitMs?: number;
}

const MOVE = statement(
  'notice-move',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS m (id uuid, "from" text, "to" text, code text, reason text, "sentAt" timestamptz, "servedAt" timestamptz,
       "proofKind" text, "proofReference" text, "gatewayMessageId" text, reroute jsonb, "waitMs" float8)),
   moved AS (
     UPDATE notice n SET
       state = m."to",
       failure_code = CASE WHEN m."to" = 'SERVED' THEN NULL ELSE coalesce(m.code, n.failure_code) END,
       failed_at = CASE m."to" WHEN 'FAILED' THEN $4 WHEN 'SERVED' THEN NULL ELSE n.failed_at END,
       withdrawn_at = CASE m."to" WHEN 'WITHDRAWN' THEN $4 ELSE n.withdrawn_at END,
       sent_at = coalesce(m."sentAt", n.sent_at),
       served_at = m."servedAt",
       proof_kind = m."proofKind", proof_reference = m."proofReference",
       proof_recorded_by = CASE WHEN m."proofKind" IS NULL THEN NULL ELSE $3 END,
       gateway_message_id = coalesce(m."gatewayMessageId", n.gateway_message_id),
       channel = CASE WHEN m.reroute IS NULL THEN n.channel ELSE m.reroute->>'channel' END,
       contact_id = CASE WHEN m.reroute IS NULL THEN n.contact_id ELSE (m.reroute->>'contactId')::uuid END,
       by_gateway = CASE WHEN m.reroute IS NULL THEN n.by_gateway ELSE (m.reroute->>'byGateway')::boolean END,
       owner = CASE WHEN m.reroute IS NULL THEN n.owner ELSE m.reroute->>'owner' END,
       deadline_at = CASE WHEN m.reroute IS NULL THEN n.deadline_at ELSE (m.reroute->>'deadlineAt')::timestamptz END,
       routes_left = CASE WHEN m.reroute IS NULL THEN n.routes_left ELSE ARRAY(SELECT jsonb_array_elements_text(m.reroute->'routesLeft')) END,
       attempt_key = CASE WHEN m.reroute IS NULL THEN n.attempt_key ELSE n.attempt_key + 1 END,
       attempts = CASE WHEN m.reroute IS NULL THEN n.attempts ELSE 0 END,
       next_attempt_wall_at = CASE WHEN m."waitMs" IS NULL THEN n.next_attempt_wall_at ELSE clock_timestamp() + make_interval(secs => m."waitMs" / 1000) END
     FROM wanted m WHERE n.id = m.id AND n.state = m."from"
     RETURNING n.id, n.account_id, n.channel, m."from", m."to", m.code, m.reason, m."proofKind"),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, reason, detail)
     SELECT $4, $2, $3, 'notice.moved', 'Notice', id, account_id, "from", "to", reason,
            jsonb_strip_nulls(jsonb_build_object('code', code, 'channel', channel, 'proof', "proofKind")) FROM moved)
   SELECT id FROM moved`,
);

/**
 * The only way a notice changes its state after it was prepared: asserts each move and records who, when and why. The notices must be
 * locked by this transaction in state `from`.
 *
 * @throws AssertionError when the table forbids a move, or a notice was not in `from`
 */
export async function moveNotices(
  tx: Tx,
  moves: readonly NoticeMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (moves.length === 0) return;
  for (const { id, from, to, reroute } of moves)
    assert(mayNoticeMove(from, to) || (from === to && reroute), `notice ${id} may not move from ${from} to ${to}`);
  const moved = await tx.rows(MOVE, [JSON.stringify(moves), by.actor.kind, by.actor.id, by.at]);
  assert(
    moved.length === moves.length,
    `${moves.length - moved.length} notices were not in the state expected under lock`,
  );
}
