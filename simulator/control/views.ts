import type {
  ActiveFault,
  FeedEvents,
  FleetProgress,
  FleetSummary,
  GatewayView,
  LoadView,
  MeterView,
  RelayToggle,
  RunningFleet,
  ScenarioProgress,
} from '../fleet.js';
import type { Counters } from '../run/counters.js';
import { instantText } from '../wire/contract.js';

/** `not-armed` → `NOT_ARMED`: how the schema writes the words of the code. */
const enumWord = (word: string): string => word.toUpperCase().replaceAll('-', '_');

/** The fleet's figures in the words of `schema/simulator.graphql`. */
export const summaryOf = (summary: FleetSummary, progress: FleetProgress) => ({
  ...summary,
  lastProblem: progress.lastProblem ?? null,
  counters: countersOf(summary),
});

export const countersOf = (counters: Counters) => ({
  ...counters,
  relayMovements: counters.relayToggles,
  refused: Object.entries(counters.refused).map(([code, count]) => ({ code, count })),
});

export const meterOf = (fleet: RunningFleet, view: MeterView) => ({
  ...view,
  relay: enumWord(view.relay),
  reportedRelay: enumWord(view.reportedRelay),
  relayHistory: () => fleet.relayHistory(view.meter).map(movementOf),
});

const movementOf = ({ atMs, to, cause, sequence, commandId }: RelayToggle) => ({
  at: instantText(atMs),
  to: enumWord(to),
  cause: enumWord(cause),
  sequence,
  commandId,
});

export const meterMovementOf = (event: FeedEvents['relay']) => ({
  meter: event.meter,
  gateway: event.gateway,
  movement: movementOf(event),
});

export const gatewayOf = (view: GatewayView) => ({ ...view, state: enumWord(view.state) });

export const faultOf = ({ id, name, target, parameters, forMs }: ActiveFault) => ({
  id,
  name,
  target,
  parameters: Object.entries(parameters).map(([key, value]) => ({ name: key, value: String(value) })),
  forMs,
});

export const loadOf = (view: LoadView) => ({ ...view, kind: enumWord(view.kind) });

export const scenarioOf = (progress: ScenarioProgress) => ({ ...progress, outcome: enumWord(progress.outcome) });

/** What was counted between two looks. */
export function difference(now: Counters, before: Counters): Counters {
  const change = structuredClone(now);
  for (const key of ['received', 'accepted', 'duplicates', 'invalid', 'reads', 'readsIgnored', 'unroutable'] as const) {
    change[key] -= before[key];
  }
  for (const key of ['unheard', 'lostUp', 'overflowed', 'relayToggles'] as const) change[key] -= before[key];
  for (const key of Object.keys(change.sent) as (keyof Counters['sent'])[]) change.sent[key] -= before.sent[key];
  for (const key of Object.keys(change.refused) as (keyof Counters['refused'])[]) {
    change.refused[key] = (change.refused[key] ?? 0) - (before.refused[key] ?? 0);
  }
  return change;
}

export { enumWord };
