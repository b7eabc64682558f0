/**
 * The ladder of one account, computed from facts every time and never marched along: whoever asks twice, late, or after a month without
 * any run gets the ladder that the facts make. A step is due at the later of its own day and its predecessor's service plus clear days.
 */
import { addDays, localDate, type LocalDate } from '../platform/local-date.js';
import type { DebtFact } from './cut-facts.js';
import {
  anchorOf,
  countingBills,
  countsFrom,
  cutWindowOf,
  graceDaysOf,
  ownDateOf,
  speaksOf,
  unpaidBills,
} from './ladder-case-policy.js';
import { NEVER_ACTIONED } from './ladder.js';
import type { DunningPauseFact, Ladder, LadderFacts, LadderReason, LadderStepState, LadderStepView } from './ladder.js';
import type { DunningPolicy, LadderStep } from './policy-schema.js';
import { nextChanges, stageFor } from './stage-policy.js';

type NoticeFact = LadderFacts['notices'][number];

/** What is the same for every step of one ladder. */
interface Case {
  readonly facts: LadderFacts;
  readonly policy: DunningPolicy;
  readonly today: LocalDate;
  readonly anchor: DebtFact | undefined;
  readonly held: string | null;
  readonly paused: string | null;
}

/** The step before: when it was passed (null: not yet), and when it could be at the earliest. */
interface Before {
  readonly code: string;
  readonly passedOn: LocalDate | null;
  readonly earliestOn: LocalDate | null;
  readonly clearDays: number;
  /** The first day on which the next mandatory step may be served: clear days after the last mandatory service. */
  readonly mandatoryFrom: LocalDate | null;
}

/** The ladder of an account at `now`. The order of bills, notices, holds and pauses does not matter. */
export function ladderFor(
  facts: LadderFacts,
  policy: DunningPolicy,
  now: Date,
  pauses: readonly DunningPauseFact[] = [],
): Ladder {
  const today = localDate(now, policy.timeZone);
  const anchor = anchorOf(facts);
  const held = heldBy(facts, policy);
  const pause = pauses.find(({ from, until }) => from <= today && (until === null || today <= until));
  const paused = pause
    ? `paused ${pause.until === null ? 'until resumed' : `to ${pause.until}`}: ${pause.reason}`
    : null;
  const one: Case = { facts, policy, today, anchor, held, paused };
  const steps: LadderStepView[] = [];
  let before: Before | undefined;
  for (const step of policy.steps) {
    const view = judge(step, before, one);
    steps.push(view);
    if (view.reasonCode === 'OTHER_CLASS' || view.reasonCode === 'LOWER_LINE_REACHED') continue;
    const passed = passedOn(view, one);
    before = {
      code: step.code,
      passedOn: passed,
      earliestOn: view.state === 'BLOCKED' ? null : view.dueOn,
      clearDays: step.clearDays,
      mandatoryFrom:
        step.mandatory && passed !== null ? addDays(passed, step.clearDays) : (before?.mandatoryFrom ?? null),
    };
  }
  const stage = stageFor(facts, policy, now, steps);
  const next = nextChanges(facts, policy, steps, pauses)
    .filter((instant) => instant > now)
    .sort((a, b) => a.getTime() - b.getTime())[0];
  return { stage, held, paused, anchoredTo: anchor?.billId ?? null, steps, nextAt: next ?? null };
}

/** The words of an open hold that this policy knows; the earliest kind by name, so that order does not matter. */
function heldBy(facts: LadderFacts, policy: DunningPolicy): string | null {
  const known = new Set(policy.holds.map(({ kind }) => kind));
  // A hold past its day holds until somebody has acted on its end.
  const open = facts.holds.filter(({ kind }) => known.has(kind));
  const [first] = open.map(({ kind, until }) => `${kind} ${until === null ? 'until ended' : `to ${until}`}`).sort();
  return first === undefined ? null : `on hold: ${first}`;
}

/** The day on which a step was got past: by service, or because a step that need not be served failed. */
function passedOn(view: LadderStepView, { facts, policy }: Case): LocalDate | null {
  const notice = facts.notices.find(({ noticeId }) => noticeId === view.noticeId);
  if (view.state === 'DONE') return localDate(notice!.servedAt!, policy.timeZone);
  if ((view.state === 'SKIPPED' || view.state === 'NEVER_ACTIONED') && notice)
    return localDate(notice.failedAt ?? notice.createdAt, policy.timeZone);
  return null;
}

/** The lowest later line of the balance that is reached too: told of that one, nobody needs this one. */
const lowerLineReached = (step: LadderStep, { facts, policy }: Case): string | undefined =>
  policy.steps
    .slice(policy.steps.indexOf(step) + 1)
    .findLast(({ when }) => when.from === 'BALANCE' && facts.balanceMinor <= when.atOrBelowMinor)?.code;

