/**
 * The form of a dunning policy (催费政策): what a place, a class of customers and a way of paying force upon whoever wants to cut. A policy is
 * data with named sources, never code. An unknown key, a step without a clause or hours that are empty are refused when the program
 * starts, not when the first family sits in the dark.
 */
import { z } from 'zod';
import { PAYMENT_MODES } from '../accounts/account.js';
import { CUSTOMER_CLASSES, PROTECTION_KINDS } from '../accounts/customer.js';
import { lateFeeRuleSchema } from '../billing/late-fee-rule.js';
import { HOLIDAY_PLACES } from '../platform/holidays.js';
import { isCurrency, type Currency } from '../platform/money.js';
import {
  arming,
  calendar,
  clause,
  CODE,
  days,
  hold,
  minor,
  MINUTES_OF_DAY,
  protection,
  restoreCode,
  season,
  signedMinor,
  step,
  time,
  weather,
} from './policy-parts.js';
import { ARREARS_CAUSES, CREDIT_RATINGS, NOTICE_CHANNELS, PROOF_KINDS } from './words.js';

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const repeated = (values: readonly string[]): string | undefined =>
  values.find((value, index) => values.indexOf(value) !== index);

/** One policy. Money is minor units of `currency`. */
export const dunningPolicySchema = z
  .strictObject({
    code: z.string().regex(CODE),
    name: z.strictObject({ en: z.string().min(1), zh: z.string().min(1) }),
    /** A place whose calendar of holidays is known, e.g. 'CN', 'US-NY'. */
    place: z.enum(HOLIDAY_PLACES, { error: `must be a place whose holidays are known: ${HOLIDAY_PLACES.join(', ')}` }),
    timeZone: z.string().refine(isTimeZone, { error: 'is not a time zone; write it like Asia/Shanghai' }),
    currency: z.string().refine((code): code is Currency => isCurrency(code), { error: 'is not a known currency' }),
    customerClasses: z.array(z.enum(CUSTOMER_CLASSES)).min(1),
    paymentMode: z.enum(PAYMENT_MODES),
    overdue: z.strictObject({
      /** A bill counts from this many days after its due date on ("more than 30" is 31). */
      minDays: days,
      /** Of unpaid principal: late fees and other charges never lead to a cut. At least one minor unit, whatever stands here. */
      minDebtMinor: minor,
      /** While the customer has agreed to pay (an open PAYMENT_PLAN or PROMISE_TO_PAY), the debt must reach this (null: no such rule). */
      minDebtWithAgreementMinor: minor.nullable(),
      /** Debt this old can no longer be enforced by a cut, from the day of the month it is reached (null: no such rule). */
      maxAge: z
        .strictObject({ months: z.int().min(1).max(120), from: z.enum(['DUE_DATE', 'READING_DAY']), clause })
        .nullable(),
      /** Whether a bill that rests on an estimated reading counts. */
      estimatedCounts: z.boolean(),
      clause,
    }),
    /** For PREPAID: balance-driven. */
    prepaid: z
      .strictObject({
        cutBelowMinor: signedMinor,
        graceMinutes: z
          .int()
          .min(0)
          .max(30 * MINUTES_OF_DAY),
        emergencyCreditMinor: minor,
        clause,
      })
      .nullable(),
    steps: z.array(step).min(1),
    notice: z.strictObject({
      /** Between the service of the cut notice and the cut. CLEAR days count neither the day of service nor that of the cut. */
      minDays: days,
      maxDays: days.nullable(),
      count: z.enum(['ELAPSED', 'CLEAR']),
      /** Kinds of customers whose notice is also copied to the authority. */
      copyToAuthority: z.array(z.enum(PROTECTION_KINDS)),
      clause,
    }),
    /** The last word before the cut (停电前再次通知); the cut is executed within this window after it. */
    lastCall: z
      .strictObject({
        minMinutes: z.int().min(0).max(MINUTES_OF_DAY),
        maxMinutes: z
          .int()
          .min(1)
          .max(7 * MINUTES_OF_DAY),
        channels: z.array(z.enum(NOTICE_CHANNELS)).min(1),
        proof: z.array(z.enum(PROOF_KINDS)),
        clause,
      })
      .nullable(),
    standing: z.strictObject({
      /** At least one contact proven reachable before a cut notice counts. */
      reachableContact: z.boolean(),
      /** A person must have found out why the customer is in arrears. */
      causeKnown: z.boolean(),
      /** Causes that forbid the cut. */
      causesThatBlock: z.array(z.enum(ARREARS_CAUSES)),
      /** Extra days overdue granted by credit rating. */
      graceDaysByRating: z.partialRecord(z.enum(CREDIT_RATINGS), days),
      clause,
    }),
    approval: z.strictObject({
      role: z.enum(['DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR']),
      /** Two distinct approvers from this size of a batch on. */
      twoPersonsFromBatchOf: z.int().min(1).max(1_000_000),
      /** And for customers of these classes, or with EXTRA_STEPS protection. */
      twoPersonsForClasses: z.array(z.enum(CUSTOMER_CLASSES)),
      clause,
    }),
    calendar,
    /** No cut when nobody could pay and be restored tonight. */
    paymentWindow: z
      .strictObject({
        minOpenMinutes: z.int().min(1).max(MINUTES_OF_DAY),
        untilTime: time,
        countOnline: z.boolean(),
        clause,
      })
      .nullable(),
    weather: weather.nullable(),
    seasons: z.array(season),
    protections: z.array(protection),
    /** Never asked is not "no". */
    neverAskedProtects: z.strictObject({ customerClasses: z.array(z.enum(CUSTOMER_CLASSES)), clause }),
    holds: z.array(hold),
    reconnect: z.strictObject({
      threshold: z.enum(['FULL', 'PERCENT', 'BALANCE_ABOVE_ZERO']),
      /** For PERCENT: of the overdue amount, 1 to 100. */
      percent: z.int().min(1).max(100),
      includeLateFees: z.boolean(),
      /** From the posting of the payment to power. */
      slaMinutes: z
        .int()
        .min(1)
        .max(30 * MINUTES_OF_DAY),
      sameDay: z.boolean(),
      clause,
    }),
    arming,
    restoreCode,
    /** The rule by which late fees (违约金) are computed; null: none are charged. */
    lateFee: lateFeeRuleSchema.nullable(),
    compensation: z.strictObject({ perDayMinor: minor, capMinor: minor, clause }).nullable(),
    /** The most that the ramp of batches lets go, beside the company's thresholds; the rest waits. Shares in percent. */
    volumeCap: z.strictObject({
      perHour: z.int().min(1),
      perDay: z.int().min(1),
      perDistrictPercentPerHour: z.int().min(1).max(100),
      clause,
    }),
  })
  .superRefine((policy, context) => {
    const refuse = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path });
    if (policy.calendar.hours.from >= policy.calendar.hours.to)
      refuse('must begin before they end', 'calendar', 'hours');
    if ((policy.paymentMode === 'PREPAID') !== (policy.prepaid !== null))
      refuse('goes with paymentMode PREPAID, and only with it', 'prepaid');
    if (policy.notice.maxDays !== null && policy.notice.maxDays < policy.notice.minDays)
      refuse('must not be less than minDays', 'notice', 'maxDays');
    if (policy.lastCall && policy.lastCall.maxMinutes < policy.lastCall.minMinutes)
      refuse('must not be less than minMinutes', 'lastCall', 'maxMinutes');
    const twice = {
      steps: repeated(policy.steps.map(({ code }) => code)),
      protections: repeated(policy.protections.map(({ kind }) => kind)),
      holds: repeated(policy.holds.map(({ kind }) => kind)),
    };
    for (const [list, value] of Object.entries(twice)) if (value) refuse(`names ${value} twice`, list);
    const notices = policy.steps.filter(({ purpose }) => purpose === 'CUT_NOTICE');
    if (notices.length > 1) refuse('has more than one CUT_NOTICE', 'steps');
    if (notices[0] && notices[0] !== policy.steps.findLast(({ mandatory }) => mandatory))
      refuse(
        'must be mandatory and the last mandatory step: no cut without it, no step between it and the cut',
        'steps',
        policy.steps.indexOf(notices[0]),
      );
    if (notices[0] && notices[0].clearDays !== 0)
      refuse(
        'must be 0 for the cut notice; notice.minDays rules there',
        'steps',
        policy.steps.indexOf(notices[0]),
        'clearDays',
      );
    if (notices[0]?.customerClasses.length)
      refuse(
        'must be empty for the cut notice: it is for everybody',
        'steps',
        policy.steps.indexOf(notices[0]),
        'customerClasses',
      );
    if (policy.paymentMode === 'POSTPAID' && !notices[0])
      refuse('needs a mandatory CUT_NOTICE: nobody is cut without one', 'steps');
    if (policy.lateFee && policy.lateFee.currency !== policy.currency)
      refuse('must be the currency of the policy', 'lateFee', 'currency');
  });

/** A policy as committed or read from a file. */
export type DunningPolicyDocument = z.input<typeof dunningPolicySchema>;
/** A checked policy. */
export type DunningPolicy = z.output<typeof dunningPolicySchema>;
export type LadderStep = DunningPolicy['steps'][number];
export type Clause = z.output<typeof clause>;
