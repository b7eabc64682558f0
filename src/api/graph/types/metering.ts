import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { Gateway, Meter, MeterInstallation } from '../../../metering/meter.js';
import type { DailyUsage, MeterEvent, Reading } from '../../../metering/reading.js';
import {
  GatewayKindEnum,
  ReadingCauseEnum,
  ReadingQualityEnum,
  ReportedSupplyStateEnum,
  SwitchModeEnum,
} from '../enums.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('Meter', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'An AMI meter with a relay (费控电表).',
})
export class MeterType
  extends NodeType
  implements Pick<Meter, 'serial' | 'reconnectMode' | 'sequence' | 'clockOffsetMs' | 'credentialsRefusedAt'>
{
  @Field(() => String, { description: 'Number on the meter (表号), 12 digits; its DL/T 645 address.' })
  serial!: string;

  @Field(() => SwitchModeEnum, { description: 'How its relay is closed (合闸方式).' })
  reconnectMode!: 'DIRECT' | 'ARM';

  @Field(() => SafeIntScalar, { description: 'Sequence number of the last command taken for it (指令序号).' })
  sequence!: bigint;

  @Field(() => SafeIntScalar, {
    description: "The meter's clock minus ours when it last spoke, milliseconds (时钟偏差).",
  })
  clockOffsetMs!: bigint;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'Since when it refuses our password or key (密码拒绝时间); nothing is switched there until `clearRefusedCredentials`. Null: it does not.',
  })
  credentialsRefusedAt!: Date | null;
}

@ObjectType('ReportedSupply', {
  simpleResolvers: true,
  description:
    'What the meter itself last said about the supply (上报供电状态). It comes from meters only, never from what was ordered.',
})
export class ReportedSupplyType {
  @Field(() => ReportedSupplyStateEnum, { description: 'The state (状态).' })
  state!: 'CONNECTED' | 'DISCONNECTED' | 'ARMED' | 'UNKNOWN';

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Since when it has been so, as far as the meter told us (起始时间).',
  })
  since!: Date | null;

  @Field(() => SupplyEvidenceType, {
    nullable: true,
    description: 'What the statement rests on (依据); null when the meter never spoke.',
  })
  evidence!: SupplyEvidenceType | null;
}

@ObjectType('SupplyEvidence', { simpleResolvers: true, description: "The meter's own latest word (电表最近上报)." })
export class SupplyEvidenceType {
  @Field(() => DateTimeScalar, { description: 'When we heard it (接收时间).' })
  heardAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: "The meter's clock when it said so (电表时间)." })
  meterAt!: Date | null;

  @Field(() => Boolean, { description: 'True when the relay contact is closed (继电器闭合).' })
  relayClosed!: boolean;

  @Field(() => Boolean, { description: 'True while the meter waits for its button (允许合闸).' })
  armed!: boolean;

  @Field(() => Boolean, { description: 'True while the meter refuses to be cut (保电).' })
  protected!: boolean;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Voltage before the relay, millivolts (电源侧电压); null where the meter does not report it.',
  })
  supplyVoltageMv!: number | null;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Voltage behind the relay, millivolts (负荷侧电压); null where the meter does not report it.',
  })
  loadVoltageMv!: number | null;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Power, watts (功率); null where the meter does not report it.',
  })
  powerW!: number | null;
}

@ObjectType('Gateway', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Where meters connect (网关): a concentrator, or a 4G meter by itself.',
})
export class GatewayType extends NodeType implements Pick<Gateway, 'gatewayNumber' | 'kind'> {
  @Field(() => String, { description: 'Number of the gateway (网关编号), 12 digits.' })
  gatewayNumber!: string;

  @Field(() => GatewayKindEnum, { description: 'Which kind it is (类型).' })
  kind!: 'CONCENTRATOR' | 'METER';
}

@ObjectType('MeterInstallation', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A meter at a service point from one instant to another (装表记录). The history is kept; commands are bound to it.',
})
export class MeterInstallationType extends NodeType implements Pick<MeterInstallation, 'installedAt' | 'removedAt'> {
  @Field(() => DateTimeScalar, { description: 'When the meter was installed (装表时间).' })
  installedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was removed (拆表时间); null while it is there.',
  })
  removedAt!: Date | null;
}

@ObjectType('Reading', {
  simpleResolvers: true,
  description: 'What the register showed at an instant (抄表示数). Kept whatever it says.',
})
export class ReadingType implements Pick<
  Reading,
  'readAt' | 'energyWh' | 'quality' | 'cause' | 'flags' | 'usable' | 'revision' | 'receivedAt'
> {
  @Field(() => DateTimeScalar, { description: 'When the register was read (示数时间).' })
  readAt!: Date;

  @Field(() => SafeIntScalar, { description: 'Register value, watt-hours (示数).' })
  energyWh!: bigint;

  @Field(() => ReadingQualityEnum, { description: 'Read or estimated (实抄或估抄).' })
  quality!: 'ACTUAL' | 'ESTIMATED';

  @Field(() => ReadingCauseEnum, { description: 'Why it was taken (抄表原因).' })
  cause!: 'FREEZE' | 'PERIODIC' | 'REQUESTED' | 'MANUAL';

  @Field(() => [String], {
    description: 'What is odd about it (异常标志): BACKWARDS, FAR_FUTURE, IMPLAUSIBLE, ROLLOVER.',
  })
  flags!: string[];

  @Field(() => Boolean, {
    description: 'False when no bill may be built on it (是否可用): not believed, or corrected since.',
  })
  usable!: boolean;

  @Field(() => GraphQLInt, {
    description: 'Number of the correction (更正序号): 0 as it came; of one instant the highest usable one counts.',
  })
  revision!: number;

  @Field(() => DateTimeScalar, { description: 'When it reached us (接收时间).' })
  receivedAt!: Date;
}

@ObjectType('DailyUsage', { simpleResolvers: true, description: 'Energy used on one local day (日用电量).' })
export class DailyUsageType implements Pick<DailyUsage, 'usageDate' | 'energyWh' | 'quality'> {
  @Field(() => DateScalar, { description: 'The day (日期).' })
  usageDate!: string;

  @Field(() => SafeIntScalar, { description: 'Energy, watt-hours (电量).' })
  energyWh!: bigint;

  @Field(() => ReadingQualityEnum, {
    description: 'ACTUAL when the meter was read at both ends of the day, else ESTIMATED.',
  })
  quality!: 'ACTUAL' | 'ESTIMATED';
}

@ObjectType('MeterEvent', { simpleResolvers: true, description: 'Something a meter said happened to it (电表事件).' })
export class MeterEventType implements Pick<MeterEvent, 'event' | 'eventAt' | 'detail' | 'receivedAt'> {
  @Field(() => String, { description: 'What happened (事件), as in the MQTT contract.' })
  event!: string;

  @Field(() => DateTimeScalar, { description: 'When it happened (发生时间).' })
  eventAt!: Date;

  @Field(() => String, { nullable: true, description: "The meter's own remark (说明)." })
  detail!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it reached us (接收时间).' })
  receivedAt!: Date;
}
