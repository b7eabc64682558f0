import { PROTECTION_KINDS, type ProtectionKind } from '../../../../src/accounts/customer.js';
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
  prohibits,
  proofRows,
  protectionRows,
  weekdayRows,
} from '../support/families.js';

const ZONE = 'Europe/London';
const NOTICE = served('DISCONNECTION_NOTICE', '2026-05-17T12:00:00+01:00', 'RECEIPT');

/** Tuesday 2 June 2026, ten in the morning: 28 days overdue, notice served 16 days ago. */
const base = cuttable({ at: new Date('2026-06-02T10:00:00+01:00'), bills: [bill('2026-05-05')], notices: [NOTICE] });
const notice = (at: string) => ({ notices: [served('DISCONNECTION_NOTICE', at, 'SIGNATURE')] });
const protectedOn = (at: string, kind: ProtectionKind, validUntil: string | null = null) => ({
  ...movedTo(base, ZONE, at),
  protections: [{ kind, validUntil }],
});

const WINTER_DAY = '2027-01-12T10:00:00+00:00';
const inWinter = (kind: ProtectionKind): Blocks =>
  ['LONE_ELDERLY', 'DISABLED', 'MEDICAL', 'INFANT'].includes(kind) ? { SEASON: kind } : prohibits('LIFE_SUPPORT')(kind);

const winter: Row[] = [
  ...(['LONE_ELDERLY', 'MEDICAL'] as const).flatMap((kind): Row[] => [
    [`${kind} on 30 September`, protectedOn('2026-09-30T10:00:00+01:00', kind), {}],
    [
      `${kind} on 1 October`,
      protectedOn('2026-10-01T10:00:00+01:00', kind),
      { SEASON: '2026-10-01 is within 10-01 to 03-31' },
    ],
    [
      `${kind} on 31 March`,
      protectedOn('2026-03-31T10:00:00+01:00', kind),
      { SEASON: '2026-03-31 is within 10-01 to 03-31' },
    ],
    [`${kind} on 1 April`, protectedOn('2026-04-01T10:00:00+01:00', kind), {}],
  ]),
  ...PROTECTION_KINDS.flatMap((kind): Row[] => [
    [`${kind} in January`, protectedOn(WINTER_DAY, kind), inWinter(kind)],
    [`${kind} in January, past its date`, protectedOn(WINTER_DAY, kind, '2027-01-11'), prohibits('LIFE_SUPPORT')(kind)],
  ]),
  ['nobody protected in January', movedTo(base, ZONE, WINTER_DAY), {}],
  ['LONE_ELDERLY on a leap day', protectedOn('2024-02-29T10:00:00+00:00', 'LONE_ELDERLY'), { SEASON: '2024-02-29' }],
];

export const uk: Table = {
  policy: presetPolicy('UK', 'UK-DOMESTIC'),
  base,
  rows: [
    ['the case that may be cut', {}, {}],
    ['27 days overdue', { bills: [bill('2026-05-06')] }, { OVERDUE_DEBT: '27 days ago', MIN_DEBT: '0.00 GBP' }],
    ['28 days overdue', { bills: [bill('2026-05-05')] }, {}],
    ['one penny', { bills: [bill('2026-05-05', { principalOutstandingMinor: 1n })] }, {}],
    ['an estimated bill counts', { bills: [bill('2026-05-05', { estimated: true })] }, {}],
    ['no notice', { notices: [] }, { NOTICE_SERVED: 'was never served' }],
    [
      'notice 15 days ago',
      notice('2026-05-18T12:00:00+01:00'),
      { NOTICE_SERVED: '15 days before; the rule is 16 to 60 days' },
    ],
    ['notice 16 days ago', notice('2026-05-17T12:00:00+01:00'), {}],
    [
      'notice after midnight, still the day before in UTC',
      notice('2026-05-18T00:30:00+01:00'),
      { NOTICE_SERVED: 'served on 2026-05-18' },
    ],
    ['notice 60 days ago', notice('2026-04-03T12:00:00+01:00'), {}],
    ['notice 61 days ago', notice('2026-04-02T12:00:00+01:00'), { NOTICE_SERVED: '61 days before' }],
    [
      'notice 16 days ago over the spring jump',
      { ...movedTo(base, ZONE, '2026-03-30T10:00:00+01:00'), ...notice('2026-03-14T23:30:00+00:00') },
      {},
    ],
    [
      'notice failed',
      { notices: [failed('DISCONNECTION_NOTICE', '2026-05-17T12:00:00+01:00')] },
      { NOTICE_SERVED: 'failed' },
    ],
    ['a reminder failed', { notices: [failed('REMINDER', '2026-05-12T12:00:00+01:00'), NOTICE] }, {}],
    ...proofRows(
      'notice',
      ['RECEIPT', 'SIGNATURE', 'PHOTO'],
      (proofKind) => [{ ...NOTICE, proofKind }],
      () => ({ NOTICE_SERVED: 'which does not prove it' }),
    ),
    ...winter,
    ...causeRows(['HARDSHIP', 'DISPUTE', 'BANK_LATE'], { CAUSE_KNOWN: 'nobody has found out why' }),
    ...contactRows(true),
    ...classRows(['RESIDENTIAL'], ['RESIDENTIAL'], []),
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
    ...protectionRows('2026-06-02', '2026-06-01', prohibits('LIFE_SUPPORT'), ['LIFE_SUPPORT']),
    ...APPROVAL_ROWS,
    ...weekdayRows(base, ZONE, '2026-06-08T10:00:00+01:00', ['Monday', 'Tuesday', 'Wednesday', 'Thursday']),
    ...holidayRows(true, movedTo(base, ZONE, '2026-06-06T10:00:00+01:00', { makeUpDay: true }), false),
    ...hourRows(base, ZONE, [
      ['2026-06-02T08:59:59+01:00', false],
      ['2026-06-02T09:00:00+01:00', true],
      ['2026-06-02T14:59:59+01:00', true],
      ['2026-06-02T15:00:00+01:00', false],
      ['2026-03-30T08:59:00+01:00', false],
      ['2026-03-30T09:00:00+01:00', true],
      ['2026-10-26T08:59:00+00:00', false],
      ['2026-10-26T09:00:00+00:00', true],
      ['2026-10-26T15:00:00+00:00', false],
    ]),
  ],
};
