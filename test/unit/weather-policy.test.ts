import { weatherVerdict, type WeatherRule } from '../../src/dunning/weather-policy.js';
import { weatherReportSchema, type WeatherReport } from '../../src/dunning/weather.js';

const CHICAGO = 'America/Chicago';
const CLAUSE = { text: 'PUCT § 25.483(j)', verified: true };
/** Texas: freezing yesterday and for 24 hours, or a heat advisory now or in the two days before. */
const TEXAS: WeatherRule = {
  coldC: 0,
  heatC: null,
  alerts: ['HEAT'],
  alertLookbackDays: 2,
  horizonHours: 24,
  staleAfterHours: 12,
  clause: CLAUSE,
};
const COLD: WeatherRule = { ...TEXAS, alerts: [] };
const ADVISORY: WeatherRule = { ...TEXAS, coldC: null };
const HOT: WeatherRule = { ...TEXAS, coldC: null, alerts: [], heatC: 38 };

/** Tuesday 20 January 2026, ten in the morning in Austin. */
const AT = new Date('2026-01-20T16:00:00Z');
const hours = (count: number, from = AT): Date => new Date(from.getTime() + count * 3_600_000);
const minutes = (count: number): Date => new Date(AT.getTime() + count * 60_000);
const region = 'TX-TRAVIS';

const observed = (maxMilliC: number, date = '2026-01-19', issuedAt = hours(-8)): WeatherReport => ({
  kind: 'OBSERVED',
  region,
  issuedAt,
  date,
  minMilliC: -20_000,
  maxMilliC,
});
const forecast = (maxMilliC: number, from = AT, to = hours(24), issuedAt = hours(-1)): WeatherReport => ({
  kind: 'FORECAST',
  region,
  issuedAt,
  from,
  to,
  minMilliC: -20_000,
  maxMilliC,
});
const alert = (
  kind: 'HEAT' | 'COLD' | 'STORM' | 'NONE',
  issuedAt: Date,
  from = issuedAt,
  to = hours(6, issuedAt),
): WeatherReport => ({ kind: 'ALERT', region, issuedAt, alert: kind, from, to });
/** Day by day, nothing to warn of: 18, 19 and 20 January. */
const QUIET = [alert('NONE', hours(-49)), alert('NONE', hours(-25)), alert('NONE', hours(-1))];

type Row = [what: string, rule: WeatherRule, reports: WeatherReport[], passed: boolean, evidence: RegExp];

