import { aroundWithEstimates, registerAt, type RegisterOn } from '../billing/bill-policy.js';
import { estimatesAround, registersAround, type Edge } from '../billing/billing-facts.js';
import type { Tx } from '../platform/database.js';

/** Looks up the registers at these edges, in two statements, and answers for them: read, or estimated as far as that is possible. */
export async function registersOn(tx: Pick<Tx, 'rows'>, edges: readonly Edge[]): Promise<RegisterOn> {
  if (edges.length === 0) return () => undefined;
  const actual = await registersAround(tx, edges);
  const estimates = await estimatesAround(tx, edges, actual);
  const around = new Map(
    edges.map(({ installationId, instant }, place) => [
      `${installationId} ${instant.getTime()}`,
      aroundWithEstimates(instant, actual[place]!, estimates.get(place) ?? []),
    ]),
  );
  return ({ installationId, installedAt, installedWh }, instant) => {
    const found = around.get(`${installationId} ${instant.getTime()}`);
    return found && registerAt(instant, found, { at: installedAt, energyWh: installedWh });
  };
}
