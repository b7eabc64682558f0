import fc from 'fast-check';
import {
  addDays,
  addMonths,
  daysBetween,
  isLocalDate,
  localDate,
  localTime,
  monthOf,
  startOfLocalDay,
  weekday,
  yearOf,
} from '../../src/platform/local-date.js';

const NEW_YORK = 'America/New_York';

test.each<[instant: string, timeZone: string | undefined, date: string, time: string]>([
  ['2026-03-01T15:59:59.999Z', undefined, '2026-03-01', '23:59:59'],
  ['2026-03-01T16:00:00.000Z', undefined, '2026-03-02', '00:00:00'],
  ['2025-12-31T16:00:00.000Z', 'Asia/Shanghai', '2026-01-01', '00:00:00'],
  ['2028-02-28T16:00:00.000Z', 'Asia/Shanghai', '2028-02-29', '00:00:00'],
  ['1988-07-01T00:00:00.000Z', 'Asia/Shanghai', '1988-07-01', '09:00:00'], // China had summer time from 1986 to 1991
  ['1991-09-14T16:59:59.000Z', 'Asia/Shanghai', '1991-09-15', '01:59:59'], // the last time: from 02:00 back to 01:00
  ['1991-09-14T17:00:00.000Z', 'Asia/Shanghai', '1991-09-15', '01:00:00'],
  ['2026-03-08T06:59:59.000Z', NEW_YORK, '2026-03-08', '01:59:59'], // clocks go from 02:00 to 03:00
  ['2026-03-08T07:00:00.000Z', NEW_YORK, '2026-03-08', '03:00:00'],
  ['2026-11-01T05:59:59.000Z', NEW_YORK, '2026-11-01', '01:59:59'], // and from 02:00 back to 01:00
  ['2026-11-01T06:00:00.000Z', NEW_YORK, '2026-11-01', '01:00:00'],
  ['2026-07-01T12:00:00.000Z', 'UTC', '2026-07-01', '12:00:00'],
  ['2026-07-01T20:00:00.000Z', 'Asia/Kathmandu', '2026-07-02', '01:45:00'],
  ['1969-12-31T23:59:59.500Z', NEW_YORK, '1969-12-31', '18:59:59'],
])('at %s the calendar in %s shows %s %s', (instant, timeZone, date, time) => {
  expect(localDate(new Date(instant), timeZone)).toBe(date);
  expect(localTime(new Date(instant), timeZone)).toBe(time);
});

test.each<[date: string, timeZone: string | undefined, start: string, hours: number]>([
  ['2026-03-02', undefined, '2026-03-01T16:00:00.000Z', 24],
  ['2028-02-29', 'Asia/Shanghai', '2028-02-28T16:00:00.000Z', 24],
  ['1988-07-01', 'Asia/Shanghai', '1988-06-30T15:00:00.000Z', 24],
  ['1991-09-15', 'Asia/Shanghai', '1991-09-14T15:00:00.000Z', 25],
  ['1991-09-16', 'Asia/Shanghai', '1991-09-15T16:00:00.000Z', 24],
  ['2026-03-08', NEW_YORK, '2026-03-08T05:00:00.000Z', 23],
  ['2026-03-09', NEW_YORK, '2026-03-09T04:00:00.000Z', 24],
  ['2026-11-01', NEW_YORK, '2026-11-01T04:00:00.000Z', 25],
  ['2026-11-02', NEW_YORK, '2026-11-02T05:00:00.000Z', 24],
  ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z', 23], // clocks go from 00:00 to 01:00: no midnight
  ['2025-11-02', 'America/Havana', '2025-11-02T04:00:00.000Z', 25], // clocks go from 01:00 to 00:00: two midnights
  ['2026-10-04', 'Australia/Lord_Howe', '2026-10-03T13:30:00.000Z', 23.5],
])('%s in %s starts at %s and lasts %s h', (date, timeZone, start, hours) => {
  expect(startOfLocalDay(date, timeZone).toISOString()).toBe(start);
  const nextMs = startOfLocalDay(addDays(date, 1), timeZone).getTime();
  expect((nextMs - Date.parse(start)) / 3_600_000).toBe(hours);
});

