import { newId } from '../platform/ids.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { closeFollowUps, openFollowUps } from '../dunning/follow-ups.js';
import { closeWorkOrders, openWorkOrders } from '../service/work-orders.js';
import { DEBT_REASONS, URGENT_REASONS } from '../switching/interruption.js';
import { closeInterruptionsOfCuts } from '../switching/interruptions.js';
import { supplyOfMeters } from '../switching/supply.js';
import { moveCommands, type CommandMove, type LockedCommand } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';
import { isMetered, orderRestoresAt } from './order-restores.js';
import { suggestWrongfulCuts } from './suggest-compensation.js';
import { tellWayBack } from './tell-way-back.js';

/** A move decided for a command that this transaction has locked. */
export interface DecidedMove {
  readonly command: LockedCommand;
  readonly move: Omit<CommandMove, 'id' | 'from'>;
}

const NOT_DONE = new Set(['CANCELLED', 'REJECTED', 'EXPIRED', 'FAILED', 'FIELD_VISIT']);
const NEEDS_VISIT = new Set(['RELAY_STUCK', 'PHYSICS_DISAGREE']);

/**
 * Applies decided moves together with what must follow from them in the same transaction: field work for a command that ends in
 * it; for a cut that was not carried out its interruption is closed and, if its outcome is not known, a restore ordered (its
 * higher sequence also bars the cut for ever); a proven restore closes the field work that waited for it. A proven cut for debt gets its
 * follow-up, which ends with power back; one that the physics deny suggests that somebody else was cut.
 */
export async function applyMoves(
  ctx: FlowContext,
  tx: Tx,
  decided: readonly DecidedMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (decided.length === 0) return;
  const visits = decided.filter(
    ({ command, move }) =>
      move.to === 'FIELD_VISIT' ||
      (move.to === 'FAILED' && NEEDS_VISIT.has(move.code ?? '')) ||
      // Danger does not wait for a meter that protects itself.
      (move.to === 'REJECTED' && URGENT_REASONS.includes(command.reason)),
  );
  const workOrderIds = await openWorkOrders(
    tx,
    visits.map(({ command, move }) => ({
      id: newId(),
      kind: command.operation === 'RESTORE' ? ('RESTORE_ON_SITE' as const) : ('INSPECT_RELAY' as const),
      servicePointId: command.servicePointId,
      accountId: command.accountId,
      commandId: command.id,
      reason: move.text ?? 'no proof',
    })),
    { ...by, deadlineAt: new Date(by.at.getTime() + ctx.timings.fieldVisitMs) },
  );
  await moveCommands(
    tx,
    decided.map(({ command, move }) => ({
      ...move,
      id: command.id,
      from: command.state,
      workOrderId: workOrderIds.get(command.id),
    })),
    by,
  );
  await tellArmed(ctx, tx, decided, by);
  await undoCutsNotDone(ctx, tx, decided, by);
  await closeWorkOrders(
    tx,
    decided
      .filter(({ command, move }) => command.operation === 'RESTORE' && move.to === 'VERIFIED' && command.fieldWorkOpen)
      .map(({ command }) => command.servicePointId),
    'RESTORE_ON_SITE',
    { ...by, reason: 'the meter proved that power is back' },
  );
  await followUp(ctx, tx, decided, by);
}

/** An armed meter waits for its button: its customer is told. */
async function tellArmed(
  ctx: FlowContext,
  tx: Tx,
  decided: readonly DecidedMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  const armed = decided.filter(({ command, move }) => move.to === 'ARMED' && command.state !== 'ARMED');
  const until = new Date(by.at.getTime() + ctx.timings.armedWindowMs);
  await tellWayBack(
    ctx,
    tx,
    armed.map(({ command }) => ({
      commandId: command.id,
      purpose: 'RESTORE_BUTTON' as const,
      until,
      again: command.rearms > 0,
    })),
    by,
  );
}

async function followUp(
  ctx: FlowContext,
  tx: Tx,
  decided: readonly DecidedMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  const verified = decided.filter(({ move }) => move.to === 'VERIFIED').map(({ command }) => command);
  const debtCuts = verified.filter(({ operation, reason }) => operation === 'CUT' && DEBT_REASONS.includes(reason));
  await openFollowUps(
    tx,
    debtCuts.map(({ id }) => id),
    by,
  );
  await closeFollowUps(
    tx,
    verified.filter(({ operation }) => operation === 'RESTORE').map(({ servicePointId }) => servicePointId),
    { ...by, reason: 'the meter proved that power is back' },
  );
  const denied = decided.filter(
    ({ command, move }) => command.operation === 'CUT' && move.to === 'FAILED' && move.code === 'PHYSICS_DISAGREE',
  );
  await suggestWrongfulCuts(
    ctx,
    tx,
    denied.map(({ command }) => command),
    by,
  );
}

async function undoCutsNotDone(
  ctx: FlowContext,
  tx: Tx,
  decided: readonly DecidedMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  const cuts = decided.filter(({ command, move }) => command.operation === 'CUT' && NOT_DONE.has(move.to));
  if (cuts.length === 0) return;
  await closeInterruptionsOfCuts(
    tx,
    cuts.map(({ command }) => command.id),
    { ...by, reason: 'the cut was not carried out' },
  );
  await resumeDisplacedRestores(
    ctx,
    tx,
    cuts.map(({ command }) => command.id),
    by,
  );
  const uncertain = cuts.filter(({ move }) => move.to === 'FAILED').map(({ command }) => command.meterId);
  await restoreWherePowerIsDue(ctx, tx, uncertain, by, 'the cut has no proven outcome: power is made sure of');
}

const DISPLACED = statement(
  'apply-moves-displaced',
  `SELECT DISTINCT meter_id AS "meterId" FROM switch_command
   WHERE superseded_by_id = ANY($1::uuid[]) AND (operation = 'RESTORE' OR state = 'SUPERSEDED')`,
);

/**
 * These cuts have ended without being carried out. What one of them had pushed aside, a restore or a cut that the meter may have
 * heard, has an outcome that nobody knows: a restore is ordered, since nobody must stay dark because of a cut that never was.
 */
export async function resumeDisplacedRestores(
  ctx: FlowContext,
  tx: Tx,
  cutIds: readonly string[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (cutIds.length === 0) return;
  const displaced = await tx.rows<{ meterId: string }>(DISPLACED, [cutIds]);
  const meterIds = displaced.map(({ meterId }) => meterId);
  await restoreWherePowerIsDue(ctx, tx, meterIds, by, 'the cut that had pushed this command aside was not carried out');
}

/** Orders a restore at each of these meters where power is due and no command is open. Returns the ids ordered. */
export async function restoreWherePowerIsDue(
  ctx: FlowContext,
  tx: Tx,
  meterIds: readonly string[],
  by: { readonly actor: Actor; readonly at: Date },
  reason: string,
): Promise<string[]> {
  if (meterIds.length === 0) return [];
  const due = (await supplyOfMeters(tx, meterIds))
    .filter(isMetered)
    .filter((point) => point.interruptions.length === 0 && point.openCommand === null);
  const ordered = await orderRestoresAt(ctx, tx, due, { ...by, reason });
  if (ordered.length > 0) tx.afterCommit(() => ctx.nudges.nudge('commands'));
  return ordered;
}
