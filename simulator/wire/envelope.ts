import { sign, verify, type KeyObject } from 'node:crypto';
import { MAX_PAYLOAD_BYTES } from './contract.js';
import { canonicalJson, type ContractValue } from './canonical-json.js';
import { protectedHeader, type TrustedKey } from './keys.js';
import { isEnvelope, firstProblem, type Envelope } from './schemas.js';

/** Signs a message and wraps it (JWS general JSON serialization, RFC 7515 §7.2.1). `kid` is the signer's name. */
export function sealEnvelope(message: ContractValue, kid: string, key: KeyObject): string {
  const payload = Buffer.from(canonicalJson(message), 'utf8').toString('base64url');
  const header = protectedHeader(kid);
  const signature = sign(null, Buffer.from(`${header}.${payload}`, 'ascii'), key).toString('base64url');
  return `{"payload":"${payload}","signatures":[{"protected":"${header}","signature":"${signature}"}]}`;
}

/**
 * What stands beside the head-end's signature: `none`, a valid one of a `guard`, or anything else (`bad`: an unknown key, one that is not
 * valid, a second head-end's).
 */
export type SecondSignature = 'none' | 'guard' | 'bad';

export type Opened = { ok: true; message: unknown; second: SecondSignature } | { ok: false; problem: string };

const refuse = (problem: string): Opened => ({ ok: false, problem });

/**
 * Opens what came down: one signature must be a valid one of a head-end of the ring. The message is parsed only after that, and
 * must be canonical JSON: one message, one spelling. What the second signature has to be depends on the message, so the caller
 * decides (see `guardFits`).
 */
export function openEnvelope(bytes: Buffer, ring: ReadonlyMap<string, TrustedKey>): Opened {
  if (bytes.length > MAX_PAYLOAD_BYTES) return refuse(`payload of ${bytes.length} bytes, at most ${MAX_PAYLOAD_BYTES}`);
  const envelope = parseJson(bytes.toString('utf8'));
  if (!isEnvelope(envelope)) return refuse(`envelope: ${firstProblem(isEnvelope)}`);
  const signers = envelope.signatures.map((one) => signerOf(envelope.payload, one, ring));
  const first = signers.findIndex((signer) => signer.role === 'head-end');
  if (first < 0) return refuse(signers.map(({ problem }) => problem ?? 'a guard signs beside a head-end').join('; '));
  const other = signers.find((_, index) => index !== first);
  return openPayload(envelope.payload, !other ? 'none' : other.role === 'guard' ? 'guard' : 'bad');
}

/** Whose valid signature this is, or what is wrong with it. */
function signerOf(
  payload: string,
  { protected: header, signature }: Envelope['signatures'][number],
  ring: ReadonlyMap<string, TrustedKey>,
): { role?: TrustedKey['role']; problem?: string } {
  const trusted = ring.get(header);
  if (!trusted) return { problem: 'protected header is not that of an EdDSA key I hold' };
  const signatureBytes = Buffer.from(signature, 'base64url');
  // The last character carries 4 unused bits; without this check a signature would have 16 spellings.
  if (signatureBytes.toString('base64url') !== signature) return { problem: 'signature is not canonical base64url' };
  if (!verify(null, Buffer.from(`${header}.${payload}`, 'ascii'), trusted.key, signatureBytes)) {
    return { problem: `signature of ${trusted.kid} is not valid` };
  }
  return { role: trusted.role };
}

function openPayload(encoded: string, second: SecondSignature): Opened {
  const payload = Buffer.from(encoded, 'base64url');
  const message = parseJson(payload.toString('utf8'));
  if (typeof message !== 'object' || message === null) return refuse('payload is no JSON object');
  // Bytes, not text: decoding hides malformed UTF-8, and parsing hides members named twice.
  if (!Buffer.from(canonicalJson(message as ContractValue), 'utf8').equals(payload)) {
    return refuse('payload is not canonical JSON');
  }
  return { ok: true, message, second };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
