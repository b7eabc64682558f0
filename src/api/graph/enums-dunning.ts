import { DUNNING_STAGES, LADDER_REASONS, LADDER_STEP_STATES } from '../../dunning/ladder.js';
import { NOTICE_RECIPIENTS } from '../../dunning/notice.js';
import { NOTICE_CHANNELS, NOTICE_PURPOSES, NOTICE_STATES, PROOF_KINDS } from '../../dunning/words.js';
import { apiEnum, describedEnum } from './described-enum.js';

export const DunningStageEnum = describedEnum(
  'DunningStage',
  'How far dunning has come with an account (催费阶段), worst first. Computed from facts each time, never stepped.',
  DUNNING_STAGES,
  {
    CUT: 'Power is off for debt (已停电).',
    CUT_READY: 'Everything was told in time and the debt counts (具备停电条件); the checks of a cut decide the rest.',
    NOTICE_SERVED: 'The notice of the cut is served (停电通知已送达).',
    DEMANDED: 'Payment was demanded (已催费).',
    REMINDED: 'A reminder was given (已提醒).',
    OVERDUE: 'Past its due date, or below the line of the cut (逾期).',
    DUE: 'Owed, not overdue; or at a warning line (待缴).',
    CLEAR: 'Nothing is owed (无欠费).',
  },
);

export const LadderStepStateEnum = describedEnum(
  'LadderStepState',
  'Where a step of the ladder stands (步骤状态).',
  LADDER_STEP_STATES,
  {
    DONE: 'Served (已完成).',
    DUE: 'To be done now (应执行).',
    WAITING: 'Its day, its predecessor or its own notice is waited for (等待).',
    BLOCKED: 'Something must be put right first (受阻).',
    SKIPPED: 'Left out, and the ladder goes on (跳过).',
    WITHDRAWN: 'What was prepared is taken back: the debt is settled (撤回).',
    NEVER_ACTIONED: 'Nobody acted on it in time (未执行).',
    PAUSED: 'Due, and held back by a pause or a hold (暂停).',
  },
);

export const LadderReasonEnum = describedEnum(
  'LadderReason',
  'Why a step stands where it stands (原因).',
  LADDER_REASONS,
  {
    NOTHING_OWED: 'Nothing is owed (无欠费).',
    BALANCE_ABOVE_LINE: 'The balance is above the line of the step (余额高于提醒线).',
    LOWER_LINE_REACHED: 'The balance has reached a lower line, which is told instead (已达更低提醒线).',
    OTHER_CLASS: 'Not for this class of customers (不适用该类用户).',
    NOT_YET_DUE: 'Its day has not come (未到期).',
    PREDECESSOR_NOT_SERVED: 'The step before it is not served (上一步未送达).',
    NOTICE_UNDER_WAY: 'Its notice is prepared or sent (通知送达中).',
    NOTICE_FAILED: 'Its notice failed (送达失败).',
    DEBT_SETTLED: 'The debt is settled (欠费已结清).',
    DEBT_RENEWED: 'It was made for another debt, or told otherwise by now (欠费已变更).',
    ALREADY_CUT: 'Power is off for this debt already (已停电).',
    PAUSED: 'Dunning is paused (暂停催费).',
    HELD: 'A hold is open (暂缓).',
    NO_REACHABLE_CONTACT: 'No contact is proven reachable (无有效联系方式).',
    PROTECTED: 'The customer is protected (保护用户).',
    CAUSE_FORBIDS_CUT: 'The cause of the arrears forbids a cut (欠费原因不允许停电).',
    DEBT_TOO_SMALL: 'Less is owed than power may be cut for (欠费金额过小).',
    AMOUNT_CHANGED: 'The amount changed (金额已变化).',
    NOT_ACTED_ON: 'Nobody acted on it (无人执行).',
  },
);

export const NoticePurposeEnum = describedEnum('NoticePurpose', 'What a notice is for (通知类型).', NOTICE_PURPOSES, {
  REMINDER: 'Reminder (提醒).',
  DEMAND: 'Demand for payment (催费).',
  CUT_NOTICE: 'Notice that power will be cut (停电通知书).',
  LAST_CALL: 'Last word before the cut (停电前再次通知).',
  RESTORE_BUTTON: 'The meter waits for its button (按键复电告知).',
  RESTORE_CODE: 'The restore code; its digits are not kept in the text (复电码告知).',
});

export const NoticeStateEnum = describedEnum('NoticeState', 'Life of a notice (通知状态).', NOTICE_STATES, {
  PREPARED: 'Written; to be sent by the gateway or served by a person (待送达).',
  SENT: 'Handed to the gateway (已发送).',
  SERVED: 'Served; with proof where the step asks for one (已送达).',
  FAILED: 'Every way failed (送达失败). A late proof still counts.',
  WITHDRAWN: 'Taken back before it was served (已撤回).',
});

export const NoticeChannelEnum = describedEnum(
  'NoticeChannel',
  'How a notice reaches somebody (送达方式).',
  NOTICE_CHANNELS,
  {
    SMS: 'Text message (短信).',
    VOICE: 'Call (电话).',
    APP: 'Mobile app (手机应用).',
    EMAIL: 'E-mail (电子邮件).',
    LETTER: 'Letter (信函).',
    VISIT: 'Handed over in person (上门).',
  },
);

export const NoticeRecipientEnum = describedEnum(
  'NoticeRecipient',
  'Whom a notice is for (送达对象).',
  NOTICE_RECIPIENTS,
  {
    CUSTOMER: 'The customer (用户).',
    OWNER: 'The owner of the premises (产权人).',
    NOMINATED_PERSON: 'A person the customer named (指定联系人).',
    AUTHORITY: 'The authority that watches over cuts (主管部门).',
  },
);

export const ProofKindEnum = describedEnum(
  'ProofKind',
  'What proves that a notice was served (送达证明).',
  PROOF_KINDS,
  {
    SIGNATURE: 'Signature (签字).',
    SEAL: 'Seal (盖章).',
    RECEIPT: 'Receipt of the post (回执).',
    CALL_RECORD: 'Call record (通话记录).',
    PHOTO: 'Photograph (照片).',
    DELIVERY_REPORT: 'Delivery report of the gateway (送达报告).',
  },
);

export const ServiceOutcomeEnum = apiEnum('ServiceOutcome', 'What became of an attempt to serve a notice (送达结果).', {
  SERVED: 'Served (已送达).',
  FAILED: 'Not served (未送达): its next way is tried.',
});

export const DeliveryOutcomeEnum = apiEnum('DeliveryOutcome', 'What a gateway reports about a message (送达报告).', {
  DELIVERED: 'It arrived (已送达).',
  FAILED: 'It did not (失败).',
});
