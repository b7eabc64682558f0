import type { Role } from './auth/viewer.js';
import { DESK, JUDGING, PERSONAL, type Grants } from './role-groups.js';

/** Customers about what they were told, and those who judge or test it. */
const TOLD: readonly Role[] = ['CUSTOMER', ...JUDGING, 'TESTER'];

/** Rows of the permission table for what is about dunning; permissions.ts puts them into the one table. */
export const DUNNING_TYPES: Readonly<Record<string, Grants>> = {
  Dunning: [[TOLD, 'anchorBill held nextAt paused policyCode policyVersion stage steps']],
  DunningPausePayload: [[DESK, 'account replayed userErrors']],
  LadderStep: [[TOLD, 'code dueOn name notice purpose reason reasonCode state']],
  LadderStepOutcome: [[TOLD, 'anchorBill at reason reasonCode state stepCode']],
  Notice: [
    [TOLD, 'id acceptedProofs account amount announcedCutAt channel copyOf createdAt deadlineAt'],
    [TOLD, 'failedAt language mandatory noticeNumber policyCode policyVersion proofKind purpose'],
    [TOLD, 'recipient sentAt servedAt state stepCode withdrawnAt'],
    [[...JUDGING, 'TESTER'], 'byGateway failureCode owner proofRecordedBy'],
    [['CUSTOMER', ...JUDGING], 'proofReference'],
    [PERSONAL, 'body'],
  ],
  NoticePayload: [[DESK, 'notice replayed userErrors']],
};
