import type { AttackName } from '../head-end/attacks.js';
import type { FaultName } from '../faults/catalogue.js';
import type { FramesRefusal, LoadName, Refusal, UpKind } from '../wire/contract.js';

/** A scenario as its file says it (`schema/scenario.schema.json`); lengths of time and instants are still text. */
export interface ScenarioSpec {
  name: string;
  shows: string;
  seed: number;
  fleet: FleetSpec;
  time: { start: string; timezone?: string; duration: string; speed?: number | 'max' };
  network?: { latency?: { min?: string; max?: string }; loss?: number; resend?: string; acceptsPerSecond?: number };
  headEnd?: { perSecond?: number; askAfter?: string; validFor?: string };
  meters?: { relayDelay?: string; bootState?: boolean; spread?: string; freezesPerSecond?: number };
  groups?: Record<string, Target>;
  timeline: ActSpec[];
  expect?: ExpectationSpec[];
}

export interface FleetSpec {
  manifest?: string;
  concentrators?: number;
  metersPerConcentrator?: number;
  direct?: number;
  codec?: 'json' | 'dlt645';
  lineBaud?: number;
  relay?: 'open' | 'closed';
  protected?: number;
}

/** Which meters. */
export interface Target {
  all?: true;
  meter?: string;
  meters?: string[];
  gateway?: string;
  first?: number;
  share?: number;
  gatewayShare?: number;
  load?: LoadName;
  protected?: boolean;
  group?: string;
  except?: string;
}

export interface OrderSpec {
  of?: Target;
  as?: string;
  reason?: string;
  validFor?: string;
}

/** What can happen, by its key. */
export interface Acts {
  fault: { name: FaultName; of?: Target; parameters?: Record<string, number | string>; for?: string; as?: string };
  endFault: string;
  press: { of?: Target; hold?: string };
  enterCode: { of?: Target; code?: 'right' | 'wrong' | 'used' };
  swapMeters: { of?: Target };
  dropConnections: { of?: Target };
  restartBroker: { for: string; emptied?: boolean };
  setClock: { to?: string; advance?: string; back?: string };
  cut: OrderSpec;
  restore: OrderSpec;
  arm: OrderSpec;
  protect: OrderSpec;
  unprotect: OrderSpec;
  read: { of?: Target; what?: ('state' | 'reading')[] };
  attack: { kind: AttackName; of?: Target; times?: number; over?: string };
  expect: ExpectationSpec[];
}
export type ActName = keyof Acts;
export const ACT_NAMES: readonly ActName[] = [
  'fault',
  'endFault',
  'press',
  'enterCode',
  'swapMeters',
  'dropConnections',
  'restartBroker',
  'setClock',
  'cut',
  'restore',
  'arm',
  'protect',
  'unprotect',
  'read',
  'attack',
  'expect',
];
/** Acts of the built-in head-end. */
export const ORDER_ACTS: readonly ActName[] = [
  'cut',
  'restore',
  'arm',
  'protect',
  'unprotect',
  'read',
  'attack',
  'setClock',
];
/** Acts on the network, which must be ours for that. */
export const NETWORK_ACTS: readonly ActName[] = ['dropConnections', 'restartBroker'];

export interface ActSpec extends Partial<Acts> {
  at: string;
  note?: string;
  repeat?: { every: string; times: number };
}

/** How many. */
export type Count = number | 'all' | 'none' | { min?: number; max?: number };

/** What can be expected, by its key. */
export interface Expectations {
  relays: {
    of?: Target;
    open?: Count;
    closed?: Count;
    armed?: Count;
    protected?: Count;
    shownOpen?: Count;
    shownClosed?: Count;
    lit?: Count;
  };
  online: { of?: Target; meters: Count };
  orders: { as?: string } & Partial<Record<OrderFigure, Count>>;
  latency: { as?: string; until?: 'verified' | 'accepted'; p50?: string; p95?: string; p99?: string; max?: string };
  refusals: Partial<Record<Refusal | FramesRefusal | 'total', Count>>;
  counters: Partial<Record<string, Count>>;
  toggles: { of?: Target; total?: Count; perMeter?: Count };
  events: { of?: Target } & Record<string, Count | Target>;
  messages: Partial<Record<UpKind, Count>>;
  freezes: { of?: Target; perMeter?: Count; total?: Count };
}
export type ExpectationName = keyof Expectations;
export const EXPECTATION_NAMES: readonly ExpectationName[] = [
  'relays',
  'online',
  'orders',
  'latency',
  'refusals',
  'counters',
  'toggles',
  'events',
  'messages',
  'freezes',
];
/** What only the built-in head-end can know. */
export const ORDER_EXPECTATIONS: readonly ExpectationName[] = ['orders', 'latency'];

export type OrderFigure =
  'given' | 'verified' | 'accepted' | 'armed' | 'refused' | 'unverified' | 'superseded' | 'open';

export interface ExpectationSpec extends Partial<Expectations> {
  note?: string;
  within?: string;
}

/** The one act of an entry. */
export const actOf = (entry: ActSpec): ActName | undefined => ACT_NAMES.find((name) => entry[name] !== undefined);

/** The one thing an entry expects. */
export const expectedBy = (entry: ExpectationSpec): ExpectationName | undefined =>
  EXPECTATION_NAMES.find((name) => entry[name] !== undefined);
