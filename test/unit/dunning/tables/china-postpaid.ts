import type { CutFacts, NoticeFact } from '../../../../src/dunning/cut-facts.js';
import { chineseHolidays } from '../../../../src/platform/holidays.js';
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
const ARREARS = served('ARREARS_NOTICE', '2026-03-01T11:00:00+08:00', 'SIGNATURE', { purpose: 'DEMAND' });
const CUT = served('CUT_NOTICE', '2026-03-06T16:00:00+08:00', 'SIGNATURE');
const CALL = lastCall('2026-03-10T09:30:00+08:00');

/** Tuesday 10 March 2026, ten in the morning: 31 days overdue, notice served four days ago, last call half an hour ago. */
const base = cuttable({
  at: new Date('2026-03-10T10:00:00+08:00'),
  bills: [bill('2026-02-07')],
  notices: [ARREARS, CUT, CALL],
  paymentWindow: { passed: true, evidence: 'counter open until 17:00' },
});

/** The case on another day, by the published calendar of China. */
function on(date: string, time = '10:00'): Partial<CutFacts> {
  return movedTo(base, ZONE, `${date}T${time}:00+08:00`, {
    holiday: chineseHolidays.nameOf(date),
    eve: chineseHolidays.isHolidayEve(date),
    makeUpDay: chineseHolidays.isWorkday(date) && new Date(`${date}T12:00:00Z`).getUTCDay() % 6 === 0,
  });
}
const cutNotice = (at: string, over: Partial<NoticeFact> = {}) => ({
  notices: [ARREARS, served('CUT_NOTICE', at, 'SEAL', over), CALL],
});
const FAILED_CALL = failed('LAST_CALL', '2026-03-10T09:40:00+08:00', { stepCode: null, purpose: 'LAST_CALL' });
const announced = (time: string) => ({
  notices: [ARREARS, CUT, { ...CALL, announcedCutAt: new Date(`2026-03-10T${time}+08:00`) }],
});
const call = (time: string) => ({ notices: [ARREARS, CUT, lastCall(`2026-03-10T${time}+08:00`)] });
const second = (dueDate: string) => bill(dueDate, { billId: 'B2', principalOutstandingMinor: 50_000n });
const REOPENED = new Date('2026-03-05T12:00:00+08:00');

