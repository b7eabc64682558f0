import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { loadKey, signPayload, type JwsSignature, type SigningKey } from '../platform/signing-key.js';

export type { SigningKey };

/** JWS in the general JSON serialization, one signature or two (schema/mqtt/envelope.schema.json). */
export interface Envelope {
  readonly payload: string;
  readonly signatures: readonly JwsSignature[];
}

/**
 * Loads the head-end key from `path`; in simulation a missing one is made and kept.
 * @throws Error naming HEAD_END_KEY_FILE when there is none and none may be made
 */
export const loadSigningKey = (path: string, mayCreate: boolean): SigningKey =>
  loadKey(path, { role: 'head-end', setting: 'HEAD_END_KEY_FILE' }, mayCreate);

/** Signs a payload of canonical JSON; `second` is the guard's signature over the same payload, on a cut. */
export function signEnvelope(payload: string, key: SigningKey, second?: JwsSignature): Envelope {
  const encoded = Buffer.from(payload).toString('base64url');
  const first = signPayload(encoded, key);
  return { payload: encoded, signatures: second ? [first, second] : [first] };
}

/** A raw Ed25519 public key (32 bytes) as a key object. */
export const publicKeyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });

/** The `kid` of the only signature, if the header is exactly what the contract allows; else undefined. */
export function signerOf(envelope: Envelope): string | undefined {
  const [only, second] = envelope.signatures;
  if (!only || second) return undefined;
  try {
    const header = JSON.parse(Buffer.from(only.protected, 'base64url').toString('utf8')) as Record<string, unknown>;
    const plain = Object.keys(header).length === 2 && header['alg'] === 'EdDSA' && typeof header['kid'] === 'string';
    return plain ? (header['kid'] as string) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the first signature is by this key, in its only spelling: the last character of base64url has bits to spare, and they must be zero. */
export function verifyEnvelope(envelope: Envelope, key: KeyObject): boolean {
  const { protected: header, signature } = envelope.signatures[0]!;
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.toString('base64url') !== signature) return false;
  return verify(null, Buffer.from(`${header}.${envelope.payload}`), key, bytes);
}
