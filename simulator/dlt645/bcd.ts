import { dayNumber, type Calendar } from '../meter/calendar.js';

/** Digits of a whole number as BCD bytes, lowest byte first; digits that do not fit are cut off as a counter rolls over. */
export function bcd(value: number, bytes: number): Buffer {
  const out = Buffer.allocUnsafe(bytes);
  let rest = Math.abs(value);
  for (let index = 0; index < bytes; index += 1) {
    const pair = rest % 100;
    out[index] = Math.floor(pair / 10) * 16 + (pair % 10);
    rest = Math.floor(rest / 100);
  }
  return out;
}

/** As `bcd`, with the sign in the highest bit. */
export function signedBcd(value: number, bytes: number): Buffer {
  const out = bcd(value, bytes);
  if (value < 0) out[bytes - 1] = (out[bytes - 1] as number) | 0x80;
  return out;
}

/** Two digits of one byte; undefined when it is no BCD. */
export function pairOf(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  const high = byte >> 4;
  const low = byte & 0x0f;
  return high > 9 || low > 9 ? undefined : high * 10 + low;
}

/** A local date and time, as the protocol writes it (years 2000–2099). */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const DAY_MS = 86_400_000;

/** Local date and time of an instant. */
export function localTime(calendar: Calendar, atMs: number): LocalTime {
  const day = calendar.dayOf(atMs);
  const date = new Date(day * DAY_MS);
  // On the two days a year that have 23 or 25 hours this is the time since midnight, not the zone's own; China has none.
  const seconds = Math.floor((atMs - calendar.midnightMs(day)) / 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
  };
}

/** The instant of a local date and time; undefined when there is no such date or time. */
export function instantOf(calendar: Calendar, time: LocalTime): number | undefined {
  const { year, month, day, hour, minute, second } = time;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return calendar.midnightMs(dayNumber(year, month, day)) + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** `ss mm hh DD MM YY`. */
export const timeBytes = (time: LocalTime): Buffer =>
  Buffer.concat(
    [time.second, time.minute, time.hour, time.day, time.month, time.year % 100].map((part) => bcd(part, 1)),
  );

/** Reads `ss mm hh DD MM YY`; undefined when it is no BCD or no such date. */
export function instantOfBytes(calendar: Calendar, bytes: Uint8Array): number | undefined {
  const [second, minute, hour, day, month, year] = Array.from(bytes.subarray(0, 6), pairOf);
  if (second === undefined || minute === undefined || hour === undefined) return undefined;
  if (day === undefined || month === undefined || year === undefined) return undefined;
  return instantOf(calendar, { year: 2000 + year, month, day, hour, minute, second });
}
