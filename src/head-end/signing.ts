import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The head-end's own signing key. `x` is the raw public key, base64url, as meters and manifests carry it. */
export interface SigningKey {
  readonly kid: string;
  readonly x: string;
  readonly privateKey: KeyObject;
}

/** JWS in the general JSON serialization, one signature or two (schema/mqtt/envelope.schema.json). */
export interface Envelope {
  readonly payload: string;
  readonly signatures: readonly { readonly protected: string; readonly signature: string }[];
}

/**
 * Loads the head-end key (PKCS#8 PEM, Ed25519) from `path`. In simulation a missing one is made and kept, mode 0600.
 * @throws Error naming HEAD_END_KEY_FILE when there is none and none may be made
 */
export function loadSigningKey(path: string, mayCreate: boolean): SigningKey {
  if (!existsSync(path)) {
    if (!mayCreate) {
      throw new Error(
        `No head-end key at ${path}. Make one (openssl genpkey -algorithm ed25519 -out key.pem), keep it secret, and name it in HEAD_END_KEY_FILE.`,
      );
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    chmodSync(path, 0o600);
  }
  const privateKey = createPrivateKey(readFileSync(path));
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`The key in ${path} is not Ed25519. Make one with: openssl genpkey -algorithm ed25519`);
  const x = createPublicKey(privateKey).export({ format: 'jwk' }).x!;
  return { kid: `head-end-${createHash('sha256').update(x).digest('hex').slice(0, 8)}`, x, privateKey };
}

/** Signs a payload of canonical JSON. */
export function signEnvelope(payload: string, key: SigningKey): Envelope {
  const encoded = Buffer.from(payload).toString('base64url');
  const header = Buffer.from(`{"alg":"EdDSA","kid":"${key.kid}"}`).toString('base64url');
  const signature = sign(null, Buffer.from(`${header}.${encoded}`), key.privateKey).toString('base64url');
  return { payload: encoded, signatures: [{ protected: header, signature }] };
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
