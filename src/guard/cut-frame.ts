import { GuardRefusal } from './refusal.js';

/** How the record says that the meter is spoken to. */
export interface RecordedLine {
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  readonly securityClass: 'PASSWORD' | 'CIPHER';
}

const HEADER_BYTES = 10;
const CONTROL_AT = 8;
const LENGTH_AT = 9;
const SWITCH = 0x1c;
const OFFSET = 0x33;
const N1_AT = HEADER_BYTES + 8;
const TRIP = 0x1a;
const PASSWORD_CLASS = { pa: 0x02, length: 0x10 };
const CIPHER_CLASS = { pa: 0x98, length: 0x1c };

/**
 * Holds the frame of a cut against the record, by the guard's own reading of DL/T 645: a meter of the serial line gets exactly one, to its own address, function
 * 1CH, of its own class, and in the password class a trip. What is sealed the concentrator opens and holds against this same order (docs/decisions/0021).
 * @throws GuardRefusal DIFFERS
 */
export function compareFrame(frame: string | undefined, { serial, codec, securityClass }: RecordedLine): void {
  if (codec === 'JSON' && frame === undefined) return;
  if (codec === 'JSON' || frame === undefined)
    throw new GuardRefusal('DIFFERS', `not as on record: frame (the meter speaks ${codec})`);
  const bytes = Buffer.from(frame, 'hex');
  const { pa, length } = securityClass === 'CIPHER' ? CIPHER_CLASS : PASSWORD_CLASS;
  const data = (at: number): number => (bytes[at]! - OFFSET + 256) % 256;
  const address = Buffer.from(bytes.subarray(1, 7)).reverse().toString('hex');
  const fits =
    bytes.length === HEADER_BYTES + length + 2 &&
    address === serial &&
    bytes[CONTROL_AT] === SWITCH &&
    bytes[LENGTH_AT] === length &&
    data(HEADER_BYTES) === pa &&
    (securityClass === 'CIPHER' || data(N1_AT) === TRIP);
  if (!fits) throw new GuardRefusal('DIFFERS', 'the frame is not a trip of the meter on record, in its class');
}
