import { AccountEntity, ServicePointEntity, type Account, type ServicePoint } from '../../accounts/account.js';
import { TransformerDistrictEntity, type TransformerDistrict } from '../../accounts/transformer-district.js';
import { BillEntity, type Bill } from '../../billing/bill.js';
import { BillingRunEntity, BillingSkipEntity, type BillingRun, type BillingSkip } from '../../billing/billing-run.js';
import { LateFeeWaiverEntity, type LateFeeWaiver } from '../../billing/late-fee-waiver.js';
import { LedgerEntryEntity, type LedgerEntry } from '../../billing/ledger-entry.js';
import { PaymentEntity, type Payment } from '../../billing/payment.js';
import { MeterInstallationEntity, type MeterInstallation } from '../../metering/meter.js';
import {
  DailyUsageEntity,
  MeterEventEntity,
  ReadingEntity,
  ReadingFaultEntity,
  type DailyUsage,
  type MeterEvent,
  type Reading,
  type ReadingFault,
} from '../../metering/reading.js';
import { CutBatchEntity, type CutBatch } from '../../dunning/cut-batch.js';
import { AuditEntryEntity, type AuditEntryRow } from '../../platform/audit-entry.js';
import { PaymentChannelEntity, type PaymentChannelRecord } from '../../dunning/payment-channel.js';
import { HoldEntity, type Hold } from '../../dunning/hold.js';
import { WeatherReportEntity, type WeatherReportRow } from '../../dunning/weather.js';
import { WorkOrderEntity, type WorkOrder } from '../../service/work-order.js';
import { InterruptionEntity, type Interruption } from '../../switching/interruption.js';
import { CutThresholdChangeEntity, type CutThresholdChange } from '../../switching/threshold-change.js';
import { SwitchCommandEntity, type SwitchCommand } from '../../switching/switch-command.js';
import { columnsOf, listOf, type ListSpec, type OrderKey } from './lists.js';

/** A ledger entry with what the account owed and held after it, minor units. */
export type LedgerStatementRow = LedgerEntry & { readonly dueAfterMinor: bigint; readonly creditAfterMinor: bigint };

/** A message in quarantine as it is stored. */
export interface QuarantineRow {
  readonly number: bigint;
  readonly topic: string;
  readonly payload: Buffer;
  readonly payloadBytes: number;
  readonly code: string;
  readonly message: string;
  readonly receivedAt: Date;
}

const ID: OrderKey = { column: 't.id', type: 'uuid' };
const NUMBER: OrderKey = { column: 't.id', type: 'bigint' };

/** Narrowing of rows that hang on an account to what a bounded viewer can see. */
const OF_ACCOUNT_IN_REACH = {
  reachAccounts: 't.account_id = ANY(?::uuid[])',
  reachDistricts: 't.account_id IN (SELECT a.id FROM account a WHERE a.district_id = ANY(?::uuid[]))',
};

/** A reading counts when it was believed and no later revision of the same instant was. */
const READING_COUNTS = `t.usable AND NOT EXISTS (SELECT FROM reading x WHERE x.meter_id = t.meter_id AND x.read_at = t.read_at AND x.quality = t.quality AND x.revision > t.revision AND x.usable)`;

