import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { hastenUnknown } from '../switching/dispatch.js';
import { districtCondition } from '../service/outage-policy.js';
import {
  darkPoints,
  endLitPoints,
  endOutages,
  endPointsOf,
  lockDistrictFacts,
  openFaults,
} from '../service/outages.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('judge-outages');

const GATEWAYS_OF = statement('judge-outages-gateways', `SELECT id FROM gateway WHERE district_id = ANY($1::uuid[])`);

/**
 * Derives from facts which of these districts are without power, and which single service points: opens and ends outages accordingly. When one
 * ends, commands whose silence it explained are asked about at once. Running it twice, or late, gives the same. Returns the ids of what changed.
 */
export async function judgeOutages(tx: Tx, districtIds: readonly string[], at: Date): Promise<string[]> {
  if (districtIds.length === 0) return [];
  const by = { actor: ACTOR, at };
  const judged = (await lockDistrictFacts(tx, districtIds)).map((facts) => ({
    ...facts,
    verdict: districtCondition(facts),
  }));
  const out = judged.filter(({ verdict }) => verdict.condition === 'OUTAGE');
  const others = judged.filter(({ verdict }) => verdict.condition !== 'OUTAGE');
  const opened = await openFaults(
    tx,
    out
      .filter(({ outageId }) => outageId === null)
      .map(({ districtId, verdict, meters, dark, concentratorsDark }) => ({
        id: newId(),
        districtId,
        servicePointId: null,
        reason: verdict.evidence,
        evidence: { meters, dark, concentratorsDark },
      })),
    by,
  );
  const joined = await endPointsOf(
    tx,
    out.map(({ districtId }) => districtId),
    { ...by, reason: 'the whole district is without power' },
  );
  const otherIds = others.map(({ districtId }) => districtId);
  const over = await endOutages(
    tx,
    others.flatMap(({ outageId }) => outageId ?? []),
    { ...by, reason: 'the meters of the district say that power is back' },
  );
  const lit = await endLitPoints(tx, otherIds, { ...by, reason: 'the meter is heard again' });
  const single = await openFaults(
    tx,
    (await darkPoints(tx, otherIds)).map(({ districtId, servicePointId, serial, lastGaspAt }) => ({
      id: newId(),
      districtId,
      servicePointId,
      reason: `meter ${serial} said that its supply is gone; its neighbours have power`,
      evidence: { serial, lastGaspAt },
    })),
    by,
  );
  const lightAgain = [...new Set([...over, ...lit].map(({ districtId }) => districtId))];
  if (lightAgain.length > 0) {
    const gateways = await tx.rows<{ id: string }>(GATEWAYS_OF, [lightAgain]);
    await hastenUnknown(
      tx,
      gateways.map(({ id }) => id),
    );
  }
  return [...opened, ...single, ...[...joined, ...over, ...lit].map(({ id }) => id)];
}

const CONCERNED = statement(
  'judge-outages-concerned',
  `SELECT DISTINCT g.district_id AS id FROM gateway g WHERE g.offline_cause IS NOT NULL
   UNION SELECT g.district_id FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE m.last_gasp_at > coalesce(m.power_on_at, '-infinity')
   UNION SELECT district_id FROM outage WHERE kind = 'FAULT' AND ended_at IS NULL`,
);

/** Judges every district of which anything is known: a meter that was heard again without saying that power is back ends its fault too. */
export async function watchOutages(ctx: FlowContext, at: Date): Promise<void> {
  const concerned = await ctx.db.rows<{ id: string }>(CONCERNED);
  for (const { id } of concerned) {
    await ctx.db.transaction('watch-outages', async (tx) => {
      const changed = await judgeOutages(tx, [id], at);
      if (changed.length > 0) tx.afterCommit(() => ctx.nudges.nudge('changed', changed));
    });
  }
}
