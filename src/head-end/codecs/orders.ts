import type { ClockState } from '../../platform/clock.js';
import type { TimeOrder } from '../../flows/correct-meter-clocks.js';
import type { ReadOrder, SwitchOrder } from '../../switching/dispatch.js';
import { URGENT_REASONS } from '../../switching/interruption.js';
import { canonicalJson } from './canonical-json.js';

/** A body of contract v1, not yet written as canonical JSON. */
export type OrderBody = Readonly<Record<string, unknown>>;

const isUrgent = ({ reason }: SwitchOrder): boolean => (URGENT_REASONS as readonly string[]).includes(reason);

/**
 * A switch order. Only an ordinary cut is bound to a believed relay state: in doubt a restore happens, and so does a cut for danger.
 * @param frame DL/T 645 meters: what goes over the serial line, hexadecimal
 */
export const switchBody = (order: SwitchOrder, frame?: string): OrderBody => ({
  v: 1,
  kind: 'switch',
  commandId: order.commandId,
  gateway: order.gatewayNumber,
  meter: order.serial,
  installation: order.installationId,
  account: order.accountNumber,
  servicePoint: order.servicePointNumber,
  operation: order.operation.toLowerCase(),
  mode: order.mode === 'ARM' ? 'arm' : 'direct',
  expectedRelay: order.operation === 'CUT' && !isUrgent(order) ? 'closed' : 'any',
  sequence: Number(order.sequence),
  issuedAt: order.issuedAt.toISOString(),
  notAfter: order.notAfter.toISOString(),
  reason: order.reason,
  frame,
});

/** How long an order may be obeyed. */
export interface Validity {
  readonly issuedAt: Date;
  readonly notAfter: Date;
}

/** A question for the meter's state, or for registers of past midnights. */
export const readBody = (
  order: ReadOrder,
  { issuedAt, notAfter }: Validity,
  frames?: readonly string[],
): OrderBody => ({
  v: 1,
  kind: 'read',
  requestId: order.requestId,
  gateway: order.gatewayNumber,
  meter: order.serial,
  ...(order.midnights ? { what: ['freeze'], midnights: order.midnights } : { what: ['state'] }),
  issuedAt: issuedAt.toISOString(),
  notAfter: notAfter.toISOString(),
  frames,
});

/** An order to set a meter's clock. */
export const timeBody = (order: TimeOrder, { issuedAt, notAfter }: Validity, frame?: string): OrderBody => ({
  v: 1,
  kind: 'time',
  requestId: order.requestId,
  gateway: order.gatewayNumber,
  meter: order.serial,
  sequence: Number(order.sequence),
  at: order.at.toISOString(),
  issuedAt: issuedAt.toISOString(),
  notAfter: notAfter.toISOString(),
  frame,
});

/** Several orders for the meters of one concentrator, to be signed once. Never a cut. */
export const ordersBody = (gateway: string, orders: readonly OrderBody[]): OrderBody => ({
  v: 1,
  kind: 'orders',
  gateway,
  orders,
});

/** An order as canonical JSON, to be signed. */
export const encodeSwitch = (order: SwitchOrder, frame?: string): string => canonicalJson(switchBody(order, frame));

/** A question for the meter's state as canonical JSON, to be signed. */
export const encodeRead = (order: ReadOrder, issuedAt: Date, notAfter: Date): string =>
  canonicalJson(readBody(order, { issuedAt, notAfter }));

/** The simulation clock for one gateway as canonical JSON, to be signed. */
export const encodeClock = (state: ClockState, gateway: string): string =>
  canonicalJson({
    v: 1,
    kind: 'clock',
    gateway,
    version: Number(state.version),
    virtualAt: state.virtualAt.toISOString(),
    realAt: state.wallAt.toISOString(),
    scaleMillis: state.scaleMillis,
  });
