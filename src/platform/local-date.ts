/**
 * Calendar dates of a place. An instant is a `Date`; a local date is the text 'YYYY-MM-DD' that a calendar on the wall of that place
 * shows. Bills, notices and ladders count local dates, so a day may last 23 or 25 hours where clocks change.
 */

/** A calendar date 'YYYY-MM-DD', years 1000 to 9999. */
export type LocalDate = string;

/** The zone the company works in; every function takes another one for other places. */
export const DEFAULT_TIME_ZONE = 'Asia/Shanghai';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ISO_LENGTH = '2026-03-01T00:00:00.000Z'.length;
const DATE_PATTERN = /^[1-9]\d{3}-\d{2}-\d{2}$/;

/**
 * Zones with one offset from an instant on: no formatter is asked for these, which makes them some fifty times faster. China gave up
 * summer time on 15 September 1991; earlier instants take the general path.
 */
const FIXED_OFFSETS: Readonly<Record<string, { fromMs: number; offsetMs: number }>> = {
  UTC: { fromMs: -Infinity, offsetMs: 0 },
  'Asia/Shanghai': { fromMs: Date.UTC(1991, 8, 15), offsetMs: 8 * 60 * MINUTE_MS },
};

/** Building a formatter costs about a millisecond, so there is one per zone; the number of zones in use is small and fixed. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    // Throws RangeError for a zone that does not exist, naming it.
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** Local time minus UTC at an instant, in milliseconds. */
function offsetMsAt(instantMs: number, timeZone: string): number {
  const fixed = FIXED_OFFSETS[timeZone];
  if (fixed && instantMs >= fixed.fromMs) return fixed.offsetMs;
  const fields: Record<string, number> = {};
  for (const part of formatterFor(timeZone).formatToParts(instantMs)) fields[part.type] = Number(part.value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = fields;
  // The formatter drops milliseconds; they are the same in every zone.
  const milliseconds = ((instantMs % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - instantMs;
}

/** The instant shifted so that its UTC fields read like the wall clock of `timeZone`. */
function wallClock(instant: Date, timeZone: string): string {
  const instantMs = instant.getTime();
  if (Number.isNaN(instantMs)) throw new RangeError('Cannot take the local date of an invalid Date.');
  const text = new Date(instantMs + offsetMsAt(instantMs, timeZone)).toISOString();
  // Years beyond four digits are written with a sign and would be cut in the wrong place.
  if (text.length !== ISO_LENGTH)
    throw new RangeError(`Cannot take the local date of ${text}: it lies after the year 9999.`);
  return text;
}

const pad2 = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/** Midnight UTC of a date, in milliseconds; the common ground of all date arithmetic here. */
function toUtcMs(date: LocalDate): number {
  const year = Number(date.slice(0, 4));
  const month = Number(date.slice(5, 7));
  const day = Number(date.slice(8, 10));
  const utcMs = Date.UTC(year, month - 1, day);
  // 2025-02-29 would silently become 1 March; a bill must not.
  if (!DATE_PATTERN.test(date) || new Date(utcMs).getUTCDate() !== day || month < 1 || month > 12) {
    throw new RangeError(`${JSON.stringify(date)} is not a calendar date; write it as YYYY-MM-DD.`);
  }
  return utcMs;
}

function fromUtcMs(utcMs: number): LocalDate {
  const date = new Date(utcMs);
  return `${date.getUTCFullYear()}-${pad2(date.getUTCMonth() + 1)}-${pad2(date.getUTCDate())}`;
}

/** True for the text of a real calendar date ('2028-02-29', not '2027-02-29'). */
export function isLocalDate(text: string): boolean {
  try {
    toUtcMs(text);
    return true;
  } catch {
    return false;
  }
}

/** The date a calendar in `timeZone` shows at `instant`. */
export function localDate(instant: Date, timeZone: string = DEFAULT_TIME_ZONE): LocalDate {
  return wallClock(instant, timeZone).slice(0, 10);
}

/** The time 'HH:MM:SS' a clock in `timeZone` shows at `instant`. */
export function localTime(instant: Date, timeZone: string = DEFAULT_TIME_ZONE): string {
  return wallClock(instant, timeZone).slice(11, 19);
}

/**
 * The first instant of a local date. Where midnight does not exist because clocks jump over it, that is the jump; where it exists
 * twice, the first of the two.
 */
export function startOfLocalDay(date: LocalDate, timeZone: string = DEFAULT_TIME_ZONE): Date {
  const midnightMs = toUtcMs(date);
  const fixed = FIXED_OFFSETS[timeZone];
  if (fixed && midnightMs - fixed.offsetMs >= fixed.fromMs) return new Date(midnightMs - fixed.offsetMs);
  // Whatever changes around this midnight, the offset in force is the one of the day before or of the day after.
  const candidatesMs = [midnightMs - DAY_MS, midnightMs + DAY_MS].map((ms) => midnightMs - offsetMsAt(ms, timeZone));
  const exactMs = candidatesMs.filter((ms) => ms + offsetMsAt(ms, timeZone) === midnightMs);
  if (exactMs.length > 0) return new Date(Math.min(...exactMs));
  return new Date(clockJumpMs(Math.min(...candidatesMs), Math.max(...candidatesMs), timeZone));
}

/** The instant in (fromMs, toMs] at which the offset changes, to the millisecond. */
function clockJumpMs(fromMs: number, toMs: number, timeZone: string): number {
  const offsetBeforeMs = offsetMsAt(fromMs, timeZone);
  let before = fromMs;
  let after = toMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetMsAt(middle, timeZone) === offsetBeforeMs) before = middle;
    else after = middle;
  }
  return after;
}

/** The date `days` later (negative: earlier). */
export function addDays(date: LocalDate, days: number): LocalDate {
  return fromUtcMs(toUtcMs(date) + days * DAY_MS);
}

/** Days from one date to another: 0 for the same date, negative when `to` is earlier. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return (toUtcMs(to) - toUtcMs(from)) / DAY_MS;
}

/** The same day `months` later (negative: earlier), or the last day of that month where it is shorter: 31 January + 1 → 28 or 29 February. */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const start = new Date(toUtcMs(date));
  const firstOfMonth = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, 1));
  const lastDay = new Date(Date.UTC(firstOfMonth.getUTCFullYear(), firstOfMonth.getUTCMonth() + 1, 0)).getUTCDate();
  return fromUtcMs(firstOfMonth.getTime() + (Math.min(start.getUTCDate(), lastDay) - 1) * DAY_MS);
}

/** ISO weekday: 1 = Monday … 7 = Sunday. */
export function weekday(date: LocalDate): number {
  return new Date(toUtcMs(date)).getUTCDay() || 7;
}

/** The year of a date. */
export function yearOf(date: LocalDate): number {
  return new Date(toUtcMs(date)).getUTCFullYear();
}

/** The month of a date, 1 to 12. */
export function monthOf(date: LocalDate): number {
  return new Date(toUtcMs(date)).getUTCMonth() + 1;
}
