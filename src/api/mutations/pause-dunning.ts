import { GraphQLInt } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Account } from '../../accounts/account.js';
import { pauseDunning, resumeDunning } from '../../flows/pause-dunning.js';
import { actorOf, type ApiContext } from '../context.js';
import { AccountType } from '../graph/types/accounts.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachableAccount } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('PauseDunningInput', { description: 'A pause of the ladder from today on (暂停催费).' })
export class PauseDunningInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => GraphQLInt, { description: 'Local days it lasts, today included (天数): 1 to 90.' })
  days!: number;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('ResumeDunningInput', { description: 'The end of a pause before its day (恢复催费).' })
export class ResumeDunningInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => String, REASON)
  reason!: string;
}

type PauseAnswer = Answer & { readonly accountId?: string; readonly replayed?: boolean };

@ObjectType('DunningPausePayload', {
  simpleResolvers: true,
  description: 'Answer to a pause or its end (暂停催费结果).',
})
export class DunningPausePayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => DunningPausePayload)
export class DunningPausePayloadFields {
  @FieldResolver(() => AccountType, {
    nullable: true,
    description: 'The account (户号), with its ladder as it stands now; null when there are user errors.',
  })
  account(@Root() answer: PauseAnswer, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', answer.accountId);
  }
}

/** Where the flows' field names differ from the input's. */
const FIELDS = { accountId: 'accountNumber' };

@Resolver()
export class PauseDunning {
  @Mutation(() => DunningPausePayload, {
    description:
      'Pauses dunning of an account, with reason and length (暂停催费). It shifts nothing: what falls due meanwhile is due when it ends. Cuts are held back by holds, not by this.',
  })
  pauseDunning(
    @Arg('input', () => PauseDunningInput, INPUT) input: PauseDunningInput,
    @Ctx() ctx: ApiContext,
  ): Promise<PauseAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const { id } = await reachableAccount(ctx, input.accountNumber);
        const pause = { accountId: id, days: input.days, note, idempotencyKey };
        return pauseDunning(ctx.api.deps.flows, pause, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => DunningPausePayload, { description: 'Lets dunning of an account go on from today (恢复催费).' })
  resumeDunning(
    @Arg('input', () => ResumeDunningInput, INPUT) input: ResumeDunningInput,
    @Ctx() ctx: ApiContext,
  ): Promise<PauseAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const { id } = await reachableAccount(ctx, input.accountNumber);
        return resumeDunning(ctx.api.deps.flows, { accountId: id, note, idempotencyKey }, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}
