import type { EntitySchema } from '@mikro-orm/core';
import { AccountEntity, ServicePointEntity, type Account, type ServicePoint } from '../../accounts/account.js';
import {
  ContactEntity,
  CustomerEntity,
  ProtectionEntity,
  type Contact,
  type Customer,
  type Protection,
} from '../../accounts/customer.js';
import { TransformerDistrictEntity, type TransformerDistrict } from '../../accounts/transformer-district.js';
import { BillEntity, BillLineEntity, type Bill, type BillLine } from '../../billing/bill.js';
import { BillingRunEntity, type BillingRun } from '../../billing/billing-run.js';
import { LateFeeLineEntity, type StoredLateFeeLine } from '../../billing/late-fee-line.js';
import { LateFeeWaiverEntity, type LateFeeWaiver } from '../../billing/late-fee-waiver.js';
import { LedgerEntryEntity, type LedgerEntry } from '../../billing/ledger-entry.js';
import {
  PaymentAllocationEntity,
  PaymentEntity,
  PaymentReversalEntity,
  type Payment,
  type PaymentAllocation,
  type PaymentReversal,
} from '../../billing/payment.js';
import {
  GatewayEntity,
  MeterEntity,
  MeterInstallationEntity,
  type Gateway,
  type Meter,
  type MeterInstallation,
} from '../../metering/meter.js';
import { NoticeEntity, type Notice } from '../../dunning/notice.js';
import { AuditEntryEntity, type AuditEntryRow } from '../../platform/audit-entry.js';
import { CompensationCaseEntity, type CompensationCase } from '../../dunning/compensation-case.js';
import { FollowUpContactEntity, FollowUpEntity, type FollowUp, type FollowUpContact } from '../../dunning/follow-up.js';
import { RestoreBreachEntity, type RestoreBreach } from '../../dunning/restore-breach.js';
import { CutApprovalEntity, CutBatchEntity, type CutApproval, type CutBatch } from '../../dunning/cut-batch.js';
import { CutDryRunEntity, type CutDryRun } from '../../dunning/dry-run.js';
import { HoldEntity, PlanInstalmentEntity, type Hold, type PlanInstalment } from '../../dunning/hold.js';
import { OutageEntity, type Outage } from '../../service/outage.js';
import { WorkOrderEntity, type WorkOrder } from '../../service/work-order.js';
import { InterruptionEntity, type Interruption } from '../../switching/interruption.js';
import { CutThresholdChangeEntity, type CutThresholdChange } from '../../switching/threshold-change.js';
import { ProtectionOrderEntity, type ProtectionOrder } from '../../switching/protection-order.js';
import { RestoreCodeEntity, type RestoreCode } from '../../switching/restore-code.js';
import { OPEN_STATES, SwitchCommandEntity, type SwitchCommand } from '../../switching/switch-command.js';

/** The rows that have a global id, by the name of the GraphQL type that shows them. */
export interface NodeRows {
  Account: Account;
  AuditEntry: AuditEntryRow;
  Bill: Bill;
  BillingRun: BillingRun;
  CompensationCase: CompensationCase;
  Customer: Customer;
  CutBatch: CutBatch;
  CutDryRun: CutDryRun;
  CutThresholdChange: CutThresholdChange;
  FollowUp: FollowUp;
  Gateway: Gateway;
  Hold: Hold;
  Interruption: Interruption;
  LateFeeWaiver: LateFeeWaiver;
  LedgerEntry: LedgerEntry;
  Meter: Meter;
  MeterInstallation: MeterInstallation;
  Notice: Notice;
  Outage: Outage;
  Payment: Payment;
  RestoreBreach: RestoreBreach;
  RestoreCode: RestoreCode;
  ServicePoint: ServicePoint;
  SwitchCommand: SwitchCommand;
  TransformerDistrict: TransformerDistrict;
  WorkOrder: WorkOrder;
}
export type NodeName = keyof NodeRows;

/** Their entities. */
export const NODE_ENTITIES: { readonly [Name in NodeName]: EntitySchema } = {
  Account: AccountEntity,
  AuditEntry: AuditEntryEntity,
  Bill: BillEntity,
  BillingRun: BillingRunEntity,
  CompensationCase: CompensationCaseEntity,
  Customer: CustomerEntity,
  CutBatch: CutBatchEntity,
  CutDryRun: CutDryRunEntity,
  CutThresholdChange: CutThresholdChangeEntity,
  FollowUp: FollowUpEntity,
  Gateway: GatewayEntity,
  Hold: HoldEntity,
  Interruption: InterruptionEntity,
  LateFeeWaiver: LateFeeWaiverEntity,
  LedgerEntry: LedgerEntryEntity,
  Meter: MeterEntity,
  MeterInstallation: MeterInstallationEntity,
  Notice: NoticeEntity,
  Outage: OutageEntity,
  Payment: PaymentEntity,
  RestoreBreach: RestoreBreachEntity,
  RestoreCode: RestoreCodeEntity,
  ServicePoint: ServicePointEntity,
  SwitchCommand: SwitchCommandEntity,
  TransformerDistrict: TransformerDistrictEntity,
  WorkOrder: WorkOrderEntity,
};

/** True for the name of a GraphQL type whose rows have a global id. */
export const isNodeName = (name: string): name is NodeName => Object.hasOwn(NODE_ENTITIES, name);

