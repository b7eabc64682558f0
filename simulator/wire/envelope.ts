import { sign, verify, type KeyObject } from 'node:crypto';
import { MAX_PAYLOAD_BYTES } from './contract.js';
import { canonicalJson, type ContractValue } from './canonical-json.js';
import { protectedHeader, type TrustedKey } from './keys.js';
import { isEnvelope, firstProblem } from './schemas.js';

/** Signs a message and wraps it (JWS general JSON serialization, RFC 7515 §7.2.1). `kid` is the signer's name. */
export function sealEnvelope(message: ContractValue, kid: string, key: KeyObject): string {
  const payload = Buffer.from(canonicalJson(message), 'utf8').toString('base64url');
  const header = protectedHeader(kid);
  const signature = sign(null, Buffer.from(`${header}.${payload}`, 'ascii'), key).toString('base64url');
  return `{"payload":"${payload}","signatures":[{"protected":"${header}","signature":"${signature}"}]}`;
}

export type Opened = { ok: true; message: unknown; guarded: boolean } | { ok: false; problem: string };

const refuse = (problem: string): Opened => ({ ok: false, problem });

/**
 * Opens what came down: every signature must be valid and from a key of the ring, exactly one by a head-end, at most one
 * more by a guard (`guarded`). The message is parsed only after that, and must be canonical JSON: one message, one spelling.
 * Whether a guard may stand there at all depends on the message, so the caller decides (see `guardFits`).
 */
export function openEnvelope(bytes: Buffer, ring: ReadonlyMap<string, TrustedKey>): Opened {
  if (bytes.length > MAX_PAYLOAD_BYTES) return refuse(`payload of ${bytes.length} bytes, at most ${MAX_PAYLOAD_BYTES}`);
  const envelope = parseJson(bytes.toString('utf8'));
  if (!isEnvelope(envelope)) return refuse(`envelope: ${firstProblem(isEnvelope)}`);
  let headEnds = 0;
  let guards = 0;
  for (const { protected: header, signature } of envelope.signatures) {
    const trusted = ring.get(header);
    if (!trusted) return refuse('protected header is not that of an EdDSA key I hold');
    const signatureBytes = Buffer.from(signature, 'base64url');
    // The last character carries 4 unused bits; without this check a signature would have 16 spellings.
    if (signatureBytes.toString('base64url') !== signature) return refuse('signature is not canonical base64url');
    if (!verify(null, Buffer.from(`${header}.${envelope.payload}`, 'ascii'), trusted.key, signatureBytes)) {
      return refuse(`signature of ${trusted.kid} is not valid`);
    }
    if (trusted.role === 'guard') guards += 1;
    else headEnds += 1;
  }
  if (headEnds !== 1) return refuse(`${headEnds} head-end signatures, need exactly one`);
  return openPayload(envelope.payload, guards === 1);
}

function openPayload(encoded: string, guarded: boolean): Opened {
  const payload = Buffer.from(encoded, 'base64url');
  const message = parseJson(payload.toString('utf8'));
  if (typeof message !== 'object' || message === null) return refuse('payload is no JSON object');
  // Bytes, not text: decoding hides malformed UTF-8, and parsing hides members named twice.
  if (!Buffer.from(canonicalJson(message as ContractValue), 'utf8').equals(payload)) {
    return refuse('payload is not canonical JSON');
  }
  return { ok: true, message, guarded };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
