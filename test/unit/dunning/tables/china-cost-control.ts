import {
  bill,
  cuttable,
  failed,
  lastCall,
  movedTo,
  presetPolicy,
  served,
  type Row,
  type Table,
} from '../support/cuttable.js';
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

const ZONE = 'Asia/Shanghai';
const TOLD = served('BELOW_ZERO', '2026-03-10T09:29:00+08:00', 'DELIVERY_REPORT', { billIds: [] });
const CALL = lastCall('2026-03-10T09:30:00+08:00', 'DELIVERY_REPORT', { billIds: [] });

/** Tuesday 10 March 2026, ten in the morning: one fen below zero since 09:00, told at 09:29, last call at 09:30. */
const base = cuttable({
  at: new Date('2026-03-10T10:00:00+08:00'),
  reason: 'PREPAID_EXHAUSTED',
  paymentMode: 'PREPAID',
  bills: [],
  balanceMinor: -1n,
  belowLineSince: new Date('2026-03-10T09:00:00+08:00'),
  notices: [TOLD, CALL],
  paymentWindow: { passed: true, evidence: 'top up online at any time' },
});
/** Told and called anew since the balance fell below zero, so that only the grace decides. */
const since = (time: string) => ({ belowLineSince: new Date(`2026-03-10T${time}+08:00`) });
const told = (at: string) => ({
  belowLineSince: new Date('2026-02-20T10:00:00+08:00'),
  notices: [{ ...TOLD, createdAt: new Date(at), servedAt: new Date(at) }, CALL],
});
const call = (time: string) => ({
  ...since('07:00:00'),
  notices: [
    { ...TOLD, createdAt: new Date('2026-03-10T07:30:00+08:00') },
    lastCall(`2026-03-10T${time}+08:00`, 'DELIVERY_REPORT'),
  ],
});

const balance: Row[] = [
  ['balance −0.01', {}, {}],
  ['balance 0', { balanceMinor: 0n }, { PREPAID_BALANCE: 'balance 0.00 CNY; a cut needs less than 0.00 CNY' }],
  ['balance 0.01', { balanceMinor: 1n }, { PREPAID_BALANCE: 'balance 0.01 CNY' }],
  ['balance −0.02', { balanceMinor: -2n }, {}],
  ['balance −500.00', { balanceMinor: -50_000n }, {}],
  ['balance 10.00, at a warn line', { balanceMinor: 1_000n }, { PREPAID_BALANCE: 'balance 10.00 CNY' }],
  [
    'old bills do not count beside a balance',
    { bills: [bill('2025-01-01')], balanceMinor: 0n },
    { PREPAID_BALANCE: '0.00 CNY' },
  ],
  [
    'below for 29 minutes',
    { ...since('09:31:00'), notices: [{ ...TOLD, createdAt: new Date('2026-03-10T09:31:00+08:00') }, CALL] },
    { PREPAID_GRACE: 'below the line for 29 minutes; the grace is 30 minutes', LAST_CALL: 'no last call' },
  ],
  [
    'below for a second less than 30 minutes',
    { ...since('09:30:01'), notices: [{ ...TOLD, createdAt: new Date('2026-03-10T09:30:01+08:00') }, CALL] },
    { PREPAID_GRACE: '29 minutes', LAST_CALL: 'no last call' },
  ],
  [
    'below for 30 minutes, told and called in the same minute',
    {
      ...since('09:30:00'),
      notices: [
        { ...TOLD, createdAt: new Date('2026-03-10T09:30:00+08:00'), servedAt: new Date('2026-03-10T09:30:00+08:00') },
        CALL,
      ],
    },
    {},
  ],
  ['below for 31 minutes', { ...since('09:29:00') }, {}],
  ['nobody knows since when', { belowLineSince: null }, { PREPAID_GRACE: 'nobody knows since when' }],
];

