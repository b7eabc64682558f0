import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { KnownMeter } from '../../../src/head-end/meter-directory.js';
import type { SigningKey } from '../../../src/head-end/signing.js';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 key whose seed is 32 times this byte: fixed, so that signatures can be written down. */
export const privateKeyOf = (byte: number): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, Buffer.alloc(32, byte)]), format: 'der', type: 'pkcs8' });

export const publicXOf = (key: KeyObject): string => createPublicKey(key).export({ format: 'jwk' }).x!;

const headEndPrivate = privateKeyOf(1);
export const HEAD_END_KEY: SigningKey = {
  kid: 'head-end-test',
  x: publicXOf(headEndPrivate),
  privateKey: headEndPrivate,
};

export const GATEWAY = '370100000001';
export const METER = '370200000001';
export const NEIGHBOUR = '370200000002';
export const METER_KEY = privateKeyOf(2);
export const NEIGHBOUR_KEY = privateKeyOf(3);

/** A meter as the head-end's directory gives it. */
export const knownMeter = (serial: string, key: KeyObject): KnownMeter => ({
  meterId: `01900000-0000-7000-8000-${serial}`,
  serial,
  gatewayNumber: GATEWAY,
  codec: 'JSON',
  publicKey: Buffer.from(publicXOf(key), 'base64url'),
  key: createPublicKey(key),
});

const b64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64url');

/** An envelope in parts, so that a test can tamper with each. */
export interface EnvelopeParts {
  readonly header: string;
  readonly payload: string;
  readonly signature: Buffer;
}

/** Signs a payload text under a header text, both exactly as given. Written from schema/mqtt/README.md, not from our encoder. */
export function sealParts(payload: string, key: KeyObject, header: string): EnvelopeParts {
  return { header, payload, signature: sign(null, Buffer.from(`${b64(header)}.${b64(payload)}`), key) };
}

export const headerOf = (kid: string): string => `{"alg":"EdDSA","kid":"${kid}"}`;

export const toBytes = ({ header, payload, signature }: EnvelopeParts): Buffer =>
  Buffer.from(
    JSON.stringify({ payload: b64(payload), signatures: [{ protected: b64(header), signature: b64(signature) }] }),
  );

/** Canonical JSON of a body whose members are strings, numbers, booleans and lists of such bodies. */
const sorted = (body: object): string =>
  JSON.stringify(body, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

/** A message of a meter, signed by it. */
export const sealed = (body: object, key: KeyObject, serial: string): Buffer =>
  toBytes(sealParts(sorted(body), key, headerOf(serial)));

export const ackBody = (fields: object = {}): object => ({
  v: 1,
  kind: 'ack',
  gateway: GATEWAY,
  meter: METER,
  commandId: '01900000-0000-7000-8000-000000000001',
  sequence: 7,
  result: 'accepted',
  relay: 'open',
  armed: false,
  protected: false,
  lastSequence: 7,
  meterTime: '2026-03-10T02:00:01.250Z',
  ...fields,
});

export const stateBody = (fields: object = {}): object => ({
  v: 1,
  kind: 'state',
  gateway: GATEWAY,
  meter: METER,
  cause: 'periodic',
  relay: 'closed',
  armed: false,
  protected: false,
  lastSequence: 8,
  meterTime: '2026-03-10T02:00:02.000Z',
  ...fields,
});

export const canonical = sorted;