/** Whether a notice is a service that still carries its step: proven, not lapsed, and naming every bill that a cut could stand on. */
function carries(notice: NoticeFact, step: LadderStep, one: Case): boolean {
  const { facts, policy, today } = one;
  if (notice.state !== 'SERVED') return false;
  if (step.proof.length > 0 && !(notice.proofKind && step.proof.includes(notice.proofKind))) return false;
  if (facts.cutForDebt || step.when.from === 'BALANCE') return !lapsed(notice, step, one);
  // A bill that a reversed payment opened again is not spoken of by what was said before.
  const speaks = ({ billId, reopenedAt }: DebtFact): boolean =>
    notice.billIds.includes(billId) && (reopenedAt === null || notice.createdAt >= reopenedAt);
  if (step.mandatory && !countingBills(facts, policy, today).every(speaks)) return false;
  return !lapsed(notice, step, one);
}

/**
 * The service by which a step is done. A failure undoes every service before it: whoever tried again had a reason. A mandatory step is served
 * after its mandatory predecessor, its clear days included; the earliest such service counts, of a cut notice the latest.
 */
function serviceOf(
  step: LadderStep,
  latestFirst: readonly NoticeFact[],
  before: Before | undefined,
  one: Case,
): NoticeFact | undefined {
  const failedMs = Math.max(
    -Infinity,
    ...latestFirst.map(({ state, failedAt, createdAt }) =>
      state === 'FAILED' ? (failedAt ?? createdAt).getTime() : -Infinity,
    ),
  );
  const from = step.mandatory ? (before?.mandatoryFrom ?? null) : null;
  const services = latestFirst.filter(
    (notice) =>
      carries(notice, step, one) &&
      notice.servedAt!.getTime() > failedMs &&
      (from === null || localDate(notice.servedAt!, one.policy.timeZone) >= from),
  );
  return step.purpose === 'CUT_NOTICE' ? services[0] : services.at(-1);
}

/** Latest first; of one instant the larger id. */
const byLatest = (a: NoticeFact, b: NoticeFact): number =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a.noticeId < b.noticeId ? 1 : -1);

function judge(step: LadderStep, before: Before | undefined, one: Case): LadderStepView {
  const { facts, policy, today, anchor } = one;
  const balance = step.when.from === 'BALANCE';
  const view = (
    state: LadderStepState,
    dueOn: LocalDate | null,
    reasonCode: LadderReason | null = null,
    reason: string | null = null,
    noticeId: string | null = null,
  ): LadderStepView => ({
    code: step.code,
    purpose: step.purpose,
    dueOn,
    state,
    reasonCode,
    reason,
    noticeId,
    anchoredTo: balance ? null : (anchor?.billId ?? null),
  });
  if (step.customerClasses.length > 0 && !step.customerClasses.includes(facts.customerClass))
    return view('SKIPPED', null, 'OTHER_CLASS', `this step is not for ${facts.customerClass} customers`);
  const ownOn = ownDateOf(step, facts, anchor, today, policy.timeZone);
  const mine = facts.notices.filter((notice) => notice.stepCode === step.code).sort(byLatest);
  const spoken = mine.filter((notice) => speaksOf(notice, step, facts, anchor, policy.timeZone));
  if (ownOn === null) {
    const open = mine.find(({ state }) => state === 'PREPARED' || state === 'SENT');
    if (open) return view('WITHDRAWN', null, 'DEBT_SETTLED', 'the debt it speaks of is settled', open.noticeId);
    return balance
      ? view('WAITING', null, 'BALANCE_ABOVE_LINE', 'the balance is above the line of this step')
      : view('WAITING', null, 'NOTHING_OWED', 'nothing is owed');
  }
  const dueOn = dueDateOf(step, ownOn, before, one);
  const lower = balance && !step.mandatory ? lowerLineReached(step, one) : undefined;
  const served = serviceOf(step, spoken, before, one);
  if (served) return view('DONE', dueOn, null, null, served.noticeId);
  if (lower) return view('SKIPPED', dueOn, 'LOWER_LINE_REACHED', `the balance has reached step ${lower} already`);
  const last = spoken.find(({ state }) => state !== 'WITHDRAWN');
  if (last?.state === 'SERVED') return untaken(step, before, dueOn, one, view);
  if (last && last.state !== 'FAILED')
    return view(
      'WAITING',
      dueOn,
      'NOTICE_UNDER_WAY',
      `its notice is ${last.state.toLowerCase()}, not served`,
      last.noticeId,
    );
  if (last && !step.mandatory && last.failureCode === NEVER_ACTIONED)
    return view('NEVER_ACTIONED', dueOn, 'NOT_ACTED_ON', 'nobody acted on it before its deadline', last.noticeId);
  if (last) {
    const words = `its notice failed on ${localDate(last.failedAt ?? last.createdAt, policy.timeZone)}`;
    return step.mandatory
      ? view('BLOCKED', dueOn, 'NOTICE_FAILED', `${words}; serve it another way`, last.noticeId)
      : view('SKIPPED', dueOn, 'NOTICE_FAILED', words, last.noticeId);
  }
  return untaken(step, before, dueOn, one, view);
}

