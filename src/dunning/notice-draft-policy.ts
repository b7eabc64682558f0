/** What a notice says, to whom and by which way, from the facts of one account at one moment. */
import { addDays, localDate, localTime, startOfLocalDay, weekday, type LocalDate } from '../platform/local-date.js';
import { anchorOf, countsFrom, cutWindowOf, unpaidBills } from './ladder-case-policy.js';
import type { LadderFacts } from './ladder.js';
import { isByGateway, routesOf, routeText, type RouteContact } from './notice-route-policy.js';
import type { NoticeLanguage, NoticeRecipient } from './notice.js';
import type { NewNotice } from './notices.js';
import type { DunningPolicy, LadderStep } from './policy-schema.js';
import type { NoticeFields } from './templates/fields.js';
import { renderNotice } from './templates/render.js';

/** What a notice needs of the customer and the place. */
export interface Addressee {
  readonly accountId: string;
  readonly accountNumber: string;
  readonly customerName: string;
  readonly address: string;
  readonly servicePhone: string;
  /** District manager; null where none is named. */
  readonly manager: string | null;
  /** Valid contacts, in order of preference. */
  readonly contacts: readonly RouteContact[];
  /** First local day of each unpaid bill, by bill id. */
  readonly periodFrom: Readonly<Record<string, LocalDate>>;
}

/** One notice to be written. */
export interface NoticeDraft {
  readonly facts: LadderFacts;
  readonly policy: DunningPolicy;
  readonly policyVersion: number;
  /** Null: the last call. */
  readonly step: LadderStep | null;
  readonly addressee: Addressee;
  readonly caseId: string | null;
  readonly at: Date;
  /** For the last call: when the cut is to happen. */
  readonly cutAt?: Date;
  readonly newId: () => string;
}

/** The 95598 desk serves what no district manager owns. */
const DESK = '95598';
/** Local days in which a person serves what is theirs to serve. */
const FIELD_DAYS = 3;
const MINUTE_MS = 60_000;
/** A year of days without one on which a cut is allowed: the policy forbids every weekday, which its form refuses. */
const MOST_DAYS = 370;

/** What makes a last call a step: the rule of the policy, sent by the system. */
const lastCallStep = ({ lastCall }: DunningPolicy): Pick<LadderStep, 'channels' | 'proof' | 'actor' | 'clause'> => ({
  channels: lastCall?.channels ?? ['VOICE', 'SMS'],
  proof: lastCall?.proof ?? [],
  actor: 'SYSTEM',
  clause: lastCall?.clause ?? { text: 'last call', verified: false },
});

/** The notices of a step (the customer's first, then its copies), or those of a last call. */
export function draftNotices(draft: NoticeDraft): NewNotice[] {
  const { policy, step, facts } = draft;
  const main = noticeTo(draft, step?.recipients[0] ?? 'CUSTOMER', null);
  const others: NoticeRecipient[] = (step?.recipients ?? []).slice(1);
  if (step?.purpose === 'CUT_NOTICE' && needsAuthority(facts, policy) && !step.recipients.includes('AUTHORITY'))
    others.push('AUTHORITY');
  return [main, ...others.map((recipient) => noticeTo(draft, recipient, main.id))];
}

/** Important users and those whose protection asks for extra steps: the authority has a copy of the cut notice. */
const needsAuthority = (facts: LadderFacts, policy: DunningPolicy): boolean =>
  facts.protections.some(
    ({ kind }) =>
      policy.notice.copyToAuthority.includes(kind) ||
      policy.protections.some((rule) => rule.kind === kind && rule.mode === 'EXTRA_STEPS'),
  );

function noticeTo(draft: NoticeDraft, recipient: NoticeRecipient, copyOfId: string | null): NewNotice {
  const { facts, policy, step, addressee, at, caseId } = draft;
  const rule = step ?? lastCallStep(policy);
  // Only the customer's contacts are on file: a letter goes to anybody else.
  const routes = recipient === 'CUSTOMER' ? routesOf(rule.channels, addressee.contacts) : routesOf(['LETTER'], []);
  const [first = { channel: rule.channels[0]!, contactId: null }, ...rest] = routes;
  const byGateway = isByGateway(first.channel, rule.actor);
  const purpose: NoticeFields['purpose'] = step?.purpose ?? 'LAST_CALL';
  const cutAt =
    purpose === 'LAST_CALL' ? draft.cutAt! : purpose === 'CUT_NOTICE' ? earliestCutAt(facts, policy, at) : null;
  const fields = fieldsOf(draft, purpose, cutAt, copyOfId !== null);
  const language: NoticeLanguage = policy.place === 'CN' ? 'zh' : 'en';
  const bills = policy.prepaid ? [] : unpaidBills(facts);
  return {
    ...renderNotice(language, fields),
    ...staff(byGateway, rule.actor, addressee, policy, at),
    id: draft.newId(),
    accountId: facts.accountId,
    caseId,
    anchorBillId: policy.prepaid ? null : (anchorOf(facts)?.billId ?? null),
    copyOfId,
    stepCode: step?.code ?? null,
    purpose,
    channel: first.channel,
    recipient,
    contactId: first.contactId,
    byGateway,
    mandatory: step?.mandatory ?? true,
    language,
    principalMinor: fields.principalMinor,
    lateFeeMinor: fields.lateFeeMinor,
    balanceMinor: facts.balanceMinor,
    currency: policy.currency,
    policyCode: policy.code,
    policyVersion: draft.policyVersion,
    routesLeft: rest.map(routeText),
    acceptedProofs: copyOfId === null ? rule.proof : [],
    announcedCutAt: cutAt,
    bills: bills.map(({ billId, principalOutstandingMinor, lateFeeOutstandingMinor }) => ({
      billId,
      principalMinor: principalOutstandingMinor,
      lateFeeMinor: lateFeeOutstandingMinor,
    })),
  };
}

