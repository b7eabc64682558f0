/**
 * What a customer is expected to use, for seeding histories and for judging whether a day looks normal. The shape over the year comes
 * from a published table; within a day use is taken as even, which is enough for daily figures.
 */
import { addDays, daysBetween, localDate, monthOf, startOfLocalDay, weekday, yearOf } from '../platform/local-date.js';
import type { LocalDate } from '../platform/local-date.js';
import type { HolidayCalendar } from '../platform/holidays.js';
import { DAILY_LOAD_WH } from './data/daily-load.js';
import type { LoadKind } from './data/daily-load.js';

export type { LoadKind } from './data/daily-load.js';

const SATURDAY = 6;
const SUNDAY = 7;

/** A customer's expected year. */
export interface ExpectedLoad {
  kind: LoadKind;
  annualEnergyWh: bigint;
  timeZone: string;
  /** Makes public holidays Sundays and make-up working days workdays, in the years it covers. Without it only weekends count. */
  calendar?: HolidayCalendar;
}

/** Weights of a calendar year: how much of it has passed at the start of each day, and at its end. */
interface YearShape {
  start: LocalDate;
  passedWeight: bigint[];
}

/**
 * Years already summed, by kind and year, per calendar. A year's shape never changes, so this is a table computed when first needed;
 * it holds one entry for each year and kind asked for.
 */
const yearShapes = new WeakMap<object, Map<string, YearShape>>();
const NO_CALENDAR = {};

/**
 * Expected use from one instant to another, in Wh. Exactly additive: the parts of any interval add up to the whole, and a calendar year
 * in its time zone is exactly `annualEnergyWh`, so a register seeded step by step arrives where it should.
 * @throws RangeError when the interval runs backwards or the annual use is negative.
 */
export function expectedEnergyWh(input: ExpectedLoad & { from: Date; to: Date }): bigint {
  const { annualEnergyWh, from, to } = input;
  if (from > to)
    throw new RangeError(
      `Use is expected from an earlier to a later instant, not from ${from.toISOString()} to ${to.toISOString()}.`,
    );
  if (annualEnergyWh < 0n) throw new RangeError(`Expected annual use cannot be negative (${annualEnergyWh} Wh).`);
  return energySinceYearZero(input, to) - energySinceYearZero(input, from);
}

/** Whole years count as the annual use, the running year by the weight of what has passed, rounded down. */
function energySinceYearZero({ kind, annualEnergyWh, timeZone, calendar }: ExpectedLoad, instant: Date): bigint {
  const date = localDate(instant, timeZone);
  const year = yearOf(date);
  const { start, passedWeight } = yearShapeOf(kind, year, calendar);
  const dayIndex = daysBetween(start, date);
  const before = passedWeight[dayIndex]!;
  const dayWeight = passedWeight[dayIndex + 1]! - before;

  const midnightMs = startOfLocalDay(date, timeZone).getTime();
  const passedMs = BigInt(instant.getTime() - midnightMs);
  const dayMs = BigInt(startOfLocalDay(addDays(date, 1), timeZone).getTime() - midnightMs);
  const passed = before * dayMs + dayWeight * passedMs;
  return BigInt(year) * annualEnergyWh + (annualEnergyWh * passed) / (passedWeight.at(-1)! * dayMs);
}

function yearShapeOf(kind: LoadKind, year: number, calendar?: HolidayCalendar): YearShape {
  const shapes = yearShapes.get(calendar ?? NO_CALENDAR) ?? new Map<string, YearShape>();
  yearShapes.set(calendar ?? NO_CALENDAR, shapes);
  const key = `${kind} ${year}`;
  let shape = shapes.get(key);
  if (!shape) {
    const start = `${year}-01-01`;
    const passedWeight = [0n];
    for (let date = start; yearOf(date) === year; date = addDays(date, 1)) {
      passedWeight.push(passedWeight.at(-1)! + BigInt(weightOf(kind, date, calendar)));
    }
    shape = { start, passedWeight };
    shapes.set(key, shape);
  }
  return shape;
}

function weightOf(kind: LoadKind, date: LocalDate, calendar?: HolidayCalendar): number {
  const load = DAILY_LOAD_WH[kind][monthOf(date) - 1]!;
  const day = weekday(date);
  if (calendar?.coversYear(yearOf(date))) {
    if (calendar.isHoliday(date)) return load.sundayOrHoliday;
    if (calendar.isWorkday(date)) return load.workday;
  }
  if (day === SUNDAY) return load.sundayOrHoliday;
  return day === SATURDAY ? load.saturday : load.workday;
}
