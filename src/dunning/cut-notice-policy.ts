import { addDays, daysBetween, localDate, localTime, type LocalDate } from '../platform/local-date.js';
import { check, type CutCheck } from './cut-checks.js';
import { counted, extraSteps, isFor, protectionsInForce, type CutCase } from './cut-case.js';
import type { NoticeFact } from './cut-facts.js';
import type { Debts } from './cut-debt-policy.js';
import type { LadderStep } from './policy-schema.js';
import type { ProofKind } from './words.js';

const MINUTE_MS = 60_000;

/** What a notice must speak of: a bill that counts, or an exhausted balance (null). Notices made before `since` do not speak of it. */
interface Subject {
  readonly billId: string | null;
  readonly since: Date | null;
}

/** A notice that counts as served. */
interface Service {
  readonly notice: NoticeFact;
  readonly at: Date;
  readonly day: LocalDate;
}

/** What stands in the way of one step for one subject. */
type Problem = string;

function subjectsOf({ facts, policy }: CutCase, debts: Debts): Subject[] {
  if (policy.prepaid) return [{ billId: null, since: facts.belowLineSince }];
  if (debts.counting.length === 0) return [{ billId: null, since: null }];
  return debts.counting.map(({ billId, reopenedAt }) => ({ billId, since: reopenedAt }));
}

/** When a notice counts as served: proven by an accepted kind; where no proof is asked for, when it was sent. */
function servedAt(notice: NoticeFact, proof: readonly ProofKind[]): Date | null {
  if (proof.length === 0)
    return notice.state === 'SENT' || notice.state === 'SERVED' ? (notice.servedAt ?? notice.createdAt) : null;
  return notice.state === 'SERVED' && notice.proofKind && proof.includes(notice.proofKind) ? notice.servedAt : null;
}

const speaksOf = (notice: NoticeFact, { billId, since }: Subject): boolean =>
  (billId === null || notice.billIds.includes(billId)) && (since === null || notice.createdAt >= since);

