import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { WorkOrder, WorkOrderKind } from '../../../service/work-order.js';
import type { CutCheck, CutCheckCode } from '../../../dunning/cut-checks.js';
import type { Interruption, InterruptionReason } from '../../../switching/interruption.js';
import type {
  ReconnectModeReason,
  SwitchCommand,
  SwitchCommandState,
  SwitchOperation,
} from '../../../switching/switch-command.js';
import {
  InterruptionReasonEnum,
  SwitchCommandStateEnum,
  SwitchModeEnum,
  SwitchOperationEnum,
  WorkOrderKindEnum,
  WorkOrderStateEnum,
} from '../enums.js';
import { CutCheckCodeEnum } from '../enums-cuts.js';
import { ReconnectModeReasonEnum } from '../enums-restore.js';
import { NodeType } from '../relay.js';
import { DateTimeScalar, JsonObjectScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('Interruption', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A reason for a service point to be without power (停电原因记录). Power is due exactly when none is open.',
})
export class InterruptionType
  extends NodeType
  implements
    Pick<
      Interruption,
      'reason' | 'openedAt' | 'openedBy' | 'owner' | 'evidence' | 'closedAt' | 'closedBy' | 'closingReason'
    >
{
  @Field(() => InterruptionReasonEnum, { description: 'Why (原因).' })
  reason!: InterruptionReason;

  @Field(() => DateTimeScalar, { description: 'Since when (开始时间).' })
  openedAt!: Date;

  @Field(() => String, { description: 'Who opened it (操作人).' })
  openedBy!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The named person who follows the customer up after the cut (责任人).',
  })
  owner!: string | null;

  @Field(() => JsonObjectScalar, {
    description: 'What it rests on (依据): for a cut, every check with its evidence and clause.',
  })
  evidence!: Record<string, unknown>;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  closedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who ended it (操作人).' })
  closedBy!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it ended (结束原因).' })
  closingReason!: string | null;
}

