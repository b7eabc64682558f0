import { COMPENSATION_KINDS, COMPENSATION_STATES, WRONGFUL_CUT_CAUSES } from '../../dunning/compensation-case.js';
import { FOLLOW_UP_OUTCOMES, FOLLOW_UP_STATES } from '../../dunning/follow-up.js';
import { RESTORE_BREACH_KINDS, RESTORE_BREACH_STATES } from '../../dunning/restore-breach.js';
import { RESTORE_RUNGS, RUNG_OUTCOMES } from '../../dunning/restore-rungs-policy.js';
import { NOT_OWED_REASONS, VERDICT_OUTCOMES } from '../../dunning/restore-verdict-policy.js';
import { apiEnum, describedEnum } from './described-enum.js';

export const FollowUpStateEnum = describedEnum(
  'FollowUpState',
  'Where a follow-up stands (跟踪状态).',
  FOLLOW_UP_STATES,
  {
    OPEN: 'Somebody stays in touch with the customer (跟踪中).',
    CLOSED: 'Power is back (已结束).',
  },
);

export const FollowUpOutcomeEnum = describedEnum(
  'FollowUpOutcome',
  'What a contact after a cut came to (跟踪结果).',
  FOLLOW_UP_OUTCOMES,
  {
    REACHED: 'The customer was spoken to (已联系).',
    PROMISED_PAYMENT: 'The customer will pay (承诺缴费).',
    DISPUTED: 'The customer disputes the debt or the cut (有异议).',
    NEEDS_HELP: 'The customer cannot pay or needs help (有困难).',
    NOT_REACHED: 'Nobody was reached (未联系上).',
  },
);

export const RestoreBreachKindEnum = describedEnum(
  'RestoreBreachKind',
  'Which promise to restore was not kept (超时类型).',
  RESTORE_BREACH_KINDS,
  {
    SAME_DAY: 'Back on the day of the payment (当日复电).',
    WITHIN_SLA: 'Back within the hours of the policy (规定时限复电).',
  },
);

export const RestoreBreachStateEnum = describedEnum(
  'RestoreBreachState',
  'Where a late restore stands (超时处理状态).',
  RESTORE_BREACH_STATES,
  {
    RECORDED: 'Nobody has explained it yet (待解释).',
    EXPLAINED: 'It was explained to the customer (已解释).',
    ACCEPTED: 'The customer accepts the explanation (已取得谅解).',
    NOT_ACCEPTED: 'The customer does not accept it (未取得谅解).',
  },
);

export const CompensationKindEnum = describedEnum(
  'CompensationKind',
  'What is compensated (赔偿类型).',
  COMPENSATION_KINDS,
  {
    WRONGFUL_CUT: 'A cut that was wrong (错停电).',
    LATE_RESTORE: 'Power that came back too late (不及时复电).',
  },
);

export const CompensationStateEnum = describedEnum(
  'CompensationState',
  'Where a compensation case stands (赔偿状态).',
  COMPENSATION_STATES,
  {
    OPEN: 'Waits for a second person (待审批).',
    GRANTED: "Granted; it is the customer's credit (已赔付).",
    REFUSED: 'Refused, or withdrawn (已驳回).',
  },
);

export const WrongfulCutCauseEnum = describedEnum(
  'WrongfulCutCause',
  'Why a cut was wrong (错停原因).',
  WRONGFUL_CUT_CAUSES,
  {
    WRONG_PREMISE: 'It went to other premises (停错户, 串户).',
    PROTECTED: 'The customer was protected (保护用户).',
    PAID: 'The debt was paid (已缴费).',
    NO_NOTICE: 'The notice was not served (未通知).',
    OTHER: 'Another reason (其他).',
  },
);

export const VerdictOutcomeEnum = describedEnum(
  'VerdictOutcome',
  'Whether a promise to restore was kept (复电判定).',
  VERDICT_OUTCOMES,
  {
    MET: 'Power was proven in time (达标).',
    PENDING: 'There is time left (时限内).',
    BREACHED: 'Power was not proven in time (超时).',
    NOT_OWED: 'Nothing was owed; see `notOwedReason` (不适用).',
  },
);

export const NotOwedReasonEnum = describedEnum(
  'NotOwedReason',
  'Why no restore was owed (不适用原因).',
  NOT_OWED_REASONS,
  {
    DEBT_REMAINS: 'Something overdue was left (仍有欠费).',
    NOTHING_WAS_OFF: 'No power was off for debt (未停电).',
    NOT_PROMISED: 'The policy does not promise it (策略未承诺).',
    NOT_DUE_ANY_MORE: 'Another reason for power to be off came up before the deadline (另有停电原因).',
  },
);

export const RestoreRungEnum = describedEnum(
  'RestoreRungName',
  'A rung on the way back to power (复电梯级).',
  RESTORE_RUNGS,
  {
    ORDER: 'The order over the wire (远程复电).',
    CODE_OR_BUTTON: 'The customer closes the relay (用户自助合闸).',
    FIELD_VISIT: 'Somebody comes (现场复电).',
  },
);

export const RungOutcomeEnum = describedEnum('RungOutcome', 'What came of a rung (梯级结果).', RUNG_OUTCOMES, {
  PASSED_ON: 'The next rung took over (转下一级).',
  WAITING: 'Under way (进行中).',
  PROVEN: 'The meter proved that power is back (已复电).',
  WITHDRAWN: 'No longer wanted, or replaced by another command (已撤销).',
  GIVEN_UP: 'Ended without proof (未成功).',
});

export const RungMeansEnum = apiEnum('RungMeans', 'What the customer does (自助方式).', {
  BUTTON: 'Presses the button of the meter for three seconds (长按按钮).',
  CODE: 'Types the one-time code into the meter (输入复电码).',
});
