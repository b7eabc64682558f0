import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { DunningStage, LadderReason, LadderStepState } from '../../../dunning/ladder.js';
import type { Notice, NoticeLanguage, NoticeRecipient } from '../../../dunning/notice.js';
import type { NoticeChannel, NoticePurpose, NoticeState, ProofKind } from '../../../dunning/words.js';
import {
  DunningStageEnum,
  LadderReasonEnum,
  LadderStepStateEnum,
  NoticeChannelEnum,
  NoticePurposeEnum,
  NoticeRecipientEnum,
  NoticeStateEnum,
  ProofKindEnum,
} from '../enums-dunning.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';
import { BilingualTextType } from './power.js';

@ObjectType('Notice', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A notice to a customer about arrears (通知), with its text as it was given.',
})
export class NoticeType
  extends NodeType
  implements
    Pick<
      Notice,
      | 'stepCode'
      | 'purpose'
      | 'state'
      | 'channel'
      | 'recipient'
      | 'byGateway'
      | 'owner'
      | 'deadlineAt'
      | 'mandatory'
      | 'language'
      | 'body'
      | 'policyCode'
      | 'policyVersion'
      | 'announcedCutAt'
      | 'createdAt'
      | 'sentAt'
      | 'servedAt'
      | 'failedAt'
      | 'withdrawnAt'
      | 'failureCode'
      | 'proofKind'
      | 'proofReference'
      | 'proofRecordedBy'
    >
{
  @Field(() => String, { description: 'Number of the notice (通知编号), printed on its slip.' })
  noticeNumber!: string;

  @Field(() => String, { nullable: true, description: 'Step of the ladder (步骤); null for a last call.' })
  stepCode!: string | null;

  @Field(() => NoticePurposeEnum, { description: 'What it is for (类型).' })
  purpose!: NoticePurpose;

  @Field(() => NoticeStateEnum, { description: 'Where it stands (状态).' })
  state!: NoticeState;

  @Field(() => NoticeChannelEnum, { description: 'The way it goes now (送达方式).' })
  channel!: NoticeChannel;

  @Field(() => NoticeRecipientEnum, { description: 'Whom it is for (送达对象).' })
  recipient!: NoticeRecipient;

  @Field(() => Boolean, { description: 'True: the gateway sends it; false: a person serves it (是否由网关发送).' })
  byGateway!: boolean;

  @Field(() => String, { nullable: true, description: 'Who serves it (责任人); null where the gateway sends it.' })
  owner!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Until when a person serves it (时限).' })
  deadlineAt!: Date | null;

  @Field(() => Boolean, { description: 'True: no cut without its proven service (是否必经).' })
  mandatory!: boolean;

  @Field(() => String, { description: 'Language of its text (语言): zh or en.' })
  language!: NoticeLanguage;

  @Field(() => String, { description: 'Its text in full (正文). Personal data.' })
  body!: string;

  @Field(() => [ProofKindEnum], {
    description: 'Any one of these proves its service (可接受的证明); none: it counts when sent.',
  })
  acceptedProofs!: ProofKind[];

  @Field(() => String, { description: 'Policy it was made under (政策代码).' })
  policyCode!: string;

  @Field(() => GraphQLInt, { description: 'Version of the policy (政策版本).' })
  policyVersion!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'No cut before this, as it was told (预告停电时间).' })
  announcedCutAt!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When it was prepared (生成时间).' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the gateway took it (发送时间).' })
  sentAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was served (送达时间).' })
  servedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its last way failed (失败时间).' })
  failedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was taken back (撤回时间).' })
  withdrawnAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why its last way failed, or why it was taken back (失败代码).' })
  failureCode!: string | null;

  @Field(() => ProofKindEnum, { nullable: true, description: 'What proves its service (送达证明).' })
  proofKind!: ProofKind | null;

  @Field(() => String, { nullable: true, description: 'Number of the slip, record or report (证明编号).' })
  proofReference!: string | null;

  @Field(() => String, { nullable: true, description: 'Who recorded the proof (登记人).' })
  proofRecordedBy!: string | null;
}

@ObjectType('LadderStep', { simpleResolvers: true, description: 'One step of the ladder as it stands now (催费步骤).' })
export class LadderStepType {
  @Field(() => String, { description: 'Code of the step in its policy (步骤代码).' })
  code!: string;

  @Field(() => BilingualTextType, { description: 'What it is called (名称).' })
  name!: BilingualTextType;

  @Field(() => NoticePurposeEnum, { description: 'What it is for (类型).' })
  purpose!: NoticePurpose;

  @Field(() => LadderStepStateEnum, { description: 'Where it stands (状态).' })
  state!: LadderStepState;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Local day on which it is due, or can be at the earliest while its predecessor is open (应执行日).',
  })
  dueOn!: string | null;

  @Field(() => LadderReasonEnum, { nullable: true, description: 'Why it stands there (原因代码).' })
  reasonCode!: LadderReason | null;

  @Field(() => String, { nullable: true, description: 'The reason in words (原因).' })
  reason!: string | null;

  readonly noticeId!: string | null;
  readonly anchoredTo!: string | null;
}

@ObjectType('Dunning', {
  simpleResolvers: true,
  description: 'The dunning ladder of an account (催费阶梯), computed now from its bills, payments and notices.',
})
export class DunningType {
  @Field(() => DunningStageEnum, { description: 'How far it has come (阶段).' })
  stage!: DunningStage;

  @Field(() => [LadderStepType], { description: 'Every step of the policy, in order (步骤).' })
  steps!: LadderStepType[];

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Time alone changes nothing before this (下次变化); null: only an event does.',
  })
  nextAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'The pause that holds it back, with its reason (暂停说明).' })
  paused!: string | null;

  @Field(() => String, { nullable: true, description: 'The hold that holds it back (暂缓说明).' })
  held!: string | null;

  @Field(() => String, { description: 'Policy it follows (政策代码).' })
  policyCode!: string;

  @Field(() => GraphQLInt, { description: 'Version of the policy (政策版本).' })
  policyVersion!: number;

  readonly anchoredTo!: string | null;
}

@ObjectType('LadderStepOutcome', {
  simpleResolvers: true,
  description: 'A step of an earlier case of arrears that was not taken, with its reason (未执行步骤).',
})
export class LadderStepOutcomeType {
  @Field(() => String, { description: 'Code of the step (步骤代码).' })
  stepCode!: string;

  @Field(() => LadderStepStateEnum, { description: 'SKIPPED, WITHDRAWN or NEVER_ACTIONED (结果).' })
  state!: LadderStepState;

  @Field(() => LadderReasonEnum, { description: 'Why (原因代码).' })
  reasonCode!: LadderReason;

  @Field(() => String, { description: 'The reason in words (原因).' })
  reason!: string;

  @Field(() => DateTimeScalar, { description: 'When the case closed (结案时间).' })
  at!: Date;

  readonly anchorBillId!: string | null;
}
