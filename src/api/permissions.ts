import { roleBits, type Role } from './auth/viewer.js';
import { AFTER_CUT_TYPES } from './permissions-after-cut.js';
import { RESTORE_TYPES } from './permissions-restore.js';
import { DUNNING_TYPES } from './permissions-dunning.js';
import { METERING_TYPES } from './permissions-metering.js';
import {
  APPROVING,
  AUDITING,
  DESK,
  EVERYONE,
  INSIDE,
  JUDGING,
  PERSONAL,
  PREPARING,
  READERS,
  SWITCHING,
  WATCHING,
  type Grants,
} from './role-groups.js';

/**
 * Who may ask for which field. The only such table: a field that is not in it is denied to everybody. Which rows somebody sees is
 * another question (read/reach.ts). The whole of it, field by role, is committed as schema/permissions.json.
 */
const TABLE: Readonly<Record<string, Grants>> = {
  Query: [
    [JUDGING, 'notices'],
    [EVERYONE, 'account clock limits node payment viewer'],
    [READERS, 'accounts bill compensationCases customer meter servicePoint switchCommand switchCommands'],
    [READERS, 'paymentChannels transformerDistrict transformerDistricts whyIsPowerOff workOrder workOrders'],
    [INSIDE, 'downlinkKeys dunningPolicies gateway killSwitch weatherReports'],
    [[...JUDGING, 'TESTER'], 'canDisconnect'],
    [WATCHING, 'cutBatches cutThresholds'],
    [PREPARING, 'cutDryRuns'],
    [['OPERATIONS', 'SUPERVISOR', 'AUDITOR'], 'cutThresholdChanges'],
    [WATCHING, 'auditEntries cutRate operationsBoard switchLatencies'],
    [WATCHING, 'billingRun billingRuns billingSkips'],
    [JUDGING, 'followUps holds restoreBreaches'],
    [['COUNTER', 'OPERATIONS', 'SUPERVISOR', 'AUDITOR'], 'suspensePayments'],
    [['COUNTER', 'SUPERVISOR', 'AUDITOR'], 'lateFeeWaivers'],
    [['OPERATIONS', 'AUDITOR'], 'quarantine'],
    [AUDITING, 'auditChain'],
  ],
  Mutation: [
    [['DISTRICT_MANAGER', 'HOTLINE', 'OPERATIONS', 'SUPERVISOR'], 'pauseDunning renewNotice resumeDunning serveNotice'],
    [['OPERATIONS'], 'reportDelivery'],
    [['COUNTER', 'BANK', 'SUPERVISOR'], 'recordPayment'],
    [['COUNTER', 'SUPERVISOR'], 'reversePayment resolveSuspensePayment'],
    [SWITCHING, 'requestCut cancelSwitchCommand declareWrongfulCut setKillSwitch'],
    [DESK, 'explainBreach recordAcceptance recordFollowUp reportPowerBack requestRestore'],
    [['HOTLINE', 'COUNTER', 'OPERATIONS', 'SUPERVISOR'], 'issueRestoreCode'],
    [['OPERATIONS', 'SUPERVISOR'], 'correctReading setSettlementCycle startBillingRun'],
    [APPROVING, 'approveSwitchCommand approveCutBatch proposeCuts releaseQuarantinedCut'],
    [APPROVING, 'startCutDryRun'],
    [SWITCHING, 'pauseCutBatch abortCutBatch'],
    [APPROVING, 'resumeCutBatch'],
    [['SUPERVISOR'], 'changeCutThreshold approveCutThresholdChange withdrawCutThresholdChange'],
    [DESK, 'openHold recordArrearsCause recordContactProof recordProtectionInquiry'],
    [['DISTRICT_MANAGER', 'SUPERVISOR'], 'endHold endProtection'],
    [['DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR'], 'openInterruption closeInterruption'],
    [['OPERATIONS', 'SUPERVISOR'], 'setPaymentChannel setWeatherRegion'],
    [
      ['OPERATIONS'],
      'exchangeMeter installMeter recordWeatherReports registerGateway registerMeter renewGatewayPassword',
    ],
    [['SUPERVISOR'], 'clearRefusedCredentials decideCompensation decideLateFeeWaiver waiveLateFee'],
    [['TESTER'], 'setClock'],
  ],
  Subscription: [
    [READERS, 'switchCommandChanged supplyChanged'],
    [WATCHING, 'operationsBoardChanged'],
  ],
  Account: [
    [EVERYONE, 'id accountNumber amountDue currency due credit overdue standing'],
    [READERS, 'bills closedAt customer district ledger openedAt payments servicePoints tariffCode'],
    [READERS, 'nextSettlementDates settlementsPerMonth'],
    [['CUSTOMER', ...JUDGING], 'holds'],
    [JUDGING, 'customerStanding'],
    [['CUSTOMER', ...JUDGING, 'TESTER'], 'dunning notices untakenSteps'],
  ],
  AccountLedgerEntry: [[READERS, 'creditAfter dueAfter entry']],
  AuditChain: [[AUDITING, 'batch batchHash lastCheckpoint sealedAt sealedEntries sealedWallAt unsealedEntries']],
  AuditCheckpoint: [[AUDITING, 'at batch checkpoint entries hash kid wallAt']],
  AmountDue: [
    [EVERYONE, 'onDate overdue total'],
    [READERS, 'bills'],
  ],
  AmountDueBill: [[READERS, 'bill dueDate lateFee lateFeeLines principal']],
  AuditEntry: [
    [READERS, 'id act actorKind at fromState recordedWallAt subjectId subjectType toState'],
    [INSIDE, 'actor reason detail'],
  ],
  BilingualText: [[READERS, 'en zh']],
  Bill: [
    [READERS, 'id account allocations billNumber dueDate energyWh estimated issuedAt lateFee lateFeePaid lines'],
    [READERS, 'correctionReason corrections corrects kind lateFeeTo lateFeeWaivers'],
    [READERS, 'outstanding paid periodFrom periodTo servicePoint total'],
  ],
  BillLine: [[READERS, 'amount energyWh kind lineNumber splitEstimated tariffCode tier touPeriod unitPrice']],
  BillingRun: [
    [
      WATCHING,
      'id district donePoints endedAt failureText issued origin periodTo reason requestedAt requestedBy scope',
    ],
    [WATCHING, 'skipped skips startedAt state totalPoints'],
  ],
  BillingRunPayload: [[['OPERATIONS', 'SUPERVISOR'], 'billingRun replayed userErrors']],
  BillingSkip: [[WATCHING, 'account lastSeenAt owner periodTo reason resolvedAt run servicePoint since']],
  CorrectReadingPayload: [
    [['OPERATIONS', 'SUPERVISOR'], 'correctionBills replayed restoreCommands servicePoint userErrors'],
  ],
  CommandStateCount: [[WATCHING, 'count state']],
  Contact: [[PERSONAL, 'kind valid value']],
  Customer: [
    [READERS, 'id accounts createdAt customerClass'],
    [PERSONAL, 'name contacts'],
    [['CUSTOMER', 'COUNTER', 'SUPERVISOR'], 'idDocument'],
    [['CUSTOMER', ...JUDGING], 'protections'],
  ],
  CustomerStanding: [
    [JUDGING, 'arrearsCause contacts creditRating heldUntil landlineOnly lastContactAttemptAt lastContactProof'],
    [JUDGING, 'protectionAskedOn ratingReasons reachableContacts'],
  ],
  CutCheck: [[[...JUDGING, 'TESTER'], 'clause code evidence passed']],
  CutApproval: [[WATCHING, 'approvedAt approvedBy note role']],
  CutBatch: [
    [WATCHING, 'id approvals batchNumber district endedAt endingCode endingText history owner plannedFor proposedAt'],
    [WATCHING, 'proposedBy rampStep reason size state switchCommands'],
  ],
  CutBatchPayload: [[SWITCHING, 'cutBatch replayed userErrors']],
  CutDecision: [[[...JUDGING, 'TESTER'], 'at blocking checks permitted policyCode policyVersion servicePoint']],
  CutDryRun: [
    [PREPARING, 'id comparison considered countsByBlockingCheck district dryRunNumber endedAt failureText forDate'],
    [PREPARING, 'judgedFor lines origin permitted reason requestedAt requestedBy scope startedAt state'],
  ],
  CutDryRunBlockingCount: [[PREPARING, 'alone code count']],
  CutDryRunComparison: [[PREPARING, 'counts dayOver lines']],
  CutDryRunComparisonCount: [[PREPARING, 'category code count outcome permitted']],
  CutDryRunComparisonLine: [[PREPARING, 'account category code foreseen outcome permitted servicePoint']],
  CutDryRunLine: [
    [PREPARING, 'account blocking debt interruptionReason permitted policyCode policyVersion reasons servicePoint'],
  ],
  CutDryRunPayload: [[APPROVING, 'cutDryRun replayed userErrors']],
  CutThreshold: [[WATCHING, 'kind reason unit value']],
  CutThresholdChange: [
    [['OPERATIONS', 'SUPERVISOR', 'AUDITOR'], 'id approvedBy effectiveFrom kind raises reason requestedAt'],
    [['OPERATIONS', 'SUPERVISOR', 'AUDITOR'], 'requestedBy value withdrawnBy'],
  ],
  CutThresholdPayload: [[['SUPERVISOR'], 'cutThresholdChange replayed userErrors']],
  DailyUsage: [[READERS, 'energyWh quality usageDate']],
  DunningPolicy: [[INSIDE, 'code document inForce inForceFrom version']],
  Hold: [
    [
      ['CUSTOMER', ...JUDGING],
      'id account amount closedAt fromDate instalments kind openedAt outcome rulingDueAt untilDate',
    ],
    [JUDGING, 'closedBy closingReason evidence openedBy reason rulingOwner'],
  ],
  HoldPayload: [[DESK, 'hold replayed restoreCommands userErrors']],
  Interruption: [
    [READERS, 'id closedAt command openedAt reason servicePoint'],
    [INSIDE, 'closedBy closingReason openedBy owner'],
    [JUDGING, 'evidence followUp'],
  ],
  InterruptionPayload: [[DESK, 'interruption replayed restoreCommands userErrors']],
  JudgedContact: [[JUDGING, 'kind lastReachedAt verdict']],
  KillSwitch: [[INSIDE, 'engaged reason setBy since']],
  LateFee: [[READERS, 'lines notCharged onDate total']],
  LateFeeLine: [[READERS, 'amount base clause days fromDate kind ratePerMille toDate']],
  LateFeeWaiver: [
    [READERS, 'id amount bill decidedAt effect fromDate kind requestedAt state toDate'],
    [INSIDE, 'decidedBy decisionReason evidence reason requestedBy twoPersons'],
  ],
  LateFeeWaiverPayload: [[['SUPERVISOR'], 'replayed restoreCommands userErrors waiver']],
  LedgerEntry: [[READERS, 'id amount at bill creditCode debitCode kind lateFeeLines payment reverses']],
  Limit: [[EVERYONE, 'name reason unit value']],
  Money: [[EVERYONE, 'amount currency']],
  Node: [[EVERYONE, 'id']],
  OpeningHours: [[READERS, 'closes opens weekday']],
  OperationsBoard: [
    [WATCHING, 'at darkThoughDue gatewaysNeverHeard gatewaysOffline killSwitchEngaged litThoughNotDue'],
    [WATCHING, 'oldestRestoreAgeSeconds openCommands openWorkOrders overdueWorkOrders quarantinedMessages'],
  ],
  OperationsBoardEvent: [[WATCHING, 'board entries entriesLeftOut resumeToken']],
  PageInfo: [[EVERYONE, 'endCursor hasNextPage hasPreviousPage startCursor']],
  Payment: [
    [EVERYONE, 'id accountNumber account amount channel credited postedAt resolvedBy reversal state valueDate'],
    [READERS, 'allocations restoreBreaches verdicts'],
    [['CUSTOMER', 'BANK', ...JUDGING], 'reference'],
    [['BANK', ...INSIDE], 'idempotencyKey postedBy'],
  ],
  PaymentAllocation: [[READERS, 'at bill lateFee payment principal']],
  PaymentChannelPayload: [[['OPERATIONS', 'SUPERVISOR'], 'paymentChannel replayed userErrors']],
  PaymentChannelRecord: [
    [READERS, 'closedFrom closedUntil code downSince hours kind name openOnHolidays'],
    [INSIDE, 'changedAt'],
  ],
  PaymentPayload: [
    [[...DESK, 'BANK'], 'payment replayed userErrors'],
    [DESK, 'restoreCommands'],
  ],
  PaymentReversal: [
    [EVERYONE, 'reversedAt'],
    [INSIDE, 'reason reversedBy'],
  ],
  PlanInstalment: [[['CUSTOMER', ...JUDGING], 'amount dueDate']],
  ProductClock: [[EVERYONE, 'mode now scale version']],
  Protection: [
    [['CUSTOMER', ...JUDGING], 'createdAt endedAt kind proofVerifiedAt validUntil'],
    [PERSONAL, 'proof'],
  ],
  QuarantinedMessage: [[['OPERATIONS', 'AUDITOR'], 'code message number payloadBase64 payloadBytes receivedAt topic']],
  RatingReason: [[JUDGING, 'allows code evidence']],
  Reading: [[READERS, 'cause energyWh flags quality readAt receivedAt revision usable']],
  ReadingFault: [
    [READERS, 'earlierEnergyWh energyWh kind method readAt recordedAt'],
    [INSIDE, 'evidence reason recordedBy'],
  ],
  ReportedSupply: [[READERS, 'evidence since state']],
  ServicePoint: [
    [READERS, 'id account dailyUsage district dueSupply installation installations interruptions meter openCommand'],
    [
      READERS,
      'openInterruptions openWorkOrders readingFaults readings reportedSupply servicePointNumber switchCommands',
    ],
    [PERSONAL, 'address'],
  ],
  SetSettlementCyclePayload: [[['OPERATIONS', 'SUPERVISOR'], 'account replayed userErrors']],
  SetClockPayload: [[['TESTER'], 'clock userErrors']],
  SetKillSwitchPayload: [[SWITCHING, 'killSwitch userErrors']],
  StandingPayload: [[DESK, 'account replayed restoreCommands userErrors']],
  SupplyEvent: [[READERS, 'entries resumeToken servicePoint']],
  SupplyEvidence: [[READERS, 'armed heardAt loadVoltageMv meterAt powerW protected relayClosed supplyVoltageMv']],
  SwitchCommand: [
    [READERS, 'id acceptedAt account approvedAt attempts endedAt failureCode history meter mode notAfter operation'],
    [
      READERS,
      'modeEvidence modeReason rearms payment reads reason requestedAt restoreCodes rungs sentAt sequence servicePoint state supersededBy workOrder',
    ],
    [INSIDE, 'approvals approvedBy batch failureText notBefore owner policyCode policyVersion releasedBy'],
    [INSIDE, 'requestReason requestedBy'],
    [JUDGING, 'evidence'],
  ],
  SwitchCommandEvent: [[READERS, 'entries resumeToken switchCommand']],
  SwitchCommandPayload: [[DESK, 'replayed switchCommand userErrors']],
  TransformerDistrict: [
    [
      READERS,
      'id code manager name nextReadingDate nextSettlementDate nextSettlementDates readingDay servicePhone settlementDay',
    ],
    [INSIDE, 'accounts readingGapCounts weatherRegion'],
  ],
  UserError: [[EVERYONE, 'code field message relatedId']],
  Viewer: [[EVERYONE, 'accountNumbers districtCodes expiresAt roles subject']],
  WeatherPayload: [[['OPERATIONS'], 'knownCount recordedCount replayed userErrors']],
  WeatherRegionPayload: [[['OPERATIONS', 'SUPERVISOR'], 'replayed transformerDistrict userErrors']],
  WeatherReport: [[INSIDE, 'alert date from issuedAt kind maxMilliC minMilliC receivedAt recordedBy region to']],
  ...AFTER_CUT_TYPES,
  ...DUNNING_TYPES,
  ...RESTORE_TYPES,
  ...METERING_TYPES,
  WorkOrder: [
    [READERS, 'id account closedAt command deadlineAt kind openedAt servicePoint state workOrderNumber'],
    [INSIDE, 'closingReason owner reason'],
  ],
};

