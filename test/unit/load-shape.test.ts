import fc from 'fast-check';
import { DAILY_LOAD_WH } from '../../src/metering/data/daily-load.js';
import { expectedEnergyWh } from '../../src/metering/load-shape.js';
import type { LoadKind } from '../../src/metering/load-shape.js';
import { chineseHolidays } from '../../src/platform/holidays.js';
import type { HolidayCalendar } from '../../src/platform/holidays.js';
import { addDays, startOfLocalDay } from '../../src/platform/local-date.js';

const SHANGHAI = 'Asia/Shanghai';
const NEW_YORK = 'America/New_York';
const ANNUAL_WH = 2_400_000n; // a small household: 2,400 kWh

const expected = (
  kind: LoadKind,
  from: string,
  to: string,
  options: { timeZone?: string; annualEnergyWh?: bigint; calendar?: HolidayCalendar } = {},
) => {
  const timeZone = options.timeZone ?? SHANGHAI;
  const [start, end] = [startOfLocalDay(from, timeZone), startOfLocalDay(to, timeZone)];
  return expectedEnergyWh({ kind, annualEnergyWh: ANNUAL_WH, ...options, timeZone, from: start, to: end });
};
const day = (kind: LoadKind, date: string, calendar?: HolidayCalendar) =>
  Number(expected(kind, date, addDays(date, 1), { calendar }));

test.each<[year: number, kind: LoadKind, timeZone: string]>([
  [2026, 'household', SHANGHAI],
  [2028, 'household', SHANGHAI], // leap year
  [2026, 'household', NEW_YORK],
  [2026, 'commerce', SHANGHAI],
  [2028, 'commerce', NEW_YORK],
])('a whole %i (%s, %s) is exactly the annual use', (year, kind, timeZone) => {
  expect(expected(kind, `${year}-01-01`, `${year + 1}-01-01`, { timeZone })).toBe(ANNUAL_WH);
});

test('the table is the published one: a year of it comes to a million kWh within 2 %, its own holidays apart', () => {
  for (const kind of ['household', 'commerce'] as const) {
    const days = DAILY_LOAD_WH[kind].map((row) => (row.saturday + row.sundayOrHoliday + 5 * row.workday) / 7);
    const yearWh = days.reduce((sum, wh, month) => sum + wh * new Date(Date.UTC(2026, month + 1, 0)).getUTCDate(), 0);
    expect(Math.abs(yearWh / 1e9 - 1)).toBeLessThan(0.02);
  }
});

test.each<[what: string, kind: LoadKind, less: string, more: string]>([
  ['a household uses more on Sunday than on Monday', 'household', '2026-03-09', '2026-03-08'],
  ['a shop uses more on Monday than on Saturday', 'commerce', '2026-03-07', '2026-03-09'],
  ['a shop uses more on Saturday than on Sunday', 'commerce', '2026-03-08', '2026-03-07'],
  ['a household uses more in July than in March', 'household', '2026-03-09', '2026-07-06'],
])('%s', (_what, kind, less, more) => {
  expect(day(kind, more)).toBeGreaterThan(day(kind, less));
});

test('the public calendar decides what is a holiday and what a working Saturday', () => {
  expect(day('commerce', '2026-10-05', chineseHolidays)).toBeLessThan(day('commerce', '2026-10-05') * 0.7); // Monday in National Day
  expect(day('commerce', '2026-02-14', chineseHolidays)).toBeGreaterThan(day('commerce', '2026-02-14') * 1.3); // Saturday worked
});

test('in a year the calendar does not cover, weekends decide', () => {
  const unpublished: HolidayCalendar = { ...chineseHolidays, coversYear: () => false };
  expect(day('commerce', '2026-10-05', unpublished)).toBe(day('commerce', '2026-10-05'));
});

test('a day of 23 or 25 hours is a whole day, and its hours count by its own length', () => {
  const hour = (instant: string) =>
    Number(
      expectedEnergyWh({
        kind: 'household',
        annualEnergyWh: 10n ** 12n,
        timeZone: NEW_YORK,
        from: new Date(instant),
        to: new Date(Date.parse(instant) + 3_600_000),
      }),
    );
  const whole = (date: string) =>
    Number(expected('household', date, addDays(date, 1), { timeZone: NEW_YORK, annualEnergyWh: 10n ** 12n }));
  expect(hour('2026-03-08T12:00:00Z') / whole('2026-03-08')).toBeCloseTo(1 / 23, 6);
  expect(hour('2026-11-01T12:00:00Z') / whole('2026-11-01')).toBeCloseTo(1 / 25, 6);
  expect(whole('2026-03-08') / whole('2026-03-15')).toBeCloseTo(1, 6); // two Sundays of March
});

test('nothing, zero and huge', () => {
  expect(expected('household', '2026-03-01', '2026-03-01')).toBe(0n);
  expect(expected('household', '2026-01-01', '2027-01-01', { annualEnergyWh: 0n })).toBe(0n);
  expect(expected('commerce', '2026-01-01', '2036-01-01', { annualEnergyWh: 10n ** 18n })).toBe(10n ** 19n);
});

test('an interval that runs backwards and a negative year are refused', () => {
  expect(() => expected('household', '2026-03-02', '2026-03-01')).toThrow(/earlier to a later/);
  expect(() => expected('household', '2026-03-01', '2026-03-02', { annualEnergyWh: -1n })).toThrow(/negative/);
});

test('the parts of any interval add up to the whole, and none is negative', () => {
  const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2029, 0, 1) }).map((ms) => new Date(ms));
  fc.assert(
    fc.property(
      instant,
      instant,
      instant,
      fc.constantFrom(SHANGHAI, NEW_YORK),
      fc.constantFrom<LoadKind>('household', 'commerce'),
      (a, b, c, timeZone, kind) => {
        const [first, middle, last] = [a, b, c].sort((one, other) => one.getTime() - other.getTime()) as [
          Date,
          Date,
          Date,
        ];
        const between = (from: Date, to: Date) =>
          expectedEnergyWh({ kind, annualEnergyWh: ANNUAL_WH, timeZone, from, to });
        expect(between(first, middle) + between(middle, last)).toBe(between(first, last));
        expect(between(first, middle) >= 0n).toBe(true);
      },
    ),
  );
});

test('seeding sixty days of two hundred meters takes no noticeable time', () => {
  const startedMs = performance.now();
  for (let meter = 0; meter < 200; meter++) {
    for (let index = 0; index < 60; index++) {
      const date = addDays('2026-01-01', index);
      expectedEnergyWh({
        kind: 'household',
        annualEnergyWh: BigInt(2_000_000 + meter),
        timeZone: SHANGHAI,
        from: startOfLocalDay(date),
        to: startOfLocalDay(addDays(date, 1)),
      });
    }
  }
  // A guard against a cost that grows out of hand on any machine, not a stopwatch.
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});
