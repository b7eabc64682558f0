import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { Bill, BillLine } from '../../../billing/bill.js';
import type { LedgerEntry } from '../../../billing/ledger-entry.js';
import type { Payment, PaymentAllocation, PaymentReversal } from '../../../billing/payment.js';
import { formatDecimal } from '../../../platform/money.js';
import type { ApiContext } from '../../context.js';
import type { LedgerStatementRow } from '../../read/catalog.js';
import { BillKindEnum } from '../billing-enums.js';
import { money, MoneyType } from '../money.js';
import { DecimalScalar } from '../scalars.js';
import { AccountType, ServicePointType } from '../types/accounts.js';
import {
  AccountLedgerEntryType,
  BillLineType,
  BillType,
  LedgerEntryType,
  PaymentAllocationType,
  PaymentReversalType,
  PaymentType,
} from '../types/billing.js';

const MICRO_DECIMALS = 6;

/** Rows below a bill or a payment carry no currency of their own; their parent's travels with them. */
type WithCurrency<Row> = Row & { readonly currency: string };

const withCurrency = <Row extends object>(rows: readonly Row[], currency: string): WithCurrency<Row>[] =>
  rows.map((row) => ({ ...row, currency }));

@Resolver(() => BillType)
export class BillFields {
  @FieldResolver(() => AccountType, { description: 'The account it is charged to (户号).' })
  account(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', bill.accountId);
  }

  @FieldResolver(() => ServicePointType, { nullable: true, description: 'The place whose energy it charges (用电点).' })
  servicePoint(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', bill.servicePointId);
  }

  @FieldResolver(() => BillKindEnum, {
    description: 'Whether it charges a period, or corrects an earlier bill (账单类型).',
  })
  kind(@Root() bill: Bill): 'REGULAR' | 'CORRECTION' {
    return bill.correctsBillId === null ? 'REGULAR' : 'CORRECTION';
  }

  @FieldResolver(() => BillType, { nullable: true, description: 'The bill it corrects (被更正账单).' })
  corrects(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', bill.correctsBillId);
  }

