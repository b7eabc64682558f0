import { lockAccount } from '../accounts/accounts.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { assert, UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { DEBT_REASONS, type InterruptionReason } from '../switching/interruption.js';
import { closeInterruptions, openInterruption } from '../switching/interruptions.js';
import { lockOpenCommands, moveCommands, type LockedCommand } from '../switching/switch-commands.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { lockSupply } from './request-switch.js';

/** A reason for power to be off, stated by a person (found off on site, cut by hand, customer away …). Nothing is switched by it. */
export interface InterruptionOpening {
  readonly servicePointId: string;
  readonly reason: InterruptionReason;
  readonly note: string;
  readonly idempotencyKey: string;
  readonly evidence?: Readonly<Record<string, unknown>>;
}

/**
 * Opens an interruption without switching: power is not due from now on, and an unsent restore or cut for debt is withdrawn. A restore that the
 * meter may have heard already must be answered by a cut (requestCut), not by this.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, NO_METER, INTERRUPTION_OPEN, DEBT_NEEDS_A_CUT, COMMAND_OPEN, IDEMPOTENCY_KEY_REUSED
 */
export async function openInterruptionAt(
  ctx: FlowContext,
  opening: InterruptionOpening,
  actor: Actor,
): Promise<{ interruptionId: string; commandId: string | null; replayed: boolean }> {
  const { servicePointId, reason, note, evidence } = opening;
  if (DEBT_REASONS.includes(reason)) {
    throw new UserError(
      'DEBT_NEEDS_A_CUT',
      'Power is kept off for debt only by an approved cut. Request a cut instead.',
      'reason',
    );
  }
  return ctx.db.transaction('open-interruption', async (tx) => {
    const at = ctx.clock.now();
    const content = { servicePointId, reason, note, evidence: JSON.stringify(evidence ?? {}) };
    return once(tx, { key: opening.idempotencyKey, act: 'open-interruption', content, at }, async () => {
      const supply = await lockSupply(tx, servicePointId);
      const [command] = await lockOpenCommands(tx, [supply.meterId]);
      if (command && !canBeWithdrawn(command)) {
        throw new UserError(
          'COMMAND_OPEN',
          `Command ${command.id} (${command.operation} ${command.state}) goes on. Wait for its end; cancel it, if it is a cut that was not sent; or request a cut.`,
          'servicePointId',
          { commandId: command.id },
        );
      }
      const interruptionId = await openInterruption(
        tx,
        { servicePointId, accountId: supply.accountId, reason, evidence: evidence ?? {} },
        { actor, at, reason: note },
      );
      if (!interruptionId) {
        throw new UserError('INTERRUPTION_OPEN', `An interruption for ${reason} is open here already.`, 'reason');
      }
      if (command) {
        await moveCommands(
          tx,
          [
            {
              id: command.id,
              from: command.state,
              to: 'CANCELLED',
              code: 'INTERRUPTED',
              text: `${reason} keeps the power off`,
            },
          ],
          { actor, at },
        );
      }
      tx.afterCommit(() => ctx.nudges.nudge('changed', [servicePointId, ...(command ? [command.id] : [])]));
      return { interruptionId, commandId: null };
    });
  });
}

/** The meter has not heard it, and it is no cut for danger: that one must not fall away because another reason was written down. */
const canBeWithdrawn = ({ sequence, operation, reason }: LockedCommand): boolean =>
  sequence === null && (operation === 'RESTORE' || DEBT_REASONS.includes(reason));

/** The end of an interruption, stated by a person. */
export interface InterruptionClosing {
  readonly interruptionId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

const FIND = statement(
  'change-interruption-find',
  `SELECT service_point_id AS "servicePointId", account_id AS "accountId", closed_at AS "closedAt" FROM interruption WHERE id = $1`,
);

/**
 * Closes an interruption: danger removed, guarantee given, dispute upheld, correction. If no other reason is open, power is due
 * from this commit on and a restore is ordered; a cut that this interruption belongs to and that may still act is superseded.
 *
 * @throws UserError INTERRUPTION_NOT_FOUND, INTERRUPTION_CLOSED, IDEMPOTENCY_KEY_REUSED
 */
export async function closeInterruption(
  ctx: FlowContext,
  closing: InterruptionClosing,
  actor: Actor,
): Promise<{ interruptionId: string; restoreCommandIds: string[]; replayed: boolean }> {
  const { interruptionId, note } = closing;
  return ctx.db.transaction('close-interruption', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      { key: closing.idempotencyKey, act: 'close-interruption', content: { interruptionId, note }, at },
      async () => {
        const [found] = await tx.rows<{ servicePointId: string; accountId: string }>(FIND, [interruptionId]);
        if (!found) throw new UserError('INTERRUPTION_NOT_FOUND', 'There is no such interruption.', 'interruptionId');
        await lockAccount(tx, found.accountId);
        const supply = await lockSupply(tx, found.servicePointId);
        const [command] = await lockOpenCommands(tx, [supply.meterId]);
        const [closed] = await closeInterruptions(tx, [interruptionId], { actor, at, reason: note });
        if (!closed)
          throw new UserError('INTERRUPTION_CLOSED', 'This interruption is closed already.', 'interruptionId');
        if (command?.operation === 'CUT' && command.reason === closed.reason) {
          assert(command.sequence !== null, 'an interruption is opened when its cut is sent, not before');
          await moveCommands(
            tx,
            [{ id: command.id, from: command.state, to: 'SUPERSEDED', code: 'INTERRUPTION_CLOSED', text: note }],
            { actor, at },
          );
        }
        const restoreCommandIds = await restoreWherePowerIsDue(ctx, tx, [supply.meterId], { actor, at }, note);
        tx.afterCommit(() =>
          ctx.nudges.nudge('changed', [found.servicePointId, ...(command ? [command.id] : []), ...restoreCommandIds]),
        );
        return { interruptionId, restoreCommandIds };
      },
    );
  });
}
