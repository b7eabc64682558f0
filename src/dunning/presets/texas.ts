import type { DunningPolicyDocument } from '../policy-schema.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const NOTICE = unverified('16 TAC § 25.483: notice after the due date, 10 days before the disconnection');

/** Households and small businesses of Texas: 16 TAC § 25.483, with its rule about extreme weather. */
export const texas: DunningPolicyDocument = {
  ...OWN_RULES,
  code: 'TEXAS',
  name: { en: 'Texas, households and small businesses', zh: '得克萨斯州 居民与小商业' },
  place: 'US-TX',
  timeZone: 'America/Chicago',
  currency: 'USD',
  customerClasses: ['RESIDENTIAL', 'COMMERCIAL'],
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 11,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: null,
    estimatedCounts: true,
    clause: NOTICE,
  },
  steps: [
    step('DISCONNECTION_NOTICE', 'Disconnection notice', '停电通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 1 },
      channels: ['LETTER', 'VISIT'],
      proof: ['RECEIPT', 'SIGNATURE'],
      mandatory: true,
      clause: NOTICE,
    }),
  ],
  notice: { minDays: 10, maxDays: 60, count: 'ELAPSED', copyToAuthority: [], clause: NOTICE },
  lastCall: null,
  standing: {
    reachableContact: true,
    causeKnown: false,
    causesThatBlock: ['BANK_LATE'],
    graceDaysByRating: {},
    clause: own('who cannot be reached, or whose bank is late, is not cut'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '08:00', to: '16:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [],
    clause: unverified(
      '16 TAC § 25.483: not on a weekend or holiday nor the day before, unless staff take payments; hours are our own',
    ),
  },
  weather: {
    coldC: 0,
    heatC: null,
    alerts: ['HEAT'],
    alertLookbackDays: 2,
    horizonHours: 24,
    staleAfterHours: 12,
    clause: law(
      '16 TAC § 25.483 (j): yesterday not above 32 °F and no more for 24 hours, or a heat advisory now or in the two days before',
    ),
  },
  seasons: [],
  protections: [
    {
      kind: 'LIFE_SUPPORT',
      mode: 'PROHIBIT',
      expires: true,
      clause: unverified('16 TAC § 25.483 (g): critical care customers'),
    },
    {
      kind: 'MEDICAL',
      mode: 'PROHIBIT',
      expires: true,
      clause: unverified('16 TAC § 25.483 (h): chronic condition customers'),
    },
  ],
  neverAskedProtects: {
    customerClasses: [],
    clause: own('the registry of critical care customers is kept by the wires company'),
  },
  holds: [
    { kind: 'GUARANTEE', maxDays: null, clause: law('16 TAC § 25.483 (i): pledge of an energy assistance provider') },
    ...ownHolds('DISPUTE', 'COMPLAINT', 'PAYMENT_PLAN', 'PROMISE_TO_PAY', 'HARDSHIP', 'BANK_LATE', 'INVESTIGATION'),
  ],
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 24 * 60,
    sameDay: true,
    clause: unverified('16 TAC § 25.483 (n): as quickly as possible; the figure is our own'),
  },
};
