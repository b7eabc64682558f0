import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Account } from '../../accounts/account.js';
import type { Hold, HoldOutcome } from '../../dunning/hold.js';
import type { HoldKind } from '../../dunning/words.js';
import { endHold } from '../../flows/end-hold.js';
import { openHold } from '../../flows/open-hold.js';
import { UserError } from '../../platform/errors.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { HoldKindEnum, HoldOutcomeEnum } from '../graph/enums-standing.js';
import { MoneyInput, positiveMinor } from '../graph/money.js';
import { DateScalar } from '../graph/scalars.js';
import { UserErrorType } from '../graph/types/operations.js';
import { HoldType } from '../graph/types/standing.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { reachable, reachableAccount } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

export const EVIDENCE_CHARACTERS = 500;

@InputType('InstalmentInput', { description: 'One instalment of a payment plan (分期).' })
export class InstalmentInput {
  @Field(() => DateScalar, { description: 'When it is due (应缴日).' })
  dueDate!: string;

  @Field(() => MoneyInput, { description: 'How much (金额).' })
  amount!: MoneyInput;
}

@InputType('OpenHoldInput', { description: 'A hold to be opened (登记暂缓).' })
export class OpenHoldInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => HoldKindEnum, { description: 'Kind (类型).' })
  kind!: HoldKind;

  @Field(() => DateScalar, { nullable: true, description: 'First day (起始日); today if absent, never later.' })
  fromDate?: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description:
      'Last day (截止日). Needed for a promise and a guarantee; a dispute, a complaint and a deposit have none.',
  })
  untilDate?: string | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description: 'Promised, guaranteed, deposited or disputed amount (金额). A guarantee covers what is overdue.',
  })
  amount?: MoneyInput | null;

  @Field(() => [InstalmentInput], {
    nullable: true,
    description: 'Of a payment plan (分期), in order of their dates, at most 60; together exactly `Account.overdue`.',
  })
  instalments?: InstalmentInput[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Reference of the paper it rests on (凭证), at most 500 characters.',
  })
  evidence?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('EndHoldInput', {
  description: 'The end of a hold: a ruling, or what the customer or the bank said (结束暂缓).',
})
export class EndHoldInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The hold (暂缓).' })
  holdId!: string;

  @Field(() => HoldOutcomeEnum, { description: 'How it ends (结果). UPHELD brings back power that is off for debt.' })
  outcome!: HoldOutcome;

  @Field(() => String, REASON)
  reason!: string;
}

/** What the hold flows return. */
type HoldAnswer = Answer & {
  readonly holdId?: string;
  readonly restoreCommandIds?: readonly string[];
  readonly replayed?: boolean;
};

@ObjectType('HoldPayload', { simpleResolvers: true, description: 'Answer to a mutation about a hold (暂缓变更结果).' })
export class HoldPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => HoldPayload)
export class HoldPayloadFields {
  @FieldResolver(() => HoldType, {
    nullable: true,
    description: 'The hold as it stands (暂缓); null when there are user errors.',
  })
  hold(@Root() answer: HoldAnswer, @Ctx() { scope }: ApiContext): Promise<Hold | null> {
    return scope.find('Hold', answer.holdId);
  }

  @FieldResolver(() => [SwitchCommandType], {
    description: 'Restores that were ordered in the same transaction (复电指令).',
  })
  async restoreCommands(@Root() answer: HoldAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

@Resolver()
export class ChangeHolds {
  @Mutation(() => HoldPayload, {
    description:
      'Opens a hold (登记暂缓). In the same transaction cuts for debt that were not sent are cancelled, one on its way is answered by a restore, and a guarantee also brings back power that is off for debt.',
  })
  openHold(
    @Arg('input', () => OpenHoldInput, INPUT) input: OpenHoldInput,
    @Ctx() ctx: ApiContext,
  ): Promise<HoldAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const reason = checkReason(input.reason);
      const account = await reachableAccount(ctx, input.accountNumber);
      const opening = {
        accountId: account.id,
        kind: input.kind,
        reason,
        evidence: checkOptional(input.evidence, 'evidence', EVIDENCE_CHARACTERS),
        fromDate: input.fromDate ?? undefined,
        untilDate: input.untilDate ?? undefined,
        amountMinor: isGiven(input.amount) ? minorOf(input.amount, account, 'amount') : undefined,
        instalments: input.instalments?.map(({ dueDate, amount }, index) => ({
          dueDate,
          amountMinor: minorOf(amount, account, `instalments.${index}.amount`),
        })),
        idempotencyKey,
      };
      return openHold(ctx.api.deps.flows, opening, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => HoldPayload, {
    description:
      'Ends a hold (结束暂缓), e.g. by a ruling. UPHELD brings back power that is off for debt, in the same transaction; any other end switches nothing, and dunning goes on with a fresh notice.',
  })
  endHold(@Arg('input', () => EndHoldInput, INPUT) input: EndHoldInput, @Ctx() ctx: ApiContext): Promise<HoldAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id } = await reachable(ctx, 'Hold', input.holdId, 'holdId', 'HOLD_NOT_FOUND');
      return endHold(
        ctx.api.deps.flows,
        { holdId: id, outcome: input.outcome, note, idempotencyKey },
        actorOf(ctx.viewer),
      );
    });
  }
}

/** Minor units, in the currency of the account. @throws UserError CURRENCY_MISMATCH, AMOUNT_… */
function minorOf(amount: MoneyInput, account: Account, field: string): bigint {
  const minor = positiveMinor(amount, field);
  if (amount.currency !== account.currency) {
    throw new UserError(
      'CURRENCY_MISMATCH',
      `The account is kept in ${account.currency}. State the amount in it.`,
      `${field}.currency`,
    );
  }
  return minor;
}
