import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { Bill, BillLine } from '../../../billing/bill.js';
import type { LedgerCode, LedgerEntry } from '../../../billing/ledger-entry.js';
import type {
  Payment,
  PaymentAllocation,
  PaymentChannel,
  PaymentReversal,
  PaymentState,
} from '../../../billing/payment.js';
import { LineKindEnum, TouPeriodEnum } from '../billing-enums.js';
import { LedgerCodeEnum, LedgerEntryKindEnum, PaymentChannelEnum, PaymentStateEnum } from '../enums-money.js';
import { NodeType } from '../relay.js';
import { DateScalar, DateTimeScalar, SafeIntScalar } from '../scalars.js';

@ObjectType('Bill', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'A bill over a period of local days (账单).',
})
export class BillType
  extends NodeType
  implements
    Pick<
      Bill,
      'billNumber' | 'periodFrom' | 'periodTo' | 'energyWh' | 'estimated' | 'issuedAt' | 'dueDate' | 'correctionReason'
    >
{
  @Field(() => SafeIntScalar, { description: 'Number of the bill (账单编号).' })
  billNumber!: bigint;

  @Field(() => DateScalar, { description: 'First day of the period (起始日).' })
  periodFrom!: string;

  @Field(() => DateScalar, { description: 'Day after the last day of the period (截止日, 不含).' })
  periodTo!: string;

  @Field(() => SafeIntScalar, { description: 'Energy billed, watt-hours (电量); of a correction the difference.' })
  energyWh!: bigint;

  @Field(() => Boolean, { description: 'True when a reading at its ends was estimated (含估抄).' })
  estimated!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was issued (出账时间).' })
  issuedAt!: Date;

  @Field(() => DateScalar, { description: 'Last day on which it can be paid without a late fee (缴费期限).' })
  dueDate!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Why it corrects another bill (退补原因); null for the bill of a period.',
  })
  correctionReason!: string | null;
}

@ObjectType('BillLine', {
  simpleResolvers: true,
  description: 'One line of a bill (账单明细): energy at a price, a surcharge, or free energy.',
})
export class BillLineType implements Pick<
  BillLine,
  'lineNumber' | 'kind' | 'tariffCode' | 'tier' | 'touPeriod' | 'splitEstimated' | 'energyWh'
> {
  @Field(() => LineKindEnum, { description: 'What the line is (类型).' })
  kind!: BillLine['kind'];

  @Field(() => TouPeriodEnum, {
    nullable: true,
    description: 'Period of the day the energy was used in (分时时段); null where the price is the same all day.',
  })
  touPeriod!: BillLine['touPeriod'];

  @Field(() => Boolean, {
    description:
      'True when the energy of the period was derived from a load shape and not from registers (分时电量是否估算).',
  })
  splitEstimated!: boolean;

  @Field(() => GraphQLInt, { description: 'Place in the bill, from 1 (行号).' })
  lineNumber!: number;

  @Field(() => String, { description: 'Tariff it was charged by (电价代码).' })
  tariffCode!: string;

  @Field(() => GraphQLInt, { description: 'Tier of the tariff, from 1 (阶梯档位).' })
  tier!: number;

  @Field(() => SafeIntScalar, { description: 'Energy, watt-hours (电量).' })
  energyWh!: bigint;
}

@ObjectType('Payment', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'Money received (缴费): a fact, kept for ever. No switching failure can undo it.',
})
export class PaymentType
  extends NodeType
  implements
    Pick<
      Payment,
      'accountNumber' | 'channel' | 'reference' | 'valueDate' | 'postedAt' | 'postedBy' | 'state' | 'idempotencyKey'
    >
{
  @Field(() => String, { description: 'The key under which it was handed in (幂等键).' })
  idempotencyKey!: string;

  @Field(() => String, { description: 'Account number as the payer gave it (户号).' })
  accountNumber!: string;

  @Field(() => PaymentChannelEnum, { description: 'How it came in (缴费渠道).' })
  channel!: PaymentChannel;

  @Field(() => String, { nullable: true, description: "The payer's or bank's own reference (流水号)." })
  reference!: string | null;

  @Field(() => DateScalar, { description: 'Local day on which the money counts (记账日).' })
  valueDate!: string;

  @Field(() => DateTimeScalar, { description: 'When it was posted (入账时间).' })
  postedAt!: Date;

  @Field(() => String, { description: 'Who handed it in: subject of the token (经办人).' })
  postedBy!: string;

  @Field(() => PaymentStateEnum, { description: 'Where it stands (状态).' })
  state!: PaymentState;
}

@ObjectType('PaymentAllocation', {
  simpleResolvers: true,
  description: 'What a payment settled of a bill (核销明细); a reversal adds negative ones.',
})
export class PaymentAllocationType implements Pick<PaymentAllocation, 'at'> {
  @Field(() => DateTimeScalar, { description: 'When it was settled (时间).' })
  at!: Date;
}

@ObjectType('PaymentReversal', {
  simpleResolvers: true,
  description: 'The reversal of a payment (冲正): bounced cheque, recalled transfer, mistake.',
})
export class PaymentReversalType implements Pick<PaymentReversal, 'reversedAt' | 'reversedBy' | 'reason'> {
  @Field(() => DateTimeScalar, { description: 'When it was reversed (冲正时间).' })
  reversedAt!: Date;

  @Field(() => String, { description: 'Who reversed it (经办人).' })
  reversedBy!: string;

  @Field(() => String, { description: 'Why (原因).' })
  reason!: string;
}

@ObjectType('LedgerEntry', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'One balanced pair of the ledger (会计分录): the amount moves from the credit side to the debit side. Never changed; a mistake is reversed by a new entry.',
})
export class LedgerEntryType extends NodeType implements Pick<LedgerEntry, 'at' | 'kind' | 'debitCode' | 'creditCode'> {
  @Field(() => DateTimeScalar, { description: 'When it was entered (记账时间).' })
  at!: Date;

  @Field(() => LedgerEntryKindEnum, { description: 'What it records (类型).' })
  kind!: LedgerEntry['kind'];

  @Field(() => LedgerCodeEnum, { description: 'Debit side (借方科目).' })
  debitCode!: LedgerCode;

  @Field(() => LedgerCodeEnum, { description: 'Credit side (贷方科目).' })
  creditCode!: LedgerCode;
}

/** A ledger entry as one account sees it. */
@ObjectType('AccountLedgerEntry', {
  simpleResolvers: true,
  description: 'A ledger entry in the statement of one account (账户流水), with what was owed and held after it.',
})
export class AccountLedgerEntryType {}