/** A step for which nothing was given yet: whether it is due, and what keeps it from being given. */
function untaken(
  step: LadderStep,
  before: Before | undefined,
  dueOn: LocalDate | null,
  one: Case,
  view: (state: LadderStepState, dueOn: LocalDate | null, code?: LadderReason, reason?: string) => LadderStepView,
): LadderStepView {
  if (before && before.passedOn === null)
    return view('WAITING', dueOn, 'PREDECESSOR_NOT_SERVED', `waits for step ${before.code}`);
  if (dueOn === null || one.today < dueOn) return view('WAITING', dueOn, 'NOT_YET_DUE', `due on ${dueOn}`);
  if (one.facts.cutForDebt) return view('WAITING', dueOn, 'ALREADY_CUT', 'power is off for this debt already');
  if (one.paused) return view('PAUSED', dueOn, 'PAUSED', one.paused);
  if (one.held) return view('PAUSED', dueOn, 'HELD', one.held);
  const obstacle = obstacleTo(step, before !== undefined, one);
  if (obstacle) return view('BLOCKED', dueOn, ...obstacle);
  return view('DUE', dueOn);
}

/** The day a step is due; null while what comes before it cannot be passed. */
function dueDateOf(step: LadderStep, ownOn: LocalDate, before: Before | undefined, one: Case): LocalDate | null {
  const startOn = step.purpose === 'CUT_NOTICE' ? announcedFrom(ownOn, one) : ownOn;
  if (!before) return startOn;
  const passed = before.passedOn ?? before.earliestOn;
  return passed === null ? null : later(startOn, addDays(passed, before.clearDays));
}

const later = (a: LocalDate, b: LocalDate): LocalDate => (b > a ? b : a);

/** Grace by rating puts the announcement of the cut off by as many days; one that would lapse before the debt counts waits as well. */
function announcedFrom(ownOn: LocalDate, { facts, policy, anchor }: Case): LocalDate {
  if (!anchor || policy.prepaid) return ownOn;
  const graced = addDays(ownOn, graceDaysOf(facts, policy));
  const { maxDays } = policy.notice;
  return maxDays === null ? graced : later(graced, addDays(countsFrom(anchor, facts, policy), -maxDays));
}

/** A cut notice that no longer carries a cut must be given anew, unless the cut has happened. */
function lapsed(notice: NoticeFact, step: LadderStep, { facts, policy, today }: Case): boolean {
  if (step.purpose !== 'CUT_NOTICE' || facts.cutForDebt) return false;
  const { until } = cutWindowOf(localDate(notice.servedAt!, policy.timeZone), policy);
  return until !== null && today > until;
}

/** What forbids giving a step that is due, with its reason. */
function obstacleTo(step: LadderStep, hasPredecessor: boolean, one: Case): [LadderReason, string] | undefined {
  const { facts, policy, today } = one;
  // Somebody who goes there in person may find out how to reach the customer; anything else would speak into the void, or threaten.
  const findsOut = step.purpose !== 'CUT_NOTICE' && step.channels.includes('VISIT');
  if (hasPredecessor && !findsOut && policy.standing.reachableContact && facts.reachableContacts === 0)
    return ['NO_REACHABLE_CONTACT', 'no contact is proven reachable; correct the contacts before this step'];
  if (step.purpose !== 'CUT_NOTICE') return undefined;
  const shield = protectionAgainst(facts, policy, today);
  if (shield) return ['PROTECTED', `protected: ${shield}; no cut may be announced`];
  if (facts.arrearsCause && policy.standing.causesThatBlock.includes(facts.arrearsCause))
    return ['CAUSE_FORBIDS_CUT', `cause of arrears ${facts.arrearsCause} forbids a cut`];
  const owedMinor = unpaidBills(facts).reduce((sum, bill) => sum + bill.principalOutstandingMinor, 0n);
  if (step.when.from !== 'BALANCE' && owedMinor < policy.overdue.minDebtMinor)
    return ['DEBT_TOO_SMALL', 'the debt is below the amount for which power may be cut'];
  return undefined;
}

/** A kind of protection that prohibits a cut today, the first by name. */
export function protectionAgainst(facts: LadderFacts, policy: DunningPolicy, today: LocalDate): string | undefined {
  return facts.protections
    .filter(({ kind, validUntil }) => {
      const rule = policy.protections.find((one) => one.kind === kind);
      return rule?.mode === 'PROHIBIT' && (!rule.expires || validUntil === null || today <= validUntil);
    })
    .map(({ kind }) => kind)
    .sort()[0];
}
