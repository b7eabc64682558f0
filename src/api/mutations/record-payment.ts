import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import type { PaymentChannel } from '../../billing/payment.js';
import { receivePayment } from '../../flows/receive-payment.js';
import { UserError } from '../../platform/errors.js';
import type { Role } from '../auth/viewer.js';
import { actorOf, type ApiContext } from '../context.js';
import { PaymentChannelEnum } from '../graph/enums-money.js';
import { MoneyInput, positiveMinor } from '../graph/money.js';
import { DateScalar } from '../graph/scalars.js';
import { attempt } from './attempt.js';
import { checkKey, checkOptional } from './checks.js';
import { PaymentPayload, type PaymentAnswer } from './payment-payload.js';
import { INPUT, KEY } from './texts.js';

const ACCOUNT_NUMBER_CHARACTERS = 32;
const REFERENCE_CHARACTERS = 128;

/** Whoever hands money in says how it came, but only in ways that are theirs: a bank takes no cash at our counter. */
const CHANNELS: Partial<Readonly<Record<Role, readonly PaymentChannel[]>>> = {
  BANK: ['BANK', 'BANK_FILE', 'MOBILE_APP', 'SELF_SERVICE'],
  COUNTER: ['COUNTER_CASH', 'COUNTER_CHEQUE', 'SELF_SERVICE', 'MOBILE_APP'],
  SUPERVISOR: ['COUNTER_CASH', 'COUNTER_CHEQUE', 'CORRECTION'],
};

@InputType('RecordPaymentInput', { description: 'A payment to be recorded (缴费登记).' })
export class RecordPaymentInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, {
    description:
      'Account it is meant for, as the payer gave it (户号). If there is no such account the money is kept in suspense.',
  })
  accountNumber!: string;

  @Field(() => MoneyInput, { description: 'The money (金额), greater than zero, in the currency of the account.' })
  amount!: MoneyInput;

  @Field(() => PaymentChannelEnum, { description: 'How it came in (缴费渠道).' })
  channel!: PaymentChannel;

  @Field(() => String, {
    nullable: true,
    description: "The payer's or bank's own reference (流水号), at most 128 characters.",
  })
  reference?: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Local day on which the money counts (记账日); today if absent.',
  })
  valueDate?: string | null;
}

@Resolver()
export class RecordPayment {
  @Mutation(() => PaymentPayload, {
    description:
      'Records a payment (登记缴费). In one transaction it is posted, allocated to the oldest bills, every cut for arrears it makes groundless is withdrawn, and where power is due again the restore is ordered. Once this has answered, the money is safe whatever happens on the wire.',
  })
  recordPayment(
    @Arg('input', () => RecordPaymentInput, INPUT) input: RecordPaymentInput,
    @Ctx() { api, viewer, scope }: ApiContext,
  ): Promise<PaymentAnswer> {
    return attempt(scope, async () => {
      const amountMinor = positiveMinor(input.amount, 'amount');
      if (!viewer.roles.some((role) => CHANNELS[role]?.includes(input.channel))) {
        throw new UserError(
          'CHANNEL_NOT_ALLOWED',
          `Your role does not take money by ${input.channel}. Give the channel it really came by.`,
          'channel',
        );
      }
      return receivePayment(
        api.deps.flows,
        {
          idempotencyKey: checkKey(input.idempotencyKey),
          accountNumber: checkAccountNumber(input.accountNumber),
          amountMinor,
          currency: input.amount.currency,
          channel: input.channel,
          reference: checkOptional(input.reference, 'reference', REFERENCE_CHARACTERS),
          valueDate: input.valueDate ?? undefined,
        },
        actorOf(viewer),
      );
    });
  }
}

/** Any number is taken, known or not, as long as it can be stored. */
function checkAccountNumber(accountNumber: string): string {
  const checked = checkOptional(accountNumber.trim(), 'accountNumber', ACCOUNT_NUMBER_CHARACTERS);
  if (!checked)
    throw new UserError('ACCOUNT_NUMBER_MISSING', 'Give the account number as the payer gave it.', 'accountNumber');
  return checked;
}
