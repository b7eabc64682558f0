/**
 * The late fee of one bill on any date (违约金), from facts alone. Three decisions where the rule is silent:
 * - **Which year a debt is of**: the year in which the bill fell due. It becomes an earlier year's on 1 January after that, so a bill due
 *   on 31 December bears the higher rate from its first day.
 * - **Which days count**: from the day after the due date to the day of payment, both included (计算至交纳日止). Money counts from the day
 *   after its value date: a day's base is what was unpaid when the day began. A reversal counts from its own date, not back to the payment's.
 * - **Rounding**: once, on the whole fee. A line is the rounded sum up to its last day less the rounded sum before its first, so lines add
 *   up to the fee wherever they are cut, and computing in steps gives what computing in one go gives.
 */
import type { CustomerClass } from '../accounts/customer.js';
import { divideHalfUp } from '../platform/money.js';
import { addDays, daysBetween, yearOf, type LocalDate } from '../platform/local-date.js';
import type { LateFeeRule } from './late-fee-rule.js';

/** Why a late fee is taken back. */
export const LATE_FEE_WAIVER_KINDS = ['BANK_LATE', 'BILLING_ERROR', 'HARDSHIP', 'OTHER'] as const;
export type LateFeeWaiverKind = (typeof LATE_FEE_WAIVER_KINDS)[number];

/** Either days that bear no fee, both ends included, or an amount taken off the whole. */
export type LateFeeWaiverFact =
  | { readonly kind: LateFeeWaiverKind; readonly fromDate: LocalDate; readonly toDate: LocalDate }
  | { readonly kind: LateFeeWaiverKind; readonly amountMinor: bigint };

/** Principal settled (positive) or open again (negative), on the day it counts. */
export interface PrincipalMovement {
  readonly date: LocalDate;
  readonly amountMinor: bigint;
}

/** Everything the fee rests on. Movements may come in any order. */
export interface LateFeeFacts {
  readonly dueDate: LocalDate;
  readonly principalMinor: bigint;
  readonly currency: string;
  readonly customerClass: CustomerClass;
  readonly movements: readonly PrincipalMovement[];
  readonly waivers: readonly LateFeeWaiverFact[];
}

/**
 * - DAILY: `days` × `ratePerMille` ‰ of `baseMinor`
 * - WAIVED: days that bear nothing, or an amount taken off
 * - MINIMUM: what is missing to the least fee; CAP: what exceeds the highest
 * - POSTED: the difference to what the ledger holds already (see amount-due-policy)
 */
export const LATE_FEE_LINE_KINDS = ['DAILY', 'WAIVED', 'MINIMUM', 'CAP', 'POSTED'] as const;
export type LateFeeLineKind = (typeof LATE_FEE_LINE_KINDS)[number];

/** One line of a fee. Both dates are included; `days`, `baseMinor` and `ratePerMille` are null where no daily rate applies. */
export interface LateFeeLine {
  readonly kind: LateFeeLineKind;
  readonly fromDate: LocalDate;
  readonly toDate: LocalDate;
  readonly days: number | null;
  readonly baseMinor: bigint | null;
  readonly ratePerMille: number | null;
  readonly amountMinor: bigint;
  readonly clause: string;
}

/** The fee up to and including a date; the lines add up to it. */
export interface LateFee {
  readonly totalMinor: bigint;
  readonly lines: readonly LateFeeLine[];
}

const NOTHING: LateFee = { totalMinor: 0n, lines: [] };

/** A stretch of days that all cost the same. */
interface Stretch {
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly baseMinor: bigint;
  readonly ratePerMille: number;
  readonly clause: string;
  readonly waived: boolean;
}

/** The late fee of a bill up to and including `onDate`. Never smaller on a later date, unless a waiver is added. */
export function lateFee(facts: LateFeeFacts, rule: LateFeeRule, onDate: LocalDate): LateFee {
  const firstDay = addDays(facts.dueDate, rule.graceDays + 1);
  // A correction in the customer's favour is a bill below zero: nobody is late with it.
  if (onDate < firstDay || facts.principalMinor <= 0n || facts.currency !== rule.currency) return NOTHING;
  let thousandths = 0n;
  const lines = stretchesOf(facts, rule, firstDay, onDate).map((stretch): LateFeeLine => {
    const days = daysBetween(stretch.from, stretch.to) + 1;
    const before = rounded(thousandths, rule);
    if (!stretch.waived) thousandths += stretch.baseMinor * BigInt(stretch.ratePerMille) * BigInt(days);
    return {
      kind: stretch.waived ? 'WAIVED' : 'DAILY',
      fromDate: stretch.from,
      toDate: stretch.to,
      days,
      baseMinor: stretch.baseMinor,
      ratePerMille: stretch.ratePerMille,
      amountMinor: rounded(thousandths, rule) - before,
      clause: stretch.clause,
    };
  });
  if (thousandths === 0n) return { totalMinor: 0n, lines };
  return withBounds(rounded(thousandths, rule), lines, facts, rule, { from: firstDay, to: onDate });
}

