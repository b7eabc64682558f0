import type { PaymentChannelFact } from '../../src/dunning/payment-channel.js';
import { paymentWindow, type PaymentWindowRule } from '../../src/dunning/payment-channel-policy.js';
import { calendarOf, chineseHolidays } from '../../src/platform/holidays.js';

const CLAUSE = { text: 'no cut when nobody can pay and be restored tonight', verified: false };
const RULE: PaymentWindowRule = {
  minOpenMinutes: 120,
  untilTime: '18:00',
  countOnline: false,
  clause: CLAUSE,
  timeZone: 'Asia/Shanghai',
  calendar: chineseHolidays,
};
const ONLINE = { ...RULE, countOnline: true };

const week = (opens: string, closes: string, weekdays: readonly number[]) =>
  weekdays.map((weekday) => ({ weekday, opens, closes }));
const MONDAY_TO_SATURDAY = [1, 2, 3, 4, 5, 6];
const EVERY_DAY = [...MONDAY_TO_SATURDAY, 7];
const counter = (more: Partial<PaymentChannelFact> = {}): PaymentChannelFact => ({
  code: 'LX-01',
  name: 'Lixia counter',
  kind: 'COUNTER',
  hours: week('08:30', '17:30', MONDAY_TO_SATURDAY),
  openOnHolidays: false,
  closedFrom: null,
  closedUntil: null,
  downSince: null,
  ...more,
});
const app = (more: Partial<PaymentChannelFact> = {}): PaymentChannelFact =>
  counter({ code: 'APP', kind: 'APP', hours: week('00:00', '24:00', EVERY_DAY), openOnHolidays: true, ...more });
/** An instant by the clock in Shanghai; Tuesday 10 March 2026 unless a day is named. */
const at = (time: string, date = '2026-03-10'): Date => new Date(`${date}T${time}+08:00`);

type Row = [
  what: string,
  channels: PaymentChannelFact[],
  at: Date,
  passed: boolean,
  evidence: RegExp,
  rule?: PaymentWindowRule,
];