@ObjectType('SwitchCommand', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'One order to one relay (停复电指令), bound to account, service point, meter and installation. Watch it with `switchCommandChanged`.',
})
export class SwitchCommandType
  extends NodeType
  implements
    Pick<
      SwitchCommand,
      | 'operation'
      | 'mode'
      | 'modeReason'
      | 'modeEvidence'
      | 'rearms'
      | 'reason'
      | 'state'
      | 'requestedBy'
      | 'requestedAt'
      | 'requestReason'
      | 'approvedBy'
      | 'approvedAt'
      | 'sequence'
      | 'notAfter'
      | 'attempts'
      | 'reads'
      | 'sentAt'
      | 'acceptedAt'
      | 'endedAt'
      | 'failureCode'
      | 'failureText'
      | 'owner'
      | 'notBefore'
      | 'policyCode'
      | 'policyVersion'
      | 'releasedBy'
      | 'evidence'
    >
{
  @Field(() => SwitchOperationEnum, { description: 'Cut or restore (停电或复电).' })
  operation!: SwitchOperation;

  @Field(() => SwitchModeEnum, { description: 'How a restore closes the relay (合闸方式).' })
  mode!: 'DIRECT' | 'ARM';

  @Field(() => ReconnectModeReasonEnum, {
    nullable: true,
    description: 'Why the restore closes the relay or arms the meter (合闸方式原因); null for a cut.',
  })
  modeReason!: ReconnectModeReason | null;

  @Field(() => String, { nullable: true, description: 'What that rests on (依据).' })
  modeEvidence!: string | null;

  @Field(() => GraphQLInt, {
    description: 'How often the meter was armed again because nobody pressed its button in time (重新允许合闸次数).',
  })
  rearms!: number;

  @Field(() => InterruptionReasonEnum, {
    description: 'For a cut: why power goes off. For a restore: the reason that ended (停电原因).',
  })
  reason!: InterruptionReason;

  @Field(() => SwitchCommandStateEnum, { description: 'Where it stands (状态).' })
  state!: SwitchCommandState;

  @Field(() => String, { description: 'Who asked for it: a person, or the flow of the system that did (申请人).' })
  requestedBy!: string;

  @Field(() => DateTimeScalar, { description: 'When it was asked for (申请时间).' })
  requestedAt!: Date;

  @Field(() => String, { description: 'Why it was asked for, in words (申请原因).' })
  requestReason!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Who approved it, another person than the one who asked (审批人).',
  })
  approvedBy!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was approved (审批时间).' })
  approvedAt!: Date | null;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description:
      'Its number at the meter (序号): the meter refuses anything not greater than what it has seen. Null before it was sent.',
  })
  sequence!: bigint | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'After this the meter refuses it (失效时间).' })
  notAfter!: Date | null;

  @Field(() => GraphQLInt, { description: 'How often it was sent (发送次数).' })
  attempts!: number;

  @Field(() => GraphQLInt, { description: 'How often the meter was asked about it (召测次数).' })
  reads!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last sent (发送时间).' })
  sentAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the meter first said that it heard (接收时间).' })
  acceptedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it reached an end state (结束时间).' })
  endedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Stable code of what went wrong or ended it (失败代码).' })
  failureCode!: string | null;

  @Field(() => String, { nullable: true, description: 'The same in words (失败说明).' })
  failureText!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The named person who follows the customer up after the cut (责任人).',
  })
  owner!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The time told to the customer (告知的停电时间): a cut is not sent before.',
  })
  notBefore!: Date | null;

  @Field(() => String, { nullable: true, description: 'Code of the policy it was decided by (策略编号).' })
  policyCode!: string | null;

  @Field(() => GraphQLInt, { nullable: true, description: 'Version of that policy (策略版本).' })
  policyVersion!: number | null;

  @Field(() => String, { nullable: true, description: 'Who let it out of quarantine (隔离放行人).' })
  releasedBy!: string | null;

  @Field(() => JsonObjectScalar, { description: 'What it rests on (依据): notice and checks of a cut.' })
  evidence!: Record<string, unknown>;
}

@ObjectType('CutCheck', {
  simpleResolvers: true,
  description: 'One condition of a cut with its evidence (停电校验结果).',
})
export class CutCheckType implements CutCheck {
  @Field(() => CutCheckCodeEnum, { description: 'Which condition (校验项).' })
  code!: CutCheckCode;

  @Field(() => Boolean, { description: 'True when it holds; false blocks the cut (是否通过).' })
  passed!: boolean;

  @Field(() => String, { description: 'What was found (依据).' })
  evidence!: string;

  @Field(() => String, { description: 'The rule that asks for it (条款).' })
  clause!: string;
}

@ObjectType('WorkOrder', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Field work with an owner and a deadline (工单).',
})
export class WorkOrderType
  extends NodeType
  implements
    Pick<
      WorkOrder,
      | 'workOrderNumber'
      | 'kind'
      | 'state'
      | 'owner'
      | 'reason'
      | 'openedAt'
      | 'deadlineAt'
      | 'closedAt'
      | 'closingReason'
    >
{
  @Field(() => SafeIntScalar, { description: 'Number of the order (工单号).' })
  workOrderNumber!: bigint;

  @Field(() => WorkOrderKindEnum, { description: 'What is to be done (类型).' })
  kind!: WorkOrderKind;

  @Field(() => WorkOrderStateEnum, { description: 'Where it stands (状态).' })
  state!: 'OPEN' | 'DONE' | 'WITHDRAWN';

  @Field(() => String, { description: 'Who answers for it (责任人).' })
  owner!: string;

  @Field(() => String, { description: 'Why it was opened (原因).' })
  reason!: string;

  @Field(() => DateTimeScalar, { description: 'When it was opened (派单时间).' })
  openedAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When it must be done (时限).' })
  deadlineAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed (办结时间); null while it is open.' })
  closedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'How it ended (办结说明).' })
  closingReason!: string | null;
}
