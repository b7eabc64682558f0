import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account } from '../../../accounts/account.js';
import type { Contact, Customer, Protection } from '../../../accounts/customer.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import { LISTS } from '../../read/catalog.js';
import type { ApiContext } from '../../context.js';
import { nextDates, nextMonthDay, settlementDays } from '../../../billing/settlement-calendar-policy.js';
import { today } from '../../read/today.js';
import {
  AccountConnection,
  AccountLedgerConnection,
  BillConnection,
  PaymentConnection,
  ServicePointConnection,
} from '../connections.js';
import { AccountStandingEnum } from '../enums.js';
import { money, MoneyType } from '../money.js';
import { PageArgs } from '../relay.js';
import { DateScalar } from '../scalars.js';
import { AccountType, ContactType, CustomerType, ProtectionType, TransformerDistrictType } from '../types/accounts.js';
import { BillsArgs } from '../args.js';
import { boundedCadence, boundedCount, DistrictDatesArgs, NextDatesArgs } from '../settlement-args.js';
import { overdueOfAccount } from '../../read/late-fees.js';

@Resolver(() => AccountType)
export class AccountFields {
  @FieldResolver(() => MoneyType, {
    description:
      'Open principal and charged late fees of all bills (应缴金额). What a payment would have to be: `amountDue`.',
  })
  due(@Root() account: Account): MoneyType {
    return money(account.dueMinor, account.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'Money held for the customer (预收余额).' })
  credit(@Root() account: Account): MoneyType {
    return money(account.creditMinor, account.currency);
  }

  @FieldResolver(() => MoneyType, {
    description:
      'What is past its due date, late fees to today included (逾期金额): what must be paid for power to come back.',
  })
  async overdue(@Root() account: Account, @Ctx() ctx: ApiContext): Promise<MoneyType> {
    return money(await overdueOfAccount(ctx, account.id), account.currency);
  }

  @FieldResolver(() => AccountStandingEnum, { description: 'Whether anything is past its due date (欠费情况).' })
  async standing(@Root() account: Account, @Ctx() ctx: ApiContext): Promise<'IN_ARREARS' | 'CLEAR'> {
    return (await overdueOfAccount(ctx, account.id)) > 0n ? 'IN_ARREARS' : 'CLEAR';
  }

  @FieldResolver(() => [DateScalar], {
    description:
      'The next days on which its bills are settled (下次结算日), today included: the day of the district, and further ones where it is settled several times a month.',
  })
  async nextSettlementDates(
    @Root() account: Account,
    @Args(() => NextDatesArgs) { count }: NextDatesArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<string[]> {
    // Its district tells no secret: whoever sees the account knows when it is settled.
    const district = await ctx.scope.find('TransformerDistrict', account.districtId);
    const days = district ? settlementDays(district.settlementDay, account.settlementsPerMonth) : [];
    return days.length > 0 ? nextDates(today(ctx), days, boundedCount(count)) : [];
  }

  @FieldResolver(() => CustomerType, { description: 'Whose account it is (客户).' })
  customer(@Root() account: Account, @Ctx() { scope }: ApiContext): Promise<Customer | null> {
    return scope.find('Customer', account.customerId);
  }

  @FieldResolver(() => TransformerDistrictType, { description: 'The transformer district it belongs to (台区).' })
  district(@Root() account: Account, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', account.districtId);
  }

  @FieldResolver(() => ServicePointConnection, {
    description: 'Places supplied under this account (用电点), by number.',
  })
  servicePoints(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.servicePoints, account.id, page);
  }

  @FieldResolver(() => BillConnection, { description: 'Bills (账单), newest period first.' })
  bills(@Root() account: Account, @Args(() => BillsArgs) args: BillsArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.bills, account.id, args, { open: args.open });
  }

  @FieldResolver(() => PaymentConnection, { description: 'Payments posted to this account (缴费记录), newest first.' })
  payments(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.payments, account.id, page);
  }

  @FieldResolver(() => AccountLedgerConnection, {
    description:
      'Statement of the account (账户流水), newest first, with the balance after each entry computed from all entries before it.',
  })
  ledger(@Root() account: Account, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.ledger, account.id, page);
  }
}

@Resolver(() => CustomerType)
export class CustomerFields {
  @FieldResolver(() => [ContactType], {
    description: 'Ways to reach the customer (联系方式): at least two valid ones. Personal data.',
  })
  contacts(@Root() customer: Customer, @Ctx() { scope }: ApiContext): Promise<Contact[]> {
    return scope.related('contactsOfCustomer', customer.id);
  }

  @FieldResolver(() => [ProtectionType], {
    description: 'Reasons not to cut this customer for debt (保护标志), those that ran out included.',
  })
  protections(@Root() customer: Customer, @Ctx() { scope }: ApiContext): Promise<Protection[]> {
    return scope.related('protectionsOfCustomer', customer.id);
  }

  @FieldResolver(() => AccountConnection, { description: 'Accounts of the customer (户号), by number.' })
  async accounts(@Root() customer: Customer, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    const reach = await scope.reach();
    return scope.page(LISTS.accountsOfCustomer, customer.id, page, {
      reachAccounts: reach.kind === 'ACCOUNTS' ? reach.accountIds : undefined,
      reachDistricts: reach.kind === 'DISTRICTS' ? reach.districtIds : undefined,
    });
  }
}

@Resolver(() => TransformerDistrictType)
export class TransformerDistrictFields {
  @FieldResolver(() => DateScalar, {
    description: 'Next day on which meters are read here (下次抄表日): today if it is today.',
  })
  nextReadingDate(@Root() district: TransformerDistrict, @Ctx() ctx: ApiContext): string {
    return nextMonthDay(today(ctx), district.readingDay);
  }

  @FieldResolver(() => DateScalar, {
    description: 'Next day on which bills are settled here (下次结算日): today if it is today.',
  })
  nextSettlementDate(@Root() district: TransformerDistrict, @Ctx() ctx: ApiContext): string {
    return nextMonthDay(today(ctx), district.settlementDay);
  }

  @FieldResolver(() => [DateScalar], {
    description:
      'The next days on which bills are settled here (下次结算日), today included, for accounts settled so many times a month.',
  })
  nextSettlementDates(
    @Root() district: TransformerDistrict,
    @Args(() => DistrictDatesArgs) { count, settlementsPerMonth }: DistrictDatesArgs,
    @Ctx() ctx: ApiContext,
  ): string[] {
    return nextDates(
      today(ctx),
      settlementDays(district.settlementDay, boundedCadence(settlementsPerMonth)),
      boundedCount(count),
    );
  }

  @FieldResolver(() => AccountConnection, {
    description: 'Accounts of the district (户号), by number, as far as the viewer can see.',
  })
  async accounts(
    @Root() district: TransformerDistrict,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { scope }: ApiContext,
  ) {
    const reach = await scope.reach();
    return scope.page(LISTS.accountsOfDistrict, district.id, page, {
      reachAccounts: reach.kind === 'ACCOUNTS' ? reach.accountIds : undefined,
    });
  }
}
