import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { DownlinkKey } from './contract.js';
import { canonicalJson } from './canonical-json.js';

// Derivation as written in schema/fleet.schema.json. Simulation only: whoever holds keySeed holds every key.
const SALT = Buffer.from('relight-simulated-fleet-v1', 'utf8');
/** PKCS #8 wrapping of an Ed25519 private seed (RFC 8410 §7); the 32 bytes of the seed follow. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
/**
 * Private keys kept ready. A key costs ~1.3 KB, and ~100 µs to make again: 20,000 keep a fleet of the usual size ready in
 * ~25 MB while a fleet of 100,000 does not grow without bound.
 */
const MAX_READY_KEYS = 20_000;

function derive(keySeed: string, info: string, lengthBytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(keySeed, 'utf8'), SALT, Buffer.from(info, 'utf8'), lengthBytes));
}

/** Ed25519 private key of a 32-byte seed. */
export function privateKeyOfSeed(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
}

/** The signing key of a simulated meter. */
export function meterKey(keySeed: string, serial: string): KeyObject {
  return privateKeyOfSeed(derive(keySeed, `meter-key:${serial}`, 32));
}

/** The signing key of a simulated concentrator. */
export function gatewayKey(keySeed: string, gateway: string): KeyObject {
  return privateKeyOfSeed(derive(keySeed, `gateway-key:${gateway}`, 32));
}

/** The MQTT password of a simulated gateway (its user name is its own number). */
export function gatewayPassword(keySeed: string, gateway: string): string {
  return derive(keySeed, `gateway-password:${gateway}`, 24).toString('base64url');
}

/** 32 bytes for a development head-end or guard key of a generated fleet; not part of the contract. */
export function developmentSeed(keySeed: string, role: string): Buffer {
  return derive(keySeed, `development-key:${role}`, 32);
}

/** The public half as a JWK `x` (43 base64url characters). */
export function publicX(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x as string;
}

/** The only protected header the contract allows for a key: `{"alg":"EdDSA","kid":"…"}`, base64url. */
export function protectedHeader(kid: string): string {
  return Buffer.from(canonicalJson({ alg: 'EdDSA', kid }), 'utf8').toString('base64url');
}

/** Signing keys of the fleet, made on first use and kept up to a bound (the oldest goes first). */
export class MeterKeys {
  readonly #ready = new Map<string, KeyObject>();

  constructor(private readonly keySeed: string) {}

  of(serial: string): KeyObject {
    const ready = this.#ready.get(serial);
    if (ready) return ready;
    if (this.#ready.size >= MAX_READY_KEYS) {
      for (const oldest of this.#ready.keys()) {
        this.#ready.delete(oldest);
        break;
      }
    }
    const made = meterKey(this.keySeed, serial);
    this.#ready.set(serial, made);
    return made;
  }
}

/** A key a meter trusts for what comes down. */
export interface TrustedKey {
  kid: string;
  role: 'head-end' | 'guard';
  key: KeyObject;
}

/**
 * A meter's key ring, looked up by the whole protected header. There is exactly one header per trusted key, so an unknown
 * `kid`, another `alg`, `crit`, an extra member or a second spelling of the same header all miss the ring.
 * @throws when a key's `x` is no Ed25519 public key.
 */
export function keyRing(keys: readonly DownlinkKey[]): Map<string, TrustedKey> {
  const ring = new Map<string, TrustedKey>();
  for (const { kid, role, x } of keys) {
    const header = protectedHeader(kid);
    if (ring.has(header)) {
      throw new Error(`The manifest names downlink key ${kid} twice; keep one.`);
    }
    try {
      ring.set(header, { kid, role, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) });
    } catch {
      throw new Error(`Downlink key ${kid} is no Ed25519 public key; give its JWK x (43 base64url characters).`);
    }
  }
  return ring;
}
