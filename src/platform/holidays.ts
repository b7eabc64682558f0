/**
 * Public holidays (法定节假日) and make-up working days (调休上班) of China, as the State Council publishes them for one year at a time, by the
 * package `chinese-days`; those of other places by the package `date-holidays` (data CC-BY-3.0), completed by hand where it does not know
 * what a place has published. A year that is not published is not guessed: whoever decides a cut asks `coversYear` first, because in doubt
 * a cut does not happen. A day too many only puts a cut off; so elsewhere everything the package calls public counts.
 */
import chineseDays from 'chinese-days';
import Holidays from 'date-holidays';
import { addDays, localDate, monthOf, weekday, yearOf } from './local-date.js';
import type { LocalDate } from './local-date.js';
import { PLACE_HOLIDAYS } from './place-holidays-data.js';
import type { PlaceHolidays } from './place-holidays-data.js';

/**
 * What a place's calendar can say about a date. Every question about a date of a year that is not covered throws
 * {@link HolidaysUnknownError}: a wrong answer could cut a household on a holiday.
 */
export interface HolidayCalendar {
  /** A public holiday, with the days off around it that belong to it; an ordinary weekend is not one. */
  isHoliday(date: LocalDate): boolean;
  /** A day on which offices work: a weekday that is no holiday, or a weekend day declared a make-up working day. */
  isWorkday(date: LocalDate): boolean;
  /** The last day before a public holiday begins. */
  isHolidayEve(date: LocalDate): boolean;
  /** The holiday's name ('国庆节'), or null when the date is no public holiday. */
  nameOf(date: LocalDate): string | null;
  /** True when the year's holidays have been published and are known here. */
  coversYear(year: number): boolean;
}

/** Asked about a date whose year's holidays are not known. */
export class HolidaysUnknownError extends RangeError {
  override readonly name = 'HolidaysUnknownError';
  constructor(year: number, source = 'the package chinese-days') {
    super(
      `The public holidays of ${year} are not known here; ask coversYear(${year}) first and do not cut in that year, or update ${source} once they are published.`,
    );
  }
}

/** Only a complete announcement names both: the first and the last long holiday of a year. */
const HOLIDAYS_OF_EVERY_ANNOUNCEMENT = ['春节', '国庆节'];

/** The package names a day 'English,中文,days'; an ordinary day carries only its weekday. */
const chineseNameOf = (date: LocalDate): string | null => chineseDays.getDayDetail(date).name.split(',')[1] ?? null;

class ChineseHolidayCalendar implements HolidayCalendar {
  readonly #coveredYears = new Map<number, boolean>();

  isHoliday(date: LocalDate): boolean {
    return this.nameOf(date) !== null;
  }

  isWorkday(date: LocalDate): boolean {
    this.#requireCovered(date);
    return chineseDays.isWorkday(date);
  }

  isHolidayEve(date: LocalDate): boolean {
    if (this.isHoliday(date)) return false;
    const next = addDays(date, 1);
    // New Year's Day is a holiday of every year by law (全国年节及纪念日放假办法), also of one not yet published.
    if (monthOf(next) === 1 && yearOf(next) !== yearOf(date)) return true;
    return this.isHoliday(next);
  }

  nameOf(date: LocalDate): string | null {
    this.#requireCovered(date);
    // A make-up working day also carries the holiday's name, yet people work on it.
    return chineseDays.isWorkday(date) ? null : chineseNameOf(date);
  }

  coversYear(year: number): boolean {
    let covered = this.#coveredYears.get(year);
    if (covered === undefined) {
      const days: string[] = chineseDays.getHolidaysInRange(`${year}-01-01`, `${year}-12-31`, false);
      const names = days.map(chineseNameOf);
      covered = HOLIDAYS_OF_EVERY_ANNOUNCEMENT.every((name) => names.includes(name));
      this.#coveredYears.set(year, covered);
    }
    return covered;
  }

