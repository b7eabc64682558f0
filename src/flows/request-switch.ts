import { lockAccount } from '../accounts/accounts.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { AT_SENDING, blockers } from '../dunning/cut-checks.js';
import { insertCuts, type CutOrder } from '../switching/cut-orders.js';
import { URGENT_REASONS, type InterruptionReason } from '../switching/interruption.js';
import { closeInterruptionsOfCuts } from '../switching/interruptions.js';
import { supplyOfServicePoint } from '../switching/supply.js';
import { lockOpenCommands, moveCommands } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';
import { decideCuts } from './cut-decisions.js';
import { keepProtection } from './keep-protection.js';
import { orderRestoresAt, type MeteredPoint } from './order-restores.js';

/** A cut asked for by a person. */
export interface CutRequest {
  readonly servicePointId: string;
  readonly reason: InterruptionReason;
  readonly idempotencyKey: string;
  readonly note: string;
}

/** A restore asked for by a person. */
export interface RestoreRequest {
  readonly servicePointId: string;
  readonly idempotencyKey: string;
  readonly note: string;
}

export interface SwitchReceipt {
  readonly commandId: string;
  readonly replayed: boolean;
}

const OWNER = statement(
  'request-switch-owner',
  `SELECT coalesce(d.manager, '95598') AS owner FROM service_point p JOIN transformer_district d ON d.id = p.district_id WHERE p.id = $1`,
);

/**
 * Somebody asks for a cut. It is judged at once, with everything that can be known now; it then waits for the approval of a
 * second person, unless it is urgent, and is judged again when it is sent. A cut for danger supersedes an open restore.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, NO_METER, COMMAND_OPEN (detail.commandId), CUT_BLOCKED, URGENT_CUTS_EXHAUSTED, IDEMPOTENCY_KEY_REUSED
 */
export async function requestCut(ctx: FlowContext, request: CutRequest, actor: Actor): Promise<SwitchReceipt> {
  return ctx.db.transaction('request-cut', async (tx) => {
    const at = ctx.clock.now();
    const { idempotencyKey, ...content } = request;
    return once(tx, { key: idempotencyKey, act: 'request-cut', content, at }, async () => {
      const urgent = URGENT_REASONS.includes(request.reason);
      if (urgent) await requireUrgentRoom(tx, actor, at);
      const supply = await lockSupply(tx, request.servicePointId);
      const commandId = newId();
      await yieldToCut(tx, supply, !urgent, commandId, { actor, at });
      const { servicePointId, reason } = request;
      const decision = (await decideCuts(ctx, tx, [{ servicePointId, reason, requestedBy: actor.id }], at)).get(
        servicePointId,
      )!;
      // A cut for danger pushes a restore aside: not while the kill switch would keep it from being sent.
      const blocking = blockers(decision.checks, urgent ? [] : AT_SENDING);
      if (blocking.length > 0) {
        throw new UserError(
          'CUT_BLOCKED',
          `This cut may not happen: ${blocking.map(({ code, evidence }) => `${code} (${evidence})`).join('; ')}.`,
          'servicePointId',
        );
      }
      const state = urgent ? 'QUEUED' : 'PENDING_APPROVAL';
      const order: CutOrder = {
        id: commandId,
        accountId: supply.accountId,
        servicePointId,
        meterId: supply.meterId,
        installationId: supply.installationId,
        reason,
        state,
        evidence: { checks: decision.checks },
        policyCode: decision.policy?.policy.code ?? null,
        policyVersion: decision.policy?.version ?? null,
      };
      const [row] = await tx.rows<{ owner: string }>(OWNER, [servicePointId]);
      const by = {
        actor,
        at,
        note: request.note,
        owner: row!.owner,
        windowMs: urgent ? ctx.timings.urgentQueueMs : ctx.timings.cutQueueMs,
      };
      const inserted = await insertCuts(tx, [order], by);
      // The reconciler does not take the account's lock: it may have ordered a restore since we looked.
      if (inserted.length === 0)
        throw commandOpen((await lockSupply(tx, request.servicePointId)).openCommand?.id ?? 'unknown', 'just ordered');
      // A protected meter refuses every cut: for danger the protection is ended first.
      if (urgent)
        await keepProtection(ctx, tx, { meterIds: [supply.meterId] }, at, `a cut for ${request.reason} was asked for`);
      announce(ctx, tx, commandId, supply.servicePointId);
      return { commandId };
    });
  });
}

/**
 * Somebody asks for a restore. It is never limited and needs no approval, but power must be due: as long as a reason keeps it
 * off, that reason must be closed first.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, SUPPLY_INTERRUPTED, NO_METER, COMMAND_OPEN (detail.commandId), IDEMPOTENCY_KEY_REUSED
 */
