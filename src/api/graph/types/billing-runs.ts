import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { BillingRun, BillingSkip } from '../../../billing/billing-run.js';
import type { ReadingFault } from '../../../metering/reading.js';
import {
  BillingRunOriginEnum,
  BillingRunScopeEnum,
  BillingRunStateEnum,
  EstimateMethodEnum,
  ReadingFaultKindEnum,
  SkipReasonEnum,
} from '../billing-enums.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('BillingRun', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A billing run over a district or the company (核算批次). It may be stopped and goes on where it was; ask again to see how far it is.',
})
export class BillingRunType
  extends NodeType
  implements Omit<BillingRun, 'id' | 'districtId' | 'position' | 'worker' | 'leaseWallAt' | '~entityConfig'>
{
  @Field(() => BillingRunOriginEnum, { description: 'What it came from (来源).' })
  origin!: BillingRun['origin'];

  @Field(() => BillingRunScopeEnum, { description: 'What it covers (范围).' })
  scope!: BillingRun['scope'];

  @Field(() => DateScalar, { description: 'Day up to which is billed, exclusive (截止日, 不含).' })
  periodTo!: string;

  @Field(() => BillingRunStateEnum, { description: 'Where it stands (状态).' })
  state!: BillingRun['state'];

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Service points to look at (总户数); null until they were counted.',
  })
  totalPoints!: number | null;

  @Field(() => GraphQLInt, { description: 'Service points looked at (已处理户数).' })
  donePoints!: number;

  @Field(() => GraphQLInt, { description: 'Bills it issued (已出账单数).' })
  issued!: number;

  @Field(() => GraphQLInt, { description: 'Service points it could not bill (未出账户数).' })
  skipped!: number;

  @Field(() => String, { description: 'Who asked for it (发起人).' })
  requestedBy!: string;

  @Field(() => DateTimeScalar, { description: 'When it was asked for (发起时间).' })
  requestedAt!: Date;

  @Field(() => String, { description: 'Why (原因).' })
  reason!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was first taken up (开始时间).' })
  startedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间).' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'What broke it off (失败说明).' })
  failureText!: string | null;
}

@ObjectType('BillingSkip', {
  simpleResolvers: true,
  description: 'A service point that could not be billed (未出账用电点), until a run can bill it.',
})
export class BillingSkipType implements Pick<
  BillingSkip,
  'periodTo' | 'reason' | 'owner' | 'since' | 'lastSeenAt' | 'resolvedAt'
> {
  @Field(() => DateScalar, { description: 'Day up to which it should have been billed (截止日).' })
  periodTo!: string;

  @Field(() => SkipReasonEnum, { description: 'Why it could not (原因).' })
  reason!: BillingSkip['reason'];

  @Field(() => String, { description: 'Who sees to it (责任人): the district manager, or 95598.' })
  owner!: string;

  @Field(() => DateTimeScalar, { description: 'When a run first could not bill it (首次发现).' })
  since!: Date;

  @Field(() => DateTimeScalar, { description: 'When a run last could not bill it (最近发现).' })
  lastSeenAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was billed after all (解决时间).' })
  resolvedAt!: Date | null;
}

@ObjectType('ReadingFault', {
  simpleResolvers: true,
  description: 'A fault in reading a meter, as a fact (抄表差错): estimated, missed, wrong, corrected.',
})
export class ReadingFaultType implements Pick<
  ReadingFault,
  'kind' | 'readAt' | 'energyWh' | 'method' | 'reason' | 'evidence' | 'recordedAt' | 'recordedBy'
> {
  @Field(() => ReadingFaultKindEnum, { description: 'What it is (类别).' })
  kind!: ReadingFault['kind'];

  @Field(() => DateTimeScalar, { description: 'The instant it is about (时点): of the reading, or of the settlement.' })
  readAt!: Date;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description: 'Register, watt-hours (示数): the value used, estimated or corrected; for WRONG the one not believed.',
  })
  energyWh!: bigint | null;

  @Field(() => EstimateMethodEnum, { nullable: true, description: 'How an estimate came about (估抄方法).' })
  method!: ReadingFault['method'];

  @Field(() => String, { nullable: true, description: 'Why (原因).' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'What proves it (凭证).' })
  evidence!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was recorded (登记时间).' })
  recordedAt!: Date;

  @Field(() => String, { description: 'Who recorded it (登记人).' })
  recordedBy!: string;
}
