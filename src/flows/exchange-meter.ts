import { insertInstallations, removeInstallation } from '../metering/installations.js';
import type { Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { closeInterruptionsOfCuts } from '../switching/interruptions.js';
import { lockOpenCommands, moveCommands } from '../switching/switch-commands.js';
import { endCodesOfMeters } from '../switching/restore-codes.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import type { InstallationReceipt } from './install-meter.js';
import { installationRefusal, meterInUse } from './installation-refusal.js';
import { lockSupply } from './request-switch.js';

/** A meter exchange on site: the old register when it came off, the new one when it went on. */
export interface MeterExchange {
  readonly servicePointId: string;
  readonly newMeterId: string;
  readonly removedWh: bigint;
  readonly installedWh: bigint;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Exchanges the meter of a service point. A command bound to the old installation ends here, since the new meter would refuse it
 * and the old one switches nobody any more; if power is due, a restore is ordered for the new one.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, NO_METER, METER_NOT_FOUND, METER_IN_USE, IDEMPOTENCY_KEY_REUSED
 */
export async function exchangeMeter(
  ctx: FlowContext,
  exchange: MeterExchange,
  actor: Actor,
): Promise<InstallationReceipt> {
  try {
    return await exchangeOnce(ctx, exchange, actor);
  } catch (error) {
    throw installationRefusal(error);
  }
}

async function exchangeOnce(ctx: FlowContext, exchange: MeterExchange, actor: Actor): Promise<InstallationReceipt> {
  const { servicePointId, newMeterId, removedWh, installedWh, note } = exchange;
  return ctx.db.transaction('exchange-meter', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      {
        key: exchange.idempotencyKey,
        act: 'exchange-meter',
        content: { servicePointId, newMeterId, removedWh, installedWh, note },
        at,
      },
      async () => {
        const supply = await lockSupply(tx, servicePointId);
        if (supply.meterId === newMeterId) throw meterInUse();
        const [command] = await lockOpenCommands(tx, [supply.meterId]);
        if (command) {
          const to = UNSENT_STATES.includes(command.state) ? 'CANCELLED' : 'SUPERSEDED';
          await moveCommands(tx, [{ id: command.id, from: command.state, to, code: 'METER_EXCHANGED', text: note }], {
            actor,
            at,
          });
          // A cut that was under way never reached its end: it is no reason to keep the new meter off.
          if (command.operation === 'CUT')
            await closeInterruptionsOfCuts(tx, [command.id], { actor, at, reason: note });
        }
        await endCodesOfMeters(tx, [supply.meterId], { state: 'VOID', endedBy: 'METER_EXCHANGED' }, { actor, at });
        if (!(await removeInstallation(tx, { id: supply.installationId, removedWh, reason: note }, at, actor))) {
          throw new UserError(
            'NO_METER',
            'The meter was taken off meanwhile. Look at the installation record.',
            'servicePointId',
          );
        }
        const installationId = newId();
        await insertInstallations(
          tx,
          [{ id: installationId, meterId: newMeterId, servicePointId, installedAt: at, installedWh }],
          at,
          actor,
        );
        const restoreCommandIds = await restoreWherePowerIsDue(
          ctx,
          tx,
          [newMeterId],
          { actor, at },
          'the meter was exchanged and power is due',
        );
        tx.afterCommit(() => ctx.nudges.nudge('changed', [servicePointId]));
        return { installationId, restoreCommandIds };
      },
    );
  });
}
