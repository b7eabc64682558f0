import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { CompensationKind, CompensationState, WrongfulCutCause } from './compensation-case.js';
import type { CompensationProposal, PaidDarkness } from './compensation-policy.js';
import { firstProofOfPower } from './restore-facts.js';

type By = { readonly actor: Actor; readonly at: Date };

/** Whose darkness it is: what a proposal needs to know. */
export interface HarmedPoint {
  readonly servicePointId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
}

const HARMED = statement(
  'compensation-harmed-points',
  `SELECT p.id AS "servicePointId", a.id AS "accountId", a.currency, k.customer_class AS "customerClass", a.payment_mode AS "paymentMode"
   FROM service_point p JOIN account a ON a.id = p.account_id JOIN customer k ON k.id = a.customer_id WHERE p.id = ANY($1::uuid[])`,
);

/** Account and class behind each of these service points. */
export const harmedPoints = (reader: Reader, servicePointIds: readonly string[]): Promise<HarmedPoint[]> =>
  reader.rows<HarmedPoint>(HARMED, [servicePointIds]);

const LIT_SINCE = statement(
  'compensation-lit-since',
  `SELECT ${firstProofOfPower('$1::uuid', '$2::timestamptz')} AS "litAt"`,
);

/** When power was first proven at a service point from an instant on; null: not yet. */
export async function litSince(reader: Reader, servicePointId: string, since: Date): Promise<Date | null> {
  return (await reader.rows<{ litAt: Date | null }>(LIT_SINCE, [servicePointId, since]))[0]!.litAt;
}

const PAID = statement(
  'compensation-paid-darkness',
  `SELECT g.dark_from AS "from", g.days, g.granted_minor AS "grantedMinor", ${firstProofOfPower('c.service_point_id', 'g.dark_from')} AS "until"
   FROM compensation_case g JOIN switch_command c ON c.id = g.command_id
   WHERE g.account_id = $1 AND g.service_point_id = $2 AND g.state = 'GRANTED' ORDER BY g.id`,
);

/** What was granted to an account for darkness at a service point, whatever kind of case it was. The account must be locked. */
export const paidDarkness = (
  tx: Tx,
  { accountId, servicePointId }: Pick<HarmedPoint, 'accountId' | 'servicePointId'>,
): Promise<PaidDarkness[]> => tx.rows<PaidDarkness>(PAID, [accountId, servicePointId]);

/** A case to be opened, with what the policy proposes. */
export interface NewCompensationCase {
  readonly id: string;
  readonly kind: CompensationKind;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly commandId: string;
  readonly breachId: string | null;
  readonly cause: WrongfulCutCause | null;
  readonly evidence: string;
  /** Null: suggested by a fact, and nobody has said so yet. */
  readonly declaredBy: string | null;
  readonly darkFrom: Date;
  readonly currency: string;
  readonly proposal: CompensationProposal;
  readonly policyCode: string | null;
  readonly policyVersion: number | null;
}

