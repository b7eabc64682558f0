/**
 * The form of a dunning policy (催费政策): what a place, a class of customers and a way of paying force upon whoever wants to cut. A policy is
 * data with named sources, never code. An unknown key, a step without a clause or hours that are empty are refused when the program
 * starts, not when the first family sits in the dark.
 */
import { z } from 'zod';
import { PAYMENT_MODES } from '../accounts/account.js';
import { CUSTOMER_CLASSES, PROTECTION_KINDS } from '../accounts/customer.js';
import { ARREARS_CAUSES, CREDIT_RATINGS, HOLD_KINDS, NOTICE_CHANNELS, PROOF_KINDS } from './words.js';

const CODE = /^[A-Z0-9]+([-_][A-Z0-9]+)*$/;
const MINUTES_OF_DAY = 24 * 60;

/** Where a parameter comes from: told with every check it decides. `verified` means read in the rule's own text. */
const clause = z.strictObject({ text: z.string().min(1), verified: z.boolean() });
const days = z.int().min(0).max(3_650);
const minor = z.bigint().min(0n);
/** Local time of day 'HH:MM'; '24:00' ends a day. */
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'must be a local time HH:MM' });
/** A day of every year, 'MM-DD'. */
const monthDay = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, { error: 'must be MM-DD' });

/** When a step of the ladder is due; the later of this and its predecessor's service decides. */
const when = z.discriminatedUnion('from', [
  /** So many days after the reading day of the oldest unpaid bill (抄表日). */
  z.strictObject({ from: z.literal('READING_DAY'), days }),
  /** So many days after its due date; 1 is the first overdue day. */
  z.strictObject({ from: z.literal('DUE_DATE'), days }),
  /** A day of the calendar, counted in months from the month of the reading; months that are shorter take their last day. */
  z.strictObject({ from: z.literal('CALENDAR'), monthsLater: z.int().min(0).max(24), day: z.int().min(1).max(31) }),
  /** Prepaid: as soon as the balance is at or below this. */
  z.strictObject({ from: z.literal('BALANCE'), atOrBelowMinor: z.bigint() }),
]);

const step = z.strictObject({
  code: z.string().regex(CODE),
  name: z.strictObject({ en: z.string().min(1), zh: z.string().min(1) }),
  purpose: z.enum(['REMINDER', 'DEMAND', 'CUT_NOTICE']),
  when,
  actor: z.enum(['SYSTEM', 'HOTLINE', 'METER_READER', 'DISTRICT_MANAGER']),
  /** In order of preference. */
  channels: z.array(z.enum(NOTICE_CHANNELS)).min(1),
  recipients: z.array(z.enum(['CUSTOMER', 'OWNER', 'NOMINATED_PERSON', 'AUTHORITY'])).min(1),
  /** Any one of these proves the service; none: it counts when sent. */
  proof: z.array(z.enum(PROOF_KINDS)),
  /** No cut without its proven service; its failure blocks. */
  mandatory: z.boolean(),
  /** Local days between its service and the next step. */
  clearDays: days,
  /** Empty: for every class of the policy. */
  customerClasses: z.array(z.enum(CUSTOMER_CLASSES)),
  clause,
});

const calendar = z.strictObject({
  /** ISO weekdays, 1 = Monday. A make-up working day (调休上班) counts as allowed only if `makeUpDays` says so. */
  weekdays: z.array(z.int().min(1).max(7)).min(1),
  makeUpDays: z.boolean(),
  /** Local [from, to): late in the day nobody can pay and be restored before the night. */
  hours: z.strictObject({ from: time, to: time }),
  holidayRule: z.enum(['NONE', 'DAY', 'DAY_AND_EVE']),
  /** Both ends included; may run over the end of the year. */
  blackouts: z.array(z.strictObject({ from: monthDay, to: monthDay, clause })),
  clause,
});

