/**
 * DL/T 645-2007 frames, as meter and concentrator of this simulator need them. Written from the standard's layout
 * (`68 A0..A5 68 C L DATA CS 16`) alone; nothing is shared with the head-end's codec, so one mistake cannot hide in both.
 */

/** What is added to each data byte on the line. */
const OFFSET = 0x33;
const START = 0x68;
const END = 0x16;
const WAKE_UP = 0xfe;
/** 68, six address bytes, 68, C, L before the data; checksum and 16 behind. */
const HEAD_BYTES = 10;
const TAIL_BYTES = 2;

/** Function codes (bits 4–0 of C). N1 of 1CH is another list: see `switch-frame.ts`. */
export const FUNCTION = {
  broadcastTime: 0x08,
  read: 0x11,
  readFollowing: 0x12,
  readAddress: 0x13,
  write: 0x14,
  switch: 0x1c,
} as const;

/** C of a reply has this bit; of one that refuses also `REFUSED`; with `MORE` more data follows. */
export const REPLY = 0x80;
export const REFUSED = 0x40;
export const MORE = 0x20;

/** Address every meter of a line listens to and none answers. */
export const BROADCAST = '999999999999';

/** One frame, its data without the offset. */
export interface Frame {
  /** 12 digits, highest first; AA bytes of a wildcard show as `aa`. */
  address: string;
  /** C: function code and, from a meter, the reply bits. */
  control: number;
  data: Buffer;
}

/** Bytes for the line. @throws RangeError when the address has not 12 digits or the data is longer than a byte counts. */
export function encodeFrame(address: string, control: number, data: Uint8Array): Buffer {
  if (!/^[0-9a-f]{12}$/.test(address)) throw new RangeError(`${address} is no address of 12 digits`);
  if (data.length > 255) throw new RangeError(`${data.length} data bytes, at most 255`);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + data.length + TAIL_BYTES);
  bytes[0] = START;
  for (let index = 0; index < 6; index += 1) {
    bytes[1 + index] = Number.parseInt(address.slice(10 - index * 2, 12 - index * 2), 16);
  }
  bytes[7] = START;
  bytes[8] = control;
  bytes[9] = data.length;
  for (let index = 0; index < data.length; index += 1) bytes[HEAD_BYTES + index] = (data[index] as number) + OFFSET;
  bytes[HEAD_BYTES + data.length] = checksum(bytes, 0, HEAD_BYTES + data.length);
  bytes[HEAD_BYTES + data.length + 1] = END;
  return bytes;
}

/**
 * Reads exactly one frame, wake-up bytes before it allowed and nothing behind it. Undefined when anything is wrong: a meter that hears
 * such bytes says nothing.
 */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  let start = 0;
  while (bytes[start] === WAKE_UP) start += 1;
  if (bytes.length < start + HEAD_BYTES + TAIL_BYTES) return undefined;
  const length = bytes[start + 9] as number;
  const end = start + HEAD_BYTES + length;
  if (bytes[start] !== START || bytes[start + 7] !== START) return undefined;
  if (bytes.length !== end + TAIL_BYTES || bytes[end + 1] !== END) return undefined;
  if (bytes[end] !== checksum(bytes, start, end)) return undefined;
  const data = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) {
    data[index] = (bytes[start + HEAD_BYTES + index] as number) - OFFSET;
  }
  return { address: addressOf(bytes, start + 1), control: bytes[start + 8] as number, data };
}

/** Whether a meter with this number is meant: its own address, the broadcast, or AA bytes in place of leading digits. */
export function addresses(address: string, serial: string): boolean {
  if (address === serial || address === BROADCAST) return true;
  const digits = address.replace(/^(aa)+/, '');
  return digits.length < 12 && serial.endsWith(digits);
}

function checksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index += 1) sum += bytes[index] as number;
  return sum & 0xff;
}

function addressOf(bytes: Uint8Array, from: number): string {
  let address = '';
  for (let index = 5; index >= 0; index -= 1) address += (bytes[from + index] as number).toString(16).padStart(2, '0');
  return address;
}