/** Connections and edges are wrapping paper: whoever may ask for a list may unwrap it. */
const WRAPPING: Grants = [[EVERYONE, 'edges pageInfo cursor node']];
const isWrapping = (type: string): boolean => /(Connection|Edge)$/.test(type);

const grantsOf = (type: string): Grants => TABLE[type] ?? (isWrapping(type) ? WRAPPING : []);

const known = new Map<string, readonly Role[]>();

/** The roles that may ask for `Type.field`; none when the table does not name it. */
export function rolesFor(coordinate: string): readonly Role[] {
  const cached = known.get(coordinate);
  if (cached) return cached;
  const [type = '', field = ''] = coordinate.split('.');
  const granted = grantsOf(type).find(([, fields]) => fields.split(' ').includes(field))?.[0] ?? [];
  known.set(coordinate, granted);
  return granted;
}

/** The same as bits, to be compared with a viewer's. */
export const bitsFor = (coordinate: string): number => roleBits(rolesFor(coordinate));

/** Every `Type.field` the table names, so that a test can find entries for fields that are gone. */
export const namedCoordinates = (): string[] =>
  Object.entries(TABLE).flatMap(([type, grants]) =>
    grants.flatMap(([, fields]) => fields.split(' ').map((field) => `${type}.${field}`)),
  );
