import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { ContactKind } from '../../../accounts/customer.js';
import type { ContactVerdict } from '../../../dunning/contact-quality-policy.js';
import type { Hold, HoldOutcome } from '../../../dunning/hold.js';
import type { ArrearsCause, CreditRating, HoldKind } from '../../../dunning/words.js';
import {
  ArrearsCauseEnum,
  ContactVerdictEnum,
  CreditRatingEnum,
  HoldKindEnum,
  HoldOutcomeEnum,
} from '../enums-standing.js';
import { ContactKindEnum } from '../enums.js';
import { MoneyType } from '../money.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';

@ObjectType('Hold', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Why dunning of an account stands still (暂缓). While it is open no cut for debt is sent.',
})
export class HoldType
  extends NodeType
  implements
    Pick<
      Hold,
      | 'kind'
      | 'reason'
      | 'evidence'
      | 'openedAt'
      | 'openedBy'
      | 'fromDate'
      | 'untilDate'
      | 'rulingOwner'
      | 'rulingDueAt'
      | 'closedAt'
      | 'closedBy'
      | 'outcome'
      | 'closingReason'
    >
{
  @Field(() => HoldKindEnum, { description: 'Kind (类型).' })
  kind!: HoldKind;

  @Field(() => String, { description: 'What the customer said (原因).' })
  reason!: string;

  @Field(() => String, { nullable: true, description: 'Reference of the paper it rests on (凭证).' })
  evidence!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was opened (登记时间).' })
  openedAt!: Date;

  @Field(() => String, { description: 'Who opened it (登记人).' })
  openedBy!: string;

  @Field(() => DateScalar, { description: 'First day (起始日).' })
  fromDate!: string;

  @Field(() => DateScalar, { nullable: true, description: 'Last day (截止日); null: until a person ends it.' })
  untilDate!: string | null;

  @Field(() => String, { nullable: true, description: 'Who must rule (裁定责任人); null where nobody has to.' })
  rulingOwner!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'Until when the ruling is due (裁定时限): the end of the third working day. A late ruling goes on holding.',
  })
  rulingDueAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is open.' })
  closedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who ended it (结束人).' })
  closedBy!: string | null;

  @Field(() => HoldOutcomeEnum, { nullable: true, description: 'How it ended (结果); null while it is open.' })
  outcome!: HoldOutcome | null;

  @Field(() => String, { nullable: true, description: 'Why it ended (结束原因).' })
  closingReason!: string | null;
}

@ObjectType('PlanInstalment', { simpleResolvers: true, description: 'One instalment of a payment plan (分期).' })
export class PlanInstalmentType {
  @Field(() => DateScalar, { description: 'When it is due (应缴日).' })
  dueDate!: string;

  @Field(() => MoneyType, { description: 'How much (金额).' })
  amount!: MoneyType;
}

@ObjectType('RatingReason', { simpleResolvers: true, description: 'One reason of a credit rating (评级依据).' })
export class RatingReasonType {
  @Field(() => String, { description: 'Code of the reason (代码), e.g. CUT_BEFORE.' })
  code!: string;

  @Field(() => CreditRatingEnum, { description: 'The best rating it allows (可评最高等级).' })
  allows!: CreditRating;

  @Field(() => String, { description: 'What it rests on (依据).' })
  evidence!: string;
}

@ObjectType('JudgedContact', {
  simpleResolvers: true,
  description: 'A contact and whether it reaches somebody (联系方式核实). The number itself is with the customer.',
})
export class JudgedContactType {
  @Field(() => ContactKindEnum, { description: 'Which way it is (类型).' })
  kind!: ContactKind;

  @Field(() => ContactVerdictEnum, { description: 'Whether it reaches somebody, and if not why (核实结果).' })
  verdict!: ContactVerdict;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When somebody was last reached there (最近联系上).' })
  lastReachedAt!: Date | null;
}

@ObjectType('CustomerStanding', {
  simpleResolvers: true,
  description: 'How the customer stands (客户状况): credit rating, cause of arrears, contacts, protections asked for.',
})
export class CustomerStandingType {
  @Field(() => CreditRatingEnum, { description: 'Credit rating (信誉度), derived from history each time.' })
  creditRating!: CreditRating;

  @Field(() => [RatingReasonType], { description: 'Why (评级依据): the rating is the worst that any of these allows.' })
  ratingReasons!: readonly RatingReasonType[];

  @Field(() => ArrearsCauseEnum, {
    nullable: true,
    description: 'Why the customer is in arrears (欠费原因); null: nobody has found out.',
  })
  arrearsCause!: ArrearsCause | null;

  @Field(() => GraphQLInt, { description: 'How many contacts are proven to reach somebody (有效联系方式数).' })
  reachableContacts!: number;

  @Field(() => Boolean, { description: 'True when those are landlines only (仅有座机): no text reaches the customer.' })
  landlineOnly!: boolean;

  @Field(() => [JudgedContactType], { description: 'Each contact, judged (联系方式核实).' })
  contacts!: readonly JudgedContactType[];

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the customer was last reached at any contact (最近联系上).',
  })
  lastContactProof!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Last attempt by voice or in person (最近联系尝试), successful or not.',
  })
  lastContactAttemptAt!: Date | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'When the customer was last asked about protections (保护询问日); null: never, which is not a "no".',
  })
  protectionAskedOn!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'End of the last hold (最近暂缓结束): a cut notice served before it does not count any more.',
  })
  heldUntil!: Date | null;
}
