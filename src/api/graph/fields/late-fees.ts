import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Account } from '../../../accounts/account.js';
import type { BillDue } from '../../../billing/amount-due-policy.js';
import type { Bill } from '../../../billing/bill.js';
import type { StoredLateFeeLine } from '../../../billing/late-fee-line.js';
import type { LateFeeLine } from '../../../billing/late-fee-policy.js';
import type { LateFeeWaiver, LateFeeWaiverState } from '../../../billing/late-fee-waiver.js';
import type { AmountDue } from '../../../billing/late-fees.js';
import type { LedgerEntry } from '../../../billing/ledger-entry.js';
import type { ApiContext } from '../../context.js';
import { isGiven } from '../../given.js';
import { LISTS } from '../../read/catalog.js';
import { amountDueOfAccount, dueOfBill } from '../../read/late-fees.js';
import { today } from '../../read/today.js';
import { LateFeeWaiverConnection } from '../connections.js';
import { LateFeeWaiverStateEnum } from '../enums-late-fees.js';
import { money, MoneyType } from '../money.js';
import { PageArgs } from '../relay.js';
import { DateScalar } from '../scalars.js';
import { AccountType } from '../types/accounts.js';
import { BillType, LedgerEntryType } from '../types/billing.js';
import {
  AmountDueBillType,
  AmountDueType,
  LateFeeLineType,
  LateFeeType,
  LateFeeWaiverType,
} from '../types/late-fees.js';

/** Rows below a bill or an account carry no currency of their own; their parent's travels with them. */
type WithCurrency<Row> = Row & { readonly currency: string };

/** A line, computed or stored. */
type AnyLine = LateFeeLine | StoredLateFeeLine;

const linesOf = (lines: readonly AnyLine[], currency: string): WithCurrency<AnyLine>[] =>
  lines.map((line) => ({ ...line, currency }));

@Resolver(() => LateFeeLineType)
export class LateFeeLineFields {
  @FieldResolver(() => MoneyType, {
    nullable: true,
    description: 'Unpaid principal when each of the days began (计费基数); null where no daily rate applies.',
  })
  base(@Root() line: WithCurrency<AnyLine>): MoneyType | null {
    return isGiven(line.baseMinor) ? money(line.baseMinor, line.currency) : null;
  }

  @FieldResolver(() => MoneyType, { description: 'Amount of the line (金额); the lines add up to the fee.' })
  amount(@Root() line: WithCurrency<AnyLine>): MoneyType {
    return money(line.amountMinor, line.currency);
  }
}

type LateFeeAnswer = WithCurrency<BillDue> & { readonly onDate: string };

