import { HOLIDAY_PLACES, HolidaysUnknownError, calendarOf, chineseHolidays } from '../../src/platform/holidays.js';
import { addDays, weekday } from '../../src/platform/local-date.js';

type Row = [place: string, date: string, what: string, holiday: string | null, workday: boolean, eve: boolean];

test.each<Row>([
  // New York: General Construction Law § 24
  ['US-NY', '2025-01-01', "New Year's Day", "New Year's Day", false, false],
  ['US-NY', '2025-01-19', 'Sunday before Martin Luther King day', null, false, true],
  ['US-NY', '2025-01-20', 'third Monday in January', 'Martin Luther King Jr. Day', false, false],
  ['US-NY', '2025-02-11', "eve of Lincoln's birthday, a Tuesday", null, true, true],
  ['US-NY', '2025-02-12', "Lincoln's birthday", "Lincoln's Birthday", false, false],
  ['US-NY', '2026-02-16', 'third Monday in February', "Washington's Birthday", false, false],
  ['US-NY', '2026-03-17', 'St Patrick is no public holiday', null, true, false],
  ['US-NY', '2026-04-03', 'nor is Good Friday', null, true, false],
  ['US-NY', '2026-05-25', 'last Monday in May', 'Memorial Day', false, false],
  ['US-NY', '2026-06-13', 'Saturday before Flag Day', null, false, true],
  ['US-NY', '2026-06-14', 'second Sunday in June', 'Flag Day', false, false],
  ['US-NY', '2026-06-19', 'Juneteenth, a Friday', 'Juneteenth', false, false],
  ['US-NY', '2026-07-02', 'Thursday before the long weekend of 4 July', null, true, true],
  ['US-NY', '2026-07-03', 'Friday for a Saturday', 'Independence Day (substitute day)', false, false],
  ['US-NY', '2026-07-04', 'the day itself, a Saturday', 'Independence Day', false, false],
  ['US-NY', '2026-07-06', 'Monday after', null, true, false],
  ['US-NY', '2026-09-07', 'first Monday in September', 'Labour Day', false, false],
  ['US-NY', '2026-10-12', 'second Monday in October', 'Columbus Day', false, false],
  ['US-NY', '2026-11-03', 'general election day', 'Election Day', false, false],
  ['US-NY', '2026-11-11', "Veterans' Day", 'Veterans Day', false, false],
  ['US-NY', '2026-11-26', 'fourth Thursday in November', 'Thanksgiving Day', false, false],
  ['US-NY', '2026-11-27', 'the Friday after is an ordinary one', null, true, false],
  ['US-NY', '2026-12-24', 'eve of Christmas', null, true, true],
  ['US-NY', '2026-12-31', 'eve of New Year across the year end', null, true, true],
  ['US-NY', '2027-07-05', 'Monday for a Sunday', 'Independence Day (substitute day)', false, false],
  [
    'US-NY',
    '2027-12-31',
    'substitute for a New Year that lies in the year after',
    "New Year's Day (substitute day)",
    false,
    false,
  ],

  // Texas: Government Code § 662.003
  ['US-TX', '2026-01-19', 'both on the third Monday in January of 2026', 'Martin Luther King Jr. Day', false, false],
  ['US-TX', '2027-01-19', 'Confederate Heroes Day, a Tuesday', 'Confederate Heroes Day', false, false],
  ['US-TX', '2026-03-02', 'Texas Independence Day', 'Texas Independence Day', false, false],
  ['US-TX', '2026-04-21', 'San Jacinto Day', 'San Jacinto Day', false, false],
  ['US-TX', '2026-04-20', 'its eve, a Monday', null, true, true],
  ['US-TX', '2026-06-19', 'Emancipation Day in Texas', 'Juneteenth', false, false],
  ['US-TX', '2025-08-27', 'Lyndon Baines Johnson Day', 'Lyndon Baines Johnson Day', false, false],
  ['US-TX', '2026-11-27', 'Friday after Thanksgiving', 'Day after Thanksgiving', false, false],
  ['US-TX', '2026-12-23', 'eve of 24 December', null, true, true],
  ['US-TX', '2026-12-24', 'Christmas Eve is a state holiday', 'Christmas Eve', false, false],
  ['US-TX', '2025-12-26', 'so is the 26th', 'Day after Christmas', false, false],
  ['US-TX', '2026-11-03', 'election day is none', null, true, false],

  // England: bank holidays as GOV.UK lists them
  ['GB-ENG', '2025-04-18', 'Good Friday', 'Good Friday', false, false],
  ['GB-ENG', '2025-04-20', 'Easter Sunday, eve of Easter Monday', null, false, true],
  ['GB-ENG', '2025-04-21', 'Easter Monday', 'Easter Monday', false, false],
  ['GB-ENG', '2026-04-02', 'Maundy Thursday', null, true, true],
  ['GB-ENG', '2026-05-04', 'first Monday in May', 'Early May bank holiday', false, false],
  ['GB-ENG', '2026-05-25', 'last Monday in May', 'Spring bank holiday', false, false],
  ['GB-ENG', '2026-08-31', 'last Monday in August', 'Summer bank holiday', false, false],
  ['GB-ENG', '2026-12-26', 'Boxing Day, a Saturday', 'Boxing Day', false, false],
  ['GB-ENG', '2026-12-27', 'Sunday between', null, false, true],
  ['GB-ENG', '2026-12-28', 'Monday for Boxing Day', 'Boxing Day (substitute day)', false, false],
  ['GB-ENG', '2026-12-29', 'Tuesday after', null, true, false],
  ['GB-ENG', '2026-12-31', 'eve of New Year across the year end', null, true, true],
  ['GB-ENG', '2027-12-27', 'Monday for Christmas Day', 'Christmas Day (substitute day)', false, false],
  ['GB-ENG', '2027-12-28', 'Tuesday for Boxing Day', 'Boxing Day (substitute day)', false, false],
  ['GB-ENG', '2026-06-15', "Scotland's World Cup holiday is not England's", null, true, false],
  ['GB-SCT', '2026-06-15', 'proclaimed for Scotland', 'World Cup bank holiday', false, false],
  ['GB-SCT', '2026-04-06', 'Easter Monday is none in Scotland', null, true, false],
  ['GB-SCT', '2025-12-01', 'Monday for St Andrew', 'St Andrew’s Day (substitute day)', false, false],
  [
    'GB-NIR',
    '2026-07-13',
    'Monday for the twelfth',
    'Battle of the Boyne (Orangemen’s Day) (substitute day)',
    false,
    false,
  ],
  ['GB-WLS', '2026-08-31', 'as in England', 'Summer bank holiday', false, false],
  ['GB', '2026-01-02', 'a holiday in Scotland alone counts for the whole', 'January 2nd', false, false],
  ['GB', '2026-08-31', 'and one in England', 'Summer bank holiday', false, false],
  [
    'GB',
    '2026-07-13',
    'and one in Northern Ireland',
    'Battle of the Boyne (Orangemen’s Day) (substitute day)',
    false,
    false,
  ],

  // New South Wales: Public Holidays Act 2010 and the order of 2026 on Anzac Day
  ['AU-NSW', '2025-01-26', 'Australia Day on a Sunday moves', null, false, true],
  ['AU-NSW', '2025-01-27', 'to the Monday', 'Australia Day', false, false],
  ['AU-NSW', '2026-04-02', 'the day before Good Friday', null, true, true],
  ['AU-NSW', '2026-04-04', 'Easter Saturday', 'Easter Saturday', false, false],
  ['AU-NSW', '2026-04-05', 'Easter Sunday, the day clocks go back', 'Easter Sunday', false, false],
  ['AU-NSW', '2026-04-06', 'Easter Monday', 'Easter Monday', false, false],
  ['AU-NSW', '2026-04-07', 'Tuesday after', null, true, false],
  ['AU-NSW', '2026-04-27', 'additional day for Anzac Day', 'Anzac Day (substitute day)', false, false],
  ['AU-NSW', '2027-04-26', 'and in 2027', 'Anzac Day (substitute day)', false, false],
  ['AU-NSW', '2026-06-08', 'second Monday in June', "King's Birthday", false, false],
  ['AU-NSW', '2026-08-03', 'Bank Holiday is one of banks alone', null, true, false],
  ['AU-NSW', '2026-10-04', 'Sunday before Labour Day, the day clocks go forward', null, false, true],
  ['AU-NSW', '2026-10-05', 'first Monday in October', 'Labour Day', false, false],
  ['AU-NSW', '2026-12-28', 'Monday for Boxing Day', 'Boxing Day (substitute day)', false, false],
  ['AU-NSW', '2025-12-31', 'eve of New Year across the year end', null, true, true],
  ['AU-VIC', '2026-03-09', 'second Monday in March', 'Labour Day', false, false],
  ['AU-VIC', '2026-04-27', 'Victoria adds no day for Anzac Day', null, true, false],
  ['AU-VIC', '2025-09-26', 'Friday before the football final', 'AFL Grand Final Friday', false, false],
  ['AU-VIC', '2026-11-03', 'first Tuesday in November', 'Melbourne Cup', false, false],
  ['AU-VIC', '2026-12-31', 'eve of a year that is not known', null, true, true],

  // Uttar Pradesh: the package's civil days and the state's list of festivals
  ['IN-UP', '2026-01-26', 'Republic Day', 'Republic Day', false, false],
  ['IN-UP', '2025-08-15', 'Independence Day', 'Independence Day', false, false],
  ['IN-UP', '2025-08-16', 'Janmashtami', 'Janmashtami', false, false],
  ['IN-UP', '2026-09-04', 'Janmashtami', 'Janmashtami', false, false],
  ['IN-UP', '2026-09-03', 'its eve', null, true, true],
  ['IN-UP', '2026-03-04', 'Holi', 'Holi', false, false],
  ['IN-UP', '2026-03-20', 'the moon may bring Eid a day early', 'Eid-ul-Fitr, if the moon is seen early', false, false],
  ['IN-UP', '2026-10-02', 'Gandhi Jayanti', 'Gandhi Jayanti', false, false],
  ['IN-UP', '2025-10-20', 'Diwali', 'Diwali', false, false],
  ['IN-UP', '2026-11-10', 'between Govardhan Puja and Bhai Dooj', null, true, true],
  ['IN-UP', '2025-12-31', '1 January is none there', null, true, false],
  ['IN-UP', '2026-12-31', 'eve of a year that is not known', null, true, true],

  // China: the other package, by the same door
  ['CN', '2026-02-14', 'Saturday worked in exchange, eve of Spring Festival', null, true, true],
  ['CN', '2026-02-28', 'Saturday worked in exchange', null, true, false],
  ['CN', '2026-10-01', 'National Day', '国庆节', false, false],
])('%s %s: %s', (place, date, _what, holiday, workday, eve) => {
  const calendar = calendarOf(place);
  expect({
    name: calendar.nameOf(date),
    holiday: calendar.isHoliday(date),
    workday: calendar.isWorkday(date),
    eve: calendar.isHolidayEve(date),
  }).toEqual({ name: holiday, holiday: holiday !== null, workday, eve });
});

