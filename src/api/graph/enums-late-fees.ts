import { LATE_FEE_LINE_KINDS, LATE_FEE_WAIVER_KINDS } from '../../billing/late-fee-policy.js';
import { LATE_FEE_WAIVER_STATES } from '../../billing/late-fee-waiver.js';
import { describedEnum } from './described-enum.js';

export const LateFeeLineKindEnum = describedEnum(
  'LateFeeLineKind',
  'What a line of a late fee is (违约金明细类型).',
  LATE_FEE_LINE_KINDS,
  {
    DAILY: 'Days at a rate: `days` × `ratePerMille` ‰ of `base` (按日计收).',
    WAIVED: 'Days that bear nothing, or an amount taken off (减免).',
    MINIMUM: 'What is missing to the least fee (不足最低额补足).',
    CAP: 'What exceeds the highest fee, taken off (超上限扣除).',
    POSTED: 'Difference to what was charged before (与已计收差额).',
  },
);

export const LateFeeWaiverKindEnum = describedEnum(
  'LateFeeWaiverKind',
  'Why a late fee is waived (违约金减免原因).',
  LATE_FEE_WAIVER_KINDS,
  {
    BANK_LATE: 'The money was there, the bank was late (银行扣款延误).',
    BILLING_ERROR: 'The bill was wrong (账单差错).',
    HARDSHIP: 'The customer cannot bear it (客户困难).',
    OTHER: 'Another reason, told in words (其他).',
  },
);

export const LateFeeWaiverStateEnum = describedEnum(
  'LateFeeWaiverState',
  'Where a waiver stands (减免状态).',
  LATE_FEE_WAIVER_STATES,
  {
    REQUESTED: 'Waits for a second person (待审批).',
    GRANTED: 'Holds (已减免).',
    REFUSED: 'Refused or withdrawn (已驳回).',
  },
);
