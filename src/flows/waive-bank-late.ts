import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { addDays, type LocalDate } from '../platform/local-date.js';
import { systemActor, type FlowContext } from './context.js';
import { waiveLateFee } from './waive-late-fee.js';

/** A settled hold is looked at for so many days: long enough for a process that was down over a holiday week. */
const LOOK_BACK_DAYS = 10;
const GROUP = 500;

const SETTLED = statement(
  'waive-bank-late-settled',
  `SELECT h.id AS "holdId", b.id AS "billId", b.due_date AS "dueDate", h.from_date AS "fromDate", h.ended_on AS "endedOn"
   FROM hold h JOIN bill b ON b.account_id = h.account_id AND b.issued_at <= h.opened_at AND b.due_date < h.ended_on
   WHERE h.kind = 'BANK_LATE' AND h.outcome = 'SETTLED' AND h.closed_at > $1 AND ($2::uuid IS NULL OR h.id = $2)
     AND ($3::uuid IS NULL OR (h.id, b.id) > ($3::uuid, $4::uuid))
     AND EXISTS (SELECT FROM payment_allocation x WHERE x.bill_id = b.id AND x.at >= h.opened_at AND x.principal_minor > 0)
     AND NOT EXISTS (SELECT FROM late_fee_waiver w WHERE w.bill_id = b.id AND w.evidence = 'hold ' || h.id)
   ORDER BY h.id, b.id LIMIT ${GROUP}`,
);

/**
 * A bank was late, and its money has come: the late fees of the days the hold covered are waived. Derived from facts: what a crash left
 * undone is done by the next run. What bears no fee on those days is left alone; above the limit the waiver waits for a second person. A bill that
 * fails is logged and left to the next run: it stops no other bill, and not whoever ended the hold.
 */
export async function waiveBankLateFees(ctx: FlowContext, at: Date, holdId: string | null = null): Promise<void> {
  const since = new Date(at.getTime() - LOOK_BACK_DAYS * 86_400_000);
  for (let last: LateBill | undefined; ;) {
    const page: LateBill[] = await ctx.db.rows<LateBill>(SETTLED, [
      since,
      holdId,
      last?.holdId ?? null,
      last?.billId ?? null,
    ]);
    for (const bill of page) await waiveOne(ctx, bill);
    if (page.length < GROUP) return;
    last = page.at(-1);
  }
}

interface LateBill {
  readonly holdId: string;
  readonly billId: string;
  readonly dueDate: LocalDate;
  readonly fromDate: LocalDate;
  readonly endedOn: LocalDate;
}

async function waiveOne(ctx: FlowContext, { holdId, billId, dueDate, fromDate, endedOn }: LateBill): Promise<void> {
  const firstLate = addDays(dueDate, 1);
  const waiver = {
    billId,
    kind: 'BANK_LATE' as const,
    fromDate: firstLate > fromDate ? firstLate : fromDate,
    toDate: endedOn,
    evidence: `hold ${holdId}`,
    note: 'the bank was late, and its money has come',
    idempotencyKey: `bank-late-${holdId}-${billId}`,
  };
  await waiveLateFee(ctx, waiver, systemActor('waive-bank-late')).catch((error: unknown) => {
    if (error instanceof UserError) ctx.log.debug({ holdId, billId, code: error.code }, 'no late fee to waive');
    else
      ctx.log.error(
        { err: error, holdId, billId },
        'the late fee of a late bank was not waived; the next run tries again',
      );
  });
}
