import { HolidaysUnknownError, chineseHolidays as calendar } from '../../src/platform/holidays.js';
import { addDays, yearOf } from '../../src/platform/local-date.js';

type Row = [date: string, what: string, holiday: string | null, workday: boolean, eve: boolean];

test.each<Row>([
  // State Council notice for 2026: New Year 1–3 Jan, Spring Festival 15–23 Feb, make-up work on 14 and 28 Feb.
  ['2026-01-01', "New Year's Day", '元旦', false, false],
  ['2026-01-03', 'last day off of New Year', '元旦', false, false],
  ['2026-01-04', 'Sunday worked in exchange', null, true, false],
  ['2026-02-13', 'Friday before, but Saturday is worked', null, true, false],
  ['2026-02-14', 'Saturday worked in exchange, eve of Spring Festival', null, true, true],
  ['2026-02-15', 'Spring Festival begins', '春节', false, false],
  ['2026-02-23', 'Spring Festival ends', '春节', false, false],
  ['2026-02-24', 'first day back', null, true, false],
  ['2026-02-28', 'Saturday worked in exchange', null, true, false],
  ['2026-03-01', 'ordinary Sunday', null, false, false],
  ['2026-03-07', 'ordinary Saturday', null, false, false],
  ['2026-03-09', 'ordinary Monday', null, true, false],
  ['2026-04-03', 'Friday before Tomb-sweeping Day', null, true, true],
  ['2026-09-30', 'eve of National Day', null, true, true],
  ['2026-10-01', 'National Day', '国庆节', false, false],
  ['2025-10-06', 'Mid-autumn inside National Day', '中秋', false, false],
  ['2025-12-31', 'eve of New Year across the year end', null, true, true],
  ['2024-02-29', 'leap day', null, true, false],
  ['2022-12-31', 'a day off published with the next year', '元旦', false, false],
])('%s, %s', (date, _what, holiday, workday, eve) => {
  expect(calendar.nameOf(date)).toBe(holiday);
  expect(calendar.isHoliday(date)).toBe(holiday !== null);
  expect(calendar.isWorkday(date)).toBe(workday);
  expect(calendar.isHolidayEve(date)).toBe(eve);
});

test('a holiday is never a working day, and every eve is followed by a holiday', () => {
  for (let date = '2023-01-01'; date < '2026-12-31'; date = addDays(date, 1)) {
    expect([date, calendar.isHoliday(date) && calendar.isWorkday(date)]).toEqual([date, false]);
    if (calendar.isHolidayEve(date)) expect([date, calendar.isHoliday(addDays(date, 1))]).toEqual([date, true]);
  }
});

test('published years are covered, others are not', () => {
  expect([2023, 2024, 2025, 2026].map((year) => calendar.coversYear(year))).toEqual([true, true, true, true]);
  expect([1999, 2050, 2100].map((year) => calendar.coversYear(year))).toEqual([false, false, false]);
});

describe('a year without published holidays', () => {
  let year = 2026;
  while (calendar.coversYear(year)) year += 1;

  test('answers no question about its days', () => {
    const weekday = `${year}-03-10`;
    expect(() => calendar.isHoliday(weekday)).toThrow(HolidaysUnknownError);
    expect(() => calendar.isWorkday(weekday)).toThrow(HolidaysUnknownError);
    expect(() => calendar.isHolidayEve(weekday)).toThrow(HolidaysUnknownError);
    expect(() => calendar.nameOf(weekday)).toThrow(new RegExp(`coversYear\\(${yearOf(weekday)}\\)`));
  });

  test('still begins with New Year: its eve is known in the year before', () => {
    expect(calendar.isHolidayEve(`${year - 1}-12-31`)).toBe(true);
  });
});
