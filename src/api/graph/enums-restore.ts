import { RECONNECT_MODE_REASONS } from '../../switching/switch-command.js';
import { OUTAGE_KINDS, OUTAGE_SCOPES } from '../../service/outage.js';
import { PROTECTION_ORDER_STATES } from '../../switching/protection-order.js';
import { RESTORE_CODE_ENDINGS, RESTORE_CODE_STATES } from '../../switching/restore-code.js';
import { apiEnum, describedEnum } from './described-enum.js';

export const ReconnectModeReasonEnum = describedEnum(
  'ReconnectModeReason',
  'Why a restore closes the relay, or arms the meter for its button (合闸方式原因).',
  RECONNECT_MODE_REASONS,
  {
    NO_REASON_TO_ARM: 'Nothing speaks against closing directly (可直接合闸).',
    METER: 'The meter is set up for its button (电表设置).',
    CUSTOMER_CLASS: 'Customers of this class are always armed (客户类别).',
    LONG_OFF: 'Nobody knows what was left switched on after so long (停电过久).',
    BACKFEED: 'Something feeds in behind the open relay; somebody looks (负荷侧带电).',
  },
);

export const PowerBackMeansEnum = apiEnum('PowerBackMeans', 'By what power came back, as somebody saw it (复电方式).', {
  CODE: 'The restore code was typed (输入复电码).',
  BUTTON: 'The button was pressed (按键).',
  ON_SITE: 'Somebody brought it back on site (现场复电).',
});

export const RestoreCodeStateEnum = describedEnum(
  'RestoreCodeState',
  'Life of a restore code (复电码状态).',
  RESTORE_CODE_STATES,
  {
    ISSUED: 'May be typed (有效).',
    ACCEPTED: 'The meter took it (已使用).',
    VOID: 'A new code, a later order, or a reason to keep power off came first (已作废).',
    EXPIRED: 'Its time is over (已过期).',
  },
);

export const RestoreCodeOriginEnum = apiEnum('RestoreCodeOrigin', 'Why a restore code was issued (签发方式).', {
  PERSON: 'Somebody issued it (人工签发).',
  NO_ANSWER: 'By itself, since the meter did not answer (无应答自动签发).',
});

export const RestoreCodeEndingEnum = describedEnum(
  'RestoreCodeEnding',
  'What ended a restore code (复电码结束原因).',
  RESTORE_CODE_ENDINGS,
  {
    METER_EVENT: 'The meter said that it took it (电表事件).',
    METER_STATE: "The meter's signed state shows its sequence (电表状态).",
    FIELD_REPORT: 'Somebody saw it work (现场报告).',
    NEW_CODE: 'A new code was issued (新码签发).',
    LATER_ORDER: 'The meter took a later order (后续指令).',
    NOT_DUE: 'Power is not due any more (不应供电).',
    METER_EXCHANGED: 'Another meter hangs there now (换表).',
    TIME: 'Its time was over (到期).',
  },
);

export const ProtectionOperationEnum = apiEnum(
  'ProtectionOperation',
  'What a meter is told of its protection (保电操作).',
  {
    PROTECT: 'Refuse every cut (保电投入).',
    UNPROTECT: 'Refuse none (保电解除).',
  },
);

export const ProtectionOrderStateEnum = describedEnum(
  'ProtectionOrderState',
  'Life of a protection order (保电指令状态).',
  PROTECTION_ORDER_STATES,
  {
    QUEUED: 'Waits to be sent (待发送).',
    SENT: "Sent; the meter's word is awaited (已发送).",
    VERIFIED: 'The meter says so itself (已证实).',
    FAILED: 'The meter cannot (失败).',
    WITHDRAWN: 'Not wanted any more (已撤回).',
  },
);

export const OutageKindEnum = describedEnum('OutageKind', 'Kind of an outage (停电类型).', OUTAGE_KINDS, {
  FAULT: 'Found from what meters and gateways said (故障).',
  PLANNED: 'Announced (计划停电).',
});

export const OutageScopeEnum = describedEnum('OutageScope', 'Scope of an outage (停电范围).', OUTAGE_SCOPES, {
  DISTRICT: 'The transformer district (整个台区).',
  SERVICE_POINT: 'One service point (单户).',
});

export const OfflineCauseEnum = apiEnum('OfflineCause', 'Why a gateway is offline (离线原因).', {
  LAST_GASP: 'Its own supply is gone, and it had time to say so (失电告警).',
});
