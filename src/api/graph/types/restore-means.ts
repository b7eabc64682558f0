import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { Outage, OutageKind, OutageScope } from '../../../service/outage.js';
import type {
  ProtectionOperation,
  ProtectionOrder,
  ProtectionOrderState,
} from '../../../switching/protection-order.js';
import type { RestoreCode, RestoreCodeEnding, RestoreCodeState } from '../../../switching/restore-code.js';
import {
  OutageKindEnum,
  OutageScopeEnum,
  ProtectionOperationEnum,
  ProtectionOrderStateEnum,
  RestoreCodeEndingEnum,
  RestoreCodeOriginEnum,
  RestoreCodeStateEnum,
} from '../enums-restore.js';
import { NodeType } from '../relay.js';
import { DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('RestoreCode', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A one-time restore code that was issued (复电码记录). Its digits are nowhere on record.',
})
export class RestoreCodeType
  extends NodeType
  implements
    Pick<
      RestoreCode,
      'state' | 'origin' | 'issuedAt' | 'issuedBy' | 'reason' | 'expiresAt' | 'endedAt' | 'endedBy' | 'refusals'
    >
{
  @Field(() => RestoreCodeStateEnum, { description: 'Where it stands (状态).' })
  state!: RestoreCodeState;

  @Field(() => RestoreCodeOriginEnum, { description: 'Why it was issued (签发方式).' })
  origin!: 'PERSON' | 'NO_ANSWER';

  @Field(() => DateTimeScalar, { description: 'When it was issued (签发时间).' })
  issuedAt!: Date;

  @Field(() => String, { description: 'Who issued it: a person, or the flow of the system that did (签发人).' })
  issuedBy!: string;

  @Field(() => String, { description: 'Why, in words (原因).' })
  reason!: string;

  @Field(() => DateTimeScalar, {
    description:
      'After this somebody is sent (有效期至). The meter itself knows no date: a later order makes it void there.',
  })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  endedAt!: Date | null;

  @Field(() => RestoreCodeEndingEnum, { nullable: true, description: 'What ended it (结束原因).' })
  endedBy!: RestoreCodeEnding | null;

  @Field(() => GraphQLInt, { description: 'Codes that the meter refused meanwhile (输错次数).' })
  refusals!: number;
}

@ObjectType('ProtectionOrder', {
  simpleResolvers: true,
  description: 'An order to a meter to refuse every cut, or to end that (保电指令).',
})
export class ProtectionOrderType implements Pick<
  ProtectionOrder,
  'operation' | 'state' | 'orderedAt' | 'reason' | 'attempts' | 'refusal' | 'endedAt'
> {
  @Field(() => ProtectionOperationEnum, { description: 'To protect, or to end it (保电或解除).' })
  operation!: ProtectionOperation;

  @Field(() => ProtectionOrderStateEnum, { description: 'Where it stands (状态).' })
  state!: ProtectionOrderState;

  @Field(() => DateTimeScalar, { description: 'When it was ordered (下达时间).' })
  orderedAt!: Date;

  @Field(() => String, { description: 'Why (原因).' })
  reason!: string;

  @Field(() => GraphQLInt, { description: 'How often it was sent (发送次数).' })
  attempts!: number;

  @Field(() => String, { nullable: true, description: "The meter's last refusal (拒绝原因)." })
  refusal!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  endedAt!: Date | null;
}

@ObjectType('Outage', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'Power is away although nothing was cut (停电事件): a fault as the meters tell it, or an announced outage.',
})
export class OutageType
  extends NodeType
  implements Pick<Outage, 'outageNumber' | 'kind' | 'scope' | 'startedAt' | 'expectedEndAt' | 'endedAt' | 'reason'>
{
  @Field(() => SafeIntScalar, { description: 'Number of the outage (事件编号).' })
  outageNumber!: bigint;

  @Field(() => OutageKindEnum, { description: 'A fault, or announced (类型).' })
  kind!: OutageKind;

  @Field(() => OutageScopeEnum, { description: 'The district, or one service point (范围).' })
  scope!: OutageScope;

  @Field(() => DateTimeScalar, { description: 'Since when (开始时间).' })
  startedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'The announced end (预计恢复时间); null for a fault.' })
  expectedEndAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was over (恢复时间); null while it lasts.' })
  endedAt!: Date | null;

  @Field(() => String, { description: 'What it rests on, or why it was announced (原因).' })
  reason!: string;
}