test.each<Row>([
  // Cold, at its boundaries
  [
    'high of exactly 0 °C, forecast of exactly 0 °C',
    COLD,
    [observed(0), forecast(0)],
    false,
    /nothing above 0 °C is sure/,
  ],
  ['high of 0.001 °C', COLD, [observed(1), forecast(-5_000)], true, /was 0.001 °C, above 0 °C/],
  ['high of −5 °C, forecast of 0.001 °C', COLD, [observed(-5_000), forecast(1)], true, /0.001 °C is forecast/],
  [
    'high of −5 °C, forecast of −1 °C',
    COLD,
    [observed(-5_000), forecast(-1_000)],
    false,
    /high of 2026-01-19 was -5 °C/,
  ],
  ['warm both days', COLD, [observed(15_000), forecast(18_000)], true, /15 °C/],
  [
    'one warm period within the 24 hours is enough',
    COLD,
    [observed(-1), forecast(-1, AT, hours(4)), forecast(2_000, hours(4), hours(8)), forecast(-1, hours(8), hours(24))],
    true,
    /2 °C is forecast within 24 h/,
  ],
  [
    'a warm period that ends with the 24th hour',
    COLD,
    [observed(-1), forecast(-1, AT, hours(20)), forecast(2_000, hours(20), hours(24))],
    true,
    /2 °C/,
  ],
  [
    'a warm period that ends after the 24th hour proves nothing',
    COLD,
    [observed(-1), forecast(-1, AT, hours(20)), forecast(2_000, hours(20), hours(25))],
    false,
    /sure/,
  ],
  [
    'nor does one that began before now',
    COLD,
    [observed(-1), forecast(2_000, hours(-1), hours(4)), forecast(-1, hours(4), hours(24))],
    false,
    /sure/,
  ],
  // Facts that are missing or stale
  ['nothing on record', COLD, [], false, /temperature of 2026-01-19; no forecast is on record/],
  ['no observation of yesterday', COLD, [forecast(20_000)], false, /nobody has reported the temperature of 2026-01-19/],
  [
    'only an observation of the day before yesterday',
    COLD,
    [observed(20_000, '2026-01-18'), forecast(20_000)],
    false,
    /2026-01-19/,
  ],
  ["only today's observation", COLD, [observed(20_000, '2026-01-20'), forecast(20_000)], false, /2026-01-19/],
  ['no forecast', COLD, [observed(20_000)], false, /no forecast/],
  ['a forecast of 12 hours ago', COLD, [observed(20_000), forecast(20_000, AT, hours(24), hours(-12))], true, /20 °C/],
  [
    'a forecast of 12 hours and a millisecond ago',
    COLD,
    [observed(20_000), forecast(20_000, AT, hours(24), new Date(hours(-12).getTime() - 1))],
    false,
    /older than 12 h/,
  ],
  [
    'a forecast that ends a minute early',
    COLD,
    [observed(20_000), forecast(20_000, AT, minutes(24 * 60 - 1))],
    false,
    /says nothing about 2026-01-21T15:59/,
  ],
  [
    'a forecast with a gap',
    COLD,
    [observed(20_000), forecast(20_000, AT, hours(10)), forecast(20_000, hours(11), hours(24))],
    false,
    /says nothing about 2026-01-21T02:00/,
  ],
  ['a forecast that begins later', COLD, [observed(20_000), forecast(20_000, minutes(1), hours(25))], false, /nothing/],
  [
    'periods in any order, overlapping',
    COLD,
    [forecast(20_000, hours(9), hours(30)), observed(20_000), forecast(20_000, hours(-3), hours(10))],
    true,
    /20 °C/,
  ],
  // What replaces what
  [
    'the newer forecast counts: colder',
    COLD,
    [observed(-1), forecast(9_000, AT, hours(24), hours(-6)), forecast(-1)],
    false,
    /sure/,
  ],
  [
    'the newer forecast counts: warmer',
    COLD,
    [observed(-1), forecast(-1, AT, hours(24), hours(-6)), forecast(9_000)],
    true,
    /9 °C/,
  ],
  [
    'an older forecast does not fill the gaps of a newer one',
    COLD,
    [observed(9_000), forecast(9_000, AT, hours(24), hours(-6)), forecast(9_000, AT, hours(4))],
    false,
    /says nothing/,
  ],
  [
    'a corrected observation counts',
    COLD,
    [observed(5_000, '2026-01-19', hours(-8)), observed(-5_000, '2026-01-19', hours(-2)), forecast(-1)],
    false,
    /-5 °C/,
  ],
  [
    'what will be issued later is not known yet',
    COLD,
    [observed(5_000, '2026-01-19', minutes(1)), forecast(9_000)],
    false,
    /nobody has reported/,
  ],
  ['what is issued this instant is known', COLD, [observed(5_000, '2026-01-19', AT), forecast(9_000)], true, /5 °C/],
  ['a bound in tenths', { ...COLD, coldC: -2.5 }, [observed(-2_500), forecast(-2_500)], false, /above -2.5 °C/],
  ['above a bound in tenths', { ...COLD, coldC: -2.5 }, [observed(-2_499), forecast(-3_000)], true, /-2.499 °C/],

  // Heat by forecast
  ['37.999 °C forecast, bound 38 °C', HOT, [forecast(37_999)], true, /37.999 °C is forecast/],
  ['38 °C forecast, bound 38 °C', HOT, [forecast(38_000)], false, /the bound is 38 °C/],
  [
    'a hot period that only begins within the 24 hours',
    HOT,
    [forecast(20_000, AT, hours(23)), forecast(41_000, hours(23), hours(40))],
    false,
    /41 °C/,
  ],
  [
    'a hot period that begins with the 25th hour',
    HOT,
    [forecast(20_000, AT, hours(24)), forecast(41_000, hours(24), hours(40))],
    true,
    /20 °C/,
  ],
  ['no forecast, with a bound for heat', HOT, [observed(20_000)], false, /no forecast/],

  // Alerts
  ['three quiet days', ADVISORY, QUIET, true, /no HEAT alert since 2026-01-18/],
  ['a heat alert now', ADVISORY, [...QUIET, alert('HEAT', hours(-1))], false, /HEAT alert on 2026-01-20/],
  ['issued now for tomorrow', ADVISORY, [...QUIET, alert('HEAT', AT, hours(24), hours(30))], false, /on 2026-01-20/],
  ['issued yesterday', ADVISORY, [...QUIET, alert('HEAT', hours(-25))], false, /on 2026-01-19/],
  ['issued the day before yesterday', ADVISORY, [...QUIET, alert('HEAT', hours(-49))], false, /on 2026-01-18/],
  [
    'issued in the last minute of the day before that, and ended then',
    ADVISORY,
    [
      ...QUIET,
      alert(
        'HEAT',
        new Date('2026-01-18T05:59:00Z'),
        new Date('2026-01-17T18:00:00Z'),
        new Date('2026-01-18T06:00:00Z'),
      ),
    ],
    true,
    /no HEAT alert/,
  ],
  [
    'ended a minute after midnight two days ago',
    ADVISORY,
    [
      ...QUIET,
      alert(
        'HEAT',
        new Date('2026-01-17T18:00:00Z'),
        new Date('2026-01-17T18:00:00Z'),
        new Date('2026-01-18T06:01:00Z'),
      ),
    ],
    false,
    /on 2026-01-18/,
  ],
  ['an alert of another kind', ADVISORY, [...QUIET, alert('STORM', hours(-2))], true, /no HEAT/],
  [
    'storms count where the rule says so',
    { ...ADVISORY, alerts: ['STORM'] },
    [...QUIET, alert('STORM', hours(-2))],
    false,
    /STORM/,
  ],
  ['no word at all', ADVISORY, [], false, /on 2026-01-18, 2026-01-19, 2026-01-20/],
  ['no word about yesterday', ADVISORY, [QUIET[0]!, QUIET[2]!], false, /whether there was an alert on 2026-01-19/],
  ['no word today', ADVISORY, [QUIET[0]!, QUIET[1]!], false, /on 2026-01-20/],
  [
    'a bulletin for three days says enough about each',
    ADVISORY,
    [alert('NONE', hours(-12), hours(-60), hours(12))],
    true,
    /no HEAT/,
  ],
  [
    'the last word is 12 hours and a millisecond old',
    ADVISORY,
    [alert('NONE', new Date(hours(-12).getTime() - 1), hours(-60), hours(12))],
    false,
    /older than 12 h/,
  ],
  [
    'no look-back: only today counts',
    { ...ADVISORY, alertLookbackDays: 0 },
    [alert('HEAT', hours(-25)), QUIET[2]!],
    true,
    /since 2026-01-20/,
  ],
  ['an alert that will be issued later', ADVISORY, [...QUIET, alert('HEAT', minutes(1))], true, /no HEAT/],

  // Texas as a whole
  ['everything is quiet', TEXAS, [observed(9_000), forecast(9_000), ...QUIET], true, /9 °C.*no HEAT/],
  [
    'warm, but an alert',
    TEXAS,
    [observed(9_000), forecast(9_000), ...QUIET, alert('HEAT', hours(-2))],
    false,
    /^TX-TRAVIS: HEAT/,
  ],
  [
    'cold and an alert: both are told',
    TEXAS,
    [observed(-1), forecast(-1), alert('HEAT', hours(-2))],
    false,
    /high.*HEAT/,
  ],
  ['quiet, but no temperatures', TEXAS, QUIET, false, /nobody has reported the temperature/],
  ['a rule without bounds', { ...COLD, coldC: null }, [], true, /no bound/],
])('%s', (_what, rule, reports, passed, evidence) => {
  const verdict = weatherVerdict(reports, rule, AT, CHICAGO);
  expect({ passed: verdict.passed, evidence: verdict.evidence }).toEqual({
    passed,
    evidence: expect.stringMatching(evidence) as string,
  });
  expect(verdict.clause).toBe(CLAUSE);
});

