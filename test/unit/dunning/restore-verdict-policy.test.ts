import {
  endOfLocalDay,
  promiseOf,
  restoreVerdicts,
  type RestorePromise,
  type RestoreFacts,
} from '../../../src/dunning/restore-verdict-policy.js';

const CN: RestorePromise = { timeZone: 'Asia/Shanghai', sameDay: true, slaMinutes: 1_440 };
const NY: RestorePromise = { timeZone: 'America/New_York', sameDay: true, slaMinutes: 1_440 };
const UK: RestorePromise = { timeZone: 'Europe/London', sameDay: true, slaMinutes: 1_440 };
const UP: RestorePromise = { timeZone: 'Asia/Kolkata', sameDay: true, slaMinutes: 120 };
const NOT_SAME_DAY: RestorePromise = { ...CN, sameDay: false };

/** What is off, in short: proven at, or '-'; then since when power is not due there, if ever. */
type Point = readonly [proven: string, notDueFrom?: string];
const restore = (postedAt: string, [proven, notDueFrom]: Point): RestoreFacts => ({
  orderedAt: new Date(postedAt),
  provenAt: proven === '-' ? null : new Date(proven),
  notDueFrom: notDueFrom ? new Date(notDueFrom) : null,
});

// Local noon of 10 March in China is 04:00Z. Zone offsets: CN +8, UP +5:30, NY -5/-4 (from 8 March 2026, 2 h), UK 0/+1 (from 29 March 2026, 1 h).
const ROWS: readonly (readonly [
  what: string,
  promise: RestorePromise,
  posted: string,
  points: readonly Point[],
  now: string,
  sameDay: string,
  withinSla: string,
])[] = [
  ['dark, one minute later', CN, '2026-03-10T04:00:00Z', [['-']], '2026-03-10T04:01:00Z', 'PENDING', 'PENDING'],
  ['lit after a minute', CN, '2026-03-10T04:00:00Z', [['2026-03-10T04:01:00Z']], '2026-03-10T05:00:00Z', 'MET', 'MET'],
  [
    'lit at the instant of posting',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T04:00:00Z']],
    '2026-03-10T04:00:00Z',
    'MET',
    'MET',
  ],
  [
    'lit at 23:59:59.999',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T15:59:59.999Z']],
    '2026-03-10T16:00:00Z',
    'MET',
    'MET',
  ],
  [
    'lit at midnight exactly',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T16:00:00Z']],
    '2026-03-10T16:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'lit one millisecond after midnight',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T16:00:00.001Z']],
    '2026-03-10T17:00:00Z',
    'BREACHED',
    'MET',
  ],
  ['dark at 23:59:59.999', CN, '2026-03-10T04:00:00Z', [['-']], '2026-03-10T15:59:59.999Z', 'PENDING', 'PENDING'],
  ['dark at midnight', CN, '2026-03-10T04:00:00Z', [['-']], '2026-03-10T16:00:00Z', 'BREACHED', 'PENDING'],
  [
    'lit 24 hours later exactly',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-11T04:00:00Z']],
    '2026-03-12T04:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'lit 24 hours and 1 ms later',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-11T04:00:00.001Z']],
    '2026-03-12T04:00:00Z',
    'BREACHED',
    'BREACHED',
  ],
  ['dark 24 hours later exactly', CN, '2026-03-10T04:00:00Z', [['-']], '2026-03-11T04:00:00Z', 'BREACHED', 'PENDING'],
  [
    'dark 24 hours and 1 ms later',
    CN,
    '2026-03-10T04:00:00Z',
    [['-']],
    '2026-03-11T04:00:00.001Z',
    'BREACHED',
    'BREACHED',
  ],
  [
    'lit a week later',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-17T04:00:00Z']],
    '2026-03-18T04:00:00Z',
    'BREACHED',
    'BREACHED',
  ],
  [
    'posted at 23:58, lit at 23:59',
    CN,
    '2026-03-10T15:58:00Z',
    [['2026-03-10T15:59:00Z']],
    '2026-03-10T16:30:00Z',
    'MET',
    'MET',
  ],
  [
    'posted at 23:58, lit at 00:01',
    CN,
    '2026-03-10T15:58:00Z',
    [['2026-03-10T16:01:00Z']],
    '2026-03-10T16:30:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'posted at 23:59:59.999, dark at midnight',
    CN,
    '2026-03-10T15:59:59.999Z',
    [['-']],
    '2026-03-10T16:00:00Z',
    'BREACHED',
    'PENDING',
  ],
  [
    'posted at 00:00:00, lit at 23:59',
    CN,
    '2026-03-10T16:00:00Z',
    [['2026-03-11T15:59:00Z']],
    '2026-03-12T00:00:00Z',
    'MET',
    'MET',
  ],
  [
    'posted at 00:00:00, lit at 24:00: both clocks end together',
    CN,
    '2026-03-10T16:00:00Z',
    [['2026-03-11T16:00:00Z']],
    '2026-03-12T00:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'the UTC day changes, the Chinese does not',
    CN,
    '2026-03-09T23:59:00Z',
    [['2026-03-10T00:01:00Z']],
    '2026-03-10T01:00:00Z',
    'MET',
    'MET',
  ],
  [
    'New Year’s Eve into the new year',
    CN,
    '2026-12-31T15:00:00Z',
    [['2026-12-31T16:00:00Z']],
    '2026-12-31T17:00:00Z',
    'BREACHED',
    'MET',
  ],
  ['29 February', CN, '2028-02-29T04:00:00Z', [['2028-02-29T15:59:00Z']], '2028-03-01T04:00:00Z', 'MET', 'MET'],
  [
    '28 February to 29 February',
    CN,
    '2028-02-28T04:00:00Z',
    [['2028-02-28T16:00:00Z']],
    '2028-02-29T04:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'two hours in Uttar Pradesh, to the second',
    UP,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T06:00:00Z']],
    '2026-03-10T07:00:00Z',
    'MET',
    'MET',
  ],
  [
    'two hours and a millisecond',
    UP,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T06:00:00.001Z']],
    '2026-03-10T07:00:00Z',
    'MET',
    'BREACHED',
  ],
  ['dark after 119 minutes', UP, '2026-03-10T04:00:00Z', [['-']], '2026-03-10T05:59:00Z', 'PENDING', 'PENDING'],
  ['dark after 121 minutes', UP, '2026-03-10T04:00:00Z', [['-']], '2026-03-10T06:01:00Z', 'PENDING', 'BREACHED'],
  [
    'the half-hour zone: lit at 23:59 local',
    UP,
    '2026-03-10T17:00:00Z',
    [['2026-03-10T18:29:00Z']],
    '2026-03-10T19:30:00Z',
    'MET',
    'MET',
  ],
  [
    'the half-hour zone: lit at midnight local',
    UP,
    '2026-03-10T17:00:00Z',
    [['2026-03-10T18:30:00Z']],
    '2026-03-10T19:30:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'spring forward: the day has 23 hours, lit in its last minute',
    NY,
    '2026-03-08T05:30:00Z',
    [['2026-03-09T03:59:00Z']],
    '2026-03-10T00:00:00Z',
    'MET',
    'MET',
  ],
  [
    'spring forward: 23 hours after 00:30 is the next day already',
    NY,
    '2026-03-08T05:30:00Z',
    [['2026-03-09T04:30:00Z']],
    '2026-03-10T00:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'spring forward: the SLA counts real hours',
    NY,
    '2026-03-08T05:30:00Z',
    [['2026-03-09T05:30:00Z']],
    '2026-03-10T00:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'fall back: the day has 25 hours, 24.5 hours later it is the same day',
    NY,
    '2026-11-01T04:10:00Z',
    [['2026-11-02T04:40:00Z']],
    '2026-11-03T00:00:00Z',
    'MET',
    'BREACHED',
  ],
  [
    'fall back: midnight after 25 hours',
    NY,
    '2026-11-01T04:10:00Z',
    [['2026-11-02T05:00:00Z']],
    '2026-11-03T00:00:00Z',
    'BREACHED',
    'BREACHED',
  ],
  [
    'fall back: dark after 24 hours and 20 minutes',
    NY,
    '2026-11-01T04:10:00Z',
    [['-']],
    '2026-11-02T04:30:00Z',
    'PENDING',
    'BREACHED',
  ],
  [
    'London, the last Sunday of March: 23 hours',
    UK,
    '2026-03-29T00:00:00Z',
    [['2026-03-29T22:59:59.999Z']],
    '2026-03-31T00:00:00Z',
    'MET',
    'MET',
  ],
  [
    'London, the midnight after it',
    UK,
    '2026-03-29T00:00:00Z',
    [['2026-03-29T23:00:00Z']],
    '2026-03-31T00:00:00Z',
    'BREACHED',
    'MET',
  ],
  [
    'London, the last Sunday of October: 25 hours',
    UK,
    '2026-10-24T23:00:00Z',
    [['2026-10-25T23:59:00Z']],
    '2026-10-27T00:00:00Z',
    'MET',
    'BREACHED',
  ],
  [
    'two places, both lit',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T04:01:00Z'], ['2026-03-10T05:00:00Z']],
    '2026-03-10T06:00:00Z',
    'MET',
    'MET',
  ],
  [
    'two places, one dark',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T04:01:00Z'], ['-']],
    '2026-03-10T06:00:00Z',
    'PENDING',
    'PENDING',
  ],
  [
    'two places, one dark at midnight',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T04:01:00Z'], ['-']],
    '2026-03-10T16:00:00Z',
    'BREACHED',
    'PENDING',
  ],
  [
    'two places, one late and one dark',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T17:00:00Z'], ['-']],
    '2026-03-10T18:00:00Z',
    'BREACHED',
    'PENDING',
  ],
  [
    'found unsafe before the deadlines',
    CN,
    '2026-03-10T04:00:00Z',
    [['-', '2026-03-10T05:00:00Z']],
    '2026-03-12T00:00:00Z',
    'NOT_OWED',
    'NOT_OWED',
  ],
  [
    'found unsafe after midnight',
    CN,
    '2026-03-10T04:00:00Z',
    [['-', '2026-03-10T17:00:00Z']],
    '2026-03-12T00:00:00Z',
    'BREACHED',
    'NOT_OWED',
  ],
  [
    'found unsafe after both',
    CN,
    '2026-03-10T04:00:00Z',
    [['-', '2026-03-11T05:00:00Z']],
    '2026-03-12T00:00:00Z',
    'BREACHED',
    'BREACHED',
  ],
  [
    'lit, then cut for another reason the same day',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-10T04:01:00Z', '2026-03-10T06:00:00Z']],
    '2026-03-12T00:00:00Z',
    'MET',
    'MET',
  ],
  [
    'unsafe in time, and lit when that was mended',
    CN,
    '2026-03-10T04:00:00Z',
    [['2026-03-13T04:00:00Z', '2026-03-10T06:00:00Z']],
    '2026-03-14T00:00:00Z',
    'NOT_OWED',
    'NOT_OWED',
  ],
  [
    'one place unsafe, the other lit',
    CN,
    '2026-03-10T04:00:00Z',
    [['-', '2026-03-10T06:00:00Z'], ['2026-03-10T04:01:00Z']],
    '2026-03-12T00:00:00Z',
    'MET',
    'MET',
  ],
  [
    'one place unsafe, the other dark',
    CN,
    '2026-03-10T04:00:00Z',
    [['-', '2026-03-10T06:00:00Z'], ['-']],
    '2026-03-12T00:00:00Z',
    'BREACHED',
    'BREACHED',
  ],
  [
    'the same day was not promised',
    NOT_SAME_DAY,
    '2026-03-10T04:00:00Z',
    [['2026-03-11T03:00:00Z']],
    '2026-03-12T00:00:00Z',
    'NOT_OWED',
    'MET',
  ],
  ['nothing was off', CN, '2026-03-10T04:00:00Z', [], '2026-03-12T00:00:00Z', 'NOT_OWED', 'NOT_OWED'],
];

