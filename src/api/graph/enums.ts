import { CONTACT_KINDS, CUSTOMER_CLASSES, PROTECTION_KINDS } from '../../accounts/customer.js';
import { PAYMENT_CHANNEL_KINDS } from '../../dunning/payment-channel.js';
import { WEATHER_ALERT_KINDS, WEATHER_REPORT_KINDS } from '../../dunning/weather.js';
import { WORK_ORDER_KINDS } from '../../service/work-order.js';
import { INTERRUPTION_REASONS } from '../../switching/interruption.js';
import { SWITCH_COMMAND_STATES } from '../../switching/switch-command.js';
import { ROLES } from '../auth/viewer.js';
import { apiEnum, describedEnum } from './described-enum.js';

export const RoleEnum = describedEnum('Role', 'Role in which somebody calls the API (角色).', ROLES, {
  CUSTOMER: 'A customer (客户): sees the own accounts and what hangs on them.',
  HOTLINE: 'Hotline 95598 staff (热线坐席).',
  COUNTER: 'Counter staff (营业厅): takes payments.',
  DISTRICT_MANAGER: 'District manager (台区客服经理): works in the own transformer districts only.',
  OPERATIONS: 'Operations staff (运行值班): watches and triggers remote switching.',
  SUPERVISOR: 'Supervisor (主管): approves cuts, reverses payments, releases the kill switch.',
  BANK: 'A bank or payment provider (银行): asks for amounts due, hands in payments, sees its own.',
  TESTER: 'Tester (测试员): drives clock and simulated meters; no personal data.',
  AUDITOR: 'Auditor (审计员): reads facts and history; no contacts, no writes.',
});

export const CustomerClassEnum = describedEnum('CustomerClass', 'Kind of customer (用电类别).', CUSTOMER_CLASSES, {
  RESIDENTIAL: 'Household (居民).',
  COMMERCIAL: 'Shop or office (商业).',
  INDUSTRIAL: 'Industry (工业).',
  TEMPORARY: 'Temporary supply (临时用电).',
});

export const ContactKindEnum = describedEnum('ContactKind', 'Way to reach a customer (联系方式).', CONTACT_KINDS, {
  MOBILE: 'Mobile phone (手机).',
  LANDLINE: 'Landline (座机).',
  EMAIL: 'E-mail (电子邮件).',
  ADDRESS: 'Postal address (通信地址).',
});

export const ProtectionKindEnum = describedEnum(
  'ProtectionKind',
  'Why a customer must not be cut for debt (保护类别).',
  PROTECTION_KINDS,
  {
    LIFE_SUPPORT: 'Life-support equipment at home (生命维持设备).',
    MEDICAL: 'Medical need (医疗需要).',
    LONE_ELDERLY: 'Elderly person living alone (孤寡老人).',
    LOW_INCOME: 'Low-income household (低保).',
    INFANT: 'Infant in the household (婴幼儿).',
    DISABLED: 'Disabled person (残疾人).',
    IMPORTANT_USER: 'Important user such as a hospital (重要用户).',
  },
);

export const PaymentChannelKindEnum = describedEnum(
  'PaymentChannelKind',
  'Where or how one can pay (缴费网点类型).',
  PAYMENT_CHANNEL_KINDS,
  {
    COUNTER: 'Counter of the company (营业厅).',
    AGENT: 'Shop that takes payments for the company (代收点).',
    BANK: 'Branch of a bank (银行网点).',
    SELF_SERVICE: 'Self-service terminal (自助终端).',
    APP: 'Mobile app (手机应用). Online.',
    ONLINE_BANK: 'Online banking (网上银行). Online.',
  },
);

export const WeatherReportKindEnum = describedEnum(
  'WeatherReportKind',
  'What a weather report tells (气象信息类型).',
  WEATHER_REPORT_KINDS,
  {
    OBSERVED: 'Lowest and highest temperature of a local day (实况).',
    FORECAST: 'Lowest and highest temperature expected in a period (预报).',
    ALERT: 'Whether there is an alert (预警).',
  },
);

export const WeatherAlertKindEnum = describedEnum(
  'WeatherAlertKind',
  'What a weather alert warns of (预警类型).',
  WEATHER_ALERT_KINDS,
  {
    HEAT: 'Heat (高温).',
    COLD: 'Cold (寒潮).',
    STORM: 'Storm (暴风雨).',
    NONE: 'No alert is in force (无预警). Said, not left unsaid: silence is no proof of good weather.',
  },
);

export const WorkOrderKindEnum = describedEnum(
  'WorkOrderKind',
  'What field staff have to do (工单类型).',
  WORK_ORDER_KINDS,
  {
    RESTORE_ON_SITE: 'Bring power back on site (现场复电).',
    INSPECT_RELAY: 'Look at a relay that does not do what it was told (检查继电器).',
    CHECK_INSTALLATION: 'Check which meter serves which premises (核查装表).',
  },
);

export const WorkOrderStateEnum = apiEnum('WorkOrderState', 'Where field work stands (工单状态).', {
  OPEN: 'To be done before its deadline (待处理).',
  DONE: 'Seen to be done (已完成).',
  WITHDRAWN: 'No longer needed (已撤销).',
});

export const InterruptionReasonEnum = describedEnum(
  'InterruptionReason',
  'Why power is off (停电原因). Power is due exactly when no reason is open.',
  INTERRUPTION_REASONS,
  {
    ARREARS: 'Unpaid bills (欠费). Closed by payment.',
    PREPAID_EXHAUSTED: 'Prepaid money is used up (预付费余额不足). Closed by payment.',
    SAFETY: 'Danger to people or property (安全隐患).',
    THEFT: 'Proven theft of electricity (窃电).',
    CUSTOMER_REQUEST: 'The customer asked for it (客户申请).',
    VACANT: 'Premises are vacant (空置).',
  },
);