test('yesterday is a local day: an hour before midnight UTC it is still the day before in Austin', () => {
  const at = new Date('2026-01-21T05:30:00Z'); // 23:30 on the 20th in Austin, 13:30 on the 21st in Shanghai
  const reports = [observed(9_000, '2026-01-19', AT), forecast(9_000, AT, hours(48), AT)];
  expect(weatherVerdict(reports, { ...COLD, staleAfterHours: 24 }, at, CHICAGO).passed).toBe(true);
  expect(weatherVerdict(reports, { ...COLD, staleAfterHours: 24 }, at, 'Asia/Shanghai').passed).toBe(false);
});

test.each<[what: string, at: string, passed: boolean]>([
  ['the hour before clocks go forward', '2026-03-08T07:30:00Z', true],
  ['the hour after', '2026-03-08T08:30:00Z', true],
  ['the day after a day of 23 hours', '2026-03-09T05:30:00Z', false],
])('an alert of 6 March looks back two local days: %s', (_what, at, blocked) => {
  const now = new Date(at);
  const advisory = alert('HEAT', new Date('2026-03-06T18:00:00Z'));
  const later = ['2026-03-07T18:00:00Z', '2026-03-08T18:00:00Z', at].map((text) => alert('NONE', new Date(text)));
  expect(weatherVerdict([advisory, ...later], ADVISORY, now, CHICAGO).passed).toBe(!blocked);
});

