import type { DunningPolicyDocument } from '../policy-schema.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const TERMINATION = law(
  'N.Y. Public Service Law § 32 (2): final notice 20 days after the due date at the earliest, then 15 days',
);
const HEFPA_11_5 = law('16 NYCRR § 11.5: cold weather from 1 November to 15 April, contact at least 72 hours before');

/** Households of New York: Home Energy Fair Practices Act (HEFPA). */
export const newYork: DunningPolicyDocument = {
  ...OWN_RULES,
  code: 'NEW-YORK-RESIDENTIAL',
  name: { en: 'New York, households', zh: '纽约州 居民' },
  place: 'US-NY',
  timeZone: 'America/New_York',
  currency: 'USD',
  customerClasses: ['RESIDENTIAL'],
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 35,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: {
      months: 12,
      from: 'READING_DAY',
      clause: law('N.Y. Public Service Law § 32 (2)(a): service rendered during the preceding twelve months'),
    },
    estimatedCounts: true,
    clause: TERMINATION,
  },
  steps: [
    step('REMINDER', 'Reminder', '催缴提醒', {
      purpose: 'REMINDER',
      when: { from: 'DUE_DATE', days: 5 },
      channels: ['EMAIL', 'SMS'],
      clause: own('a reminder before any notice'),
    }),
    step('FINAL_NOTICE', 'Final notice of termination', '终止供电最后通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 20 },
      channels: ['LETTER', 'VISIT'],
      proof: ['RECEIPT', 'SIGNATURE'],
      mandatory: true,
      clause: TERMINATION,
    }),
  ],
  notice: { minDays: 15, maxDays: 60, count: 'ELAPSED', copyToAuthority: [], clause: TERMINATION },
  lastCall: null,
  standing: {
    reachableContact: false,
    causeKnown: false,
    causesThatBlock: ['DISPUTE', 'BANK_LATE'],
    graceDaysByRating: {},
    clause: own('who disputes the bill, or whose bank is late, is not in default'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '08:00', to: '16:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [
      {
        from: '12-21',
        to: '01-03',
        clause: unverified('HEFPA: the two weeks that hold Christmas and New Year; the exact dates are not confirmed'),
      },
    ],
    clause: law('16 NYCRR § 11.4: from 8 to 16 h, Monday to Thursday, no holiday nor its eve'),
  },
  seasons: [
    { from: '11-01', to: '04-15', rule: 'CONTACT_ATTEMPT', contactHours: 72, protections: [], clause: HEFPA_11_5 },
    {
      from: '04-16',
      to: '10-31',
      rule: 'CONTACT_ATTEMPT',
      contactHours: 72,
      protections: ['LONE_ELDERLY', 'DISABLED'],
      clause: law(
        '16 NYCRR § 11.5: the elderly, blind and disabled are contacted at least 72 hours before, outside the cold weather too',
      ),
    },
  ],
  protections: [
    {
      kind: 'MEDICAL',
      mode: 'PROHIBIT',
      expires: true,
      clause: law('N.Y. Public Service Law § 32 (3)(a): medical emergency, 30 days from its certificate'),
    },
    {
      kind: 'LIFE_SUPPORT',
      mode: 'PROHIBIT',
      expires: false,
      clause: unverified('16 NYCRR § 11.5: life support; renewal not confirmed'),
    },
  ],
  neverAskedProtects: { customerClasses: [], clause: own('New York asks at the contact before a cut') },
  holds: [
    {
      kind: 'DISPUTE',
      maxDays: null,
      clause: unverified('16 NYCRR part 12: no termination while a complaint is open'),
    },
    {
      kind: 'PAYMENT_PLAN',
      maxDays: null,
      clause: law('N.Y. Public Service Law § 32 (2)(b): only who fails the deferred payment plan'),
    },
    ...ownHolds('COMPLAINT', 'PROMISE_TO_PAY', 'HARDSHIP', 'BANK_LATE', 'GUARANTEE', 'INVESTIGATION'),
  ],
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 24 * 60,
    sameDay: false,
    clause: law('N.Y. Public Service Law § 35: within 24 hours of the arrears that were the basis of the termination'),
  },
};
