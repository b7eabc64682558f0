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

const ZONE = 'Asia/Kolkata';
const NOTICE = served('CUT_NOTICE', '2026-05-17T12:00:00+05:30', 'RECEIPT');
const ALL_HOLDS = [
  'DISPUTE',
  'COMPLAINT',
  'PAYMENT_PLAN',
  'PROMISE_TO_PAY',
  'HARDSHIP',
  'BANK_LATE',
  'DEPOSIT_UNDER_PROTEST',
  'GUARANTEE',
  'INVESTIGATION',
] as const;

/** Tuesday 2 June 2026, ten in the morning: overdue, 15 clear days (18 May to 1 June) since the notice. */
const base = cuttable({ at: new Date('2026-06-02T10:00:00+05:30'), bills: [bill('2026-05-01')], notices: [NOTICE] });
const notice = (at: string) => ({ notices: [served('CUT_NOTICE', at, 'SIGNATURE')] });

export const indiaPostpaid: Table = {
  policy: presetPolicy('INDIA', 'INDIA-POSTPAID'),
  base,
  rows: [
    ['the case that may be cut', {}, {}],
    ['due today', { bills: [bill('2026-06-02')] }, { OVERDUE_DEBT: '0 days ago', MIN_DEBT: '0.00 INR' }],
    ['one day overdue', { bills: [bill('2026-06-01')] }, {}],
    ['one paisa', { bills: [bill('2026-05-01', { principalOutstandingMinor: 1n })] }, {}],
    [
      'an estimated bill alone',
      { bills: [bill('2026-05-01', { estimated: true })] },
      { MIN_DEBT: '0.00', READING_PROVEN: 'which does not count' },
    ],
    [
      'due two years ago today',
      { bills: [bill('2024-06-02')] },
      { MIN_DEBT: '0.00', DEBT_NOT_TOO_OLD: '1 bill of 1 too old (24 months or more)' },
    ],
    ['due a day less than two years ago', { bills: [bill('2024-06-03')] }, {}],
    ['due two years and a day ago', { bills: [bill('2024-06-01')] }, { MIN_DEBT: '0.00', DEBT_NOT_TOO_OLD: 'too old' }],
    [
      'due on a leap day, two years less two days ago',
      { ...movedTo(base, ZONE, '2026-02-26T10:00:00+05:30'), bills: [bill('2024-02-29')] },
      {},
    ],
    [
      'due on a leap day, two years and two days ago',
      { ...movedTo(base, ZONE, '2026-03-02T10:00:00+05:30'), bills: [bill('2024-02-29')] },
      { MIN_DEBT: '0.00', DEBT_NOT_TOO_OLD: 'too old' },
    ],
    ['no notice', { notices: [] }, { NOTICE_SERVED: 'was never served' }],
    [
      '14 clear days',
      notice('2026-05-18T00:10:00+05:30'),
      { NOTICE_SERVED: '14 days before; the rule is 15 to 60 clear days' },
    ],
    ['15 clear days', notice('2026-05-17T23:50:00+05:30'), {}],
    ['16 clear days', notice('2026-05-16T12:00:00+05:30'), {}],
    ['60 clear days', notice('2026-04-02T12:00:00+05:30'), {}],
    ['61 clear days', notice('2026-04-01T12:00:00+05:30'), { NOTICE_SERVED: '61 days before' }],
    [
      '15 clear days over a leap day',
      { ...movedTo(base, ZONE, '2024-03-05T10:00:00+05:30'), ...notice('2024-02-18T12:00:00+05:30') },
      {},
    ],
    [
      '14 clear days over a leap day',
      { ...movedTo(base, ZONE, '2024-03-05T10:00:00+05:30'), ...notice('2024-02-19T12:00:00+05:30') },
      { NOTICE_SERVED: '14 days before' },
    ],
    [
      'notice failed',
      { notices: [failed('CUT_NOTICE', '2026-05-17T12:00:00+05:30')] },
      { NOTICE_SERVED: 'failed on 2026-05-17' },
    ],
    ...proofRows(
      'notice',
      ['RECEIPT', 'SIGNATURE'],
      (proofKind) => [{ ...NOTICE, proofKind }],
      () => ({ NOTICE_SERVED: 'which does not prove it' }),
    ),
    ...causeRows(['DISPUTE', 'BANK_LATE'], {}),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'], [], []),
    ...holdRows('2026-06-02', '2026-06-01', ALL_HOLDS),
    ...protectionRows('2026-06-02', '2026-06-01', prohibits('LIFE_SUPPORT', 'MEDICAL')),
    ...APPROVAL_ROWS,
    ...weekdayRows(base, ZONE, '2026-06-08T10:00:00+05:30', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
    ...holidayRows(true, movedTo(base, ZONE, '2026-06-06T10:00:00+05:30', { makeUpDay: true }), false),
    ...hourRows(base, ZONE, [
      ['2026-06-02T08:59:59+05:30', false],
      ['2026-06-02T09:00:00+05:30', true],
      ['2026-06-02T14:59:59+05:30', true],
      ['2026-06-02T15:00:00+05:30', false],
    ]),
  ],
};

const TOLD = served('BALANCE_ZERO', '2026-05-30T10:05:00+05:30', 'DELIVERY_REPORT', { billIds: [] });
const OLD = { belowLineSince: new Date('2026-04-01T10:00:00+05:30') };
const told = (at: string) => ({ ...OLD, notices: [{ ...TOLD, createdAt: new Date(at), servedAt: new Date(at) }] });

/** Tuesday 2 June 2026, ten in the morning: one paisa below zero for exactly three days. */
const prepaid = cuttable({
  at: new Date('2026-06-02T10:00:00+05:30'),
  reason: 'PREPAID_EXHAUSTED',
  paymentMode: 'PREPAID',
  bills: [],
  balanceMinor: -1n,
  belowLineSince: new Date('2026-05-30T10:00:00+05:30'),
  notices: [TOLD],
});

export const indiaPrepaid: Table = {
  policy: presetPolicy('INDIA', 'INDIA-UP-PREPAID'),
  base: prepaid,
  rows: [
    ['balance −0.01', {}, {}],
    ['balance −0.02', { balanceMinor: -2n }, {}],
    ['balance 0', { balanceMinor: 0n }, { PREPAID_BALANCE: 'balance 0.00 INR' }],
    ['balance 0.01', { balanceMinor: 1n }, { PREPAID_BALANCE: 'balance 0.01 INR' }],
    [
      'a minute less than three days',
      { belowLineSince: new Date('2026-05-30T10:01:00+05:30') },
      { PREPAID_GRACE: '4319 minutes; the grace is 4320 minutes' },
    ],
    ['three days and a minute', { belowLineSince: new Date('2026-05-30T09:59:00+05:30') }, {}],
    ['nobody knows since when', { belowLineSince: null }, { PREPAID_GRACE: 'nobody knows' }],
    [
      'told before the balance fell',
      { notices: [{ ...TOLD, createdAt: new Date('2026-05-30T09:59:00+05:30') }] },
      { NOTICE_SERVED: 'from before 2026-05-30' },
    ],
    ['never told', { notices: [] }, { NOTICE_SERVED: 'BALANCE_ZERO was never served' }],
    ['told today', told('2026-06-02T00:10:00+05:30'), { NOTICE_SERVED: '0 days before; the rule is 1 to 30 days' }],
    ['told yesterday', told('2026-06-01T23:50:00+05:30'), {}],
    ['told 30 days ago', told('2026-05-03T12:00:00+05:30'), {}],
    ['told 31 days ago', told('2026-05-02T12:00:00+05:30'), { NOTICE_SERVED: '31 days before' }],
    [
      'the message failed',
      { notices: [failed('BALANCE_ZERO', '2026-05-30T10:05:00+05:30')] },
      { NOTICE_SERVED: 'failed' },
    ],
    ...proofRows(
      'the message',
      ['DELIVERY_REPORT'],
      (proofKind) => [{ ...TOLD, proofKind }],
      () => ({ NOTICE_SERVED: 'which does not prove it' }),
    ),
    ...causeRows([], {}),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'], [], []),
    ...holdRows('2026-06-02', '2026-06-01', ALL_HOLDS),
    ...protectionRows('2026-06-02', '2026-06-01', prohibits('LIFE_SUPPORT', 'MEDICAL')),
    ...APPROVAL_ROWS,
    ...weekdayRows(prepaid, ZONE, '2026-06-08T10:00:00+05:30', [
      'Monday',
      'Tuesday',
      'Wednesday',
      'Thursday',
      'Friday',
    ]),
    ...holidayRows(false, movedTo(prepaid, ZONE, '2026-06-06T10:00:00+05:30', { makeUpDay: true }), false),
    ...hourRows(prepaid, ZONE, [
      ['2026-06-02T07:59:59+05:30', false],
      ['2026-06-02T08:00:00+05:30', true],
      ['2026-06-02T17:59:59+05:30', true],
      ['2026-06-02T18:00:00+05:30', false],
    ]),
  ],
};
