import { lockAccounts } from '../accounts/accounts.js';
import type { Tx } from '../platform/database.js';
import type { Actor } from '../platform/audit.js';
import { approvalsOf, batchMembers, countRampStep, moveBatch, type LockedBatch } from '../dunning/cut-batches.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { accountsOfCommands, lockCommands, moveCommands, type LockedCommand } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { decideCuts, type CutQuestion } from './cut-decisions.js';
import { queueCuts } from './queue-cuts.js';

type By = { readonly actor: Actor; readonly at: Date };

/** The question about a command that exists, as of who has approved it. */
export const questionOf = (
  command: LockedCommand,
  approvals: CutQuestion['approvals'],
  batchSize: number,
): CutQuestion => ({
  servicePointId: command.servicePointId,
  reason: command.reason,
  installationId: command.installationId,
  requestedBy: command.requestedBy,
  approvals,
  batchSize,
});

/** Lets the next cuts of a locked batch go: each is judged again, under its account's lock, and called a last time. */
export async function releaseStep(
  ctx: FlowContext,
  tx: Tx,
  batch: LockedBatch,
  commandIds: readonly string[],
  by: By,
): Promise<void> {
  const { commands, decisions } = await judgeMembers(ctx, tx, batch, commandIds, by.at);
  const waiting = commands.filter(({ state }) => state === 'PENDING_APPROVAL');
  await queueCuts(
    ctx,
    tx,
    waiting.map((command) => ({ command, decision: decisions.get(command.servicePointId)! })),
    { ...by, reason: `step ${batch.rampStep + 1} of the batch` },
  );
  await countRampStep(tx, batch.id);
}

/** Locks members of a batch with their accounts and judges them as of `at`, with the approvals of the batch. */
export async function judgeMembers(
  ctx: FlowContext,
  tx: Tx,
  batch: LockedBatch,
  commandIds: readonly string[],
  at: Date,
): Promise<{ commands: LockedCommand[]; decisions: Awaited<ReturnType<typeof decideCuts>> }> {
  await lockAccounts(tx, await accountsOfCommands(tx, commandIds));
  const commands = await lockCommands(tx, commandIds);
  const approvals = await approvalsOf(tx, null, batch.id);
  const decisions = await decideCuts(
    ctx,
    tx,
    commands.map((command) => questionOf(command, approvals, batch.size)),
    at,
  );
  return { commands, decisions };
}

/** Ends a locked batch: what was not sent is withdrawn, what was sent goes on to its proof. */
export async function endBatch(
  ctx: FlowContext,
  tx: Tx,
  batch: LockedBatch,
  to: 'DONE' | 'ABORTED' | 'EXPIRED',
  by: By & { readonly code: string; readonly text: string },
): Promise<void> {
  const members = await batchMembers(tx, batch.id);
  const unsent = (
    await lockCommands(
      tx,
      members.filter(({ state }) => UNSENT_STATES.includes(state)).map(({ commandId }) => commandId),
    )
  ).filter(({ state }) => UNSENT_STATES.includes(state));
  await moveCommands(
    tx,
    unsent.map(({ id, state }) => ({
      id,
      from: state,
      to: to === 'EXPIRED' ? ('EXPIRED' as const) : ('CANCELLED' as const),
      code: by.code,
      text: by.text,
    })),
    by,
  );
  const ids = unsent.map(({ id }) => id);
  await resumeDisplacedRestores(ctx, tx, ids, by);
  await moveBatch(tx, batch, to, by);
  tx.afterCommit(() => ctx.nudges.nudge('changed', [batch.id, ...ids]));
}
