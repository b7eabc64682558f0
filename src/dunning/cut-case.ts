import { formatAmount } from '../platform/money.js';
import { localDate, localTime, type LocalDate } from '../platform/local-date.js';
import type { CustomerClass, ProtectionKind } from '../accounts/customer.js';
import type { CutFacts } from './cut-facts.js';
import type { DunningPolicy } from './policy-schema.js';

/** One question: these facts, under this policy, on this local day and minute. */
export interface CutCase {
  readonly facts: CutFacts;
  readonly policy: DunningPolicy;
  readonly today: LocalDate;
  /** 'HH:MM'. */
  readonly time: string;
}

/** The case at `facts.at`, by the calendar and the clock on the wall of the policy's place. */
export const cutCase = (facts: CutFacts, policy: DunningPolicy): CutCase => ({
  facts,
  policy,
  today: localDate(facts.at, policy.timeZone),
  time: localTime(facts.at, policy.timeZone).slice(0, 5),
});

/** An amount as evidence tells it. */
export const told = (minor: bigint, { currency }: DunningPolicy): string =>
  `${formatAmount(minor, currency)} ${currency}`;

/** 'n bills', 'one bill'. */
export const counted = (count: number, noun: string): string => (count === 1 ? `1 ${noun}` : `${count} ${noun}s`);

/** An empty list of classes means every class. */
export const isFor = (classes: readonly CustomerClass[], facts: CutFacts): boolean =>
  classes.length === 0 || classes.includes(facts.customerClass);

/** Kinds of protection in force today: not past their date, or of a kind whose date does not end it by itself. */
export function protectionsInForce({ facts, policy, today }: CutCase): ProtectionKind[] {
  const outlastsItsDate = (kind: ProtectionKind) =>
    policy.protections.some((rule) => rule.kind === kind && !rule.expires);
  return facts.protections
    .filter(({ kind, validUntil }) => validUntil === null || validUntil >= today || outlastsItsDate(kind))
    .map(({ kind }) => kind);
}

/** Kinds in force under which a cut needs two approvals and a copy of the notice to the authority. */
export const extraSteps = (question: CutCase): ProtectionKind[] =>
  protectionsInForce(question).filter((kind) =>
    question.policy.protections.some((rule) => rule.kind === kind && rule.mode === 'EXTRA_STEPS'),
  );

/** Whether a day lies in [from, to] of every year, both ends included; a range may run over the end of the year. */
export function isWithin(day: LocalDate, { from, to }: { readonly from: string; readonly to: string }): boolean {
  const monthDay = day.slice(5);
  return from <= to ? monthDay >= from && monthDay <= to : monthDay >= from || monthDay <= to;
}
