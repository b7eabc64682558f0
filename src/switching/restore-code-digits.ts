import { createHmac } from 'node:crypto';

const CODES = 10n ** 16n;
const DIGITS = 16;

/**
 * The digits of a restore code (复电码) as the contract says: HMAC-SHA256 with the meter's own key, its first 8 bytes as an unsigned number modulo
 * 10^16. Pure. Whoever holds the digits may switch the supply on: never log or store them.
 */
export function restoreCodeDigits(
  key: Buffer,
  code: { readonly serial: string; readonly installationId: string; readonly sequence: bigint },
): string {
  const { serial, installationId, sequence } = code;
  const digest = createHmac('sha256', key).update(`relight restore ${serial} ${installationId} ${sequence}`).digest();
  return String(digest.readBigUInt64BE(0) % CODES).padStart(DIGITS, '0');
}

/** As people read it out: four groups of four. */
export const spacedCode = (digits: string): string => digits.replace(/(\d{4})(?=\d)/g, '$1 ');
