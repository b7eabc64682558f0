import {
  AT_SENDING,
  blockers,
  CHECK_CODES,
  cutChecks,
  NOT_IN_DRY_RUN,
  openingOf,
  type CutCheckCode,
} from '../../../src/dunning/cut-policy.js';
import type { CutFacts } from '../../../src/dunning/cut-facts.js';
import { INTERRUPTION_REASONS, type InterruptionReason } from '../../../src/switching/interruption.js';
import { chinaCostControl } from './tables/china-cost-control.js';
import { chinaPostpaid } from './tables/china-postpaid.js';
import { presetPolicy } from './support/cuttable.js';

const { policy, base } = chinaPostpaid;
const codes = (facts: Partial<CutFacts>, of = policy) => cutChecks({ ...base, ...facts }, of).map(({ code }) => code);
const blocking = (facts: Partial<CutFacts>) =>
  blockers(cutChecks({ ...base, ...facts }, policy)).map(({ code }) => code);

/** No debt, no notice, no approval, a Sunday night in a year without a calendar, a protected customer. */
const NO_DUE_PROCESS: Partial<CutFacts> = {
  at: new Date('2026-03-15T23:00:00+08:00'),
  bills: [],
  notices: [],
  approvals: [],
  reachableContacts: 0,
  arrearsCause: null,
  protectionAskedOn: null,
  calendar: { covered: false, holiday: null, eve: false, makeUpDay: false },
  protections: [{ kind: 'LIFE_SUPPORT', validUntil: null }],
  paymentWindow: null,
};
const ALWAYS: CutCheckCode[] = ['KILL_SWITCH', 'METER_INSTALLED', 'SAME_INSTALLATION', 'NOT_ALREADY_OFF'];
const ORDINARY: CutCheckCode[] = ['NOT_PROTECTED', 'APPROVED', 'TWO_PERSONS', 'ALLOWED_DAY', 'ALLOWED_HOUR'];
const DEBT: CutCheckCode[] = [
  'OVERDUE_DEBT',
  'MIN_DEBT',
  'READING_PROVEN',
  'MANDATORY_NOTICES',
  'NOTICE_SERVED',
  'COPY_TO_AUTHORITY',
  'LAST_CALL',
  'CONTACT_REACHABLE',
  'CAUSE_KNOWN',
  'CAUSE_ALLOWS',
  'CREDIT_GRACE',
  'NOT_PROTECTED',
  'PROTECTION_ASKED',
  'NO_HOLD',
  'APPROVED',
  'TWO_PERSONS',
  'ALLOWED_DAY',
  'ALLOWED_HOUR',
  'PAYMENT_WINDOW',
];

describe('the checks that a reason asks for', () => {
  test.each<[reason: InterruptionReason, checks: CutCheckCode[]]>([
    ['ARREARS', [...ALWAYS, 'POLICY_APPLIES', ...DEBT]],
    ['PREPAID_EXHAUSTED', [...ALWAYS, 'POLICY_APPLIES', ...DEBT]],
    ['CUSTOMER_REQUEST', [...ALWAYS, 'POLICY_APPLIES', ...ORDINARY]],
    ['VACANT', [...ALWAYS, 'POLICY_APPLIES', ...ORDINARY]],
    // Danger to people and proven theft wait for nobody (供电营业规则 art. 67).
    ['SAFETY', ALWAYS],
    ['THEFT', ALWAYS],
  ])('%s', (reason, checks) => {
    expect(codes({ reason })).toEqual(checks);
    expect(blocking({ reason, killSwitchEngaged: true })).toEqual(['KILL_SWITCH']);
    expect(blocking({ reason, installed: false })).toEqual(['METER_INSTALLED']);
    expect(blocking({ reason, sameInstallation: false })).toEqual(['SAME_INSTALLATION']);
  });

  test('every reason has its row', () => expect(INTERRUPTION_REASONS).toHaveLength(6));

  test('danger cuts without any due process, a wish of the customer does not', () => {
    expect(blocking({ ...NO_DUE_PROCESS, reason: 'SAFETY' })).toEqual([]);
    expect(blocking({ ...NO_DUE_PROCESS, reason: 'THEFT' })).toEqual([]);
    expect(blocking({ ...NO_DUE_PROCESS, reason: 'CUSTOMER_REQUEST' })).toEqual([
      'NOT_PROTECTED',
      'APPROVED',
      'ALLOWED_DAY',
      'ALLOWED_HOUR',
    ]);
  });

  test('what is paid ahead is judged by the balance', () => {
    expect(codes({}, chinaCostControl.policy)).toEqual(expect.arrayContaining(['PREPAID_BALANCE', 'PREPAID_GRACE']));
    expect(codes({}, chinaCostControl.policy)).not.toContain('OVERDUE_DEBT');
  });
});

describe('power that is off already', () => {
  test.each<[what: string, change: Partial<CutFacts>, blockers: CutCheckCode[]]>([
    ['the relay is reported open', { reportedRelay: 'OPEN' }, ['NOT_ALREADY_OFF']],
    ['the relay was never reported', { reportedRelay: null }, []],
    ['it is off for safety', { openInterruptions: ['SAFETY'] }, ['NOT_ALREADY_OFF']],
    // So that nothing brings it back.
    ['danger, and the relay is open', { reason: 'SAFETY', reportedRelay: 'OPEN' }, []],
    ['danger, and it is off for debt', { reason: 'SAFETY', openInterruptions: ['ARREARS'] }, []],
    [
      'danger, and it is off for that',
      { reason: 'SAFETY', openInterruptions: ['ARREARS', 'SAFETY'] },
      ['NOT_ALREADY_OFF'],
    ],
  ])('%s', (_what, change, expected) => expect(blocking(change)).toEqual(expected));
});

