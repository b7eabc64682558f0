import { lockAccount } from '../accounts/accounts.js';
import { approvalsOf, insertApproval, type ApproverRole } from '../dunning/cut-batches.js';
import { APPROVAL_CODES } from '../dunning/cut-checks.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { accountsOfCommands, lockCommands, moveCommands, type LockedCommand } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { decideCuts, type CutDecision } from './cut-decisions.js';
import { blocksRelease, queueCuts } from './queue-cuts.js';
import { questionOf } from './release-batch.js';
import type { SwitchReceipt } from './request-switch.js';

/** A person's decision on a waiting command. */
export interface SwitchDecision {
  readonly commandId: string;
  readonly idempotencyKey: string;
  readonly note: string;
}

/**
 * A second person approves a cut. It is judged again, as of now; once it wants for no approval any more the customer is called a last time
 * and the cut is queued for the time announced. Where the rules ask for two approvals, the first leaves it waiting.
 *
 * @throws UserError COMMAND_NOT_FOUND, NOT_WAITING_FOR_APPROVAL, APPROVED_WITH_BATCH, APPROVAL_BY_REQUESTER, ALREADY_APPROVED, CUT_BLOCKED,
 *   IDEMPOTENCY_KEY_REUSED
 */
export async function approveSwitchCommand(
  ctx: FlowContext,
  decision: SwitchDecision & { readonly role: ApproverRole },
  actor: Actor,
): Promise<SwitchReceipt> {
  return decide(ctx, 'approve-switch-command', decision, async (tx, command, at) => {
    if (command.state !== 'PENDING_APPROVAL') {
      throw new UserError(
        'NOT_WAITING_FOR_APPROVAL',
        `This command is ${command.state}; only one that is PENDING_APPROVAL can be approved.`,
        'commandId',
      );
    }
    if (command.batchId) {
      throw new UserError(
        'APPROVED_WITH_BATCH',
        'This cut belongs to a batch. Approve the batch; its ramp lets the cut go.',
        'commandId',
      );
    }
    if (command.requestedBy === actor.id) {
      throw new UserError(
        'APPROVAL_BY_REQUESTER',
        'A cut is approved by another person than the one who asked for it.',
        'commandId',
      );
    }
    const { role, note, commandId } = decision;
    if (!(await insertApproval(tx, { commandId, by: actor.id, role, at, note }))) {
      throw new UserError(
        'ALREADY_APPROVED',
        'You have approved this cut; a second approval is another person’s.',
        'commandId',
      );
    }
    const judged = await judge(ctx, tx, command, at);
    const blocking = blocksRelease(judged.checks);
    const wanting = blocking.filter(({ code }) => APPROVAL_CODES.includes(code));
    if (blocking.length > wanting.length) {
      throw new UserError(
        'CUT_BLOCKED',
        `This cut may not happen: ${blocking.map(({ code, evidence }) => `${code} (${evidence})`).join('; ')}. Cancel it.`,
        'commandId',
      );
    }
    if (wanting.length === 0) {
      await queueCuts(ctx, tx, [{ command, decision: judged }], { actor, at, reason: note });
      return;
    }
    const waiting = {
      id: command.id,
      from: command.state,
      to: command.state,
      approvedBy: actor.id,
      reason: note,
    } as const;
    await moveCommands(tx, [waiting], { actor, at });
  });
}

/**
 * A second, distinct person lets a quarantined cut go on; it is judged again, called again, and passes the thresholds that stopped it.
 *
 * @throws UserError COMMAND_NOT_FOUND, NOT_QUARANTINED, RELEASE_BY_REQUESTER, CUT_BLOCKED, IDEMPOTENCY_KEY_REUSED
 */
