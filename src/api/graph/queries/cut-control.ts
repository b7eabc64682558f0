import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import type { CutBatch, CutBatchState } from '../../../dunning/cut-batch.js';
import { CUT_THRESHOLDS, THRESHOLD_KINDS } from '../../../switching/threshold-policy.js';
import { thresholdsAt } from '../../../switching/thresholds.js';
import type { CutThresholdChange } from '../../../switching/threshold-change.js';
import type { ApiContext } from '../../context.js';
import { isGiven } from '../../given.js';
import { LISTS } from '../../read/catalog.js';
import { numbered } from '../../read/numbered.js';
import { CutBatchConnection, CutThresholdChangeConnection } from '../connections.js';
import { CutBatchStateEnum } from '../enums-cuts.js';
import { PageArgs, type Page } from '../relay.js';
import { CutThresholdType } from '../types/cut-control.js';

const NOTHING: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

@Resolver()
export class CutControlQueries {
  @Query(() => CutBatchConnection, { description: 'Batches of cuts (停电批次列表), newest first.' })
  async cutBatches(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('states', () => [CutBatchStateEnum], { nullable: true, description: 'Any of these states (状态).' })
    states: CutBatchState[] | undefined,
    @Arg('districtCode', () => String, { nullable: true, description: 'Code of the transformer district (台区编号).' })
    districtCode: string | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<CutBatch>> {
    const district = isGiven(districtCode) ? await numbered(scope, 'TransformerDistrict', districtCode) : null;
    if (isGiven(districtCode) && !district) return NOTHING;
    const reach = await scope.reach();
    const bounded = reach.kind === 'ALL' ? {} : { reachDistricts: reach.kind === 'DISTRICTS' ? reach.districtIds : [] };
    return scope.page(LISTS.cutBatches, null, page, { states, district: district?.id, ...bounded });
  }

  @Query(() => [CutThresholdType], { description: 'The bounds on cuts as they hold now (停电阈值).' })
  async cutThresholds(@Ctx() { api }: ApiContext): Promise<CutThresholdType[]> {
    const { flows } = api.deps;
    const now = await thresholdsAt(flows.db, flows.clock.now());
    return THRESHOLD_KINDS.map((kind) => {
      const { unit, reason } = CUT_THRESHOLDS[kind];
      return { kind, value: now[kind], unit, reason };
    });
  }

  @Query(() => CutThresholdChangeConnection, { description: 'Changes of thresholds (阈值调整记录), newest first.' })
  cutThresholdChanges(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<CutThresholdChange>> {
    return scope.page(LISTS.cutThresholdChanges, null, page);
  }
}
