import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import type { CutDryRun, CutDryRunState } from '../../../dunning/dry-run.js';
import type { ApiContext } from '../../context.js';
import { isGiven } from '../../given.js';
import { DRY_RUN_LISTS } from '../../read/dry-run-lists.js';
import { numbered } from '../../read/numbered.js';
import { CutDryRunConnection } from '../connections.js';
import { CutDryRunStateEnum } from '../enums-cuts.js';
import { EMPTY_PAGE } from '../fields/dry-runs.js';
import { PageArgs, type Page } from '../relay.js';
import { DateScalar } from '../scalars.js';

@Resolver()
export class DryRunQueries {
  @Query(() => CutDryRunConnection, {
    description:
      'Dry runs of the cuts of a day (停电预演列表), newest first. Every evening one is made for the whole company; district managers see those of their districts.',
  })
  async cutDryRuns(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('states', () => [CutDryRunStateEnum], { nullable: true, description: 'Any of these states (状态).' })
    states: CutDryRunState[] | undefined,
    @Arg('forDate', () => DateScalar, { nullable: true, description: 'Of the cuts of this local day (预演日期).' })
    forDate: string | undefined,
    @Arg('districtCode', () => String, { nullable: true, description: 'Code of the transformer district (台区编号).' })
    districtCode: string | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<CutDryRun>> {
    const district = isGiven(districtCode) ? await numbered(scope, 'TransformerDistrict', districtCode) : undefined;
    if (district === null) return EMPTY_PAGE;
    const reach = await scope.reach();
    const bounded = reach.kind === 'ALL' ? {} : { reachDistricts: reach.kind === 'DISTRICTS' ? reach.districtIds : [] };
    return scope.page(DRY_RUN_LISTS.runs, null, page, { states, forDate, district: district?.id, ...bounded });
  }
}
