import { DESK, INSIDE, JUDGING, READERS, SWITCHING, WATCHING, type Grants } from './role-groups.js';

/** Rows of the permission table for what follows a cut and a payment; permissions.ts puts them into the one table. */
export const AFTER_CUT_TYPES: Readonly<Record<string, Grants>> = {
  CompensationCase: [
    [READERS, 'id account breach cause clause command darkFrom days decidedAt granted kind openedAt proposed'],
    [READERS, 'servicePoint state'],
    [INSIDE, 'decidedBy decisionReason declaredBy openedBy policyCode policyVersion'],
    [JUDGING, 'evidence'],
  ],
  CompensationPayload: [[SWITCHING, 'compensationCase replayed restoreCommands userErrors']],
  CutRate: [[WATCHING, 'billedPoints cutPoints rate']],
  FollowUp: [
    [JUDGING, 'id account closedAt closingReason contacts cut interruption nextDueAt openedAt owner servicePoint'],
    [JUDGING, 'state'],
  ],
  FollowUpContact: [[JUDGING, 'at means nextDueAt note outcome recordedAt recordedBy standIn']],
  FollowUpPayload: [[DESK, 'followUp replayed userErrors']],
  LatencyFigures: [[WATCHING, 'count maxSeconds medianSeconds p95Seconds']],
  PaymentVerdicts: [[READERS, 'sameDay withinSla']],
  RestoreBreach: [
    [READERS, 'id acceptanceAt acceptedByCustomer account command detectedAt dueAt explainedAt explanation kind'],
    [READERS, 'payment startedAt state'],
    [INSIDE, 'acceptanceProof acceptanceRecordedBy explainedBy owner'],
  ],
  RestoreBreachPayload: [[DESK, 'replayed restoreBreach userErrors']],
  RestoreRung: [[READERS, 'deadlineAt endedAt means openedAt outcome rung']],
  RestoreVerdict: [[READERS, 'deadlineAt notOwedReason outcome provenAt']],
  SwitchLatencies: [[WATCHING, 'cuts restores restoresOwed sameDayShare withinSlaShare']],
};
