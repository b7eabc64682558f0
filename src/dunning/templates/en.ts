import { addDays } from '../../platform/local-date.js';
import { formatAmount } from '../../platform/money.js';
import { quotable, type NoticeFields, type NoticeWords } from './fields.js';

const money = (minor: bigint, { currency }: NoticeFields): string => `${formatAmount(minor, currency)} ${currency}`;

const TITLES = {
  REMINDER: 'Reminder',
  DEMAND: 'Demand for payment',
  CUT_NOTICE: 'Notice that power will be cut',
  LAST_CALL: 'Last call before power is cut',
} as const;

function restore({ restore: rule, prepaid }: NoticeFields): string {
  const paid =
    rule.threshold === 'BALANCE_ABOVE_ZERO'
      ? 'As soon as the balance is above zero'
      : rule.threshold === 'PERCENT'
        ? `As soon as ${rule.percent} % of what is overdue is paid`
        : 'As soon as everything overdue is paid';
  const when = rule.sameDay ? 'on the same day' : `within ${rule.withinHours} hours`;
  return `${paid}, power ${prepaid ? 'comes' : 'is kept on, or comes'} back by itself, ${when}; nobody has to ask for it.`;
}

/** Notices in English. */
export const EN: NoticeWords = {
  version: 1,
  heading: (fields) =>
    [
      `${fields.copy ? 'Copy. ' : ''}${fields.title ?? TITLES[fields.purpose]}`,
      `${fields.customerName}, account ${fields.accountNumber}, ${fields.address}. ${fields.issuedOn}`,
    ].join('\n'),
  amount: (fields) => {
    if (fields.prepaid) {
      return fields.balanceMinor < 0n
        ? [`Your electricity account is used up: ${money(-fields.balanceMinor, fields)} is owed.`]
        : [`The balance of your electricity account is ${money(fields.balanceMinor, fields)}.`];
    }
    const lines = fields.bills.map(
      (bill) =>
        `- ${bill.periodFrom} to ${addDays(bill.periodTo, -1)}, due ${bill.dueDate}: ${money(bill.principalMinor, fields)}${bill.lateFeeMinor > 0n ? `, late fee ${money(bill.lateFeeMinor, fields)}` : ''}`,
    );
    return [`Unpaid: ${money(fields.principalMinor + fields.lateFeeMinor, fields)}.`, ...lines];
  },
  deadline: (fields) => {
    const pay = fields.payBy === null ? 'Please pay now.' : `Please pay by ${fields.payBy}.`;
    if (!fields.cutNotBefore) return pay;
    const { day, time } = fields.cutNotBefore;
    return `${pay} If it is not paid, power will be cut, not before ${day} ${time}.`;
  },
  howToPay: ({ accountNumber }) =>
    `Pay in the mobile app, at any bank, at a self-service terminal or at a counter, with account number ${accountNumber}.`,
  restore,
  object: ({ servicePhone, cutNotBefore }) =>
    `If you do not agree, cannot pay at once, or somebody in your home depends on power, call ${servicePhone}${servicePhone === '95598' ? '' : ' or 95598'}${cutNotBefore ? '; while a dispute is open power is not cut' : ''}.`,
  clause: (fields) => (quotable(fields) ? `Basis: ${fields.clause.text}` : ''),
};
