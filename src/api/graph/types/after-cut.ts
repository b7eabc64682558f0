import { GraphQLFloat, GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type {
  CompensationCase,
  CompensationKind,
  CompensationState,
  WrongfulCutCause,
} from '../../../dunning/compensation-case.js';
import type { FollowUp, FollowUpContact, FollowUpOutcome, FollowUpState } from '../../../dunning/follow-up.js';
import type { RestoreBreach, RestoreBreachKind } from '../../../dunning/restore-breach.js';
import type { ContactMeans } from '../../../dunning/standing.js';
import { ContactMeansEnum } from '../enums-standing.js';
import {
  CompensationKindEnum,
  CompensationStateEnum,
  FollowUpOutcomeEnum,
  FollowUpStateEnum,
  RestoreBreachKindEnum,
  WrongfulCutCauseEnum,
} from '../enums-after-cut.js';
import { NodeType } from '../relay.js';
import { DateTimeScalar } from '../scalars.js';

@ObjectType('FollowUp', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'The named person who stays in touch with a customer from a cut for debt until power is back (停电后跟踪). Opened by the proof of the cut, closed by the proof of power.',
})
export class FollowUpType
  extends NodeType
  implements Pick<FollowUp, 'owner' | 'state' | 'openedAt' | 'nextDueAt' | 'closedAt' | 'closingReason'>
{
  @Field(() => String, { description: 'Who answers for it (责任人).' })
  owner!: string;

  @Field(() => FollowUpStateEnum, { description: 'Where it stands (状态).' })
  state!: FollowUpState;

  @Field(() => DateTimeScalar, { description: 'Since when (开始时间).' })
  openedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the customer is to be spoken to next (下次联系时间); null once it is closed.',
  })
  nextDueAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed (结束时间).' })
  closedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it was closed (结束原因).' })
  closingReason!: string | null;
}

@ObjectType('FollowUpContact', {
  simpleResolvers: true,
  description: 'One contact with a customer after a cut (跟踪记录). Never changed.',
})
export class FollowUpContactType implements Omit<FollowUpContact, 'id' | 'followUpId' | '[OptionalProps]'> {
  @Field(() => DateTimeScalar, { description: 'When (时间).' })
  at!: Date;

  @Field(() => ContactMeansEnum, { description: 'How (方式).' })
  means!: ContactMeans;

  @Field(() => FollowUpOutcomeEnum, { description: 'What it came to (结果).' })
  outcome!: FollowUpOutcome;

  @Field(() => String, { description: 'What was said (内容).' })
  note!: string;

  @Field(() => String, { description: 'Who spoke to the customer (记录人).' })
  recordedBy!: string;

  @Field(() => Boolean, { description: 'True: somebody else than the owner stood in (代办).' })
  standIn!: boolean;

  @Field(() => DateTimeScalar, { description: 'When the next contact was due after it (下次联系时间).' })
  nextDueAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When it was put on record (登记时间).' })
  recordedAt!: Date;
}

@ObjectType('RestoreBreach', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A promise to restore that was not kept (超时复电), recorded once, with the explanation given and whether the customer accepts it.',
})
export class RestoreBreachType
  extends NodeType
  implements
    Pick<
      RestoreBreach,
      | 'kind'
      | 'startedAt'
      | 'dueAt'
      | 'detectedAt'
      | 'owner'
      | 'explanation'
      | 'explainedBy'
      | 'explainedAt'
      | 'acceptedByCustomer'
      | 'acceptanceProof'
      | 'acceptanceRecordedBy'
      | 'acceptanceAt'
    >
{
  @Field(() => RestoreBreachKindEnum, { description: 'Which promise (类型).' })
  kind!: RestoreBreachKind;

  @Field(() => DateTimeScalar, { description: 'When the clock started: posting of the payment (起算时间).' })
  startedAt!: Date;

  @Field(() => DateTimeScalar, { description: 'By when power had to be back (时限).' })
  dueAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When it was found (发现时间).' })
  detectedAt!: Date;

  @Field(() => String, { description: 'Who answers for it (责任人).' })
  owner!: string;

  @Field(() => String, { nullable: true, description: 'What the customer was told (解释).' })
  explanation!: string | null;

  @Field(() => String, { nullable: true, description: 'Who explained it (解释人).' })
  explainedBy!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was explained (解释时间).' })
  explainedAt!: Date | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the customer accepts the explanation (是否谅解); null: not asked yet.',
  })
  acceptedByCustomer!: boolean | null;

  @Field(() => String, { nullable: true, description: "What proves the customer's word (谅解凭证)." })
  acceptanceProof!: string | null;

  @Field(() => String, { nullable: true, description: 'Who recorded it (记录人).' })
  acceptanceRecordedBy!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was recorded (记录时间).' })
  acceptanceAt!: Date | null;
}

