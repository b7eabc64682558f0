import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import type { DebtFact, NoticeFact } from '../dunning/cut-facts.js';
import { pausesOnDay } from '../dunning/dunning-pauses.js';
import { openHoldsOf } from '../dunning/holds.js';
import type { LadderFacts } from '../dunning/ladder.js';
import { cutLineMinor, linesOf, lowSinceOf } from '../dunning/low-balances.js';
import { noticesOfAccounts } from '../dunning/notice-facts.js';
import type { DunningPolicy } from '../dunning/policy-schema.js';
import { standingOf } from '../dunning/standings.js';
import { statement, type Reader } from '../platform/database.js';
import { localDate, type LocalDate } from '../platform/local-date.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import type { FlowContext } from './context.js';
import { amountsDueByRule, lateFeeRuleFor } from './late-fee-rules.js';

interface AccountRow {
  readonly accountId: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly balanceMinor: bigint;
  readonly cutForDebt: boolean;
}

const ACCOUNTS = statement(
  'account-facts-accounts',
  `SELECT a.id AS "accountId", c.customer_class AS "customerClass", a.payment_mode AS "paymentMode", a.credit_minor - a.due_minor AS "balanceMinor",
          EXISTS (SELECT FROM service_point p JOIN interruption i ON i.service_point_id = p.id AND i.closed_at IS NULL
                  WHERE p.account_id = a.id AND i.reason = ANY($2::text[])) AS "cutForDebt"
   FROM account a JOIN customer c ON c.id = a.customer_id WHERE a.id = ANY($1::uuid[])`,
);

// A negative allocation takes money back off the bill: the payment behind it was reversed.
const BILLS = statement(
  'account-facts-bills',
  `SELECT b.account_id AS "accountId", b.id AS "billId", b.total_minor - b.paid_minor AS "principalOutstandingMinor",
          b.late_fee_minor - b.late_fee_paid_minor AS "lateFeeOutstandingMinor", b.due_date AS "dueDate", b.period_to AS "readingDate", b.estimated,
          (SELECT max(x.at) FROM payment_allocation x WHERE x.bill_id = b.id AND x.principal_minor < 0) AS "reopenedAt"
   FROM bill b WHERE b.account_id = ANY($1::uuid[]) AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor)
   ORDER BY b.account_id, b.due_date, b.id`,
);

/** What the facts need of their process; the guard has no more than this. */
export type FactsContext = Pick<FlowContext, 'timeZone' | 'policies'>;

/**
 * Everything known about these accounts at `at`, by account id: what the ladder and every decision about a cut read. A fixed number of
 * statements however many accounts are asked about; callers page. An unknown account is left out. Inside a transaction that acts on
 * the answer the accounts must be locked first.
 */
export async function accountFactsOf(
  ctx: FactsContext,
  tx: Reader,
  accountIds: readonly string[],
  at: Date,
): Promise<Map<string, LadderFacts>> {
  if (accountIds.length === 0) return new Map();
  const today = localDate(at, ctx.timeZone);
  const accounts = await tx.rows<AccountRow>(ACCOUNTS, [accountIds, DEBT_REASONS]);
  const bills = await billsOf(ctx, tx, accounts, today);
  const holds = await openHoldsOf(tx, accountIds, today);
  const pauses = await pausesOnDay(tx, accountIds, today);
  const standings = await standingOf(tx, accountIds, at, ctx.timeZone);
  const notices = await noticesOfAccounts(tx, accountIds);
  const lows = await lowBalancesOf(ctx, tx, accounts);
  return new Map(
    accounts.map((account) => {
      const { accountId, customerClass, paymentMode } = account;
      const {
        reachableContacts,
        lastContactAttemptAt,
        creditRating,
        arrearsCause,
        protections,
        protectionAskedOn,
        heldUntil,
      } = standings.get(accountId)!;
      const policy = ctx.policies.of(customerClass, paymentMode)?.policy;
      const low = lows.get(accountId) ?? [];
      const cutLine = policy ? cutLineMinor(policy) : undefined;
      const facts: LadderFacts = {
        ...account,
        bills: bills.get(accountId) ?? [],
        belowLineSince: low.find(({ atOrBelowMinor }) => atOrBelowMinor + 1n === cutLine)?.since ?? null,
        lowBalances: low,
        protections,
        protectionAskedOn,
        holds: holds.get(accountId) ?? [],
        pause: pauses.get(accountId) ?? null,
        notices: (notices.get(accountId) ?? []).filter((notice) => !endedByHold(notice, policy, heldUntil)),
        reachableContacts,
        lastContactAttemptAt,
        creditRating,
        arrearsCause,
      };
      return [accountId, facts];
    }),
  );
}

/**
 * What announced a cut before the last hold ended does not speak of what is demanded now; it is announced anew. One that is under way is
 * left to the ladder, unless it needs no proof: that one counts as served from its sending.
 */
function endedByHold(
  { stepCode, purpose, state, createdAt }: NoticeFact,
  policy: DunningPolicy | undefined,
  heldUntil: Date | null,
): boolean {
  if (heldUntil === null || createdAt >= heldUntil) return false;
  if (purpose !== 'CUT_NOTICE' && purpose !== 'LAST_CALL') return false;
  const rule = purpose === 'LAST_CALL' ? policy?.lastCall : policy?.steps.find(({ code }) => code === stepCode);
  const needsProof = (rule?.proof.length ?? 0) > 0;
  return state !== 'PREPARED' && (state !== 'SENT' || !needsProof);
}

/** Unpaid bills by account, their late fees computed to the day under the rule of the account's policy. */
async function billsOf(
  ctx: FactsContext,
  tx: Reader,
  accounts: readonly AccountRow[],
  today: LocalDate,
): Promise<Map<string, DebtFact[]>> {
  const ids = accounts.map(({ accountId }) => accountId);
  const rows = await tx.rows<DebtFact & { accountId: string }>(BILLS, [ids]);
  const overdue = new Set(rows.filter(({ dueDate }) => dueDate < today).map(({ accountId }) => accountId));
  // Without a rule the fee on record is all there is: nothing is computed.
  const bearing = accounts.filter((account) => overdue.has(account.accountId) && lateFeeRuleFor(ctx, account) !== null);
  const due = await amountsDueByRule(
    ctx,
    tx,
    bearing.map((account) => ({ ...account, id: account.accountId })),
    today,
  );
  const grouped = new Map<string, DebtFact[]>();
  for (const { accountId, ...bill } of rows) {
    const fee = due.get(accountId)?.bills.find(({ billId }) => billId === bill.billId)?.lateFeeMinor;
    const fact = fee === undefined ? bill : { ...bill, lateFeeOutstandingMinor: fee };
    const list = grouped.get(accountId);
    if (list) list.push(fact);
    else grouped.set(accountId, [fact]);
  }
  return grouped;
}

/** For each prepaid account the lines it is at or below, and since when. */
async function lowBalancesOf(
  ctx: FactsContext,
  tx: Reader,
  accounts: readonly AccountRow[],
): Promise<Map<string, NonNullable<LadderFacts['lowBalances']>>> {
  const lines = accounts.flatMap(({ accountId, customerClass, paymentMode, balanceMinor }) => {
    const policy = paymentMode === 'PREPAID' ? ctx.policies.of(customerClass, paymentMode)?.policy : undefined;
    return (policy ? linesOf(policy) : [])
      .filter((line) => balanceMinor <= line)
      .map((atOrBelowMinor) => ({ accountId, atOrBelowMinor }));
  });
  return Map.groupBy(await lowSinceOf(tx, lines), ({ accountId }) => accountId);
}
