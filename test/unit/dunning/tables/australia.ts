import type { NoticeFact } from '../../../../src/dunning/cut-facts.js';
import { PROOF_KINDS } from '../../../../src/dunning/words.js';
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

const ZONE = 'Australia/Sydney';
const REMINDER = served('REMINDER_NOTICE', '2026-05-05T12:00:00+10:00', null, {
  purpose: 'REMINDER',
  state: 'SENT',
  servedAt: null,
});
const WARNING = served('WARNING_NOTICE', '2026-05-19T12:00:00+10:00', 'RECEIPT');
const CALL = lastCall('2026-06-02T09:00:00+10:00');

/** Tuesday 2 June 2026, ten in the morning: reminder, 14 days, warning, 14 days, last contact an hour ago; $300.00 owed. */
const base = cuttable({
  at: new Date('2026-06-02T10:00:00+10:00'),
  bills: [bill('2026-05-04', { principalOutstandingMinor: 30_000n })],
  notices: [REMINDER, WARNING, CALL],
  weather: { passed: true, evidence: 'no extreme weather event' },
});
const owes = (minor: bigint) => ({ bills: [bill('2026-05-04', { principalOutstandingMinor: minor })] });
const agreed = (kind: 'PROMISE_TO_PAY' | 'PAYMENT_PLAN', until: string | null = null) => ({
  holds: [{ holdId: 'H1', kind, until }],
});
const notices = (...list: NoticeFact[]) => ({ notices: list });
const reminder = (at: string): NoticeFact => ({ ...REMINDER, createdAt: new Date(at) });
const warning = (at: string) => served('WARNING_NOTICE', at, 'RECEIPT');
const call = (at: string) => notices(REMINDER, WARNING, lastCall(at));
const on = (at: string, calendar = {}) => movedTo(base, ZONE, at, calendar);

const debt: Row[] = [
  ['the case that may be cut', {}, {}],
  [
    'due today',
    { bills: [bill('2026-06-02', { principalOutstandingMinor: 30_000n })] },
    { OVERDUE_DEBT: '0 days ago', MIN_DEBT: '0.00 AUD' },
  ],
  ['one day overdue', { bills: [bill('2026-06-01', { principalOutstandingMinor: 30_000n })] }, {}],
  ['$0.01 without an agreement', owes(1n), {}],
  ['$299.99 without an agreement', owes(29_999n), {}],
  [
    '$299.99 with an agreement',
    { ...owes(29_999n), ...agreed('PROMISE_TO_PAY') },
    { MIN_DEBT: '299.99 AUD of principal counts; at least 300.00 AUD is needed while the customer has agreed to pay' },
  ],
  ['$300.00 with an agreement', { ...owes(30_000n), ...agreed('PROMISE_TO_PAY') }, {}],
  [
    '$299.99 with an agreement until today',
    { ...owes(29_999n), ...agreed('PROMISE_TO_PAY', '2026-06-02') },
    { MIN_DEBT: '299.99' },
  ],
  // Nobody has said yet that it was broken: an agreement is one until it is ended.
  [
    '$299.99 with an agreement until yesterday, not ended',
    { ...owes(29_999n), ...agreed('PROMISE_TO_PAY', '2026-06-01') },
    { MIN_DEBT: '299.99' },
  ],
  [
    '$299.99 on a payment plan',
    { ...owes(29_999n), ...agreed('PAYMENT_PLAN') },
    { MIN_DEBT: '299.99', NO_HOLD: 'PAYMENT_PLAN' },
  ],
  ['an estimated bill counts', { bills: [bill('2026-05-04', { estimated: true })] }, {}],
];

