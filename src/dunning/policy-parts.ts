/** The parts that a dunning policy is put together from. */
import { z } from 'zod';
import { CUSTOMER_CLASSES, PROTECTION_KINDS } from '../accounts/customer.js';
import { MAX_AMOUNT_MINOR } from '../platform/money.js';
import { HOLD_KINDS, NOTICE_CHANNELS, PROOF_KINDS } from './words.js';

export const CODE = /^[A-Z0-9]+([-_][A-Z0-9]+)*$/;
export const MINUTES_OF_DAY = 24 * 60;

/** Where a parameter comes from: told with every check it decides. `verified` means read in the rule's own text. */
export const clause = z.strictObject({ text: z.string().min(1), verified: z.boolean() });
export const days = z.int().min(0).max(3_650);
/** Minor units; a whole number where a document is JSON, which knows no bigint. */
export const signedMinor = z
  .union([z.bigint(), z.int().transform(BigInt)])
  .refine((minor) => minor > -MAX_AMOUNT_MINOR && minor < MAX_AMOUNT_MINOR, { error: 'is too large an amount' });
export const minor = signedMinor.refine((value) => value >= 0n, { error: 'must not be negative' });
/** Local time of day 'HH:MM'; '24:00' ends a day. */
export const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'must be a local time HH:MM' });
/** A day of every year, 'MM-DD'; 02-29 counts as 1 March where there is none. */
const monthDay = z
  .string()
  .regex(/^(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])$|^(0[469]|11)-(0[1-9]|[12]\d|30)$|^02-(0[1-9]|[12]\d)$/, {
    error: 'must be a day MM-DD of the calendar',
  });

/** When a step of the ladder is due; the later of this and its predecessor's service decides. */
const when = z.discriminatedUnion('from', [
  /** So many days after the reading day of the oldest unpaid bill (抄表日). */
  z.strictObject({ from: z.literal('READING_DAY'), days }),
  /** So many days after its due date; 1 is the first overdue day. */
  z.strictObject({ from: z.literal('DUE_DATE'), days }),
  /** A day of the calendar, counted in months from the month of the reading; months that are shorter take their last day. */
  z.strictObject({ from: z.literal('CALENDAR'), monthsLater: z.int().min(0).max(24), day: z.int().min(1).max(31) }),
  /** Prepaid: as soon as the balance is at or below this. */
  z.strictObject({ from: z.literal('BALANCE'), atOrBelowMinor: signedMinor }),
]);

export const step = z.strictObject({
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
  /** Local days from its service to the service of the next mandatory step. Of the cut notice 0: `notice` rules there. */
  clearDays: days,
  /** Empty: for every class of the policy. */
  customerClasses: z.array(z.enum(CUSTOMER_CLASSES)),
  clause,
});

export const calendar = z.strictObject({
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

export const season = z.strictObject({
  from: monthDay,
  to: monthDay,
  /** PROHIBIT: no cut of these customers; CONTACT_ATTEMPT: a personal attempt `hours` before, at the latest. */
  rule: z.enum(['PROHIBIT', 'CONTACT_ATTEMPT']),
  contactHours: z.int().min(0).max(1_000),
  /** Empty: everybody. */
  protections: z.array(z.enum(PROTECTION_KINDS)),
  clause,
});

export const protection = z.strictObject({
  kind: z.enum(PROTECTION_KINDS),
  /** EXTRA_STEPS: may be cut, with two approvals and a copy of the cut notice to the authority. */
  mode: z.enum(['PROHIBIT', 'EXTRA_STEPS']),
  /** False: a protection past its date still protects until somebody establishes that the reason is gone. */
  expires: z.boolean(),
  clause,
});

export const hold = z.strictObject({
  kind: z.enum(HOLD_KINDS),
  /** The longest one hold may last from its opening; null: until it is ended. */
  maxDays: days.nullable(),
  clause,
});

/** When a restore does not close the relay but arms the meter, and the customer presses its button (手动复电). */
export const arming = z.strictObject({
  /** Customers of these classes are always armed: machines may start by themselves. */
  customerClasses: z.array(z.enum(CUSTOMER_CLASSES)),
  /** Off for so long nobody knows what was left switched on; null: time alone never arms. Hours. */
  offHours: z.int().min(1).max(8_760).nullable(),
  /** At or above this voltage behind the open relay something feeds in: armed, and somebody looks. Volts. */
  backfeedVolts: z.int().min(1).max(500),
  /** Nobody pressed the button in time: armed again so often, then a visit. */
  rearms: z.int().min(0).max(3),
  clause,
});

/** The one-time restore code (复电码) for meters that do not answer. */
export const restoreCode = z.strictObject({
  /** Sent to the customer by itself when the remote rung ends without an answer. */
  automatic: z.boolean(),
  /** After this a visit is ordered. */
  validHours: z.int().min(1).max(72),
  clause,
});

export const weather = z.strictObject({
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