const notices: Row[] = [
  ['never told', { notices: [CALL] }, { NOTICE_SERVED: 'BELOW_ZERO was never served' }],
  [
    'told before the balance fell',
    { ...since('09:29:30') },
    { NOTICE_SERVED: 'from before 2026-03-10, when this debt came back' },
  ],
  [
    'the message failed',
    { notices: [failed('BELOW_ZERO', '2026-03-10T09:29:00+08:00'), CALL] },
    { NOTICE_SERVED: 'BELOW_ZERO failed on 2026-03-10' },
  ],
  [
    'the message failed, the call reached',
    { notices: [failed('BELOW_ZERO', '2026-03-10T09:28:00+08:00'), { ...TOLD, proofKind: 'CALL_RECORD' }, CALL] },
    {},
  ],
  ['told today', {}, {}],
  ['told yesterday', told('2026-03-09T10:00:00+08:00'), {}],
  ['told 7 days ago', told('2026-03-03T10:00:00+08:00'), {}],
  ['told 8 days ago', told('2026-03-02T10:00:00+08:00'), { NOTICE_SERVED: '8 days before; the rule is 0 to 7 days' }],
  ['a warning at 10 yuan failed', { notices: [failed('WARN_10', '2026-03-09T10:00:00+08:00'), TOLD, CALL] }, {}],
  ...proofRows(
    'the message',
    ['DELIVERY_REPORT', 'CALL_RECORD'],
    (proofKind) => [{ ...TOLD, proofKind }, CALL],
    () => ({ NOTICE_SERVED: 'which does not prove it' }),
  ),
  ...proofRows(
    'last call',
    ['DELIVERY_REPORT', 'CALL_RECORD'],
    (proofKind) => [TOLD, { ...CALL, proofKind }],
    () => ({ LAST_CALL: 'no last call is proven' }),
  ),
  ['last call 29 minutes ago', call('09:31:00'), { LAST_CALL: 'last call 29 minutes ago' }],
  ['last call 30 minutes ago', call('09:30:00'), {}],
  ['last call 31 minutes ago', call('09:29:00'), {}],
  ['last call 120 minutes ago', call('08:00:00'), {}],
  ['last call 121 minutes ago', call('07:59:00'), { LAST_CALL: '121 minutes ago' }],
];

export const chinaCostControl: Table = {
  policy: presetPolicy('CHINA', 'CHINA-COST-CONTROL'),
  base,
  rows: [
    ...balance,
    ...notices,
    ...causeRows([], {}),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'], ['RESIDENTIAL'], []),
    ['a postpaid account', { paymentMode: 'POSTPAID' }, { POLICY_APPLIES: 'is not for RESIDENTIAL, POSTPAID' }],
    ['rating A has no grace here', { creditRating: 'A' }, {}],
    ...holdRows('2026-03-10', '2026-03-09', [
      'DISPUTE',
      'COMPLAINT',
      'PAYMENT_PLAN',
      'PROMISE_TO_PAY',
      'HARDSHIP',
      'BANK_LATE',
      'DEPOSIT_UNDER_PROTEST',
      'GUARANTEE',
      'INVESTIGATION',
    ]),
    ...protectionRows(
      '2026-03-10',
      '2026-03-09',
      prohibits('LIFE_SUPPORT', 'MEDICAL', 'LONE_ELDERLY', 'LOW_INCOME', 'INFANT', 'DISABLED', 'IMPORTANT_USER'),
    ),
    ...APPROVAL_ROWS,
    ...weekdayRows(base, ZONE, '2026-03-09T10:00:00+08:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']),
    ...holidayRows(true, movedTo(base, ZONE, '2026-02-28T10:00:00+08:00', { makeUpDay: true }), true),
    ...hourRows(base, ZONE, [
      ['2026-03-10T08:59:59+08:00', false],
      ['2026-03-10T09:00:00+08:00', true],
      ['2026-03-10T15:59:59+08:00', true],
      ['2026-03-10T16:00:00+08:00', false],
    ]),
    [
      'no way to top up this evening',
      { paymentWindow: { passed: false, evidence: 'online payment is down' } },
      { PAYMENT_WINDOW: 'down' },
    ],
    ['nobody knows how to top up', { paymentWindow: null }, { PAYMENT_WINDOW: 'unknown' }],
  ],
};
