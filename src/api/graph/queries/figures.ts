import { Args, ArgsType, Ctx, Field, Query, Resolver } from 'type-graphql';
import { PAYMENT_MODES } from '../../../accounts/account.js';
import { CUSTOMER_CLASSES } from '../../../accounts/customer.js';
import { promiseOf } from '../../../dunning/restore-verdict-policy.js';
import { addDays, daysBetween, startOfLocalDay } from '../../../platform/local-date.js';
import { cutRate } from '../../../reports/cut-rate.js';
import { switchLatencies, type ReportScope } from '../../../reports/switch-latencies.js';
import type { ApiContext } from '../../context.js';
import { ApiError } from '../../errors.js';
import { isGiven } from '../../given.js';
import { numbered } from '../../read/numbered.js';
import { DateScalar } from '../scalars.js';
import { CutRateType, SwitchLatenciesType } from '../types/after-cut.js';

@ArgsType()
export class PeriodArgs {
  @Field(() => DateScalar, { description: 'First local day of the period (起始日).' })
  from!: string;

  @Field(() => DateScalar, { description: 'Last local day of the period, included (截止日, 含).' })
  to!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Code of a transformer district (台区编号); absent: everything the viewer can see.',
  })
  districtCode?: string | null;
}

/** Figures of a period. */
@Resolver()
export class FigureQueries {
  @Query(() => SwitchLatenciesType, {
    nullable: true,
    description:
      'How fast power was cut and how fast it came back (停复电时长对照), side by side. Null when there is no such district within reach.',
  })
  async switchLatencies(
    @Args(() => PeriodArgs) period: PeriodArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<SwitchLatenciesType | null> {
    const scope = await reportScope(ctx, period);
    if (!scope) return null;
    const { db, policies, timeZone } = ctx.api.deps.flows;
    const promises = CUSTOMER_CLASSES.flatMap((customerClass) =>
      PAYMENT_MODES.map((paymentMode) => ({
        customerClass,
        paymentMode,
        ...promiseOf(policies.of(customerClass, paymentMode)?.policy, timeZone),
      })),
    );
    const { sameDay, withinSla, ...found } = await switchLatencies(db, scope, promises);
    const share = (count: number): number | null => (found.restoresOwed === 0 ? null : count / found.restoresOwed);
    return { ...found, sameDayShare: share(sameDay), withinSlaShare: share(withinSla) };
  }

  @Query(() => CutRateType, {
    nullable: true,
    description: 'The cut rate of a period (催费停电率). Null when there is no such district within reach.',
  })
  async cutRate(@Args(() => PeriodArgs) period: PeriodArgs, @Ctx() ctx: ApiContext): Promise<CutRateType | null> {
    const scope = await reportScope(ctx, period);
    return scope && cutRate(ctx.api.deps.flows.db, scope);
  }
}

/** The rows a viewer's question is about; null: a district out of reach. @throws ApiError BAD_USER_INPUT */
async function reportScope(
  { scope, api }: ApiContext,
  { from, to, districtCode }: PeriodArgs,
): Promise<ReportScope | null> {
  const { flows, limits } = api.deps;
  const days = daysBetween(from, to) + 1;
  if (days < 1 || days > limits.periodDays.value)
    throw new ApiError('BAD_USER_INPUT', `A period has 1 to ${limits.periodDays.value} days; this one has ${days}.`);
  const instants = {
    from: startOfLocalDay(from, flows.timeZone),
    to: startOfLocalDay(addDays(to, 1), flows.timeZone),
  };
  if (isGiven(districtCode)) {
    const district = await numbered(scope, 'TransformerDistrict', districtCode);
    return district && { ...instants, districtIds: [district.id] };
  }
  const reach = await scope.reach();
  if (reach.kind === 'ALL') return { ...instants, districtIds: null };
  return { ...instants, districtIds: reach.kind === 'DISTRICTS' ? reach.districtIds : [] };
}
