import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { nextRung, type NextRung, type RungEnd } from '../dunning/next-rung-policy.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { openOutagesAt } from '../service/outages.js';
import { CODE_WINDOW, issueCodes } from '../switching/restore-codes.js';
import type { LockedCommand } from '../switching/switch-commands.js';
import type { DecidedMove } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { tellable, tellWayBack } from './tell-way-back.js';

const HOUR_MS = 3_600_000;

/** A restore, locked, whose rung has brought nothing. */
export interface EndedRung {
  readonly command: LockedCommand;
  readonly end: RungEnd;
  /** Stable code of how it ended. */
  readonly code: string;
}

interface RungFacts {
  readonly commandId: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly codeIssued: boolean;
  readonly sequencesAhead: bigint;
  readonly interrupted: boolean;
}

const FACTS = statement(
  'next-rungs-facts',
  `SELECT c.id AS "commandId", k.customer_class AS "customerClass", a.payment_mode AS "paymentMode",
          EXISTS (SELECT FROM restore_code r WHERE r.command_id = c.id) AS "codeIssued",
          m.sequence + 1 - m.reported_sequence AS "sequencesAhead",
          EXISTS (SELECT FROM interruption i WHERE i.service_point_id = c.service_point_id AND i.closed_at IS NULL) AS interrupted
   FROM switch_command c JOIN account a ON a.id = c.account_id JOIN customer k ON k.id = a.customer_id JOIN meter m ON m.id = c.meter_id
   WHERE c.id = ANY($1::uuid[])`,
);

/**
 * Decides what follows a rung that has brought nothing, and does what belongs to it: the meter is armed again, its code is issued and told, an
 * outage is waited out, or somebody goes there. Returns the moves, to be applied by the caller in this transaction.
 */
export async function nextRungs(
  ctx: FlowContext,
  tx: Tx,
  ended: readonly EndedRung[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<DecidedMove[]> {
  if (ended.length === 0) return [];
  const ids = ended.map(({ command }) => command.id);
  const facts = new Map((await tx.rows<RungFacts>(FACTS, [ids])).map((one) => [one.commandId, one]));
  const outages = await openOutagesAt(
    tx,
    ended.map(({ command }) => command.servicePointId),
    by.at,
  );
  const secrets = await ctx.meterSecrets?.();
  const reachable = await tellable(tx, ids);
  const chosen = ended.map((one) => {
    const known = facts.get(one.command.id)!;
    const inForce = ctx.policies.of(known.customerClass, known.paymentMode);
    const outage = outages.get(one.command.servicePointId);
    const next = nextRung(
      {
        end: one.end,
        rearms: one.command.rearms,
        codeIssued: known.codeIssued,
        noCodeBecause: whyNoCode(known, secrets !== undefined, reachable.has(one.command.id)),
        outage: outage
          ? `${outage.scope === 'DISTRICT' ? 'in the district' : 'at this place'}, ${outage.reason}`
          : null,
      },
      inForce?.policy,
    );
    return { ...one, next, inForce };
  });
  const noCode = await sendCodes(ctx, tx, chosen, by);
  return chosen.map(({ command, code, next }) => ({
    command,
    move: moveOf(
      ctx,
      command,
      noCode.has(command.id) ? { rung: 'VISIT', text: 'the meter would not try the next code' } : next,
      code,
    ),
  }));
}

/** Undefined: nothing is in the way of a code. */
function whyNoCode(facts: RungFacts, hasSecrets: boolean, reachable: boolean): string | undefined {
  if (facts.interrupted) return 'power is not due';
  if (!hasSecrets) return 'the secrets of the meters are not configured';
  if (!reachable) return 'no number of the customer is on file';
  if (facts.sequencesAhead > CODE_WINDOW) return 'the meter has missed too many orders';
  return undefined;
}

/** Issues and tells the codes that were chosen; returns the restores that could not have one after all. */
async function sendCodes(
  ctx: FlowContext,
  tx: Tx,
  chosen: readonly (EndedRung & { readonly next: NextRung; readonly inForce: PolicyInForce | undefined })[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<Set<string>> {
  const wanted = chosen.filter(({ next }) => next.rung === 'CODE');
  const issued = await issueCodes(
    tx,
    wanted.map(({ command, inForce }) => ({
      id: newId(),
      accountId: command.accountId,
      servicePointId: command.servicePointId,
      meterId: command.meterId,
      installationId: command.installationId,
      commandId: command.id,
      origin: 'NO_ANSWER' as const,
      expiresAt: new Date(by.at.getTime() + inForce!.policy.restoreCode.validHours * HOUR_MS),
    })),
    { ...by, reason: 'the meter does not answer' },
  );
  await tellWayBack(
    ctx,
    tx,
    issued.map(({ id, commandId, expiresAt }) => ({
      commandId,
      purpose: 'RESTORE_CODE' as const,
      restoreCodeId: id,
      until: expiresAt,
    })),
    by,
  );
  const given = new Set(issued.map(({ commandId }) => commandId));
  return new Set(wanted.map(({ command }) => command.id).filter((id) => !given.has(id)));
}

function moveOf(ctx: FlowContext, command: LockedCommand, next: NextRung, code: string): DecidedMove['move'] {
  const { remoteWindowMs, maxReadWaitMs, codeWindowMs } = ctx.timings;
  // What was never sent goes on waiting to be sent; what was is asked about.
  const onwards = command.state === 'QUEUED' ? ('QUEUED' as const) : ('UNKNOWN' as const);
  switch (next.rung) {
    case 'REARM':
      return {
        to: 'QUEUED',
        code,
        waitMs: 0,
        windowMs: remoteWindowMs,
        clearSequence: true,
        rearms: command.rearms + 1,
        reason: next.text,
      };
    case 'CODE':
      return { to: onwards, code: 'CODE_ISSUED', waitMs: maxReadWaitMs, windowMs: codeWindowMs, reason: next.text };
    case 'WAIT':
      return { to: onwards, code: 'OUTAGE', waitMs: maxReadWaitMs, windowMs: remoteWindowMs, reason: next.text };
    case 'VISIT':
      return { to: 'FIELD_VISIT', code, text: next.text };
  }
}