/** Who serves it in person, and until when; nobody where the gateway sends it. */
export function staff(
  byGateway: boolean,
  actor: LadderStep['actor'],
  { manager }: Pick<Addressee, 'manager'>,
  policy: Pick<DunningPolicy, 'timeZone'>,
  at: Date,
): { owner: string | null; deadlineAt: Date | null } {
  if (byGateway) return { owner: null, deadlineAt: null };
  const lastDay = addDays(localDate(at, policy.timeZone), FIELD_DAYS);
  return {
    owner: actor === 'HOTLINE' ? DESK : (manager ?? DESK),
    deadlineAt: startOfLocalDay(addDays(lastDay, 1), policy.timeZone),
  };
}

function fieldsOf(
  { facts, policy, step, addressee, at }: NoticeDraft,
  purpose: NoticeFields['purpose'],
  cutAt: Date | null,
  copy: boolean,
): NoticeFields {
  const bills = policy.prepaid ? [] : unpaidBills(facts);
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, one) => total + one, 0n);
  const today = localDate(at, policy.timeZone);
  const cutDay = cutAt && localDate(cutAt, policy.timeZone);
  const { threshold, percent, sameDay, slaMinutes } = policy.reconnect;
  return {
    ...addressee,
    purpose,
    prepaid: policy.prepaid !== null,
    title: step ? step.name[policy.place === 'CN' ? 'zh' : 'en'] : null,
    issuedOn: today,
    currency: policy.currency,
    bills: bills.map((bill) => ({
      periodFrom: addressee.periodFrom[bill.billId] ?? bill.readingDate,
      periodTo: bill.readingDate,
      dueDate: bill.dueDate,
      principalMinor: bill.principalOutstandingMinor,
      lateFeeMinor: bill.lateFeeOutstandingMinor,
    })),
    principalMinor: sum(bills.map((bill) => bill.principalOutstandingMinor)),
    lateFeeMinor: sum(bills.map((bill) => bill.lateFeeOutstandingMinor)),
    balanceMinor: facts.balanceMinor,
    payBy: payBy(bills[0]?.dueDate, today, cutDay),
    cutNotBefore: cutAt && { day: cutDay!, time: localTime(cutAt, policy.timeZone).slice(0, 5) },
    restore: { threshold, percent, sameDay, withinHours: Math.ceil(slaMinutes / 60) },
    clause: (step ?? lastCallStep(policy)).clause,
    copy,
  };
}

/** The last day to pay in time: before the cut, or until the bill falls due; null once that has passed. */
function payBy(dueDate: LocalDate | undefined, today: LocalDate, cutDay: LocalDate | null): LocalDate | null {
  const day = cutDay === null ? dueDate : addDays(cutDay, -1);
  return day !== undefined && day >= today && cutDay !== today ? day : null;
}

/** The first instant at which a cut announced now could happen: notice given, debt counting, a weekday and an hour that are allowed. */
export function earliestCutAt(facts: LadderFacts, policy: DunningPolicy, at: Date): Date {
  const zone = policy.timeZone;
  const anchor = anchorOf(facts);
  const starts = [at, startOfLocalDay(cutWindowOf(localDate(at, zone), policy).from, zone)];
  if (!policy.prepaid && anchor) starts.push(startOfLocalDay(countsFrom(anchor, facts, policy), zone));
  if (policy.prepaid)
    starts.push(new Date((facts.belowLineSince ?? at).getTime() + policy.prepaid.graceMinutes * MINUTE_MS));
  const start = new Date(Math.max(...starts.map((one) => one.getTime())));
  const { hours, weekdays } = policy.calendar;
  for (let step = 0, day = localDate(start, zone); step < MOST_DAYS; step += 1, day = addDays(day, 1)) {
    const opens = atTime(day, hours.from, zone);
    const moment = opens > start ? opens : start;
    if (weekdays.includes(weekday(day)) && moment < atTime(day, hours.to, zone)) return moment;
  }
  throw new RangeError(`policy ${policy.code} allows no cut on any day`);
}

/** The instant at which clocks show `time` ('HH:MM', '24:00' ends the day) on a local day. */
function atTime(day: LocalDate, time: string, zone: string): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  if (hours === 24) return startOfLocalDay(addDays(day, 1), zone);
  const wanted = hours * 60 + minutes;
  const guess = new Date(startOfLocalDay(day, zone).getTime() + wanted * MINUTE_MS);
  // Where clocks were changed in the night, the guess shows another hour.
  const [shownHours = 0, shownMinutes = 0] = localTime(guess, zone).split(':').map(Number);
  return new Date(guess.getTime() + (wanted - shownHours * 60 - shownMinutes) * MINUTE_MS);
}
