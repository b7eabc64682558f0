import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { BillingRun, BillingSkip } from '../../../billing/billing-run.js';
import type { ReadingFault } from '../../../metering/reading.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { BillingSkipConnection } from '../connections.js';
import { PageArgs, type Page } from '../relay.js';
import { SafeIntScalar } from '../scalars.js';
import { AccountType, ServicePointType, TransformerDistrictType } from '../types/accounts.js';
import { BillingRunType, BillingSkipType, ReadingFaultType } from '../types/billing-runs.js';

@Resolver(() => BillingRunType)
export class BillingRunFields {
  @FieldResolver(() => TransformerDistrictType, {
    nullable: true,
    description: 'The district it covers (台区); null for the company.',
  })
  district(@Root() run: BillingRun, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', run.districtId);
  }

  @FieldResolver(() => BillingSkipConnection, {
    description: 'Service points that it was the last run not to be able to bill (未出账用电点), longest first.',
  })
  skips(
    @Root() run: BillingRun,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<BillingSkip>> {
    return scope.page(LISTS.billingSkips, null, page, { run: run.id });
  }
}

@Resolver(() => BillingSkipType)
export class BillingSkipFields {
  @FieldResolver(() => ServicePointType, { nullable: true, description: 'The service point (用电点).' })
  servicePoint(@Root() skip: BillingSkip, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', skip.servicePointId);
  }

  @FieldResolver(() => AccountType, { nullable: true, description: 'Its account (户号).' })
  account(@Root() skip: BillingSkip, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', skip.accountId);
  }

  @FieldResolver(() => BillingRunType, {
    nullable: true,
    description: 'The last run that could not bill it (核算批次), if it was one.',
  })
  run(@Root() skip: BillingSkip, @Ctx() { scope }: ApiContext): Promise<BillingRun | null> {
    return scope.find('BillingRun', skip.runId);
  }
}

@Resolver(() => ReadingFaultType)
export class ReadingFaultFields {
  @FieldResolver(() => SafeIntScalar, {
    nullable: true,
    description: 'For CORRECTED: the register that stood before, watt-hours (原示数).',
  })
  earlierEnergyWh(@Root() fault: ReadingFault): bigint | null {
    return fault.earlierWh ?? null;
  }
}
