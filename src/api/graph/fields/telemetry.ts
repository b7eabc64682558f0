import { Args, ArgsType, Ctx, Field, FieldResolver, Resolver, Root } from 'type-graphql';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { Meter } from '../../../metering/meter.js';
import type { MeterState } from '../../../metering/meter-state.js';
import type { ReadingGapState } from '../../../metering/reading-gap.js';
import { addDays, daysBetween } from '../../../platform/local-date.js';
import type { ApiContext } from '../../context.js';
import { ApiError } from '../../errors.js';
import { gapCounts, TELEMETRY_LISTS, type GapCounts } from '../../read/telemetry-lists.js';
import { today } from '../../read/today.js';
import { ReadingGapStateEnum } from '../enums-telemetry.js';
import { PageArgs } from '../relay.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';
import { TransformerDistrictType } from '../types/accounts.js';
import { MeterType } from '../types/metering.js';
import {
  MeterStateConnection,
  MeterStateType,
  ReadingGapConnection,
  ReadingGapCountsType,
} from '../types/telemetry.js';

/** Words of a meter within a span of time. */
@ArgsType()
class MeterStatesArgs extends PageArgs {
  @Field(() => DateTimeScalar, { nullable: true, description: "At or after this instant of the meter's clock (起)." })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: "Before this instant of the meter's clock (止, 不含)." })
  until?: Date | null;
}

@ArgsType()
class ReadingGapsArgs extends PageArgs {
  @Field(() => ReadingGapStateEnum, { nullable: true, description: 'Only those of this state (状态); absent: all.' })
  state?: ReadingGapState | null;
}

/** Days of a period, a month back unless given. */
@ArgsType()
class GapPeriodArgs {
  @Field(() => DateScalar, {
    nullable: true,
    description: 'Midnights of days from this one on (起); absent: of the last 31 days.',
  })
  from?: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Midnights of days before this one (止, 不含); absent: up to today.',
  })
  until?: string | null;
}

/** Days of the period when none is given. */
const DAYS = 31;

@Resolver(() => MeterType)
export class MeterTelemetryFields {
  @FieldResolver(() => MeterStateConnection, {
    description: 'What it said of its relay, voltages and load (电表状态记录), newest first by its own clock.',
  })
  states(@Root() meter: Meter, @Args(() => MeterStatesArgs) args: MeterStatesArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(TELEMETRY_LISTS.meterStates, meter.id, args, { from: args.from, until: args.until });
  }

  @FieldResolver(() => ReadingGapConnection, {
    description: 'Midnights whose register did not come by itself (漏抄点), newest first.',
  })
  readingGaps(@Root() meter: Meter, @Args(() => ReadingGapsArgs) args: ReadingGapsArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(TELEMETRY_LISTS.readingGaps, meter.id, args, { state: args.state });
  }
}

@Resolver(() => MeterStateType)
export class MeterStateFields {
  @FieldResolver(() => Boolean, { description: 'True when the relay contact was closed (继电器闭合).' })
  relayClosed(@Root() state: MeterState): boolean {
    return state.relay === 'CLOSED';
  }
}

@Resolver(() => TransformerDistrictType)
export class DistrictTelemetryFields {
  @FieldResolver(() => ReadingGapCountsType, {
    description: 'How many midnight registers did not come by themselves here (漏抄统计), and what became of them.',
  })
  readingGapCounts(
    @Root() district: TransformerDistrict,
    @Args(() => GapPeriodArgs) { from, until }: GapPeriodArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<GapCounts> {
    const end = until ?? addDays(today(ctx), 1);
    const period = { from: from ?? addDays(end, -DAYS), until: end };
    const most = ctx.api.deps.limits.periodDays.value;
    const days = daysBetween(period.from, period.until);
    if (days < 1 || days > most)
      throw new ApiError('BAD_USER_INPUT', `A period has 1 to ${most} days; this one has ${days}.`);
    const name = `gap counts ${period.from} ${period.until}`;
    return ctx.scope
      .loader<string, GapCounts>(name, (ids) => gapCounts(ctx.api.deps.flows.db, ids, period))
      .load(district.id);
  }
}
