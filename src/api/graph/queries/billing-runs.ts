import { GraphQLID } from 'graphql';
import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import type { BillingRun, BillingRunState, BillingSkip } from '../../../billing/billing-run.js';
import type { ApiContext } from '../../context.js';
import { idOfType } from '../../global-id.js';
import { LISTS } from '../../read/catalog.js';
import { BillingRunConnection, BillingSkipConnection } from '../connections.js';
import { BillingRunStateEnum } from '../billing-enums.js';
import { PageArgs, type Page } from '../relay.js';
import { BillingRunType } from '../types/billing-runs.js';

/** Questions about billing runs. */
@Resolver()
export class BillingRunQueries {
  @Query(() => BillingRunType, {
    nullable: true,
    description: 'A billing run and how far it is (核算批次). Null when there is none within reach.',
  })
  billingRun(
    @Arg('id', () => GraphQLID, { description: 'Global id (全局标识).' }) id: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<BillingRun | null> {
    return scope.find('BillingRun', idOfType('BillingRun', id));
  }

  @Query(() => BillingRunConnection, { description: 'Billing runs (核算批次列表), newest first.' })
  async billingRuns(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('state', () => BillingRunStateEnum, { nullable: true, description: 'Only those that stand so (状态).' })
    state: BillingRunState | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<BillingRun>> {
    const reach = await scope.reach();
    const reachDistricts = reach.kind === 'ALL' ? undefined : reach.kind === 'DISTRICTS' ? reach.districtIds : [];
    return scope.page(LISTS.billingRuns, null, page, { state, reachDistricts });
  }

  @Query(() => BillingSkipConnection, {
    description: 'Service points that could not be billed (未出账用电点), longest first.',
  })
  async billingSkips(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('open', () => Boolean, {
      nullable: true,
      description: 'True: not billed to this day; false: billed since; absent: all (是否未解决).',
    })
    open: boolean | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<BillingSkip>> {
    const reach = await scope.reach();
    const bounded = reach.kind === 'DISTRICTS' ? { reachDistricts: reach.districtIds } : { reachAccounts: [] };
    return scope.page(LISTS.billingSkips, null, page, { open, ...(reach.kind === 'ALL' ? {} : bounded) });
  }
}
