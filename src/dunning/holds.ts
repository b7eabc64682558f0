import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import type { HoldFacts } from './hold-ending-policy.js';
import { SELF_ENDING_KINDS } from './hold-policy.js';
import type { HoldOutcome } from './hold.js';
import type { HoldKind } from './words.js';

/** A hold that is open, as a decision sees it. */
export interface OpenHold {
  readonly holdId: string;
  readonly kind: HoldKind;
  /** Last local day; null: until ended. One whose last day has passed is open until it is acted on, and holds. */
  readonly until: LocalDate | null;
}

const OPEN_HOLDS = statement(
  'hold-open-of-accounts',
  `SELECT h.account_id AS "accountId", json_agg(json_build_object('holdId', h.id, 'kind', h.kind, 'until', h.until_date) ORDER BY h.id) AS holds
   FROM hold h WHERE h.account_id = ANY($1::uuid[]) AND h.closed_at IS NULL AND h.from_date <= $2::date GROUP BY 1`,
);

/** Open holds of each of these accounts on a local day, in one statement. An account without one is not in the map. */
export async function openHoldsOf(
  tx: Reader,
  accountIds: readonly string[],
  today: LocalDate,
): Promise<Map<string, readonly OpenHold[]>> {
  if (accountIds.length === 0) return new Map();
  const rows = await tx.rows<{ accountId: string; holds: OpenHold[] }>(OPEN_HOLDS, [accountIds, today]);
  return new Map(rows.map(({ accountId, holds }) => [accountId, holds]));
}

const OVERLAPPING = statement(
  'hold-overlapping',
  `SELECT id, closed_at IS NULL AS open FROM hold WHERE account_id = $1 AND kind = $2
     AND (closed_at IS NULL OR (ended_on > $3::date AND ($4::date IS NULL OR from_date <= $4::date)))
   ORDER BY closed_at NULLS FIRST, id LIMIT 1`,
);

/** The hold of the same kind that is open, or covers a day of this one. The account must be locked. */
export async function overlappingHold(
  tx: Tx,
  wanted: Pick<NewHold, 'accountId' | 'kind' | 'fromDate' | 'untilDate'>,
): Promise<{ readonly id: string; readonly open: boolean } | undefined> {
  const [row] = await tx.rows<{ id: string; open: boolean }>(OVERLAPPING, [
    wanted.accountId,
    wanted.kind,
    wanted.fromDate,
    wanted.untilDate,
  ]);
  return row;
}

/** A hold to be opened; its terms are settled (hold-policy.ts). */
export interface NewHold {
  readonly id: string;
  readonly accountId: string;
  readonly kind: HoldKind;
  readonly reason: string;
  readonly evidence: string | null;
  readonly fromDate: LocalDate;
  readonly untilDate: LocalDate | null;
  readonly amountMinor: bigint | null;
  readonly rulingOwner: string | null;
  readonly rulingDueAt: Date | null;
  readonly instalments: readonly { readonly dueDate: LocalDate; readonly amountMinor: bigint }[];
}

