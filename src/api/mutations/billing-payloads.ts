import { GraphQLInt } from 'graphql';
import { Field, InputType, ObjectType } from 'type-graphql';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../graph/scalars.js';
import { AccountType, ServicePointType } from '../graph/types/accounts.js';
import { BillType } from '../graph/types/billing.js';
import { BillingRunType } from '../graph/types/billing-runs.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('StartBillingRunInput', { description: 'A billing run asked for (发起核算).' })
export class StartBillingRunInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Code of the transformer district (台区编码); absent: the whole company.',
  })
  districtCode?: string | null;

  @Field(() => DateScalar, { description: 'Day up to which is billed, exclusive (截止日, 不含): today or earlier.' })
  periodTo!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('BillingRunPayload', { simpleResolvers: true, description: 'Answer to startBillingRun (发起核算结果).' })
export class BillingRunPayload {
  @Field(() => BillingRunType, {
    nullable: true,
    description:
      'The run (核算批次): a new one, or the one for the same days that is open; null when there are user errors.',
  })
  billingRun!: BillingRunType | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@InputType('CorrectReadingInput', { description: 'A reading to be corrected (错抄更正).' })
export class CorrectReadingInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Serial of the meter (电表资产号).' })
  meterSerial!: string;

  @Field(() => DateTimeScalar, { description: 'Instant of the wrong reading, exactly as it is stored (示数时间).' })
  readAt!: Date;

  @Field(() => SafeIntScalar, { description: 'What the register truly showed, watt-hours (正确示数).' })
  energyWh!: number;

  @Field(() => String, { description: 'What proves it (凭证): a photo, a field report.' })
  evidence!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('CorrectReadingPayload', { simpleResolvers: true, description: 'Answer to correctReading (更正结果).' })
export class CorrectReadingPayload {
  @Field(() => ServicePointType, {
    nullable: true,
    description: 'The service point (用电点); null when there are user errors.',
  })
  servicePoint!: ServicePointType | null;

  @Field(() => [BillType], { nullable: true, description: 'Bills that correct earlier ones (退补账单).' })
  correctionBills!: BillType[] | null;

  @Field(() => [SwitchCommandType], {
    nullable: true,
    description: 'Restores ordered because nothing is overdue any more (复电指令).',
  })
  restoreCommands!: SwitchCommandType[] | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@InputType('SetSettlementCycleInput', { description: 'How often an account is settled (设置每月结算次数).' })
export class SetSettlementCycleInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => GraphQLInt, { description: 'Settlements a month (每月结算次数), 1 to 6.' })
  settlementsPerMonth!: number;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('SetSettlementCyclePayload', {
  simpleResolvers: true,
  description: 'Answer to setSettlementCycle (设置结果).',
})
export class SetSettlementCyclePayload {
  @Field(() => AccountType, {
    nullable: true,
    description: 'The account as it is now (户号); null when there are user errors.',
  })
  account!: AccountType | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}
