import { CUSTOMER_CLASSES, PROTECTION_KINDS } from '../../accounts/customer.js';
import { CHINA_LATE_FEE_RULE_DOCUMENT } from '../../billing/late-fee-rules/china.js';
import type { DunningPolicyDocument } from '../policy-schema.js';
import { HOLD_KINDS } from '../words.js';
import { law, own, OWN_RULES, ownHolds, step, unverified } from './parts.js';

const LADDER = own("the company's ladder of reminders (催费流程)");
const ARTICLE_39 = law('电力供应与使用条例 art. 39: overdue by more than 30 days, demanded, and still unpaid');
const ARTICLE_67 = law(
  '供电营业规则 (1996) art. 67 (1)-(2): notice served 3 to 7 days before; important users: copy to the authority',
);
const PROTECTED = own('no household is cut that would come to harm (民法典 art. 654: notice and reasonable time)');

const china = {
  place: 'CN',
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
  customerClasses: [...CUSTOMER_CLASSES],
  seasons: [],
  neverAskedProtects: { customerClasses: ['RESIDENTIAL'], clause: own('never asked is not "no"') },
  holds: ownHolds(...HOLD_KINDS),
  lateFee: CHINA_LATE_FEE_RULE_DOCUMENT,
} satisfies Partial<DunningPolicyDocument>;

const prohibited = (
  ...kinds: DunningPolicyDocument['protections'][number]['kind'][]
): DunningPolicyDocument['protections'] =>
  kinds.map((kind) => ({ kind, mode: 'PROHIBIT', expires: true, clause: PROTECTED }));

