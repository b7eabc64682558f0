import { BROADCAST_ADDRESS, encodeOwnAddress } from './address.js';
import { FUNCTION, request } from './control-code.js';
import { Dlt645Error } from './dlt645-error.js';
import { encodeFrame } from './frame.js';
import { dateBytes, timeBytes, weekDateBytes, type LocalMoment } from './local-moment.js';
import { identifierBytes } from './reading-frames.js';
import { DI } from './registers.js';
import { authorityBytes, type Authority } from './switch-frame.js';

/** The clock's two halves: each is written by a frame of its own. */
export type ClockPart = 'DATE' | 'TIME';
/** Bytes of the tag in the ciphertext class. */
export const TAG_BYTES = 12;

/**
 * Tells every meter on the line the time (08H, no answer). A meter follows by at most five minutes, once a day.
 * @throws Dlt645Error NOT_A_DATE
 */
export const encodeBroadcastTime = (moment: LocalMoment): Buffer =>
  encodeFrame({
    address: BROADCAST_ADDRESS,
    control: request(FUNCTION.BROADCAST_TIME),
    data: Buffer.concat([timeBytes(moment), dateBytes(moment)]),
  });

/** `DI0..DI3 | PA P0 P1 P2 | C0..C3 | data` of a clock write; the ciphertext class puts its tag behind. @throws Dlt645Error NOT_A_DATE, PASSWORD */
export function clockWriteBytes(part: ClockPart, moment: LocalMoment, authority: Authority, operator: Buffer): Buffer {
  return Buffer.concat([
    identifierBytes(DI[part]),
    authorityBytes(authority, operator),
    part === 'DATE' ? weekDateBytes(moment) : timeBytes(moment),
  ]);
}

/**
 * Sets date and weekday, or time, of one meter (14H).
 * @param bytes from `clockWriteBytes`
 * @param tag of the security module, in the ciphertext class
 * @throws Dlt645Error WILDCARD_ADDRESS, ADDRESS, CIPHERTEXT, DATA_LENGTH
 */
export function encodeClockWrite(address: string, bytes: Buffer, tag?: Buffer): Buffer {
  encodeOwnAddress(address);
  if (tag && tag.length !== TAG_BYTES)
    throw new Dlt645Error('CIPHERTEXT', `the security module gave a tag of ${tag.length} bytes, not ${TAG_BYTES}`);
  const data = tag ? Buffer.concat([bytes, tag]) : bytes;
  return encodeFrame({ address, control: request(FUNCTION.WRITE), data });
}