const debt: Row[] = [
  ['the case that may be cut', {}, {}],
  ['no bill', { bills: [] }, { OVERDUE_DEBT: 'no bill is unpaid', MIN_DEBT: '0.00 CNY' }],
  [
    '30 days overdue',
    { bills: [bill('2026-02-08')] },
    { OVERDUE_DEBT: 'fell due on 2026-02-08, 30 days ago', MIN_DEBT: '0.00 CNY' },
  ],
  ['31 days overdue', { bills: [bill('2026-02-07')] }, {}],
  ['32 days overdue', { bills: [bill('2026-02-06')] }, {}],
  ['due today', { bills: [bill('2026-03-10')] }, { OVERDUE_DEBT: '0 days ago', MIN_DEBT: '0.00' }],
  ['due tomorrow', { bills: [bill('2026-03-11')] }, { OVERDUE_DEBT: 'falls due on 2026-03-11', MIN_DEBT: '0.00' }],
  ['31 days over a leap day', { ...movedTo(base, ZONE, '2028-03-07T10:00:00+08:00'), bills: [bill('2028-02-05')] }, {}],
  [
    '30 days over a leap day',
    { ...on('2024-03-06'), bills: [bill('2024-02-05')] },
    { OVERDUE_DEBT: '30 days ago', MIN_DEBT: '0.00' },
  ],
  ['31 days over a leap day of 2024', { ...on('2024-03-07'), bills: [bill('2024-02-05')] }, {}],
  [
    '9.99 yuan',
    { bills: [bill('2026-02-07', { principalOutstandingMinor: 999n })] },
    { MIN_DEBT: '9.99 CNY of principal counts; at least 10.00 CNY' },
  ],
  ['10.00 yuan', { bills: [bill('2026-02-07', { principalOutstandingMinor: 1_000n })] }, {}],
  ['10.01 yuan', { bills: [bill('2026-02-07', { principalOutstandingMinor: 1_001n })] }, {}],
  [
    '9.99 yuan and a large bill of 30 days',
    { bills: [bill('2026-02-07', { principalOutstandingMinor: 999n }), second('2026-02-08')] },
    { MIN_DEBT: '9.99 CNY' },
  ],
  [
    'late fees only',
    { bills: [bill('2026-02-07', { principalOutstandingMinor: 0n, lateFeeOutstandingMinor: 90_000n })] },
    { OVERDUE_DEBT: 'no bill is unpaid', MIN_DEBT: '0.00 CNY' },
  ],
  [
    '9.99 yuan with late fees of 5 yuan',
    { bills: [bill('2026-02-07', { principalOutstandingMinor: 999n, lateFeeOutstandingMinor: 500n })] },
    { MIN_DEBT: '9.99 CNY' },
  ],
  [
    'an estimated bill alone',
    { bills: [bill('2026-02-07', { estimated: true })] },
    { MIN_DEBT: '0.00', READING_PROVEN: '1 of 1 overdue bill on an estimated reading, which does not count' },
  ],
  [
    'an estimated bill beside a read one',
    { bills: [bill('2026-02-07'), bill('2026-01-07', { billId: 'B2', estimated: true })] },
    {},
  ],
  [
    'rating A, 40 days overdue',
    { creditRating: 'A', bills: [bill('2026-01-29')] },
    { CREDIT_GRACE: 'rating A has 10 days of grace' },
  ],
  ['rating A, 41 days overdue', { creditRating: 'A', bills: [bill('2026-01-28')] }, {}],
  [
    'rating B, 35 days overdue',
    { creditRating: 'B', bills: [bill('2026-02-03')] },
    { CREDIT_GRACE: '0.00 CNY overdue by 36 days' },
  ],
  ['rating B, 36 days overdue', { creditRating: 'B', bills: [bill('2026-02-02')] }, {}],
  ['rating C, 31 days overdue', { creditRating: 'C' }, {}],
  ['rating D, 31 days overdue', { creditRating: 'D' }, {}],
  [
    'rating A, little of it old',
    {
      creditRating: 'A',
      bills: [bill('2026-01-20', { principalOutstandingMinor: 1n }), bill('2026-02-07', { billId: 'B2' })],
      notices: base.notices.map((one) => ({ ...one, billIds: ['B1', 'B2'] })),
    },
    { CREDIT_GRACE: '0.01 CNY overdue by 41 days' },
  ],
];

