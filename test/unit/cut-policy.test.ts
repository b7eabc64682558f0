import { CHINA_CUT_POLICY } from '../../src/config.js';
import { blockers, cutChecks, type CutCheckCode, type CutFacts } from '../../src/switching/cut-policy.js';
import { INTERRUPTION_REASONS, type InterruptionReason } from '../../src/switching/interruption.js';

/** A cut for arrears that passes every check: Tuesday 10 March 2026, ten in the morning, 31 days overdue, notice served four days ago. */
const LAWFUL: CutFacts = {
  reason: 'ARREARS',
  killSwitchEngaged: false,
  installed: true,
  sameInstallation: true,
  openInterruptions: [],
  reportedRelay: 'CLOSED',
  bills: [{ billId: 'bill-1', outstandingMinor: 12_345n, overdueDays: 31 }],
  protections: [],
  noticeServedDaysAgo: 4,
  approvedBy: 'supervisor',
  localDate: '2026-03-10',
  localWeekday: 2,
  localHour: 10,
  dayKind: 'workday',
};

const blocking = (change: Partial<CutFacts>): CutCheckCode[] =>
  blockers(cutChecks({ ...LAWFUL, ...change }, CHINA_CUT_POLICY)).map(({ code }) => code);
const bill = (overdueDays: number, outstandingMinor = 12_345n) => ({
  billId: `bill-${overdueDays}`,
  outstandingMinor,
  overdueDays,
});
const protection = (kind: CutFacts['protections'][number]['kind'], validUntil: string | null = null) => ({
  kind,
  validUntil,
});

type Row = [what: string, change: Partial<CutFacts>, blockers: CutCheckCode[]];

test.each<Row>([
  ['the lawful case', {}, []],

  // Relight's own safety rules
  ['the kill switch is engaged', { killSwitchEngaged: true }, ['KILL_SWITCH']],
  ['no meter is installed', { installed: false }, ['METER_INSTALLED']],
  ['the meter was exchanged since the order', { sameInstallation: false }, ['SAME_INSTALLATION']],
  ['the relay is reported open', { reportedRelay: 'OPEN' }, ['NOT_ALREADY_OFF']],
  ['the relay was never reported', { reportedRelay: null }, []],
  ['power is off for safety', { openInterruptions: ['SAFETY'] }, ['NOT_ALREADY_OFF']],

  // 电力供应与使用条例 art. 39: more than 30 days overdue
  ['nothing is owed', { bills: [] }, ['OVERDUE_DEBT']],
  ['30 days overdue', { bills: [bill(30)] }, ['OVERDUE_DEBT']],
  ['31 days overdue', { bills: [bill(31)] }, []],
  ['a large bill that is not due yet', { bills: [bill(0, 10_000_000n)] }, ['OVERDUE_DEBT']],
  ['one fen less than the smallest debt', { bills: [bill(31, 999n)] }, ['OVERDUE_DEBT']],
  ['the smallest debt', { bills: [bill(31, 1_000n)] }, []],
  [
    'younger bills do not count towards the smallest debt',
    { bills: [bill(31, 999n), bill(30, 50_000n)] },
    ['OVERDUE_DEBT'],
  ],
  ['older bills add up to the smallest debt', { bills: [bill(31, 999n), bill(61, 1n)] }, []],

  // 供电营业规则 art. 67: written notice served 3 to 7 days before
  ['no notice on record', { noticeServedDaysAgo: undefined }, ['NOTICE_SERVED']],
  ['notice served 2 days ago', { noticeServedDaysAgo: 2 }, ['NOTICE_SERVED']],
  ['notice served 3 days ago', { noticeServedDaysAgo: 3 }, []],
  ['notice served 7 days ago', { noticeServedDaysAgo: 7 }, []],
  ['notice served 8 days ago', { noticeServedDaysAgo: 8 }, ['NOTICE_SERVED']],
  ['notice dated tomorrow', { noticeServedDaysAgo: -1 }, ['NOTICE_SERVED']],

  // Protected customers
  ['lone elderly, for good', { protections: [protection('LONE_ELDERLY')] }, ['NOT_PROTECTED']],
  ['medical, valid until today', { protections: [protection('MEDICAL', '2026-03-10')] }, ['NOT_PROTECTED']],
  ['medical, valid until tomorrow', { protections: [protection('MEDICAL', '2026-03-11')] }, ['NOT_PROTECTED']],
  ['medical, valid until yesterday', { protections: [protection('MEDICAL', '2026-03-09')] }, []],
  [
    'one expired, one not',
    { protections: [protection('MEDICAL', '2026-03-09'), protection('INFANT')] },
    ['NOT_PROTECTED'],
  ],

  ['not approved', { approvedBy: undefined }, ['APPROVED']],

  // Days: nobody is cut when the counters close before the light can be back
  ['Monday', { localDate: '2026-03-09', localWeekday: 1 }, []],
  ['Thursday', { localDate: '2026-03-12', localWeekday: 4 }, []],
  ['Friday', { localDate: '2026-03-13', localWeekday: 5 }, ['ALLOWED_DAY']],
  ['Saturday', { localDate: '2026-03-14', localWeekday: 6 }, ['ALLOWED_DAY']],
  ['Sunday', { localDate: '2026-03-15', localWeekday: 7 }, ['ALLOWED_DAY']],
  ['a holiday on a Tuesday', { dayKind: 'holiday' }, ['ALLOWED_DAY']],
  ['the eve of a holiday, a Thursday', { localWeekday: 4, dayKind: 'eve' }, ['ALLOWED_DAY']],
  ['a make-up working day (调休) on a Saturday', { localWeekday: 6, dayKind: 'workday' }, ['ALLOWED_DAY']],
  ['a year without a published calendar', { dayKind: 'unknown' }, ['ALLOWED_DAY']],

  // Hours [9, 15)
  ['08:59', { localHour: 8 }, ['ALLOWED_HOUR']],
  ['09:00', { localHour: 9 }, []],
  ['14:59', { localHour: 14 }, []],
  ['15:00', { localHour: 15 }, ['ALLOWED_HOUR']],
  ['midnight', { localHour: 0 }, ['ALLOWED_HOUR']],

  // Everything at once: each blocker is named
  [
    'nothing is right',
    {
      killSwitchEngaged: true,
      installed: false,
      sameInstallation: false,
      reportedRelay: 'OPEN',
      bills: [],
      protections: [protection('INFANT')],
      noticeServedDaysAgo: undefined,
      approvedBy: undefined,
      localWeekday: 7,
      localHour: 20,
    },
    [
      'KILL_SWITCH',
      'METER_INSTALLED',
      'SAME_INSTALLATION',
      'NOT_ALREADY_OFF',
      'OVERDUE_DEBT',
      'NOTICE_SERVED',
      'NOT_PROTECTED',
      'APPROVED',
      'ALLOWED_DAY',
      'ALLOWED_HOUR',
    ],
  ],
])('%s', (_what, change, expected) => {
  expect(blocking(change)).toEqual(expected);
});

