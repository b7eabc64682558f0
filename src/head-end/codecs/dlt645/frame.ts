import { decodeAddress, encodeAddress } from './address.js';
import { FUNCTION, readControl, writeControl, type ControlCode } from './control-code.js';
import { Dlt645Error, type Dlt645Code } from './dlt645-error.js';

/** A frame of DL/T 645-2007, its data without the offset. */
export interface Frame {
  /** 12 digits, high byte first; byte pairs AA where it is a wildcard. */
  readonly address: string;
  readonly control: ControlCode;
  readonly data: Buffer;
}

/** Bytes before the data: 68, address, 68, C, L. */
export const HEADER_BYTES = 10;
/** Bytes after them: CS, 16. */
const TRAILER_BYTES = 2;
/** The longest data of a reading frame. */
export const MAX_DATA_BYTES = 200;
/** The longest data of a writing frame. */
export const MAX_WRITE_BYTES = 50;
export const MAX_FRAME_BYTES = HEADER_BYTES + MAX_DATA_BYTES + TRAILER_BYTES;

export const START = 0x68;
const SECOND_START_AT = 7;
const CONTROL_AT = 8;
const LENGTH_AT = 9;
const END = 0x16;
const WAKE_UP = 0xfe;
/** Wake-up bytes that may stand before a frame. */
const MAX_WAKE_UPS = 4;
/** Added by the sender to each byte of the data. */
const OFFSET = 0x33;

const isReading = ({ fn }: ControlCode): boolean => fn === FUNCTION.READ || fn === FUNCTION.READ_FOLLOWING;

/** The longest data its function allows: a request or an answer of reading has 200 bytes, anything else 50. */
export const maxDataBytes = (control: ControlCode): number => (isReading(control) ? MAX_DATA_BYTES : MAX_WRITE_BYTES);

/** Sum modulo 256. */
function checksum(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index += 1) sum += bytes[index]!;
  return sum & 0xff;
}

/**
 * The bytes of a frame, without wake-up bytes.
 * @throws Dlt645Error ADDRESS, DATA_LENGTH
 */
export function encodeFrame({ address, control, data }: Frame): Buffer {
  const limit = maxDataBytes(control);
  if (data.length > limit)
    throw new Dlt645Error('DATA_LENGTH', `${data.length} bytes of data; this function takes at most ${limit}`);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + data.length + TRAILER_BYTES);
  bytes[0] = START;
  encodeAddress(address).copy(bytes, 1);
  bytes[SECOND_START_AT] = START;
  bytes[CONTROL_AT] = writeControl(control);
  bytes[LENGTH_AT] = data.length;
  for (let index = 0; index < data.length; index += 1) bytes[HEADER_BYTES + index] = (data[index]! + OFFSET) & 0xff;
  const end = HEADER_BYTES + data.length;
  bytes[end] = checksum(bytes, 0, end);
  bytes[end + 1] = END;
  return bytes;
}

/** What stands at a place: a frame of so many bytes, not enough bytes to know yet, or none, for a reason. */
export type Finding =
  | { readonly found: 'frame'; readonly frame: Frame; readonly length: number }
  | { readonly found: 'more' }
  | { readonly found: 'nothing'; readonly code: Dlt645Code };

const nothing = (code: Dlt645Code): Finding => ({ found: 'nothing', code });
const MORE: Finding = { found: 'more' };

/** Looks for a frame that begins exactly at `at`, by its length byte: 68 and 16 are ordinary bytes inside data. Pure, never throws. */
export function frameAt(bytes: Buffer, at: number): Finding {
  const have = bytes.length - at;
  if (have < 1) return MORE;
  if (bytes[at] !== START) return nothing('START');
  // Each check as soon as its byte is there, so that rubbish is not waited for.
  if (have > SECOND_START_AT && bytes[at + SECOND_START_AT] !== START) return nothing('SECOND_START');
  if (have <= LENGTH_AT) return MORE;
  const control = readControl(bytes[at + CONTROL_AT]!);
  const dataLength = bytes[at + LENGTH_AT]!;
  if (dataLength > maxDataBytes(control)) return nothing('TOO_LONG');
  const address = decodeAddress(bytes.subarray(at + 1, at + SECOND_START_AT));
  if (address === undefined) return nothing('ADDRESS');
  const end = at + HEADER_BYTES + dataLength;
  if (bytes.length < end + TRAILER_BYTES) return MORE;
  if (bytes[end] !== checksum(bytes, at, end)) return nothing('CHECKSUM');
  if (bytes[end + 1] !== END) return nothing('END');
  const data = Buffer.allocUnsafe(dataLength);
  for (let index = 0; index < dataLength; index += 1)
    data[index] = (bytes[at + HEADER_BYTES + index]! - OFFSET + 256) & 0xff;
  return { found: 'frame', frame: { address, control, data }, length: HEADER_BYTES + dataLength + TRAILER_BYTES };
}

/** One frame, or why the bytes are not exactly one. */
export type DecodedFrame =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly code: Dlt645Code; readonly message: string };

const WHY: Partial<Record<Dlt645Code, string>> = {
  START: 'it does not begin with 68',
  SECOND_START: 'there is no second 68 after the address',
  TOO_LONG: 'its length byte is greater than its function allows',
  ADDRESS: 'its address is not decimal',
  CHECKSUM: 'its checksum is wrong',
  END: 'it does not end with 16',
  CUT_OFF: 'it ends before its length says',
  TRAILING_BYTES: 'bytes follow after its end',
};

/** Reads bytes that must be exactly one frame, after at most four wake-up bytes. Pure, never throws. */
export function decodeFrame(bytes: Buffer): DecodedFrame {
  let at = 0;
  while (at < MAX_WAKE_UPS && bytes[at] === WAKE_UP) at += 1;
  const finding = frameAt(bytes, at);
  const fail = (code: Dlt645Code): DecodedFrame => ({
    ok: false,
    code,
    message: `no DL/T 645 frame: ${WHY[code] ?? code}`,
  });
  if (finding.found === 'more') return fail('CUT_OFF');
  if (finding.found === 'nothing') return fail(finding.code);
  if (at + finding.length !== bytes.length) return fail('TRAILING_BYTES');
  return { ok: true, frame: finding.frame };
}
