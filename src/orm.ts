import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import pg from 'pg';
import { AuditEntryEntity } from './platform/audit-entry.js';
import { migrationsList } from './platform/migrations.js';
import { AccountEntity, ServicePointEntity } from './accounts/account.js';
import { ContactEntity, CustomerEntity, ProtectionEntity } from './accounts/customer.js';
import { TransformerDistrictEntity } from './accounts/transformer-district.js';
import { GatewayEntity, MeterEntity, MeterInstallationEntity } from './metering/meter.js';
import { MeterStateEntity } from './metering/meter-state.js';
import { ReadingGapEntity } from './metering/reading-gap.js';
import { DailyUsageEntity, MeterEventEntity, ReadingEntity, ReadingFaultEntity } from './metering/reading.js';
import { BillEntity, BillLineEntity } from './billing/bill.js';
import { BillingRunEntity, BillingSkipEntity } from './billing/billing-run.js';
import { LateFeeLineEntity } from './billing/late-fee-line.js';
import { LateFeeWaiverEntity } from './billing/late-fee-waiver.js';
import { LedgerEntryEntity } from './billing/ledger-entry.js';
import { PaymentAllocationEntity, PaymentEntity, PaymentReversalEntity } from './billing/payment.js';
import { DunningCaseEntity, DunningPauseEntity, LadderStepOutcomeEntity } from './dunning/dunning-case.js';
import { HoldEntity, PlanInstalmentEntity } from './dunning/hold.js';
import { NoticeBillEntity, NoticeEntity } from './dunning/notice.js';
import { ArrearsCauseEntity, ContactProofEntity } from './dunning/standing.js';
import { CompensationCaseEntity } from './dunning/compensation-case.js';
import { CutApprovalEntity, CutBatchEntity } from './dunning/cut-batch.js';
import { FollowUpContactEntity, FollowUpEntity } from './dunning/follow-up.js';
import { RestoreBreachEntity } from './dunning/restore-breach.js';
import { CutDryRunEntity, CutDryRunLineEntity } from './dunning/dry-run.js';
import { PaymentChannelEntity } from './dunning/payment-channel.js';
import { WeatherReportEntity } from './dunning/weather.js';
import { OutageEntity } from './service/outage.js';
import { WorkOrderEntity } from './service/work-order.js';
import { InterruptionEntity } from './switching/interruption.js';
import { CutThresholdChangeEntity } from './switching/threshold-change.js';
import { ProtectionOrderEntity } from './switching/protection-order.js';
import { RestoreCodeEntity } from './switching/restore-code.js';
import { SwitchCommandEntity } from './switching/switch-command.js';

/** Every entity of the product; a test holds each against the migrated tables. */
export const ENTITIES = [
  AuditEntryEntity,
  TransformerDistrictEntity,
  CustomerEntity,
  ContactEntity,
  ProtectionEntity,
  AccountEntity,
  ServicePointEntity,
  GatewayEntity,
  MeterEntity,
  MeterInstallationEntity,
  ReadingEntity,
  DailyUsageEntity,
  MeterEventEntity,
  MeterStateEntity,
  ReadingGapEntity,
  ReadingFaultEntity,
  BillEntity,
  BillLineEntity,
  BillingRunEntity,
  BillingSkipEntity,
  PaymentEntity,
  PaymentAllocationEntity,
  PaymentReversalEntity,
  LedgerEntryEntity,
  LateFeeLineEntity,
  LateFeeWaiverEntity,
  WorkOrderEntity,
  OutageEntity,
  ProtectionOrderEntity,
  RestoreCodeEntity,
  InterruptionEntity,
  SwitchCommandEntity,
  CutThresholdChangeEntity,
  CutBatchEntity,
  CutApprovalEntity,
  CutDryRunEntity,
  CutDryRunLineEntity,
  CompensationCaseEntity,
  FollowUpEntity,
  FollowUpContactEntity,
  RestoreBreachEntity,
  PaymentChannelEntity,
  WeatherReportEntity,
  HoldEntity,
  DunningCaseEntity,
  DunningPauseEntity,
  LadderStepOutcomeEntity,
  NoticeEntity,
  NoticeBillEntity,
  PlanInstalmentEntity,
  ContactProofEntity,
  ArrearsCauseEntity,
];

/** Opens the reading side: the ORM over its own small pool. Writing goes through flows and platform/database. */
export function openOrm(url: string, poolSize = 10): Promise<MikroORM> {
  return MikroORM.init({
    clientUrl: url,
    entities: ENTITIES,
    extensions: [Migrator],
    pool: { min: 0, max: poolSize },
    migrations: {
      migrationsList: migrationsList(),
      snapshot: false,
      transactional: true,
      allOrNothing: true,
      silent: true,
    },
    // Strings and dates come back as the entities declare them; nothing is created or changed by the ORM behind the migrations.
    forceUtcTimezone: true,
  });
}

/** The advisory lock under which processes that start together take turns at migrating. */
const MIGRATION_LOCK = 7_215_204_177;

/** Brings the database to the newest schema. Safe to call from many processes at once. */
export async function migrate(url: string): Promise<void> {
  const lock = new pg.Client({ connectionString: url, application_name: 'relight migrations' });
  await lock.connect();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const orm = await openOrm(url, 2);
    try {
      await orm.migrator.up();
    } finally {
      await orm.close(true);
    }
  } finally {
    await lock.end();
  }
}