@Resolver(() => LateFeeType)
export class LateFeeFields {
  @FieldResolver(() => MoneyType, { description: 'The whole fee, paid or not (违约金合计).' })
  total(@Root() fee: LateFeeAnswer): MoneyType {
    return money(fee.lateFeeTotalMinor, fee.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Part of it that the ledger does not hold yet (尚未入账).' })
  notCharged(@Root() fee: LateFeeAnswer): MoneyType {
    return money(fee.chargeMinor, fee.currency);
  }

  @FieldResolver(() => [LateFeeLineType], { description: 'How it comes about (计算明细).' })
  lines(@Root() fee: LateFeeAnswer): WithCurrency<AnyLine>[] {
    return linesOf(fee.lines, fee.currency);
  }
}

@Resolver(() => BillType)
export class BillLateFeeFields {
  @FieldResolver(() => LateFeeType, {
    description:
      'The late fee up to a day, computed (违约金测算). `lateFee` is what the ledger holds: it is charged when money meets the bill.',
  })
  async lateFeeTo(
    @Root() bill: Bill,
    @Arg('date', () => DateScalar, { description: 'Up to and including this day (计算至).' }) date: string,
    @Ctx() ctx: ApiContext,
  ): Promise<LateFeeAnswer> {
    return { ...(await dueOfBill(ctx, bill.id, date)), onDate: date, currency: bill.currency };
  }

  @FieldResolver(() => [LateFeeWaiverType], { description: 'Waivers of its late fee (违约金减免), oldest first.' })
  lateFeeWaivers(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<LateFeeWaiver[]> {
    return scope.related('lateFeeWaiversOfBill', bill.id);
  }
}

@Resolver(() => LedgerEntryType)
export class LedgerEntryLateFeeFields {
  @FieldResolver(() => [LateFeeLineType], {
    description: 'For a LATE_FEE entry: how its amount came about (违约金明细). Empty for other entries.',
  })
  async lateFeeLines(@Root() entry: LedgerEntry, @Ctx() { scope }: ApiContext): Promise<WithCurrency<AnyLine>[]> {
    if (entry.kind !== 'LATE_FEE') return [];
    return linesOf(await scope.related('lateFeeLinesOfEntry', String(entry.id)), entry.currency);
  }
}

@Resolver(() => AccountType)
export class AccountAmountDueFields {
  @FieldResolver(() => AmountDueType, {
    description: 'What has to be paid on a day, late fees to that day included (应缴金额明细).',
  })
  async amountDue(
    @Root() account: Account,
    @Arg('on', () => DateScalar, { nullable: true, description: 'The day (日期); today if absent.' })
    on: string | null | undefined,
    @Ctx() ctx: ApiContext,
  ): Promise<WithCurrency<AmountDue>> {
    return { ...(await amountDueOfAccount(ctx, account.id, on ?? today(ctx))), currency: account.currency };
  }
}

@Resolver(() => AmountDueType)
export class AmountDueFields {
  @FieldResolver(() => MoneyType, { description: 'Everything open, late fees included (合计).' })
  total(@Root() due: WithCurrency<AmountDue>): MoneyType {
    return money(due.totalMinor, due.currency);
  }

  @FieldResolver(() => MoneyType, {
    description: 'The part whose due date has passed (逾期合计): pay it, and no debt keeps the power off.',
  })
  overdue(@Root() due: WithCurrency<AmountDue>): MoneyType {
    return money(due.overdueMinor, due.currency);
  }

  @FieldResolver(() => [AmountDueBillType], { description: 'Every open bill (逐笔明细), oldest due first.' })
  bills(@Root() due: WithCurrency<AmountDue>): WithCurrency<BillDue>[] {
    return due.bills.map((bill) => ({ ...bill, currency: due.currency }));
  }
}

@Resolver(() => AmountDueBillType)
export class AmountDueBillFields {
  @FieldResolver(() => BillType, { nullable: true, description: 'The bill (账单).' })
  bill(@Root() due: WithCurrency<BillDue>, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', due.billId);
  }

  @FieldResolver(() => MoneyType, { description: 'Energy charges still open (电费未缴).' })
  principal(@Root() due: WithCurrency<BillDue>): MoneyType {
    return money(due.principalMinor, due.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Late fee still open, up to the day (违约金未缴).' })
  lateFee(@Root() due: WithCurrency<BillDue>): MoneyType {
    return money(due.lateFeeMinor, due.currency);
  }

  @FieldResolver(() => [LateFeeLineType], {
    description: 'How the whole late fee up to the day comes about (计算明细), what is paid of it included.',
  })
  lateFeeLines(@Root() due: WithCurrency<BillDue>): WithCurrency<AnyLine>[] {
    return linesOf(due.lines, due.currency);
  }
}

@Resolver(() => LateFeeWaiverType)
export class LateFeeWaiverFields {
  @Query(() => LateFeeWaiverConnection, { description: 'Waivers of late fees (违约金减免列表), newest first.' })
  lateFeeWaivers(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('state', () => LateFeeWaiverStateEnum, { nullable: true, description: 'Only those that stand so (状态).' })
    state: LateFeeWaiverState | null | undefined,
    @Ctx() { scope }: ApiContext,
  ) {
    return scope.page(LISTS.lateFeeWaivers, null, page, { state: state ?? undefined });
  }

  @FieldResolver(() => BillType, { nullable: true, description: 'The bill (账单).' })
  bill(@Root() waiver: LateFeeWaiver, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', waiver.billId);
  }

  @FieldResolver(() => MoneyType, { nullable: true, description: 'Amount taken off (减免金额); null: days.' })
  async amount(@Root() waiver: LateFeeWaiver, @Ctx() { scope }: ApiContext): Promise<MoneyType | null> {
    if (!isGiven(waiver.amountMinor)) return null;
    return money(waiver.amountMinor, (await scope.find('Bill', waiver.billId))!.currency);
  }

  @FieldResolver(() => MoneyType, {
    description: 'What it takes off the fee as it stood when it was asked for, or granted (减免效果).',
  })
  async effect(@Root() waiver: LateFeeWaiver, @Ctx() { scope }: ApiContext): Promise<MoneyType> {
    return money(waiver.effectMinor, (await scope.find('Bill', waiver.billId))!.currency);
  }
}