/** Every list of the API: its table, its order, and what it can be narrowed by. */
export const LISTS = {
  accounts: listOf<Account>('accounts', AccountEntity, {
    keys: [{ column: 't.account_number', type: 'text' }],
    descending: false,
    filters: {
      district: 't.district_id = ?::uuid',
      inArrears:
        'EXISTS (SELECT FROM bill b WHERE b.account_id = t.id AND b.due_date < ?::date AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor))',
      clear:
        'NOT EXISTS (SELECT FROM bill b WHERE b.account_id = t.id AND b.due_date < ?::date AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor))',
      // True: some service point has an open interruption; false: it has service points and none of them has.
      supplyOff: `?::boolean = EXISTS (SELECT FROM service_point p JOIN interruption i ON i.service_point_id = p.id AND i.closed_at IS NULL WHERE p.account_id = t.id)`,
      reported: `EXISTS (SELECT FROM service_point p JOIN meter_installation n ON n.service_point_id = p.id AND n.removed_at IS NULL JOIN meter m ON m.id = n.meter_id
        WHERE p.account_id = t.id AND CASE WHEN m.reported_relay IS NULL THEN 'UNKNOWN' WHEN m.reported_relay = 'CLOSED' THEN 'CONNECTED'
          WHEN m.reported_armed THEN 'ARMED' ELSE 'DISCONNECTED' END = ?::text)`,
      reachAccounts: 't.id = ANY(?::uuid[])',
      reachDistricts: 't.district_id = ANY(?::uuid[])',
    },
  }),
  accountsOfCustomer: listOf<Account>('customer-accounts', AccountEntity, {
    parent: 't.customer_id',
    keys: [{ column: 't.account_number', type: 'text' }],
    descending: false,
    filters: { reachAccounts: 't.id = ANY(?::uuid[])', reachDistricts: 't.district_id = ANY(?::uuid[])' },
  }),
  accountsOfDistrict: listOf<Account>('district-accounts', AccountEntity, {
    parent: 't.district_id',
    keys: [{ column: 't.account_number', type: 'text' }],
    descending: false,
    filters: { reachAccounts: 't.id = ANY(?::uuid[])' },
  }),
  servicePoints: listOf<ServicePoint>('service-points', ServicePointEntity, {
    parent: 't.account_id',
    keys: [{ column: 't.service_point_number', type: 'text' }],
    descending: false,
  }),
  districts: listOf<TransformerDistrict>('districts', TransformerDistrictEntity, {
    keys: [{ column: 't.code', type: 'text' }],
    descending: false,
    filters: { reachDistricts: 't.id = ANY(?::uuid[])' },
  }),
  bills: listOf<Bill>('bills', BillEntity, {
    parent: 't.account_id',
    keys: [{ column: 't.period_from', type: 'date' }, ID],
    descending: true,
    filters: { open: '?::boolean = (t.paid_minor < t.total_minor OR t.late_fee_paid_minor < t.late_fee_minor)' },
  }),
  billingRuns: listOf<BillingRun>('billing-runs', BillingRunEntity, {
    keys: [{ column: 't.requested_at', type: 'timestamptz' }, ID],
    descending: true,
    filters: {
      state: 't.state = ?::text',
      district: 't.district_id = ?::uuid',
      reachDistricts: 't.district_id = ANY(?::uuid[])',
    },
  }),
  billingSkips: listOf<BillingSkip>('billing-skips', BillingSkipEntity, {
    keys: [{ column: 't.since', type: 'timestamptz' }, ID],
    descending: false,
    filters: {
      run: 't.run_id = ?::uuid',
      open: '?::boolean = (t.resolved_at IS NULL)',
      owner: 't.owner = ?::text',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  readingFaults: listOf<ReadingFault>('reading-faults', ReadingFaultEntity, {
    parent: 't.service_point_id',
    keys: [{ column: 't.read_at', type: 'timestamptz' }, NUMBER],
    descending: true,
  }),
  payments: listOf<Payment>('payments', PaymentEntity, { parent: 't.account_id', keys: [ID], descending: true }),
  suspensePayments: listOf<Payment>('suspense', PaymentEntity, {
    keys: [ID],
    descending: false,
    filters: { state: 't.state = ?::text' },
  }),
  ledger: {
    name: 'ledger',
    // The balance after an entry needs every entry before it; entries of an account are written under its lock, so ids are in order.
    from: `(SELECT e.*,
        sum(CASE WHEN e.debit_code = 'RECEIVABLE' AND e.debit_account_id = parent.id THEN e.amount_minor ELSE 0 END
          - CASE WHEN e.credit_code = 'RECEIVABLE' AND e.credit_account_id = parent.id THEN e.amount_minor ELSE 0 END) OVER (ORDER BY e.id)::bigint AS due_after_minor,
        sum(CASE WHEN e.credit_code = 'CUSTOMER_CREDIT' AND e.credit_account_id = parent.id THEN e.amount_minor ELSE 0 END
          - CASE WHEN e.debit_code = 'CUSTOMER_CREDIT' AND e.debit_account_id = parent.id THEN e.amount_minor ELSE 0 END) OVER (ORDER BY e.id)::bigint AS credit_after_minor
      FROM ledger_entry e WHERE e.debit_account_id = parent.id OR e.credit_account_id = parent.id) t`,
    columns: `${columnsOf(LedgerEntryEntity)}, t.due_after_minor AS "dueAfterMinor", t.credit_after_minor AS "creditAfterMinor"`,
    keys: [NUMBER],
    descending: true,
    filters: {},
  } satisfies ListSpec<LedgerStatementRow> as ListSpec<LedgerStatementRow>,
  lateFeeWaivers: listOf<LateFeeWaiver>('late-fee-waivers', LateFeeWaiverEntity, {
    keys: [ID],
    descending: true,
    filters: { state: 't.state = ?::text' },
  }),
  interruptions: listOf<Interruption>('interruptions', InterruptionEntity, {
    parent: 't.service_point_id',
    keys: [{ column: 't.opened_at', type: 'timestamptz' }, ID],
    descending: true,
  }),
  installations: listOf<MeterInstallation>('installations', MeterInstallationEntity, {
    parent: 't.service_point_id',
    keys: [{ column: 't.installed_at', type: 'timestamptz' }, ID],
    descending: true,
  }),
  installationsOfMeter: listOf<MeterInstallation>('meter-installations', MeterInstallationEntity, {
    parent: 't.meter_id',
    keys: [{ column: 't.installed_at', type: 'timestamptz' }, ID],
    descending: true,
    filters: {
      reachAccounts:
        'EXISTS (SELECT FROM service_point p WHERE p.id = t.service_point_id AND p.account_id = ANY(?::uuid[]))',
      reachDistricts: `EXISTS (SELECT FROM service_point p JOIN account a ON a.id = p.account_id WHERE p.id = t.service_point_id AND a.district_id = ANY(?::uuid[]))`,
    },
  }),
  readings: listOf<Reading>('readings', ReadingEntity, {
    // Partitions are cut by read_at and the key begins with the meter: both are named.
    from: 'meter_installation n JOIN reading t ON t.meter_id = n.meter_id AND t.installation_id = n.id',
    parent: 'n.service_point_id',
    // A reading that was corrected is not usable any more, whatever was thought of it when it came.
    columns: columnsOf(ReadingEntity).replace('t.usable AS', `(${READING_COUNTS}) AS`),
    keys: [
      { column: 't.read_at', type: 'timestamptz' },
      { column: 't.meter_id', type: 'uuid' },
      { column: 't.quality', type: 'text' },
      { column: 't.revision', type: 'bigint' },
    ],
    descending: true,
    filters: {
      from: 't.read_at >= ?::timestamptz',
      until: 't.read_at < ?::timestamptz',
      usable: `(${READING_COUNTS}) = ?::boolean`,
    },
  }),
  dailyUsage: listOf<DailyUsage>('daily-usage', DailyUsageEntity, {
    from: 'meter_installation n JOIN daily_usage t ON t.installation_id = n.id',
    parent: 'n.service_point_id',
    keys: [
      { column: 't.usage_date', type: 'date' },
      { column: 't.installation_id', type: 'uuid' },
    ],
    descending: true,
    filters: { from: 't.usage_date >= ?::date', until: 't.usage_date < ?::date' },
  }),
  meterEvents: listOf<MeterEvent>('meter-events', MeterEventEntity, {
    parent: 't.meter_id',
    keys: [{ column: 't.event_at', type: 'timestamptz' }, NUMBER],
    descending: true,
  }),
  holds: listOf<Hold>('holds', HoldEntity, {
    keys: [ID],
    descending: false,
    filters: {
      kind: 't.kind = ?::text',
      open: '?::boolean = (t.closed_at IS NULL)',
      rulingDueBefore: 't.closed_at IS NULL AND t.ruling_due_at < ?::timestamptz',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  holdsOfAccount: listOf<Hold>('account-holds', HoldEntity, { parent: 't.account_id', keys: [ID], descending: true }),
  switchCommands: listOf<SwitchCommand>('switch-commands', SwitchCommandEntity, {
    keys: [ID],
    descending: true,
    filters: {
      servicePoint: 't.service_point_id = ?::uuid',
      account: 't.account_id = ?::uuid',
      states: 't.state = ANY(?::text[])',
      operation: 't.operation = ?::text',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  switchCommandsOfBatch: listOf<SwitchCommand>('batch-commands', SwitchCommandEntity, {
    parent: 't.batch_id',
    keys: [ID],
    descending: false,
  }),
  cutBatches: listOf<CutBatch>('cut-batches', CutBatchEntity, {
    keys: [ID],
    descending: true,
    filters: {
      states: 't.state = ANY(?::text[])',
      district: 't.district_id = ?::uuid',
      reachDistricts: 't.district_id = ANY(?::uuid[])',
    },
  }),
  cutThresholdChanges: listOf<CutThresholdChange>('threshold-changes', CutThresholdChangeEntity, {
    keys: [ID],
    descending: true,
  }),
  switchCommandsOfServicePoint: listOf<SwitchCommand>('service-point-commands', SwitchCommandEntity, {
    parent: 't.service_point_id',
    keys: [ID],
    descending: true,
  }),
  workOrders: listOf<WorkOrder>('work-orders', WorkOrderEntity, {
    keys: [{ column: 't.deadline_at', type: 'timestamptz' }, ID],
    descending: false,
    filters: {
      state: 't.state = ?::text',
      kind: 't.kind = ?::text',
      servicePoint: 't.service_point_id = ?::uuid',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  auditEntries: listOf<AuditEntryRow>('audit-entries', AuditEntryEntity, {
    keys: [NUMBER],
    descending: true,
    filters: {
      subject: 't.subject_id = ?::uuid',
      servicePoint: 't.service_point_id = ?::uuid',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  auditEntriesOfSubject: listOf<AuditEntryRow>('subject-audit-entries', AuditEntryEntity, {
    parent: 't.subject_id',
    keys: [NUMBER],
    descending: true,
  }),
  paymentChannels: listOf<PaymentChannelRecord>('payment-channels', PaymentChannelEntity, {
    keys: [{ column: 't.code', type: 'text' }],
    descending: false,
    filters: { district: '(t.district_id IS NULL OR t.district_id = ?::uuid)' },
  }),
  weatherReports: listOf<WeatherReportRow>('weather-reports', WeatherReportEntity, {
    keys: [{ column: 't.issued_at', type: 'timestamptz' }, ID],
    descending: true,
    filters: { region: 't.region = ?::text' },
  }),
  quarantine: {
    name: 'quarantine',
    from: 'uplink_quarantine t',
    columns: `t.id AS "number", t.topic, t.payload, t.payload_bytes AS "payloadBytes", t.code, t.message, t.received_at AS "receivedAt"`,
    keys: [NUMBER],
    descending: true,
    filters: { code: 't.code = ?::text' },
  } satisfies ListSpec<QuarantineRow> as ListSpec<QuarantineRow>,
} as const;
