import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { claimGaps } from '../metering/reading-gaps.js';
import type { ReadOrder } from '../switching/dispatch.js';
import type { FlowContext } from './context.js';

/** Meters whose midnights can be asked for. A concentrator reads those of its DL/T 645 meters each midnight by itself; what it missed is asked for too. */
const ASKED = ['JSON', 'DLT645'] as const;

/**
 * Takes the meters that are to be asked for missing midnights, to be published now that the commit has happened. A question that is lost
 * is put again when its wait is over.
 */
export async function askForReadings(ctx: FlowContext): Promise<ReadOrder[]> {
  const most = { perGateway: LIMITS.readingGapsPerGateway.value, meters: LIMITS.readingGapsAsked.value };
  const claimed = await ctx.db.transaction('ask-for-readings', (tx) => claimGaps(tx, ASKED, most));
  return claimed.map((order) => ({ requestId: newId(), ...order }));
}