export async function releaseQuarantinedCut(
  ctx: FlowContext,
  decision: SwitchDecision,
  actor: Actor,
): Promise<SwitchReceipt> {
  return decide(ctx, 'release-quarantined-cut', decision, async (tx, command, at) => {
    if (command.state !== 'QUARANTINED') {
      throw new UserError(
        'NOT_QUARANTINED',
        `This command is ${command.state}; only one that is QUARANTINED can be released.`,
        'commandId',
      );
    }
    await requireSecondPerson(tx, command, actor);
    const judged = await judge(ctx, tx, command, at);
    const blocking = blocksRelease(judged.checks);
    if (blocking.length > 0) {
      throw new UserError(
        'CUT_BLOCKED',
        `This cut may not happen any more: ${blocking.map(({ code, evidence }) => `${code} (${evidence})`).join('; ')}. Delete it.`,
        'commandId',
      );
    }
    await queueCuts(ctx, tx, [{ command, decision: judged }], {
      actor,
      at,
      reason: decision.note,
      releasedBy: actor.id,
    });
  });
}

/** Neither who asked for a quarantined cut nor who approved it may decide what becomes of it. */
async function requireSecondPerson(tx: Tx, command: LockedCommand, actor: Actor): Promise<void> {
  const approvals = await approvalsOf(tx, command.id, command.batchId);
  if (command.requestedBy === actor.id || approvals.some(({ by }) => by === actor.id)) {
    throw new UserError(
      'RELEASE_BY_REQUESTER',
      'A quarantined cut is released or deleted by a person who neither asked for it nor approved it.',
      'commandId',
    );
  }
}

async function judge(ctx: FlowContext, tx: Tx, command: LockedCommand, at: Date): Promise<CutDecision> {
  const approvals = await approvalsOf(tx, command.id, command.batchId);
  const decisions = await decideCuts(ctx, tx, [questionOf(command, approvals, 1)], at);
  return decisions.get(command.servicePointId)!;
}

/**
 * A person cancels a command that was not sent yet. What was sent can only be answered by a newer command.
 *
 * What is in quarantine is deleted by a second person, as it would be released.
 *
 * @throws UserError COMMAND_NOT_FOUND, ALREADY_SENT, RESTORE_IS_DUE, RELEASE_BY_REQUESTER, IDEMPOTENCY_KEY_REUSED
 */
export async function cancelSwitchCommand(
  ctx: FlowContext,
  decision: SwitchDecision,
  actor: Actor,
): Promise<SwitchReceipt> {
  return decide(ctx, 'cancel-switch-command', decision, async (tx, command, at) => {
    if (command.operation === 'RESTORE') {
      throw new UserError(
        'RESTORE_IS_DUE',
        'A restore is ordered because power is due, and it is not cancelled. To keep power off, open an interruption with its reason.',
        'commandId',
      );
    }
    if (!UNSENT_STATES.includes(command.state)) {
      throw new UserError(
        'ALREADY_SENT',
        `This command is ${command.state}; the meter may have heard it. To undo a cut, request a restore.`,
        'commandId',
      );
    }
    if (command.state === 'QUARANTINED') await requireSecondPerson(tx, command, actor);
    const cancelled = {
      to: 'CANCELLED',
      code: 'CANCELLED_BY_PERSON',
      text: decision.note,
      reason: decision.note,
    } as const;
    await moveCommands(tx, [{ id: command.id, from: command.state, ...cancelled }], { actor, at });
    await resumeDisplacedRestores(ctx, tx, [command.id], { actor, at });
  });
}

async function decide(
  ctx: FlowContext,
  act: string,
  decision: SwitchDecision,
  work: (tx: Tx, command: LockedCommand, at: Date) => Promise<void>,
): Promise<SwitchReceipt> {
  return ctx.db.transaction(act, async (tx) => {
    const at = ctx.clock.now();
    const { commandId, note } = decision;
    return once(tx, { key: decision.idempotencyKey, act, content: { commandId, note }, at }, async () => {
      const [accountId] = await accountsOfCommands(tx, [commandId]);
      if (!accountId) throw new UserError('COMMAND_NOT_FOUND', 'There is no such switch command.', 'commandId');
      await lockAccount(tx, accountId);
      const [command] = await lockCommands(tx, [commandId]);
      await work(tx, command!, at);
      tx.afterCommit(() => {
        ctx.nudges.nudge('commands');
        ctx.nudges.nudge('changed', [commandId]);
      });
      return { commandId };
    });
  });
}