test.each(ROWS)('%s', (_what, promise, posted, points, now, sameDay, withinSla) => {
  const facts = {
    startedAt: new Date(posted),
    clearedDebt: true,
    restores: points.map((point) => restore(posted, point)),
  };
  const verdicts = restoreVerdicts(facts, promise, new Date(now));
  expect([verdicts.sameDay.outcome, verdicts.withinSla.outcome]).toEqual([sameDay, withinSla]);
});

test('the table has the rows the rule asks for', () => expect(ROWS.length).toBeGreaterThanOrEqual(40));

test('a payment that leaves something overdue is owed nothing', () => {
  const facts = { startedAt: new Date('2026-03-10T04:00:00Z'), clearedDebt: false, restores: [] };
  const { sameDay } = restoreVerdicts(facts, CN, new Date('2026-03-12T00:00:00Z'));
  expect(sameDay).toEqual({ outcome: 'NOT_OWED', deadlineAt: null, provenAt: null, notOwedReason: 'DEBT_REMAINS' });
});

test('a verdict names its deadline, and the proof of the last place', () => {
  const startedAt = new Date('2026-03-10T04:00:00Z');
  const restores = [
    restore(startedAt.toISOString(), ['2026-03-10T05:00:00Z']),
    restore(startedAt.toISOString(), ['2026-03-10T04:30:00Z']),
  ];
  const { sameDay, withinSla } = restoreVerdicts({ startedAt, clearedDebt: true, restores }, CN, startedAt);
  expect(sameDay.deadlineAt).toEqual(new Date('2026-03-10T16:00:00Z'));
  expect(withinSla.deadlineAt).toEqual(new Date('2026-03-11T04:00:00Z'));
  expect(sameDay.provenAt).toEqual(new Date('2026-03-10T05:00:00Z'));
});

test.each([
  ['Asia/Shanghai', '2026-03-10T15:59:59.999Z', '2026-03-10T16:00:00.000Z'],
  ['Asia/Shanghai', '2026-03-10T16:00:00.000Z', '2026-03-11T16:00:00.000Z'],
  ['America/New_York', '2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z'],
  ['America/New_York', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
])('in %s the day of %s ends at %s', (zone, at, end) => {
  expect(endOfLocalDay(new Date(at), zone).toISOString()).toBe(end);
});

test('without a policy the company’s own promise holds', () => {
  expect(promiseOf(undefined, 'Asia/Shanghai')).toEqual(CN);
  const reconnect = { sameDay: false, slaMinutes: 60 };
  expect(promiseOf({ timeZone: 'UTC', reconnect }, 'Asia/Shanghai')).toEqual({ timeZone: 'UTC', ...reconnect });
});
