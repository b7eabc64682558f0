import { CompensationCaseEntity, type CompensationCase } from '../../dunning/compensation-case.js';
import { FollowUpEntity, type FollowUp } from '../../dunning/follow-up.js';
import { RestoreBreachEntity, type RestoreBreach } from '../../dunning/restore-breach.js';
import { listOf, type OrderKey } from './lists.js';
import type { Reach } from './reach.js';

const ID: OrderKey = { column: 't.id', type: 'uuid' };

/** Narrowing to what a bounded viewer can see. */
const OF_ACCOUNT_IN_REACH = {
  reachAccounts: 't.account_id = ANY(?::uuid[])',
  reachDistricts: 't.account_id IN (SELECT a.id FROM account a WHERE a.district_id = ANY(?::uuid[]))',
};

/** The values of those filters for a viewer. */
export const accountsInReach = (
  reach: Reach,
): { reachDistricts?: readonly string[]; reachAccounts?: readonly string[] } => {
  if (reach.kind === 'ALL') return {};
  if (reach.kind === 'DISTRICTS') return { reachDistricts: reach.districtIds };
  return { reachAccounts: reach.kind === 'ACCOUNTS' ? reach.accountIds : [] };
};

/** The lists about what follows a cut and a payment; all others stand in catalog.ts. */
export const AFTER_CUT_LISTS = {
  followUps: listOf<FollowUp>('follow-ups', FollowUpEntity, {
    keys: [ID],
    descending: false,
    filters: {
      state: 't.state = ?::text',
      owner: 't.owner = ?::text',
      dueBefore: 't.next_due_at < ?::timestamptz',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  restoreBreaches: listOf<RestoreBreach>('restore-breaches', RestoreBreachEntity, {
    keys: [{ column: 't.due_at', type: 'timestamptz' }, ID],
    descending: false,
    filters: {
      open: '?::boolean = (t.accepted_by_customer IS NOT TRUE)',
      kind: 't.kind = ?::text',
      ...OF_ACCOUNT_IN_REACH,
    },
  }),
  compensationCases: listOf<CompensationCase>('compensation-cases', CompensationCaseEntity, {
    keys: [ID],
    descending: true,
    filters: { state: 't.state = ?::text', kind: 't.kind = ?::text', ...OF_ACCOUNT_IN_REACH },
  }),
} as const;
