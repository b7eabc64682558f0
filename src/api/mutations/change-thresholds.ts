import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { approveThresholdChange, changeThreshold, withdrawThresholdChange } from '../../flows/change-threshold.js';
import { UserError } from '../../platform/errors.js';
import type { CutThresholdChange } from '../../switching/threshold-change.js';
import type { ThresholdKind } from '../../switching/threshold-policy.js';
import { actorOf, type ApiContext } from '../context.js';
import { CutThresholdKindEnum } from '../graph/enums-cuts.js';
import { SafeIntScalar } from '../graph/scalars.js';
import { CutThresholdChangeType } from '../graph/types/cut-control.js';
import { UserErrorType } from '../graph/types/operations.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachable } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

/** No threshold has a sense above this; a value beyond it is a slip of the hand. */
const MAX_VALUE = 1_000_000_000;

@InputType('ChangeCutThresholdInput', { description: 'Another value of a threshold (阈值调整申请).' })
export class ChangeCutThresholdInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => CutThresholdKindEnum, { description: 'Which threshold (阈值).' })
  kind!: ThresholdKind;

  @Field(() => SafeIntScalar, { description: 'The value wanted (新值), 0 to a billion.' })
  value!: number;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('CutThresholdDecisionInput', { description: 'A decision about a change of a threshold (阈值调整处理).' })
export class CutThresholdDecisionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'Id of the change (调整标识).' })
  cutThresholdChangeId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('CutThresholdPayload', {
  simpleResolvers: true,
  description: 'Answer to an act on a threshold (阈值调整结果).',
})
export class CutThresholdPayload {
  @Field(() => CutThresholdChangeType, {
    nullable: true,
    description: 'The change as it is now (阈值调整); null with user errors.',
  })
  cutThresholdChange!: CutThresholdChange | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type ThresholdAnswer = Answer & {
  readonly cutThresholdChange?: CutThresholdChange | null;
  readonly replayed?: boolean;
};

const FIELDS = { changeId: 'cutThresholdChangeId' };

@Resolver()
export class ChangeThresholds {
  @Mutation(() => CutThresholdPayload, {
    description:
      'Asks for another value of a threshold (调整停电阈值). Lower: it holds at once. Higher: another SUPERVISOR approves, and it holds 24 hours later.',
  })
  changeCutThreshold(
    @Arg('input', () => ChangeCutThresholdInput, INPUT) input: ChangeCutThresholdInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ThresholdAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      if (input.value < 0 || input.value > MAX_VALUE)
        throw new UserError('THRESHOLD_OUT_OF_RANGE', `A threshold lies between 0 and ${MAX_VALUE}.`, 'value');
      const change = { kind: input.kind, value: BigInt(input.value), idempotencyKey, note };
      return answer(ctx, await changeThreshold(ctx.api.deps.flows, change, actorOf(ctx.viewer)));
    });
  }

  @Mutation(() => CutThresholdPayload, {
    description: 'Approves a raise (批准调高阈值), by another person than the one who asked. It holds 24 hours later.',
  })
  approveCutThresholdChange(
    @Arg('input', () => CutThresholdDecisionInput, INPUT) input: CutThresholdDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ThresholdAnswer> {
    return decide(ctx, input, approveThresholdChange);
  }

  @Mutation(() => CutThresholdPayload, { description: 'Withdraws a raise (撤回调高), before or after it holds.' })
  withdrawCutThresholdChange(
    @Arg('input', () => CutThresholdDecisionInput, INPUT) input: CutThresholdDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<ThresholdAnswer> {
    return decide(ctx, input, withdrawThresholdChange);
  }
}

function decide(
  ctx: ApiContext,
  input: CutThresholdDecisionInput,
  act: typeof approveThresholdChange,
): Promise<ThresholdAnswer> {
  return attempt(
    ctx.scope,
    async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id } = await reachable(
        ctx,
        'CutThresholdChange',
        input.cutThresholdChangeId,
        'cutThresholdChangeId',
        'THRESHOLD_CHANGE_NOT_FOUND',
      );
      return answer(ctx, await act(ctx.api.deps.flows, { changeId: id, idempotencyKey, note }, actorOf(ctx.viewer)));
    },
    FIELDS,
  );
}

async function answer(ctx: ApiContext, receipt: { readonly changeId: string; readonly replayed: boolean }) {
  ctx.scope.renew();
  return {
    cutThresholdChange: await ctx.scope.find('CutThresholdChange', receipt.changeId),
    replayed: receipt.replayed,
  };
}
