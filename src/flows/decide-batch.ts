import {
  batchMembers,
  insertApproval,
  lockBatch,
  moveBatch,
  type ApproverRole,
  type LockedBatch,
} from '../dunning/cut-batches.js';
import { APPROVAL_CODES } from '../dunning/cut-checks.js';
import type { Actor } from '../platform/audit.js';
import { recordAudit } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';
import { endBatch, judgeMembers } from './release-batch.js';

/** A person's decision on a batch. */
export interface BatchDecision {
  readonly batchId: string;
  readonly idempotencyKey: string;
  readonly note: string;
}

export interface BatchReceipt {
  readonly batchId: string;
  readonly replayed: boolean;
}

/**
 * Somebody approves a batch as a whole. It is APPROVED once no cut of it wants for approval any more: one person for most, two distinct
 * ones for a large batch or where one of its customers asks for two. Approving is not sending: each is judged again.
 *
 * @throws UserError BATCH_NOT_FOUND, BATCH_ENDED, APPROVAL_BY_REQUESTER, ALREADY_APPROVED, IDEMPOTENCY_KEY_REUSED
 */
export function approveBatch(
  ctx: FlowContext,
  decision: BatchDecision & { readonly role: ApproverRole },
  actor: Actor,
): Promise<BatchReceipt> {
  return decide(ctx, 'approve-batch', decision, async (tx, batch, at) => {
    if (batch.proposedBy === actor.id) {
      throw new UserError(
        'APPROVAL_BY_REQUESTER',
        'A batch is approved by another person than the one who proposed it.',
        'batchId',
      );
    }
    const { role, note } = decision;
    if (!(await insertApproval(tx, { batchId: batch.id, by: actor.id, role, at, note }))) {
      throw new UserError(
        'ALREADY_APPROVED',
        'You have approved this batch; a second approval is another person’s.',
        'batchId',
      );
    }
    await recordAudit(tx, at, actor, [
      { act: 'cut-batch.approved', subjectType: 'CutBatch', subjectId: batch.id, reason: note, detail: { role } },
    ]);
    if (batch.state !== 'PENDING_APPROVAL') return;
    const members = (await batchMembers(tx, batch.id)).filter(({ state }) => state === 'PENDING_APPROVAL');
    const { decisions } = await judgeMembers(
      ctx,
      tx,
      batch,
      members.map(({ commandId }) => commandId),
      at,
    );
    const wanting = [...decisions.values()].some(({ checks }) =>
      checks.some(({ code, passed }) => !passed && APPROVAL_CODES.includes(code)),
    );
    if (!wanting) await moveBatch(tx, batch, 'APPROVED', { actor, at, text: note });
  });
}

/**
 * Holds a running batch: from this commit on none of its cuts is sent. What was sent goes on to its proof.
 *
 * @throws UserError BATCH_NOT_FOUND, BATCH_ENDED, BATCH_NOT_RUNNING, IDEMPOTENCY_KEY_REUSED
 */
export const pauseBatch = (ctx: FlowContext, decision: BatchDecision, actor: Actor): Promise<BatchReceipt> =>
  decide(ctx, 'pause-batch', decision, async (tx, batch, at) => {
    if (batch.state !== 'RUNNING') throw notRunning(batch, 'RUNNING');
    await moveBatch(tx, batch, 'PAUSED', { actor, at, text: decision.note });
  });

/**
 * Lets a paused batch go on.
 *
 * @throws UserError BATCH_NOT_FOUND, BATCH_ENDED, BATCH_NOT_RUNNING, IDEMPOTENCY_KEY_REUSED
 */
export const resumeBatch = (ctx: FlowContext, decision: BatchDecision, actor: Actor): Promise<BatchReceipt> =>
  decide(ctx, 'resume-batch', decision, async (tx, batch, at) => {
    if (batch.state !== 'PAUSED') throw notRunning(batch, 'PAUSED');
    await moveBatch(tx, batch, 'RUNNING', { actor, at, text: decision.note });
  });

/**
 * Ends a batch: nothing of it is sent any more. Anybody who may switch may abort.
 *
 * @throws UserError BATCH_NOT_FOUND, BATCH_ENDED, IDEMPOTENCY_KEY_REUSED
 */
export const abortBatch = (ctx: FlowContext, decision: BatchDecision, actor: Actor): Promise<BatchReceipt> =>
  decide(ctx, 'abort-batch', decision, (tx, batch, at) =>
    endBatch(ctx, tx, batch, 'ABORTED', { actor, at, code: 'BATCH_ABORTED', text: decision.note }),
  );

const notRunning = (batch: LockedBatch, wanted: string): UserError =>
  new UserError(
    'BATCH_NOT_RUNNING',
    `This batch is ${batch.state}; this can be done to one that is ${wanted}.`,
    'batchId',
  );

async function decide(
  ctx: FlowContext,
  act: string,
  decision: BatchDecision,
  work: (tx: Tx, batch: LockedBatch, at: Date) => Promise<void>,
): Promise<BatchReceipt> {
  return ctx.db.transaction(act, async (tx) => {
    const at = ctx.clock.now();
    const { batchId, note, idempotencyKey } = decision;
    return once(tx, { key: idempotencyKey, act, content: { batchId, note }, at }, async () => {
      const batch = await lockBatch(tx, batchId);
      if (!batch) throw new UserError('BATCH_NOT_FOUND', 'There is no such batch of cuts.', 'batchId');
      if (['DONE', 'ABORTED', 'EXPIRED'].includes(batch.state))
        throw new UserError('BATCH_ENDED', `This batch is ${batch.state}; propose a new one.`, 'batchId');
      await work(tx, batch, at);
      tx.afterCommit(() => {
        ctx.nudges.nudge('commands');
        ctx.nudges.nudge('changed', [batchId]);
      });
      return { batchId };
    });
  });
}
