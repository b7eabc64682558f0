import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import { CHECK_CODES, type CutCheckCode } from '../../../dunning/cut-checks.js';
import { DRY_RUN_CATEGORIES, type DryRunCategory } from '../../../dunning/dry-run-comparison-policy.js';
import { blockingCounts } from '../../../dunning/dry-runs.js';
import type { CutDryRun, CutDryRunLine } from '../../../dunning/dry-run.js';
import {
  compareDryRun,
  comparisonLines,
  type ComparisonLine,
  type DryRunComparison,
} from '../../../flows/compare-dry-run.js';
import type { InterruptionReason } from '../../../switching/interruption.js';
import type { ApiContext } from '../../context.js';
import { parseCursor, toCursor } from '../../cursor.js';
import { isGiven } from '../../given.js';
import { DRY_RUN_LISTS, dryRunLinesOf } from '../../read/dry-run-lists.js';
import { numbered } from '../../read/numbered.js';
import { CutDryRunLineConnection, DryRunComparisonLineConnection } from '../connections.js';
import { CutCheckCodeEnum, DryRunCategoryEnum } from '../enums-cuts.js';
import { InterruptionReasonEnum } from '../enums.js';
import { money, MoneyType } from '../money.js';
import { PageArgs, type Page } from '../relay.js';
import { AccountType, ServicePointType, TransformerDistrictType } from '../types/accounts.js';
import {
  BlockingCountType,
  CutDryRunLineType,
  CutDryRunType,
  DryRunComparisonLineType,
  DryRunComparisonType,
} from '../types/dry-runs.js';

export const EMPTY_PAGE: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

@Resolver(() => CutDryRunType)
export class CutDryRunFields {
  @FieldResolver(() => TransformerDistrictType, {
    nullable: true,
    description: 'The district it covers (台区); null for the company.',
  })
  district(@Root() run: CutDryRun, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', run.districtId);
  }

  @FieldResolver(() => [BlockingCountType], {
    description: 'How many service points each check blocks (按原因统计), in the order of the checks.',
  })
  async countsByBlockingCheck(@Root() run: CutDryRun, @Ctx() { api }: ApiContext): Promise<BlockingCountType[]> {
    const counts = (await blockingCounts(api.deps.flows.db, run.id)) as BlockingCountType[];
    return counts.sort((one, other) => CHECK_CODES.indexOf(one.code) - CHECK_CODES.indexOf(other.code));
  }

  @FieldResolver(() => CutDryRunLineConnection, { description: 'Service point by service point (预演明细).' })
  async lines(
    @Root() run: CutDryRun,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('permitted', () => Boolean, {
      nullable: true,
      description: 'True: could be cut; false: blocked; absent: all (是否可停电).',
    })
    permitted: boolean | undefined,
    @Arg('blockingCode', () => CutCheckCodeEnum, {
      nullable: true,
      description: 'Only those this check blocks (阻止项).',
    })
    blockingCode: CutCheckCode | undefined,
    @Arg('accountNumber', () => String, { nullable: true, description: 'Only those of this account (户号).' })
    accountNumber: string | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<CutDryRunLine>> {
    const account = isGiven(accountNumber) ? await numbered(scope, 'Account', accountNumber) : undefined;
    if (account === null) return EMPTY_PAGE;
    const filters = { permitted, blocking: blockingCode, account: account?.id };
    return scope.page(DRY_RUN_LISTS.lines, run.id, page, filters);
  }

  @FieldResolver(() => DryRunComparisonType, {
    nullable: true,
    description:
      'Held against what happened on its day (预演对比); null before the run is done and before its day has begun.',
  })
  async comparison(@Root() run: CutDryRun, @Ctx() { api }: ApiContext): Promise<DryRunComparison | null> {
    return (await compareDryRun(api.deps.flows, run)) ?? null;
  }
}

@Resolver(() => CutDryRunLineType)
export class CutDryRunLineFields {
  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where (用电点).' })
  servicePoint(@Root() line: CutDryRunLine, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', line.servicePointId);
  }

  @FieldResolver(() => AccountType, { nullable: true, description: 'Whose (户号).' })
  account(@Root() line: CutDryRunLine, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', line.accountId);
  }

  @FieldResolver(() => MoneyType, {
    description: 'Overdue on the day with late fees (逾期欠费); paid ahead: what the balance is below zero.',
  })
  debt(@Root() { debtMinor, currency }: CutDryRunLine): MoneyType {
    return money(debtMinor, currency);
  }

  @FieldResolver(() => InterruptionReasonEnum, { description: 'Why it would be cut (停电原因).' })
  interruptionReason(@Root() { reason }: CutDryRunLine): InterruptionReason {
    return reason;
  }
}

const COMPARISON_LIST = 'dry-run-comparison';

@Resolver(() => DryRunComparisonType)
export class DryRunComparisonFields {
  @FieldResolver(() => DryRunComparisonLineConnection, {
    description: 'Service point by service point (对比明细): what must never be first.',
  })
  async lines(
    @Root() comparison: DryRunComparison,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('categories', () => [DryRunCategoryEnum], {
      nullable: true,
      description: 'Any of these (对比结论); absent: all.',
    })
    categories: DryRunCategory[] | undefined,
    @Ctx() { api, scope }: ApiContext,
  ): Promise<Page<ComparisonLine>> {
    scope.checkPageSize(page.first);
    const [rank, servicePointId] = isGiven(page.after)
      ? parseCursor(COMPARISON_LIST, ['bigint', 'uuid'], page.after)
      : [];
    const after = servicePointId === undefined ? undefined : { rank: Number(rank), servicePointId };
    const found = await comparisonLines(api.deps.flows, comparison, {
      categories: categories ?? DRY_RUN_CATEGORIES,
      after,
      limit: page.first + 1,
    });
    const edges = found.slice(0, page.first).map((node) => ({
      node,
      cursor: toCursor(COMPARISON_LIST, [String(node.rank), node.servicePointId]),
    }));
    return {
      edges,
      pageInfo: {
        hasNextPage: found.length > page.first,
        hasPreviousPage: after !== undefined,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }
}

@Resolver(() => DryRunComparisonLineType)
export class DryRunComparisonLineFields {
  @FieldResolver(() => ServicePointType, { nullable: true, description: 'Where (用电点).' })
  servicePoint(@Root() line: ComparisonLine, @Ctx() { scope }: ApiContext): Promise<ServicePoint | null> {
    return scope.find('ServicePoint', line.servicePointId);
  }

  @FieldResolver(() => AccountType, { nullable: true, description: 'Whose (户号).' })
  account(@Root() line: ComparisonLine, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', line.accountId);
  }

  @FieldResolver(() => CutDryRunLineType, {
    nullable: true,
    description: 'What the dry run said, with its reasons (预演明细); null where it has no line.',
  })
  foreseen(@Root() line: ComparisonLine, @Ctx() { api, scope }: ApiContext): Promise<CutDryRunLine | null> {
    if (line.permitted === null) return Promise.resolve(null);
    const { db } = api.deps.flows;
    return scope
      .loader<string, CutDryRunLine | null>(`dry-run-line ${line.runId}`, async (pointIds) => {
        const found = new Map((await dryRunLinesOf(db, line.runId, pointIds)).map((row) => [row.servicePointId, row]));
        return pointIds.map((id) => found.get(id) ?? null);
      })
      .load(line.servicePointId);
  }
}