export const SwitchOperationEnum = apiEnum('SwitchOperation', 'What a switch command orders (操作).', {
  CUT: 'Open the relay (停电, 拉闸).',
  RESTORE: 'Close the relay, or allow it to be closed (复电, 合闸).',
});

export const SwitchModeEnum = apiEnum('SwitchMode', 'How a relay is closed (合闸方式).', {
  DIRECT: 'At once (直接合闸).',
  ARM: 'The customer presses the button on the meter (合闸允许).',
});

export const SwitchCommandStateEnum = describedEnum(
  'SwitchCommandState',
  'Life of a switch command (指令状态). A time-out is not a failure, and only a relay state read after the send is proof.',
  SWITCH_COMMAND_STATES,
  {
    PENDING_APPROVAL: 'Waits for a second person (待审批).',
    QUARANTINED: 'Held back over a threshold (隔离).',
    QUEUED: 'Will be sent (待发送).',
    SENT: 'On its way to the meter (已发送).',
    ACCEPTED: 'The meter says it heard (已接收).',
    ARMED: 'Waits for the customer to press the button (待按钮).',
    UNKNOWN: 'No answer in time; the meter is being asked (结果未知).',
    VERIFIED: 'Proven by the relay state (已验证). An end.',
    REJECTED: 'Refused by the meter (已拒绝). An end.',
    CANCELLED: 'Withdrawn before it was sent (已取消). An end.',
    SUPERSEDED: 'Replaced by a newer command (已被取代). An end.',
    EXPIRED: 'Its time ran out before it could act (已过期). An end.',
    FAILED: 'Did not happen, or cannot be proven (失败). An end.',
    FIELD_VISIT: 'Handed to field staff with a work order (转现场). An end for the remote way.',
  },
);

export const SupplyDueEnum = apiEnum('SupplyDue', 'Whether power is due (应供状态).', {
  ON: 'No interruption is open: power is due (应供电).',
  OFF: 'At least one interruption is open (应停电).',
});

export const ReportedSupplyStateEnum = apiEnum(
  'ReportedSupplyState',
  'What the meter itself last reported (上报状态).',
  {
    CONNECTED: 'Relay closed (已合闸).',
    DISCONNECTED: 'Relay open (已拉闸).',
    ARMED: 'Relay open, waiting for the button (待按钮合闸).',
    UNKNOWN: 'No meter, or it has never spoken (未知).',
  },
);

export const AccountStandingEnum = apiEnum('AccountStanding', 'Whether an account is in arrears (欠费情况).', {
  IN_ARREARS: 'At least one open bill is past its due date (欠费).',
  CLEAR: 'Nothing is past its due date (无欠费).',
});

export const ReadingQualityEnum = apiEnum('ReadingQuality', 'How sure a value is (抄表质量).', {
  ACTUAL: 'Read from the meter (实抄).',
  ESTIMATED: 'Estimated (估抄).',
});

export const ReadingCauseEnum = apiEnum('ReadingCause', 'Why a reading was taken (抄表原因).', {
  FREEZE: 'Frozen at midnight (日冻结).',
  PERIODIC: 'Sent by the meter on its own schedule (定时上报).',
  REQUESTED: 'Asked for (召测).',
  MANUAL: 'Entered by a person (人工录入).',
});

export const GatewayKindEnum = apiEnum('GatewayKind', 'Kind of gateway (网关类型).', {
  CONCENTRATOR: 'Concentrator with many meters (集中器).',
  METER: 'Meter with its own connection (4G 电表).',
});

export const GatewayPresenceEnum = apiEnum(
  'GatewayPresence',
  'Whether the connection of a gateway is up (在线状态). Offline does not mean without power.',
  {
    ONLINE: 'Connected (在线).',
    OFFLINE: 'Not connected (离线).',
    UNKNOWN: 'Never heard of, or there is no gateway (未知).',
  },
);

export const ActorKindEnum = apiEnum('ActorKind', 'Who acted (操作主体).', {
  PERSON: 'A person (人员).',
  SYSTEM: 'The system by itself (系统).',
  METER: 'A meter (电表).',
});

export const ClockModeEnum = apiEnum('ClockMode', 'Kind of clock (时钟模式).', {
  REAL: 'Wall-clock time (真实时间).',
  SIMULATED: 'Time of a simulated world, which can be set, advanced and scaled (仿真时间).',
});

export const PowerVerdictEnum = apiEnum('PowerVerdict', 'The answer to "why is my power off" in one word (停电判断).', {
  POWER_ON: 'Power is due and the meter reports it on (正常供电).',
  OFF_FOR_DEBT: 'Off for unpaid bills; paying brings it back (欠费停电).',
  OFF_FOR_OTHER_REASON: 'Off for a reason that money does not remove (其他原因停电).',
  RESTORE_UNDER_WAY: 'Power is due and is being brought back (正在复电).',
  WAITING_FOR_BUTTON: 'Power is due; the customer has to press the button on the meter (待按钮复电).',
  WAITING_FOR_CODE: 'Power is due; the customer has to type the restore code (待输入复电码).',
  OUTAGE: 'Nothing was cut: a fault or a planned outage (故障或计划停电).',
  FIELD_VISIT: 'Power is due; field staff are on the way (现场处理中).',
  UNEXPLAINED: 'Power is due, the meter reports it off, and nothing is under way yet (原因不明).',
  UNKNOWN: 'The meter has not said anything that helps (未知).',
});
