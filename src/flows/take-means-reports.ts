import { statement, type Tx } from '../platform/database.js';
import type { StoredWord } from '../metering/meters.js';
import { refuseProtection, settleProtection } from '../switching/protection-orders.js';
import type { MeterReport } from '../switching/report-policy.js';
import { endCodesByState } from '../switching/restore-codes.js';
import { systemActor, type FlowContext } from './context.js';
import { keepProtection } from './keep-protection.js';

const ACTOR = systemActor('take-means-reports');

// One look for both: nearly always there is nothing.
const CONCERNED = statement(
  'take-means-reports-concerned',
  `SELECT meter_id AS "meterId", true AS code FROM restore_code WHERE meter_id = ANY($1::uuid[]) AND state = 'ISSUED'
   UNION ALL SELECT meter_id, false FROM protection_order WHERE meter_id = ANY($1::uuid[]) AND state IN ('QUEUED', 'SENT')`,
);

/**
 * What the words of meters say of restore codes and of protection, once they are stored: a code that was typed or overtaken, an order that is
 * done or refused, and a meter whose protection is not what is due. Returns the ids of what changed.
 */
export async function takeMeansReports(
  ctx: FlowContext,
  tx: Tx,
  reports: readonly MeterReport[],
  stored: readonly StoredWord[],
  at: Date,
): Promise<string[]> {
  const by = { actor: ACTOR, at };
  const meterIds = [...new Set(reports.map(({ meterId }) => meterId))];
  const concerned = await tx.rows<{ meterId: string; code: boolean }>(CONCERNED, [meterIds]);
  const metersWhere = (code: boolean): string[] =>
    concerned.filter((one) => one.code === code).map(({ meterId }) => meterId);
  const codes = await endCodesByState(tx, metersWhere(true), by);
  const ordered = metersWhere(false);
  const refusals = reports.flatMap(({ meterId, commandId, result, refusal }) =>
    result === 'REFUSED' && commandId !== undefined && ordered.includes(meterId)
      ? [{ id: commandId, refusal: refusal ?? 'UNKNOWN' }]
      : [],
  );
  await refuseProtection(tx, refusals, by);
  const settled = await settleProtection(tx, ordered, by);
  const changed = stored.filter(({ protectionChanged }) => protectionChanged).map(({ meterId }) => meterId);
  if (changed.length > 0)
    await keepProtection(
      ctx,
      tx,
      { meterIds: changed },
      at,
      'the meter says something else of its protection than before',
    );
  return [...codes.flatMap(({ id, commandId }) => [id, commandId]), ...settled];
}
