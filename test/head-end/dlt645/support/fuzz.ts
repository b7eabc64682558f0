import { framesByTheText } from './by-the-text.js';
import { decodeFrame } from '../../../../src/head-end/codecs/dlt645/frame.js';
import { readErrorFlags } from '../../../../src/head-end/codecs/dlt645/error-word.js';
import { joinReadAnswer } from '../../../../src/head-end/codecs/dlt645/reading-frames.js';
import { readRegister } from '../../../../src/head-end/codecs/dlt645/registers.js';
import { StreamParser } from '../../../../src/head-end/codecs/dlt645/stream-parser.js';

/** A seeded source of 32-bit numbers (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SEEDS = [
  '68010000000000681104333334 33B316',
  '68010000000000681104333334 33B316',
  '680100000000006891083333343 3AB8967451716',
  '68010000000000 68D10136D916',
  '680900510503 26681C103533333333333333 4D348C8C566445CC8216',
  '68090051050326689C00F416',
  '681111111111116891063638373 333330B16',
  '6811111111111168DC01374A16',
].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex'));
/** Bytes that mean something, so that chance meets them. */
const TELLING = [0x68, 0x68, 0x16, 0xfe, 0xaa, 0x99, 0x91, 0x1c, 0x9c, 0x33, 0x00, 0xff, 0xc8, 0x32];

type Roll = (below: number) => number;

/** A frame with any address, control code and data, its checksum right. */
function trueFrame(roll: Roll): Buffer {
  const length = roll(8) === 0 ? roll(201) : roll(12);
  const bytes = Buffer.alloc(12 + length);
  bytes[0] = bytes[7] = 0x68;
  for (let index = 1; index <= 6; index += 1) bytes[index] = roll(9) === 0 ? 0xaa : roll(10) * 16 + roll(10);
  bytes[8] = roll(3) === 0 ? roll(256) : 0x91;
  bytes[9] = length;
  for (let index = 10; index < 10 + length; index += 1) bytes[index] = oneByte(roll);
  let sum = 0;
  for (let index = 0; index < 10 + length; index += 1) sum += bytes[index]!;
  bytes[10 + length] = sum % 256;
  bytes[11 + length] = 0x16;
  return bytes;
}

const oneByte = (roll: Roll): number => (roll(3) === 0 ? TELLING[roll(TELLING.length)]! : roll(256));

function noise(roll: Roll): Buffer {
  const bytes = Buffer.alloc(roll(24));
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = oneByte(roll);
  return bytes;
}

/** A frame with something done to it: bytes changed, dropped, added, its end cut off. */
function mutated(roll: Roll): Buffer {
  const bytes = Buffer.from(roll(2) === 0 ? SEEDS[roll(SEEDS.length)]! : trueFrame(roll));
  const at = roll(bytes.length);
  switch (roll(6)) {
    case 0:
      bytes[at] = bytes[at]! ^ (1 << roll(8));
      return bytes;
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([oneByte(roll)]), bytes.subarray(at)]);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      bytes[9] = roll(256);
      return bytes;
    default:
      return bytes;
  }
}

const piece = (roll: Roll): Buffer => {
  switch (roll(4)) {
    case 0:
      return noise(roll);
    case 1:
      return trueFrame(roll);
    default:
      return mutated(roll);
  }
};

/** What a run of the fuzz met. */
export interface FuzzCount {
  readonly strings: number;
  readonly frames: number;
  readonly decoded: number;
}

/**
 * Hands `strings` random and mutated byte strings, in random chunks, to everything that reads bytes from a line, and holds what it
 * takes for a frame against the text of the standard.
 * @throws Error naming seed and string at the first difference
 */
export function fuzz(seed: number, strings: number): FuzzCount {
  const roll = dice(seed);
  let frames = 0;
  let decoded = 0;
  for (let index = 0; index < strings; index += 1) {
    const bytes = Buffer.concat(Array.from({ length: 1 + roll(3) }, () => piece(roll)));
    try {
      frames += checkStream(bytes, roll);
      decoded += checkDecode(bytes);
    } catch (error) {
      throw new Error(`seed ${seed}, string ${index}, ${bytes.toString('hex')}: ${(error as Error).message}`);
    }
  }
  return { strings, frames, decoded };
}

function checkStream(bytes: Buffer, roll: Roll): number {
  const parser = new StreamParser();
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + roll(roll(4) === 0 ? 3 : 64);
    for (const one of parser.push(bytes.subarray(at, at + size))) found.push(one.bytes);
    at += size;
  }
  for (const one of parser.end()) found.push(one.bytes);
  const expected = framesByTheText(bytes).map(({ from, length }) => bytes.subarray(from, from + length));
  if (found.length !== expected.length || found.some((one, index) => !one.equals(expected[index]!)))
    throw new Error(`the parser found ${found.length} frames, the text ${expected.length}`);
  const framed = found.reduce((sum, one) => sum + one.length, 0);
  if (parser.skippedBytes + framed !== bytes.length) throw new Error('bytes were lost count of');
  return found.length;
}

/** Also what is no frame alone; and what a frame carries is read without a throw, whatever it is. */
function checkDecode(bytes: Buffer): number {
  let wakeUps = 0;
  while (wakeUps < 4 && bytes[wakeUps] === 0xfe) wakeUps += 1;
  const [only] = framesByTheText(bytes.subarray(wakeUps, wakeUps + 212));
  const expected = only?.from === 0 && only.length === bytes.length - wakeUps;
  const one = decodeFrame(bytes);
  if (one.ok !== expected) throw new Error(`decodeFrame says ${one.ok ? 'a frame' : one.code}, the text ${expected}`);
  if (!one.ok) return 0;
  const joined = joinReadAnswer([one.frame], 0);
  if (joined.ok) readRegister(joined.identifier, joined.bytes);
  readErrorFlags(one.frame.data);
  return 1;
}
