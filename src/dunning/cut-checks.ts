/** What a decision about a cut is made of: checks, each passed or blocking, with evidence and the clause that asks for it. */
import type { Clause } from './policy-schema.js';

/** Every check there is, in the order in which they are told. A policy without a rule has no check of it. */
export const CHECK_CODES = [
  'KILL_SWITCH',
  'METER_INSTALLED',
  'SAME_INSTALLATION',
  'NOT_ALREADY_OFF',
  'POLICY_APPLIES',
  'OVERDUE_DEBT',
  'MIN_DEBT',
  'DEBT_NOT_TOO_OLD',
  'READING_PROVEN',
  'PREPAID_BALANCE',
  'PREPAID_GRACE',
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
  'SEASON',
  'CONTACT_ATTEMPT',
  'NO_HOLD',
  'APPROVED',
  'TWO_PERSONS',
  'ALLOWED_DAY',
  'BLACKOUT',
  'ALLOWED_HOUR',
  'WEATHER',
  'PAYMENT_WINDOW',
] as const;
export type CutCheckCode = (typeof CHECK_CODES)[number];

/** What people's approvals answer: never left for later, and the only thing that may still be wanting while one approves. */
export const APPROVAL_CODES: readonly CutCheckCode[] = ['APPROVED', 'TWO_PERSONS'];

/** Decided only when a cut is approved or sent; who merely asks whether an account could be cut leaves these out. */
export const AT_SENDING: readonly CutCheckCode[] = [
  'KILL_SWITCH',
  'LAST_CALL',
  'APPROVED',
  'TWO_PERSONS',
  'ALLOWED_DAY',
  'BLACKOUT',
  'ALLOWED_HOUR',
  'WEATHER',
  'PAYMENT_WINDOW',
];

/** What a dry run for a given day leaves out: people still have to act, and weather and counters are known on the day only. */
export const NOT_IN_DRY_RUN: readonly CutCheckCode[] = AT_SENDING.filter(
  (code) => !['ALLOWED_DAY', 'BLACKOUT', 'ALLOWED_HOUR'].includes(code),
);

/** One check with its evidence: passed, or a blocker. */
export interface CutCheck {
  readonly code: CutCheckCode;
  readonly passed: boolean;
  /** Plain English with figures and local dates; no names, phones or addresses. */
  readonly evidence: string;
  /** The text that asks for it; marked where nobody has read it in the rule itself. */
  readonly clause: string;
}

/** The checks that block. `except` leaves out those that a later step will ask for. */
export const blockers = (checks: readonly CutCheck[], except: readonly CutCheckCode[] = []): CutCheck[] =>
  checks.filter(({ code, passed }) => !passed && !except.includes(code));

/** A clause as it is quoted. */
export const quoted = ({ text, verified }: Clause): string => (verified ? text : `${text} (unverified)`);

/** One check by a clause of the policy. */
export const check = (code: CutCheckCode, passed: boolean, evidence: string, clause: Clause): CutCheck => ({
  code,
  passed,
  evidence,
  clause: quoted(clause),
});

/** What Relight asks of every cut, whatever a policy says. */
export const RELIGHT_RULE: Clause = { text: 'Relight safety rule', verified: true };
