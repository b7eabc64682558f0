import { GraphQLFloat, GraphQLID, GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { AuditEntryRow } from '../../../platform/audit-entry.js';
import type { SwitchCommandState } from '../../../switching/switch-command.js';
import { RoleEnum, ActorKindEnum, ClockModeEnum, SwitchCommandStateEnum } from '../enums.js';
import { NodeType } from '../relay.js';
import { DateTimeScalar, JsonObjectScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('AuditEntry', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'One state change, told once (审计记录): who, what, why, when. Never changed, never deleted.',
})
export class AuditEntryType
  extends NodeType
  implements
    Pick<
      AuditEntryRow,
      | 'at'
      | 'recordedWallAt'
      | 'actorKind'
      | 'actor'
      | 'act'
      | 'subjectType'
      | 'fromState'
      | 'toState'
      | 'reason'
      | 'detail'
    >
{
  @Field(() => DateTimeScalar, { description: 'When it happened (发生时间).' })
  at!: Date;

  @Field(() => DateTimeScalar, { description: 'When it was recorded, wall clock (记录时间).' })
  recordedWallAt!: Date;

  @Field(() => ActorKindEnum, { description: 'Who acted: a person, the system, a meter (操作主体).' })
  actorKind!: 'PERSON' | 'SYSTEM' | 'METER';

  @Field(() => String, { description: 'The token subject, the flow, or the meter (操作人).' })
  actor!: string;

  @Field(() => String, { description: 'What was done (动作), e.g. "switch-command.moved".' })
  act!: string;

  @Field(() => String, { description: 'Type of what it was done to (对象类型).' })
  subjectType!: string;

  @Field(() => String, { nullable: true, description: 'State before (原状态).' })
  fromState!: string | null;

  @Field(() => String, { nullable: true, description: 'State after (新状态).' })
  toState!: string | null;

  @Field(() => String, { nullable: true, description: 'Why (原因).' })
  reason!: string | null;

  @Field(() => JsonObjectScalar, { description: 'Evidence: ids and figures (明细).' })
  detail!: Record<string, unknown>;
}

@ObjectType('QuarantinedMessage', {
  simpleResolvers: true,
  description: 'What arrived over MQTT and could not be used, byte for byte, with the reason (隔离报文).',
})
export class QuarantinedMessageType {
  @Field(() => SafeIntScalar, { description: 'Number of the message, rising (编号).' })
  number!: bigint;

  @Field(() => String, { description: 'Topic it came on (主题).' })
  topic!: string;

  @Field(() => String, { description: 'The bytes, base64 (原始报文).' })
  payloadBase64!: string;

  @Field(() => GraphQLInt, {
    description: 'Its size, bytes (字节数). Of an oversized message only the beginning is kept.',
  })
  payloadBytes!: number;

  @Field(() => String, { description: 'Stable code of what is wrong (代码).' })
  code!: string;

  @Field(() => String, { description: 'The same in words (说明).' })
  message!: string;

  @Field(() => DateTimeScalar, { description: 'When it arrived (接收时间).' })
  receivedAt!: Date;
}

@ObjectType('CommandStateCount', {
  simpleResolvers: true,
  description: 'How many switch commands are in a state (指令计数).',
})
export class CommandStateCountType {
  @Field(() => SwitchCommandStateEnum, { description: 'The state (状态).' })
  state!: SwitchCommandState;

  @Field(() => GraphQLInt, { description: 'How many (数量).' })
  count!: number;
}

@ObjectType('OperationsBoard', {
  simpleResolvers: true,
  description: 'Operations at a glance (运行看板), as far as the viewer can see.',
})
export class OperationsBoardType {
  @Field(() => DateTimeScalar, { description: 'As of when (统计时间).' })
  at!: Date;

  @Field(() => [CommandStateCountType], {
    description: 'Open switch commands by state (在途指令); states without any are listed with 0.',
  })
  openCommands!: CommandStateCountType[];

  @Field(() => GraphQLFloat, {
    nullable: true,
    description:
      'Age of the oldest restore still under way, wall-clock seconds (最久未完成复电); null when none waits.',
  })
  oldestRestoreAgeSeconds!: number | null;

  @Field(() => GraphQLInt, { description: 'Field work to be done (未结工单).' })
  openWorkOrders!: number;

  @Field(() => GraphQLInt, { description: 'Field work past its deadline (超时工单).' })
  overdueWorkOrders!: number;

  @Field(() => GraphQLInt, { description: 'Gateways that are offline (离线网关).' })
  gatewaysOffline!: number;

  @Field(() => GraphQLInt, { description: 'Gateways never heard of (从未上线网关).' })
  gatewaysNeverHeard!: number;

  @Field(() => GraphQLInt, {
    description: 'Service points where power is due and the meter reports it off (应供未供).',
  })
  darkThoughDue!: number;

  @Field(() => GraphQLInt, {
    description: 'Service points where power is not due and the meter reports it on (应停未停).',
  })
  litThoughNotDue!: number;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Messages in quarantine (隔离报文数), counted to 10,000; null for viewers bound to districts.',
  })
  quarantinedMessages!: number | null;

  @Field(() => Boolean, { description: 'True while no cut is sent (紧急停止是否启用).' })
  killSwitchEngaged!: boolean;
}

