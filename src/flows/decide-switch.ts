import { lockAccount } from '../accounts/accounts.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { blockers, cutChecks } from '../switching/cut-policy.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { lockCommands, moveCommands, type LockedCommand } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { gatherCutFacts } from './gather-cut-facts.js';
import type { SwitchReceipt } from './request-switch.js';

/** A person's decision on a waiting command. */
export interface SwitchDecision {
  readonly commandId: string;
  readonly idempotencyKey: string;
  readonly note: string;
}

/**
 * A second person approves a cut. It is judged again, as of now; day and hour are judged once more when it is sent.
 *
 * @throws UserError COMMAND_NOT_FOUND, NOT_WAITING_FOR_APPROVAL, APPROVAL_BY_REQUESTER, CUT_BLOCKED, IDEMPOTENCY_KEY_REUSED
 */
export async function approveSwitchCommand(
  ctx: FlowContext,
  decision: SwitchDecision,
  actor: Actor,
): Promise<SwitchReceipt> {
  return decide(ctx, 'approve-switch-command', decision, actor, async (tx, command, at) => {
    if (command.state !== 'PENDING_APPROVAL') {
      throw new UserError(
        'NOT_WAITING_FOR_APPROVAL',
        `This command is ${command.state}; only one that is PENDING_APPROVAL can be approved.`,
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
    const facts = await gatherCutFacts(ctx, tx, command.servicePointId, {
      reason: command.reason,
      at,
      installationId: command.installationId,
      approvedBy: actor.id,
      noticeServedOn: command.evidence['noticeServedOn'] as string | undefined,
    });
    const blocking = blockers(cutChecks(facts, ctx.cutPolicy), ['ALLOWED_DAY', 'ALLOWED_HOUR', 'KILL_SWITCH']);
    if (blocking.length > 0) {
      throw new UserError(
        'CUT_BLOCKED',
        `This cut may not happen: ${blocking.map(({ code, evidence }) => `${code} (${evidence})`).join('; ')}. Cancel it.`,
        'commandId',
      );
    }
    return { to: 'QUEUED', approvedBy: actor.id, waitMs: 0, windowMs: ctx.timings.cutQueueMs };
  });
}

/**
 * A person cancels a command that was not sent yet. What was sent can only be answered by a newer command.
 *
 * @throws UserError COMMAND_NOT_FOUND, ALREADY_SENT, RESTORE_IS_DUE, IDEMPOTENCY_KEY_REUSED
 */
export async function cancelSwitchCommand(
  ctx: FlowContext,
  decision: SwitchDecision,
  actor: Actor,
): Promise<SwitchReceipt> {
  return decide(ctx, 'cancel-switch-command', decision, actor, (_tx, command) => {
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
    return Promise.resolve({ to: 'CANCELLED', code: 'CANCELLED_BY_PERSON', text: decision.note });
  });
}

const ACCOUNT_OF_COMMAND = statement(
  'decide-switch-account',
  `SELECT account_id AS "accountId" FROM switch_command WHERE id = $1`,
);

type MoveParts = Omit<Parameters<typeof moveCommands>[1][number], 'id' | 'from'>;

async function decide(
  ctx: FlowContext,
  act: string,
  decision: SwitchDecision,
  actor: Actor,
  judge: (tx: Tx, command: LockedCommand, at: Date) => Promise<MoveParts>,
): Promise<SwitchReceipt> {
  return ctx.db.transaction(act, async (tx) => {
    const at = ctx.clock.now();
    const { commandId, note } = decision;
    return once(tx, { key: decision.idempotencyKey, act, content: { commandId, note }, at }, async () => {
      const [found] = await tx.rows<{ accountId: string }>(ACCOUNT_OF_COMMAND, [commandId]);
      if (!found) throw new UserError('COMMAND_NOT_FOUND', 'There is no such switch command.', 'commandId');
      await lockAccount(tx, found.accountId);
      const [command] = await lockCommands(tx, [commandId]);
      const move = await judge(tx, command!, at);
      await moveCommands(tx, [{ ...move, id: commandId, from: command!.state, reason: note }], { actor, at });
      if (move.to === 'CANCELLED') await resumeDisplacedRestores(ctx, tx, [commandId], { actor, at });
      tx.afterCommit(() => {
        ctx.nudges.nudge('commands');
        ctx.nudges.nudge('changed', [commandId]);
      });
      return { commandId };
    });
  });
}
