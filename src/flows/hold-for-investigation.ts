import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { settleTerms, type HoldTerms } from '../dunning/hold-policy.js';
import { insertHolds, overlappingHold } from '../dunning/holds.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { localDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { withdrawDebtCuts, type Withdrawal } from './withdraw-debt-cuts.js';

const FRAME = statement(
  'hold-for-investigation-frame',
  `SELECT k.customer_class AS "customerClass", a.payment_mode AS "paymentMode" FROM account a JOIN customer k ON k.id = a.customer_id WHERE a.id = $1`,
);

/**
 * Something is wrong with cutting this account: an INVESTIGATION hold is opened, unless one is open, and cuts under way elsewhere on the
 * account are withdrawn. The account must be locked. Returns the ids of the restores ordered.
 */
export async function holdForInvestigation(
  ctx: FlowContext,
  tx: Tx,
  accountId: string,
  by: Omit<Withdrawal, 'restores'>,
): Promise<string[]> {
  const today = localDate(by.at, ctx.timeZone);
  const [frame] = await tx.rows<{ customerClass: CustomerClass; paymentMode: PaymentMode }>(FRAME, [accountId]);
  const policy = ctx.policies.of(frame!.customerClass, frame!.paymentMode)?.policy;
  const terms: HoldTerms = {
    kind: 'INVESTIGATION',
    fromDate: today,
    untilDate: null,
    amountMinor: null,
    instalments: [],
  };
  const maxDays = policy?.holds.find(({ kind }) => kind === terms.kind)?.maxDays ?? null;
  const settled = settleTerms(terms, { today, maxDays, overdueMinor: 0n });
  if (settled instanceof Error) throw settled;
  const hold = {
    id: newId(),
    accountId,
    kind: terms.kind,
    reason: by.reason,
    evidence: null,
    fromDate: today,
    instalments: [],
    rulingOwner: null,
    rulingDueAt: null,
    ...settled,
  };
  if (!(await overlappingHold(tx, hold))) await insertHolds(tx, [hold], by);
  return withdrawDebtCuts(ctx, tx, accountId, { ...by, restores: false });
}
