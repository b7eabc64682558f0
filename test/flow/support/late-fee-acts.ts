import type { AmountDue } from '../../../src/billing/late-fees.js';
import { amountsDueOf } from '../../../src/flows/late-fee-rules.js';
import { receivePayment, type PaymentReceipt } from '../../../src/flows/receive-payment.js';
import { person, type TestRelight } from '../../support/test-relight.js';
import { contextAt } from './acts.js';
import { newKey, type House } from './houses.js';

/** Ten in the morning of a local day. */
export const morningOf = (day: string): string => `${day}T02:00:00Z`;

/** What a house has to pay on a local day, as the counter asks before it takes money. */
export async function quote(relight: TestRelight, house: House, date: string): Promise<AmountDue> {
  return (await amountsDueOf(relight.ctx, relight.ctx.db, [house.accountId], date)).get(house.accountId)!;
}

/** Pays on a local day, at ten in the morning. */
export const payOn = (
  relight: TestRelight,
  house: House,
  day: string,
  amountMinor: bigint,
  more: { readonly valueDate?: string; readonly idempotencyKey?: string } = {},
): Promise<PaymentReceipt> =>
  receivePayment(
    contextAt(relight, morningOf(day)),
    {
      idempotencyKey: newKey(),
      accountNumber: house.accountNumber,
      amountMinor,
      currency: 'CNY',
      channel: 'MOBILE_APP',
      ...more,
    },
    person('app'),
  );

/** What the ledger says of late fees: 'LATE_FEE 370', in order. */
export const feeEntriesOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ entry: string }>(
      `SELECT e.kind || ' ' || e.amount_minor AS entry FROM ledger_entry e JOIN bill b ON b.id = e.bill_id
       WHERE b.account_id = $1 AND e.kind LIKE 'LATE_FEE%' ORDER BY e.id`,
      [house.accountId],
    )
  ).map(({ entry }) => entry);

/** The stored lines of a house's late fees, in order: 'DAILY 2026-02-02 2026-03-10 37 10000 1 370'. */
export const storedLinesOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ line: string }>(
      `SELECT concat_ws(' ', l.kind, l.from_date, l.to_date, coalesce(l.days::text, '-'), coalesce(l.base_minor::text, '-'), coalesce(l.rate_per_mille::text, '-'), l.amount_minor) AS line
       FROM late_fee_line l JOIN bill b ON b.id = l.bill_id WHERE b.account_id = $1 ORDER BY l.entry_id, l.line_number`,
      [house.accountId],
    )
  ).map(({ line }) => line);

/** Late fee and what is paid of it, per bill, oldest due first: '370/370'. */
export const feesOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ fee: string }>(
      `SELECT late_fee_minor || '/' || late_fee_paid_minor AS fee FROM bill WHERE account_id = $1 ORDER BY due_date`,
      [house.accountId],
    )
  ).map(({ fee }) => fee);