const notices: Row[] = [
  [
    'no notice at all',
    { notices: [CALL] },
    {
      MANDATORY_NOTICES: 'ARREARS_NOTICE of bill B1 was never served',
      NOTICE_SERVED: 'CUT_NOTICE of bill B1 was never served',
    },
  ],
  ['no cut notice', { notices: [ARREARS, CALL] }, { NOTICE_SERVED: 'was never served' }],
  [
    'cut notice served 2 days ago',
    cutNotice('2026-03-08T23:59:00+08:00'),
    { NOTICE_SERVED: 'served on 2026-03-08 (SEAL), 2 days before; the rule is 3 to 7 days' },
  ],
  ['cut notice served 3 days ago', cutNotice('2026-03-07T23:59:00+08:00'), {}],
  ['cut notice served 7 days ago', cutNotice('2026-03-03T00:00:00+08:00'), {}],
  [
    'cut notice served 8 days ago',
    cutNotice('2026-03-02T23:59:00+08:00'),
    { NOTICE_SERVED: 'served on 2026-03-02 (SEAL), 8 days before' },
  ],
  [
    'cut notice served tomorrow',
    cutNotice('2026-03-11T10:00:00+08:00'),
    { NOTICE_SERVED: 'is dated 2026-03-11, which is yet to come' },
  ],
  [
    'an old cut notice and a fresh one',
    { notices: [ARREARS, served('CUT_NOTICE', '2026-02-20T10:00:00+08:00', 'SEAL'), CUT, CALL] },
    {},
  ],
  [
    'cut notice only prepared',
    cutNotice('2026-03-06T10:00:00+08:00', { state: 'PREPARED', servedAt: null }),
    { NOTICE_SERVED: 'is PREPARED' },
  ],
  [
    'cut notice only sent',
    cutNotice('2026-03-06T10:00:00+08:00', { state: 'SENT', servedAt: null }),
    { NOTICE_SERVED: 'is SENT' },
  ],
  [
    'cut notice withdrawn',
    cutNotice('2026-03-06T10:00:00+08:00', { state: 'WITHDRAWN' }),
    { NOTICE_SERVED: 'is WITHDRAWN' },
  ],
  [
    'cut notice failed',
    { notices: [ARREARS, failed('CUT_NOTICE', '2026-03-06T10:00:00+08:00'), CALL] },
    { NOTICE_SERVED: 'CUT_NOTICE of bill B1 failed on 2026-03-06 and no service was proven since' },
  ],
  [
    'cut notice served, then one failed',
    { notices: [ARREARS, CUT, failed('CUT_NOTICE', '2026-03-07T10:00:00+08:00'), CALL] },
    { NOTICE_SERVED: 'failed on 2026-03-07' },
  ],
  [
    'cut notice failed, then served',
    { notices: [ARREARS, failed('CUT_NOTICE', '2026-03-05T10:00:00+08:00'), CUT, CALL] },
    {},
  ],
  [
    'cut notice of another bill',
    cutNotice('2026-03-06T10:00:00+08:00', { billIds: ['B9'] }),
    { NOTICE_SERVED: 'of bill B1 was never served' },
  ],
  [
    'a second bill counts that no notice names',
    { bills: [bill('2026-02-07'), second('2026-02-06')] },
    { MANDATORY_NOTICES: 'of bill B2 was never served', NOTICE_SERVED: 'of bill B2 was never served' },
  ],
  ['a second bill does not count yet', { bills: [bill('2026-02-07'), second('2026-02-08')] }, {}],
  [
    'notices for two bills apart',
    {
      bills: [bill('2026-02-07'), second('2026-02-06')],
      notices: [...base.notices, ...[ARREARS, CUT].map((one) => ({ ...one, billIds: ['B2'] }))],
    },
    {},
  ],
  [
    'debt reopened after all notices',
    { bills: [bill('2026-02-07', { reopenedAt: new Date('2026-03-09T12:00:00+08:00') })] },
    { MANDATORY_NOTICES: 'from before 2026-03-09, when this debt came back', NOTICE_SERVED: 'serve a fresh one' },
  ],
  [
    'debt reopened before the cut notice',
    { bills: [bill('2026-02-07', { reopenedAt: REOPENED })] },
    { MANDATORY_NOTICES: 'from before 2026-03-05' },
  ],
  [
    'debt reopened before both notices',
    { bills: [bill('2026-02-07', { reopenedAt: new Date('2026-02-28T12:00:00+08:00') })] },
    {},
  ],
  [
    'cut notice made before the debt came back, served after',
    {
      bills: [bill('2026-02-07', { reopenedAt: REOPENED })],
      notices: [
        served('ARREARS_NOTICE', '2026-03-05T13:00:00+08:00', 'SEAL'),
        { ...CUT, createdAt: new Date('2026-03-05T11:00:00+08:00') },
        CALL,
      ],
    },
    { NOTICE_SERVED: 'from before 2026-03-05' },
  ],
  [
    'debt reopened after the last call',
    { bills: [bill('2026-02-07', { reopenedAt: new Date('2026-03-10T09:45:00+08:00') })] },
    { MANDATORY_NOTICES: 'came back', NOTICE_SERVED: 'came back', LAST_CALL: 'no last call is proven' },
  ],
  ['no arrears notice', { notices: [CUT, CALL] }, { MANDATORY_NOTICES: 'ARREARS_NOTICE of bill B1 was never served' }],
  [
    'arrears notice failed',
    { notices: [failed('ARREARS_NOTICE', '2026-03-01T10:00:00+08:00'), CUT, CALL] },
    { MANDATORY_NOTICES: 'ARREARS_NOTICE of bill B1 failed on 2026-03-01' },
  ],
  [
    'arrears notice on the day of the cut notice',
    { notices: [{ ...ARREARS, createdAt: CUT.createdAt, servedAt: CUT.servedAt }, CUT, CALL] },
    {},
  ],
  [
    'arrears notice after the cut notice',
    { notices: [served('ARREARS_NOTICE', '2026-03-07T10:00:00+08:00', 'SIGNATURE'), CUT, CALL] },
    {
      MANDATORY_NOTICES:
        'CUT_NOTICE was served on 2026-03-06; after ARREARS_NOTICE it must not be served before 2026-03-07',
    },
  ],
  ['the reminder of day 5 failed', { notices: [failed('DAY_5', '2026-02-01T10:00:00+08:00'), ...base.notices] }, {}],
  ...proofRows(
    'cut notice',
    ['SIGNATURE', 'SEAL', 'RECEIPT'],
    (proofKind) => [ARREARS, { ...CUT, proofKind }, CALL],
    (proofKind) => ({ NOTICE_SERVED: `with ${proofKind ?? 'no proof'}, which does not prove it` }),
  ),
  ...proofRows(
    'arrears notice',
    ['SIGNATURE', 'SEAL'],
    (proofKind) => [{ ...ARREARS, proofKind }, CUT, CALL],
    (proofKind) => ({ MANDATORY_NOTICES: `with ${proofKind ?? 'no proof'}, which does not prove it` }),
  ),
  ...proofRows(
    'last call',
    ['CALL_RECORD', 'DELIVERY_REPORT', 'SIGNATURE'],
    (proofKind) => [ARREARS, CUT, { ...CALL, proofKind }],
    () => ({ LAST_CALL: 'no last call is proven' }),
  ),
  ['no last call', { notices: [ARREARS, CUT] }, { LAST_CALL: 'no last call is proven; the rule is 30 to 120 minutes' }],
  [
    'last call failed',
    {
      notices: [
        ARREARS,
        CUT,
        failed('LAST_CALL', '2026-03-10T09:30:00+08:00', { stepCode: null, purpose: 'LAST_CALL' }),
      ],
    },
    { LAST_CALL: 'the last call failed' },
  ],
  ['last call 29 minutes ago', call('09:31:00'), { LAST_CALL: 'last call 29 minutes ago, at 09:31' }],
  ['last call one second short of 30 minutes ago', call('09:30:01'), { LAST_CALL: 'last call 29 minutes ago' }],
  ['last call 30 minutes ago', call('09:30:00'), {}],
  ['last call 31 minutes ago', call('09:29:00'), {}],
  ['last call 120 minutes ago', call('08:00:00'), {}],
  ['last call a second over 120 minutes ago', call('07:59:59'), { LAST_CALL: 'last call 120 minutes ago' }],
  ['last call 121 minutes ago', call('07:59:00'), { LAST_CALL: 'last call 121 minutes ago' }],
  // The newest names the hour of this cut; an earlier one told of another.
  [
    'two last calls, the newer too late',
    { notices: [ARREARS, CUT, lastCall('2026-03-10T09:50:00+08:00'), CALL] },
    { LAST_CALL: 'last call 10 minutes ago' },
  ],
  ['two last calls, the newer in time', { notices: [ARREARS, CUT, CALL, lastCall('2026-03-10T08:01:00+08:00')] }, {}],
  [
    'the newer of two last calls failed',
    { notices: [ARREARS, CUT, CALL, FAILED_CALL] },
    { LAST_CALL: 'the last call failed' },
  ],
  [
    'the newer of two last calls is not served yet',
    { notices: [ARREARS, CUT, CALL, { ...FAILED_CALL, state: 'SENT', failedAt: null }] },
    { LAST_CALL: 'no last call is proven' },
  ],
  [
    'the newer of two last calls was taken back',
    { notices: [ARREARS, CUT, CALL, { ...FAILED_CALL, state: 'WITHDRAWN', failedAt: null }] },
    {},
  ],
  ['last call for a cut now', announced('10:00:00'), {}],
  [
    'last call for a cut a second later',
    announced('10:00:01'),
    { LAST_CALL: 'last call 30 minutes ago, at 09:30, for a cut on 2026-03-10 at 10:00' },
  ],
  ['last call for a cut 120 minutes before', announced('08:00:00'), {}],
  ['last call for a cut 121 minutes before', announced('07:59:00'), { LAST_CALL: 'for a cut on 2026-03-10 at 07:59' }],
];

