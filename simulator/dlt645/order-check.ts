import type { Meter } from '../meter/meter.js';
import type { Context } from '../run/context.js';
import { instantMs, type SwitchCommand } from '../wire/contract.js';
import { lineCipherKey } from '../wire/secrets.js';
import { openSwitch, TAG_BYTES } from './cipher.js';
import { decodeFrame, FUNCTION, BROADCAST, type Frame } from './frame.js';
import { CIPHER_SWITCH_BYTES, N1, PASSWORD_CLASS, PASSWORD_SWITCH_BYTES, readSwitchOrder } from './switch-frame.js';

const CIPHER_CLASS_BYTE = 0x98;
/** 14H before its value: data identifier, class and password, operator. */
const WRITE_HEAD_BYTES = 12;
/**
 * How long the data of each frame is, exactly. More room would hold a whole frame for another meter of the line, which takes it for one when it has missed the
 * first bytes: a read of one meter would be a trip of its neighbour.
 */
const READ_BYTES = { [FUNCTION.read]: 4, [FUNCTION.readFollowing]: 5 } as const;
const CLOCK_BYTES = { '04000101': 4, '04000102': 3 } as const;

/** What N1 an order must have. */
const N1_OF = {
  cut: { direct: N1.trip, arm: N1.trip },
  restore: { direct: N1.close, arm: N1.allowClose },
  protect: { direct: N1.protect, arm: N1.protect },
  unprotect: { direct: N1.unprotect, arm: N1.unprotect },
} as const;

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

function frameFor(hex: string, serial: string): Frame | undefined {
  const frame = decodeFrame(bytesOf(hex));
  return frame?.address === serial ? frame : undefined;
}

/**
 * Whether the frame of a switch says what its order says. Source: schema/mqtt/README.md, "DL/T 645 meters behind a concentrator". Ciphertext
 * is opened: a trip sealed into a restore would be a cut that no guard has signed.
 */
export function switchFrameFits(command: SwitchCommand, meter: Meter, { master, physics }: Context): boolean {
  const frame = command.frame === undefined ? undefined : frameFor(command.frame, command.meter);
  if (!frame || frame.control !== FUNCTION.switch) return false;
  const plain = meter.cipher ? opened(frame, lineCipherKey(master, meter.serial)) : inTheClear(frame);
  if (!plain) return false;
  const { n1, validUntilMs } = readSwitchOrder(physics.calendar, plain);
  if (n1 !== N1_OF[command.operation][command.mode]) return false;
  return validUntilMs !== undefined && validUntilMs <= (instantMs(command.notAfter) as number);
}

const inTheClear = ({ data }: Frame): Buffer | undefined =>
  data[0] === PASSWORD_CLASS && data.length === PASSWORD_SWITCH_BYTES ? data.subarray(8) : undefined;

const opened = ({ address, data }: Frame, key: Buffer): Buffer | undefined =>
  data[0] === CIPHER_CLASS_BYTE && data.length === CIPHER_SWITCH_BYTES ? openSwitch(key, address, data) : undefined;

/** The frames of a read, or undefined when one of them does something else than read this meter. */
export function readFrames(frames: readonly string[] | undefined, serial: string): Buffer[] | undefined {
  if (!frames) return undefined;
  const fits = frames.every((hex) => {
    const frame = frameFor(hex, serial);
    return frame !== undefined && frame.data.length === READ_BYTES[frame.control as keyof typeof READ_BYTES];
  });
  return fits ? frames.map(bytesOf) : undefined;
}

/** The frame of a time order, and whether nobody answers it (08H); undefined when it sets anything but a clock. */
export function timeFrame(hex: string | undefined, serial: string): { bytes: Buffer; broadcast: boolean } | undefined {
  const frame = hex === undefined ? undefined : decodeFrame(bytesOf(hex));
  if (hex === undefined || !frame) return undefined;
  if (frame.control === FUNCTION.broadcastTime) {
    const fits = frame.data.length === 6 && (frame.address === BROADCAST || frame.address === serial);
    return fits ? { bytes: bytesOf(hex), broadcast: true } : undefined;
  }
  const di = Buffer.from(frame.data.subarray(0, 4)).reverse().toString('hex');
  const valueBytes = CLOCK_BYTES[di as keyof typeof CLOCK_BYTES] as number | undefined;
  if (frame.control !== FUNCTION.write || frame.address !== serial || valueBytes === undefined) return undefined;
  const tagBytes = frame.data[4] === CIPHER_CLASS_BYTE ? TAG_BYTES : 0;
  const fits = frame.data.length === WRITE_HEAD_BYTES + valueBytes + tagBytes;
  return fits ? { bytes: bytesOf(hex), broadcast: false } : undefined;
}