/** Services of a step for a subject, earliest first. A failure undoes every service before it: whoever tried again had a reason. */
function servicesOf({ facts, policy }: CutCase, step: LadderStep, subject: Subject): Service[] {
  const notices = facts.notices.filter((notice) => notice.stepCode === step.code && speaksOf(notice, subject));
  const failedMs = Math.max(-Infinity, ...notices.map((notice) => failedAt(notice)?.getTime() ?? -Infinity));
  return notices
    .flatMap((notice) => {
      const at = servedAt(notice, step.proof);
      return at && at <= facts.at && at.getTime() > failedMs
        ? [{ notice, at, day: localDate(at, policy.timeZone) }]
        : [];
    })
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

const failedAt = (notice: NoticeFact): Date | null =>
  notice.state === 'FAILED' ? (notice.failedAt ?? notice.createdAt) : null;

/** Why a step without a service has none, as told to whoever could put it right. */
function whyNotServed({ facts, policy }: CutCase, step: LadderStep, subject: Subject): Problem {
  const of = subject.billId === null ? '' : ` of bill ${subject.billId}`;
  const day = (at: Date) => localDate(at, policy.timeZone);
  const all = facts.notices.filter(
    (notice) => notice.stepCode === step.code && (subject.billId === null || notice.billIds.includes(subject.billId)),
  );
  const notices = all.filter((notice) => speaksOf(notice, subject));
  const failed = notices.findLast((notice) => failedAt(notice));
  if (failed) return `${step.code}${of} failed on ${day(failedAt(failed) ?? facts.at)} and no service was proven since`;
  const last = notices.at(-1);
  if (last?.state === 'SERVED' && last.servedAt && last.servedAt <= facts.at)
    return `${step.code}${of} was served on ${day(last.servedAt)} with ${last.proofKind ?? 'no proof'}, which does not prove it here (${step.proof.join(', ')} would)`;
  if (last?.servedAt && last.servedAt > facts.at)
    return `${step.code}${of} is dated ${day(last.servedAt)}, which is yet to come`;
  if (last) return `${step.code}${of} is ${last.state}, not served`;
  if (all.length > 0 && subject.since)
    return `${step.code}${of} is from before ${day(subject.since)}, when this debt came back: serve a fresh one`;
  return `${step.code}${of} was never served`;
}

const cutNoticeOf = ({ policy }: CutCase): LadderStep | undefined =>
  policy.steps.find(({ purpose }) => purpose === 'CUT_NOTICE');

/** Days between service and cut, as the policy counts them. */
function noticeDays({ policy, today }: CutCase, day: LocalDate): number {
  return daysBetween(day, today) - (policy.notice.count === 'CLEAR' ? 1 : 0);
}

function isInWindow(question: CutCase, { day }: Service): boolean {
  const { minDays, maxDays } = question.policy.notice;
  const days = noticeDays(question, day);
  return days >= minDays && (maxDays === null || days <= maxDays);
}

/** Every check about notices, in order. */
export function noticeChecks(question: CutCase, debts: Debts): CutCheck[] {
  const subjects = subjectsOf(question, debts);
  return [
    ...mandatoryNotices(question, subjects),
    ...noticeServed(question, subjects),
    ...copyToAuthority(question, subjects),
    ...lastCall(question, subjects),
  ];
}

/** Each mandatory step before the cut notice: served for every bill that counts, and long enough before the next one. */
function mandatoryNotices(question: CutCase, subjects: readonly Subject[]): CutCheck[] {
  const steps = question.policy.steps.filter((step) => step.mandatory && isFor(step.customerClasses, question.facts));
  const before = steps.filter(({ purpose }) => purpose !== 'CUT_NOTICE');
  const [first] = before;
  if (!first) return [];
  const problems = subjects.flatMap((subject) => ladderProblem(question, steps, subject) ?? []);
  const [problem] = problems;
  const names = before.map(({ code }) => code).join(', ');
  return [
    check(
      'MANDATORY_NOTICES',
      !problem,
      problem ?? `served: ${names}, for ${counted(subjects.length, 'debt')}`,
      first.clause,
    ),
  ];
}

/** Takes the earliest service of each step that leaves the days after its predecessor's; tells the first step that has none. */
function ladderProblem(question: CutCase, steps: readonly LadderStep[], subject: Subject): Problem | undefined {
  let notBefore: { day: LocalDate; step: LadderStep } | undefined;
  for (const step of steps) {
    const isCutNotice = step.purpose === 'CUT_NOTICE';
    const services = servicesOf(question, step, subject).filter(
      (service) => !isCutNotice || isInWindow(question, service),
    );
    const last = services.at(-1);
    // Without a cut notice NOTICE_SERVED blocks and says so.
    if (!last) return isCutNotice ? undefined : whyNotServed(question, step, subject);
    const fitting = services.find(({ day }) => !notBefore || day >= notBefore.day);
    if (!fitting && notBefore)
      return `${step.code} was served on ${last.day}; after ${notBefore.step.code} it must not be served before ${notBefore.day} (${notBefore.step.clearDays} days)`;
    if (fitting) notBefore = { day: addDays(fitting.day, step.clearDays), step };
  }
  if (notBefore && question.today < notBefore.day)
    return `the ${notBefore.step.clearDays} days after ${notBefore.step.code} end on ${notBefore.day}`;
  return undefined;
}

function noticeServed(question: CutCase, subjects: readonly Subject[]): CutCheck[] {
  const step = cutNoticeOf(question);
  if (!step) return [];
  const { minDays, maxDays, count, clause } = question.policy.notice;
  const wanted = `${maxDays === null ? `at least ${minDays}` : `${minDays} to ${maxDays}`} ${count === 'CLEAR' ? 'clear days' : 'days'}`;
  const tell = ({ day, notice }: Service) =>
    `${step.code} served on ${day}${notice.proofKind ? ` (${notice.proofKind})` : ''}, ${noticeDays(question, day)} days before; the rule is ${wanted}`;
  const found = subjects.map((subject) => {
    const services = servicesOf(question, step, subject);
    const fitting = services.findLast((service) => isInWindow(question, service));
    const last = fitting ?? services.at(-1);
    return { passed: fitting !== undefined, text: last ? tell(last) : whyNotServed(question, step, subject) };
  });
  const shown = found.find(({ passed }) => !passed) ?? found[0];
  return [
    check(
      'NOTICE_SERVED',
      found.every(({ passed }) => passed),
      shown?.text ?? '',
      clause,
    ),
  ];
}

/** Important users and those with extra steps: the authority has a copy of the cut notice. */
function copyToAuthority(question: CutCase, subjects: readonly Subject[]): CutCheck[] {
  const { copyToAuthority: kinds, clause } = question.policy.notice;
  const policyHasRule = kinds.length > 0 || question.policy.protections.some(({ mode }) => mode === 'EXTRA_STEPS');
  if (!policyHasRule) return [];
  const concerned = new Set([
    ...protectionsInForce(question).filter((kind) => kinds.includes(kind)),
    ...extraSteps(question),
  ]);
  if (concerned.size === 0) return [check('COPY_TO_AUTHORITY', true, 'no copy is asked for', clause)];
  const step = cutNoticeOf(question);
  const copied =
    step !== undefined &&
    subjects.every((subject) =>
      servicesOf(question, step, subject).some(
        (service) => isInWindow(question, service) && service.notice.copiedToAuthority,
      ),
    );
  return [
    check(
      'COPY_TO_AUTHORITY',
      copied,
      `${[...concerned].join(', ')}: the authority has ${copied ? 'a' : 'no'} copy of the cut notice`,
      clause,
    ),
  ];
}

/**
 * The last word before the cut (停电前再次通知). Only the newest counts: it names the hour of this cut, and an earlier one, of a cut that did not
 * happen, told of another.
 */
function lastCall({ facts, policy }: CutCase, subjects: readonly Subject[]): CutCheck[] {
  const rule = policy.lastCall;
  if (!rule) return [];
  const wanted = `the rule is ${rule.minMinutes} to ${rule.maxMinutes} minutes before the cut`;
  const call = newestCall(facts.notices, subjects);
  const at = call && servedAt(call, rule.proof);
  if (!at || at > facts.at) {
    const text = call?.state === 'FAILED' ? 'the last call failed' : 'no last call is proven';
    return [check('LAST_CALL', false, `${text}; ${wanted}`, rule.clause)];
  }
  const hour = (instant: Date) => localTime(instant, policy.timeZone).slice(0, 5);
  const maxMs = rule.maxMinutes * MINUTE_MS;
  const agoMs = facts.at.getTime() - at.getTime();
  const isInTime = agoMs >= rule.minMinutes * MINUTE_MS && agoMs <= maxMs;
  const announced = call.announcedCutAt ?? null;
  const sinceAnnouncedMs = announced === null ? 0 : facts.at.getTime() - announced.getTime();
  const isOfThisCut = sinceAnnouncedMs >= 0 && sinceAnnouncedMs <= maxMs;
  const text = `last call ${counted(Math.floor(agoMs / MINUTE_MS), 'minute')} ago, at ${hour(at)}`;
  const named =
    announced === null || isOfThisCut
      ? ''
      : `, for a cut on ${localDate(announced, policy.timeZone)} at ${hour(announced)}`;
  return [check('LAST_CALL', isInTime && isOfThisCut, `${text}${named}; ${wanted}`, rule.clause)];
}

/** The last call made last, unless it was taken back; of several at one instant, one that failed. */
function newestCall(notices: readonly NoticeFact[], subjects: readonly Subject[]): NoticeFact | undefined {
  const sinceMs = Math.max(-Infinity, ...subjects.map(({ since }) => since?.getTime() ?? -Infinity));
  const calls = notices.filter(
    ({ purpose, state, createdAt }) =>
      purpose === 'LAST_CALL' && state !== 'WITHDRAWN' && createdAt.getTime() >= sinceMs,
  );
  const newestMs = Math.max(-Infinity, ...calls.map(({ createdAt }) => createdAt.getTime()));
  const newest = calls.filter(({ createdAt }) => createdAt.getTime() === newestMs);
  return newest.find(({ state }) => state === 'FAILED') ?? newest[0];
}
