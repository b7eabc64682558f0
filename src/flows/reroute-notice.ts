import { isByGateway, parseRoute } from '../dunning/notice-route-policy.js';
import type { LockedNotice, NoticeMove } from '../dunning/notices.js';
import { staff } from '../dunning/notice-draft-policy.js';
import { statement, type Tx } from '../platform/database.js';
import type { FlowContext } from './context.js';

const MANAGERS = statement(
  'reroute-notice-managers',
  `SELECT a.id, d.manager FROM account a JOIN transformer_district d ON d.id = a.district_id WHERE a.id = ANY($1::uuid[])`,
);

/**
 * A way has failed: the moves that send each notice along its next way, or end it where none is left. The notices must be locked, in
 * PREPARED or SENT.
 */
export async function failedWay(
  ctx: FlowContext,
  tx: Tx,
  notices: readonly LockedNotice[],
  failure: { readonly code: string; readonly reason: string },
  at: Date,
): Promise<NoticeMove[]> {
  const managers = new Map(
    (await tx.rows<{ id: string; manager: string | null }>(MANAGERS, [notices.map(({ accountId }) => accountId)])).map(
      (row) => [row.id, row.manager],
    ),
  );
  return notices.map(({ id, state, accountId, byGateway, routesLeft }): NoticeMove => {
    const [next, ...left] = routesLeft;
    if (next === undefined) return { id, from: state, to: 'FAILED', ...failure };
    const route = parseRoute(next);
    // What the gateway began it goes on with, also by voice; what a person began stays with that person where the gateway cannot take it.
    const gateway = isByGateway(route.channel, byGateway ? 'SYSTEM' : 'METER_READER');
    return {
      id,
      from: state,
      to: 'PREPARED',
      ...failure,
      waitMs: 0,
      reroute: {
        ...route,
        byGateway: gateway,
        ...staff(gateway, 'METER_READER', { manager: managers.get(accountId) ?? null }, ctx, at),
        routesLeft: left,
      },
    };
  });
}