test.each([
  ['US-NY', [2025, 2026, 2027]],
  ['US-TX', [2025, 2026, 2027]],
  ['GB', [2025, 2026, 2027]],
  ['GB-ENG', [2025, 2026, 2027]],
  ['GB-WLS', [2025, 2026, 2027]],
  ['GB-SCT', [2025, 2026, 2027]],
  ['GB-NIR', [2025, 2026, 2027]],
  ['AU-NSW', [2025, 2026, 2027]],
  ['AU-VIC', [2025, 2026]],
  ['IN-UP', [2025, 2026]],
])('%s answers for %j and for no other year', (place, years) => {
  const calendar = calendarOf(place);
  const all = Array.from({ length: 8 }, (_, index) => 2023 + index);
  expect(all.filter((year) => calendar.coversYear(year))).toEqual(years);
  const unknown = `${years.at(-1)! + 1}-03-10`;
  expect(() => calendar.isHoliday(unknown)).toThrow(HolidaysUnknownError);
  expect(() => calendar.isWorkday(unknown)).toThrow(HolidaysUnknownError);
  expect(() => calendar.isHolidayEve(unknown)).toThrow(HolidaysUnknownError);
  expect(() => calendar.nameOf(unknown)).toThrow(place);
});

test.each(HOLIDAY_PLACES.filter((place) => place !== 'CN'))(
  '%s: no holiday is worked, no weekend is worked, every eve is followed by a holiday or an unknown year',
  (place) => {
    const calendar = calendarOf(place);
    for (let date = '2025-01-01'; calendar.coversYear(Number(date.slice(0, 4))); date = addDays(date, 1)) {
      const next = addDays(date, 1);
      if (calendar.isHoliday(date) || weekday(date) > 5)
        expect([date, calendar.isWorkday(date)]).toEqual([date, false]);
      if (calendar.isHolidayEve(date) && calendar.coversYear(Number(next.slice(0, 4))))
        expect([date, calendar.isHoliday(next)]).toEqual([date, true]);
    }
  },
);

test('China keeps its own calendar', () => {
  expect(calendarOf('CN')).toBe(chineseHolidays);
});

test('a place that is not known is refused, and those known are named', () => {
  expect(() => calendarOf('IN')).toThrow(/"IN" are not known here; known: CN, .*IN-UP/);
  expect(() => calendarOf('constructor')).toThrow(RangeError);
});
