/**
 * What energy costs. Values in, value out: lines are exact in Wh at every tier boundary, each line is rounded half up to the minor
 * unit once, and the total is the sum of the lines, so a customer can check a bill with a pocket calculator.
 */
import { addDays, isLocalDate } from '../platform/local-date.js';
import type { LocalDate } from '../platform/local-date.js';
import { pricePieces, splitIntoPieces, type EnergyToPrice, type Piece, type PricedUsage } from './pricing-policy.js';
import { tariffDocuments } from './tariffs/index.js';
import { tariffSchema } from './tariffs/schema.js';
import type { Tariff } from './tariffs/schema.js';

export { tierPeriodStart } from './pricing-policy.js';
export type { EnergyLine, LineKind, PricedUsage } from './pricing-policy.js';
export type { Tariff, Tier } from './tariffs/schema.js';

/** A period's energy to be priced. */
export interface UsageToPrice extends EnergyToPrice {
  /** First day of the period. */
  periodFrom: LocalDate;
  /** First day after the period. */
  periodTo: LocalDate;
}

/**
 * Checks tariff files and returns them as values.
 * @throws Error naming the tariff and what is wrong with it, also when two versions of one code are valid on the same date.
 */
export function loadTariffs(documents: readonly unknown[]): readonly Tariff[] {
  const tariffs = documents.map((document, index) => {
    const result = tariffSchema.safeParse(document);
    if (result.success) return result.data;
    const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'tariff'}: ${issue.message}`);
    throw new Error(`Tariff ${nameOf(document, index)} cannot be used. ${problems.join('; ')}.`);
  });
  for (const [index, tariff] of tariffs.entries()) {
    const rival = tariffs.slice(0, index).find((other) => other.code === tariff.code && overlap(other, tariff));
    if (rival) {
      throw new Error(
        `Tariff ${tariff.code} has two versions on the same date (from ${rival.validFrom} and from ${tariff.validFrom}); end the earlier one before the later begins.`,
      );
    }
  }
  return tariffs;
}

function nameOf(document: unknown, index: number): string {
  const code: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, 'code') : undefined;
  return typeof code === 'string' ? code : `number ${index + 1}`;
}

const overlap = (one: Tariff, other: Tariff): boolean =>
  (one.validTo === null || other.validFrom <= one.validTo) &&
  (other.validTo === null || one.validFrom <= other.validTo);

/** The tariffs that ship with the product, checked when this file is loaded. */
export const TARIFFS = loadTariffs(tariffDocuments);

/** The version of tariff `code` valid on `date`, or undefined when there is none. */
export function findTariff(code: string, date: LocalDate, tariffs = TARIFFS): Tariff | undefined {
  return tariffs.find((tariff) => tariff.code === code && isValidOn(tariff, date));
}

const isValidOn = (tariff: Tariff, date: LocalDate): boolean =>
  tariff.validFrom <= date && (tariff.validTo === null || date <= tariff.validTo);

/**
 * Prices a period with one tariff version. A period that crosses into a new tier period is split by days, energy in proportion, and
 * starts again at the first tier there.
 * @throws RangeError when the period is empty, reaches outside the tariff's validity, or an energy is negative.
 */
export function priceUsage(input: UsageToPrice & { tariff: Tariff }): PricedUsage {
  const { tariff, periodFrom, periodTo } = input;
  checkUsage(input);
  const lastDay = addDays(periodTo, -1);
  if (!isValidOn(tariff, periodFrom) || !isValidOn(tariff, lastDay)) {
    throw new RangeError(
      `Tariff ${tariff.code} is valid from ${tariff.validFrom} to ${tariff.validTo ?? 'further notice'}, not from ${periodFrom} to ${lastDay}; use priceUsageByCode to split the period at the change.`,
    );
  }
  return pricePieces(splitIntoPieces({ tariff, from: periodFrom, to: periodTo }), input);
}

/**
 * Prices a period by tariff code, splitting it by days where a new version of the tariff begins. A change of price does not restart
 * the tiers.
 * @throws RangeError when no version of the tariff is valid on some day of the period, or as {@link priceUsage}.
 */
export function priceUsageByCode(input: UsageToPrice & { code: string }, tariffs = TARIFFS): PricedUsage {
  checkUsage(input);
  const pieces = piecesOf(input.code, input.periodFrom, input.periodTo, tariffs);
  if (!pieces) {
    let day = input.periodFrom;
    while (findTariff(input.code, day, tariffs)) day = addDays(day, 1);
    throw new RangeError(
      `No tariff ${input.code} is valid on ${day}; add a version for that day or bill under another code.`,
    );
  }
  return pricePieces(pieces, input);
}

/**
 * The parts of a period in which one version of the tariff, one season and one tier period hold, in order; undefined when some day
 * has no version. Many accounts share a period: its pieces are worth keeping.
 */
export function piecesOf(
  code: string,
  periodFrom: LocalDate,
  periodTo: LocalDate,
  tariffs = TARIFFS,
): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let from = periodFrom; from < periodTo;) {
    const tariff = findTariff(code, from, tariffs);
    if (!tariff) return undefined;
    const to = tariff.validTo === null || tariff.validTo >= periodTo ? periodTo : addDays(tariff.validTo, 1);
    pieces.push(...splitIntoPieces({ tariff, from, to }));
    from = to;
  }
  return pieces;
}

function checkUsage({ energyWh, alreadyUsedInTierPeriodWh, periodFrom, periodTo }: UsageToPrice): void {
  if (!isLocalDate(periodFrom) || !isLocalDate(periodTo) || periodFrom >= periodTo) {
    throw new RangeError(
      `A billing period needs a first day and a later day after its end, not ${periodFrom} to ${periodTo}.`,
    );
  }
  if (energyWh < 0n || alreadyUsedInTierPeriodWh < 0n) {
    throw new RangeError(
      `Energy cannot be negative (${energyWh} Wh now, ${alreadyUsedInTierPeriodWh} Wh before); a reading that goes backwards must not be billed.`,
    );
  }
}
