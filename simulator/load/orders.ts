import { randomUUID, sign, type KeyObject } from 'node:crypto';
import { canonicalJson, type ContractValue } from '../wire/canonical-json.js';
import { instantText } from '../wire/contract.js';
import { privateKeyOfSeed, protectedHeader } from '../wire/keys.js';

/** What a load orders. `cycle`: each meter the opposite of how it stands. */
export const ORDER_KINDS = ['restore', 'cut', 'cycle', 'read'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** Longer than any load waits, by the meters' clock: with a racing clock an hour may pass in a moment. */
const VALIDITY_MS = 30 * 86_400_000;

/** A key that signs downwards, as `fleet.keys.json` has it. */
export interface LoadKey {
  kid: string;
  key: KeyObject;
}

/** Who signs: the head-end everything, the guard cuts. */
export interface LoadKeys {
  headEnd: LoadKey;
  guard: LoadKey | undefined;
}

/** A meter as the load knows it. */
export interface LoadMeter {
  readonly serial: string;
  readonly gateway: string;
  readonly installation: string;
  /** Greatest sequence it has said, or been sent. */
  sequence: number;
  closed: boolean;
}

/** One signed message for one meter. */
export interface LoadOrder {
  /** `commandId` or `requestId`. */
  id: string;
  operation: 'cut' | 'restore' | 'read';
  sequence: number;
  payload: string;
}

/**
 * Private keys out of a keys file (`fleet --out` writes one).
 * @throws Error when it has no private key of a head-end.
 */
export function loadKeys(file: unknown): LoadKeys {
  const entries = (file as { downlinkKeys?: { kid: string; role: string; d?: string }[] }).downlinkKeys ?? [];
  const keyOf = (role: string): LoadKey | undefined => {
    const entry = entries.find((one) => one.role === role && typeof one.d === 'string');
    return entry && { kid: entry.kid, key: privateKeyOfSeed(Buffer.from(entry.d as string, 'base64url')) };
  };
  const headEnd = keyOf('head-end');
  if (!headEnd) {
    throw new Error('The keys file holds no private key (d) of a head-end; "fleet" without --downlink-key writes one.');
  }
  return { headEnd, guard: keyOf('guard') };
}

/** Makes the next order for a meter. @throws Error when a cut is asked for and there is no guard's key. */
export function nextOrder(meter: LoadMeter, kind: OrderKind, keys: LoadKeys, nowMs: number): LoadOrder {
  const id = randomUUID();
  const head = { v: 1, gateway: meter.gateway, meter: meter.serial };
  const times = { issuedAt: instantText(nowMs), notAfter: instantText(nowMs + VALIDITY_MS) };
  if (kind === 'read') {
    const payload = sealDown({ ...head, ...times, kind: 'read', requestId: id, what: ['state'] }, [keys.headEnd]);
    return { id, operation: 'read', sequence: meter.sequence, payload };
  }
  const operation = kind === 'cycle' ? (meter.closed ? 'cut' : 'restore') : kind;
  if (operation === 'cut' && !keys.guard)
    throw new Error('A cut needs a guard’s signature; the keys file holds no private key of a guard.');
  const sequence = meter.sequence + 1;
  const command = {
    ...head,
    ...times,
    kind: 'switch',
    commandId: id,
    installation: meter.installation,
    account: 'LOAD',
    servicePoint: 'LOAD',
    operation,
    mode: 'direct',
    expectedRelay: 'any',
    sequence,
    reason: 'ARREARS',
  };
  const signers = operation === 'cut' ? [keys.headEnd, keys.guard as LoadKey] : [keys.headEnd];
  return { id, operation, sequence, payload: sealDown(command, signers) };
}

/** Signs a message downwards: JWS general JSON serialization, RFC 7515 §7.2.1. */
export function sealDown(message: ContractValue, signers: LoadKey[]): string {
  const payload = Buffer.from(canonicalJson(message), 'utf8').toString('base64url');
  const signatures = signers.map(({ kid, key }) => {
    const header = protectedHeader(kid);
    const signature = sign(null, Buffer.from(`${header}.${payload}`, 'ascii'), key).toString('base64url');
    return { protected: header, signature };
  });
  return JSON.stringify({ payload, signatures });
}
