import { addDays } from '../../platform/local-date.js';
import { formatAmount } from '../../platform/money.js';
import { quotable, type NoticeFields, type NoticeWords } from './fields.js';

const money = (minor: bigint, { currency }: NoticeFields): string =>
  currency === 'CNY' ? `${formatAmount(minor, currency)}元` : `${formatAmount(minor, currency)} ${currency}`;

const TITLES = {
  REMINDER: '电费提醒',
  DEMAND: '催费通知',
  CUT_NOTICE: '停电通知书',
  LAST_CALL: '停电前再次通知',
} as const;

function restore({ restore: rule, prepaid }: NoticeFields): string {
  const paid =
    rule.threshold === 'BALANCE_ABOVE_ZERO'
      ? '余额大于零后'
      : rule.threshold === 'PERCENT'
        ? `缴清逾期电费的${rule.percent}%后`
        : '缴清全部逾期电费后';
  const when = rule.sameDay ? '当日' : `${rule.withinHours}小时内`;
  return `${paid},系统${when}自动${prepaid ? '' : '保持供电或'}恢复供电,无需申请。`;
}

/** Notices in Chinese. */
export const ZH: NoticeWords = {
  version: 1,
  heading: (fields) =>
    [
      `${fields.copy ? '(抄送)' : ''}【${fields.title ?? TITLES[fields.purpose]}】`,
      `${fields.customerName}(户号${fields.accountNumber},${fields.address}),${fields.issuedOn}`,
    ].join('\n'),
  amount: (fields) => {
    if (fields.prepaid) {
      return fields.balanceMinor < 0n
        ? [`您的电费余额已用完,现欠${money(-fields.balanceMinor, fields)}。`]
        : [`您的电费余额为${money(fields.balanceMinor, fields)}。`];
    }
    const lines = fields.bills.map(
      (bill) =>
        `· ${bill.periodFrom}至${addDays(bill.periodTo, -1)},应于${bill.dueDate}前缴纳:${money(bill.principalMinor, fields)}${bill.lateFeeMinor > 0n ? `,违约金${money(bill.lateFeeMinor, fields)}` : ''}`,
    );
    return [`未缴电费共${money(fields.principalMinor + fields.lateFeeMinor, fields)}:`, ...lines];
  },
  deadline: (fields) => {
    const pay = fields.payBy === null ? '请立即缴费。' : `请于${fields.payBy}前(含当日)缴费。`;
    if (!fields.cutNotBefore) return pay;
    const { day, time } = fields.cutNotBefore;
    return `${pay}逾期未缴的,将于${day} ${time}以后停止供电。`;
  },
  howToPay: ({ accountNumber }) => `缴费方式:手机应用、各银行、自助终端或营业厅,凭户号${accountNumber}办理。`,
  restore,
  object: ({ servicePhone, cutNotBefore }) =>
    `如有异议、一时无力缴纳,或家中有人依赖用电,请致电${servicePhone}${servicePhone === '95598' ? '' : '或95598'}${cutNotBefore ? ';异议处理期间不停电' : ''}。`,
  clause: (fields) => (quotable(fields) ? `依据:${fields.clause.text}` : ''),
};
