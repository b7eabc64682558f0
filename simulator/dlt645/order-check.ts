import type { Calendar } from '../meter/calendar.js';
import { instantMs, type SwitchCommand } from '../wire/contract.js';
import { decodeFrame, FUNCTION, BROADCAST, type Frame } from './frame.js';
import { CIPHER_SWITCH_BYTES, N1, PASSWORD_CLASS, PASSWORD_SWITCH_BYTES, readSwitchOrder } from './switch-frame.js';

const CIPHER_CLASS_BYTE = 0x98;

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
 * Whether the frame of a switch says what its order says. Source: schema/mqtt/README.md, "DL/T 645 meters behind a concentrator". In
 * ciphertext N1 and time cannot be seen: class, length and address must do.
 */
export function switchFrameFits(command: SwitchCommand, cipher: boolean, calendar: Calendar): boolean {
  const frame = command.frame === undefined ? undefined : frameFor(command.frame, command.meter);
  if (!frame || frame.control !== FUNCTION.switch) return false;
  const { data } = frame;
  if (cipher) return data[0] === CIPHER_CLASS_BYTE && data.length === CIPHER_SWITCH_BYTES;
  if (data[0] !== PASSWORD_CLASS || data.length !== PASSWORD_SWITCH_BYTES) return false;
  const { n1, validUntilMs } = readSwitchOrder(calendar, data.subarray(8));
  if (n1 !== N1_OF[command.operation][command.mode]) return false;
  return validUntilMs !== undefined && validUntilMs <= (instantMs(command.notAfter) as number);
}

/** The frames of a read, or undefined when one of them does something else than read this meter. */
export function readFrames(frames: readonly string[] | undefined, serial: string): Buffer[] | undefined {
  if (!frames) return undefined;
  const fits = frames.every((hex) => {
    const control = frameFor(hex, serial)?.control;
    return control === FUNCTION.read || control === FUNCTION.readFollowing;
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
  const fits = frame.control === FUNCTION.write && frame.address === serial && (di === '04000101' || di === '04000102');
  return fits ? { bytes: bytesOf(hex), broadcast: false } : undefined;
}
