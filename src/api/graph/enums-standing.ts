import { HOLD_OUTCOMES } from '../../dunning/hold.js';
import { CONTACT_VERDICTS } from '../../dunning/contact-quality-policy.js';
import { CONTACT_MEANS, CONTACT_OUTCOMES } from '../../dunning/standing.js';
import { ARREARS_CAUSES, CREDIT_RATINGS, HOLD_KINDS } from '../../dunning/words.js';
import { describedEnum } from './described-enum.js';

export const HoldKindEnum = describedEnum('HoldKind', 'Why dunning stands still (暂缓类型).', HOLD_KINDS, {
  DISPUTE: 'The customer disputes the bill (争议). Ended by a ruling.',
  COMPLAINT: 'A complaint is open (投诉). Ruled on within three working days; a late ruling goes on holding.',
  PAYMENT_PLAN: 'Payment in instalments was agreed (分期).',
  PROMISE_TO_PAY: 'The customer promised to pay by a day (承诺缴费).',
  HARDSHIP: 'The household is in hardship (困难).',
  BANK_LATE: 'Money is on its way and the bank is late (银行迟延).',
  DEPOSIT_UNDER_PROTEST: 'The sum was deposited under protest (异议缴存).',
  GUARANTEE: 'Somebody guarantees for the debt (担保). Power comes back at once.',
  INVESTIGATION: 'The facts are being looked into (核查).',
});

export const HoldOutcomeEnum = describedEnum('HoldOutcome', 'How a hold ended (暂缓结果).', HOLD_OUTCOMES, {
  KEPT: 'What was promised was paid (履约).',
  BROKEN: 'What was promised was not paid (违约).',
  UPHELD: 'The customer was right (成立). Power comes back by itself.',
  REJECTED: 'The customer was not right (不成立). Dunning goes on with a fresh notice.',
  WITHDRAWN: 'The customer took it back (撤回).',
  EXPIRED: 'Its last day has passed (到期).',
  SETTLED: 'The debt is paid, or the money has come (已结清).',
});

export const ArrearsCauseEnum = describedEnum(
  'ArrearsCause',
  'Why a customer is in arrears (欠费原因).',
  ARREARS_CAUSES,
  {
    FORGOT: 'Forgot (遗忘).',
    AWAY: 'Is away (外出).',
    TENANT: 'A tenant uses the power (租户).',
    HARDSHIP: 'Cannot pay (困难).',
    DISPUTE: 'Disputes the bill (争议).',
    BANK_LATE: 'The bank was late (银行迟延).',
    MALICIOUS: 'Will not pay (恶意).',
  },
);

export const CreditRatingEnum = describedEnum(
  'CreditRating',
  'Credit rating (信誉度), derived from history.',
  CREDIT_RATINGS,
  {
    A: 'Pays on time (优).',
    B: 'Mostly on time, or not yet known (良).',
    C: 'Often or very late, or was cut (一般).',
    D: 'Does not keep what was promised (差).',
  },
);

export const ContactOutcomeEnum = describedEnum(
  'ContactOutcome',
  'What became of an attempt to reach a customer (联系结果).',
  CONTACT_OUTCOMES,
  {
    REACHED: 'The customer was reached (已联系上).',
    NOT_REACHED: 'Nobody was reached (未联系上).',
    WRONG_PERSON: 'Somebody else was reached (非本人).',
    INVALID: 'There is no such number or address (无效).',
  },
);

export const ContactMeansEnum = describedEnum(
  'ContactMeans',
  'How somebody tried to reach a customer (联系方式).',
  CONTACT_MEANS,
  {
    CALL: 'Call (电话).',
    SMS_REPORT: 'Delivery report of a text message (短信回执).',
    VISIT: 'Visit (上门).',
    LETTER: 'Letter (信函).',
  },
);

export const ContactVerdictEnum = describedEnum(
  'ContactVerdict',
  'Whether a contact reaches somebody (联系方式核实结果).',
  CONTACT_VERDICTS,
  {
    PROVEN: 'The customer was reached there in the last twelve months (有效).',
    NEVER_PROVEN: 'The customer was never reached there (未核实).',
    PROOF_TOO_OLD: 'The customer was last reached there more than twelve months ago (核实过期).',
    WRONG_PERSON: 'Somebody else was reached there (非本人).',
    INVALID: 'There is no such number or address (无效).',
    NOT_ANSWERING: 'Three attempts in a row reached nobody (多次无人应答).',
  },
);
