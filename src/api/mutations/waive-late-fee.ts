import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, FieldResolver, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { LateFeeWaiverKind } from '../../billing/late-fee-policy.js';
import type { LateFeeWaiver } from '../../billing/late-fee-waiver.js';
import { decideLateFeeWaiver, waiveLateFee, type WaiverReceipt } from '../../flows/waive-late-fee.js';
import { UserError } from '../../platform/errors.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { actorOf, type ApiContext } from '../context.js';
import { isGiven } from '../given.js';
import { LateFeeWaiverKindEnum } from '../graph/enums-late-fees.js';
import { MoneyInput, positiveMinor } from '../graph/money.js';
import { DateScalar } from '../graph/scalars.js';
import { LateFeeWaiverType } from '../graph/types/late-fees.js';
import { UserErrorType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';
import { attempt, type Answer } from './attempt.js';
import { checkEvidence, checkKey, checkReason } from './checks.js';
import { reachable } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('WaiveLateFeeInput', {
  description: 'A late fee to be waived (违约金减免申请): either both days, or an amount.',
})
export class WaiveLateFeeInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The bill (账单).' })
  billId!: string;

  @Field(() => LateFeeWaiverKindEnum, { description: 'Why (减免原因).' })
  kind!: LateFeeWaiverKind;

  @Field(() => DateScalar, { nullable: true, description: 'First day that is to bear no fee (起始日).' })
  fromDate?: string | null;

  @Field(() => DateScalar, {
    nullable: true,
    description: 'Last day that is to bear no fee, at most today (截止日, 含).',
  })
  toDate?: string | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description: 'Amount to be taken off (减免金额), at most the fee to date, in the currency of the account.',
  })
  amount?: MoneyInput | null;

  @Field(() => String, {
    description: "What proves it (凭证), 3 to 500 characters: number of the bank's letter, of the complaint …",
  })
  evidence!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('LateFeeWaiverDecisionInput', { description: 'A second person’s word on a waiver (减免审批).' })
export class LateFeeWaiverDecisionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'The waiver (减免).' })
  waiverId!: string;

  @Field(() => Boolean, { description: 'True grants it, false refuses it (是否同意). Whoever asked may only refuse.' })
  granted!: boolean;

  @Field(() => String, REASON)
  reason!: string;
}

type WaiverAnswer = Answer & Partial<WaiverReceipt>;

@ObjectType('LateFeeWaiverPayload', {
  simpleResolvers: true,
  description: 'Answer to a mutation about a waiver (减免结果).',
})
export class LateFeeWaiverPayload {
  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

@Resolver(() => LateFeeWaiverPayload)
export class LateFeeWaiverPayloadFields {
  @FieldResolver(() => LateFeeWaiverType, {
    nullable: true,
    description: 'The waiver as it stands now (减免记录); null when there are user errors.',
  })
  waiver(@Root() answer: WaiverAnswer, @Ctx() { scope }: ApiContext): Promise<LateFeeWaiver | null> {
    return scope.find('LateFeeWaiver', answer.waiverId);
  }

  @FieldResolver(() => [SwitchCommandType], {
    description: 'Restores ordered because nothing is overdue any more (复电指令).',
  })
  async restoreCommands(@Root() answer: WaiverAnswer, @Ctx() { scope }: ApiContext): Promise<SwitchCommand[]> {
    const commands = await Promise.all((answer.restoreCommandIds ?? []).map((id) => scope.find('SwitchCommand', id)));
    return commands.filter((command) => command !== null);
  }
}

@Resolver()
export class WaiveLateFee {
  @Mutation(() => LateFeeWaiverPayload, {
    description:
      'Waives a late fee (减免违约金), with reason and evidence. What was charged is reversed and charged anew, what was paid becomes credit, and power comes back if nothing is overdue any more. Above the limit `lateFeeWaiverAlone` it waits for a second person.',
  })
  waiveLateFee(
    @Arg('input', () => WaiveLateFeeInput, INPUT) input: WaiveLateFeeInput,
    @Ctx() ctx: ApiContext,
  ): Promise<WaiverAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const evidence = checkEvidence(input.evidence);
      const amountMinor = isGiven(input.amount) ? positiveMinor(input.amount, 'amount') : undefined;
      const bill = await reachable(ctx, 'Bill', input.billId, 'billId', 'BILL_NOT_FOUND');
      if (isGiven(input.amount) && input.amount.currency !== bill.currency)
        throw new UserError('CURRENCY_MISMATCH', `The bill is in ${bill.currency}.`, 'amount.currency');
      const { kind, fromDate, toDate } = input;
      const request = { billId: bill.id, kind, fromDate, toDate, amountMinor, evidence, note, idempotencyKey };
      return waiveLateFee(ctx.api.deps.flows, request, actorOf(ctx.viewer));
    });
  }

  @Mutation(() => LateFeeWaiverPayload, {
    description: 'Grants or refuses a waiver that waits for a second person (审批违约金减免).',
  })
  decideLateFeeWaiver(
    @Arg('input', () => LateFeeWaiverDecisionInput, INPUT) input: LateFeeWaiverDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<WaiverAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id } = await reachable(ctx, 'LateFeeWaiver', input.waiverId, 'waiverId', 'WAIVER_NOT_FOUND');
      const decision = { waiverId: id, granted: input.granted, note, idempotencyKey };
      return decideLateFeeWaiver(ctx.api.deps.flows, decision, actorOf(ctx.viewer));
    });
  }
}