/** Mainland China, paid after the bill (后付费): reminders, the written arrears notice, the law's notice and last call. */
export const chinaPostpaid: DunningPolicyDocument = {
  ...OWN_RULES,
  ...china,
  code: 'CHINA-POSTPAID',
  name: { en: 'China, paid after the bill', zh: '中国 后付费' },
  paymentMode: 'POSTPAID',
  overdue: {
    minDays: 31,
    minDebtMinor: 1_000n,
    minDebtWithAgreementMinor: null,
    maxAge: null,
    estimatedCounts: false,
    clause: ARTICLE_39,
  },
  steps: [
    step('DAY_5', 'Reminder, 5 days after the reading', '抄表后五日提醒', {
      purpose: 'REMINDER',
      when: { from: 'READING_DAY', days: 5 },
      actor: 'HOTLINE',
      channels: ['SMS', 'VOICE'],
      clause: LADDER,
    }),
    step('DAY_10', 'Reminder, 10 days after the reading', '抄表后十日提醒', {
      purpose: 'REMINDER',
      when: { from: 'READING_DAY', days: 10 },
      actor: 'HOTLINE',
      channels: ['VOICE', 'SMS'],
      clause: LADDER,
    }),
    step('DAY_20_OF_MONTH', 'Demand by the meter reader', '二十日抄表员催费', {
      purpose: 'DEMAND',
      when: { from: 'CALENDAR', monthsLater: 0, day: 20 },
      actor: 'METER_READER',
      channels: ['VOICE', 'VISIT'],
      clause: LADDER,
    }),
    step('ARREARS_NOTICE', 'Written arrears notice', '欠费通知书', {
      purpose: 'DEMAND',
      when: { from: 'CALENDAR', monthsLater: 1, day: 1 },
      actor: 'METER_READER',
      channels: ['VISIT'],
      proof: ['SIGNATURE', 'SEAL'],
      mandatory: true,
      clause: law('电力供应与使用条例 art. 39: demanded (经催交); by the ladder in writing, with signature or seal'),
    }),
    step('CUT_NOTICE', 'Notice of the cut', '停电通知书', {
      purpose: 'CUT_NOTICE',
      when: { from: 'DUE_DATE', days: 27 },
      actor: 'DISTRICT_MANAGER',
      channels: ['VISIT', 'LETTER'],
      proof: ['SIGNATURE', 'SEAL', 'RECEIPT'],
      mandatory: true,
      clause: ARTICLE_67,
    }),
  ],
  notice: { minDays: 3, maxDays: 7, count: 'ELAPSED', copyToAuthority: ['IMPORTANT_USER'], clause: ARTICLE_67 },
  lastCall: {
    minMinutes: 30,
    maxMinutes: 120,
    channels: ['VOICE', 'SMS'],
    proof: ['CALL_RECORD', 'DELIVERY_REPORT', 'SIGNATURE'],
    clause: law('供电营业规则 (1996) art. 67 (3): told once more 30 minutes before'),
  },
  standing: {
    reachableContact: true,
    causeKnown: true,
    causesThatBlock: ['HARDSHIP', 'AWAY', 'TENANT', 'DISPUTE', 'BANK_LATE'],
    graceDaysByRating: { A: 10, B: 5 },
    clause: own('before a cut somebody finds out why, and looks at the credit rating (信誉度)'),
  },
  approval: {
    ...OWN_RULES.approval,
    twoPersonsForClasses: ['INDUSTRIAL'],
    clause: law('供电营业规则 (1996) art. 67: approved by the head of the unit'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4],
    makeUpDays: false,
    hours: { from: '09:00', to: '15:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [],
    clause: own('no cut on a day or at an hour after which nobody can pay and be restored'),
  },
  paymentWindow: {
    minOpenMinutes: 120,
    untilTime: '20:00',
    countOnline: false,
    clause: own('no cut when every counter closes before the customer can pay'),
  },
  protections: [
    ...prohibited('LIFE_SUPPORT', 'MEDICAL', 'LONE_ELDERLY', 'LOW_INCOME', 'INFANT', 'DISABLED'),
    { kind: 'IMPORTANT_USER', mode: 'EXTRA_STEPS', expires: false, clause: ARTICLE_67 },
  ],
  reconnect: {
    threshold: 'FULL',
    percent: 100,
    includeLateFees: true,
    slaMinutes: 24 * 60,
    sameDay: true,
    clause: law(
      'provincial rules: within 24 hours after the cause is removed; by the company on the same day (当日复电)',
    ),
  },
};

const COST_CONTROL = law('cost-control agreement (费控协议): warned at 50, 30 and 10 yuan; below zero told and cut');

/** Mainland China, paid ahead under a cost-control agreement (费控): driven by the balance, restored as soon as it is above zero. */
export const chinaCostControl: DunningPolicyDocument = {
  ...OWN_RULES,
  ...china,
  code: 'CHINA-COST-CONTROL',
  name: { en: 'China, cost control, paid ahead', zh: '中国 费控预付费' },
  paymentMode: 'PREPAID',
  overdue: {
    minDays: 0,
    minDebtMinor: 0n,
    minDebtWithAgreementMinor: null,
    maxAge: null,
    estimatedCounts: false,
    clause: COST_CONTROL,
  },
  prepaid: { cutBelowMinor: 0n, graceMinutes: 30, emergencyCreditMinor: 0n, clause: COST_CONTROL },
  steps: [
    ...[50, 30, 10].map((yuan) =>
      step(`WARN_${yuan}`, `Balance at ${yuan} yuan`, `余额${yuan}元提醒`, {
        purpose: 'REMINDER',
        when: { from: 'BALANCE', atOrBelowMinor: BigInt(yuan) * 100n },
        clause: COST_CONTROL,
      }),
    ),
    step('BELOW_ZERO', 'Balance used up, cut announced', '余额不足停电通知', {
      purpose: 'CUT_NOTICE',
      when: { from: 'BALANCE', atOrBelowMinor: -1n },
      channels: ['SMS', 'VOICE', 'APP'],
      proof: ['DELIVERY_REPORT', 'CALL_RECORD'],
      mandatory: true,
      clause: COST_CONTROL,
    }),
  ],
  notice: {
    minDays: 0,
    maxDays: 7,
    count: 'ELAPSED',
    copyToAuthority: [],
    clause: own('the message that the balance is used up; after a week it is told anew'),
  },
  lastCall: {
    minMinutes: 30,
    maxMinutes: 120,
    channels: ['SMS', 'VOICE'],
    proof: ['DELIVERY_REPORT', 'CALL_RECORD'],
    clause: law('供电营业规则 (1996) art. 67 (3): told once more 30 minutes before'),
  },
  standing: {
    reachableContact: true,
    causeKnown: false,
    causesThatBlock: [],
    graceDaysByRating: {},
    clause: own('who cannot be warned is not cut'),
  },
  calendar: {
    weekdays: [1, 2, 3, 4, 5],
    makeUpDays: true,
    hours: { from: '09:00', to: '16:00' },
    holidayRule: 'DAY_AND_EVE',
    blackouts: [],
    clause: own('friendly hours: working days on which a payment brings power back before the evening'),
  },
  paymentWindow: {
    minOpenMinutes: 120,
    untilTime: '20:00',
    countOnline: true,
    clause: own('no cut when the customer could not top up before the evening'),
  },
  protections: prohibited(...PROTECTION_KINDS),
  reconnect: {
    threshold: 'BALANCE_ABOVE_ZERO',
    percent: 100,
    includeLateFees: false,
    slaMinutes: 24 * 60,
    sameDay: true,
    clause: unverified(
      'cost-control agreement: restored as soon as the balance is above zero, at the latest within 24 hours',
    ),
  },
};
