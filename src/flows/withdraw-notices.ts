import { lockNotices, moveNotices } from '../dunning/notices.js';
import type { Withdrawal } from '../dunning/notice-withdrawal-policy.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';

const COPIES = statement(
  'withdraw-notices-copies',
  `SELECT id, copy_of_id AS "copyOfId" FROM notice WHERE copy_of_id = ANY($1::uuid[]) AND state IN ('PREPARED', 'SENT')`,
);

/**
 * Takes notices back that must not be served any more, with their copies. One that was served or failed meanwhile stays as it is. Returns
 * how many were taken back.
 */
export async function withdrawNotices(
  tx: Tx,
  withdrawals: readonly Withdrawal[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<number> {
  if (withdrawals.length === 0) return 0;
  const byId = new Map(withdrawals.map((one) => [one.noticeId, one]));
  const copies = await tx.rows<{ id: string; copyOfId: string }>(COPIES, [[...byId.keys()]]);
  for (const { id, copyOfId } of copies) byId.set(id, { ...byId.get(copyOfId)!, noticeId: id });
  const moves = (await lockNotices(tx, [...byId.keys()]))
    .filter(({ state }) => state === 'PREPARED' || state === 'SENT')
    .map(({ id, state }) => {
      const { code, reason } = byId.get(id)!;
      return { id, from: state, to: 'WITHDRAWN' as const, code, reason };
    });
  await moveNotices(tx, moves, by);
  return moves.length;
}
