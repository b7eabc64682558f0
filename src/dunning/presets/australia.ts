import type { DunningPolicyDocument } from '../policy-schema.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const REMINDER = unverified(
  'NERR r. 109: reminder notice, at least six business days; here 14 days, which always hold six',
);
const WARNING = unverified(
  'NERR r. 110: disconnection warning notice, at least six business days; here 14 days, which always hold six',
);
const DAYS_FOR_SIX_BUSINESS_DAYS = 14;

/** Small customers in New South Wales: National Energy Retail Rules, part 6. */
export const australia: DunningPolicyDocument = {
  ...OWN_RULES,
  code: 'AUSTRALIA-SMALL-CUSTOMERS',
  name: { en: 'Australia (New South Wales), small customers', zh: '澳大利亚新南威尔士州 小用户' },
  place: 'AU-NSW',
  timeZone: 'Australia/Sydney',
  currency: 'AUD',
  customerClasses: ['RESIDENTIAL', 'COMMERCIAL'],
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 1,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: 30_000n,
    maxAge: null,
    estimatedCounts: true,
    clause: law('NERR r. 116 with AER AC 017/12: not below $300 while the customer has agreed to repay'),
  },
  steps: [
    step('REMINDER_NOTICE', 'Reminder notice', '催缴通知', {
      purpose: 'REMINDER',
      when: { from: 'DUE_DATE', days: 1 },
      channels: ['LETTER', 'EMAIL'],
      mandatory: true,
      clearDays: DAYS_FOR_SIX_BUSINESS_DAYS,
      clause: REMINDER,
    }),
    step('WARNING_NOTICE', 'Disconnection warning notice', '停电警告通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 1 + DAYS_FOR_SIX_BUSINESS_DAYS },
      channels: ['LETTER', 'EMAIL'],
      proof: ['RECEIPT', 'DELIVERY_REPORT', 'SIGNATURE'],
      mandatory: true,
      clause: WARNING,
    }),
  ],
  notice: {
    minDays: DAYS_FOR_SIX_BUSINESS_DAYS,
    maxDays: 60,
    count: 'ELAPSED',
    copyToAuthority: [],
    clause: WARNING,
  },
  lastCall: {
    minMinutes: 60,
    maxMinutes: 7 * 24 * 60,
    channels: ['VOICE', 'VISIT'],
    proof: ['CALL_RECORD', 'SIGNATURE'],
    clause: law(
      'NERR r. 111 (1)(e): best endeavours to contact the customer after the warning; the minutes are our own',
    ),
  },
  standing: {
    reachableContact: true,
    causeKnown: false,
    causesThatBlock: ['HARDSHIP'],
    graceDaysByRating: {},
    clause: law('National Energy Retail Law s. 47: of a customer in hardship the last resort'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '08:00', to: '15:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [{ from: '12-20', to: '12-31', clause: law('NERR r. 116, protected period: 20 to 31 December') }],
    clause: law(
      'NERR r. 116, protected period: before 8, after 15 h, Friday, weekend, public holiday and the day before',
    ),
  },
  weather: {
    coldC: null,
    heatC: null,
    alerts: ['HEAT', 'STORM'],
    alertLookbackDays: 0,
    horizonHours: 24,
    staleAfterHours: 12,
    clause: unverified('NERR r. 116: not during an extreme weather event; what counts as one is set by each state'),
  },
  seasons: [],
  protections: [
    {
      kind: 'LIFE_SUPPORT',
      mode: 'PROHIBIT',
      expires: false,
      clause: law('NERR r. 116 and part 7: premises with life support equipment never'),
    },
  ],
  neverAskedProtects: { customerClasses: [], clause: own("life support is registered at the customer's word") },
  holds: [
    { kind: 'COMPLAINT', maxDays: null, clause: law('NERR r. 116: not while a complaint about the reason is open') },
    { kind: 'PAYMENT_PLAN', maxDays: null, clause: law('NERR r. 111 (1): not while a payment plan is adhered to') },
    // PROMISE_TO_PAY is no hold here: it is the agreement that r. 116 asks $300 for.
    ...ownHolds('DISPUTE', 'HARDSHIP', 'BANK_LATE', 'GUARANTEE', 'INVESTIGATION'),
  ],
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 24 * 60,
    sameDay: true,
    clause: unverified('NERR r. 121: as soon as possible; the figure is our own'),
  },
};
