import {
  compareDay,
  DRY_RUN_CATEGORIES,
  type DayVerdict,
  type DryRunCategory,
} from '../dunning/dry-run-comparison-policy.js';
import { dayGroups, dayLines, type DayGroup, type RunDay } from '../dunning/dry-run-comparisons.js';
import type { CutDryRun } from '../dunning/dry-run.js';
import { addDays, startOfLocalDay } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { FIRST_ID } from './propose-cuts.js';

type ComparisonContext = Pick<FlowContext, 'db' | 'clock' | 'timeZone'>;

/** How many service points share a verdict, and whether the dry run had permitted their cut. */
export interface ComparisonCount extends DayVerdict {
  /** Null: they are not in the dry run. */
  readonly permitted: boolean | null;
  readonly count: number;
}

/** A dry run held against its day, as far as the day has gone. */
export interface DryRunComparison {
  readonly run: CutDryRun;
  /** False while the day is not over: what is not cut may still be. */
  readonly dayOver: boolean;
  /** What must never be first, then by count. */
  readonly counts: readonly ComparisonCount[];
  readonly day: RunDay;
  readonly groups: readonly DayGroup[];
}

/**
 * Holds a dry run against what happened on its day: counts by verdict. Nothing is stored; what is on record now decides. Undefined before
 * the run is done, or before its day has begun.
 */
export async function compareDryRun(ctx: ComparisonContext, run: CutDryRun): Promise<DryRunComparison | undefined> {
  const now = ctx.clock.now();
  const day: RunDay = {
    runId: run.id,
    forDate: run.forDate,
    startedAt: run.startedAt ?? run.requestedAt,
    from: startOfLocalDay(run.forDate, ctx.timeZone),
    until: startOfLocalDay(addDays(run.forDate, 1), ctx.timeZone),
  };
  if (run.state !== 'DONE' || now < day.from) return undefined;
  const groups = await dayGroups(ctx.db, day);
  return { run, dayOver: now >= day.until, counts: countsOf(groups), day, groups };
}

function countsOf(groups: readonly DayGroup[]): ComparisonCount[] {
  const counted = Map.groupBy(groups, (group) => JSON.stringify([group.permitted, compareDay(group)]));
  return [...counted.values()]
    .map((same) => ({
      ...compareDay(same[0]!),
      permitted: same[0]!.permitted,
      count: same.reduce((sum, { count }) => sum + count, 0),
    }))
    .sort((one, other) => rankOf(one) - rankOf(other) || other.count - one.count);
}

const rankOf = ({ category }: DayVerdict): number => DRY_RUN_CATEGORIES.indexOf(category);

/** One service point of a comparison. */
export interface ComparisonLine extends DayVerdict {
  readonly runId: string;
  readonly servicePointId: string;
  readonly accountId: string;
  readonly permitted: boolean | null;
  /** Place in the order: category, then service point. */
  readonly rank: number;
}

/** Where a page begins: after this line. */
export interface ComparisonPlace {
  readonly rank: number;
  readonly servicePointId: string;
}

/** A page of the service points of a comparison, what must never be first; of some categories, or of all. */
export async function comparisonLines(
  ctx: Pick<FlowContext, 'db'>,
  { day, groups }: DryRunComparison,
  page: {
    readonly categories: readonly DryRunCategory[];
    readonly after: ComparisonPlace | undefined;
    readonly limit: number;
  },
): Promise<ComparisonLine[]> {
  const wanted = groups
    .map((group) => ({ ...group, rank: rankOf(compareDay(group)) }))
    .filter(({ rank }) => page.categories.includes(DRY_RUN_CATEGORIES[rank]!));
  if (wanted.length === 0) return [];
  const { rank: afterRank, servicePointId: afterId } = page.after ?? { rank: 0, servicePointId: FIRST_ID };
  const rows = await dayLines(ctx.db, day, wanted, { afterRank, afterId, limit: page.limit });
  return rows.map(({ servicePointId, accountId, permitted, rank, ...facts }) => ({
    ...compareDay({ permitted, ...facts }),
    runId: day.runId,
    servicePointId,
    accountId,
    permitted,
    rank,
  }));
}
