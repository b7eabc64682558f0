import type { DunningPolicyDocument } from '../policy-schema.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const SCHEDULE_6 = law(
  'Electricity Act 1989, sch. 6 para. 2: 28 days after the demand in writing, then seven working days of notice',
);
const WINTER = { from: '10-01', to: '03-31', rule: 'PROHIBIT', contactHours: 0 } as const;

/** Households of Great Britain: Electricity Act 1989 and standard licence condition 27. */
export const uk: DunningPolicyDocument = {
  ...OWN_RULES,
  code: 'UK-DOMESTIC',
  name: { en: 'Great Britain, households', zh: '英国 居民' },
  place: 'GB',
  timeZone: 'Europe/London',
  currency: 'GBP',
  customerClasses: ['RESIDENTIAL'],
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 28,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: null,
    estimatedCounts: true,
    clause: SCHEDULE_6,
  },
  steps: [
    step('REMINDER', 'Reminder', '催缴提醒', {
      purpose: 'REMINDER',
      when: { from: 'DUE_DATE', days: 7 },
      channels: ['EMAIL', 'LETTER'],
      clause: own('a reminder before any notice'),
    }),
    step('DISCONNECTION_NOTICE', 'Notice of disconnection', '停电通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 14 },
      channels: ['LETTER', 'VISIT'],
      proof: ['RECEIPT', 'SIGNATURE', 'PHOTO'],
      mandatory: true,
      clause: SCHEDULE_6,
    }),
  ],
  notice: {
    // Seven working days, whatever holidays lie between: Christmas and Easter never take more than nine days off sixteen.
    minDays: 16,
    maxDays: 60,
    count: 'ELAPSED',
    copyToAuthority: [],
    clause: SCHEDULE_6,
  },
  lastCall: null,
  standing: {
    reachableContact: true,
    causeKnown: true,
    causesThatBlock: ['HARDSHIP', 'DISPUTE', 'BANK_LATE'],
    graceDaysByRating: {},
    clause: law('SLC 27.5-27.8: a payment arrangement at a rate the customer can afford comes first'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '09:00', to: '15:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [],
    clause: own('no cut on a day or at an hour after which nobody can pay and be restored'),
  },
  seasons: [
    {
      ...WINTER,
      protections: ['LONE_ELDERLY'],
      clause: law('SLC 27.10: October to March never a pensioner living alone or with pensioners or children only'),
    },
    {
      ...WINTER,
      protections: ['DISABLED', 'MEDICAL', 'INFANT'],
      clause: law('SLC 27.11: October to March all reasonable steps not to; here: never'),
    },
  ],
  protections: [
    {
      kind: 'LIFE_SUPPORT',
      mode: 'PROHIBIT',
      expires: false,
      clause: unverified("suppliers' vulnerability commitment: never"),
    },
  ],
  neverAskedProtects: {
    customerClasses: ['RESIDENTIAL'],
    clause: law('SLC 27.11A: the status of the customer and the occupants is ascertained before a disconnection'),
  },
  holds: [
    {
      kind: 'DISPUTE',
      maxDays: null,
      clause: law('Electricity Act 1989, sch. 6 para. 2 (2)(a): not for an amount genuinely in dispute'),
    },
    { kind: 'PAYMENT_PLAN', maxDays: null, clause: law('SLC 27.6: payment arrangement') },
    ...ownHolds('COMPLAINT', 'PROMISE_TO_PAY', 'HARDSHIP', 'BANK_LATE', 'GUARANTEE', 'INVESTIGATION'),
  ],
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 24 * 60,
    sameDay: false,
    clause: unverified('guaranteed standards: by the next working day'),
  },
};