@ObjectType('KillSwitch', {
  simpleResolvers: true,
  description: 'While engaged no cut is sent; restores go on (紧急停止开关).',
})
export class KillSwitchType {
  @Field(() => Boolean, { description: 'True while no cut is sent (是否启用).' })
  engaged!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last set (设置时间); null if never.' })
  since!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who set it (操作人).' })
  setBy!: string | null;

  @Field(() => String, { nullable: true, description: 'Why (原因).' })
  reason!: string | null;
}

@ObjectType('ProductClock', { simpleResolvers: true, description: 'The one clock everything runs by (统一时钟).' })
export class ProductClockType {
  @Field(() => ClockModeEnum, { description: 'Real or simulated (模式).' })
  mode!: 'REAL' | 'SIMULATED';

  @Field(() => DateTimeScalar, { description: 'Product time now (当前时间).' })
  now!: Date;

  @Field(() => GraphQLFloat, {
    description: 'Product seconds per wall second (倍速): 1 is real speed, 0 stands still.',
  })
  scale!: number;

  @Field(() => SafeIntScalar, { description: 'Grows by one with every change of the clock (版本).' })
  version!: bigint;
}

@ObjectType('Limit', {
  simpleResolvers: true,
  description: 'One bound of the product (限制). Meeting it is a named error, never a silent cut-off.',
})
export class LimitType {
  @Field(() => String, { description: 'Its name (名称).' })
  name!: string;

  @Field(() => SafeIntScalar, { description: 'The greatest value allowed (上限).' })
  value!: number;

  @Field(() => String, { description: 'What it counts (单位).' })
  unit!: string;

  @Field(() => String, { description: 'Why it is there (理由).' })
  reason!: string;
}

@ObjectType('Viewer', { simpleResolvers: true, description: 'Who is calling, as the access token says (当前用户).' })
export class ViewerType {
  @Field(() => String, { description: 'Subject of the token: the name under which acts are recorded (用户标识).' })
  subject!: string;

  @Field(() => [RoleEnum], { description: 'Roles (角色).' })
  roles!: readonly string[];

  @Field(() => [String], { description: 'For a customer: the account numbers that are theirs (户号).' })
  accountNumbers!: readonly string[];

  @Field(() => [String], { description: 'For a district manager: codes of the own districts (台区编号).' })
  districtCodes!: readonly string[];

  @Field(() => DateTimeScalar, { description: 'When the token ends, wall clock (到期时间).' })
  expiresAt!: Date;
}

@ObjectType('UserError', {
  simpleResolvers: true,
  description:
    'Something the caller can put right (业务错误). The codes are listed in docs/errors.md; nothing was changed.',
})
export class UserErrorType {
  @Field(() => String, { description: 'Stable code (代码).' })
  code!: string;

  @Field(() => String, { description: 'What is wrong and what to do next (说明).' })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Path of the member of `input` at fault (字段), e.g. "amount.currency"; null if it is not one member.',
  })
  field!: string | null;

  @Field(() => GraphQLID, {
    nullable: true,
    description: 'Global id of the object that is in the way (相关对象), e.g. the command that is open already.',
  })
  relatedId!: string | null;
}
