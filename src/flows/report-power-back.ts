import type { Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { closeWorkOrders } from '../service/work-orders.js';
import { endCodesOfPoints } from '../switching/restore-codes.js';
import { lockOpenCommands } from '../switching/switch-commands.js';
import { applyMoves } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { lockSupply } from './request-switch.js';

/** By what power came back, as somebody saw it. */
export type PowerBackMeans = 'CODE' | 'BUTTON' | 'ON_SITE';

/** Somebody saw that power is back at a meter that does not say so itself. */
export interface PowerBackReport {
  readonly servicePointId: string;
  readonly means: PowerBackMeans;
  /** What was seen, by whom. */
  readonly evidence: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * A person reports that power is back at a meter out of reach. A person's word is no meter's proof: an open restore ends in field work, and that
 * field work is done by this report; the code that was used is accepted. Where the meter speaks it decides, not the report.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, NO_METER, SUPPLY_INTERRUPTED, NOTHING_TO_RESTORE, IDEMPOTENCY_KEY_REUSED
 */
export async function reportPowerBack(
  ctx: FlowContext,
  report: PowerBackReport,
  actor: Actor,
): Promise<{ readonly servicePointId: string; readonly replayed: boolean }> {
  return ctx.db.transaction('report-power-back', async (tx) => {
    const at = ctx.clock.now();
    const by = { actor, at };
    const { idempotencyKey, ...content } = report;
    return once(tx, { key: idempotencyKey, act: 'report-power-back', content, at }, async () => {
      const supply = await lockSupply(tx, report.servicePointId);
      const { servicePointId } = supply;
      if (supply.interruptions.length > 0)
        throw new UserError(
          'SUPPLY_INTERRUPTED',
          'A reason keeps the power off here. If it is on all the same, have the relay inspected.',
          'servicePointId',
        );
      const [command] = await lockOpenCommands(tx, [supply.meterId]);
      const open = command?.operation === 'RESTORE' ? command : undefined;
      if (open)
        await applyMoves(
          ctx,
          tx,
          [
            {
              command: open,
              move: {
                to: 'FIELD_VISIT',
                code: 'REPORTED_ON_SITE',
                text: `power was seen to be back: ${report.evidence}`,
              },
            },
          ],
          by,
        );
      const codes =
        report.means === 'CODE'
          ? await endCodesOfPoints(tx, [servicePointId], { state: 'ACCEPTED', endedBy: 'FIELD_REPORT' }, by)
          : [];
      const closed = await closeWorkOrders(tx, [servicePointId], 'RESTORE_ON_SITE', {
        ...by,
        reason: `${report.means}: ${report.evidence}`,
      });
      if (!open && codes.length === 0 && closed === 0)
        throw new UserError(
          'NOTHING_TO_RESTORE',
          'No restore, code or field work is open here. Ask whyIsPowerOff what is known of this place.',
          'servicePointId',
        );
      tx.afterCommit(() => ctx.nudges.nudge('changed', [servicePointId, ...(open ? [open.id] : [])]));
      return { servicePointId };
    });
  });
}
