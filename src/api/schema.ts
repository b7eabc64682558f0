import 'reflect-metadata';
import {
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { toGlobalId } from './global-id.js';
import { CutBatchFields, SwitchCommandApprovalFields } from './graph/fields/cut-control.js';
import { AccountFields, CustomerFields, TransformerDistrictFields } from './graph/fields/accounts.js';
import {
  AccountLedgerEntryFields,
  BillFields,
  BillLineFields,
  LedgerEntryFields,
  PaymentAllocationFields,
  PaymentFields,
} from './graph/fields/billing.js';
import {
  AccountAmountDueFields,
  AmountDueBillFields,
  AmountDueFields,
  BillLateFeeFields,
  LateFeeFields,
  LateFeeLineFields,
  LateFeeWaiverFields,
  LedgerEntryLateFeeFields,
} from './graph/fields/late-fees.js';
import { DistrictTelemetryFields, MeterStateFields, MeterTelemetryFields } from './graph/fields/telemetry.js';
import { GatewayFields, MeterFields, MeterInstallationFields } from './graph/fields/metering.js';
import { PowerExplanationFields } from './graph/fields/power.js';
import { GatewayCauseFields, MeterProtectionFields, SwitchCommandCodeFields } from './graph/fields/restore-means.js';
import { ServicePointFields } from './graph/fields/service-points.js';
import {
  AuditEntryFields,
  InterruptionFields,
  SwitchCommandFields,
  WorkOrderFields,
} from './graph/fields/switching.js';
import { CanDisconnectQuery } from './graph/queries/can-disconnect.js';
import { AfterCutQueries } from './graph/queries/after-cut.js';
import { FigureQueries } from './graph/queries/figures.js';
import {
  CompensationCaseFields,
  FollowUpFields,
  InterruptionFollowUpFields,
  PaymentVerdictFields,
  RestoreBreachFields,
  SwitchCommandRungFields,
} from './graph/fields/after-cut.js';
import { CutControlQueries } from './graph/queries/cut-control.js';
import {
  CutDryRunFields,
  CutDryRunLineFields,
  DryRunComparisonFields,
  DryRunComparisonLineFields,
} from './graph/fields/dry-runs.js';
import { DryRunQueries } from './graph/queries/dry-runs.js';
import { AccountStandingFields, HoldFields } from './graph/fields/standing.js';
import { HoldQueries } from './graph/queries/holds.js';
import { ListQueries } from './graph/queries/lists.js';
import { AuditChainQuery } from './graph/queries/audit-chain.js';
import { LookupQueries } from './graph/queries/lookups.js';
import { OperationsQueries } from './graph/queries/operations.js';
import { OutsideQueries, WeatherRegionField } from './graph/queries/outside.js';
import { BillingRunQueries } from './graph/queries/billing-runs.js';
import { BillingRunFields, BillingSkipFields, ReadingFaultFields } from './graph/fields/billing-runs.js';
import { NoticeQueries } from './graph/queries/notices.js';
import {
  AccountDunningFields,
  DunningFields,
  LadderStepFields,
  LadderStepOutcomeFields,
  NoticeFields,
} from './graph/fields/dunning.js';
import { DownlinkKeyQuery } from './graph/queries/downlink-keys.js';
import { PolicyQueries } from './graph/queries/policies.js';
import { guardFields } from './guard.js';
import { Compensate, CompensationPayloadFields } from './mutations/compensate.js';
import { FollowCustomers, FollowUpPayloadFields, RestoreBreachPayloadFields } from './mutations/follow-customers.js';
import { ChangeBatches } from './mutations/change-batches.js';
import { ChangeThresholds } from './mutations/change-thresholds.js';
import { ChangeHolds, HoldPayloadFields } from './mutations/change-holds.js';
import { ChangeInterruptions } from './mutations/change-interruptions.js';
import { BillingMutations } from './mutations/billing.js';
import { ChangeNotices, NoticePayloadFields } from './mutations/change-notices.js';
import { ChangePayments } from './mutations/change-payments.js';
import { DecideSwitch } from './mutations/decide-switch.js';
import { DunningPausePayloadFields, PauseDunning } from './mutations/pause-dunning.js';
import { InstallMeters, MeterInstallationPayloadFields } from './mutations/install-meters.js';
import { ClearCredentials, ClearRefusedCredentialsPayloadFields } from './mutations/clear-credentials.js';
import { GatewayPayloadFields, MeterPayloadFields, RegisterDevices } from './mutations/register-devices.js';
import { PaymentPayloadFields } from './mutations/payment-payload.js';
import { RecordProtection } from './mutations/record-protection.js';
import { RecordStanding, StandingPayloadFields } from './mutations/record-standing.js';
import {
  IssueRestoreCodePayloadFields,
  ReportPowerBackPayloadFields,
  RestoreMeans,
} from './mutations/restore-means.js';
import { RecordPayment } from './mutations/record-payment.js';
import { RecordWeather } from './mutations/record-weather.js';
import { RequestSwitch } from './mutations/request-switch.js';
import { SetClock } from './mutations/set-clock.js';
import { StartDryRun } from './mutations/start-dry-run.js';
import { SetKillSwitch } from './mutations/set-kill-switch.js';
import { SetPaymentChannel } from './mutations/set-payment-channel.js';
import { InterruptionPayloadFields, SwitchCommandPayloadFields } from './mutations/switch-payload.js';
import { LateFeeWaiverPayloadFields, WaiveLateFee } from './mutations/waive-late-fee.js';
import { Subscriptions } from './subscriptions/subscriptions.js';

const RESOLVERS = [
  LookupQueries,
  AuditChainQuery,
  ListQueries,
  BillingRunQueries,
  BillingRunFields,
  BillingSkipFields,
  ReadingFaultFields,
  OperationsQueries,
  OutsideQueries,
  CutControlQueries,
  AfterCutQueries,
  FigureQueries,
  CompensationCaseFields,
  FollowUpFields,
  InterruptionFollowUpFields,
  PaymentVerdictFields,
  RestoreBreachFields,
  SwitchCommandRungFields,
  Compensate,
  CompensationPayloadFields,
  FollowCustomers,
  FollowUpPayloadFields,
  RestoreBreachPayloadFields,
  CanDisconnectQuery,
  PolicyQueries,
  DownlinkKeyQuery,
  RegisterDevices,
  ClearCredentials,
  ClearRefusedCredentialsPayloadFields,
  GatewayPayloadFields,
  MeterPayloadFields,
  InstallMeters,
  MeterInstallationPayloadFields,
  CutBatchFields,
  DryRunQueries,
  CutDryRunFields,
  CutDryRunLineFields,
  DryRunComparisonFields,
  DryRunComparisonLineFields,
  SwitchCommandApprovalFields,
  WeatherRegionField,
  AccountFields,
  CustomerFields,
  TransformerDistrictFields,
  ServicePointFields,
  MeterFields,
  MeterStateFields,
  MeterTelemetryFields,
  DistrictTelemetryFields,
  MeterInstallationFields,
  GatewayFields,
  BillFields,
  BillLineFields,
  PaymentFields,
  PaymentAllocationFields,
  LedgerEntryFields,
  AccountLedgerEntryFields,
  AccountAmountDueFields,
  AmountDueFields,
  AmountDueBillFields,
  BillLateFeeFields,
  LateFeeFields,
  LateFeeLineFields,
  LateFeeWaiverFields,
  LedgerEntryLateFeeFields,
  LateFeeWaiverPayloadFields,
  WaiveLateFee,
  InterruptionFields,
  SwitchCommandFields,
  WorkOrderFields,
  AuditEntryFields,
  PowerExplanationFields,
  PaymentPayloadFields,
  SwitchCommandPayloadFields,
  InterruptionPayloadFields,
  RecordPayment,
  ChangePayments,
  BillingMutations,
  RequestSwitch,
  RestoreMeans,
  IssueRestoreCodePayloadFields,
  ReportPowerBackPayloadFields,
  SwitchCommandCodeFields,
  MeterProtectionFields,
  GatewayCauseFields,
  DecideSwitch,
  ChangeInterruptions,
  AccountStandingFields,
  HoldFields,
  HoldQueries,
  ChangeHolds,
  HoldPayloadFields,
  RecordStanding,
  RecordProtection,
  StandingPayloadFields,
  ChangeBatches,
  StartDryRun,
  ChangeThresholds,
  SetKillSwitch,
  SetPaymentChannel,
  RecordWeather,
  SetClock,
  NoticeQueries,
  AccountDunningFields,
  DunningFields,
  LadderStepFields,
  LadderStepOutcomeFields,
  NoticeFields,
  ChangeNotices,
  NoticePayloadFields,
  PauseDunning,
  DunningPausePayloadFields,
  Subscriptions,
] as const;

const HEADER = `# GraphQL API of Relight (复电). Made from src/api by \`npm run schema\`; a test fails when the two differ.\n\n`;

const ROOTS = {
  Query: 'Questions (查询). Every list is paged; every object that can be out of reach may be null.',
  Mutation: 'Acts (变更). Each takes one `input` and answers with the object and `userErrors`.',
  Subscription: 'Changes as they happen (订阅), over WebSocket with the graphql-transport-ws protocol.',
};

/** Subscriptions here bring their own source, so the library's publish/subscribe is never used. */
const NO_PUBSUB = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('subscriptions read the audit feed');
  },
};

/** Builds the executable schema: every field guarded by the permission table, every Node with its global id. */
export function buildApiSchema(): GraphQLSchema {
  const schema = buildSchemaSync({ resolvers: [...RESOLVERS], validate: false, pubSub: NO_PUBSUB });
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node')) resolveGlobalId(type);
  }
  for (const [name, description] of Object.entries(ROOTS)) schema.getType(name)!.description = description;
  guardFields(schema);
  return schema;
}

/** One rule for all: the id of a row is the type that shows it and the row's own id. */
function resolveGlobalId(type: GraphQLObjectType): void {
  type.getFields()['id']!.resolve = (row: { readonly id: string | bigint }) => toGlobalId(type.name, row.id);
}

/** The schema as text, sorted, so that the same code gives the same file. */
export const printApiSchema = (schema: GraphQLSchema): string =>
  `${HEADER}${printSchema(lexicographicSortSchema(schema))}\n`;