const customer: Row[] = [
  ...causeRows(['HARDSHIP', 'AWAY', 'TENANT', 'DISPUTE', 'BANK_LATE'], { CAUSE_KNOWN: 'nobody has found out why' }),
  ...contactRows(true),
  ...classRows(['RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'], ['RESIDENTIAL'], ['INDUSTRIAL']),
  [
    'a prepaid account',
    { paymentMode: 'PREPAID' },
    { POLICY_APPLIES: 'CHINA-POSTPAID is not for RESIDENTIAL, PREPAID' },
  ],
  [
    'dunning is paused until today',
    { pause: { until: '2026-03-10' } },
    { NO_HOLD: 'dunning is paused until 2026-03-10' },
  ],
  ['dunning is paused', { pause: { until: null } }, { NO_HOLD: 'dunning is paused until it is resumed' }],
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
    (kind) =>
      kind === 'IMPORTANT_USER'
        ? { COPY_TO_AUTHORITY: 'the authority has no copy', TWO_PERSONS: 'IMPORTANT_USER' }
        : prohibits('LIFE_SUPPORT', 'MEDICAL', 'LONE_ELDERLY', 'LOW_INCOME', 'INFANT', 'DISABLED')(kind),
    ['IMPORTANT_USER'],
  ),
  [
    'an important user, copied and approved twice',
    {
      protections: [{ kind: 'IMPORTANT_USER', validUntil: null }],
      notices: [ARREARS, { ...CUT, copiedToAuthority: true }, CALL],
      approvals: ['supervisor-1', 'supervisor-2'].map((by) => ({ by, role: 'SUPERVISOR' })),
    },
    {},
  ],
  [
    'one protection past its date, one not',
    {
      protections: [
        { kind: 'MEDICAL', validUntil: '2026-03-09' },
        { kind: 'INFANT', validUntil: null },
      ],
    },
    { NOT_PROTECTED: 'INFANT' },
  ],
];

