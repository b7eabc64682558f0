/**
 * How a period's energy becomes lines with amounts. Values in, value out. Lines are exact in Wh at every tier boundary, each line is
 * rounded half up to the minor unit once, and the total is the sum of the lines.
 */
import type { TouPeriod } from '../metering/reading.js';
import { addMonths, daysBetween } from '../platform/local-date.js';
import type { LocalDate } from '../platform/local-date.js';
import { CURRENCY_DECIMALS, multiplyRateHalfUp } from '../platform/money.js';
import type { Currency } from '../platform/money.js';
import { UNIT_PRICE_DECIMALS } from './tariffs/schema.js';
import type { PricedPeriod, Tariff, Tier } from './tariffs/schema.js';

const WH_PER_KWH = 1000n;
const MICRO_PER_MAJOR = 10n ** BigInt(UNIT_PRICE_DECIMALS);

/** Energy at a price; what energy of a higher tier pays on top of time-of-use prices; energy that is free (negative). */
export type LineKind = 'ENERGY' | 'TIER_SURCHARGE' | 'FREE_ALLOWANCE';

/** One line of a bill. */
export interface EnergyLine {
  kind: LineKind;
  tariffCode: string;
  /** 1 for the first tier, and where there are none. */
  tier: number;
  /** The period of the day the energy was used in; null where the price is the same all day. */
  touPeriod: TouPeriod | null;
  /** True when the energy of the period was derived from a load shape and not from registers. */
  splitEstimated: boolean;
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

/** The energy of a billing period, and what its price depends on. */
export interface EnergyToPrice {
  energyWh: bigint;
  /** Energy already billed in the tier period that contains the first day, before it: see {@link tierPeriodStart}. */
  alreadyUsedInTierPeriodWh: bigint;
  /** What the registers per time-of-use period counted over the whole billing period, if the meter has them. */
  periodUseWh?: Readonly<Partial<Record<TouPeriod, bigint>>>;
  /** A household with a proven low income (低保户, 五保户) on the settlement day. */
  lowIncome?: boolean;
}

/** A part of a billing period with one tariff, one season and one tier period. */
export interface Piece {
  tariff: Tariff;
  from: LocalDate;
  to: LocalDate;
}

const tierMonths = (tariff: Tariff): 12 | 1 | null => {
  if (tariff.kind === 'TIERED_BY_YEAR') return 12;
  if (tariff.kind === 'TIERED_BY_MONTH') return 1;
  if (tariff.kind === 'FLAT' || !tariff.surcharges) return null;
  return tariff.surcharges.per === 'YEAR' ? 12 : 1;
};

/**
 * First day of the tier period that contains `date`: 1 January for tiers by year, the first of the month for tiers by month, null
 * where there are none. What was used from that day to the first of the period is what counts as already used.
 */
export function tierPeriodStart(tariff: Tariff, date: LocalDate): LocalDate | null {
  const months = tierMonths(tariff);
  if (months === null) return null;
  return months === 12 ? `${date.slice(0, 4)}-01-01` : `${date.slice(0, 7)}-01`;
}

/** Splits days of one tariff where a tier period or a season begins. */
export function splitIntoPieces({ tariff, from, to }: Piece): Piece[] {
  const bySeason = tariff.kind === 'TIERED_BY_MONTH' || (tariff.kind === 'TIME_OF_USE' && tariff.seasons.length > 1);
  const months = tierMonths(tariff);
  const step = bySeason || months === 1 ? 1 : months;
  const pieces: Piece[] = [];
  for (let start = from; start < to;) {
    const next =
      step === null ? to : addMonths(step === 12 ? `${start.slice(0, 4)}-01-01` : `${start.slice(0, 7)}-01`, step);
    const end = next < to ? next : to;
    const last = pieces.at(-1);
    // Neighbouring months of one season and one tier period are one piece.
    if (last && tierPeriodStart(tariff, start) !== start && seasonOf(tariff, last.from) === seasonOf(tariff, start)) {
      last.to = end;
    } else {
      pieces.push({ tariff, from: start, to: end });
    }
    start = end;
  }
  return pieces;
}

const seasonOf = (tariff: Tariff, date: LocalDate): number => {
  if (tariff.kind !== 'TIERED_BY_MONTH' && tariff.kind !== 'TIME_OF_USE') return 0;
  const month = Number(date.slice(5, 7));
  return tariff.seasons.findIndex(({ months }) => months.includes(month));
};

/** Prices energy over pieces that follow each other without a gap: a new price does not restart the tiers, a new tier period does. */
export function pricePieces(pieces: readonly Piece[], usage: EnergyToPrice): PricedUsage {
  const energiesWh = shareOut(
    usage.energyWh,
    pieces.map(({ from, to }) => BigInt(daysBetween(from, to))),
  );
  const lines: EnergyLine[] = [];
  let usedWh = usage.alreadyUsedInTierPeriodWh;
  for (const [index, piece] of pieces.entries()) {
    // Also for the first piece: on the first day of a tier period nothing has been used in it, whatever the caller says.
    if (tierPeriodStart(piece.tariff, piece.from) === piece.from) usedWh = 0n;
    const energyWh = energiesWh[index]!;
    if (piece.tariff.kind === 'TIME_OF_USE') {
      // Registers tell the periods of the whole bill; how they divide over its parts is an estimate again.
      const measured = usage.periodUseWh && { use: usage.periodUseWh, exact: pieces.length === 1 };
      lines.push(...periodLines(piece, energyWh, measured));
      if (piece.tariff.surcharges) {
        const surcharges = tierLines(piece, 'TIER_SURCHARGE', piece.tariff.surcharges.tiers, usedWh, energyWh);
        lines.push(...surcharges.filter(({ unitPriceMicro }) => unitPriceMicro > 0n));
      }
    } else {
      lines.push(...tierLines(piece, 'ENERGY', tiersOf(piece.tariff, piece.from), usedWh, energyWh));
    }
    usedWh += energyWh;
  }
  const { tariff, from } = pieces[0]!;
  const charged = sumOf(lines);
  if (usage.lowIncome) lines.push(...allowanceLines(tariff, from, pieces.at(-1)!.to, usage.energyWh, charged));
  return { lines, totalMinor: sumOf(lines), currency: tariff.currency };
}

const sumOf = (lines: readonly EnergyLine[]): bigint => lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

/** Divides a quantity in proportion to weights; what division leaves over goes to the later parts, so the sum is exact. */
function shareOut(quantity: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let passed = 0n;
  let shared = 0n;
  return weights.map((weight) => {
    passed += weight;
    const share = (quantity * passed) / total - shared;
    shared += share;
    return share;
  });
}

function tiersOf(tariff: Exclude<Tariff, { kind: 'TIME_OF_USE' }>, date: LocalDate): readonly Tier[] {
  if (tariff.kind === 'TIERED_BY_YEAR') return tariff.tiers;
  if (tariff.kind === 'FLAT') return [{ upToWh: null, unitPriceMicro: tariff.priceYuanPerKwh }];
  return tariff.seasons[seasonOf(tariff, date)]!.tiers;
}

function tierLines(
  piece: Piece,
  kind: 'ENERGY' | 'TIER_SURCHARGE',
  tiers: readonly Tier[],
  usedBeforeWh: bigint,
  energyWh: bigint,
): EnergyLine[] {
  const lines: EnergyLine[] = [];
  let usedWh = usedBeforeWh;
  let leftWh = energyWh;
  for (const [index, { upToWh, unitPriceMicro }] of tiers.entries()) {
    const roomWh = upToWh === null ? leftWh : upToWh - usedWh;
    const tierWh = roomWh < leftWh ? roomWh : leftWh;
    if (tierWh <= 0n) continue;
    lines.push(lineOf(piece, { kind, tier: index + 1, energyWh: tierWh, unitPriceMicro }));
    usedWh += tierWh;
    leftWh -= tierWh;
  }
  return lines;
}

/** Energy by period of the day: as the registers counted it, or evenly over the hours, as the load shape takes a day to be. */
function periodLines(
  piece: Piece,
  energyWh: bigint,
  measured: { readonly use: NonNullable<EnergyToPrice['periodUseWh']>; readonly exact: boolean } | undefined,
): EnergyLine[] {
  const { tariff, from } = piece;
  if (tariff.kind !== 'TIME_OF_USE') return [];
  const { periods } = tariff.seasons[seasonOf(tariff, from)]!;
  const counted = periods.map(({ period }) => measured?.use[period] ?? 0n);
  const isCounted = measured !== undefined && counted.some((useWh) => useWh > 0n);
  const shares = shareOut(energyWh, isCounted ? counted : periods.map(({ hoursOfDay }) => hoursOfDay));
  return periods.flatMap(({ period, unitPriceMicro }: PricedPeriod, index) =>
    shares[index]! > 0n
      ? [
          lineOf(piece, {
            kind: 'ENERGY',
            tier: 1,
            touPeriod: period,
            splitEstimated: !(isCounted && measured.exact),
            energyWh: shares[index]!,
            unitPriceMicro,
          }),
        ]
      : [],
  );
}

/** The free energy of a low-income household, at the price of the first tier; never more than was used, nor than was charged. */
function allowanceLines(
  tariff: Tariff,
  from: LocalDate,
  to: LocalDate,
  energyWh: bigint,
  chargedMinor: bigint,
): EnergyLine[] {
  if (tariff.kind === 'TIME_OF_USE' || !tariff.freeAllowance) return [];
  const grantedWh = overMonths(BigInt(tariff.freeAllowance.kwhPerMonth) * WH_PER_KWH, from, to);
  const freeWh = grantedWh < energyWh ? grantedWh : energyWh;
  if (freeWh === 0n) return [];
  const { unitPriceMicro } = tiersOf(tariff, from)[0]!;
  const line = lineOf({ tariff, from, to }, { kind: 'FREE_ALLOWANCE', tier: 1, energyWh: -freeWh, unitPriceMicro });
  return [{ ...line, amountMinor: -line.amountMinor > chargedMinor ? -chargedMinor : line.amountMinor }];
}

/** A monthly quantity over a period: whole months count once, the rest by its days of the month that begins there. Rounded down. */
function overMonths(perMonth: bigint, from: LocalDate, to: LocalDate): bigint {
  let months = 0;
  while (addMonths(from, months + 1) <= to) months += 1;
  const restFrom = addMonths(from, months);
  const days = BigInt(daysBetween(restFrom, to));
  const daysOfMonth = BigInt(daysBetween(restFrom, addMonths(from, months + 1)));
  return perMonth * BigInt(months) + (perMonth * days) / daysOfMonth;
}

function lineOf(
  { tariff, from, to }: Piece,
  line: Pick<EnergyLine, 'kind' | 'tier' | 'energyWh' | 'unitPriceMicro'> &
    Partial<Pick<EnergyLine, 'touPeriod' | 'splitEstimated'>>,
): EnergyLine {
  return {
    touPeriod: null,
    splitEstimated: false,
    ...line,
    tariffCode: tariff.code,
    amountMinor: amountOf(line.energyWh, line.unitPriceMicro, tariff.currency),
    from,
    to,
  };
}

function amountOf(energyWh: bigint, unitPriceMicro: bigint, currency: Currency): bigint {
  const minorPerMajor = 10n ** BigInt(CURRENCY_DECIMALS[currency]);
  return multiplyRateHalfUp(energyWh * unitPriceMicro, minorPerMajor, WH_PER_KWH * MICRO_PER_MAJOR);
}
