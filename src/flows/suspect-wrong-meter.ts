import type { MeterWord } from '../metering/meters.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { openWorkOrders } from '../service/work-orders.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { closeInterruptionsOfCuts } from '../switching/interruptions.js';
import { lockCommands, type LockedCommand } from '../switching/switch-commands.js';
import { followsFor, oddity } from '../switching/wrong-meter-policy.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { suggestWrongfulCuts } from './suggest-compensation.js';

const ACTOR = systemActor('suspect-wrong-meter');

const DEBT = DEBT_REASONS.map((reason) => `'${reason}'`).join(', ');
/** A meter may measure the moment in which its relay opened; product time. */
const SETTLING_SECONDS = 60;
/** A neighbour who goes dark later than this after a cut has another reason; product time. */
const NEIGHBOUR_MINUTES = 60;

// Proven, and its interruption open still: once it is taken back nothing is suspected again.
const OWN_CUTS = statement(
  'suspect-wrong-meter-own',
  `SELECT c.id AS "commandId", c.meter_id AS "saidBy" FROM switch_command c JOIN meter m ON m.id = c.meter_id
   WHERE c.meter_id = ANY($1::uuid[]) AND c.operation = 'CUT' AND c.state = 'VERIFIED' AND c.reason IN (${DEBT}) AND m.reported_sequence >= c.sequence
     AND c.ended_at <= $2::timestamptz - interval '${SETTLING_SECONDS} seconds'
     AND EXISTS (SELECT FROM interruption i WHERE i.command_id = c.id AND i.closed_at IS NULL)`,
);
const NEIGHBOURS_CUTS = statement(
  'suspect-wrong-meter-neighbours',
  `SELECT c.id AS "commandId", n.id AS "saidBy" FROM meter n
   JOIN meter_installation i ON i.meter_id = n.id AND i.removed_at IS NULL
   JOIN meter m ON m.gateway_id = n.gateway_id AND m.id <> n.id
   JOIN switch_command c ON c.meter_id = m.id AND c.operation = 'CUT' AND c.state = 'VERIFIED' AND c.reason IN (${DEBT})
     AND c.ended_at > $2::timestamptz - interval '${NEIGHBOUR_MINUTES} minutes'
   WHERE n.id = ANY($1::uuid[])
     -- Power is due at the neighbour's, and it was not this meter that was switched.
     AND NOT EXISTS (SELECT FROM interruption x WHERE x.service_point_id = i.service_point_id AND x.closed_at IS NULL)
     AND NOT EXISTS (SELECT FROM switch_command o WHERE o.meter_id = n.id AND o.ended_at IS NULL)
     AND EXISTS (SELECT FROM interruption y WHERE y.command_id = c.id AND y.closed_at IS NULL)
     -- Once is enough: somebody is on the way.
     AND NOT EXISTS (SELECT FROM work_order w WHERE w.service_point_id = i.service_point_id AND w.kind = 'CHECK_INSTALLATION' AND w.state = 'OPEN')`,
);
const POINTS = statement(
  'suspect-wrong-meter-points',
  `SELECT i.meter_id AS "meterId", i.service_point_id AS "servicePointId", p.account_id AS "accountId"
   FROM meter_installation i JOIN service_point p ON p.id = i.service_point_id WHERE i.meter_id = ANY($1::uuid[]) AND i.removed_at IS NULL`,
);

interface Suspected {
  readonly commandId: string;
  /** The meter whose word is odd. */
  readonly saidBy: string;
}

/**
 * Meters said something that physics deny, or that the dark of a neighbour explains: where one proven cut is suspected to have gone to the wrong
 * premises it is taken back at once, somebody checks the installation, and a compensation case is suggested; where it may have been one of
 * several, somebody checks. In the caller's transaction, after the words were stored. Returns the ids of what changed.
 */
export async function suspectWrongMeters(
  ctx: FlowContext,
  tx: Tx,
  words: readonly MeterWord[],
  at: Date,
): Promise<string[]> {
  const metersWith = (what: ReturnType<typeof oddity>): string[] =>
    words.filter((word) => oddity(word) === what).map(({ meterId }) => meterId);
  const flowing = metersWith('ENERGY_FLOWS_ON');
  const dead = metersWith('DEAD_BEHIND_CLOSED');
  const own = flowing.length === 0 ? [] : await tx.rows<Suspected>(OWN_CUTS, [flowing, at]);
  const near = dead.length === 0 ? [] : await tx.rows<Suspected>(NEIGHBOURS_CUTS, [dead, at]);
  const bySpeaker = Map.groupBy(near, ({ saidBy }) => saidBy);
  const single = [...bySpeaker.values()].filter((cuts) => followsFor(cuts.length) === 'RESTORE').flat();
  const takenBack = await takeBack(ctx, tx, [...own, ...single], at);
  await haveChecked(ctx, tx, near, at);
  return [...takenBack, ...bySpeaker.keys()];
}

async function takeBack(ctx: FlowContext, tx: Tx, suspected: readonly Suspected[], at: Date): Promise<string[]> {
  if (suspected.length === 0) return [];
  const by = { actor: ACTOR, at };
  const reason = 'a meter’s word suggests that this cut went to the wrong premises';
  const cuts: LockedCommand[] = await lockCommands(tx, [...new Set(suspected.map(({ commandId }) => commandId))]);
  const ids = cuts.map(({ id }) => id);
  await closeInterruptionsOfCuts(tx, ids, { ...by, reason });
  const restores = await restoreWherePowerIsDue(
    ctx,
    tx,
    cuts.map(({ meterId }) => meterId),
    by,
    reason,
  );
  await openWorkOrders(
    tx,
    cuts.map(({ id, servicePointId, accountId }) => ({
      id: newId(),
      kind: 'CHECK_INSTALLATION' as const,
      servicePointId,
      accountId,
      commandId: id,
      reason: 'after the cut its load did not fall, or a neighbour went dark: check which meter feeds what',
    })),
    { ...by, deadlineAt: new Date(at.getTime() + ctx.timings.fieldVisitMs) },
  );
  await suggestWrongfulCuts(ctx, tx, cuts, by);
  return [...ids, ...restores, ...cuts.map(({ servicePointId }) => servicePointId)];
}

/** The neighbour sits in the dark, whichever cut it was: somebody looks there too. */
async function haveChecked(ctx: FlowContext, tx: Tx, near: readonly Suspected[], at: Date): Promise<void> {
  const cutOf = new Map(near.map(({ saidBy, commandId }) => [saidBy, commandId]));
  if (cutOf.size === 0) return;
  const points = await tx.rows<{ meterId: string; servicePointId: string; accountId: string }>(POINTS, [
    [...cutOf.keys()],
  ]);
  await openWorkOrders(
    tx,
    points.map(({ meterId, servicePointId, accountId }) => ({
      id: newId(),
      kind: 'CHECK_INSTALLATION' as const,
      servicePointId,
      accountId,
      commandId: cutOf.get(meterId)!,
      reason: 'no voltage behind a closed relay, just after a neighbour was cut: check which meter feeds what',
    })),
    { actor: ACTOR, at, deadlineAt: new Date(at.getTime() + ctx.timings.fieldVisitMs) },
  );
}
