import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { FollowUp, FollowUpOutcome } from '../../dunning/follow-up.js';
import type { RestoreBreach } from '../../dunning/restore-breach.js';
import type { ContactMeans } from '../../dunning/standing.js';
import { explainBreach, recordAcceptance } from '../../flows/answer-breach.js';
import { recordFollowUp } from '../../flows/follow-customer.js';
import { actorOf, type ApiContext } from '../context.js';
import { FollowUpOutcomeEnum } from '../graph/enums-after-cut.js';
import { ContactMeansEnum } from '../graph/enums-standing.js';
import { DateTimeScalar } from '../graph/scalars.js';
import { FollowUpType, RestoreBreachType } from '../graph/types/after-cut.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkEvidence, checkKey, checkReason } from './checks.js';
import { reachable } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('RecordFollowUpInput', { description: 'A contact with a customer after a cut (停电后跟踪记录).' })
export class RecordFollowUpInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The follow-up (跟踪).' })
  followUpId!: string;

  @Field(() => ContactMeansEnum, { description: 'How (方式).' })
  means!: ContactMeans;

  @Field(() => FollowUpOutcomeEnum, { description: 'What it came to (结果).' })
  outcome!: FollowUpOutcome;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When (时间); now if absent.' })
  at?: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the customer is to be spoken to next (下次联系时间); a day later if absent, two weeks at most.',
  })
  nextDueAt?: Date | null;

  @Field(() => String, { description: 'What was said (内容), 3 to 1000 characters.' })
  reason!: string;
}

@InputType('ExplainBreachInput', { description: 'What the customer was told about a late restore (超时解释).' })
export class ExplainBreachInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The late restore (超时记录).' })
  restoreBreachId!: string;

  @Field(() => String, { description: 'What the customer was told (解释), 3 to 1000 characters.' })
  reason!: string;
}

@InputType('RecordAcceptanceInput', { description: "The customer's answer to the explanation (谅解登记)." })
export class RecordAcceptanceInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The late restore (超时记录).' })
  restoreBreachId!: string;

  @Field(() => Boolean, { description: 'Whether the customer accepts the explanation (是否谅解).' })
  accepted!: boolean;

  @Field(() => String, {
    description: 'What proves it (凭证), 3 to 500 characters: number of the call record, the signed slip.',
  })
  evidence!: string;

  @Field(() => String, REASON)
  reason!: string;
}

type FollowUpAnswer = Answer & { readonly followUpId?: string; readonly replayed?: boolean };

@ObjectType('FollowUpPayload', { simpleResolvers: true, description: 'Answer to a contact put on record (跟踪结果).' })
export class FollowUpPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => FollowUpPayload)
export class FollowUpPayloadFields {
  @FieldResolver(() => FollowUpType, {
    nullable: true,
    description: 'The follow-up as it stands now (跟踪); null when there are user errors.',
  })
  followUp(@Root() answer: FollowUpAnswer, @Ctx() { scope }: ApiContext): Promise<FollowUp | null> {
    return scope.find('FollowUp', answer.followUpId);
  }
}

type BreachAnswer = Answer & { readonly breachId?: string; readonly replayed?: boolean };

@ObjectType('RestoreBreachPayload', {
  simpleResolvers: true,
  description: 'Answer to an act on a late restore (超时处理结果).',
})
export class RestoreBreachPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => RestoreBreachPayload)
export class RestoreBreachPayloadFields {
  @FieldResolver(() => RestoreBreachType, {
    nullable: true,
    description: 'The late restore as it stands now (超时记录); null when there are user errors.',
  })
  restoreBreach(@Root() answer: BreachAnswer, @Ctx() { scope }: ApiContext): Promise<RestoreBreach | null> {
    return scope.find('RestoreBreach', answer.breachId);
  }
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { breachId: 'restoreBreachId' };

@Resolver()
export class FollowCustomers {
  @Mutation(() => FollowUpPayload, {
    description:
      'Puts a contact with a customer after a cut on record (登记跟踪). Anybody of the desk may stand in for the owner.',
  })
  recordFollowUp(
    @Arg('input', () => RecordFollowUpInput, INPUT) input: RecordFollowUpInput,
    @Ctx() ctx: ApiContext,
  ): Promise<FollowUpAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id } = await reachable(ctx, 'FollowUp', input.followUpId, 'followUpId', 'FOLLOW_UP_NOT_FOUND');
      const { means, outcome, at, nextDueAt } = input;
      const record = { followUpId: id, means, outcome, at, nextDueAt, note, idempotencyKey };
      return recordFollowUp(ctx.api.deps.flows, record, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => RestoreBreachPayload, {
    description: 'Puts on record how a late restore was explained to the customer (登记超时解释).',
  })
  explainBreach(
    @Arg('input', () => ExplainBreachInput, INPUT) input: ExplainBreachInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BreachAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const explanation = checkReason(input.reason);
        const { id } = await reachableBreach(ctx, input.restoreBreachId);
        const told = { breachId: id, explanation, idempotencyKey };
        return explainBreach(ctx.api.deps.flows, told, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => RestoreBreachPayload, {
    description: 'Puts on record whether the customer accepts the explanation, with its proof (登记客户谅解).',
  })
  recordAcceptance(
    @Arg('input', () => RecordAcceptanceInput, INPUT) input: RecordAcceptanceInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BreachAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const proof = checkEvidence(input.evidence);
        const { id } = await reachableBreach(ctx, input.restoreBreachId);
        const answer = { breachId: id, accepted: input.accepted, proof, note, idempotencyKey };
        return recordAcceptance(ctx.api.deps.flows, answer, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}

const reachableBreach = (ctx: ApiContext, id: string): Promise<RestoreBreach> =>
  reachable(ctx, 'RestoreBreach', id, 'restoreBreachId', 'BREACH_NOT_FOUND');
