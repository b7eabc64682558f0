import { isBcdByte } from './bcd.js';
import { Dlt645Error } from './dlt645-error.js';

/** Bytes of an address on the line. */
export const ADDRESS_BYTES = 6;
/** To every meter on the line; none answers. */
export const BROADCAST_ADDRESS = '999999999999';
/** To whichever meter is there; for reading only. */
export const WILDCARD_ADDRESS = 'AAAAAAAAAAAA';

const ADDRESS = /^(?:[0-9]{2}|AA){6}$/;
const WILD_BYTE = 0xaa;
const BROADCAST_BYTE = 0x99;

/**
 * 12 digits (or byte pairs AA) as they go over the line: low byte first, not offset.
 * @throws Dlt645Error ADDRESS
 */
export function encodeAddress(address: string): Buffer {
  if (!ADDRESS.test(address))
    throw new Dlt645Error('ADDRESS', `${JSON.stringify(address)} is no address: write 12 decimal digits`);
  return Buffer.from(address, 'hex').reverse();
}

/** The address as 12 digits, high byte first; undefined if a byte is neither BCD nor the wildcard AA. */
export function decodeAddress(bytes: Buffer): string | undefined {
  if (bytes.length !== ADDRESS_BYTES) return undefined;
  for (const byte of bytes) if (byte !== WILD_BYTE && !isBcdByte(byte)) return undefined;
  return Buffer.from(bytes).reverse().toString('hex').toUpperCase();
}

/**
 * The bytes of an address that means one meter and no other.
 * @throws Dlt645Error WILDCARD_ADDRESS for the broadcast and for any address with an AA in it, ADDRESS for what is none
 */
export function encodeOwnAddress(address: string): Buffer {
  const bytes = encodeAddress(address);
  // Domain rule: 1CH and writes never go to AA or 99: they would switch whatever is on the line.
  if (bytes.includes(WILD_BYTE) || bytes.every((byte) => byte === BROADCAST_BYTE))
    throw new Dlt645Error('WILDCARD_ADDRESS', `${address} is not the address of one meter; name the meter`);
  return bytes;
}