test.each<Row>([
  // Boundaries to the minute: closes at 17:30, two hours are needed
  [
    '15:30:00, exactly two hours',
    [counter()],
    at('15:30:00'),
    true,
    /COUNTER LX-01 is open for 120 min before 18:00, until 17:30/,
  ],
  ['15:30:01, a second short', [counter()], at('15:30:01'), false, /119 min left/],
  ['15:30:00.001', [counter()], at('15:30:00.001'), false, /119 min left/],
  ['15:29:59', [counter()], at('15:29:59'), true, /120 min/],
  ['15:31', [counter()], at('15:31:00'), false, /COUNTER LX-01: 119 min left before 18:00/],
  ['before it opens the time counts from its opening', [counter()], at('03:00:00'), true, /540 min/],
  ['17:30, it closes now', [counter()], at('17:30:00'), false, /closed by then/],
  [
    'the evening ends what counts',
    [counter({ hours: week('08:30', '22:00', EVERY_DAY) })],
    at('16:01:00'),
    false,
    /119 min/,
  ],
  [
    'two hours before the evening',
    [counter({ hours: week('08:30', '22:00', EVERY_DAY) })],
    at('16:00:00'),
    true,
    /until 18:00/,
  ],
  [
    'after the evening',
    [counter({ hours: week('08:30', '22:00', EVERY_DAY) })],
    at('18:00:00'),
    false,
    /closed by then/,
  ],
  [
    'the evening of the policy may be midnight',
    [counter({ hours: week('08:30', '24:00', EVERY_DAY) })],
    at('22:00:00'),
    true,
    /until 24:00/,
    { ...RULE, untilTime: '24:00' },
  ],
  // Breaks
  [
    'a lunch break does not count',
    [counter({ hours: [...week('08:30', '12:00', [2]), ...week('14:00', '15:00', [2])] })],
    at('11:00:00'),
    true,
    /120 min.*until 15:00/,
  ],
  [
    'a lunch break, a minute later',
    [counter({ hours: [...week('08:30', '12:00', [2]), ...week('14:00', '15:00', [2])] })],
    at('11:01:00'),
    false,
    /119 min/,
  ],
  [
    'hours that overlap count once',
    [counter({ hours: [...week('08:30', '16:00', [2]), ...week('15:00', '17:00', [2])] })],
    at('15:01:00'),
    false,
    /119 min/,
  ],
  [
    'hours that touch',
    [counter({ hours: [...week('08:30', '16:00', [2]), ...week('16:00', '17:00', [2])] })],
    at('15:00:00'),
    true,
    /120 min/,
  ],
  // Weekdays
  ['Saturday', [counter()], at('10:00:00', '2026-03-07'), true, /450 min/],
  ['Sunday', [counter()], at('10:00:00', '2026-03-08'), false, /closed on this weekday/],
  [
    'a Sunday worked in exchange: the counter has no hours on it',
    [counter()],
    at('10:00:00', '2026-01-04'),
    false,
    /closed on this weekday/,
  ],
  ['a Saturday worked in exchange', [counter()], at('10:00:00', '2026-02-14'), true, /450 min/],
  // Holidays
  ['eve of National Day', [counter()], at('10:00:00', '2026-09-30'), true, /450 min/],
  ['National Day', [counter()], at('10:00:00', '2026-10-01'), false, /closed on this holiday/],
  [
    'National Day, a counter open on holidays',
    [counter({ openOnHolidays: true })],
    at('10:00:00', '2026-10-01'),
    true,
    /450 min/,
  ],
  [
    'eve of a holiday on which it closes early by notice',
    [counter({ closedFrom: '2026-09-30', closedUntil: '2026-10-08' })],
    at('10:00:00', '2026-09-30'),
    false,
    /closed from 2026-09-30 to 2026-10-08/,
  ],
  [
    'the last day before such a closure',
    [counter({ closedFrom: '2026-09-30', closedUntil: '2026-10-08' })],
    at('10:00:00', '2026-09-29'),
    true,
    /450 min/,
  ],
  [
    'the last day of such a closure',
    [counter({ closedFrom: '2026-03-01', closedUntil: '2026-03-10' })],
    at('10:00:00'),
    false,
    /closed from 2026-03-01/,
  ],
  [
    'the first day after it',
    [counter({ closedFrom: '2026-03-01', closedUntil: '2026-03-09' })],
    at('10:00:00'),
    true,
    /450 min/,
  ],
  ['closed for good', [counter({ closedFrom: '2026-03-01' })], at('10:00:00'), false, /closed from 2026-03-01 on/],
  [
    'a year whose holidays nobody has published',
    [counter()],
    at('10:00:00', '2050-03-08'),
    false,
    /nobody knows this year's holidays/,
  ],
  ['the same, open on holidays', [counter({ openOnHolidays: true })], at('10:00:00', '2050-03-08'), true, /450 min/],
  // Online
  ['only the app, and it does not count', [app()], at('10:00:00'), false, /APP APP: online, does not count/],
  ['only the app, and it counts', [app()], at('10:00:00'), true, /APP APP is open for 480 min/, ONLINE],
  ['the app, Sunday', [app()], at('16:00:00', '2026-03-08'), true, /120 min/, ONLINE],
  [
    'the app is down since this second',
    [app({ downSince: at('10:00:00') })],
    at('10:00:00'),
    false,
    /out of order since/,
    ONLINE,
  ],
  ['the app goes down in a second', [app({ downSince: at('10:00:01') })], at('10:00:00'), true, /480 min/, ONLINE],
  [
    'the app is down, the counter open',
    [app({ downSince: at('09:00:00') }), counter()],
    at('10:00:00'),
    true,
    /COUNTER LX-01/,
    ONLINE,
  ],
  ['online banking is online too', [app({ kind: 'ONLINE_BANK' })], at('10:00:00'), false, /does not count/],
  ['a terminal is not', [app({ kind: 'SELF_SERVICE' })], at('10:00:00'), true, /SELF_SERVICE/],
  [
    'a terminal out of order',
    [app({ kind: 'SELF_SERVICE', downSince: at('09:00:00') })],
    at('10:00:00'),
    false,
    /out of order/,
  ],
  // Several
  [
    'no channel at all',
    [],
    at('10:00:00'),
    false,
    /nowhere 120 min to pay before 18:00: no payment channel is on record/,
  ],
  ['a channel without hours', [counter({ hours: [] })], at('10:00:00'), false, /closed on this weekday/],
  [
    'the one open longest is named',
    [counter(), counter({ code: 'LX-02', hours: week('08:00', '18:00', [2]) })],
    at('15:00:00'),
    true,
    /LX-02 is open for 180 min/,
  ],
  [
    'of two alike the first by code',
    [counter({ code: 'LX-03' }), counter({ code: 'LX-02' })],
    at('15:00:00'),
    true,
    /LX-02/,
  ],
  [
    'two that are short do not add up',
    [counter(), counter({ code: 'LX-02', hours: week('08:00', '16:30', [2]) })],
    at('15:45:00'),
    false,
    /LX-01: 105 min.*LX-02: 45 min/,
  ],
  [
    'at most five are named',
    Array.from({ length: 7 }, (_, n) => counter({ code: `LX-0${n}` })),
    at('17:30:00'),
    false,
    /LX-04.*; and 2 more$/,
  ],
])('%s', (_what, channels, instant, passed, evidence, rule = RULE) => {
  const verdict = paymentWindow(channels, instant, rule);
  expect({ passed: verdict.passed, evidence: verdict.evidence }).toEqual({
    passed,
    evidence: expect.stringMatching(evidence) as string,
  });
  expect(verdict.clause).toBe(CLAUSE);
});

test.each<[what: string, at: string, passed: boolean]>([
  ['Thursday before the substitute day', '2026-07-02T14:00:00-04:00', true],
  ['the substitute day itself', '2026-07-03T14:00:00-04:00', false],
  ['the day clocks go forward, half past one', '2026-03-08T01:30:00-05:00', true],
  ['summer time: 16:00 there is 20:00 UTC', '2026-06-01T20:00:00Z', true],
  ['a minute later', '2026-06-01T20:01:00Z', false],
])('New York: %s', (_what, instant, passed) => {
  const rule = { ...RULE, timeZone: 'America/New_York', calendar: calendarOf('US-NY') };
  const channels = [counter({ hours: week('09:00', '18:00', EVERY_DAY) })];
  expect(paymentWindow(channels, new Date(instant), rule).passed).toBe(passed);
});

test('the verdict does not depend on the order of channels', () => {
  const channels = [counter(), app(), counter({ code: 'LX-02', closedFrom: '2026-01-01' })];
  const instants = ['08:00:00', '15:30:00', '15:31:00', '18:30:00'].map((time) => at(time));
  for (const instant of instants)
    expect(paymentWindow(channels.toReversed(), instant, ONLINE)).toEqual(paymentWindow(channels, instant, ONLINE));
});
