import { GraphQLID } from 'graphql';
import { Arg, Ctx, Field, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { CutBatch } from '../../dunning/cut-batch.js';
import { abortBatch, approveBatch, pauseBatch, resumeBatch, type BatchDecision } from '../../flows/decide-batch.js';
import { proposeCutsOnRequest } from '../../flows/propose-cuts.js';
import { actorOf, type ApiContext } from '../context.js';
import { DateScalar } from '../graph/scalars.js';
import { CutBatchType } from '../graph/types/cut-control.js';
import { UserErrorType } from '../graph/types/operations.js';
import { approverRole } from './approver-role.js';
import { attempt, type Answer } from './attempt.js';
import { checkKey, checkReason } from './checks.js';
import { reachable, reachableDistrict } from './reachable.js';
import { INPUT, KEY, REASON, REPLAYED, USER_ERRORS } from './texts.js';

@InputType('ProposeCutsInput', { description: 'A proposal for a district and a day (停电计划申请).' })
export class ProposeCutsInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => String, { description: 'Code of the transformer district (台区编号).' })
  districtCode!: string;

  @Field(() => DateScalar, {
    description: 'Local day on which the cuts would be carried out (计划日期); today or later.',
  })
  plannedFor!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@InputType('CutBatchDecisionInput', { description: 'A decision about a batch of cuts (批次处理).' })
export class CutBatchDecisionInput {
  @Field(() => String, KEY)
  idempotencyKey!: string;

  @Field(() => GraphQLID, { description: 'Id of the batch (批次标识).' })
  cutBatchId!: string;

  @Field(() => String, REASON)
  reason!: string;
}

@ObjectType('CutBatchPayload', {
  simpleResolvers: true,
  description: 'Answer to an act on a batch of cuts (批次处理结果).',
})
export class CutBatchPayload {
  @Field(() => CutBatchType, {
    nullable: true,
    description:
      'The batch as it is now (批次). Null with user errors, and where a proposal found nobody who may be cut.',
  })
  cutBatch!: CutBatch | null;

  @Field(() => Boolean, REPLAYED)
  replayed!: boolean | null;

  @Field(() => [UserErrorType], USER_ERRORS)
  userErrors!: UserErrorType[];
}

type BatchAnswer = Answer & { readonly cutBatch?: CutBatch | null; readonly replayed?: boolean };

const FIELDS = { batchId: 'cutBatchId' };

@Resolver()
export class ChangeBatches {
  @Mutation(() => CutBatchPayload, {
    description:
      'Proposes the cuts of a district for a day (提出停电计划): everybody whom the policy would allow to be cut then, as one batch that waits for approval. Nobody is cut by it. Make a dry run first.',
  })
  proposeCuts(
    @Arg('input', () => ProposeCutsInput, INPUT) input: ProposeCutsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BatchAnswer> {
    return attempt(ctx.scope, async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id: districtId } = await reachableDistrict(ctx, input.districtCode);
      const proposal = { districtId, plannedFor: input.plannedFor, note, idempotencyKey };
      const { batchId, replayed } = await proposeCutsOnRequest(ctx.api.deps.flows, proposal, actorOf(ctx.viewer));
      ctx.scope.renew();
      return { cutBatch: await ctx.scope.find('CutBatch', batchId), replayed };
    });
  }

  @Mutation(() => CutBatchPayload, {
    description:
      'Approves a batch as a whole (批准停电批次). Never by whoever proposed it; large batches and some customers need two persons.',
  })
  approveCutBatch(
    @Arg('input', () => CutBatchDecisionInput, INPUT) input: CutBatchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BatchAnswer> {
    const role = approverRole(ctx.viewer);
    return decide(ctx, input, (decision) =>
      approveBatch(ctx.api.deps.flows, { ...decision, role }, actorOf(ctx.viewer)),
    );
  }

  @Mutation(() => CutBatchPayload, {
    description: 'Holds a running batch (暂停停电批次): from now on none of its cuts is sent.',
  })
  pauseCutBatch(
    @Arg('input', () => CutBatchDecisionInput, INPUT) input: CutBatchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BatchAnswer> {
    return decide(ctx, input, (decision) => pauseBatch(ctx.api.deps.flows, decision, actorOf(ctx.viewer)));
  }

  @Mutation(() => CutBatchPayload, { description: 'Lets a paused batch go on (恢复停电批次).' })
  resumeCutBatch(
    @Arg('input', () => CutBatchDecisionInput, INPUT) input: CutBatchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BatchAnswer> {
    return decide(ctx, input, (decision) => resumeBatch(ctx.api.deps.flows, decision, actorOf(ctx.viewer)));
  }

  @Mutation(() => CutBatchPayload, {
    description: 'Ends a batch (中止停电批次): what was not sent is withdrawn. What was sent is undone by restores.',
  })
  abortCutBatch(
    @Arg('input', () => CutBatchDecisionInput, INPUT) input: CutBatchDecisionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<BatchAnswer> {
    return decide(ctx, input, (decision) => abortBatch(ctx.api.deps.flows, decision, actorOf(ctx.viewer)));
  }
}

function decide(
  ctx: ApiContext,
  input: CutBatchDecisionInput,
  act: (decision: BatchDecision) => Promise<{ readonly batchId: string; readonly replayed: boolean }>,
): Promise<BatchAnswer> {
  return attempt(
    ctx.scope,
    async () => {
      const idempotencyKey = checkKey(input.idempotencyKey);
      const note = checkReason(input.reason);
      const { id } = await reachable(ctx, 'CutBatch', input.cutBatchId, 'cutBatchId', 'BATCH_NOT_FOUND');
      const { batchId, replayed } = await act({ batchId: id, idempotencyKey, note });
      ctx.scope.renew();
      return { cutBatch: await ctx.scope.find('CutBatch', batchId), replayed };
    },
    FIELDS,
  );
}
