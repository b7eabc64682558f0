import { LIMITS } from '../platform/limits.js';
import { canonicalJson } from './codecs/canonical-json.js';
import { ordersBody, type OrderBody } from './codecs/orders.js';

/** What goes out as one envelope: its topic's last part, and the payload to be signed. */
export interface OutgoingOrders {
  readonly gateway: string;
  /** The meter, or the gateway itself for a group. */
  readonly to: string;
  readonly payload: string;
}

/** Base64url makes 4 characters of 3 bytes; header, signature and names of the envelope have some 300. */
const ENVELOPE_BYTES = 512;
const maxPayloadBytes = Math.floor(((LIMITS.mqttPayloadBytes.value - ENVELOPE_BYTES) * 3) / 4);
/** `{"gateway":"…","kind":"orders","orders":[…],"v":1}` around the orders. */
const GROUP_BYTES = 128;

/**
 * Groups orders for one concentrator each into as few signed payloads as the contract allows: at most 64, and no envelope too large for a message. One
 * alone goes as it is. The order of the orders is kept.
 */
export function groupOrders(bodies: readonly OrderBody[]): OutgoingOrders[] {
  const byGateway = new Map<string, { body: OrderBody; bytes: number }[]>();
  for (const body of bodies) {
    const gateway = String(body['gateway']);
    const one = { body, bytes: Buffer.byteLength(canonicalJson(body)) + 1 };
    const known = byGateway.get(gateway);
    if (known) known.push(one);
    else byGateway.set(gateway, [one]);
  }
  return [...byGateway].flatMap(([gateway, all]) => {
    const groups: OrderBody[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const one of all) {
      const last = groups.at(-1);
      if (!last || last.length === LIMITS.ordersInGroup.value || bytes + one.bytes > maxPayloadBytes) {
        groups.push([one.body]);
        bytes = GROUP_BYTES + one.bytes;
      } else {
        last.push(one.body);
        bytes += one.bytes;
      }
    }
    return groups.map((group) => outgoing(gateway, group));
  });
}

function outgoing(gateway: string, group: readonly OrderBody[]): OutgoingOrders {
  const [only, second] = group;
  if (only && !second) return { gateway, to: String(only['meter']), payload: canonicalJson(only) };
  return { gateway, to: gateway, payload: canonicalJson(ordersBody(gateway, group)) };
}
