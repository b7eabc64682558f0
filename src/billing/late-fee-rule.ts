/**
 * The form of a late fee rule (违约金规则). A rule is data with named sources: what a day costs whom, from when, at least and at most. An
 * unknown key, a class without a rate or a parameter without a source is refused when the program starts.
 */
import { z } from 'zod';
import { CUSTOMER_CLASSES } from '../accounts/customer.js';
import { isCurrency, type Currency } from '../platform/money.js';

/** Rates beyond this are mistakes of the unit: 50‰ a day would double a debt in three weeks. */
const MAX_RATE_PER_MILLE = 50;
const MAX_GRACE_DAYS = 365;
/** Ten times the principal; a cap above it is a mistake of the unit. */
const MAX_CAP_PER_MILLE = 10_000;

/** How a fraction of the minor unit is settled, once, on the whole fee of a bill. */
export const LATE_FEE_ROUNDING_MODES = ['HALF_UP', 'UP', 'DOWN'] as const;

/** The parameters that need a source. */
export const LATE_FEE_PARAMETERS = [
  'ratesPerMille',
  'minimumMinor',
  'capPermille',
  'graceDays',
  'roundingMode',
] as const;

const rateSchema = z.strictObject({
  /** Thousandths of the unpaid principal per day. */
  perMille: z.int().min(0).max(MAX_RATE_PER_MILLE),
  /** Quoted on every line of the fee. */
  clause: z.string().min(1).max(200),
});

const ratesSchema = z.strictObject({
  /** Days of the year in which the bill fell due. */
  thisYear: rateSchema,
  /** Days from the next 1 January on: the debt is one of an earlier year (跨年度欠费). */
  earlierYear: rateSchema,
});

/** `verified` is true only where the figures were read in the named document or a faithful account of it. */
const sourceSchema = z
  .strictObject({
    parameters: z.array(z.enum(LATE_FEE_PARAMETERS)).min(1),
    document: z.string().min(1),
    clause: z.string().min(1).nullable(),
    verified: z.boolean(),
    note: z.string().min(1).optional(),
  })
  .refine(({ verified, note }) => verified || note !== undefined, {
    error: 'an unverified source says in its note what is uncertain',
  });

const minorAmount = z
  .int()
  .min(0)
  .max(1_000_000)
  .transform((minor) => BigInt(minor));

/** A late fee rule as committed (`z.input`) and as used (`z.output`). */
export const lateFeeRuleSchema = z
  .strictObject({
    code: z.string().regex(/^[A-Z0-9]+(-[A-Z0-9]+)*$/, { error: 'must be upper-case words joined by hyphens' }),
    /** Bills in another currency bear no late fee under this rule. */
    currency: z.string().refine((code): code is Currency => isCurrency(code), { error: 'is not a known currency' }),
    ratesPerMille: z.record(z.enum(CUSTOMER_CLASSES), ratesSchema),
    /** Least fee of a bill once any is due; 0: none. */
    minimumMinor: minorAmount,
    minimumClause: z.string().min(1).max(200),
    /** Highest fee of a bill in thousandths of its principal; null: no cap. It also bounds the minimum. */
    capPermille: z.int().min(1).max(MAX_CAP_PER_MILLE).nullable(),
    capClause: z.string().min(1).max(200),
    /** Days after the due date that never bear a fee. */
    graceDays: z.int().min(0).max(MAX_GRACE_DAYS),
    roundingMode: z.enum(LATE_FEE_ROUNDING_MODES),
    sources: z.array(sourceSchema),
  })
  .refine(({ sources }) => namesEachOnce(sources.flatMap(({ parameters }) => parameters)), {
    error: `the sources together must name each of ${LATE_FEE_PARAMETERS.join(', ')} exactly once`,
    path: ['sources'],
  });

const namesEachOnce = (named: readonly string[]): boolean =>
  named.length === LATE_FEE_PARAMETERS.length && LATE_FEE_PARAMETERS.every((parameter) => named.includes(parameter));

/** A rule as committed. */
export type LateFeeRuleDocument = z.input<typeof lateFeeRuleSchema>;
/** A checked rule. */
export type LateFeeRule = z.output<typeof lateFeeRuleSchema>;
