/**
 * Public holidays (法定节假日) and make-up working days (调休上班) of China, as the State Council publishes them for one year at a time.
 * The data come from the package `chinese-days`. A year that is not published is not guessed: whoever decides a cut asks
 * `coversYear` first, because in doubt a cut does not happen.
 */
import chineseDays from 'chinese-days';
import { addDays, monthOf, yearOf } from './local-date.js';
import type { LocalDate } from './local-date.js';

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
