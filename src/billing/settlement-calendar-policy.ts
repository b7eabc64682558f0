/** When meters are read and bills are settled. Values in, value out: dates of the local calendar. */
import { addMonths, type LocalDate } from '../platform/local-date.js';

/** Days of the month a calendar may name: 1 to 28, so that every month has them. */
const CALENDAR_DAYS = 28;

/** Most settlements a month an account may have. */
export const MAX_SETTLEMENTS_PER_MONTH = 6;

/**
 * The days of the month on which an account is settled, in order: the district's settlement day (结算日), and for accounts settled
 * several times a month further days spread evenly from it over the 28 days that every month has.
 */
export function settlementDays(settlementDay: number, settlementsPerMonth: number): number[] {
  return Array.from(
    { length: settlementsPerMonth },
    (_, index) => ((settlementDay - 1 + Math.floor((index * CALENDAR_DAYS) / settlementsPerMonth)) % CALENDAR_DAYS) + 1,
  ).sort((a, b) => a - b);
}

/** The next date with this day of the month, from `from` on, `from` included. */
export function nextMonthDay(from: LocalDate, dayOfMonth: number): LocalDate {
  const inThisMonth = `${from.slice(0, 8)}${String(dayOfMonth).padStart(2, '0')}`;
  return inThisMonth >= from ? inThisMonth : addMonths(inThisMonth, 1);
}

/** The next dates with one of these days of the month, from `from` on, `from` included, in order. */
export function nextDates(from: LocalDate, days: readonly number[], count: number): LocalDate[] {
  return Array.from({ length: Math.ceil(count / days.length) + 1 }, (_, month) =>
    days.map((day) => addMonths(nextMonthDay(from, day), month)),
  )
    .flat()
    .sort()
    .slice(0, count);
}

/** Dates with one of these days of the month after `after`, up to and including `until`, in order. */
export function datesBetween(after: LocalDate, until: LocalDate, days: readonly number[]): LocalDate[] {
  const dates = days.flatMap((day) => {
    const found: LocalDate[] = [];
    const first = nextMonthDay(after, day);
    for (let date = first > after ? first : addMonths(first, 1); date <= until; date = addMonths(date, 1))
      found.push(date);
    return found;
  });
  return dates.sort();
}
