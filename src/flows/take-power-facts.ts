import { statement, type Tx } from '../platform/database.js';
import { storePowerEvents, type MeterEventReport } from '../metering/meters.js';
import { hastenCommandsOf } from '../switching/dispatch.js';
import { countRefusals, endCodesOfMeters } from '../switching/restore-codes.js';
import { systemActor, type FlowContext } from './context.js';
import { judgeOutages } from './judge-outages.js';

const ACTOR = systemActor('take-power-facts');

const DISTRICTS = statement(
  'take-power-facts-districts',
  `SELECT district_id AS id FROM gateway WHERE id = ANY($1::uuid[])
   UNION SELECT g.district_id FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE m.id = ANY($2::uuid[])`,
);

/** Events that say something about the supply, or about who answers. */
const POWER_EVENTS = new Set(['LAST_GASP', 'POWER_ON', 'SILENT', 'ANSWERS_AGAIN']);
const CHANGES_SUPPLY = new Set(['LAST_GASP', 'POWER_ON']);

/**
 * What meters and gateways say of power, in the caller's transaction: last gasps and returns, presence, buttons and codes. Events carry no
 * signature, so none of them proves a supply: they open questions, and what is asked is answered with one. Returns the ids of what changed.
 *
 * @param gatewayIds gateways whose presence has just changed
 */
export async function takePowerFacts(
  ctx: FlowContext,
  tx: Tx,
  facts: { readonly events: readonly MeterEventReport[]; readonly gatewayIds: readonly string[] },
  at: Date,
): Promise<string[]> {
  const { events, gatewayIds } = facts;
  const metersWith = (...kinds: string[]): string[] => [
    ...new Set(events.filter(({ event }) => kinds.includes(event)).map(({ meterId }) => meterId)),
  ];
  await storePowerEvents(
    tx,
    events.filter(({ event }) => POWER_EVENTS.has(event)),
  );
  const changed: string[] = [];
  const accepted = metersWith('CODE_ACCEPTED');
  if (accepted.length > 0) {
    const ending = { state: 'ACCEPTED', endedBy: 'METER_EVENT' } as const;
    const codes = await endCodesOfMeters(tx, accepted, ending, { actor: ACTOR, at });
    changed.push(...codes.flatMap(({ id, commandId }) => [id, commandId]));
  }
  await countRefusals(tx, metersWith('CODE_REFUSED'));
  // Asked now, not when their wait ends: the answer is signed.
  await hastenCommandsOf(tx, metersWith('CODE_ACCEPTED', 'ARM_EXPIRED', 'BUTTON', 'POWER_ON', 'ANSWERS_AGAIN'));
  const concerned = metersWith(...CHANGES_SUPPLY);
  if (gatewayIds.length > 0 || concerned.length > 0) {
    const districts = await tx.rows<{ id: string }>(DISTRICTS, [gatewayIds, concerned]);
    changed.push(
      ...(await judgeOutages(
        tx,
        districts.map(({ id }) => id),
        at,
      )),
    );
  }
  if (accepted.length > 0) tx.afterCommit(() => ctx.nudges.nudge('commands'));
  return changed;
}