const steps: Row[] = [
  ['no reminder', notices(WARNING, CALL), { MANDATORY_NOTICES: 'REMINDER_NOTICE of bill B1 was never served' }],
  [
    'reminder only prepared',
    notices({ ...REMINDER, state: 'PREPARED' }, WARNING, CALL),
    { MANDATORY_NOTICES: 'is PREPARED' },
  ],
  [
    'reminder failed',
    notices(failed('REMINDER_NOTICE', '2026-05-05T12:00:00+10:00'), WARNING, CALL),
    { MANDATORY_NOTICES: 'failed on 2026-05-05' },
  ],
  [
    '13 days between reminder and warning',
    notices(reminder('2026-05-06T12:00:00+10:00'), WARNING, CALL),
    {
      MANDATORY_NOTICES:
        'WARNING_NOTICE was served on 2026-05-19; after REMINDER_NOTICE it must not be served before 2026-05-20 (14 days)',
    },
  ],
  ['14 days between reminder and warning', notices(reminder('2026-05-05T23:00:00+10:00'), WARNING, CALL), {}],
  ['15 days between reminder and warning', notices(reminder('2026-05-04T12:00:00+10:00'), WARNING, CALL), {}],
  ...[...PROOF_KINDS, null].map((proofKind): Row => [
    `reminder served with ${proofKind ?? 'nothing'}`,
    notices({ ...REMINDER, state: 'SERVED', servedAt: REMINDER.createdAt, proofKind }, WARNING, CALL),
    {},
  ]),
  ['no warning', notices(REMINDER, CALL), { NOTICE_SERVED: 'WARNING_NOTICE of bill B1 was never served' }],
  [
    'warning 13 days ago',
    notices(REMINDER, warning('2026-05-20T12:00:00+10:00'), CALL),
    { NOTICE_SERVED: '13 days before; the rule is 14 to 60 days' },
  ],
  ['warning 14 days ago', notices(REMINDER, warning('2026-05-19T23:00:00+10:00'), CALL), {}],
  [
    'warning 60 days ago',
    notices(reminder('2026-03-01T12:00:00+11:00'), warning('2026-04-03T12:00:00+11:00'), CALL),
    {},
  ],
  [
    'warning 61 days ago',
    notices(reminder('2026-03-01T12:00:00+11:00'), warning('2026-04-02T12:00:00+11:00'), CALL),
    { NOTICE_SERVED: '61 days before' },
  ],
  ...proofRows(
    'warning',
    ['RECEIPT', 'DELIVERY_REPORT', 'SIGNATURE'],
    (proofKind) => [REMINDER, { ...WARNING, proofKind }, CALL],
    () => ({ NOTICE_SERVED: 'which does not prove it' }),
  ),
  ...proofRows(
    'last contact',
    ['CALL_RECORD', 'SIGNATURE'],
    (proofKind) => [REMINDER, WARNING, { ...CALL, proofKind }],
    () => ({ LAST_CALL: 'no last call is proven' }),
  ),
  ['no last contact', notices(REMINDER, WARNING), { LAST_CALL: 'no last call is proven' }],
  ['last contact 59 minutes ago', call('2026-06-02T09:01:00+10:00'), { LAST_CALL: '59 minutes ago' }],
  ['last contact 60 minutes ago', call('2026-06-02T09:00:00+10:00'), {}],
  ['last contact 61 minutes ago', call('2026-06-02T08:59:00+10:00'), {}],
  ['last contact seven days ago', call('2026-05-26T10:00:00+10:00'), {}],
  ['last contact a minute over seven days ago', call('2026-05-26T09:59:00+10:00'), { LAST_CALL: '10081 minutes ago' }],
];

const days: Row[] = [
  ['19 December', on('2022-12-19T10:00:00+11:00'), {}],
  ['20 December', on('2022-12-20T10:00:00+11:00'), { BLACKOUT: '2022-12-20 is within 12-20 to 12-31' }],
  ['31 December', on('2024-12-31T10:00:00+11:00'), { BLACKOUT: '2024-12-31' }],
  ['New Year', on('2025-01-01T10:00:00+11:00', { holiday: "New Year's Day" }), { ALLOWED_DAY: "New Year's Day" }],
  ['2 January', on('2025-01-02T10:00:00+11:00'), {}],
  [
    'an extreme weather event',
    { weather: { passed: false, evidence: 'heat alert in force' } },
    { WEATHER: 'heat alert' },
  ],
  ['nobody knows the weather', { weather: null }, { WEATHER: 'unknown' }],
  ...weekdayRows(base, ZONE, '2026-06-15T10:00:00+10:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
  ...holidayRows(true, on('2026-06-06T10:00:00+10:00', { makeUpDay: true }), false),
  ...hourRows(base, ZONE, [
    ['2026-06-02T07:59:59+10:00', false],
    ['2026-06-02T08:00:00+10:00', true],
    ['2026-06-02T14:59:59+10:00', true],
    ['2026-06-02T15:00:00+10:00', false],
    ['2026-04-07T07:59:00+10:00', false],
    ['2026-04-07T08:00:00+10:00', true],
    ['2026-10-06T07:59:00+11:00', false],
    ['2026-10-06T08:00:00+11:00', true],
  ]),
];

export const australia: Table = {
  policy: presetPolicy('AUSTRALIA', 'AUSTRALIA-SMALL-CUSTOMERS'),
  base,
  rows: [
    ...debt,
    ...steps,
    ...causeRows(['HARDSHIP'], {}),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL', 'COMMERCIAL'], [], []),
    ...holdRows('2026-06-02', '2026-06-01', [
      'COMPLAINT',
      'PAYMENT_PLAN',
      'DISPUTE',
      'HARDSHIP',
      'BANK_LATE',
      'GUARANTEE',
      'INVESTIGATION',
    ]),
    ...protectionRows('2026-06-02', '2026-06-01', prohibits('LIFE_SUPPORT'), ['LIFE_SUPPORT']),
    ...APPROVAL_ROWS,
    ...days,
  ],
};
