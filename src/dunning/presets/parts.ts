import type { Clause, DunningPolicyDocument } from '../policy-schema.js';

/** A clause read in the rule's own text, or in a faithful copy of it. */
export const law = (text: string): Clause => ({ text, verified: true });

/** A clause that is reported, or a figure that is guessed: to be confirmed by whoever works under it, never quoted as law. */
export const unverified = (text: string): Clause => ({ text, verified: false });

/** What Relight itself asks for where the law is silent; a company may set it otherwise. */
export const own = (text: string): Clause => ({ text: `Relight: ${text}`, verified: true });

type Step = DunningPolicyDocument['steps'][number];

/** A step that nobody must wait for: sent by the system to the customer, counted when sent. */
export const step = (
  code: string,
  en: string,
  zh: string,
  rest: Pick<Step, 'purpose' | 'when' | 'clause'> & Partial<Step>,
): Step => ({
  actor: 'SYSTEM',
  channels: ['SMS', 'APP'],
  recipients: ['CUSTOMER'],
  proof: [],
  mandatory: false,
  clearDays: 0,
  customerClasses: [],
  ...rest,
  code,
  name: { en, zh },
});

/** What most policies share, because no law they follow says otherwise. */
export const OWN_RULES = {
  approval: {
    role: 'SUPERVISOR',
    twoPersonsFromBatchOf: 50,
    twoPersonsForClasses: [],
    clause: own('a cut is approved by a second person; 50 cuts or more by two'),
  },
  volumeCap: {
    perHour: 200,
    perDay: 1_000,
    perDistrictPercentPerHour: 5,
    clause: own('what exceeds the cap waits for the next hour or the next day'),
  },
  arming: {
    customerClasses: [],
    offHours: 30 * 24,
    backfeedVolts: 50,
    rearms: 1,
    clause: own(
      'armed, not closed, after 30 days in the dark or where something feeds in behind the open relay (50 V, the limit of touch voltage)',
    ),
  },
  restoreCode: {
    automatic: true,
    validHours: 12,
    clause: own('a meter that does not answer gets its code at once, so that a visit still keeps the 24 hours'),
  },
  compensation: null,
  lateFee: null,
  weather: null,
  paymentWindow: null,
  prepaid: null,
} as const satisfies Partial<DunningPolicyDocument>;

/** Holds that Relight keeps wherever a law does not name them. */
export const ownHolds = (...kinds: DunningPolicyDocument['holds'][number]['kind'][]): DunningPolicyDocument['holds'] =>
  kinds.map((kind) => ({ kind, maxDays: OWN_HOLD_DAYS[kind], clause: own(`no cut during ${kind}`) }));

const OWN_HOLD_DAYS: Readonly<Record<DunningPolicyDocument['holds'][number]['kind'], number | null>> = {
  DISPUTE: null,
  COMPLAINT: null,
  PAYMENT_PLAN: null,
  PROMISE_TO_PAY: 15,
  HARDSHIP: 180,
  BANK_LATE: 5,
  DEPOSIT_UNDER_PROTEST: null,
  GUARANTEE: null,
  INVESTIGATION: null,
};
