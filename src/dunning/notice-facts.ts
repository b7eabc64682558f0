import { statement, type Reader } from '../platform/database.js';
import type { LadderFacts } from './ladder.js';

type NoticeFact = LadderFacts['notices'][number];

/** Notices of one account that are read at most: more in one case of arrears would be harassment, and the latest are what counts. */
const MOST_NOTICES = 200;

// Only what may still decide something: open ones, ones that name a bill with unpaid principal, and ones about a prepaid balance. No EXISTS:
// PostgreSQL would answer it from a hash of all notices of all bills, however few accounts are asked about.
const NOTICE_FACTS = statement(
  'notice-facts',
  `SELECT n.account_id AS "accountId", n.id AS "noticeId", n.step_code AS "stepCode", n.purpose, n.state, n.created_at AS "createdAt",
          n.served_at AS "servedAt", n.failed_at AS "failedAt", n.announced_cut_at AS "announcedCutAt", n.proof_kind AS "proofKind", n.failure_code AS "failureCode",
          coalesce((SELECT true FROM notice c WHERE c.copy_of_id = n.id AND c.recipient = 'AUTHORITY' AND c.state IN ('SENT', 'SERVED') LIMIT 1), false)
            AS "copiedToAuthority",
          n.bill_ids AS "billIds"
   FROM unnest($1::uuid[]) AS wanted (id)
   CROSS JOIN LATERAL (
     SELECT n.id, n.account_id, n.step_code, n.purpose, n.state, n.created_at, n.served_at, n.failed_at, n.failure_code, n.proof_kind,
       n.announced_cut_at, coalesce(about.bill_ids, '{}') AS bill_ids
     FROM notice n CROSS JOIN LATERAL (
       SELECT array_agg(nb.bill_id::text ORDER BY nb.bill_id) AS bill_ids, bool_or(b.paid_minor < b.total_minor) AS unpaid
       FROM notice_bill nb JOIN bill b ON b.id = nb.bill_id WHERE nb.notice_id = n.id) about
     WHERE n.account_id = wanted.id AND n.copy_of_id IS NULL AND n.purpose NOT IN ('RESTORE_BUTTON', 'RESTORE_CODE') AND (n.state IN ('PREPARED', 'SENT') OR n.anchor_bill_id IS NULL OR about.unpaid)
     ORDER BY n.id DESC LIMIT ${MOST_NOTICES}) n
   ORDER BY n.account_id, n.created_at, n.id`,
);

/** Notices of each of these accounts that may still decide something, oldest first, in one statement. An account without one is not in the map. */
export async function noticesOfAccounts(tx: Reader, accountIds: readonly string[]): Promise<Map<string, NoticeFact[]>> {
  if (accountIds.length === 0) return new Map();
  const rows = await tx.rows<NoticeFact & { accountId: string }>(NOTICE_FACTS, [accountIds]);
  const grouped = new Map<string, NoticeFact[]>();
  for (const { accountId, ...notice } of rows) {
    const list = grouped.get(accountId);
    if (list) list.push(notice);
    else grouped.set(accountId, [notice]);
  }
  return grouped;
}
