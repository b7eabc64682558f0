import type { Calendar } from '../meter/calendar.js';
import { bcd, instantOfBytes, localTime, timeBytes } from './bcd.js';

/** N1 of a 1CH: what is ordered. Values, not function codes: 1AH and 1BH as functions would clear the meter. */
export const N1 = {
  trip: 0x1a,
  allowClose: 0x1b,
  close: 0x1c,
  tripThenClose: 0x1d,
  tripThenAllow: 0x1e,
  alarm: 0x2a,
  alarmOff: 0x2b,
  protect: 0x3a,
  unprotect: 0x3b,
} as const;

/** One unit of N2: a trip that ends by itself lasts N2 of these. */
export const N2_UNIT_MS = 5 * 60_000;

/** PA of the password class. */
export const PASSWORD_CLASS = 0x02;
/** Length of the data of a 1CH: with a password, and in ciphertext. */
export const PASSWORD_SWITCH_BYTES = 0x10;
export const CIPHER_SWITCH_BYTES = 0x1c;

/** What a 1CH orders. */
export interface SwitchOrder {
  n1: number;
  n2: number;
  /** By the clock of the meter, ms since 1970; undefined when the bytes name no real time. */
  validUntilMs: number | undefined;
}

/** Reads `N1 N2 ss mm hh DD MM YY`. */
export const readSwitchOrder = (calendar: Calendar, plain: Buffer): SwitchOrder => ({
  n1: plain[0] as number,
  n2: plain[1] as number,
  validUntilMs: instantOfBytes(calendar, plain.subarray(2)),
});

/** `N1 N2 ss mm hh DD MM YY`, for tests and whoever writes such an order. */
export const switchOrderBytes = (calendar: Calendar, n1: number, n2: number, validUntilMs: number): Buffer =>
  Buffer.concat([Buffer.of(n1, n2), timeBytes(localTime(calendar, validUntilMs))]);

// Status word 3 (DI 04000503).
export const STATUS_3 = {
  programmingAllowed: 1 << 3,
  /** Relay as it is: 1 open. */
  open: 1 << 4,
  /** Relay as it was told: 1 open. */
  toldOpen: 1 << 6,
  alarm: 1 << 7,
  protected: 1 << 12,
} as const;

/** Password, operator and order of the password class, as data of a 1CH. */
export const passwordSwitchData = (password: Buffer, plain: Buffer, operator = bcd(0, 4)): Buffer =>
  Buffer.concat([Buffer.of(PASSWORD_CLASS), password, operator, plain]);
