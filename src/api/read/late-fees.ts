import { billDue, type BillDue } from '../../billing/amount-due-policy.js';
import { chargeableBills, type AmountDue } from '../../billing/late-fees.js';
import { amountsDueOf, lateFeeRulesOfBills } from '../../flows/late-fee-rules.js';
import type { ApiContext } from '../context.js';
import { today } from './today.js';

/** What an account has to pay on a local day; all accounts of a request are read together. */
export function amountDueOfAccount(ctx: ApiContext, accountId: string, date: string): Promise<AmountDue> {
  return ctx.scope
    .loader<string, AmountDue>(`amount due ${date}`, async (accountIds) => {
      const { flows } = ctx.api.deps;
      const byAccount = await amountsDueOf(flows, flows.db, accountIds, date);
      return accountIds.map((id) => byAccount.get(id)!);
    })
    .load(accountId);
}

/** What an account owes past its due date, late fees to date included, minor units: pay it, and no debt keeps the power off. */
export const overdueOfAccount = async (ctx: ApiContext, accountId: string): Promise<bigint> =>
  (await amountDueOfAccount(ctx, accountId, today(ctx))).overdueMinor;

/** What a bill, open or not, takes on a local day; all bills of a request are read together. */
export function dueOfBill(ctx: ApiContext, billId: string, date: string): Promise<BillDue> {
  return ctx.scope
    .loader<string, BillDue>(`bill due ${date}`, async (billIds) => {
      const { flows } = ctx.api.deps;
      const bills = await chargeableBills(flows.db, billIds, flows.timeZone);
      const rules = await lateFeeRulesOfBills(flows, flows.db, billIds);
      const byId = new Map(bills.map((bill) => [bill.billId, bill]));
      return billIds.map((id) => billDue(byId.get(id)!, rules.get(id) ?? null, date));
    })
    .load(billId);
}
