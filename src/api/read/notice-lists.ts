import { LadderStepOutcomeEntity, type LadderStepOutcome } from '../../dunning/dunning-case.js';
import { NoticeEntity, type Notice } from '../../dunning/notice.js';
import { listOf } from './lists.js';

/** The lists about dunning; all others stand in catalog.ts. */
export const NOTICE_LISTS = {
  notices: listOf<Notice>('notices', NoticeEntity, {
    keys: [{ column: 't.id', type: 'uuid' }],
    descending: true,
    filters: {
      states: 't.state = ANY(?::text[])',
      channels: 't.channel = ANY(?::text[])',
      purpose: 't.purpose = ?::text',
      byGateway: 't.by_gateway = ?::boolean',
      owner: 't.owner = ?::text',
      deadlineBefore: 't.deadline_at < ?::timestamptz',
      district: 't.account_id IN (SELECT a.id FROM account a WHERE a.district_id = ?::uuid)',
      account: 't.account_id = ?::uuid',
      reachAccounts: 't.account_id = ANY(?::uuid[])',
      reachDistricts: 't.account_id IN (SELECT a.id FROM account a WHERE a.district_id = ANY(?::uuid[]))',
    },
  }),
  noticesOfAccount: listOf<Notice>('account-notices', NoticeEntity, {
    parent: 't.account_id',
    keys: [{ column: 't.id', type: 'uuid' }],
    descending: true,
  }),
  untakenSteps: listOf<LadderStepOutcome>('untaken-steps', LadderStepOutcomeEntity, {
    parent: 't.account_id',
    keys: [{ column: 't.id', type: 'uuid' }],
    descending: true,
  }),
} as const;
