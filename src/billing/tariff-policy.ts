/**
 * What energy costs. Values in, value out: lines are exact in Wh at every tier boundary, each line is rounded half up to the minor
 * unit once, and the total is the sum of the lines, so a customer can check a bill with a pocket calculator.
 */
import { CURRENCY_DECIMALS, multiplyRateHalfUp } from '../platform/money.js';
import type { Currency } from '../platform/money.js';
import { addDays, addMonths, daysBetween, isLocalDate } from '../platform/local-date.js';
import type { LocalDate } from '../platform/local-date.js';
import { tariffDocuments } from './tariffs/index.js';
import { UNIT_PRICE_DECIMALS, tariffSchema } from './tariffs/schema.js';
import type { Tariff, Tier } from './tariffs/schema.js';

export type { Tariff, Tier } from './tariffs/schema.js';

const WH_PER_KWH = 1000n;

/** One line of a bill. */
export interface EnergyLine {
  kind: 'ENERGY';
  tariffCode: string;
  /** 1 for the first tier, and for a flat tariff. */
  tier: number;
  energyWh: bigint;
  /** Micro-units of the currency per kWh. */
  unitPriceMicro: bigint;
  amountMinor: bigint;
  /** Days the line is for: `from` inclusive, `to` exclusive. */
  from: LocalDate;
  to: LocalDate;
}

/** What a period's energy costs; no lines for no energy. */
export interface PricedUsage {
  lines: EnergyLine[];
  totalMinor: bigint;
  currency: Currency;
}

/** A period's energy to be priced. */
export interface UsageToPrice {
  energyWh: bigint;
  /** Energy already billed in the tier period that contains `periodFrom`, before it: see {@link tierPeriodStart}. */
  alreadyUsedInTierPeriodWh: bigint;
  /** First day of the period. */
  periodFrom: LocalDate;
  /** First day after the period. */
  periodTo: LocalDate;
}

/** A part of a billing period with one tariff and one tier period. */
interface Piece {
  tariff: Tariff;
  from: LocalDate;
  to: LocalDate;
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
 * First day of the tier period that contains `date`: 1 January for tiers by year, the first of the month for tiers by month, null for
 * a flat tariff. What was used from that day to `periodFrom` is what {@link priceUsage} wants as already used.
 */
export function tierPeriodStart(tariff: Tariff, date: LocalDate): LocalDate | null {
  if (tariff.kind === 'TIERED_BY_YEAR') return `${date.slice(0, 4)}-01-01`;
  if (tariff.kind === 'TIERED_BY_MONTH') return `${date.slice(0, 7)}-01`;
  return null;
}

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
  return pricePieces(splitAtTierPeriods({ tariff, from: periodFrom, to: periodTo }), input);
}

/**
 * Prices a period by tariff code, splitting it by days where a new version of the tariff begins. A change of price does not restart
 * the tiers.
 * @throws RangeError when no version of the tariff is valid on some day of the period, or as {@link priceUsage}.
 */
export function priceUsageByCode(input: UsageToPrice & { code: string }, tariffs = TARIFFS): PricedUsage {
  checkUsage(input);
  const pieces: Piece[] = [];
  let from = input.periodFrom;
  while (from < input.periodTo) {
    const tariff = findTariff(input.code, from, tariffs);
    if (!tariff) {
      throw new RangeError(
        `No tariff ${input.code} is valid on ${from}; add a version for that day or bill under another code.`,
      );
    }
    const to =
      tariff.validTo === null || tariff.validTo >= input.periodTo ? input.periodTo : addDays(tariff.validTo, 1);
    pieces.push(...splitAtTierPeriods({ tariff, from, to }));
    from = to;
  }
  return pricePieces(pieces, input);
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

function splitAtTierPeriods({ tariff, from, to }: Piece): Piece[] {
  const monthsPerTierPeriod = tariff.kind === 'TIERED_BY_YEAR' ? 12 : 1;
  const pieces: Piece[] = [];
  let start = from;
  while (start < to) {
    const tierStart = tierPeriodStart(tariff, start);
    const nextTierStart = tierStart === null ? to : addMonths(tierStart, monthsPerTierPeriod);
    const end = nextTierStart < to ? nextTierStart : to;
    pieces.push({ tariff, from: start, to: end });
    start = end;
  }
  return pieces;
}

function pricePieces(pieces: Piece[], usage: UsageToPrice): PricedUsage {
  const energiesWh = shareByDays(usage.energyWh, pieces);
  const lines: EnergyLine[] = [];
  let usedWh = usage.alreadyUsedInTierPeriodWh;
  for (const [index, piece] of pieces.entries()) {
    const tierStart = tierPeriodStart(piece.tariff, piece.from);
    // Also for the first piece: on the first day of a tier period nothing has been used in it, whatever the caller says.
    if (tierStart === piece.from) usedWh = 0n;
    const energyWh = energiesWh[index] ?? 0n;
    lines.push(...pieceLines(piece, usedWh, energyWh));
    usedWh += energyWh;
  }
  const currency = pieces[0]!.tariff.currency;
  return { lines, totalMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0n), currency };
}

/** Energy of each piece in proportion to its days; what division leaves over goes to the later pieces, so the sum is exact. */
function shareByDays(energyWh: bigint, pieces: Piece[]): bigint[] {
  const days = pieces.map((piece) => BigInt(daysBetween(piece.from, piece.to)));
  const totalDays = days.reduce((sum, count) => sum + count, 0n);
  let passedDays = 0n;
  let sharedWh = 0n;
  return days.map((count) => {
    passedDays += count;
    const shareWh = (energyWh * passedDays) / totalDays - sharedWh;
    sharedWh += shareWh;
    return shareWh;
  });
}

function tiersOf(tariff: Tariff, date: LocalDate): Tier[] {
  if (tariff.kind === 'TIERED_BY_YEAR') return tariff.tiers;
  if (tariff.kind === 'FLAT') return [{ upToWh: null, unitPriceMicro: tariff.priceYuanPerKwh }];
  const month = Number(date.slice(5, 7));
  return tariff.seasons.find((season) => season.months.includes(month))!.tiers;
}

function pieceLines({ tariff, from, to }: Piece, usedBeforeWh: bigint, energyWh: bigint): EnergyLine[] {
  const lines: EnergyLine[] = [];
  let usedWh = usedBeforeWh;
  let leftWh = energyWh;
  for (const [index, { upToWh, unitPriceMicro }] of tiersOf(tariff, from).entries()) {
    const roomWh = upToWh === null ? leftWh : upToWh - usedWh;
    const tierWh = roomWh < leftWh ? roomWh : leftWh;
    if (tierWh <= 0n) continue;
    const amountMinor = amountOf(tierWh, unitPriceMicro, tariff.currency);
    lines.push({
      kind: 'ENERGY',
      tariffCode: tariff.code,
      tier: index + 1,
      energyWh: tierWh,
      unitPriceMicro,
      amountMinor,
      from,
      to,
    });
    usedWh += tierWh;
    leftWh -= tierWh;
  }
  return lines;
}

function amountOf(energyWh: bigint, unitPriceMicro: bigint, currency: Currency): bigint {
  const minorPerMajor = 10n ** BigInt(CURRENCY_DECIMALS[currency]);
  const microPerMajor = 10n ** BigInt(UNIT_PRICE_DECIMALS);
  return multiplyRateHalfUp(energyWh * unitPriceMicro, minorPerMajor, WH_PER_KWH * microPerMajor);
}
