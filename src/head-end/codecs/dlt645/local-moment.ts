import { isLocalDate, localDate, localTime } from '../../../platform/local-date.js';
import { fromBcd, toBcd } from './bcd.js';
import { Dlt645Error } from './dlt645-error.js';

/**
 * A second as a meter's clock shows it: local date 'YYYY-MM-DD' and time 'HH:MM:SS'. A meter knows the last two digits of a year; here they are
 * 2000 to 2099.
 */
export interface LocalMoment {
  readonly date: string;
  readonly time: string;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;

/** An instant as a meter of that zone shows it, cut off to the second: never later than the instant. */
export const localMoment = (instant: Date, timeZone: string): LocalMoment => ({
  date: localDate(instant, timeZone),
  time: localTime(instant, timeZone),
});

/** @throws Dlt645Error NOT_A_DATE when no meter can show it */
function requireMoment({ date, time }: LocalMoment): void {
  if (!isLocalDate(date) || !date.startsWith('20') || !TIME.test(time))
    throw new Dlt645Error('NOT_A_DATE', `${date} ${time} is no second between 2000 and 2099`);
}

const two = (text: string, at: number): Buffer => toBcd(Number(text.slice(at, at + 2)), 1);

/** `ss mm hh`. @throws Dlt645Error NOT_A_DATE */
export function timeBytes(moment: LocalMoment): Buffer {
  requireMoment(moment);
  return Buffer.concat([6, 3, 0].map((at) => two(moment.time, at)));
}

/** `DD MM YY`. @throws Dlt645Error NOT_A_DATE */
export function dateBytes(moment: LocalMoment): Buffer {
  requireMoment(moment);
  return Buffer.concat([8, 5, 2].map((at) => two(moment.date, at)));
}

/** `WW DD MM YY`, WW 0 = Sunday. @throws Dlt645Error NOT_A_DATE */
export const weekDateBytes = (moment: LocalMoment): Buffer =>
  Buffer.concat([toBcd(new Date(`${moment.date}T00:00:00Z`).getUTCDay(), 1), dateBytes(moment)]);

const pad = (value: number): string => String(value).padStart(2, '0');

/** A local date from `DD MM YY`; undefined if it is none. */
export function readDate(bytes: Buffer): string | undefined {
  const [day, month, year] = [0, 1, 2].map((at) => fromBcd(bytes.subarray(at, at + 1)));
  if (day === undefined || month === undefined || year === undefined) return undefined;
  const date = `20${pad(year)}-${pad(month)}-${pad(day)}`;
  return isLocalDate(date) ? date : undefined;
}

/** A local time from `ss mm hh`; undefined if it is none. */
export function readTime(bytes: Buffer): string | undefined {
  const [second, minute, hour] = [0, 1, 2].map((at) => fromBcd(bytes.subarray(at, at + 1)));
  if (second === undefined || minute === undefined || hour === undefined) return undefined;
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}`;
  return TIME.test(time) ? time : undefined;
}