/** Money as text: a JSON number would lose fen. */
const asText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const INSERT_HOLDS = statement(
  'hold-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS h (id uuid, "accountId" uuid, kind text, reason text, evidence text, "fromDate" date,
       "untilDate" date, "amountMinor" bigint, "rulingOwner" text, "rulingDueAt" timestamptz, instalments jsonb)),
   opened AS (
     INSERT INTO hold (id, account_id, kind, reason, evidence, opened_at, opened_by, from_date, until_date, amount_minor, ruling_owner, ruling_due_at)
     SELECT id, "accountId", kind, reason, evidence, $2, $4, "fromDate", "untilDate", "amountMinor", "rulingOwner", "rulingDueAt" FROM wanted ORDER BY id
     RETURNING *),
   planned AS (
     INSERT INTO plan_instalment (hold_id, number, due_date, amount_minor)
     SELECT w.id, i.number, (i.value->>'dueDate')::date, (i.value->>'amountMinor')::bigint
     FROM wanted w, jsonb_array_elements(w.instalments) WITH ORDINALITY AS i (value, number))
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, to_state, reason, detail)
   SELECT $2, $3, $4, 'hold.opened', 'Hold', id, account_id, 'OPEN', reason,
          jsonb_build_object('kind', kind, 'fromDate', from_date, 'untilDate', until_date, 'amountMinor', amount_minor::text, 'rulingDueAt', ruling_due_at)
   FROM opened`,
);

/** Opens holds with their audit entries, in one statement. The accounts must be locked, and nothing may overlap. */
export async function insertHolds(
  tx: Tx,
  holds: readonly NewHold[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (holds.length > 0) await tx.rows(INSERT_HOLDS, [JSON.stringify(holds, asText), by.at, by.actor.kind, by.actor.id]);
}

/** A hold to be closed. */
export interface HoldClosing {
  readonly holdId: string;
  readonly outcome: HoldOutcome;
  readonly reason: string;
}

const CLOSE_HOLDS = statement(
  'hold-close',
  `WITH closed AS (
     UPDATE hold h SET closed_at = $2, closed_by = $4, ended_on = greatest($5::date, h.from_date), outcome = w.outcome, closing_reason = w.reason
     FROM jsonb_to_recordset($1::jsonb) AS w ("holdId" uuid, outcome text, reason text) WHERE h.id = w."holdId" AND h.closed_at IS NULL
     RETURNING h.*),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, reason, detail)
     SELECT $2, $3, $4, 'hold.ended', 'Hold', id, account_id, 'OPEN', outcome, closing_reason, jsonb_build_object('kind', kind) FROM closed)
   SELECT id FROM closed`,
);

/** Closes open holds. Returns the ids that this call closed. The accounts must be locked. */
export async function closeHolds(
  tx: Tx,
  closings: readonly HoldClosing[],
  by: { readonly actor: Actor; readonly at: Date; readonly today: LocalDate },
): Promise<string[]> {
  if (closings.length === 0) return [];
  const values = [JSON.stringify(closings), by.at, by.actor.kind, by.actor.id, by.today];
  return (await tx.rows<{ id: string }>(CLOSE_HOLDS, values)).map(({ id }) => id);
}

/** An open hold that can end by itself, with its facts. */
export interface SelfEndingHold extends HoldFacts {
  readonly holdId: string;
  readonly accountId: string;
}

// What the bills that were there at the opening have been paid since, by the day the customer paid.
const SELF_ENDING = (
  where: string,
) => `SELECT h.id AS "holdId", h.account_id AS "accountId", h.kind, h.until_date AS "untilDate", h.amount_minor AS "amountMinor",
     (SELECT coalesce(sum(b.total_minor - b.paid_minor + b.late_fee_minor - b.late_fee_paid_minor), 0)::bigint FROM bill b
      WHERE b.account_id = h.account_id AND b.issued_at <= h.opened_at) AS "owedMinor",
     coalesce((SELECT json_agg(json_build_array(d.paid_on, d.minor::text)) FROM (
       SELECT coalesce(q.value_date, (x.at AT TIME ZONE $1)::date) AS paid_on, sum(x.principal_minor + x.late_fee_minor) AS minor
       FROM bill b JOIN payment_allocation x ON x.bill_id = b.id LEFT JOIN payment q ON q.id = x.payment_id
       WHERE b.account_id = h.account_id AND b.issued_at <= h.opened_at AND x.at >= h.opened_at GROUP BY 1) d), '[]') AS payments,
     coalesce((SELECT json_agg(json_build_array(i.due_date, i.amount_minor::text) ORDER BY i.number) FROM plan_instalment i WHERE i.hold_id = h.id), '[]') AS instalments
   FROM hold h WHERE h.closed_at IS NULL AND ${where} ORDER BY h.id`;
const KINDS = SELF_ENDING_KINDS.map((kind) => `'${kind}'`).join(', ');
const SELF_ENDING_PAGE = statement(
  'hold-self-ending-page',
  `${SELF_ENDING(`h.kind IN (${KINDS}) AND ($2::uuid IS NULL OR h.id > $2::uuid)`)} LIMIT $3`,
);
const SELF_ENDING_BY_IDS = statement('hold-self-ending-by-ids', SELF_ENDING('h.id = ANY($2::uuid[])'));

type Dated = readonly (readonly [date: LocalDate, amountMinor: string])[];
type SelfEndingRow = Omit<SelfEndingHold, 'payments' | 'instalments'> & {
  readonly payments: Dated;
  readonly instalments: Dated;
};

const factsOf = ({ payments, instalments, ...row }: SelfEndingRow): SelfEndingHold => ({
  ...row,
  payments: payments.map(([on, minor]) => ({ on, amountMinor: BigInt(minor) })),
  instalments: instalments.map(([dueDate, minor]) => ({ dueDate, amountMinor: BigInt(minor) })),
});

/** Open holds that can end by themselves, in order of their ids after `after`. */
export const selfEndingHolds = async (
  tx: Reader,
  page: { readonly after: string | null; readonly limit: number; readonly timeZone: string },
): Promise<SelfEndingHold[]> =>
  (await tx.rows<SelfEndingRow>(SELF_ENDING_PAGE, [page.timeZone, page.after, page.limit])).map(factsOf);

/** The same of these holds, as far as they are still open. */
export const selfEndingHoldsById = async (
  tx: Reader,
  holdIds: readonly string[],
  timeZone: string,
): Promise<SelfEndingHold[]> => (await tx.rows<SelfEndingRow>(SELF_ENDING_BY_IDS, [timeZone, holdIds])).map(factsOf);

const REMIND = statement(
  'hold-remind-rulings',
  `WITH late AS (
     UPDATE hold SET ruling_reminded_at = $1 WHERE id IN (
       SELECT id FROM hold WHERE closed_at IS NULL AND ruling_due_at <= $1 AND ruling_reminded_at IS NULL ORDER BY ruling_due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED)
     RETURNING id, account_id, kind, ruling_owner, ruling_due_at),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, detail)
     SELECT $1, $2, $3, 'hold.ruling-late', 'Hold', id, account_id,
            jsonb_build_object('kind', kind, 'owner', ruling_owner, 'rulingDueAt', ruling_due_at) FROM late)
   SELECT id FROM late`,
);

/** Tells the owners of late rulings, once each: the entry reaches whoever watches. Returns the holds; they go on holding. */
export const remindLateRulings = async (
  tx: Tx,
  by: { readonly actor: Actor; readonly at: Date; readonly limit: number },
): Promise<string[]> =>
  (await tx.rows<{ id: string }>(REMIND, [by.at, by.actor.kind, by.actor.id, by.limit])).map(({ id }) => id);