const days: Row[] = [
  ...APPROVAL_ROWS,
  ...weekdayRows(base, ZONE, '2026-03-09T10:00:00+08:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
  ...holidayRows(true, on('2026-02-28'), false),
  ['Thursday, eve of the Dragon Boat Festival', on('2026-06-18'), { ALLOWED_DAY: 'the eve of a holiday' }],
  ['a Tuesday in the Spring Festival', on('2026-02-17'), { ALLOWED_DAY: '春节' }],
  ['Tuesday after the Spring Festival', on('2026-02-24'), {}],
  ['Sunday worked in exchange for New Year', on('2026-01-04'), { ALLOWED_DAY: 'a Sunday, a make-up working day' }],
  ['Wednesday, eve of National Day', on('2026-09-30'), { ALLOWED_DAY: 'eve' }],
  ['31 December, eve of New Year', on('2025-12-31'), { ALLOWED_DAY: 'eve' }],
  ['a leap day, a Thursday', on('2024-02-29'), {}],
  ...hourRows(base, ZONE, [
    ['2026-03-10T00:00:00+08:00', false],
    ['2026-03-10T08:59:59+08:00', false],
    ['2026-03-10T09:00:00+08:00', true],
    ['2026-03-10T09:01:00+08:00', true],
    ['2026-03-10T14:59:59+08:00', true],
    ['2026-03-10T15:00:00+08:00', false],
    ['2026-03-10T15:01:00+08:00', false],
    ['2026-03-10T23:59:00+08:00', false],
  ]),
  [
    'no counter open this evening',
    { paymentWindow: { passed: false, evidence: 'every counter is closed by 11:00' } },
    { PAYMENT_WINDOW: 'closed by 11:00' },
  ],
  ['nobody knows which counters are open', { paymentWindow: null }, { PAYMENT_WINDOW: 'unknown' }],
];

export const chinaPostpaid: Table = {
  policy: presetPolicy('CHINA', 'CHINA-POSTPAID'),
  base,
  rows: [...debt, ...notices, ...customer, ...days],
};
