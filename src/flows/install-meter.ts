import { lockAccount } from '../accounts/accounts.js';
import { insertInstallations } from '../metering/installations.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { supplyOfServicePoint } from '../switching/supply.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { installationRefusal } from './installation-refusal.js';

/** A meter put in place where none is. */
export interface MeterInstalling {
  readonly servicePointId: string;
  readonly meterId: string;
  /** What its register showed then, Wh. */
  readonly installedWh: bigint;
  readonly note: string;
  readonly idempotencyKey: string;
}

/** What was put on record. */
export interface InstallationReceipt {
  readonly installationId: string;
  readonly restoreCommandIds: readonly string[];
  readonly replayed: boolean;
}

/**
 * Installs a meter at a service point that has none. If power is due there, a restore is ordered, since nobody knows how the relay stands.
 *
 * @throws UserError SERVICE_POINT_NOT_FOUND, SERVICE_POINT_HAS_METER, METER_NOT_FOUND, METER_IN_USE, IDEMPOTENCY_KEY_REUSED
 */
export async function installMeter(
  ctx: FlowContext,
  { idempotencyKey: key, ...installing }: MeterInstalling,
  actor: Actor,
): Promise<InstallationReceipt> {
  const { servicePointId, meterId, installedWh } = installing;
  return ctx.db
    .transaction('install-meter', async (tx) => {
      const at = ctx.clock.now();
      return once(tx, { key, act: 'install-meter', content: { ...installing }, at }, async () => {
        await lockVacantPoint(tx, servicePointId);
        const installationId = newId();
        const installation = { id: installationId, meterId, servicePointId, installedAt: at, installedWh };
        await insertInstallations(tx, [installation], at, actor);
        const restoreCommandIds = await restoreWherePowerIsDue(
          ctx,
          tx,
          [meterId],
          { actor, at },
          'the meter was installed and power is due',
        );
        tx.afterCommit(() => ctx.nudges.nudge('changed', [servicePointId]));
        return { installationId, restoreCommandIds };
      });
    })
    .catch((error: unknown) => {
      throw installationRefusal(error);
    });
}

/** Takes the account's lock and makes sure that no meter hangs there. @throws UserError */
async function lockVacantPoint(tx: Tx, servicePointId: string): Promise<void> {
  const before = await supplyOfServicePoint(tx, servicePointId);
  if (!before)
    throw new UserError(
      'SERVICE_POINT_NOT_FOUND',
      'There is no such service point. Look it up by its number.',
      'servicePointId',
    );
  await lockAccount(tx, before.accountId);
  if ((await supplyOfServicePoint(tx, servicePointId))?.meterId)
    throw new UserError(
      'SERVICE_POINT_HAS_METER',
      'A meter is installed here. Exchange it with exchangeMeter, which also takes its last register.',
      'servicePointId',
    );
}
