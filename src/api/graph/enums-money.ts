import { LEDGER_CODES, LEDGER_ENTRY_KINDS } from '../../billing/ledger-entry.js';
import { PAYMENT_CHANNELS, PAYMENT_STATES } from '../../billing/payment.js';
import { describedEnum } from './described-enum.js';

export const LedgerCodeEnum = describedEnum('LedgerCode', 'Side of a ledger entry (会计科目).', LEDGER_CODES, {
  RECEIVABLE: 'What a customer owes (应收).',
  CUSTOMER_CREDIT: 'Money held for a customer (预收).',
  CASH: 'Money received (现金及银行).',
  REVENUE: 'Energy sold (电费收入).',
  LATE_FEE_REVENUE: 'Late fees (违约金收入).',
  SUSPENSE: 'Money whose account is not known yet (待核销).',
  COMPENSATION: 'Paid for our own mistakes (赔偿支出).',
});

export const LedgerEntryKindEnum = describedEnum(
  'LedgerEntryKind',
  'What a ledger entry records (分录类型).',
  LEDGER_ENTRY_KINDS,
  {
    BILL: 'A bill was issued (出账).',
    PAYMENT: 'Money was received (收款).',
    CREDIT_APPLIED: 'Credit was used for a bill (预收抵扣).',
    REVERSAL: 'An earlier entry was reversed (冲正).',
    SUSPENSE_RESOLVED: 'Money in suspense found its account (待核销转入).',
    CORRECTION: 'A bill was corrected: taken back, charged anew, or made credit (退补).',
    LATE_FEE: 'A late fee was charged (计收违约金).',
    LATE_FEE_REVERSED: 'A charged late fee was reversed: waived, or charged anew (冲回违约金).',
    LATE_FEE_CREDITED: 'A paid late fee was waived and became credit (违约金转预收).',
    COMPENSATION: 'Compensation was granted and became credit (赔偿转预收).',
  },
);

export const PaymentChannelEnum = describedEnum('PaymentChannel', 'How money came in (缴费渠道).', PAYMENT_CHANNELS, {
  COUNTER_CASH: 'Cash at a counter (柜台现金).',
  COUNTER_CHEQUE: 'Cheque at a counter (柜台支票).',
  BANK: 'Real-time bank link (银行实时).',
  BANK_FILE: 'Bank file (银行批扣文件).',
  MOBILE_APP: 'Mobile payment (手机支付).',
  SELF_SERVICE: 'Self-service terminal (自助终端).',
  CORRECTION: 'Correction made by the company itself (更正).',
});

export const PaymentStateEnum = describedEnum('PaymentState', 'Where a payment stands (缴费状态).', PAYMENT_STATES, {
  POSTED: 'Credited to its account (已入账).',
  SUSPENSE: 'Kept until its account is found (待核销).',
  RESOLVED: 'Was in suspense; a later payment credited it (已核销).',
  REVERSED: 'Undone by a reversal (已冲正).',
});