export async function requestRestore(ctx: FlowContext, request: RestoreRequest, actor: Actor): Promise<SwitchReceipt> {
  return ctx.db.transaction('request-restore', async (tx) => {
    const at = ctx.clock.now();
    const { idempotencyKey, ...content } = request;
    return once(tx, { key: idempotencyKey, act: 'request-restore', content, at }, async () => {
      const supply = await lockSupply(tx, request.servicePointId);
      if (supply.interruptions.length > 0) {
        const reasons = supply.interruptions.map(({ reason }) => reason).join(', ');
        throw new UserError(
          'SUPPLY_INTERRUPTED',
          `Power is not due here: ${reasons} is open. Close it first (arrears close by payment).`,
          'servicePointId',
        );
      }
      if (supply.openCommand?.operation === 'RESTORE') return { commandId: supply.openCommand.id };
      if (supply.openCommand) throw commandOpen(supply.openCommand.id, supply.openCommand.state);
      const [ordered] = await orderRestoresAt(ctx, tx, [supply], { actor, at, reason: request.note });
      // The reconciler orders without the account's lock: where it was first, its restore is the one.
      const commandId = ordered ?? (await lockOpenCommands(tx, [supply.meterId]))[0]!.id;
      announce(ctx, tx, commandId, supply.servicePointId);
      return { commandId };
    });
  });
}

const URGENT_BY_PERSON = statement(
  'request-switch-urgent-by-person',
  `SELECT count(*)::int AS n FROM switch_command
   WHERE operation = 'CUT' AND reason = ANY($2::text[]) AND requested_by = $1 AND requested_at > $3::timestamptz - interval '24 hours'`,
);

/**
 * Danger waits for nobody's approval, and takes restores away: so one person, or one stolen token, may ask for few.
 * @throws UserError URGENT_CUTS_EXHAUSTED
 */
async function requireUrgentRoom(tx: Tx, actor: Actor, at: Date): Promise<void> {
  const [row] = await tx.rows<{ n: number }>(URGENT_BY_PERSON, [actor.id, URGENT_REASONS, at]);
  const most = LIMITS.urgentCutsPerPersonPerDay.value;
  if (row!.n >= most)
    throw new UserError(
      'URGENT_CUTS_EXHAUSTED',
      `You have asked for ${most} cuts for danger or theft in 24 hours. Let a colleague ask, or send somebody.`,
      'reason',
    );
}

/** Finds the service point, takes its account's lock and reads the supply under it. */
export async function lockSupply(tx: Tx, servicePointId: string): Promise<MeteredPoint> {
  const before = await supplyOfServicePoint(tx, servicePointId);
  if (!before)
    throw new UserError(
      'SERVICE_POINT_NOT_FOUND',
      'There is no such service point. Look it up by its number.',
      'servicePointId',
    );
  await lockAccount(tx, before.accountId);
  const supply = await supplyOfServicePoint(tx, servicePointId);
  if (!supply?.meterId || !supply.installationId) {
    throw new UserError(
      'NO_METER',
      'No meter is installed at this service point; nothing can be switched remotely. Open a work order.',
      'servicePointId',
    );
  }
  return supply as MeteredPoint;
}

/** Makes room for a cut: only an urgent one may push an open command aside. */
async function yieldToCut(
  tx: Tx,
  supply: MeteredPoint,
  mustWait: boolean,
  cutId: string,
  by: { actor: Actor; at: Date },
): Promise<void> {
  if (!supply.openCommand) return;
  if (mustWait) throw commandOpen(supply.openCommand.id, supply.openCommand.state);
  const [command] = await lockOpenCommands(tx, [supply.meterId]);
  if (!command) return;
  await moveCommands(
    tx,
    [
      {
        id: command.id,
        from: command.state,
        to: command.sequence === null ? 'CANCELLED' : 'SUPERSEDED',
        code: 'OVERRIDDEN',
        text: 'a cut for another reason goes first',
        supersededById: cutId,
      },
    ],
    by,
  );
  // A cut that was not proven counts as not done: its reason must not outlive it. If it is still right, it is decided anew.
  if (command.operation === 'CUT') {
    await closeInterruptionsOfCuts(tx, [command.id], {
      ...by,
      reason: 'the cut was pushed aside before it was proven',
    });
  }
}

const commandOpen = (commandId: string, state: string): UserError =>
  new UserError(
    'COMMAND_OPEN',
    `Command ${commandId} (${state}) is open for this meter. Follow that one, or cancel it first.`,
    'servicePointId',
    { commandId },
  );

function announce(ctx: FlowContext, tx: Tx, commandId: string, servicePointId: string): void {
  tx.afterCommit(() => {
    ctx.nudges.nudge('commands');
    ctx.nudges.nudge('changed', [commandId, servicePointId]);
  });
}
