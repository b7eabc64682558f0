import { bill, cuttable, failed, movedTo, presetPolicy, served, type Table } from '../support/cuttable.js';
import {
  APPROVAL_ROWS,
  causeRows,
  classRows,
  contactRows,
  holdRows,
  holidayRows,
  hourRows,
  prohibits,
  proofRows,
  protectionRows,
  weekdayRows,
} from '../support/families.js';

const ZONE = 'America/Chicago';
const NOTICE = served('DISCONNECTION_NOTICE', '2026-05-23T12:00:00-05:00', 'RECEIPT');

/** Tuesday 2 June 2026, ten in the morning: 11 days overdue, notice served ten days ago, mild weather. */
const base = cuttable({
  at: new Date('2026-06-02T10:00:00-05:00'),
  bills: [bill('2026-05-22')],
  notices: [NOTICE],
  weather: { passed: true, evidence: 'yesterday 28 °C, no advisory' },
});
const notice = (at: string) => ({ notices: [served('DISCONNECTION_NOTICE', at, 'SIGNATURE')] });
const weather = (evidence: string) => ({ weather: { passed: false, evidence } });

export const texas: Table = {
  policy: presetPolicy('TEXAS', 'TEXAS'),
  base,
  rows: [
    ['the case that may be cut', {}, {}],
    ['10 days overdue', { bills: [bill('2026-05-23')] }, { OVERDUE_DEBT: '10 days ago', MIN_DEBT: '0.00 USD' }],
    ['11 days overdue', { bills: [bill('2026-05-22')] }, {}],
    ['one cent', { bills: [bill('2026-05-22', { principalOutstandingMinor: 1n })] }, {}],
    ['an estimated bill counts', { bills: [bill('2026-05-22', { estimated: true })] }, {}],
    ['no notice', { notices: [] }, { NOTICE_SERVED: 'was never served' }],
    [
      'notice 9 days ago',
      notice('2026-05-24T12:00:00-05:00'),
      { NOTICE_SERVED: '9 days before; the rule is 10 to 60 days' },
    ],
    ['notice 10 days ago', notice('2026-05-23T12:00:00-05:00'), {}],
    ['notice 60 days ago', notice('2026-04-03T12:00:00-05:00'), {}],
    ['notice 61 days ago', notice('2026-04-02T12:00:00-05:00'), { NOTICE_SERVED: '61 days before' }],
    [
      'notice failed',
      { notices: [failed('DISCONNECTION_NOTICE', '2026-05-23T12:00:00-05:00')] },
      { NOTICE_SERVED: 'failed on 2026-05-23' },
    ],
    [
      'notice ten days ago over the spring jump',
      { ...movedTo(base, ZONE, '2026-03-09T10:00:00-05:00'), ...notice('2026-02-27T23:30:00-06:00') },
      {},
    ],
    [
      'notice nine days ago over the spring jump',
      { ...movedTo(base, ZONE, '2026-03-09T10:00:00-05:00'), ...notice('2026-02-28T00:30:00-06:00') },
      { NOTICE_SERVED: '9 days before' },
    ],
    ...proofRows(
      'notice',
      ['RECEIPT', 'SIGNATURE'],
      (proofKind) => [{ ...NOTICE, proofKind }],
      () => ({ NOTICE_SERVED: 'which does not prove it' }),
    ),
    [
      'freezing yesterday and for 24 hours',
      weather('yesterday 0.0 °C, forecast -1.0 °C'),
      { WEATHER: 'yesterday 0.0 °C' },
    ],
    ['a heat advisory two days ago', weather('heat advisory of 2026-05-31'), { WEATHER: 'heat advisory' }],
    ['nobody knows the weather', { weather: null }, { WEATHER: 'unknown' }],
    ...causeRows(['BANK_LATE'], {}),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL', 'COMMERCIAL'], [], []),
    ...holdRows('2026-06-02', '2026-06-01', [
      'GUARANTEE',
      'DISPUTE',
      'COMPLAINT',
      'PAYMENT_PLAN',
      'PROMISE_TO_PAY',
      'HARDSHIP',
      'BANK_LATE',
      'INVESTIGATION',
    ]),
    ...protectionRows('2026-06-02', '2026-06-01', prohibits('LIFE_SUPPORT', 'MEDICAL')),
    ...APPROVAL_ROWS,
    ...weekdayRows(base, ZONE, '2026-06-08T10:00:00-05:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
    ...holidayRows(true, movedTo(base, ZONE, '2026-06-06T10:00:00-05:00', { makeUpDay: true }), false),
    ...hourRows(base, ZONE, [
      ['2026-06-02T07:59:59-05:00', false],
      ['2026-06-02T08:00:00-05:00', true],
      ['2026-06-02T15:59:59-05:00', true],
      ['2026-06-02T16:00:00-05:00', false],
      ['2026-03-09T07:59:00-05:00', false],
      ['2026-03-09T08:00:00-05:00', true],
      ['2026-11-02T07:59:00-06:00', false],
      ['2026-11-02T08:00:00-06:00', true],
    ]),
  ],
};
