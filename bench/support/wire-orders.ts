import { randomUUID } from 'node:crypto';
import { encodeSwitch, switchBody } from '../../src/head-end/codecs/orders.js';
import type { LineFrames } from '../../src/head-end/line-frames.js';
import { groupOrders } from '../../src/head-end/order-groups.js';
import { signEnvelope, type SigningKey } from '../../src/head-end/signing.js';
import { signPayload } from '../../src/platform/signing-key.js';
import { downTopic } from '../../src/head-end/topics.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';

/** What must be known of a meter to give it an order that it obeys. */
export interface OrderedMeter {
  readonly serial: string;
  readonly gateway: string;
  readonly installation: string;
  /** Greatest sequence it has accepted. */
  readonly sequence: number;
  /** Of a DL/T 645 meter. */
  readonly securityClass?: 'PASSWORD' | 'CIPHER';
}

/** A signed order, ready to be published. */
export interface WireOrder {
  readonly topic: string;
  readonly payload: string;
}

const VALIDITY_MS = 3_600_000;

/** The keys with which a bench signs orders of its own: a cut needs both. */
export interface WireKeys {
  readonly key: SigningKey;
  readonly guardKey: SigningKey;
}

/** A valid order to one meter, signed as its operation asks; `at` is the time by which its clock goes. */
export function wireOrder(meter: OrderedMeter, operation: 'CUT' | 'RESTORE', keys: WireKeys, at: Date): WireOrder {
  return signed(meter, operation, keys, encodeSwitch(orderOf(meter, operation, at)));
}

/** The same to a DL/T 645 meter behind its concentrator. */
export async function lineOrder(
  meter: OrderedMeter,
  operation: 'CUT' | 'RESTORE',
  keys: WireKeys,
  at: Date,
  frames: LineFrames,
): Promise<WireOrder> {
  const order = lineOrderOf(meter, operation, at);
  return signed(meter, operation, keys, encodeSwitch(order, await frames.switchFrame(order)));
}

/** Restores of DL/T 645 meters as the product sends them: those of one concentrator under one signature, up to 64. */
export async function lineRestores(
  meters: readonly OrderedMeter[],
  { key }: WireKeys,
  at: Date,
  frames: LineFrames,
): Promise<WireOrder[]> {
  const bodies = [];
  for (const meter of meters) {
    const order = lineOrderOf(meter, 'RESTORE', at);
    bodies.push(switchBody(order, await frames.switchFrame(order)));
  }
  return groupOrders(bodies).map(({ gateway, to, payload }) => ({
    topic: downTopic(gateway, to),
    payload: JSON.stringify(signEnvelope(payload, key)),
  }));
}

const lineOrderOf = (meter: OrderedMeter, operation: 'CUT' | 'RESTORE', at: Date): SwitchOrder => ({
  ...orderOf(meter, operation, at),
  codec: 'DLT645',
  securityClass: meter.securityClass,
});

const orderOf = (meter: OrderedMeter, operation: 'CUT' | 'RESTORE', at: Date): SwitchOrder => ({
  commandId: randomUUID(),
  gatewayNumber: meter.gateway,
  serial: meter.serial,
  codec: 'JSON',
  installationId: meter.installation,
  // As long as real ones, so that the message is.
  accountNumber: '3700000000',
  servicePointNumber: '3800000000',
  operation,
  mode: 'DIRECT',
  reason: 'ARREARS',
  sequence: BigInt(meter.sequence + 1),
  issuedAt: at,
  notAfter: new Date(at.getTime() + VALIDITY_MS),
});

function signed(
  meter: OrderedMeter,
  operation: 'CUT' | 'RESTORE',
  { key, guardKey }: WireKeys,
  body: string,
): WireOrder {
  const second = operation === 'CUT' ? signPayload(Buffer.from(body).toString('base64url'), guardKey) : undefined;
  return { topic: downTopic(meter.gateway, meter.serial), payload: JSON.stringify(signEnvelope(body, key, second)) };
}
