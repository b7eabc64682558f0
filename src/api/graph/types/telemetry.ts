import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { MeterState } from '../../../metering/meter-state.js';
import type { ReadingGap } from '../../../metering/reading-gap.js';
import type { GapCounts } from '../../read/telemetry-lists.js';
import { connectionOf } from '../relay.js';
import { MeterStateKindEnum, ReadingGapStateEnum } from '../enums-telemetry.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('MeterState', {
  simpleResolvers: true,
  description: 'What a meter said of its relay, voltages and load at an instant (电表状态记录). Kept as it came.',
})
export class MeterStateType implements Pick<
  MeterState,
  | 'kind'
  | 'meterAt'
  | 'armed'
  | 'protected'
  | 'lastSequence'
  | 'supplyVoltageMv'
  | 'loadVoltageMv'
  | 'powerW'
  | 'receivedAt'
> {
  @Field(() => MeterStateKindEnum, { description: 'On what occasion (类型).' })
  kind!: 'ACK' | 'STATE';

  @Field(() => DateTimeScalar, { description: "The meter's own clock (电表时间)." })
  meterAt!: Date;

  @Field(() => Boolean, { description: 'True while the meter waited for its button (允许合闸).' })
  armed!: boolean;

  @Field(() => Boolean, { description: 'True while the meter refused to be cut (保电).' })
  protected!: boolean;

  @Field(() => SafeIntScalar, { description: 'Greatest sequence of an order it had taken by then (指令序号).' })
  lastSequence!: bigint;

  @Field(() => GraphQLInt, { nullable: true, description: 'Voltage before the relay, millivolts (电源侧电压).' })
  supplyVoltageMv!: number | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Voltage behind the relay, millivolts (负荷侧电压).' })
  loadVoltageMv!: number | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Power, watts (功率).' })
  powerW!: number | null;

  @Field(() => DateTimeScalar, { description: 'When it reached us (接收时间).' })
  receivedAt!: Date;
}

@ObjectType('ReadingGap', {
  simpleResolvers: true,
  description: 'A midnight whose register did not come by itself (漏抄点). Its meter is asked for it.',
})
export class ReadingGapType implements Pick<
  ReadingGap,
  'midnight' | 'midnightAt' | 'state' | 'foundAt' | 'attempts' | 'endedAt'
> {
  @Field(() => DateScalar, { description: 'The local day that begins at that midnight (日期).' })
  midnight!: string;

  @Field(() => DateTimeScalar, { description: 'That midnight as an instant (零点时刻).' })
  midnightAt!: Date;

  @Field(() => ReadingGapStateEnum, { description: 'What became of it (状态).' })
  state!: ReadingGap['state'];

  @Field(() => DateTimeScalar, { description: 'When it was found missing (发现时间).' })
  foundAt!: Date;

  @Field(() => GraphQLInt, { description: 'How often the meter was asked for it (补抄次数).' })
  attempts!: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was filled or given up (结束时间); null while it is open.',
  })
  endedAt!: Date | null;
}

@ObjectType('ReadingGapCounts', {
  simpleResolvers: true,
  description: 'Missing midnights of a period, by what became of them (漏抄统计).',
})
export class ReadingGapCountsType implements GapCounts {
  @Field(() => GraphQLInt, { description: 'Still missing (待补抄).' })
  open!: number;

  @Field(() => GraphQLInt, { description: 'Read after all (已补抄).' })
  filled!: number;

  @Field(() => GraphQLInt, { description: 'Not to be had any more (漏抄).' })
  givenUp!: number;
}

export const MeterStateConnection = connectionOf('MeterState', () => MeterStateType, 'state of a meter (电表状态记录)');
export const ReadingGapConnection = connectionOf('ReadingGap', () => ReadingGapType, 'missing midnight (漏抄点)');