  @FieldResolver(() => [BillType], { description: 'Corrections of it (退补账单), oldest first.' })
  corrections(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<Bill[]> {
    return scope.related('correctionsOfBill', bill.id);
  }

  @FieldResolver(() => MoneyType, { description: 'Energy charged, without late fee (电费金额).' })
  total(@Root() bill: Bill): MoneyType {
    return money(bill.totalMinor, bill.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Part of `total` that is paid (已缴电费).' })
  paid(@Root() bill: Bill): MoneyType {
    return money(bill.paidMinor, bill.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Late fee charged so far (违约金).' })
  lateFee(@Root() bill: Bill): MoneyType {
    return money(bill.lateFeeMinor, bill.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Part of `lateFee` that is paid (已缴违约金).' })
  lateFeePaid(@Root() bill: Bill): MoneyType {
    return money(bill.lateFeePaidMinor, bill.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What is still to be paid, late fee included (未缴金额).' })
  outstanding(@Root() bill: Bill): MoneyType {
    return money(bill.totalMinor - bill.paidMinor + bill.lateFeeMinor - bill.lateFeePaidMinor, bill.currency);
  }

  @FieldResolver(() => [BillLineType], { description: 'How the total comes about (账单明细); the lines add up to it.' })
  async lines(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<WithCurrency<BillLine>[]> {
    return withCurrency(await scope.related('linesOfBill', bill.id), bill.currency);
  }

  @FieldResolver(() => [PaymentAllocationType], {
    description: 'What payments settled of it (核销明细), oldest first.',
  })
  async allocations(@Root() bill: Bill, @Ctx() { scope }: ApiContext): Promise<WithCurrency<PaymentAllocation>[]> {
    return withCurrency(await scope.related('allocationsOfBill', bill.id), bill.currency);
  }
}

@Resolver(() => BillLineType)
export class BillLineFields {
  @FieldResolver(() => MoneyType, { description: 'Amount of the line (金额).' })
  amount(@Root() line: WithCurrency<BillLine>): MoneyType {
    return money(line.amountMinor, line.currency);
  }

  @FieldResolver(() => DecimalScalar, { description: 'Price per kilowatt-hour in major units, six decimals (单价).' })
  unitPrice(@Root() line: BillLine): string {
    return formatDecimal(line.unitPriceMicro, MICRO_DECIMALS);
  }
}

@Resolver(() => PaymentType)
export class PaymentFields {
  @FieldResolver(() => AccountType, {
    nullable: true,
    description: 'The account it was credited to (户号); null while it is in suspense.',
  })
  account(@Root() payment: Payment, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', payment.accountId);
  }

  @FieldResolver(() => MoneyType, { description: 'Money received (金额).' })
  amount(@Root() payment: Payment): MoneyType {
    return money(payment.amountMinor, payment.currency);
  }

  @FieldResolver(() => MoneyType, {
    description: "Part that was left after all open bills and went to the customer's credit (转预收金额).",
  })
  credited(@Root() payment: Payment): MoneyType {
    return money(payment.creditedMinor, payment.currency);
  }

  @FieldResolver(() => [PaymentAllocationType], {
    description: 'What it settled (核销明细), oldest bill first; a reversal adds negative ones.',
  })
  async allocations(
    @Root() payment: Payment,
    @Ctx() { scope }: ApiContext,
  ): Promise<WithCurrency<PaymentAllocation>[]> {
    return withCurrency(await scope.related('allocationsOfPayment', payment.id), payment.currency);
  }

  @FieldResolver(() => PaymentReversalType, {
    nullable: true,
    description: 'Its reversal (冲正记录), if there is one.',
  })
  async reversal(@Root() payment: Payment, @Ctx() { scope }: ApiContext): Promise<PaymentReversal | null> {
    return (await scope.related('reversalOfPayment', payment.id))[0] ?? null;
  }

  @FieldResolver(() => PaymentType, {
    nullable: true,
    description: 'For a resolved suspense payment: the payment that credited the account (核销到).',
  })
  resolvedBy(@Root() payment: Payment, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', payment.resolvedByPaymentId);
  }
}

@Resolver(() => PaymentAllocationType)
export class PaymentAllocationFields {
  @FieldResolver(() => BillType, { nullable: true, description: 'The bill (账单).' })
  bill(@Root() allocation: PaymentAllocation, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', allocation.billId);
  }

  @FieldResolver(() => PaymentType, { nullable: true, description: 'The payment (缴费).' })
  payment(@Root() allocation: PaymentAllocation, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', allocation.paymentId);
  }

  @FieldResolver(() => MoneyType, { description: 'Energy charges settled (电费部分); negative in a reversal.' })
  principal(@Root() allocation: WithCurrency<PaymentAllocation>): MoneyType {
    return money(allocation.principalMinor, allocation.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Late fee settled (违约金部分); negative in a reversal.' })
  lateFee(@Root() allocation: WithCurrency<PaymentAllocation>): MoneyType {
    return money(allocation.lateFeeMinor, allocation.currency);
  }
}

@Resolver(() => LedgerEntryType)
export class LedgerEntryFields {
  @FieldResolver(() => MoneyType, { description: 'The amount moved (金额), always positive.' })
  amount(@Root() entry: LedgerEntry): MoneyType {
    return money(entry.amountMinor, entry.currency);
  }

  @FieldResolver(() => BillType, { nullable: true, description: 'The bill it is about (账单).' })
  bill(@Root() entry: LedgerEntry, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', entry.billId);
  }

  @FieldResolver(() => PaymentType, { nullable: true, description: 'The payment it is about (缴费).' })
  payment(@Root() entry: LedgerEntry, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', entry.paymentId);
  }

  @FieldResolver(() => LedgerEntryType, { nullable: true, description: 'The entry it reverses (被冲正分录).' })
  reverses(@Root() entry: LedgerEntry, @Ctx() { scope }: ApiContext): Promise<LedgerEntry | null> {
    return scope.find('LedgerEntry', entry.reversesEntryId);
  }
}

@Resolver(() => AccountLedgerEntryType)
export class AccountLedgerEntryFields {
  @FieldResolver(() => LedgerEntryType, { description: 'The entry (分录).' })
  entry(@Root() row: LedgerStatementRow): LedgerEntry {
    return row;
  }

  @FieldResolver(() => MoneyType, { description: 'What the account owed after it (记账后应收).' })
  dueAfter(@Root() row: LedgerStatementRow): MoneyType {
    return money(row.dueAfterMinor, row.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What was held for the customer after it (记账后预收).' })
  creditAfter(@Root() row: LedgerStatementRow): MoneyType {
    return money(row.creditAfterMinor, row.currency);
  }
}