  #requireCovered(date: LocalDate): void {
    const year = yearOf(date);
    if (!this.coversYear(year)) throw new HolidaysUnknownError(year);
  }
}

/** The public calendar of mainland China. */
export const chineseHolidays: HolidayCalendar = new ChineseHolidayCalendar();

const SATURDAY = 6;

/** The places whose calendar is known: 'CN', 'US-NY', … (ISO 3166-2). */
export const HOLIDAY_PLACES = ['CN', ...Object.keys(PLACE_HOLIDAYS)] as [string, ...string[]];

/**
 * Every local day of a place that an entry of the package touches: one that begins in the evening takes its first day too, one of
 * several days takes each of them. `start` and `end` are instants; a day where clocks change has 23 or 25 hours.
 */
function daysOf(start: Date, end: Date, timeZone: string): LocalDate[] {
  const last = localDate(new Date(end.getTime() - 1), timeZone);
  const days: LocalDate[] = [];
  for (let day = localDate(start, timeZone); day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

/** The holidays of a place in the years it answers for, by day. What was published by hand gives way to the package's name. */
function holidaysOf({ library, observances, published, timeZone, years }: PlaceHolidays): Map<LocalDate, string> {
  const names = new Map<LocalDate, string>();
  for (const [country, state] of library) {
    const source = new Holidays(country, state, { timezone: timeZone, languages: 'en' });
    // The package answers by the year a day lies in: a substitute for a New Year is with the year before.
    for (let year = years.from; year <= years.until; year += 1) {
      for (const { type, name, start, end } of source.getHolidays(year, 'en')) {
        if (type !== 'public' && !observances.includes(name)) continue;
        for (const day of daysOf(start, end, timeZone)) if (!names.has(day)) names.set(day, name);
      }
    }
  }
  for (const [day, name] of Object.entries(published)) if (!names.has(day)) names.set(day, name);
  return names;
}

class PlaceCalendar implements HolidayCalendar {
  readonly #place: string;
  readonly #data: PlaceHolidays;
  readonly #names: ReadonlyMap<LocalDate, string>;

  constructor(place: string, data: PlaceHolidays) {
    this.#place = place;
    this.#data = data;
    this.#names = holidaysOf(data);
  }

  isHoliday(date: LocalDate): boolean {
    return this.nameOf(date) !== null;
  }

  /** Monday to Friday and no holiday. Nowhere but in China is a weekend worked in exchange. */
  isWorkday(date: LocalDate): boolean {
    return !this.isHoliday(date) && weekday(date) < SATURDAY;
  }

  isHolidayEve(date: LocalDate): boolean {
    if (this.isHoliday(date)) return false;
    const next = addDays(date, 1);
    // 1 January of a year whose holidays are not known: in doubt a holiday.
    return this.coversYear(yearOf(next)) ? this.isHoliday(next) : true;
  }

  nameOf(date: LocalDate): string | null {
    const year = yearOf(date);
    if (!this.coversYear(year))
      throw new HolidaysUnknownError(year, `the holidays of ${this.#place} in src/platform/place-holidays-data.ts`);
    return this.#names.get(date) ?? null;
  }

  coversYear(year: number): boolean {
    return year >= this.#data.years.from && year <= this.#data.years.until;
  }
}

const calendars = new Map<string, HolidayCalendar>([['CN', chineseHolidays]]);

/**
 * The public calendar of a place; made at the first question, which takes some tens of milliseconds, then kept.
 * @throws RangeError for a place whose calendar is not known here, naming those that are
 */
export function calendarOf(place: string): HolidayCalendar {
  const known = calendars.get(place);
  if (known) return known;
  const data = Object.hasOwn(PLACE_HOLIDAYS, place) ? PLACE_HOLIDAYS[place] : undefined;
  if (!data)
    throw new RangeError(
      `The holidays of ${JSON.stringify(place)} are not known here; known: ${HOLIDAY_PLACES.join(', ')}.`,
    );
  const calendar = new PlaceCalendar(place, data);
  calendars.set(place, calendar);
  return calendar;
}
