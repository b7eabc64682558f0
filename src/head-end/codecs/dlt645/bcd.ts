import { Dlt645Error } from './dlt645-error.js';

/** Whether both digits of a byte are decimal. */
export const isBcdByte = (byte: number): boolean => (byte & 0x0f) <= 9 && byte >> 4 <= 9;

/**
 * A decimal number as BCD, low byte first, in exactly `length` bytes.
 * @throws Dlt645Error NOT_BCD for anything but a whole number that fits
 */
export function toBcd(value: number, length: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 10 ** (length * 2))
    throw new Dlt645Error('NOT_BCD', `${value} has no place in ${length * 2} decimal digits`);
  return Buffer.from(String(value).padStart(length * 2, '0'), 'hex').reverse();
}

/** The number that BCD bytes hold, low byte first; undefined if a digit is not decimal. At most 7 bytes. */
export function fromBcd(bytes: Buffer): number | undefined {
  let value = 0;
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    const byte = bytes[index]!;
    if (!isBcdByte(byte)) return undefined;
    value = value * 100 + (byte >> 4) * 10 + (byte & 0x0f);
  }
  return value;
}

/** The same with a sign in the top bit of the highest byte, as current and power have it. */
export function fromSignedBcd(bytes: Buffer): number | undefined {
  const magnitude = Buffer.from(bytes);
  const top = magnitude.length - 1;
  magnitude[top] = magnitude[top]! & 0x7f;
  const value = fromBcd(magnitude);
  if (value === undefined) return undefined;
  return (bytes[top]! & 0x80) !== 0 && value !== 0 ? -value : value;
}
