import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Account } from '../../accounts/account.js';
import type { ContactKind } from '../../accounts/customer.js';
import type { ContactMeans, ContactOutcome } from '../../dunning/standing.js';
import type { ArrearsCause } from '../../dunning/words.js';
import { recordArrearsCause, recordContactProof } from '../../flows/record-standing.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { ArrearsCauseEnum, ContactMeansEnum, ContactOutcomeEnum } from '../graph/enums-standing.js';
import { ContactKindEnum } from '../graph/enums.js';
import { DateTimeScalar } from '../graph/scalars.js';
import { AccountType } from '../graph/types/accounts.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { EVIDENCE_CHARACTERS } from './change-holds.js';
import { checkKey, checkOptional, checkReason } from './checks.js';
import { reachableAccount } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('ContactInput', { description: 'A contact on file (联系方式).' })
export class ContactInput {
  @Field(() => ContactKindEnum, { description: 'Which way it is (类型).' })
  kind!: ContactKind;

  @Field(() => String, { description: 'Number or address, as it is on file (号码或地址).' })
  value!: string;
}

@InputType('RecordContactProofInput', { description: 'An attempt to reach a customer (联系记录).' })
export class RecordContactProofInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => ContactInput, { description: 'Which of the customer’s contacts (联系方式).' })
  contact!: ContactInput;

  @Field(() => ContactOutcomeEnum, { description: 'What became of it (结果).' })
  outcome!: ContactOutcome;

  @Field(() => ContactMeansEnum, { description: 'How it was tried (方式).' })
  how!: ContactMeans;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When (时间); now if absent.' })
  at?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Number of the call record or of the signed slip (凭证), at most 500 characters.',
  })
  reference?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('RecordArrearsCauseInput', {
  description: 'Why a customer is in arrears, as a person found out (欠费原因登记).',
})
export class RecordArrearsCauseInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Number of the account (户号).' })
  accountNumber!: string;

  @Field(() => ArrearsCauseEnum, { description: 'The cause (原因).' })
  cause!: ArrearsCause;

  @Field(() => String, { nullable: true, description: 'What shows it (凭证), at most 500 characters.' })
  evidence?: string | null;

  @Field(() => String, REASON)
  reason!: string;
}

/** What the flows about a customer's standing return; `account` is the one that was asked about. */
export type StandingAnswer = Answer & {
  readonly accountId?: string;
  readonly restoreCommandIds?: readonly string[];
  readonly replayed?: boolean;
};

@ObjectType('StandingPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about how a customer stands (客户状况变更结果).',
})
export class StandingPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => StandingPayload)
export class StandingPayloadFields {
  @FieldResolver(() => AccountType, {
    nullable: true,
    description: 'The account as it stands (户号); null when there are user errors.',
  })
  account(@Root() answer: StandingAnswer, @Ctx() { scope }: ApiContext): Promise<Account | null> {
    return scope.find('Account', answer.accountId);
  }

  @FieldResolver(() => [SwitchCommandType], {
    description: 'Restores that were ordered in the same transaction (复电指令).',
  })
  async restoreCommands(@Root() answer: StandingAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

@Resolver()
export class RecordStanding {
  @Mutation(() => StandingPayload, {
    description:
      'Records an attempt to reach a customer, successful or not (登记联系记录). It proves a contact or takes that proof away.',
  })
  recordContactProof(
    @Arg('input', () => RecordContactProofInput, INPUT) input: RecordContactProofInput,
    @Ctx() ctx: ApiContext,
  ): Promise<StandingAnswer> {
    return attempt(ctx.scope, async () => {
      const report = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        contact: {
          kind: input.contact.kind,
          value: checkOptional(input.contact.value, 'contact', EVIDENCE_CHARACTERS) ?? '',
        },
        outcome: input.outcome,
        how: input.how,
        at: input.at ?? undefined,
        reference: checkOptional(input.reference, 'reference', EVIDENCE_CHARACTERS),
      };
      const { id: accountId } = await reachableAccount(ctx, input.accountNumber);
      const { replayed } = await recordContactProof(ctx.api.deps.flows, { ...report, accountId }, actorOf(ctx.viewer));
      return { accountId, replayed };
    });
  }

  @Mutation(() => StandingPayload, {
    description:
      'Records why a customer is in arrears, as a person found out (登记欠费原因). The latest counts; earlier ones are kept.',
  })
  recordArrearsCause(
    @Arg('input', () => RecordArrearsCauseInput, INPUT) input: RecordArrearsCauseInput,
    @Ctx() ctx: ApiContext,
  ): Promise<StandingAnswer> {
    return attempt(ctx.scope, async () => {
      const report = {
        idempotencyKey: checkKey(input.idempotencyKey),
        note: checkReason(input.reason),
        cause: input.cause,
        evidence: checkOptional(input.evidence, 'evidence', EVIDENCE_CHARACTERS),
      };
      const { id: accountId } = await reachableAccount(ctx, input.accountNumber);
      const { replayed } = await recordArrearsCause(ctx.api.deps.flows, { ...report, accountId }, actorOf(ctx.viewer));
      return { accountId, replayed };
    });
  }
}
