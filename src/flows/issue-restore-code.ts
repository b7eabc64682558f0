import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { restoreCodeDigits, spacedCode } from '../switching/restore-code-digits.js';
import { issueCodes, type IssuedCode } from '../switching/restore-codes.js';
import { lockOpenCommands } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';
import { orderRestoresAt, type MeteredPoint } from './order-restores.js';
import { lockSupply } from './request-switch.js';
import { tellWayBack } from './tell-way-back.js';

const HOUR_MS = 3_600_000;
/** Where no policy applies. */
const DEFAULT_VALID_HOURS = 12;

/** A code asked for by a person. */
export interface RestoreCodeRequest {
  readonly servicePointId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

export interface RestoreCodeReceipt {
  readonly restoreCodeId: string;
  /** The restore that the code belongs to. */
  readonly commandId: string;
}

/**
 * Issues the one-time restore code (复电码) of the meter at a service point: where power is due, and only there. It takes the meter's next sequence,
 * so once it is typed every order before it is void; a former code is void now. The restore over the wire goes on beside it, and is ordered if none
 * is open. The customer gets the code by message. It is shown once to the caller, and is in no record: a repeat of the request has no digits.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, NO_METER, SUPPLY_INTERRUPTED, COMMAND_OPEN, POWER_IS_ON, CODES_NOT_CONFIGURED, CODE_OUT_OF_STEP, IDEMPOTENCY_KEY_REUSED
 */
export async function issueRestoreCode(
  ctx: FlowContext,
  request: RestoreCodeRequest,
  actor: Actor,
): Promise<RestoreCodeReceipt & { readonly replayed: boolean; readonly code: string | null }> {
  const secrets = await ctx.meterSecrets?.();
  if (!secrets)
    throw new UserError(
      'CODES_NOT_CONFIGURED',
      'The secrets of the meters are not configured here, so there are no restore codes. Send somebody, and have METER_SECRETS_FILE set.',
      'servicePointId',
    );
  let issued: IssuedCode | undefined;
  const receipt = await ctx.db.transaction('issue-restore-code', async (tx) => {
    issued = undefined;
    const at = ctx.clock.now();
    const { idempotencyKey, ...content } = request;
    return once(tx, { key: idempotencyKey, act: 'issue-restore-code', content, at }, async () => {
      const supply = await lockSupply(tx, request.servicePointId);
      const commandId = await openRestore(ctx, tx, supply, { actor, at, reason: request.note });
      issued = await issue(ctx, tx, supply, commandId, { actor, at, reason: request.note });
      const { id } = issued;
      tx.afterCommit(() => {
        ctx.nudges.nudge('commands');
        ctx.nudges.nudge('changed', [id, commandId, supply.servicePointId]);
      });
      return { restoreCodeId: id, commandId };
    });
  });
  if (!issued || receipt.replayed) return { ...receipt, code: null };
  return { ...receipt, code: spacedCode(restoreCodeDigits(secrets.restoreCodeKey(issued.serial), issued)) };
}

type By = { readonly actor: Actor; readonly at: Date; readonly reason: string };

/** The restore under way, or a new one. @throws UserError SUPPLY_INTERRUPTED, COMMAND_OPEN, POWER_IS_ON */
async function openRestore(ctx: FlowContext, tx: Tx, supply: MeteredPoint, by: By): Promise<string> {
  if (supply.interruptions.length > 0) {
    const reasons = supply.interruptions.map(({ reason }) => reason).join(', ');
    throw new UserError(
      'SUPPLY_INTERRUPTED',
      `Power is not due here: ${reasons} is open. Close it first (arrears close by payment).`,
      'servicePointId',
    );
  }
  const { openCommand } = supply;
  if (openCommand?.operation === 'RESTORE') return openCommand.id;
  if (openCommand)
    throw new UserError(
      'COMMAND_OPEN',
      `Command ${openCommand.id} (${openCommand.state}) is open for this meter. Follow that one, or cancel it first.`,
      'servicePointId',
      { commandId: openCommand.id },
    );
  if (supply.reportedRelay === 'CLOSED')
    throw new UserError(
      'POWER_IS_ON',
      'The meter reports its relay closed, so a code would change nothing. Ask whyIsPowerOff, and have the main switch checked.',
      'servicePointId',
    );
  const [ordered] = await orderRestoresAt(ctx, tx, [supply], by);
  // The reconciler orders without the account's lock: where it was first, its restore is the one.
  return ordered ?? (await lockOpenCommands(tx, [supply.meterId]))[0]!.id;
}

/** @throws UserError CODE_OUT_OF_STEP */
async function issue(ctx: FlowContext, tx: Tx, supply: MeteredPoint, commandId: string, by: By): Promise<IssuedCode> {
  const policy = ctx.policies.of(supply.customerClass, supply.paymentMode)?.policy;
  const validMs = (policy?.restoreCode.validHours ?? DEFAULT_VALID_HOURS) * HOUR_MS;
  const { accountId, servicePointId, meterId, installationId } = supply;
  const expiresAt = new Date(by.at.getTime() + validMs);
  const code = { id: newId(), accountId, servicePointId, meterId, installationId, commandId, expiresAt };
  const [issued] = await issueCodes(tx, [{ ...code, origin: 'PERSON' as const }], by);
  if (!issued)
    throw new UserError(
      'CODE_OUT_OF_STEP',
      'The meter has missed more than twenty orders and would not try the next code. Send somebody.',
      'servicePointId',
    );
  const message = { commandId, purpose: 'RESTORE_CODE' as const, restoreCodeId: issued.id, until: expiresAt };
  await tellWayBack(ctx, tx, [message], by);
  await tx.rows(WAIT_FOR_CODE, [commandId, ctx.timings.codeWindowMs]);
  return issued;
}

// The wire goes on being tried; nobody is sent out before the code has had its time.
const WAIT_FOR_CODE = statement(
  'issue-restore-code-wait',
  `UPDATE switch_command SET give_up_wall_at = greatest(give_up_wall_at, clock_timestamp() + make_interval(secs => $2::float8 / 1000)) WHERE id = $1`,
);