/** Rows that belong to one other row and are few by nature, so they come whole and not in pages. */
export interface RelatedRows {
  accountsOfCustomer: Account;
  allocationsOfBill: PaymentAllocation;
  allocationsOfPayment: PaymentAllocation;
  approvalsOfBatch: CutApproval;
  approvalsOfCommand: CutApproval;
  breachesOfPayment: RestoreBreach;
  contactsOfCustomer: Contact;
  contactsOfFollowUp: FollowUpContact;
  correctionsOfBill: Bill;
  followUpOfInterruption: FollowUp;
  instalmentsOfHold: PlanInstalment;
  installationOfMeterNow: MeterInstallation;
  installationOfServicePointNow: MeterInstallation;
  lateFeeLinesOfEntry: StoredLateFeeLine;
  lateFeeWaiversOfBill: LateFeeWaiver;
  linesOfBill: BillLine;
  openCommandsOfServicePoint: SwitchCommand;
  openInterruptionsOfServicePoint: Interruption;
  openWorkOrdersOfServicePoint: WorkOrder;
  codesOfCommand: RestoreCode;
  openProtectionOrderOfMeter: ProtectionOrder;
  protectionsOfCustomer: Protection;
  reversalOfPayment: PaymentReversal;
}
export type RelatedName = keyof RelatedRows;

/** How related rows are found: by which property, under which condition, in which order. */
export interface RelatedSpec {
  readonly entity: EntitySchema;
  readonly by: string;
  readonly where?: Readonly<Record<string, unknown>>;
  readonly orderBy: Readonly<Record<string, 'asc' | 'desc'>>;
}

export const RELATED: { readonly [Name in RelatedName]: RelatedSpec } = {
  accountsOfCustomer: { entity: AccountEntity, by: 'customerId', orderBy: { accountNumber: 'asc' } },
  allocationsOfBill: { entity: PaymentAllocationEntity, by: 'billId', orderBy: { id: 'asc' } },
  allocationsOfPayment: { entity: PaymentAllocationEntity, by: 'paymentId', orderBy: { id: 'asc' } },
  approvalsOfBatch: { entity: CutApprovalEntity, by: 'batchId', orderBy: { approvedAt: 'asc', id: 'asc' } },
  approvalsOfCommand: { entity: CutApprovalEntity, by: 'commandId', orderBy: { approvedAt: 'asc', id: 'asc' } },
  breachesOfPayment: { entity: RestoreBreachEntity, by: 'paymentId', orderBy: { dueAt: 'asc', id: 'asc' } },
  contactsOfFollowUp: { entity: FollowUpContactEntity, by: 'followUpId', orderBy: { at: 'asc', id: 'asc' } },
  followUpOfInterruption: { entity: FollowUpEntity, by: 'interruptionId', orderBy: { id: 'asc' } },
  contactsOfCustomer: { entity: ContactEntity, by: 'customerId', orderBy: { kind: 'asc', id: 'asc' } },
  correctionsOfBill: { entity: BillEntity, by: 'correctsBillId', orderBy: { correctionNumber: 'asc' } },
  instalmentsOfHold: { entity: PlanInstalmentEntity, by: 'holdId', orderBy: { number: 'asc' } },
  installationOfMeterNow: {
    entity: MeterInstallationEntity,
    by: 'meterId',
    where: { removedAt: null },
    orderBy: { id: 'asc' },
  },
  installationOfServicePointNow: {
    entity: MeterInstallationEntity,
    by: 'servicePointId',
    where: { removedAt: null },
    orderBy: { id: 'asc' },
  },
  lateFeeLinesOfEntry: { entity: LateFeeLineEntity, by: 'entryId', orderBy: { lineNumber: 'asc' } },
  lateFeeWaiversOfBill: { entity: LateFeeWaiverEntity, by: 'billId', orderBy: { id: 'asc' } },
  linesOfBill: { entity: BillLineEntity, by: 'billId', orderBy: { lineNumber: 'asc' } },
  openCommandsOfServicePoint: {
    entity: SwitchCommandEntity,
    by: 'servicePointId',
    where: { state: { $in: OPEN_STATES } },
    orderBy: { id: 'asc' },
  },
  openInterruptionsOfServicePoint: {
    entity: InterruptionEntity,
    by: 'servicePointId',
    where: { closedAt: null },
    orderBy: { openedAt: 'asc', id: 'asc' },
  },
  openWorkOrdersOfServicePoint: {
    entity: WorkOrderEntity,
    by: 'servicePointId',
    where: { state: 'OPEN' },
    orderBy: { deadlineAt: 'asc' },
  },
  codesOfCommand: { entity: RestoreCodeEntity, by: 'commandId', orderBy: { issuedAt: 'asc', id: 'asc' } },
  openProtectionOrderOfMeter: {
    entity: ProtectionOrderEntity,
    by: 'meterId',
    where: { state: { $in: ['QUEUED', 'SENT'] } },
    orderBy: { id: 'asc' },
  },
  protectionsOfCustomer: { entity: ProtectionEntity, by: 'customerId', orderBy: { kind: 'asc', id: 'asc' } },
  reversalOfPayment: { entity: PaymentReversalEntity, by: 'paymentId', orderBy: { paymentId: 'asc' } },
};
