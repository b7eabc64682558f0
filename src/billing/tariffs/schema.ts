/**
 * The form of a tariff file. A tariff is data with a named source, never code: prices are decimal texts in yuan per kWh, read into
 * integer micro-yuan, tier limits are whole kWh read into Wh. An unknown key, a gap in the tiers or a missing source is refused when
 * the program starts, not when the first bill is wrong.
 */
import { z } from 'zod';
import { isCurrency, parseDecimal } from '../../platform/money.js';
import type { Currency } from '../../platform/money.js';
import { isLocalDate } from '../../platform/local-date.js';
import { TOU_PERIODS, type TouPeriod } from '../../metering/reading.js';

/**
 * Decimals of a unit price: micro-yuan per kWh. Published price tables have up to six; a few derived prices (Shenzhen, Henan 2024)
 * have eight or nine and must be rounded by whoever enters them, knowingly.
 */
export const UNIT_PRICE_DECIMALS = 6;

const WH_PER_KWH = 1000n;
const MONTHS_OF_YEAR = 12;
const HOURS_OF_DAY = 24;

const dateText = z.string().refine(isLocalDate, { error: 'must be a calendar date YYYY-MM-DD' });

const decimalText = (least: bigint, tooLittle: string) =>
  z.string().transform((text, context): bigint => {
    const parsed = parseDecimal(text, UNIT_PRICE_DECIMALS);
    if (parsed.ok && parsed.scaled >= least) return parsed.scaled;
    context.addIssue({ code: 'custom', message: parsed.ok ? tooLittle : parsed.message });
    return z.NEVER;
  });
const priceText = decimalText(1n, 'a price must be greater than zero');
const surchargeText = decimalText(0n, 'a surcharge cannot be negative');

/**
 * Where a tariff's figures come from. `verified` means: read in the document's own text or an unabridged copy of it, whose number and
 * date are known. Everything else is unverified and must say in `note` what is uncertain; it may serve a simulation, not a real bill.
 * `url` is where `quote` was read.
 */
const sourceSchema = z.discriminatedUnion('verified', [
  z.strictObject({
    verified: z.literal(true),
    document: z.string().min(1),
    number: z.string().min(1),
    date: dateText,
    url: z.url(),
    quote: z.string().min(1),
    note: z.string().optional(),
  }),
  z.strictObject({
    verified: z.literal(false),
    document: z.string().min(1),
    number: z.string().min(1).nullable(),
    date: dateText.nullable(),
    url: z.url(),
    quote: z.string().min(1),
    note: z.string().min(1),
  }),
]);

/** Tiers in order; each reaches up to and including its limit (2520度及以下), the last has none. */
const tiersSchema = z
  .array(z.strictObject({ upToKwh: z.int().positive().nullable(), priceYuanPerKwh: priceText }))
  .min(1)
  .refine((tiers) => tiers.at(-1)?.upToKwh === null && tiers.slice(0, -1).every((tier) => tier.upToKwh !== null), {
    error: 'every tier but the last needs upToKwh, and the last must have null',
  })
  .refine((tiers) => tiers.slice(1, -1).every((tier, index) => (tier.upToKwh ?? 0) > (tiers[index]?.upToKwh ?? 0)), {
    error: 'tier limits must rise',
  })
  .transform((tiers): Tier[] =>
    tiers.map((tier) => ({
      upToWh: tier.upToKwh === null ? null : BigInt(tier.upToKwh) * WH_PER_KWH,
      unitPriceMicro: tier.priceYuanPerKwh,
    })),
  );

/** Tiers on top of time-of-use prices: energy of a tier pays so much more (阶梯加价), in whatever period it was used. */
const surchargesSchema = z.strictObject({
  per: z.enum(['YEAR', 'MONTH']),
  tiers: z
    .array(z.strictObject({ upToKwh: z.int().positive().nullable(), surchargeYuanPerKwh: surchargeText }))
    .min(2)
    .refine((tiers) => tiers.every((tier, index) => (tier.upToKwh === null) === (index === tiers.length - 1)), {
      error: 'every tier but the last needs upToKwh, and the last must have null',
    })
    .refine((tiers) => tiers.slice(1, -1).every((tier, index) => (tier.upToKwh ?? 0) > (tiers[index]?.upToKwh ?? 0)), {
      error: 'tier limits must rise',
    })
    .transform((tiers): Tier[] =>
      tiers.map(({ upToKwh, surchargeYuanPerKwh }) => ({
        upToWh: upToKwh === null ? null : BigInt(upToKwh) * WH_PER_KWH,
        unitPriceMicro: surchargeYuanPerKwh,
      })),
    ),
});

