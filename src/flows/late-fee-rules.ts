import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import type { LateFeeRule } from '../billing/late-fee-rule.js';
import { amountsDue, type AmountDue } from '../billing/late-fees.js';
import { statement, type Reader } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';

type RuleContext = Pick<FlowContext, 'policies' | 'timeZone'>;

/** The late-fee rule of the policy that applies to an account; null: no policy applies, or it charges none. */
export const lateFeeRuleFor = (
  ctx: Pick<FlowContext, 'policies'>,
  account: { readonly customerClass: CustomerClass; readonly paymentMode: PaymentMode },
): LateFeeRule | null => ctx.policies.of(account.customerClass, account.paymentMode)?.policy.lateFee ?? null;

interface Selected {
  readonly id: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
}

const OF_ACCOUNTS = statement(
  'late-fee-rules-accounts',
  `SELECT a.id, c.customer_class AS "customerClass", a.payment_mode AS "paymentMode"
   FROM account a JOIN customer c ON c.id = a.customer_id WHERE a.id = ANY($1::uuid[])`,
);
const OF_BILLS = statement(
  'late-fee-rules-bills',
  `SELECT b.id, c.customer_class AS "customerClass", a.payment_mode AS "paymentMode"
   FROM bill b JOIN account a ON a.id = b.account_id JOIN customer c ON c.id = a.customer_id WHERE b.id = ANY($1::uuid[])`,
);

/** What accounts have to pay on a local day, each under its own rule: one statement for each rule in use, of which there are few. */
export async function amountsDueOf(
  ctx: RuleContext,
  reader: Reader,
  accountIds: readonly string[],
  date: LocalDate,
): Promise<Map<string, AmountDue>> {
  return amountsDueByRule(ctx, reader, await reader.rows<Selected>(OF_ACCOUNTS, [accountIds]), date);
}

/** The same of accounts whose class and way of paying are known already. */
export async function amountsDueByRule(
  ctx: RuleContext,
  reader: Reader,
  accounts: readonly Selected[],
  date: LocalDate,
): Promise<Map<string, AmountDue>> {
  const found = new Map<string, AmountDue>();
  for (const [rule, some] of Map.groupBy(accounts, (account) => lateFeeRuleFor(ctx, account))) {
    const ids = some.map(({ id }) => id);
    for (const [id, due] of await amountsDue(reader, ids, { date, rule, timeZone: ctx.timeZone })) found.set(id, due);
  }
  return found;
}

/** The rule under which each bill bears late fees. */
export async function lateFeeRulesOfBills(
  ctx: RuleContext,
  reader: Reader,
  billIds: readonly string[],
): Promise<Map<string, LateFeeRule | null>> {
  const selected = await reader.rows<Selected>(OF_BILLS, [billIds]);
  return new Map(selected.map((bill) => [bill.id, lateFeeRuleFor(ctx, bill)]));
}
