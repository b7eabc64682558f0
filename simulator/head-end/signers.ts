import { sign, type KeyObject } from 'node:crypto';
import { canonicalJson, type ContractValue } from '../wire/canonical-json.js';
import type { FleetManifest } from '../wire/contract.js';
import { developmentSeed, privateKeyOfSeed, protectedHeader, publicX } from '../wire/keys.js';

/** A private key and the name under which meters know it. */
export interface Signer {
  kid: string;
  key: KeyObject;
}

/** The two who sign for a fleet: every message needs the head-end, a cut the guard beside it. */
export interface Signers {
  headEnd: Signer;
  guard: Signer;
  /** A key of nobody the meters know, under the head-end's name. */
  stranger: Signer;
}

/** The manifest trusts keys whose private halves are not here. */
export class ForeignKeysError extends Error {}

/**
 * The development keys of a generated fleet, which follow from its seed.
 * @throws ForeignKeysError when the fleet obeys other keys.
 */
export function developmentSigners(manifest: FleetManifest): Signers {
  const signer = (role: 'head-end' | 'guard'): Signer => {
    const key = privateKeyOfSeed(developmentSeed(manifest.keySeed, role));
    const trusted = manifest.downlinkKeys.find((one) => one.role === role && one.x === publicX(key));
    if (!trusted) {
      throw new ForeignKeysError(
        `FOREIGN_KEYS: this fleet does not obey the development key of a ${role}, so the built-in head-end cannot order anything; ` +
          'use a generated fleet, or run against the fleet’s own head-end (--broker … --head-end other).',
      );
    }
    return { kid: trusted.kid, key };
  };
  const headEnd = signer('head-end');
  const stranger = { kid: headEnd.kid, key: privateKeyOfSeed(developmentSeed(manifest.keySeed, 'stranger')) };
  return { headEnd, guard: signer('guard'), stranger };
}

/** Signs a message by all of `signers` (JWS general JSON serialization, RFC 7515 §7.2.1). */
export function sealBy(message: ContractValue, ...signers: Signer[]): string {
  const payload = Buffer.from(canonicalJson(message), 'utf8').toString('base64url');
  const signatures = signers.map(({ kid, key }) => {
    const header = protectedHeader(kid);
    const signature = sign(null, Buffer.from(`${header}.${payload}`, 'ascii'), key).toString('base64url');
    return `{"protected":"${header}","signature":"${signature}"}`;
  });
  return `{"payload":"${payload}","signatures":[${signatures.join(',')}]}`;
}