test('a day starts at its first instant and not a millisecond earlier, in any zone', () => {
  const zones = ['Asia/Shanghai', NEW_YORK, 'Africa/Cairo', 'America/Havana', 'Europe/London', 'Asia/Kathmandu', 'UTC'];
  const dates = fc.integer({ min: 0, max: 25_000 }).map((days) => addDays('1980-01-01', days));
  fc.assert(
    fc.property(dates, fc.constantFrom(...zones), (date, zone) => {
      const start = startOfLocalDay(date, zone);
      expect(localDate(start, zone)).toBe(date);
      expect(localDate(new Date(start.getTime() - 1), zone)).not.toBe(date);
    }),
    { numRuns: 300 },
  );
});

test.each<[date: string, days: number, result: string]>([
  ['2026-01-31', 1, '2026-02-01'],
  ['2026-02-28', 1, '2026-03-01'],
  ['2028-02-28', 1, '2028-02-29'],
  ['2028-02-29', 1, '2028-03-01'],
  ['2026-01-01', -1, '2025-12-31'],
  ['2100-02-28', 1, '2100-03-01'],
  ['2026-03-07', 2, '2026-03-09'],
  ['2026-06-15', 0, '2026-06-15'],
])('%s %i days on is %s', (date, days, result) => {
  expect(addDays(date, days)).toBe(result);
  expect(daysBetween(date, result)).toBe(days);
  expect(daysBetween(result, date)).toBe(0 - days);
});

test.each<[date: string, months: number, result: string]>([
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2028-02-29', 12, '2029-02-28'],
  ['2026-03-31', -1, '2026-02-28'],
  ['2026-12-15', 1, '2027-01-15'],
  ['2026-01-15', -1, '2025-12-15'],
  ['2026-05-31', 0, '2026-05-31'],
  ['2026-05-31', 25, '2028-06-30'],
])('%s %i months on is %s', (date, months, result) => {
  expect(addMonths(date, months)).toBe(result);
});

test.each<[date: string, day: number]>([
  ['2026-03-02', 1],
  ['2026-03-07', 6],
  ['2026-03-08', 7],
  ['2028-02-29', 2],
])('%s is ISO weekday %i', (date, day) => {
  expect(weekday(date)).toBe(day);
});

test('year and month', () => {
  expect(yearOf('2028-02-29')).toBe(2028);
  expect(monthOf('2028-02-29')).toBe(2);
  expect(monthOf('2025-12-31')).toBe(12);
});

test.each([
  '2027-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-04-31',
  '2026-4-1',
  '26-04-01',
  '0099-01-01',
  '2026-04-01T',
  '',
])('%s is not a date', (text) => {
  expect(isLocalDate(text)).toBe(false);
  expect(() => addDays(text, 1)).toThrow(/YYYY-MM-DD/);
});

test('2028-02-29 is a date', () => {
  expect(isLocalDate('2028-02-29')).toBe(true);
});

test('an unknown zone and an invalid instant are named errors', () => {
  expect(() => localDate(new Date(0), 'Asia/Nowhere')).toThrow(/Asia\/Nowhere/);
  expect(() => localDate(new Date(Number.NaN))).toThrow(RangeError);
  expect(() => localDate(new Date('9999-12-31T20:00:00Z'))).toThrow(/year 9999/);
});

test('a hundred thousand local dates take no noticeable time', () => {
  const startedMs = performance.now();
  for (let hour = 0; hour < 100_000; hour++) localDate(new Date(Date.UTC(2026, 0, 1, hour)));
  // A guard against a cost that grows out of hand on any machine, not a stopwatch.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
