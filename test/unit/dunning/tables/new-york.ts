import { PROTECTION_KINDS } from '../../../../src/accounts/customer.js';
import type { CutFacts } from '../../../../src/dunning/cut-facts.js';
import {
  bill,
  cuttable,
  failed,
  movedTo,
  presetPolicy,
  served,
  type Blocks,
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
  proofRows,
  protectionRows,
  weekdayRows,
} from '../support/families.js';

const ZONE = 'America/New_York';
const FINAL = served('FINAL_NOTICE', '2026-05-18T12:00:00-04:00', 'RECEIPT');

/** Tuesday 2 June 2026, ten in the morning: 35 days overdue, final notice served 15 days ago. */
const base = cuttable({ at: new Date('2026-06-02T10:00:00-04:00'), bills: [bill('2026-04-28')], notices: [FINAL] });

const on = (at: string, over: Partial<CutFacts> = {}): Partial<CutFacts> => ({ ...movedTo(base, ZONE, at), ...over });
const hoursBefore = (at: string, hours: number) => ({
  lastContactAttemptAt: new Date(new Date(at).getTime() - hours * 3_600_000),
});
const notice = (at: string) => ({ notices: [served('FINAL_NOTICE', at, 'SIGNATURE')] });
const attempted = (at: string, hours = 73) => on(at, hoursBefore(at, hours));

const WINTER = '2027-01-12T10:00:00-05:00';
const NO_ATTEMPT: Blocks = { CONTACT_ATTEMPT: 'no attempt to reach the customer' };
const ASKED_FIRST = ['LONE_ELDERLY', 'DISABLED'];
const protectedInSummer = (kind: string): Blocks =>
  ASKED_FIRST.includes(kind)
    ? NO_ATTEMPT
    : kind === 'MEDICAL' || kind === 'LIFE_SUPPORT'
      ? { NOT_PROTECTED: kind }
      : {};

const debtAndNotice: Row[] = [
  ['the case that may be cut', {}, {}],
  [
    '34 days overdue',
    { bills: [bill('2026-04-29')] },
    { OVERDUE_DEBT: '34 days ago; it counts from 35 days on', MIN_DEBT: '0.00 USD' },
  ],
  ['35 days overdue', { bills: [bill('2026-04-28')] }, {}],
  ['36 days overdue', { bills: [bill('2026-04-27')] }, {}],
  ['one cent', { bills: [bill('2026-04-28', { principalOutstandingMinor: 1n })] }, {}],
  ['an estimated bill counts', { bills: [bill('2026-04-28', { estimated: true })] }, {}],
  [
    'read 12 months ago',
    { bills: [bill('2026-04-28', { readingDate: '2025-06-02' })] },
    { MIN_DEBT: '0.00 USD', DEBT_NOT_TOO_OLD: '1 bill of 1 too old (12 months or more)' },
  ],
  ['read a day less than 12 months ago', { bills: [bill('2026-04-28', { readingDate: '2025-06-03' })] }, {}],
  ['an old bill beside a young one', { bills: [bill('2026-04-28'), bill('2025-03-01', { billId: 'B2' })] }, {}],
  ['no final notice', { notices: [] }, { NOTICE_SERVED: 'FINAL_NOTICE of bill B1 was never served' }],
  [
    'final notice 14 days ago',
    notice('2026-05-19T08:00:00-04:00'),
    { NOTICE_SERVED: 'served on 2026-05-19 (SIGNATURE), 14 days before; the rule is 15 to 60 days' },
  ],
  ['final notice 15 days ago', notice('2026-05-18T08:00:00-04:00'), {}],
  ['final notice 15 days ago, late in the evening', notice('2026-05-18T23:30:00-04:00'), {}],
  [
    'final notice 14 days ago, just after midnight',
    notice('2026-05-19T00:05:00-04:00'),
    { NOTICE_SERVED: '14 days before' },
  ],
  ['final notice 16 days ago', notice('2026-05-17T08:00:00-04:00'), {}],
  ['final notice 60 days ago', notice('2026-04-03T08:00:00-04:00'), {}],
  ['final notice 61 days ago', notice('2026-04-02T08:00:00-04:00'), { NOTICE_SERVED: '61 days before' }],
  [
    'final notice failed',
    { notices: [failed('FINAL_NOTICE', '2026-05-18T12:00:00-04:00')] },
    { NOTICE_SERVED: 'failed on 2026-05-18' },
  ],
  ['a reminder failed', { notices: [failed('REMINDER', '2026-05-10T12:00:00-04:00'), FINAL] }, {}],
  ...proofRows(
    'final notice',
    ['RECEIPT', 'SIGNATURE'],
    (proofKind) => [{ ...FINAL, proofKind }],
    () => ({ NOTICE_SERVED: 'which does not prove it' }),
  ),
];