const INSERT = statement(
  'compensation-case-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($4::jsonb) AS w (id uuid, kind text, "accountId" uuid, "servicePointId" uuid, "commandId" uuid, "breachId" uuid,
       cause text, evidence text, "declaredBy" text, "darkFrom" timestamptz, currency text, days integer, "proposedMinor" bigint, clause text,
       "policyCode" text, "policyVersion" integer)),
   opened AS (
     INSERT INTO compensation_case (id, kind, state, account_id, service_point_id, interruption_id, command_id, breach_id, cause, evidence, opened_at,
       opened_by, declared_by, dark_from, days, proposed_minor, currency, clause, policy_code, policy_version)
     SELECT w.id, w.kind, 'OPEN', w."accountId", w."servicePointId", (SELECT i.id FROM interruption i WHERE i.command_id = w."commandId" ORDER BY i.opened_at LIMIT 1),
            w."commandId", w."breachId", w.cause, w.evidence, $1, $3, w."declaredBy", w."darkFrom", w.days, w."proposedMinor", w.currency, w.clause,
            w."policyCode", w."policyVersion"
     FROM wanted w ORDER BY w.id ON CONFLICT DO NOTHING RETURNING *),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $1, $2, $3, CASE WHEN kind = 'WRONGFUL_CUT' AND declared_by IS NULL THEN 'compensation.suggested' ELSE 'compensation.opened' END, 'CompensationCase',
            id, account_id, service_point_id, state,
            jsonb_build_object('kind', kind, 'cause', cause, 'commandId', command_id, 'breachId', breach_id, 'days', days, 'proposedMinor', proposed_minor::text)
     FROM opened)
   SELECT id FROM opened`,
);

/** Opens cases; a cut or a breach that has one keeps it. Returns the ids opened. */
export async function insertCases(tx: Tx, cases: readonly NewCompensationCase[], by: By): Promise<string[]> {
  if (cases.length === 0) return [];
  const wanted = cases.map(({ proposal, ...one }) => ({
    ...one,
    days: proposal.days,
    // A JSON number would lose fen.
    proposedMinor: proposal.amountMinor === null ? null : String(proposal.amountMinor),
    clause: proposal.clause,
  }));
  const rows = await tx.rows<{ id: string }>(INSERT, [by.at, by.actor.kind, by.actor.id, JSON.stringify(wanted)]);
  return rows.map(({ id }) => id);
}

/** A case under lock. */
export interface LockedCase {
  readonly id: string;
  readonly kind: CompensationKind;
  readonly state: CompensationState;
  readonly accountId: string;
  readonly servicePointId: string;
  /** Where the relay is that was opened; with crossed meters not the place that sat in the dark. */
  readonly cutServicePointId: string;
  readonly openedBy: string;
  readonly declaredBy: string | null;
  readonly darkFrom: Date;
  readonly currency: string;
}

const CASE_COLUMNS = `id, kind, state, account_id AS "accountId", service_point_id AS "servicePointId", opened_by AS "openedBy", declared_by AS "declaredBy",
  (SELECT c.service_point_id FROM switch_command c WHERE c.id = command_id) AS "cutServicePointId", dark_from AS "darkFrom", currency`;
const BY_ID = statement('compensation-case-by-id', `SELECT ${CASE_COLUMNS} FROM compensation_case WHERE id = $1`);
const LOCK = statement(
  'compensation-case-lock',
  `SELECT ${CASE_COLUMNS} FROM compensation_case WHERE id = $1 FOR UPDATE`,
);
const LOCK_OF_CUT = statement(
  'compensation-case-lock-of-cut',
  `SELECT ${CASE_COLUMNS} FROM compensation_case WHERE command_id = $1 AND kind = 'WRONGFUL_CUT' FOR UPDATE`,
);

/** A case, not locked: whose account must be locked first. */
export async function findCase(tx: Tx, id: string): Promise<LockedCase | undefined> {
  return (await tx.rows<LockedCase>(BY_ID, [id]))[0];
}

/** Locks a case; its account must be locked before. */
export async function lockCase(tx: Tx, id: string): Promise<LockedCase | undefined> {
  return (await tx.rows<LockedCase>(LOCK, [id]))[0];
}

/** Locks the case about a cut, declared or only suggested. */
export async function lockCaseOfCut(tx: Tx, commandId: string): Promise<LockedCase | undefined> {
  return (await tx.rows<LockedCase>(LOCK_OF_CUT, [commandId]))[0];
}

const DECLARE = statement(
  'compensation-case-declare',
  `WITH declared AS (
     UPDATE compensation_case SET declared_by = $3, cause = $5, evidence = $6, account_id = $7, service_point_id = $8, currency = $9
     WHERE id = $4 RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, detail)
   SELECT $1, $2, $3, 'compensation.declared', 'CompensationCase', id, account_id, service_point_id, 'OPEN', 'OPEN', jsonb_build_object('cause', $5::text)
   FROM declared`,
);

/** A person confirms what was only suggested; the case must be locked and open. */
export async function declareCase(
  tx: Tx,
  id: string,
  declared: {
    readonly cause: WrongfulCutCause;
    readonly evidence: string;
    readonly accountId: string;
    readonly servicePointId: string;
    readonly currency: string;
  },
  by: By,
): Promise<void> {
  const { cause, evidence, accountId, servicePointId, currency } = declared;
  await tx.rows(DECLARE, [by.at, by.actor.kind, by.actor.id, id, cause, evidence, accountId, servicePointId, currency]);
}

const DECIDE = statement(
  'compensation-case-decide',
  `WITH decided AS (
     UPDATE compensation_case SET state = $5, decided_at = $1, decided_by = $3, decision_reason = $6, granted_minor = $7, ledger_entry_id = $8,
       days = coalesce($9, days), proposed_minor = CASE WHEN $9::integer IS NULL THEN proposed_minor ELSE $10 END,
       clause = CASE WHEN $9::integer IS NULL THEN clause ELSE $11 END
     WHERE id = $4 AND state = 'OPEN' RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason, detail)
   SELECT $1, $2, $3, 'compensation.' || lower($5), 'CompensationCase', id, account_id, service_point_id, 'OPEN', $5, $6,
          jsonb_build_object('grantedMinor', $7::text, 'ledgerEntryId', $8::text) FROM decided`,
);

/** Stores the decision about a locked, open case: what was granted, by which ledger entry, and what the policy proposed as of now. */
export async function storeDecision(
  tx: Tx,
  id: string,
  decision:
    | { readonly state: 'REFUSED'; readonly note: string }
    | {
        readonly state: 'GRANTED';
        readonly note: string;
        readonly grantedMinor: bigint;
        readonly ledgerEntryId: bigint;
        readonly proposal: CompensationProposal;
      },
  by: By,
): Promise<void> {
  const granted = decision.state === 'GRANTED' ? decision : undefined;
  await tx.rows(DECIDE, [
    by.at,
    by.actor.kind,
    by.actor.id,
    id,
    decision.state,
    decision.note,
    granted?.grantedMinor ?? null,
    granted?.ledgerEntryId ?? null,
    granted?.proposal.days ?? null,
    granted?.proposal.amountMinor ?? null,
    granted?.proposal.clause ?? null,
  ]);
}
