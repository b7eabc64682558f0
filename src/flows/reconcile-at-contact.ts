import { statement, type Tx } from '../platform/database.js';
import { closeWorkOrders } from '../service/work-orders.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('reconcile-supply');
/**
 * Restores of one work order that may fail with the meter in contact before its mere contact orders no more: a second one helps a meter
 * that lost the first order in a restart; a third would begin a loop. After that the hourly reconciler tries, and people on site.
 */
const MAX_FAILED_IN_CONTACT = 2;

// Silence says nothing about the relay, so failures by silence do not count: contact is just what they lacked.
const WORTH_A_TRY = statement(
  'reconcile-at-contact-worth-a-try',
  `SELECT m.id FROM unnest($1::uuid[]) AS m (id)
   WHERE NOT EXISTS (SELECT FROM meter x WHERE x.id = m.id AND x.credentials_refused_at IS NOT NULL)
     AND (SELECT count(*) FROM meter_installation i
          JOIN work_order w ON w.service_point_id = i.service_point_id AND w.kind = 'RESTORE_ON_SITE' AND w.state = 'OPEN'
          JOIN switch_command c ON c.service_point_id = w.service_point_id AND c.work_order_id = w.id
          WHERE i.meter_id = m.id AND i.removed_at IS NULL
            AND c.failure_code NOT IN ('NO_ANSWER', 'NOT_SENT', 'NOT_RECEIVED')) < $2`,
);

const FIELD_WORK_DONE = statement(
  'reconcile-at-contact-field-work-done',
  `SELECT w.service_point_id AS "servicePointId" FROM meter m
   JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
   JOIN work_order w ON w.service_point_id = i.service_point_id AND w.kind = 'RESTORE_ON_SITE' AND w.state = 'OPEN'
   WHERE m.id = ANY($1::uuid[]) AND m.reported_relay = 'CLOSED' AND m.reported_at = $2`,
);

/**
 * The reconciler at a meter's contact, in the transaction that stored its word: where a relay is open although power is due and nothing
 * is under way, a restore is ordered; where a meter proves that its supply is on, field work that was to bring it back is done.
 *
 * @param dark meters whose relay is on record as open and not armed
 * @param lit meters that have just proved a closed relay
 * @returns ids of what changed
 */
export async function reconcileAtContact(
  ctx: FlowContext,
  tx: Tx,
  meters: { readonly dark: readonly string[]; readonly lit: readonly string[] },
  at: Date,
): Promise<string[]> {
  const by = { actor: ACTOR, at };
  const changed: string[] = [];
  if (meters.dark.length > 0) {
    const worthATry = await tx.rows<{ id: string }>(WORTH_A_TRY, [meters.dark, MAX_FAILED_IN_CONTACT]);
    const ids = worthATry.map(({ id }) => id);
    const reason = 'power is due, and the meter reports its relay open';
    changed.push(...(await restoreWherePowerIsDue(ctx, tx, ids, by, reason)));
  }
  if (meters.lit.length > 0) {
    const done = (await tx.rows<{ servicePointId: string }>(FIELD_WORK_DONE, [meters.lit, at])).map(
      ({ servicePointId }) => servicePointId,
    );
    await closeWorkOrders(tx, done, 'RESTORE_ON_SITE', { ...by, reason: 'the meter proves that power is back' });
    changed.push(...done);
  }
  return changed;
}
