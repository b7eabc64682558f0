import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { CompensationCase, WrongfulCutCause } from '../../dunning/compensation-case.js';
import { declareWrongfulCut } from '../../flows/declare-wrongful-cut.js';
import { decideCompensation } from '../../flows/decide-compensation.js';
import { UserError } from '../../platform/errors.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { WrongfulCutCauseEnum } from '../graph/enums-after-cut.js';
import { MoneyInput, positiveMinor } from '../graph/money.js';
import { CompensationCaseType } from '../graph/types/after-cut.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { checkEvidence, checkKey, checkReason } from './checks.js';
import { reachable, reachableServicePoint } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('DeclareWrongfulCutInput', {
  description: 'A cut that was wrong (错停电认定): give the cut, or the place whose latest cut it was.',
})
export class DeclareWrongfulCutInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { nullable: true, description: 'The cut (停电指令). Either this or `servicePointNumber`.' })
  switchCommandId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Number of the service point whose latest cut it was (用电点编号).',
  })
  servicePointNumber?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Who sat in the dark, where meters were crossed (受害用电点编号); the place of the cut if absent.',
  })
  harmedServicePointNumber?: string | null;

  @Field(() => WrongfulCutCauseEnum, { description: 'Why it was wrong (原因).' })
  cause!: WrongfulCutCause;

  @Field(() => String, {
    description: 'What proves it (凭证), 3 to 500 characters: number of the complaint, of the field report.',
  })
  evidence!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('CompensationDecisionInput', { description: 'A second person’s word on a compensation case (赔偿审批).' })
export class CompensationDecisionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The case (赔偿案件).' })
  compensationCaseId!: string;

  @Field(() => Boolean, {
    description: 'True grants it, false refuses it (是否同意). Whoever opened it may only refuse.',
  })
  granted!: boolean;

  @Field(() => MoneyInput, {
    nullable: true,
    description: 'The amount (赔付金额); what the policy proposes if absent. In the currency of the account.',
  })
  amount?: MoneyInput | null;

  @Field(() => String, REASON)
  reason!: string;
}

type CompensationAnswer = Answer & {
  readonly caseId?: string;
  readonly restoreCommandIds?: readonly string[];
  readonly replayed?: boolean;
};

@ObjectType('CompensationPayload', {
  simpleResolvers: true,
  description: 'Answer to an act about compensation (赔偿处理结果).',
})
export class CompensationPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => CompensationPayload)
export class CompensationPayloadFields {
  @FieldResolver(() => CompensationCaseType, {
    nullable: true,
    description: 'The case as it stands now (赔偿案件); null when there are user errors.',
  })
  compensationCase(@Root() answer: CompensationAnswer, @Ctx() { scope }: ApiContext): Promise<CompensationCase | null> {
    return scope.find('CompensationCase', answer.caseId);
  }

  @FieldResolver(() => [SwitchCommandType], { description: 'Restores ordered by it (复电指令).' })
  async restoreCommands(@Root() answer: CompensationAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

/** Where the flows' field names differ from the inputs'. */
const FIELDS = {
  commandId: 'switchCommandId',
  servicePointId: 'servicePointNumber',
  harmedServicePointId: 'harmedServicePointNumber',
  caseId: 'compensationCaseId',
};

@Resolver()
export class Compensate {
  @Mutation(() => CompensationPayload, {
    description:
      'Declares a cut wrongful (认定错停电). At once: power is ordered back, the running batch is held, the account is not cut again while it is looked into, and a compensation case waits for a second person.',
  })
  declareWrongfulCut(
    @Arg('input', () => DeclareWrongfulCutInput, INPUT) input: DeclareWrongfulCutInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CompensationAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const evidence = checkEvidence(input.evidence);
        const which = await cutNamed(ctx, input);
        const harmed = isGiven(input.harmedServicePointNumber)
          ? await reachableServicePoint(ctx, input.harmedServicePointNumber, 'harmedServicePointNumber')
          : undefined;
        const { cause } = input;
        const declaration = { ...which, harmedServicePointId: harmed?.id, cause, evidence, note, idempotencyKey };
        return declareWrongfulCut(ctx.api.deps.flows, declaration, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }

  @Mutation(() => CompensationPayload, {
    description: 'Grants or refuses a compensation (审批赔偿). What is granted becomes the customer’s credit.',
  })
  decideCompensation(
    @Arg('input', () => CompensationDecisionInput, INPUT) input: CompensationDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CompensationAnswer> {
    return attempt(
      ctx.scope,
      async () => {
        const idempotencyKey = checkKey(input.idempotencyKey);
        const note = checkReason(input.reason);
        const amountMinor = isGiven(input.amount) ? positiveMinor(input.amount, 'amount') : undefined;
        const one = await reachable(
          ctx,
          'CompensationCase',
          input.compensationCaseId,
          'compensationCaseId',
          'COMPENSATION_NOT_FOUND',
        );
        if (isGiven(input.amount) && input.amount.currency !== one.currency)
          throw new UserError('CURRENCY_MISMATCH', `The account is kept in ${one.currency}.`, 'amount.currency');
        const decision = { caseId: one.id, granted: input.granted, amountMinor, note, idempotencyKey };
        return decideCompensation(ctx.api.deps.flows, decision, actorOf(ctx.viewer));
      },
      FIELDS,
    );
  }
}

/** @throws UserError CUT_NOT_FOUND, SERVICE_POINT_NOT_FOUND */
async function cutNamed(
  ctx: ApiContext,
  { switchCommandId, servicePointNumber }: DeclareWrongfulCutInput,
): Promise<{ readonly commandId: string } | { readonly servicePointId: string }> {
  if (isGiven(switchCommandId) === isGiven(servicePointNumber))
    throw new UserError('CUT_NOT_FOUND', 'Name either the cut or the place it went to, and not both.', 'commandId');
  if (isGiven(servicePointNumber)) return { servicePointId: (await reachableServicePoint(ctx, servicePointNumber)).id };
  const { id } = await reachable(ctx, 'SwitchCommand', switchCommandId!, 'commandId', 'CUT_NOT_FOUND');
  return { commandId: id };
}