test.each(CHINA_CUT_POLICY.protectedKinds)('protection %s forbids a cut for debt', (kind) => {
  expect(blocking({ protections: [protection(kind)] })).toEqual(['NOT_PROTECTED']);
});

describe('the checks that a reason asks for', () => {
  /** No debt, no notice, no approval, a Sunday night, a protected customer. */
  const NO_DUE_PROCESS: Partial<CutFacts> = {
    bills: [],
    noticeServedDaysAgo: undefined,
    approvedBy: undefined,
    localWeekday: 7,
    localHour: 23,
    dayKind: 'unknown',
    protections: [protection('LIFE_SUPPORT')],
  };
  const ALWAYS: CutCheckCode[] = ['KILL_SWITCH', 'METER_INSTALLED', 'SAME_INSTALLATION', 'NOT_ALREADY_OFF'];
  const DEBT: CutCheckCode[] = ['OVERDUE_DEBT', 'NOTICE_SERVED'];
  const ORDINARY: CutCheckCode[] = ['NOT_PROTECTED', 'APPROVED', 'ALLOWED_DAY', 'ALLOWED_HOUR'];
  const codes = (reason: InterruptionReason) =>
    cutChecks({ ...LAWFUL, reason }, CHINA_CUT_POLICY).map(({ code }) => code);

  test.each<[reason: InterruptionReason, checks: CutCheckCode[]]>([
    ['ARREARS', [...ALWAYS, ...DEBT, ...ORDINARY]],
    ['PREPAID_EXHAUSTED', [...ALWAYS, ...DEBT, ...ORDINARY]],
    ['CUSTOMER_REQUEST', [...ALWAYS, ...ORDINARY]],
    ['VACANT', [...ALWAYS, ...ORDINARY]],
    // Danger to people and proven theft wait for nobody (供电营业规则 art. 67).
    ['SAFETY', ALWAYS],
    ['THEFT', ALWAYS],
  ])('%s', (reason, checks) => {
    expect(codes(reason)).toEqual(checks);
    expect(blocking({ ...NO_DUE_PROCESS, reason })).toEqual(checks.filter((code) => !ALWAYS.includes(code)));
    expect(blocking({ reason, killSwitchEngaged: true })).toEqual(['KILL_SWITCH']);
  });

  test('every reason has its row', () => {
    expect(INTERRUPTION_REASONS).toHaveLength(6);
  });

  test.each<[what: string, change: Partial<CutFacts>, blockers: CutCheckCode[]]>([
    ['the relay is open', { reportedRelay: 'OPEN' }, []],
    ['it is off for debt', { openInterruptions: ['ARREARS'] }, []],
    ['it is off for this very reason', { openInterruptions: ['ARREARS', 'SAFETY'] }, ['NOT_ALREADY_OFF']],
  ])('danger cuts where power is off already, so that nothing brings it back: %s', (_what, change, expected) => {
    expect(blocking({ reason: 'SAFETY', ...change })).toEqual(expected);
  });
});

test('a minimum debt of nothing still needs a debt', () => {
  const policy = { ...CHINA_CUT_POLICY, minDebtMinor: 0n };
  expect(blockers(cutChecks({ ...LAWFUL, bills: [] }, policy)).map(({ code }) => code)).toEqual(['OVERDUE_DEBT']);
  expect(blockers(cutChecks({ ...LAWFUL, bills: [bill(31, 1n)] }, policy))).toEqual([]);
});

test('every check, passed or not, carries evidence and a clause', () => {
  for (const check of cutChecks(LAWFUL, CHINA_CUT_POLICY)) {
    expect(check.evidence).not.toBe('');
    expect(check.clause).not.toBe('');
    expect(check.passed).toBe(true);
  }
});

test('checks that a later step asks for can be left out', () => {
  const checks = cutChecks({ ...LAWFUL, approvedBy: undefined, localHour: 20 }, CHINA_CUT_POLICY);
  expect(blockers(checks, ['APPROVED']).map(({ code }) => code)).toEqual(['ALLOWED_HOUR']);
  expect(blockers(checks, ['APPROVED', 'ALLOWED_HOUR'])).toEqual([]);
});
