import { Arg, Ctx, Field, InputType, Mutation, Resolver } from 'type-graphql';
import type { ProtectionKind } from '../../accounts/customer.js';
import { endProtection, recordProtectionInquiry } from '../../flows/record-protection.js';
import { actorOf, type ApiContext } from '../context.js';
import { ProtectionKindEnum } from '../graph/enums.js';
import { DateScalar } from '../graph/scalars.js';
import { attempt } from './attempt.js';
import { EVIDENCE_CHARACTERS } from './change-holds.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { reachableAccount } from './reachable.js';
import { StandingPayload, type StandingAnswer } from './record-standing.js';
import { INPUT, KEY, REASON } from './texts.js';

@InputType('ProtectionAnswerInput', {
  description: 'What the customer answered about one kind of protection (保护询问答复).',
})
export class ProtectionAnswerInput {
  @Field(() => ProtectionKindEnum, { description: 'Kind (类别).' })
  kind!: ProtectionKind;

  @Field(() => Boolean, { description: 'Whether it applies (是否适用).' })
  protects!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'What proves it, seen by whoever asks (证明材料), at most 500 characters. Without one it protects all the same.',
  })
  proof?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Last day (有效期至); absent: until it is ended.' })
  validUntil?: string | null;
}

@InputType('RecordProtectionInquiryInput', { description: 'A customer was asked about protections (保护询问登记).' })
export class RecordProtectionInquiryInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of an account of the customer (户号).' })
  accountNumber!: string;

  @Field(() => DateScalar, { nullable: true, description: 'Local day of the inquiry (询问日); today if absent.' })
  askedOn?: string | null;

  @Field(() => [ProtectionAnswerInput], { description: 'The answers, each kind at most once (答复).' })
  answers!: ProtectionAnswerInput[];

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('EndProtectionInput', { description: 'The reason of a protection is gone (解除保护).' })
export class EndProtectionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of an account of the customer (户号).' })
  accountNumber!: string;

  @Field(() => ProtectionKindEnum, { description: 'Kind (类别).' })
  kind!: ProtectionKind;

  @Field(() => String, REASON)
  reason!: string;
}

@Resolver()
export class RecordProtection {
  @Mutation(() => StandingPayload, {
    description:
      'Records that a customer was asked about protections, and the answers (登记保护询问). A yes protects at once: cuts for debt under way are withdrawn in the same transaction, and for life support power comes back. A no ends nothing that stands.',
  })
  recordProtectionInquiry(
    @Arg('input', () => RecordProtectionInquiryInput, INPUT) input: RecordProtectionInquiryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<StandingAnswer> {
    return attempt(ctx.scope, async () => {
      const inquiry = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        askedOn: input.askedOn ?? undefined,
        answers: input.answers.map(({ kind, protects, proof, validUntil }) => ({
          kind,
          protects,
          proof: checkOptional(proof, 'answers', EVIDENCE_CHARACTERS),
          validUntil: validUntil ?? undefined,
        })),
      };
      const { id: accountId, customerId } = await reachableAccount(ctx, input.accountNumber);
      const done = await recordProtectionInquiry(ctx.api.deps.flows, { ...inquiry, customerId }, actorOf(ctx.viewer));
      return { accountId, restoreCommandIds: done.restoreCommandIds, replayed: done.replayed };
    });
  }

  @Mutation(() => StandingPayload, {
    description: 'Ends a protection (解除保护), by another person than the one who recorded it.',
  })
  endProtection(
    @Arg('input', () => EndProtectionInput, INPUT) input: EndProtectionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<StandingAnswer> {
    return attempt(ctx.scope, async () => {
      const ending = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        kind: input.kind,
      };
      const { id: accountId, customerId } = await reachableAccount(ctx, input.accountNumber);
      const { replayed } = await endProtection(ctx.api.deps.flows, { ...ending, customerId }, actorOf(ctx.viewer));
      return { accountId, replayed };
    });
  }
}
