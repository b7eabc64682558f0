import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Notice } from '../../dunning/notice.js';
import type { ProofKind } from '../../dunning/words.js';
import { renewNotice } from '../../flows/renew-notice.js';
import { serveNotice } from '../../flows/serve-notice.js';
import { takeDeliveryReport } from '../../flows/take-delivery-report.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { DeliveryOutcomeEnum, ProofKindEnum, ServiceOutcomeEnum } from '../graph/enums-dunning.js';
import { DateTimeScalar } from '../graph/scalars.js';
import { NoticeType } from '../graph/types/notices.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { reachable } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

const REFERENCE_CHARACTERS = 500;
const CODE_CHARACTERS = 64;

@InputType('ServeNoticeInput', { description: 'What became of a notice that a person served, or tried to (登记送达).' })
export class ServeNoticeInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The notice (通知).' })
  noticeId!: string;

  @Field(() => String, {
    description: 'Number of the account on the slip (户号): two slips that were swapped are found out.',
  })
  accountNumber!: string;

  @Field(() => ServiceOutcomeEnum, { description: 'What became of it (结果).' })
  outcome!: 'SERVED' | 'FAILED';

  @Field(() => ProofKindEnum, {
    nullable: true,
    description:
      'What proves it (送达证明): one of `acceptedProofs`. Left out where it did not succeed, or none is asked for.',
  })
  proofKind?: ProofKind | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Number of the signed slip, call record or photo (证明编号), at most 500 characters. Needed with a proof.',
  })
  proofReference?: string | null;

  @Field(() => DateTimeScalar, {
    description: 'When it was served or tried (时间): not before it was prepared, not in the future.',
  })
  at!: Date;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('RenewNoticeInput', { description: 'A failed notice to be given again (重新生成通知).' })
export class RenewNoticeInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The notice that failed (通知).' })
  noticeId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('ReportDeliveryInput', {
  description: 'What a message gateway reports about a message (送达报告). Safe to repeat: its key is the message.',
})
export class ReportDeliveryInput {
  @Field(() => String, { description: 'Id under which the message was handed over (消息编号).' })
  messageId!: string;

  @Field(() => DeliveryOutcomeEnum, { description: 'What became of it (结果).' })
  outcome!: 'DELIVERED' | 'FAILED';

  @Field(() => DateTimeScalar, { nullable: true, description: 'When (时间); the time of the report if absent.' })
  at?: Date | null;

  @Field(() => String, { nullable: true, description: 'Reference of the gateway (网关凭证), kept as the proof.' })
  reference?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it failed (失败代码), capitals, digits and _; INVALID_NUMBER marks the contact.',
  })
  code?: string | null;
}

type NoticeAnswer = Answer & { readonly noticeId?: string; readonly replayed?: boolean };

@ObjectType('NoticePayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about a notice (通知变更结果).',
})
export class NoticePayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => NoticePayload)
export class NoticePayloadFields {
  @FieldResolver(() => NoticeType, {
    nullable: true,
    description: 'The notice (通知); the new one after `renewNotice`. Null when there are user errors.',
  })
  notice(@Root() answer: NoticeAnswer, @Ctx() { scope }: ApiContext): Promise<Notice | null> {
    return scope.find('Notice', answer.noticeId);
  }
}

@Resolver()
export class ChangeNotices {
  @Mutation(() => NoticePayload, {
    description:
      'Records that a person served a notice, with its proof, or could not (登记送达). What could not be served goes its next way; a mandatory notice that has none left blocks the ladder.',
  })
  serveNotice(
    @Arg('input', () => ServeNoticeInput, INPUT) input: ServeNoticeInput,
    @Ctx() ctx: ApiContext,
  ): Promise<NoticeAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const notice = await reachable(ctx, 'Notice', input.noticeId, 'noticeId', 'NOTICE_NOT_FOUND');
      const proofReference = checkOptional(input.proofReference, 'proofReference', REFERENCE_CHARACTERS);
      const { accountNumber, outcome, at } = input;
      const proofKind = input.proofKind ?? undefined;
      return serveNotice(
        ctx.api.deps.flows,
        { noticeId: notice.id, accountNumber, outcome, at, note, idempotencyKey, proofKind, proofReference },
        actorOf(ctx.viewer),
      );
    });
  }

  @Mutation(() => NoticePayload, {
    description:
      'Prepares a failed notice again, with today’s amounts and contacts (重新生成通知), after what made it fail was put right. The failed one stays on record.',
  })
  renewNotice(
    @Arg('input', () => RenewNoticeInput, INPUT) input: RenewNoticeInput,
    @Ctx() ctx: ApiContext,
  ): Promise<NoticeAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const notice = await reachable(ctx, 'Notice', input.noticeId, 'noticeId', 'NOTICE_NOT_FOUND');
      return renewNotice(ctx.api.deps.flows, { noticeId: notice.id, note, idempotencyKey }, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => NoticePayload, {
    description:
      'Takes a delivery report of the message gateway (送达报告). `replayed` is true when it said nothing new: heard before, or about an earlier way.',
  })
  reportDelivery(
    @Arg('input', () => ReportDeliveryInput, INPUT) { messageId, outcome, ...input }: ReportDeliveryInput,
    @Ctx() ctx: ApiContext,
  ): Promise<NoticeAnswer> {
    return attempt(ctx.scope, async () => {
      const reference = checkOptional(input.reference, 'reference', REFERENCE_CHARACTERS);
      const code = checkOptional(input.code, 'code', CODE_CHARACTERS);
      const at = isGiven(input.at) ? input.at : undefined;
      const { noticeId, changed } = await takeDeliveryReport(
        ctx.api.deps.flows,
        { messageId, outcome, at, reference, code },
        actorOf(ctx.viewer),
      );
      return { noticeId, replayed: !changed };
    });
  }
}
