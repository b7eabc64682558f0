import { decodeFrame, encodeFrame, FUNCTION } from '../dlt645/frame.js';
import { N1, passwordSwitchData, STATUS_3, switchOrderBytes } from '../dlt645/switch-frame.js';
import type { Calendar } from '../meter/calendar.js';
import { linePassword } from '../wire/secrets.js';
import type { Operation, Order, OrderMode, Standing } from './order.js';

/** Status word 3, highest byte first. */
const STATUS_WORD_3 = Buffer.from('04000503', 'hex');

/** One answer of a `frames` message, as far as a head-end acts on it. */
export interface LineAnswer {
  meter: string;
  cause: string;
  commandId?: string;
  outcome: 'answered' | 'silent' | 'refused';
  refusal?: string;
  frames: string[];
  lastSequence: number;
}

function n1Of(operation: Operation, mode: OrderMode): number {
  if (operation === 'cut') return N1.trip;
  if (operation === 'restore') return mode === 'arm' ? N1.allowClose : N1.close;
  return operation === 'protect' ? N1.protect : N1.unprotect;
}

/** The frame of a switch for the line of a DL/T 645 meter, hexadecimal. `validUntilMs` in ms since 1970; whole seconds count. */
export function switchFrame(
  master: string,
  { meter, operation, mode }: Pick<Order, 'meter' | 'operation' | 'mode'>,
  validUntilMs: number,
  calendar: Calendar,
): string {
  const plain = switchOrderBytes(calendar, n1Of(operation, mode), 0, Math.floor(validUntilMs / 1_000) * 1_000);
  const data = passwordSwitchData(linePassword(master, meter), plain);
  return encodeFrame(meter, FUNCTION.switch, data).toString('hex');
}

/** The question for status word 3. */
export const statusFrame = (meter: string): string =>
  encodeFrame(meter, FUNCTION.read, Buffer.from(STATUS_WORD_3).reverse()).toString('hex');

/** How the meter of an answer stands, when status word 3 is the last it said. */
export function standingOf({ frames, lastSequence, meter }: LineAnswer): Standing | undefined {
  const frame = decodeFrame(Buffer.from(frames.at(-1) ?? '', 'hex'));
  if (frame?.address !== meter || frame.data.length < 6) return undefined;
  if (!Buffer.from(frame.data.subarray(0, 4)).reverse().equals(STATUS_WORD_3)) return undefined;
  const word = (frame.data[4] as number) | ((frame.data[5] as number) << 8);
  const open = (word & STATUS_3.open) !== 0;
  return {
    relay: open ? 'open' : 'closed',
    // Open, and no longer told to be: it waits for its button.
    armed: open && (word & STATUS_3.toldOpen) === 0,
    protected: (word & STATUS_3.protected) !== 0,
    lastSequence,
  };
}