describe('without a policy', () => {
  test.each<InterruptionReason>(['ARREARS', 'PREPAID_EXHAUSTED', 'CUSTOMER_REQUEST', 'VACANT'])(
    'nobody is cut for %s',
    (reason) => {
      const checks = cutChecks({ ...base, reason }, undefined);
      expect(checks.map(({ code }) => code)).toEqual([...ALWAYS, 'POLICY_APPLIES']);
      expect(blockers(checks)).toMatchObject([
        { code: 'POLICY_APPLIES', evidence: 'no policy is in force for this customer: nobody is cut' },
      ]);
    },
  );

  test('danger is cut all the same', () =>
    expect(blockers(cutChecks({ ...base, reason: 'SAFETY' }, undefined))).toEqual([]));
});

test('every blocker is named when nothing is right, in the order of CHECK_CODES', () => {
  const found = blocking({
    ...NO_DUE_PROCESS,
    killSwitchEngaged: true,
    installed: false,
    sameInstallation: false,
    reportedRelay: 'OPEN',
    holds: [{ holdId: 'H1', kind: 'DISPUTE', until: null }],
  });
  expect(found).toEqual([
    ...ALWAYS,
    'OVERDUE_DEBT',
    'MIN_DEBT',
    'MANDATORY_NOTICES',
    'NOTICE_SERVED',
    'LAST_CALL',
    'CONTACT_REACHABLE',
    'CAUSE_KNOWN',
    'NOT_PROTECTED',
    'PROTECTION_ASKED',
    'NO_HOLD',
    'APPROVED',
    'ALLOWED_DAY',
    'ALLOWED_HOUR',
    'PAYMENT_WINDOW',
  ]);
  expect(found).toEqual(CHECK_CODES.filter((code) => found.includes(code)));
});

test('evidence names no person but who acted for the company', () => {
  const texts = cutChecks(base, policy).map(({ evidence }) => evidence);
  expect(texts).toContain('by supervisor-1');
  expect(texts.join(' ')).not.toContain(base.accountId);
});

test('a clause that nobody has read in the rule itself says so', () => {
  const texas = presetPolicy('TEXAS', 'TEXAS');
  const clauses = new Map(cutChecks(base, texas).map(({ code, clause }) => [code, clause]));
  expect(clauses.get('NOTICE_SERVED')).toMatch(/\(unverified\)$/);
  expect(clauses.get('WEATHER')).toMatch(/^16 TAC § 25\.483 \(j\)/);
  expect(clauses.get('WEATHER')).not.toContain('unverified');
});

describe('before it is sent', () => {
  test('checks that a later step asks for are left out', () => {
    const checks = cutChecks({ ...base, at: new Date('2026-03-10T20:00:00+08:00'), approvals: [] }, policy);
    expect(blockers(checks).map(({ code }) => code)).toEqual(['LAST_CALL', 'APPROVED', 'ALLOWED_HOUR']);
    expect(blockers(checks, AT_SENDING)).toEqual([]);
  });

  test('a dry run leaves out people and weather, not day and hour', () => {
    const change = {
      approvals: [],
      notices: base.notices.filter(({ purpose }) => purpose !== 'LAST_CALL'),
      paymentWindow: null,
    };
    const inDryRun = (more: Partial<CutFacts>) =>
      blockers(cutChecks({ ...base, ...change, ...more }, policy), NOT_IN_DRY_RUN);
    expect(inDryRun({ killSwitchEngaged: true })).toEqual([]);
    expect(inDryRun({ calendar: { ...base.calendar, eve: true } })).toMatchObject([{ code: 'ALLOWED_DAY' }]);
    expect(inDryRun({ bills: [] }).map(({ code }) => code)).toEqual(['OVERDUE_DEBT', 'MIN_DEBT']);
    expect(NOT_IN_DRY_RUN).toEqual([
      'KILL_SWITCH',
      'LAST_CALL',
      'APPROVED',
      'TWO_PERSONS',
      'WEATHER',
      'PAYMENT_WINDOW',
    ]);
  });

  test.each([
    ['CHINA', 'CHINA-POSTPAID', '2026-03-10', '2026-03-10T09:00:00+08:00'],
    ['NEW_YORK', 'NEW-YORK-RESIDENTIAL', '2026-06-02', '2026-06-02T08:00:00-04:00'],
    ['NEW_YORK', 'NEW-YORK-RESIDENTIAL', '2026-03-08', '2026-03-08T08:00:00-04:00'],
    ['NEW_YORK', 'NEW-YORK-RESIDENTIAL', '2026-11-01', '2026-11-01T08:00:00-05:00'],
    ['TEXAS', 'TEXAS', '2026-03-08', '2026-03-08T08:00:00-05:00'],
    ['UK', 'UK-DOMESTIC', '2026-03-29', '2026-03-29T09:00:00+01:00'],
    ['UK', 'UK-DOMESTIC', '2026-10-25', '2026-10-25T09:00:00+00:00'],
    ['AUSTRALIA', 'AUSTRALIA-SMALL-CUSTOMERS', '2026-04-05', '2026-04-05T08:00:00+10:00'],
    ['AUSTRALIA', 'AUSTRALIA-SMALL-CUSTOMERS', '2026-10-04', '2026-10-04T08:00:00+11:00'],
    ['INDIA', 'INDIA-UP-PREPAID', '2026-02-28', '2026-02-28T08:00:00+05:30'],
  ])('%s, %s opens on %s at %s', (book, code, date, at) => {
    expect(openingOf(presetPolicy(book, code), date)).toEqual(new Date(at));
  });
});
