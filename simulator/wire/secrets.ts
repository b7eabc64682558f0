import { createHmac } from 'node:crypto';

/**
 * Secrets that a meter shares with its company, as schema/fleet.schema.json derives them: HKDF-SHA256 of a master secret, which for a
 * simulated fleet is the manifest's `keySeed`.
 */
const SALT = Buffer.from('relight-meter-secrets-v1', 'utf8');
/** A restore code has this many digits. Source: schema/mqtt/README.md. */
const CODE_MODULUS = 10n ** 16n;
const CODE_DIGITS = 16;
const FIRST_ROUND = Buffer.of(1);

/** First half of HKDF (RFC 5869 §2.2), the same for every secret of a fleet: worth keeping, since each order on a line needs one. */
let extracted: { master: string; key: Buffer } | undefined;

/** HKDF-SHA256 for at most 32 bytes: one round of its second half (RFC 5869 §2.3). */
function derive(master: string, info: string, lengthBytes: number): Buffer {
  if (extracted?.master !== master) {
    extracted = { master, key: createHmac('sha256', SALT).update(master, 'utf8').digest() };
  }
  const round = createHmac('sha256', extracted.key).update(info, 'utf8').update(FIRST_ROUND).digest();
  return round.subarray(0, lengthBytes);
}

/** Key of a meter's restore codes, 32 bytes. */
export const restoreCodeKey = (master: string, serial: string): Buffer => derive(master, `restore-code:${serial}`, 32);

/** The password on the line, P0 P1 P2: three bytes of two BCD digits. */
export function linePassword(master: string, serial: string): Buffer {
  const bytes = derive(master, `dlt645-password:${serial}`, 3);
  return bytes.map((byte) => {
    const pair = byte % 100;
    return Math.floor(pair / 10) * 16 + (pair % 10);
  }) as Buffer;
}

/** K of the ciphertext class, 16 bytes. */
export const lineCipherKey = (master: string, serial: string): Buffer => derive(master, `dlt645-cipher:${serial}`, 16);

/** The restore code of a meter for one sequence: 16 digits. */
export function restoreCode(key: Buffer, serial: string, installation: string, sequence: number): string {
  const mac = createHmac('sha256', key)
    .update(`relight restore ${serial} ${installation} ${sequence}`, 'utf8')
    .digest();
  return String(mac.readBigUInt64BE(0) % CODE_MODULUS).padStart(CODE_DIGITS, '0');
}
