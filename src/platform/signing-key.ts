import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** An Ed25519 key of the product. `x` is the raw public key, base64url. */
export interface SigningKey {
  /** `<role>-<first 8 hex digits of the SHA-256 of x>`. */
  readonly kid: string;
  readonly x: string;
  readonly privateKey: KeyObject;
}

/** What a key is for, and the setting that names its file. */
export interface KeyUse {
  /** First part of the `kid`: "head-end", "guard", "audit". */
  readonly role: string;
  /** The setting to name in an error. */
  readonly setting: string;
}

/** One signature of a JWS in the general JSON serialization: protected header and signature, base64url. */
export interface JwsSignature {
  readonly protected: string;
  readonly signature: string;
}

/** Where the public half of a key made here is put: beside it, for whoever checks signatures. */
export const publicKeyFileOf = (path: string): string => path.replace(/(\.pem)?$/, '.pub.pem');

/**
 * Loads a private key (PKCS#8 PEM, Ed25519) from `path`. In simulation a missing one is made and kept, mode 0600, with its public
 * half beside it.
 * @throws Error naming the setting when there is none and none may be made
 */
export function loadKey(path: string, { role, setting }: KeyUse, mayCreate: boolean): SigningKey {
  if (!existsSync(path)) {
    if (!mayCreate) {
      throw new Error(
        `No ${role} key at ${path}. Make one (openssl genpkey -algorithm ed25519 -out key.pem), keep it secret, and name it in ${setting}.`,
      );
    }
    makeKey(path);
  }
  const privateKey = createPrivateKey(readFileSync(path));
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`The key in ${path} is not Ed25519. Make one with: openssl genpkey -algorithm ed25519`);
  return { ...nameOf(createPublicKey(privateKey), role), privateKey };
}

/** The public half of a key from its file (SPKI PEM), named as {@link loadKey} names the whole. */
export const readPublicKey = (path: string, role: string): { kid: string; x: string } =>
  nameOf(createPublicKey(readFileSync(path)), role);

function nameOf(key: KeyObject, role: string): { kid: string; x: string } {
  const x = key.export({ format: 'jwk' }).x!;
  return { kid: `${role}-${createHash('sha256').update(x).digest('hex').slice(0, 8)}`, x };
}

function makeKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  chmodSync(path, 0o600);
  writeFileSync(publicKeyFileOf(path), publicKey.export({ type: 'spki', format: 'pem' }));
}

/** Signs a JWS payload, which is base64url already. */
export function signPayload(encoded: string, key: SigningKey): JwsSignature {
  const header = Buffer.from(`{"alg":"EdDSA","kid":"${key.kid}"}`).toString('base64url');
  return {
    protected: header,
    signature: sign(null, Buffer.from(`${header}.${encoded}`), key.privateKey).toString('base64url'),
  };
}
