import { weekday } from '../platform/local-date.js';
import { check, RELIGHT_RULE, type CutCheck, type CutCheckCode } from './cut-checks.js';
import { counted, extraSteps, isFor, isWithin, type CutCase } from './cut-case.js';
import type { Verdict } from './cut-facts.js';
import type { Clause } from './policy-schema.js';

const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
const nameOf = (isoWeekday: number): string => DAY_NAMES[isoWeekday - 1] ?? '';

/** Who approved: persons of the role (a supervisor stands in for any), none of them the one who asked, each counted once. */
export function approvalChecks(question: CutCase): CutCheck[] {
  const { facts, policy } = question;
  const { role, twoPersonsFromBatchOf, twoPersonsForClasses, clause } = policy.approval;
  const able = facts.approvals.filter((approval) => approval.role === role || approval.role === 'SUPERVISOR');
  const persons = [...new Set(able.map(({ by }) => by).filter((by) => by !== facts.requestedBy))];
  const refused =
    facts.approvals.length === 0 ? 'not yet' : able.length === 0 ? `not by a ${role}` : 'only by whoever asked for it';
  const reasons = [
    ...(facts.batchSize >= twoPersonsFromBatchOf ? [`${counted(facts.batchSize, 'cut')} together`] : []),
    ...(twoPersonsForClasses.length > 0 && isFor(twoPersonsForClasses, facts) ? [facts.customerClass] : []),
    ...extraSteps(question),
  ];
  const needed = reasons.length > 0 ? 2 : 1;
  return [
    check('APPROVED', persons.length > 0, persons.length > 0 ? `by ${persons.join(' and ')}` : refused, clause),
    check(
      'TWO_PERSONS',
      needed === 1 || persons.length >= needed,
      needed === 1
        ? 'one person is enough'
        : `${persons.length} of 2 persons have approved; two are needed: ${reasons.join(', ')}`,
      clause,
    ),
  ];
}

/** Day and hour, by the calendar of the place. */
export function calendarChecks(question: CutCase): CutCheck[] {
  const { policy, today, time } = question;
  const { hours, blackouts, clause } = policy.calendar;
  const blackout = blackouts.find((range) => isWithin(today, range));
  return [
    allowedDay(question),
    ...(blackouts[0]
      ? [
          check(
            'BLACKOUT',
            !blackout,
            blackout ? `${today} is within ${blackout.from} to ${blackout.to}` : `${today} is in no blackout`,
            (blackout ?? blackouts[0]).clause,
          ),
        ]
      : []),
    check(
      'ALLOWED_HOUR',
      time >= hours.from && time < hours.to,
      `${time} local; allowed from ${hours.from} to before ${hours.to}`,
      clause,
    ),
  ];
}

function allowedDay({ facts, policy, today }: CutCase): CutCheck {
  const { weekdays, makeUpDays, holidayRule, clause } = policy.calendar;
  const { covered, holiday, eve, makeUpDay } = facts.calendar;
  const isoWeekday = weekday(today);
  const onDay = weekdays.includes(isoWeekday) || (makeUpDay && makeUpDays);
  const day = `${today}, a ${nameOf(isoWeekday)}`;
  const told = (passed: boolean, text: string) => check('ALLOWED_DAY', passed, `${day}${text}`, clause);
  if (holidayRule !== 'NONE') {
    if (!covered) return told(false, ': nobody has published the holidays of this year');
    if (holiday !== null) return told(false, `: ${holiday}`);
    if (eve && holidayRule === 'DAY_AND_EVE') return told(false, ', the eve of a holiday');
  }
  const kind = makeUpDay ? ', a make-up working day' : '';
  return told(onDay, onDay ? kind : `${kind}; allowed: ${weekdays.map(nameOf).join(', ')}`);
}

/** What a rule outside found. A rule without an answer blocks. */
function verdictCheck(
  code: CutCheckCode,
  rule: { readonly clause: Clause } | null,
  verdict: Verdict | null,
): CutCheck[] {
  if (!rule) return [];
  return [
    check(
      code,
      verdict?.passed ?? false,
      verdict?.evidence ?? 'unknown: nobody has told, and in doubt nobody is cut',
      rule.clause,
    ),
  ];
}

export const weatherCheck = ({ facts, policy }: CutCase): CutCheck[] =>
  verdictCheck('WEATHER', policy.weather, facts.weather);

export const paymentWindowCheck = ({ facts, policy }: CutCase): CutCheck[] =>
  verdictCheck('PAYMENT_WINDOW', policy.paymentWindow, facts.paymentWindow);

/** The rule that names no policy at all. */
export const NO_POLICY: CutCheck = check(
  'POLICY_APPLIES',
  false,
  'no policy is in force for this customer: nobody is cut',
  RELIGHT_RULE,
);