const line = {
  kind: 'FORECAST',
  region,
  issuedAt: '2026-01-20T15:00:00Z',
  from: '2026-01-20T16:00:00Z',
  to: '2026-01-21T16:00:00Z',
  minMilliC: -3_000,
  maxMilliC: 2_000,
};
test.each<[what: string, given: object, refusal: RegExp | null]>([
  ['a forecast', line, null],
  ['an offset instead of Z', { ...line, issuedAt: '2026-01-20T09:00:00-06:00' }, null],
  ['an instant without a zone', { ...line, issuedAt: '2026-01-20T15:00:00' }, /issuedAt/],
  ['an unknown key', { ...line, humidity: 3 }, /humidity/],
  ['an unknown kind', { ...line, kind: 'GUESS' }, /kind/],
  ['Fahrenheit in thousandths', { ...line, maxMilliC: 80_000 }, /maxMilliC/],
  ['half a thousandth', { ...line, maxMilliC: 0.5 }, /maxMilliC/],
  ['high below low', { ...line, maxMilliC: -3_001 }, /maxMilliC.*below|below.*maxMilliC/s],
  ['an end before the beginning', { ...line, to: line.from }, /later than from/],
  ['32 days', { ...line, to: '2026-02-21T16:00:00Z' }, /at most 31 days/],
  ['a region with a space', { ...line, region: 'TX TRAVIS' }, /capital letters/],
  [
    'a day that does not exist',
    { kind: 'OBSERVED', region, issuedAt: line.issuedAt, date: '2026-02-29', minMilliC: 0, maxMilliC: 0 },
    /calendar date/,
  ],
  ['an alert', { kind: 'ALERT', region, issuedAt: line.issuedAt, from: line.from, to: line.to, alert: 'HEAT' }, null],
  [
    'an alert of an unknown kind',
    { kind: 'ALERT', region, issuedAt: line.issuedAt, from: line.from, to: line.to, alert: 'FROGS' },
    /alert/,
  ],
])('form of a report: %s', (_what, given, refusal) => {
  const parsed = weatherReportSchema.safeParse(given);
  if (refusal) expect(JSON.stringify(parsed.error?.issues)).toMatch(refusal);
  else expect(parsed.success).toBe(true);
});
