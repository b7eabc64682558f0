import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { AmountDue } from '../../../billing/late-fees.js';
import type { LateFeeLine, LateFeeLineKind, LateFeeWaiverKind } from '../../../billing/late-fee-policy.js';
import type { LateFeeWaiver, LateFeeWaiverState } from '../../../billing/late-fee-waiver.js';
import { LateFeeLineKindEnum, LateFeeWaiverKindEnum, LateFeeWaiverStateEnum } from '../enums-late-fees.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar } from '../scalars.js';

@ObjectType('LateFeeLine', {
  simpleResolvers: true,
  description: 'One line of a late fee (违约金明细): base, rate, days and the clause that says so.',
})
export class LateFeeLineType implements Pick<
  LateFeeLine,
  'kind' | 'fromDate' | 'toDate' | 'days' | 'ratePerMille' | 'clause'
> {
  @Field(() => LateFeeLineKindEnum, { description: 'What it is (类型).' })
  kind!: LateFeeLineKind;

  @Field(() => DateScalar, { description: 'First day (起始日).' })
  fromDate!: string;

  @Field(() => DateScalar, { description: 'Last day, included (截止日, 含).' })
  toDate!: string;

  @Field(() => GraphQLInt, { nullable: true, description: 'Number of days (天数); null where no daily rate applies.' })
  days!: number | null;

  @Field(() => GraphQLInt, {
    nullable: true,
    description: 'Thousandths of `base` per day (日费率, ‰); null where no daily rate applies.',
  })
  ratePerMille!: number | null;

  @Field(() => String, { description: 'The clause it follows, or what was waived (依据).' })
  clause!: string;
}

@ObjectType('LateFee', {
  simpleResolvers: true,
  description: 'The late fee of a bill up to a day (违约金测算), computed from the facts known now.',
})
export class LateFeeType {
  @Field(() => DateScalar, { description: 'Up to and including this day (计算至).' })
  onDate!: string;
}

@ObjectType('AmountDueBill', { simpleResolvers: true, description: 'What one bill takes on a day (应缴明细).' })
export class AmountDueBillType {
  @Field(() => DateScalar, { description: 'Last day on which it could be paid without a late fee (缴费期限).' })
  dueDate!: string;
}

@ObjectType('AmountDue', {
  simpleResolvers: true,
  description:
    'What an account has to pay on a day, bill by bill (应缴金额明细): told before money is taken. A payment of `total` with this value date leaves nothing open.',
})
export class AmountDueType implements Pick<AmountDue, 'onDate'> {
  @Field(() => DateScalar, { description: 'The day (日期).' })
  onDate!: string;
}

@ObjectType('LateFeeWaiver', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A late fee waived, or asked to be (违约金减免): days that bear none, or an amount taken off.',
})
export class LateFeeWaiverType
  extends NodeType
  implements
    Pick<
      LateFeeWaiver,
      | 'kind'
      | 'state'
      | 'fromDate'
      | 'toDate'
      | 'evidence'
      | 'reason'
      | 'twoPersons'
      | 'requestedAt'
      | 'requestedBy'
      | 'decidedAt'
      | 'decidedBy'
      | 'decisionReason'
    >
{
  @Field(() => LateFeeWaiverKindEnum, { description: 'Why (减免原因).' })
  kind!: LateFeeWaiverKind;

  @Field(() => LateFeeWaiverStateEnum, { description: 'Where it stands (状态).' })
  state!: LateFeeWaiverState;

  @Field(() => DateScalar, { nullable: true, description: 'First day that bears no fee (起始日); null: an amount.' })
  fromDate!: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Last day that bears no fee (截止日, 含); null: an amount.' })
  toDate!: string | null;

  @Field(() => String, { description: 'What proves it (凭证).' })
  evidence!: string;

  @Field(() => String, { description: 'Why, in words (原因).' })
  reason!: string;

  @Field(() => Boolean, { description: 'True: above what one person may waive (需第二人审批).' })
  twoPersons!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was asked for (申请时间).' })
  requestedAt!: Date;

  @Field(() => String, { description: 'Who asked for it (申请人).' })
  requestedBy!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was decided (审批时间).' })
  decidedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Who decided (审批人).' })
  decidedBy!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was decided so (审批意见); null when nobody else had to.',
  })
  decisionReason!: string | null;
}
