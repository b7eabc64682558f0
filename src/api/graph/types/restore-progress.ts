import { Field, ObjectType } from 'type-graphql';
import type { RestoreRung, RestoreRungName, RungMeans, RungOutcome } from '../../../dunning/restore-rungs-policy.js';
import type { NotOwedReason, RestoreVerdict, VerdictOutcome } from '../../../dunning/restore-verdict-policy.js';
import {
  NotOwedReasonEnum,
  RestoreRungEnum,
  RungMeansEnum,
  RungOutcomeEnum,
  VerdictOutcomeEnum,
} from '../enums-after-cut.js';
import { DateTimeScalar } from '../scalars.js';

@ObjectType('RestoreVerdict', {
  simpleResolvers: true,
  description: 'Whether power came back in time after a payment (复电判定), as of now.',
})
export class RestoreVerdictType implements RestoreVerdict {
  @Field(() => VerdictOutcomeEnum, { description: 'The verdict (判定).' })
  outcome!: VerdictOutcome;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'The end of the time (时限): for the same day the midnight after it, before which power must be back; null when nothing was owed.',
  })
  deadlineAt!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the last of its service points was proven to have power (复电证实时间).',
  })
  provenAt!: Date | null;

  @Field(() => NotOwedReasonEnum, { nullable: true, description: 'Why nothing was owed (不适用原因).' })
  notOwedReason!: NotOwedReason | null;
}

@ObjectType('PaymentVerdicts', {
  simpleResolvers: true,
  description: 'Two clocks from the posting of a payment to power (缴费后复电判定).',
})
export class PaymentVerdictsType {
  @Field(() => RestoreVerdictType, { description: 'Back on the day of the payment (当日复电).' })
  sameDay!: RestoreVerdict;

  @Field(() => RestoreVerdictType, { description: "Back within the time of the customer's policy (规定时限复电)." })
  withinSla!: RestoreVerdict;
}

@ObjectType('RestoreRung', {
  simpleResolvers: true,
  description: 'One rung on the way back to power (复电梯级): the order, the customer’s button, a visit.',
})
export class RestoreRungType implements RestoreRung {
  @Field(() => RestoreRungEnum, { description: 'Which rung (梯级).' })
  rung!: RestoreRungName;

  @Field(() => DateTimeScalar, { description: 'Since when (开始时间).' })
  openedAt!: Date;

  @Field(() => DateTimeScalar, { description: 'By when it must have worked (时限).' })
  deadlineAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended (结束时间); null while it is under way.' })
  endedAt!: Date | null;

  @Field(() => RungOutcomeEnum, { description: 'What came of it (结果).' })
  outcome!: RungOutcome;

  @Field(() => RungMeansEnum, { nullable: true, description: 'What the customer does, on that rung (自助方式).' })
  means!: RungMeans | null;
}
