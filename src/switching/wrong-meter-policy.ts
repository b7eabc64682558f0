/** Whether a meter's word says that a cut went to somebody else (串户, 停错电): physics deny what relays report. */
import type { Relay } from '../metering/meter.js';
import { LIVE_LOAD_SHARE, OPEN_RELAY_POWER_W } from './report-policy.js';

/** What a meter said of itself, once its signature was checked. */
export interface SuspectWord {
  readonly relay: Relay;
  readonly supplyVoltageMv?: number;
  readonly loadVoltageMv?: number;
  readonly powerW?: number;
}

/** ENERGY_FLOWS_ON: through a relay that says it is open. DEAD_BEHIND_CLOSED: no voltage behind a relay that says it is closed, with supply before it. */
export type Suspicion = 'ENERGY_FLOWS_ON' | 'DEAD_BEHIND_CLOSED';

/** Below this a supply counts as gone, and says nothing about relays; mV. */
const LIVE_SUPPLY_MV = 100_000;

/** What is odd about a word, by itself; undefined: nothing. Pure. */
export function oddity({ relay, supplyVoltageMv, loadVoltageMv, powerW }: SuspectWord): Suspicion | undefined {
  if (relay === 'OPEN')
    return powerW !== undefined && Math.abs(powerW) > OPEN_RELAY_POWER_W ? 'ENERGY_FLOWS_ON' : undefined;
  if (supplyVoltageMv === undefined || loadVoltageMv === undefined || supplyVoltageMv < LIVE_SUPPLY_MV)
    return undefined;
  return loadVoltageMv < supplyVoltageMv * LIVE_LOAD_SHARE ? 'DEAD_BEHIND_CLOSED' : undefined;
}

/**
 * What follows for the cuts proven lately behind the same gateway: a single one is taken back at once; among several nobody knows which it was, and
 * somebody looks. Pure.
 */
export const followsFor = (cuts: number): 'RESTORE' | 'CHECK' | 'NOTHING' =>
  cuts === 0 ? 'NOTHING' : cuts === 1 ? 'RESTORE' : 'CHECK';
