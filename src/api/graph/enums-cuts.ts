import { CUT_BATCH_STATES } from '../../dunning/cut-batch.js';
import { CHECK_CODES } from '../../dunning/cut-checks.js';
import { THRESHOLD_KINDS } from '../../switching/threshold-policy.js';
import { DRY_RUN_CATEGORIES, DRY_RUN_OUTCOMES } from '../../dunning/dry-run-comparison-policy.js';
import { CUT_DRY_RUN_STATES } from '../../dunning/dry-run.js';
import { apiEnum, describedEnum } from './described-enum.js';

export const CutCheckCodeEnum = describedEnum('CutCheckCode', 'A condition of every cut (停电校验项).', CHECK_CODES, {
  KILL_SWITCH: 'The kill switch is not engaged (紧急停止开关).',
  METER_INSTALLED: 'A meter is installed (已装表).',
  SAME_INSTALLATION: 'The meter was not exchanged since the order (装表未变).',
  NOT_ALREADY_OFF: 'The premises are not off already (尚未停电).',
  POLICY_APPLIES: 'A policy is in force for this customer (适用策略).',
  OVERDUE_DEBT: 'Debt is overdue for long enough (逾期欠费).',
  MIN_DEBT: 'The debt is high enough (欠费金额).',
  DEBT_NOT_TOO_OLD: 'The debt is not too old to be enforced (欠费时效).',
  READING_PROVEN: 'The debt does not rest on estimates (抄表属实).',
  PREPAID_BALANCE: 'The prepaid balance is used up (余额不足).',
  PREPAID_GRACE: 'The grace after that is over (宽限期已过).',
  MANDATORY_NOTICES: 'Every notice the rules ask for was served, with proof (规定通知均已送达).',
  NOTICE_SERVED: 'The notice of the cut was served in time (停电通知已按期送达).',
  COPY_TO_AUTHORITY: 'The authority has a copy (已抄送主管部门).',
  LAST_CALL: 'The customer was told once more just before (停电前再次通知).',
  CONTACT_REACHABLE: 'Some contact is proven reachable (联系方式有效).',
  CAUSE_KNOWN: 'Somebody found out why the customer is in arrears (已查明欠费原因).',
  CAUSE_ALLOWS: 'The cause does not forbid a cut (原因允许).',
  CREDIT_GRACE: 'The days granted by the credit rating are over (信誉宽限已过).',
  NOT_PROTECTED: 'The customer is not protected (非保护用户).',
  PROTECTION_ASKED: 'Somebody asked about protections (已询问保护情况).',
  SEASON: 'The season does not forbid it (季节允许).',
  CONTACT_ATTEMPT: 'The customer was spoken to, or an attempt was made, in time (已尝试联系).',
  NO_HOLD: 'Nothing holds the dunning (无暂缓事项).',
  APPROVED: 'Another person approved, in the role the rules name (已审批).',
  TWO_PERSONS: 'Two distinct persons approved where the rules ask for two (双人审批).',
  ALLOWED_DAY: 'A day on which cuts are allowed (允许日).',
  BLACKOUT: 'Not in a blackout period (非禁停期).',
  ALLOWED_HOUR: 'An hour in which cuts are allowed (允许时段).',
  WEATHER: 'The weather allows it (天气允许).',
  PAYMENT_WINDOW: 'One can still pay somewhere before the evening (当日可缴费).',
});

export const CutBatchStateEnum = describedEnum(
  'CutBatchState',
  'Where a batch of cuts stands (批次状态).',
  CUT_BATCH_STATES,
  {
    PENDING_APPROVAL: 'Waits for approval (待审批).',
    APPROVED: 'Waits for its day and hour (已批准).',
    RUNNING: 'Its cuts are released step by step (执行中).',
    PAUSED: 'Held by a person (已暂停).',
    DONE: 'Every cut of it is settled (已完成). An end.',
    ABORTED: 'Stopped by a person, or by itself at a sign of something wrong (已中止). An end.',
    EXPIRED: 'Its day was over (已过期). An end.',
  },
);

export const CutThresholdKindEnum = describedEnum('CutThresholdKind', 'A bound on cuts (停电阈值).', THRESHOLD_KINDS, {
  OPERATOR_PER_DAY: 'Cuts by one person in 24 hours (单人日停电数).',
  SYSTEM_PER_MINUTE: 'Cuts in a minute; over it they wait (每分钟停电数).',
  SYSTEM_PER_HOUR: 'Cuts in an hour (每小时停电数).',
  SYSTEM_PER_DAY_PER_MILLE: 'Cuts in 24 hours, in thousandths of all meters; 50 are always allowed (日停电千分比).',
  DISTRICT_PERCENT_PER_HOUR: 'Cuts in a district in an hour, in percent; one is always allowed (台区小时停电百分比).',
  DEBT_MAX_MINOR: 'The largest debt that is believed, in minor units (单户欠费上限).',
});

export const CutDryRunStateEnum = describedEnum(
  'CutDryRunState',
  'Where a dry run stands (预演状态).',
  CUT_DRY_RUN_STATES,
  {
    QUEUED: 'Waits for the jobs process (排队).',
    RUNNING: 'Under way (进行中).',
    DONE: 'Everybody in question was judged (完成). An end.',
    FAILED: 'Broken off by an error, or its day was over (失败). An end.',
  },
);

export const DryRunOriginEnum = apiEnum('CutDryRunOrigin', 'What a dry run came from (预演来源).', {
  REQUEST: 'A person asked for it (人工发起).',
  NIGHTLY: 'Made in the evening for the next day, for the whole company (每晚自动).',
});

export const DryRunScopeEnum = apiEnum('CutDryRunScope', 'What a dry run covers (预演范围).', {
  DISTRICT: 'One transformer district (台区).',
  COMPANY: 'The whole company (全公司).',
});

export const DryRunOutcomeEnum = describedEnum(
  'CutDryRunOutcome',
  'What became of a service point on the day (实际结果).',
  DRY_RUN_OUTCOMES,
  {
    CUT: 'A cut for debt was sent (已停电).',
    NOT_CARRIED_OUT: 'One was sent, and the meter refused or never did it (未执行成功).',
    PAID: 'What was overdue was paid before (已缴清).',
    HELD: 'A hold stood on the day (已暂缓).',
    PROPOSED_NOT_CUT: 'A cut was proposed and not sent (已提出未停电).',
    NOT_PROPOSED: 'Nobody proposed a cut (未提出).',
  },
);

export const DryRunCategoryEnum = describedEnum(
  'CutDryRunCategory',
  'How what happened fits what a dry run foresaw (对比结论).',
  DRY_RUN_CATEGORIES,
  {
    CUT_THOUGH_BLOCKED:
      'A cut was sent though the dry run found a blocker (阻止后仍停电). Must never be, unless the blocker was gone by then: look at the evidence of the command.',
    CUT_NOT_LISTED: 'A cut for debt was sent that the dry run did not know of (未列入而停电).',
    NOT_CUT_PAID: 'Could have been cut, and paid before (已缴费未停电).',
    NOT_CUT_OTHER: 'Could have been cut, and was not, for another reason (其他原因未停电); see its code.',
    AS_FORESEEN: 'As foreseen: cut as permitted, or blocked and not cut (与预演一致).',
  },
);