const seasons: Row[] = [
  ['15 April without an attempt', on('2026-04-15T10:00:00-04:00'), NO_ATTEMPT],
  ['16 April without an attempt', on('2026-04-16T10:00:00-04:00'), {}],
  ['31 October without an attempt', on('2022-10-31T10:00:00-04:00'), {}],
  ['1 November without an attempt', on('2022-11-01T10:00:00-04:00'), NO_ATTEMPT],
  ['in December without an attempt', on('2026-12-15T10:00:00-05:00'), NO_ATTEMPT],
  ['in January without an attempt', on(WINTER), NO_ATTEMPT],
  ['on a leap day without an attempt', on('2024-02-29T10:00:00-05:00'), NO_ATTEMPT],
  [
    'in January, attempt 71 hours before',
    attempted(WINTER, 71),
    { CONTACT_ATTEMPT: 'last attempt 71 hours ago; in season (11-01 to 04-15) at least 72 hours' },
  ],
  ['in January, attempt 72 hours before', attempted(WINTER, 72), {}],
  ['in January, attempt 73 hours before', attempted(WINTER, 73), {}],
  [
    'in January, an attempt before this debt',
    attempted(WINTER, 24 * 40),
    { CONTACT_ATTEMPT: 'before this debt was due' },
  ],
  [
    '72 hours over the spring jump',
    on('2026-03-10T08:00:00-04:00', { lastContactAttemptAt: new Date('2026-03-07T07:00:00-05:00') }),
    {},
  ],
  [
    '71.5 hours over the spring jump, 72.5 on the wall',
    on('2026-03-10T08:00:00-04:00', { lastContactAttemptAt: new Date('2026-03-07T07:30:00-05:00') }),
    { CONTACT_ATTEMPT: '71 hours ago' },
  ],
  ...PROTECTION_KINDS.map((kind): Row => [
    `${kind} in winter after an attempt`,
    { ...attempted(WINTER), protections: [{ kind, validUntil: null }] },
    kind === 'MEDICAL' || kind === 'LIFE_SUPPORT' ? { NOT_PROTECTED: kind } : {},
  ]),
  [
    'DISABLED on 16 April without an attempt',
    on('2026-04-16T10:00:00-04:00', { protections: [{ kind: 'DISABLED', validUntil: null }] }),
    NO_ATTEMPT,
  ],
  [
    'DISABLED on 31 October without an attempt',
    on('2022-10-31T10:00:00-04:00', { protections: [{ kind: 'DISABLED', validUntil: null }] }),
    NO_ATTEMPT,
  ],
  [
    'DISABLED in summer, attempt 71 hours before',
    { ...hoursBefore('2026-06-02T10:00:00-04:00', 71), protections: [{ kind: 'DISABLED', validUntil: null }] },
    { CONTACT_ATTEMPT: '71 hours ago' },
  ],
  [
    'DISABLED in summer, attempt 72 hours before',
    { ...hoursBefore('2026-06-02T10:00:00-04:00', 72), protections: [{ kind: 'DISABLED', validUntil: null }] },
    {},
  ],
  ['20 December', attempted('2027-12-20T10:00:00-05:00'), {}],
  ['21 December', attempted('2027-12-21T10:00:00-05:00'), { BLACKOUT: '2027-12-21 is within 12-21 to 01-03' }],
  ['28 December', attempted('2026-12-28T10:00:00-05:00'), { BLACKOUT: '2026-12-28' }],
  ['3 January', attempted('2028-01-03T10:00:00-05:00'), { BLACKOUT: '2028-01-03' }],
  ['4 January', attempted('2028-01-04T10:00:00-05:00'), {}],
];

export const newYork: Table = {
  policy: presetPolicy('NEW_YORK', 'NEW-YORK-RESIDENTIAL'),
  base,
  rows: [
    ...debtAndNotice,
    ...seasons,
    ...causeRows(['DISPUTE', 'BANK_LATE'], {}),
    ...contactRows(false),
    ...classRows(['RESIDENTIAL'], [], []),
    ['a prepaid account', { paymentMode: 'PREPAID' }, { POLICY_APPLIES: 'is not for RESIDENTIAL, PREPAID' }],
    ...holdRows('2026-06-02', '2026-06-01', [
      'DISPUTE',
      'PAYMENT_PLAN',
      'COMPLAINT',
      'PROMISE_TO_PAY',
      'HARDSHIP',
      'BANK_LATE',
      'GUARANTEE',
      'INVESTIGATION',
    ]),
    ...protectionRows('2026-06-02', '2026-06-01', protectedInSummer, ['LIFE_SUPPORT']),
    ...APPROVAL_ROWS,
    ...weekdayRows(base, ZONE, '2026-06-08T10:00:00-04:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
    ...holidayRows(true, movedTo(base, ZONE, '2026-06-06T10:00:00-04:00', { makeUpDay: true }), false),
    [
      'Thursday 2 July, eve of Independence Day observed',
      movedTo(base, ZONE, '2026-07-02T10:00:00-04:00', { eve: true }),
      { ALLOWED_DAY: 'eve of a holiday' },
    ],
    ...hourRows(base, ZONE, [
      ['2026-06-02T07:59:59-04:00', false],
      ['2026-06-02T08:00:00-04:00', true],
      ['2026-06-02T15:59:59-04:00', true],
      ['2026-06-02T16:00:00-04:00', false],
    ]),
    [
      '07:59 on the Monday after the spring jump',
      attempted('2026-03-09T07:59:00-04:00'),
      { ALLOWED_HOUR: '07:59 local' },
    ],
    ['08:00 on the Monday after the spring jump', attempted('2026-03-09T08:00:00-04:00'), {}],
    ['08:00 by winter time, on the Monday after the autumn jump', attempted('2026-11-02T08:00:00-05:00'), {}],
    [
      '07:59 by winter time, on the Monday after the autumn jump',
      attempted('2026-11-02T07:59:00-05:00'),
      { ALLOWED_HOUR: '07:59 local' },
    ],
    ['Thursday evening there is Friday in UTC', on('2026-06-04T21:00:00-04:00'), { ALLOWED_HOUR: '21:00 local' }],
  ],
};
