import { DESK, INSIDE, JUDGING, READERS, type Grants } from './role-groups.js';

/** Whoever may give a code that switches a supply on. */
const CODE_ISSUERS = ['HOTLINE', 'COUNTER', 'OPERATIONS', 'SUPERVISOR'] as const;

/** Rows of the permission table for the means of a restore and for outages; permissions.ts puts them into the one table. */
export const RESTORE_TYPES: Readonly<Record<string, Grants>> = {
  IssueRestoreCodePayload: [[CODE_ISSUERS, 'code replayed restoreCode userErrors']],
  Outage: [[READERS, 'id endedAt expectedEndAt kind outageNumber reason scope startedAt']],
  PowerExplanation: [
    [
      READERS,
      'amountToRestore at command dueSupply gatewayPresence headline outage reasons reportedSupply servicePoint steps',
    ],
    [READERS, 'verdict workOrder'],
  ],
  PowerOffReason: [[READERS, 'reason since text']],
  PowerStep: [[READERS, 'code text']],
  ProtectionOrder: [[JUDGING, 'attempts endedAt operation orderedAt reason refusal state']],
  ReportPowerBackPayload: [[DESK, 'replayed servicePoint userErrors']],
  RestoreCode: [
    [READERS, 'id endedAt endedBy expiresAt issuedAt origin refusals state'],
    [INSIDE, 'issuedBy reason'],
  ],
};
