import type { RelayWord, SwitchCommand } from '../wire/contract.js';

export type Operation = SwitchCommand['operation'];
export type OrderMode = SwitchCommand['mode'];

/**
 * Where an order stands. Only the meter's own word moves it on: `accepted` and `armed` come from an ack, `verified` from a relay read after
 * the order was taken. `unverified` is the end of an order whose validity ran out without proof; nobody knows, somebody must go and look.
 */
export type OrderState =
  'queued' | 'sent' | 'accepted' | 'armed' | 'verified' | 'refused' | 'unverified' | 'superseded';

/** One order to one meter, from being wanted to its proof. Instants are scheduler ms. */
export interface Order {
  readonly commandId: string;
  readonly meter: string;
  readonly gateway: string;
  readonly operation: Operation;
  readonly mode: OrderMode;
  readonly reason: string;
  /** Name of the act that gave it, for reports. */
  readonly label: string;
  readonly validForMs: number;
  readonly orderedAtMs: number;
  state: OrderState;
  /** 0 until it is sent. */
  sequence: number;
  sentAtMs: number;
  /** Scheduler instant after which the meter takes it no more. */
  notAfterMs: number;
  attempts: number;
  acceptedAtMs?: number;
  verifiedAtMs?: number;
  refusal?: string;
  /** The very bytes, sent again unchanged. */
  envelope?: string;
}

/** What a meter says of itself in an ack or state. */
export interface Standing {
  relay: RelayWord;
  armed: boolean;
  protected: boolean;
  lastSequence: number;
  /** Before and behind the relay, where the meter measures it, mV. */
  supplyVoltageMv?: number;
  loadVoltageMv?: number;
}

/** Below this behind the relay the load is dead, mV; what leaks through open contacts is less. */
const DEAD_MV = 30_000;

/** Whether nothing more is to be expected of an order. */
export const isOver = (order: Order): boolean =>
  order.state === 'verified' ||
  order.state === 'refused' ||
  order.state === 'unverified' ||
  order.state === 'superseded';

/**
 * What a standing read by the meter says about an order: it proves it, shows that it was taken, shows that the meter never heard it, or
 * nothing. Source: schema/mqtt/README.md, "What a state proves".
 */
export function proofOf(order: Order, standing: Standing): 'proven' | 'armed' | 'taken' | 'unheard' {
  if (standing.lastSequence < order.sequence) return 'unheard';
  if (standing.lastSequence > order.sequence) return 'taken';
  switch (order.operation) {
    case 'cut':
      return standing.relay === 'open' && (standing.loadVoltageMv ?? 0) < DEAD_MV ? 'proven' : 'taken';
    case 'restore':
      if (standing.relay === 'closed' && livesBehind(standing)) return 'proven';
      return order.mode === 'arm' && standing.armed ? 'armed' : 'taken';
    case 'protect':
      return standing.protected ? 'proven' : 'taken';
    case 'unprotect':
      return standing.protected ? 'taken' : 'proven';
  }
}

/** Power behind the relay, where there is any before it: a relay that says closed and is not betrays itself here. */
const livesBehind = ({ supplyVoltageMv = 0, loadVoltageMv }: Standing): boolean =>
  loadVoltageMv === undefined || supplyVoltageMv < DEAD_MV || loadVoltageMv >= DEAD_MV;

/** Restores go before everything, cuts last: what gives power back never waits behind what takes it. */
export const rankOf = ({ operation }: Pick<Order, 'operation'>): 0 | 1 | 2 =>
  operation === 'restore' ? 0 : operation === 'cut' ? 2 : 1;