@ObjectType('CompensationCase', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'Compensation for a wrongful cut or a late restore (停电赔偿): opened by one person or by a fact on record, decided by another person.',
})
export class CompensationCaseType
  extends NodeType
  implements
    Pick<
      CompensationCase,
      | 'kind'
      | 'state'
      | 'cause'
      | 'evidence'
      | 'openedAt'
      | 'openedBy'
      | 'declaredBy'
      | 'darkFrom'
      | 'days'
      | 'clause'
      | 'policyCode'
      | 'policyVersion'
      | 'decidedAt'
      | 'decidedBy'
      | 'decisionReason'
    >
{
  @Field(() => CompensationKindEnum, { description: 'What is compensated (类型).' })
  kind!: CompensationKind;

  @Field(() => CompensationStateEnum, { description: 'Where it stands (状态).' })
  state!: CompensationState;

  @Field(() => WrongfulCutCauseEnum, { nullable: true, description: 'Why the cut was wrong (错停原因).' })
  cause!: WrongfulCutCause | null;

  @Field(() => String, { description: 'What proves it (依据).' })
  evidence!: string;

  @Field(() => DateTimeScalar, { description: 'When it was opened (立案时间).' })
  openedAt!: Date;

  @Field(() => String, { description: 'Who or what opened it (立案人).' })
  openedBy!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Who says that the cut was wrong (认定人); null while it is only suggested by what a meter reported.',
  })
  declaredBy!: string | null;

  @Field(() => DateTimeScalar, { description: 'Since when it counts (起算时间).' })
  darkFrom!: Date;

  @Field(() => GraphQLInt, { description: 'Days begun without power, as of the opening or the decision (天数).' })
  days!: number;

  @Field(() => String, {
    nullable: true,
    description: 'The clause the proposed amount follows (依据条款); null where the policy names no amount.',
  })
  clause!: string | null;

  @Field(() => String, { nullable: true, description: 'Code of the policy (策略编号).' })
  policyCode!: string | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Version of that policy (策略版本).' })
  policyVersion!: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was decided (审批时间).' })
  decidedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who decided (审批人).' })
  decidedBy!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it was decided so (审批意见).' })
  decisionReason!: string | null;
}

@ObjectType('LatencyFigures', { simpleResolvers: true, description: 'How long something took (时长统计), in seconds.' })
export class LatencyFiguresType {
  @Field(() => GraphQLInt, { description: 'How many were measured (数量).' })
  count!: number;

  @Field(() => GraphQLFloat, { nullable: true, description: 'Median (中位数); null where nothing was measured.' })
  medianSeconds!: number | null;

  @Field(() => GraphQLFloat, { nullable: true, description: '95 of 100 took at most this (95分位).' })
  p95Seconds!: number | null;

  @Field(() => GraphQLFloat, { nullable: true, description: 'The longest (最长).' })
  maxSeconds!: number | null;
}

@ObjectType('SwitchLatencies', {
  simpleResolvers: true,
  description: 'How fast power goes and how fast it comes back (停复电时长对照), side by side.',
})
export class SwitchLatenciesType {
  @Field(() => LatencyFiguresType, {
    description: 'From the request of a cut for debt to the proof that power is off (停电时长).',
  })
  cuts!: LatencyFiguresType;

  @Field(() => LatencyFiguresType, {
    description: 'From the posting of a payment to the proof that all its power is back (复电时长).',
  })
  restores!: LatencyFiguresType;

  @Field(() => GraphQLInt, {
    description: 'Payments of the period that ordered a restore, those still dark included (应复电笔数).',
  })
  restoresOwed!: number;

  @Field(() => GraphQLFloat, {
    nullable: true,
    description:
      'Share of `restoresOwed` back on the day of the payment, 0 to 1 (当日复电率); null where none was owed.',
  })
  sameDayShare!: number | null;

  @Field(() => GraphQLFloat, {
    nullable: true,
    description: 'Share of `restoresOwed` back within the time of the policy, 0 to 1 (时限内复电率).',
  })
  withinSlaShare!: number | null;
}

@ObjectType('CutRate', {
  simpleResolvers: true,
  description: 'The cut rate (催费停电率): service points cut for arrears ÷ service points billed, both shown.',
})
export class CutRateType {
  @Field(() => GraphQLInt, { description: 'Service points whose cut for arrears was proven in the period (停电户数).' })
  cutPoints!: number;

  @Field(() => GraphQLInt, { description: 'Service points billed in the period (出账户数).' })
  billedPoints!: number;

  @Field(() => GraphQLFloat, {
    nullable: true,
    description: '`cutPoints` ÷ `billedPoints` (停电率); null where nothing was billed.',
  })
  rate!: number | null;
}