/** The least and the highest fee, then what was waived by amount. The cap bounds the minimum too: a fee never exceeds what it may be. */
function withBounds(
  dailyMinor: bigint,
  dailyLines: readonly LateFeeLine[],
  { principalMinor, waivers }: LateFeeFacts,
  rule: LateFeeRule,
  period: { readonly from: LocalDate; readonly to: LocalDate },
): LateFee {
  const lines = [...dailyLines];
  let totalMinor = dailyMinor;
  const moveTo = (kind: LateFeeLineKind, minor: bigint, clause: string) => {
    if (minor === totalMinor) return;
    lines.push(adjustment(kind, period, minor - totalMinor, clause));
    totalMinor = minor;
  };
  if (totalMinor < rule.minimumMinor) moveTo('MINIMUM', rule.minimumMinor, rule.minimumClause);
  const capMinor = rule.capPermille === null ? null : (principalMinor * BigInt(rule.capPermille)) / 1000n;
  if (capMinor !== null && totalMinor > capMinor) moveTo('CAP', capMinor, rule.capClause);
  for (const waiver of waivers) {
    if (!('amountMinor' in waiver)) continue;
    const left = totalMinor > waiver.amountMinor ? totalMinor - waiver.amountMinor : 0n;
    moveTo('WAIVED', left, waivedClause(waiver.kind));
  }
  return { totalMinor, lines };
}

/** A line that moves the sum without being days at a rate. */
export const adjustment = (
  kind: LateFeeLineKind,
  period: { readonly from: LocalDate; readonly to: LocalDate },
  amountMinor: bigint,
  clause: string,
): LateFeeLine => ({
  kind,
  fromDate: period.from,
  toDate: period.to,
  days: null,
  baseMinor: null,
  ratePerMille: null,
  amountMinor,
  clause,
});

const waivedClause = (kind: LateFeeWaiverKind): string => `waived: ${kind}`;

/** Cuts the days at every change of base, rate or waiver, leaves out what bears nothing, and joins what did not change after all. */
function stretchesOf(facts: LateFeeFacts, rule: LateFeeRule, firstDay: LocalDate, lastDay: LocalDate): Stretch[] {
  const newYear = `${yearOf(facts.dueDate) + 1}-01-01`;
  const cuts = [
    newYear,
    ...facts.movements.map(({ date }) => addDays(date, 1)),
    ...facts.waivers.flatMap((waiver) => ('fromDate' in waiver ? [waiver.fromDate, addDays(waiver.toDate, 1)] : [])),
  ].filter((day) => day > firstDay && day <= lastDay);
  const starts = [firstDay, ...[...new Set(cuts)].sort()];
  const rates = rule.ratesPerMille[facts.customerClass];
  const stretches: Stretch[] = [];
  for (const [index, from] of starts.entries()) {
    const next = starts[index + 1];
    const rate = from < newYear ? rates.thisYear : rates.earlierYear;
    const waiver = facts.waivers.find((one) => 'fromDate' in one && one.fromDate <= from && from <= one.toDate);
    const stretch: Stretch = {
      from,
      to: next === undefined ? lastDay : addDays(next, -1),
      baseMinor: baseOn(from, facts),
      ratePerMille: rate.perMille,
      clause: waiver ? waivedClause(waiver.kind) : rate.clause,
      waived: waiver !== undefined,
    };
    if (stretch.baseMinor === 0n || stretch.ratePerMille === 0) continue;
    const last = stretches.at(-1);
    if (last && continues(last, stretch)) stretches[stretches.length - 1] = { ...last, to: stretch.to };
    else stretches.push(stretch);
  }
  return stretches;
}

const continues = (earlier: Stretch, later: Stretch): boolean =>
  addDays(earlier.to, 1) === later.from &&
  earlier.baseMinor === later.baseMinor &&
  earlier.ratePerMille === later.ratePerMille &&
  earlier.clause === later.clause;

/**
 * What was unpaid when the day began. Two payments for one debt (one value-dated before the other's reversal) can settle more than there
 * is, on paper and for some days: then nothing was unpaid.
 */
function baseOn(day: LocalDate, { principalMinor, movements }: LateFeeFacts): bigint {
  let baseMinor = principalMinor;
  for (const { date, amountMinor } of movements) if (date < day) baseMinor -= amountMinor;
  if (baseMinor < 0n) return 0n;
  return baseMinor > principalMinor ? principalMinor : baseMinor;
}

function rounded(thousandths: bigint, { roundingMode }: LateFeeRule): bigint {
  switch (roundingMode) {
    case 'HALF_UP':
      return divideHalfUp(thousandths, 1000n);
    case 'UP':
      return (thousandths + 999n) / 1000n;
    case 'DOWN':
      return thousandths / 1000n;
  }
}
