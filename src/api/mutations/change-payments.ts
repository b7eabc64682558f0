import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import { resolveSuspense } from '../../flows/resolve-suspense.js';
import { reversePayment } from '../../flows/reverse-payment.js';
import { actorOf, type ApiContext } from '../context.js';
import { attempt } from './attempt.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { PaymentPayload, type PaymentAnswer } from './payment-payload.js';
import { reachable } from './reachable.js';
import { INPUT, KEY, REASON } from './texts.js';

const ACCOUNT_NUMBER_CHARACTERS = 32;

@InputType('ReversePaymentInput', { description: 'A payment to be reversed (冲正请求).' })
export class ReversePaymentInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The payment (缴费).' })
  paymentId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('ResolveSuspensePaymentInput', { description: 'Money in suspense whose account is now known (核销请求).' })
export class ResolveSuspensePaymentInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The payment in suspense (待核销款项).' })
  paymentId!: string;

  @Field(() => String, { description: 'The account it was meant for (户号).' })
  accountNumber!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@Resolver()
export class ChangePayments {
  @Mutation(() => PaymentPayload, {
    description:
      'Reverses a payment (冲正) by new entries that name the old ones: bounced cheque, recalled transfer, mistake. The debt is open again, but nothing is cut by that.',
  })
  reversePayment(
    @Arg('input', () => ReversePaymentInput, INPUT) input: ReversePaymentInput,
    @Ctx() ctx: ApiContext,
  ): Promise<PaymentAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const reason = checkReason(input.reason);
      const { id } = await reachable(ctx, 'Payment', input.paymentId, 'paymentId', 'PAYMENT_NOT_FOUND');
      return reversePayment(ctx.api.deps.flows, { paymentId: id, idempotencyKey, reason }, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => PaymentPayload, {
    description:
      'Credits money in suspense to the account it was meant for (核销待核销款项), by a new payment that does all that a payment does, the restore included.',
  })
  resolveSuspensePayment(
    @Arg('input', () => ResolveSuspensePaymentInput, INPUT) input: ResolveSuspensePaymentInput,
    @Ctx() ctx: ApiContext,
  ): Promise<PaymentAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const reason = checkReason(input.reason);
      const accountNumber = checkOptional(input.accountNumber, 'accountNumber', ACCOUNT_NUMBER_CHARACTERS) ?? '';
      const { id } = await reachable(ctx, 'Payment', input.paymentId, 'paymentId', 'PAYMENT_NOT_FOUND');
      return resolveSuspense(
        ctx.api.deps.flows,
        { paymentId: id, accountNumber, idempotencyKey, reason },
        actorOf(ctx.viewer),
      );
    });
  }
}