/** The periods of a local day, each with its hours [from, to) and its price; together they are the whole day, each once. */
const periodsSchema = z
  .array(
    z.strictObject({
      period: z.enum(TOU_PERIODS),
      hours: z
        .array(
          z
            .tuple([z.int().min(0).max(HOURS_OF_DAY), z.int().min(0).max(HOURS_OF_DAY)])
            .refine(([from, to]) => from < to, { error: 'hours run forward within a day; split them at midnight' }),
        )
        .min(1),
      priceYuanPerKwh: priceText,
    }),
  )
  .refine((periods) => new Set(periods.map(({ period }) => period)).size === periods.length, {
    error: 'a period is named twice',
  })
  .refine((periods) => isWholeDay(periods.flatMap(({ hours }) => hours)), {
    error: 'the periods together must cover each hour of the day exactly once',
  })
  .transform((periods): PricedPeriod[] =>
    periods.map(({ period, hours, priceYuanPerKwh }) => ({
      period,
      hoursOfDay: BigInt(hours.reduce((sum, [from, to]) => sum + to - from, 0)),
      unitPriceMicro: priceYuanPerKwh,
    })),
  );

function isWholeDay(hours: readonly (readonly [number, number])[]): boolean {
  const sorted = [...hours].sort(([a], [b]) => a - b);
  return sorted.every(([from], index) => from === (sorted[index - 1]?.[1] ?? 0)) && sorted.at(-1)?.[1] === HOURS_OF_DAY;
}

const touSeasonsSchema = z
  .array(z.strictObject({ months: z.array(z.int().min(1).max(MONTHS_OF_YEAR)).min(1), periods: periodsSchema }))
  .refine((seasons) => coversEachMonthOnce(seasons.flatMap((season) => season.months)), {
    error: 'the seasons together must name each month exactly once',
  });

/** Energy a low-income household has free each month (免费用电基数), at the price of the first tier. */
const allowance = { freeAllowance: z.strictObject({ kwhPerMonth: z.int().positive() }).optional() };

const seasonsSchema = z
  .array(z.strictObject({ months: z.array(z.int().min(1).max(MONTHS_OF_YEAR)).min(1), tiers: tiersSchema }))
  .refine((seasons) => coversEachMonthOnce(seasons.flatMap((season) => season.months)), {
    error: 'the seasons together must name each month exactly once',
  });

function coversEachMonthOnce(months: number[]): boolean {
  return months.length === MONTHS_OF_YEAR && new Set(months).size === MONTHS_OF_YEAR;
}

const common = {
  code: z.string().regex(/^[A-Z0-9]+(-[A-Z0-9]+)*$/, { error: 'must be upper-case words joined by hyphens' }),
  name: z.string().min(1),
  customerClass: z.enum(['RESIDENTIAL', 'COMMERCIAL']),
  currency: z.string().refine((code): code is Currency => isCurrency(code), { error: 'is not a known currency' }),
  validFrom: dateText,
  validTo: dateText.nullable(),
  source: sourceSchema,
};

/** A tariff file as committed (`z.input`) and as used (`z.output`). */
export const tariffSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ ...common, ...allowance, kind: z.literal('TIERED_BY_YEAR'), tiers: tiersSchema }),
    z.strictObject({ ...common, ...allowance, kind: z.literal('TIERED_BY_MONTH'), seasons: seasonsSchema }),
    z.strictObject({ ...common, ...allowance, kind: z.literal('FLAT'), priceYuanPerKwh: priceText }),
    z.strictObject({
      ...common,
      kind: z.literal('TIME_OF_USE'),
      seasons: touSeasonsSchema,
      surcharges: surchargesSchema.optional(),
    }),
  ])
  .refine((tariff) => tariff.validTo === null || tariff.validFrom <= tariff.validTo, {
    error: 'validTo must not lie before validFrom',
  });

/** One step of a tiered tariff: up to and including `upToWh` in its tier period (null: without end), in micro-yuan per kWh. */
export interface Tier {
  upToWh: bigint | null;
  unitPriceMicro: bigint;
}

/** One period of the day: how many hours it has, and its price in micro-yuan per kWh. */
export interface PricedPeriod {
  period: TouPeriod;
  hoursOfDay: bigint;
  unitPriceMicro: bigint;
}

/** A tariff as committed. */
export type TariffDocument = z.input<typeof tariffSchema>;

/** A checked tariff version: valid on every date from `validFrom` to `validTo` inclusive (null: open). */
export type Tariff = z.output<typeof tariffSchema>;