const season = z.strictObject({
  from: monthDay,
  to: monthDay,
  /** PROHIBIT: no cut of these customers; CONTACT_ATTEMPT: a personal attempt `hours` before, at the latest. */
  rule: z.enum(['PROHIBIT', 'CONTACT_ATTEMPT']),
  contactHours: z.int().min(0).max(1_000),
  /** Empty: everybody. */
  protections: z.array(z.enum(PROTECTION_KINDS)),
  clause,
});

const protection = z.strictObject({
  kind: z.enum(PROTECTION_KINDS),
  /** EXTRA_STEPS: may be cut, with two approvals and a copy of the cut notice to the authority. */
  mode: z.enum(['PROHIBIT', 'EXTRA_STEPS']),
  /** False: a protection past its date still protects until somebody establishes that the reason is gone. */
  expires: z.boolean(),
  clause,
});

const hold = z.strictObject({
  kind: z.enum(HOLD_KINDS),
  /** The longest one hold may last from its opening; null: until it is ended. */
  maxDays: days.nullable(),
  clause,
});

const weather = z.strictObject({
  /** Blocks when yesterday's high was at or below this and the forecast stays at or below it for `horizonHours`; °C. */
  coldC: z.number().nullable(),
  /** Blocks when the forecast reaches this within `horizonHours`; °C. */
  heatC: z.number().nullable(),
  /** Blocks while such an alert is in force, or was within `alertLookbackDays`. */
  alerts: z.array(z.enum(['HEAT', 'COLD', 'STORM'])),
  alertLookbackDays: days,
  horizonHours: z.int().min(1).max(240),
  /** Older facts are no facts: in doubt no cut. */
  staleAfterHours: z.int().min(1).max(240),
  clause,
});

/** One policy. Money is minor units of `currency`. */
export const dunningPolicySchema = z
  .strictObject({
    code: z.string().regex(CODE),
    name: z.strictObject({ en: z.string().min(1), zh: z.string().min(1) }),
    /** A place whose calendar of holidays is known, e.g. 'CN', 'US-NY'. */
    place: z.string().min(2),
    timeZone: z.string().min(1),
    currency: z.string().length(3),
    customerClasses: z.array(z.enum(CUSTOMER_CLASSES)).min(1),
    paymentMode: z.enum(PAYMENT_MODES),
    overdue: z.strictObject({
      /** A bill counts from this many days after its due date on ("more than 30" is 31). */
      minDays: days,
      minDebtMinor: minor,
      /** While a payment agreement is kept, debt below this does not count (null: no such rule). */
      minDebtWithAgreementMinor: minor.nullable(),
      /** Older debt can no longer be enforced by a cut (null: no such rule). */
      maxAgeMonths: z.int().min(1).max(120).nullable(),
      clause,
    }),
    /** For PREPAID: balance-driven. */
    prepaid: z
      .strictObject({
        cutBelowMinor: z.bigint(),
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
    /** After this long without power the meter is armed, and the customer presses the button (oven on); null: never. */
    armAfterOffHours: z.int().min(1).max(100_000).nullable(),
    compensation: z.strictObject({ perDayMinor: minor, capMinor: minor, clause }).nullable(),
    /** What one run may propose; over it, quarantine. Shares in percent. */
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
    if (new Set(policy.steps.map(({ code }) => code)).size < policy.steps.length)
      refuse('each step needs a code of its own', 'steps');
    const notices = policy.steps.filter(({ purpose }) => purpose === 'CUT_NOTICE');
    if (notices.length > 1) refuse('has more than one CUT_NOTICE', 'steps');
    if (policy.paymentMode === 'POSTPAID' && !notices[0]?.mandatory)
      refuse('needs a mandatory CUT_NOTICE: nobody is cut without one', 'steps');
  });

/** A policy as committed or read from a file. */
export type DunningPolicyDocument = z.input<typeof dunningPolicySchema>;
/** A checked policy. */
export type DunningPolicy = z.output<typeof dunningPolicySchema>;
export type LadderStep = DunningPolicy['steps'][number];
export type Clause = z.output<typeof clause>;
