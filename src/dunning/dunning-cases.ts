import type { CustomerClass } from '../accounts/customer.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import type { StepOutcome } from './notice-withdrawal-policy.js';
import type { NoticeState } from './words.js';

/** An open case of arrears. */
export interface OpenCase {
  readonly caseId: string;
  readonly accountId: string;
  readonly anchorBillId: string | null;
}

const OPEN_CASES = statement(
  'dunning-cases-open',
  `SELECT id AS "caseId", account_id AS "accountId", anchor_bill_id AS "anchorBillId" FROM dunning_case WHERE account_id = ANY($1::uuid[]) AND closed_at IS NULL`,
);

/** The open case of each of these accounts that has one. */
export async function openCasesOf(tx: Reader, accountIds: readonly string[]): Promise<Map<string, OpenCase>> {
  if (accountIds.length === 0) return new Map();
  return new Map((await tx.rows<OpenCase>(OPEN_CASES, [accountIds])).map((one) => [one.accountId, one]));
}

const OPEN = statement(
  'dunning-case-open',
  `WITH opened AS (
     INSERT INTO dunning_case (id, account_id, anchor_bill_id, opened_at)
     SELECT c.id, c.account_id, c.anchor_bill_id, $4 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS c (id, account_id, anchor_bill_id)
     ON CONFLICT DO NOTHING RETURNING id, account_id, anchor_bill_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, to_state, detail)
     SELECT $4, $5, $6, 'dunning-case.opened', 'DunningCase', id, account_id, 'OPEN', jsonb_build_object('anchorBillId', anchor_bill_id) FROM opened)
   SELECT id AS "caseId", account_id AS "accountId", anchor_bill_id AS "anchorBillId" FROM opened`,
);

/** Opens cases; the accounts must be locked and have none open. */
export async function openCases(
  tx: Tx,
  wanted: readonly { readonly accountId: string; readonly anchorBillId: string | null }[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<OpenCase[]> {
  if (wanted.length === 0) return [];
  return tx.rows<OpenCase>(OPEN, [
    wanted.map(() => newId()),
    wanted.map(({ accountId }) => accountId),
    wanted.map(({ anchorBillId }) => anchorBillId),
    by.at,
    by.actor.kind,
    by.actor.id,
  ]);
}

/** What an outcome is decided by: the dates of the bill that led, and what became of the notices. */
export interface CaseFacts {
  readonly caseId: string;
  readonly accountId: string;
  readonly customerClass: CustomerClass;
  readonly anchorBillId: string | null;
  readonly readingDate: string | null;
  readonly dueDate: string | null;
  readonly notices: readonly { readonly stepCode: string | null; readonly state: NoticeState }[];
}

const CASE_FACTS = statement(
  'dunning-case-facts',
  `SELECT k.id AS "caseId", k.account_id AS "accountId", c.customer_class AS "customerClass", k.anchor_bill_id AS "anchorBillId",
          b.period_to AS "readingDate", b.due_date AS "dueDate",
          (SELECT coalesce(jsonb_agg(jsonb_build_object('stepCode', n.step_code, 'state', n.state)), '[]') FROM notice n
           WHERE n.case_id = k.id AND n.copy_of_id IS NULL) AS notices
   FROM dunning_case k JOIN account a ON a.id = k.account_id JOIN customer c ON c.id = a.customer_id LEFT JOIN bill b ON b.id = k.anchor_bill_id
   WHERE k.id = ANY($1::uuid[]) ORDER BY k.id`,
);

/** Facts of cases that are to be closed. */
export const caseFacts = (tx: Reader, caseIds: readonly string[]): Promise<CaseFacts[]> =>
  caseIds.length === 0 ? Promise.resolve([]) : tx.rows<CaseFacts>(CASE_FACTS, [caseIds]);

const CLOSE = statement(
  'dunning-case-close',
  `WITH closed AS (UPDATE dunning_case SET closed_at = $2 WHERE id = ANY($1::uuid[]) AND closed_at IS NULL RETURNING id, account_id, anchor_bill_id),
   kept AS (
     INSERT INTO ladder_step_outcome (id, case_id, account_id, anchor_bill_id, step_code, state, reason_code, reason, at)
     SELECT o.id, k.id, k.account_id, k.anchor_bill_id, o."stepCode", o.state, o."reasonCode", o.reason, $2
     FROM jsonb_to_recordset($3::jsonb) AS o (id uuid, "caseId" uuid, "stepCode" text, state text, "reasonCode" text, reason text)
     JOIN closed k ON k.id = o."caseId" ON CONFLICT DO NOTHING)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state)
   SELECT $2, $4, $5, 'dunning-case.closed', 'DunningCase', id, account_id, 'OPEN', 'CLOSED' FROM closed`,
);

/** Closes cases with the outcomes of their untaken steps. */
export async function closeCases(
  tx: Tx,
  closings: readonly { readonly caseId: string; readonly outcomes: readonly StepOutcome[] }[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (closings.length === 0) return;
  const outcomes = closings.flatMap(({ caseId, outcomes: list }) =>
    list.map((outcome) => ({ id: newId(), caseId, ...outcome })),
  );
  const ids = closings.map(({ caseId }) => caseId);
  await tx.rows(CLOSE, [ids, by.at, JSON.stringify(outcomes), by.actor.kind, by.actor.id]);
}
