import { CUSTOMER_CLASSES } from '../../accounts/customer.js';
import type { DunningPolicyDocument } from '../policy-schema.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const SECTION_56 = law('Electricity Act 2003 s. 56 (1): not less than fifteen clear days of notice in writing');

const uttarPradesh = {
  place: 'IN-UP',
  timeZone: 'Asia/Kolkata',
  currency: 'INR',
  customerClasses: [...CUSTOMER_CLASSES],
  seasons: [],
  protections: [
    {
      kind: 'LIFE_SUPPORT',
      mode: 'PROHIBIT',
      expires: true,
      clause: own('no household is cut that would come to harm'),
    },
    { kind: 'MEDICAL', mode: 'PROHIBIT', expires: true, clause: own('no household is cut that would come to harm') },
  ],
  neverAskedProtects: { customerClasses: [], clause: own('protections are registered on application') },
  holds: [
    {
      kind: 'DEPOSIT_UNDER_PROTEST',
      maxDays: null,
      clause: law('Electricity Act 2003 s. 56 (1), proviso: who deposits under protest is not cut'),
    },
    ...ownHolds(
      'DISPUTE',
      'COMPLAINT',
      'PAYMENT_PLAN',
      'PROMISE_TO_PAY',
      'HARDSHIP',
      'BANK_LATE',
      'GUARANTEE',
      'INVESTIGATION',
    ),
  ],
} satisfies Partial<DunningPolicyDocument>;

/** India, paid after the bill: Electricity Act 2003 s. 56. */
export const indiaPostpaid: DunningPolicyDocument = {
  ...OWN_RULES,
  ...uttarPradesh,
  code: 'INDIA-POSTPAID',
  name: { en: 'India, paid after the bill', zh: '印度 后付费' },
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 1,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: {
      months: 24,
      from: 'DUE_DATE',
      clause: law('Electricity Act 2003 s. 56 (2): not recoverable two years after it became first due'),
    },
    estimatedCounts: false,
    clause: law('Electricity Act 2003 s. 56 (1): who neglects to pay a charge for electricity'),
  },
  steps: [
    step('CUT_NOTICE', 'Notice of disconnection', '停电通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 1 },
      channels: ['LETTER', 'VISIT'],
      proof: ['RECEIPT', 'SIGNATURE'],
      mandatory: true,
      clause: SECTION_56,
    }),
  ],
  notice: { minDays: 15, maxDays: 60, count: 'CLEAR', copyToAuthority: [], clause: SECTION_56 },
  lastCall: null,
  standing: {
    reachableContact: true,
    causeKnown: false,
    causesThatBlock: ['DISPUTE', 'BANK_LATE'],
    graceDaysByRating: {},
    clause: own('who disputes the bill, or whose bank is late, is not cut'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '09:00', to: '15:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [],
    clause: own('no cut on a day or at an hour after which nobody can pay and be restored'),
  },
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: true,
    slaMinutes: 24 * 60,
    sameDay: true,
    clause: law(
      'Electricity Act 2003 s. 56 (1): until the charge and the expenses are paid, but no longer; the figure is our own',
    ),
  },
};

const UP_PREPAID = unverified(
  'UPPCL procedure for prepaid smart meters (January 2026), as reported: three days of credit, warned at 30 %, 10 % and zero',
);

/** Uttar Pradesh, smart meters paid ahead. */
export const indiaPrepaid: DunningPolicyDocument = {
  ...OWN_RULES,
  ...uttarPradesh,
  code: 'INDIA-UP-PREPAID',
  name: { en: 'Uttar Pradesh, paid ahead', zh: '印度北方邦 预付费' },
  paymentMode: 'PREPAID',
  overdue: {
    minDays: 0,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: null,
    estimatedCounts: false,
    clause: UP_PREPAID,
  },
  prepaid: { cutBelowMinor: 0n, graceMinutes: 3 * 24 * 60, emergencyCreditMinor: 0n, clause: UP_PREPAID },
  steps: [
    step('WARN_LOW', 'Balance low', '余额不足提醒', {
      purpose: 'REMINDER',
      when: { from: 'BALANCE', atOrBelowMinor: 10_000n },
      clause: UP_PREPAID,
    }),
    step('BALANCE_ZERO', 'Balance used up', '余额用尽通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'BALANCE', atOrBelowMinor: 0n },
      channels: ['SMS', 'APP'],
      proof: ['DELIVERY_REPORT'],
      mandatory: true,
      clause: UP_PREPAID,
    }),
  ],
  notice: { minDays: 1, maxDays: 30, count: 'ELAPSED', copyToAuthority: [], clause: UP_PREPAID },
  lastCall: null,
  standing: {
    reachableContact: true,
    causeKnown: false,
    causesThatBlock: [],
    graceDaysByRating: {},
    clause: own('who cannot be warned is not cut'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4, 5],
    makeUpDays: false,
    hours: { from: '08:00', to: '18:00' },
    holidayRule: 'DAY',
    blackouts: [],
    clause: unverified('UPPCL: not from 18 to 8 h, on Sundays, holidays or second Saturdays; here on no Saturday'),
  },
  reconnect: {
    threshold: 'BALANCE_ABOVE_ZERO',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 120,
    sameDay: true,
    clause: unverified('Uttar Pradesh: within two hours, else compensation'),
  },
  compensation: {
    perDayMinor: 10_000n,
    capMinor: 1_000_000n,
    clause: unverified('Uttar Pradesh: compensation for a late restore; the amounts are our own'),
  },
};
