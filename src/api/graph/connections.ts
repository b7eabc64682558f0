import { connectionOf } from './relay.js';
import { AccountType, ServicePointType, TransformerDistrictType } from './types/accounts.js';
import { AccountLedgerEntryType, BillType, PaymentType } from './types/billing.js';
import { CompensationCaseType, FollowUpType, RestoreBreachType } from './types/after-cut.js';
import { BillingRunType, BillingSkipType, ReadingFaultType } from './types/billing-runs.js';
import { DailyUsageType, MeterEventType, MeterInstallationType, ReadingType } from './types/metering.js';
import { CutBatchType, CutThresholdChangeType } from './types/cut-control.js';
import { CutDryRunLineType, CutDryRunType, DryRunComparisonLineType } from './types/dry-runs.js';
import { LateFeeWaiverType } from './types/late-fees.js';
import { AuditEntryType, QuarantinedMessageType } from './types/operations.js';
import { PaymentChannelRecordType, WeatherReportType } from './types/outside.js';
import { HoldType } from './types/standing.js';
import { InterruptionType, SwitchCommandType, WorkOrderType } from './types/switching.js';

export const AccountConnection = connectionOf('Account', () => AccountType, 'account (户号)');
export const AccountLedgerConnection = connectionOf(
  'AccountLedger',
  () => AccountLedgerEntryType,
  'ledger entry (分录)',
);
export const AuditEntryConnection = connectionOf('AuditEntry', () => AuditEntryType, 'audit entry (审计记录)');
export const BillConnection = connectionOf('Bill', () => BillType, 'bill (账单)');
export const CutBatchConnection = connectionOf('CutBatch', () => CutBatchType, 'batch of cuts (停电批次)');
export const CutDryRunConnection = connectionOf('CutDryRun', () => CutDryRunType, 'dry run (停电预演)');
export const CutDryRunLineConnection = connectionOf(
  'CutDryRunLine',
  () => CutDryRunLineType,
  'line of a dry run (预演明细)',
);
export const DryRunComparisonLineConnection = connectionOf(
  'CutDryRunComparisonLine',
  () => DryRunComparisonLineType,
  'line of a comparison (对比明细)',
);
export const CutThresholdChangeConnection = connectionOf(
  'CutThresholdChange',
  () => CutThresholdChangeType,
  'change of a threshold (阈值调整)',
);
export const BillingRunConnection = connectionOf('BillingRun', () => BillingRunType, 'billing run (核算批次)');
export const BillingSkipConnection = connectionOf(
  'BillingSkip',
  () => BillingSkipType,
  'service point not billed (未出账用电点)',
);
export const DailyUsageConnection = connectionOf('DailyUsage', () => DailyUsageType, 'day of usage (日用电量)');
export const HoldConnection = connectionOf('Hold', () => HoldType, 'hold (暂缓记录)');
export const InterruptionConnection = connectionOf('Interruption', () => InterruptionType, 'interruption (停电记录)');
export const LateFeeWaiverConnection = connectionOf('LateFeeWaiver', () => LateFeeWaiverType, 'waiver (减免记录)');
export const MeterEventConnection = connectionOf('MeterEvent', () => MeterEventType, 'meter event (电表事件)');
export const MeterInstallationConnection = connectionOf(
  'MeterInstallation',
  () => MeterInstallationType,
  'installation (装表记录)',
);
export const PaymentConnection = connectionOf('Payment', () => PaymentType, 'payment (缴费)');
export const PaymentChannelRecordConnection = connectionOf(
  'PaymentChannelRecord',
  () => PaymentChannelRecordType,
  'payment channel (缴费网点)',
);
export const QuarantinedMessageConnection = connectionOf(
  'QuarantinedMessage',
  () => QuarantinedMessageType,
  'quarantined message (隔离报文)',
);
export const ReadingConnection = connectionOf('Reading', () => ReadingType, 'reading (抄表示数)');
export const ReadingFaultConnection = connectionOf(
  'ReadingFault',
  () => ReadingFaultType,
  'fault of reading (抄表差错)',
);
export const ServicePointConnection = connectionOf('ServicePoint', () => ServicePointType, 'service point (用电点)');
export const SwitchCommandConnection = connectionOf('SwitchCommand', () => SwitchCommandType, 'switch command (指令)');
export const TransformerDistrictConnection = connectionOf(
  'TransformerDistrict',
  () => TransformerDistrictType,
  'transformer district (台区)',
);
export const WeatherReportConnection = connectionOf(
  'WeatherReport',
  () => WeatherReportType,
  'weather report (气象信息)',
);
export const WorkOrderConnection = connectionOf('WorkOrder', () => WorkOrderType, 'work order (工单)');
export const CompensationCaseConnection = connectionOf(
  'CompensationCase',
  () => CompensationCaseType,
  'compensation case (赔偿案件)',
);
export const FollowUpConnection = connectionOf('FollowUp', () => FollowUpType, 'follow-up (停电后跟踪)');
export const RestoreBreachConnection = connectionOf(
  'RestoreBreach',
  () => RestoreBreachType,
  'late restore (超时复电)',
);
