import { encodeOwnAddress } from './address.js';
import { FUNCTION, request } from './control-code.js';
import { Dlt645Error } from './dlt645-error.js';
import { encodeFrame, type Frame } from './frame.js';

const IDENTIFIER_BYTES = 4;
/** Frames of one long answer: 1 + 255 numbered ones. */
const MAX_FOLLOWING = 255;

/** A data identifier, low byte first. */
export function identifierBytes(identifier: number): Buffer {
  const bytes = Buffer.alloc(IDENTIFIER_BYTES);
  bytes.writeUInt32LE(identifier);
  return bytes;
}

/** Asks one meter for a register (11H). @throws Dlt645Error ADDRESS, WILDCARD_ADDRESS */
export function encodeReadRequest(address: string, identifier: number): Buffer {
  encodeOwnAddress(address);
  return encodeFrame({ address, control: request(FUNCTION.READ), data: identifierBytes(identifier) });
}

/**
 * Asks for the rest of a long answer (12H), the `number`-th following frame (1 … 255).
 * @throws Dlt645Error ADDRESS, WILDCARD_ADDRESS, FOLLOW_UP
 */
export function encodeReadFollowing(address: string, identifier: number, number: number): Buffer {
  encodeOwnAddress(address);
  if (!Number.isInteger(number) || number < 1 || number > MAX_FOLLOWING)
    throw new Dlt645Error('FOLLOW_UP', `following frames are numbered 1 to ${MAX_FOLLOWING}, not ${number}`);
  const data = Buffer.concat([identifierBytes(identifier), Buffer.from([number])]);
  return encodeFrame({ address, control: request(FUNCTION.READ_FOLLOWING), data });
}

/** A register's bytes from the frames of one answer, and how many frames they took. */
export type ReadAnswer =
  | { readonly ok: true; readonly identifier: number; readonly bytes: Buffer; readonly frames: number }
  | { readonly ok: false; readonly code: 'DATA_LENGTH' | 'FOLLOW_UP' };

/**
 * Puts together what was read from `frames[at]` on: one 91H, or one with bit 5 and the numbered frames that follow it (92H), from the same
 * meter and for the same identifier, without a gap. Pure, never throws.
 */
export function joinReadAnswer(frames: readonly Frame[], at: number): ReadAnswer {
  const first = frames[at]!;
  if (first.data.length < IDENTIFIER_BYTES) return { ok: false, code: 'DATA_LENGTH' };
  const identifier = first.data.readUInt32LE(0);
  const parts = [first.data.subarray(IDENTIFIER_BYTES)];
  let follows = first.control.follows;
  for (let number = 1; follows; number += 1) {
    const next = frames[at + number];
    if (number > MAX_FOLLOWING || !next || !isFollowing(next, first.address, identifier, number))
      return { ok: false, code: 'FOLLOW_UP' };
    parts.push(next.data.subarray(IDENTIFIER_BYTES, -1));
    follows = next.control.follows;
  }
  return { ok: true, identifier, bytes: Buffer.concat(parts), frames: parts.length };
}

/** Its identifier stands before the bytes, its number after them. */
function isFollowing({ address, control, data }: Frame, of: string, identifier: number, number: number): boolean {
  const { fn, reply, error } = control;
  return (
    address === of &&
    reply &&
    !error &&
    fn === FUNCTION.READ_FOLLOWING &&
    data.length > IDENTIFIER_BYTES &&
    data.readUInt32LE(0) === identifier &&
    data[data.length - 1] === number
  );
}
