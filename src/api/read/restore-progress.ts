import type { PaymentMode } from '../../accounts/account.js';
import type { CustomerClass } from '../../accounts/customer.js';
import { releasesOfPayments } from '../../dunning/restore-facts.js';
import { restoreRungs, type RestoreHistory, type RestoreRung } from '../../dunning/restore-rungs-policy.js';
import { promiseOf, type RestoreVerdicts } from '../../dunning/restore-verdict-policy.js';
import { verdictsOf } from '../../flows/watch-restores.js';
import { statement } from '../../platform/database.js';
import type { ApiContext } from '../context.js';

/** Both verdicts of a payment as of now; null while it is in suspense. All payments of a request are read together. */
export function verdictsOfPayment(ctx: ApiContext, paymentId: string): Promise<RestoreVerdicts | null> {
  return ctx.scope
    .loader<string, RestoreVerdicts | null>('payment verdicts', async (ids) => {
      const { flows } = ctx.api.deps;
      const releases = await releasesOfPayments(flows.db, ids);
      const byId = new Map(releases.map((release) => [release.subjectId, release]));
      return ids.map((id) => {
        const release = byId.get(id);
        return release ? verdictsOf(flows, release, flows.clock.now()) : null;
      });
    })
    .load(paymentId);
}

const HISTORIES = statement(
  'api-restore-histories',
  `SELECT c.id AS "commandId", c.state, c.requested_at AS "orderedAt", c.ended_at AS "endedAt", k.customer_class AS "customerClass", a.payment_mode AS "paymentMode",
          ARRAY(SELECT e.at FROM audit_entry e WHERE e.subject_id = c.id AND e.act = 'switch-command.moved' AND e.to_state = 'ARMED' AND e.from_state <> 'ARMED'
                ORDER BY e.at) AS "armedAt",
          ARRAY(SELECT r.issued_at FROM restore_code r WHERE r.command_id = c.id ORDER BY r.sequence) AS "codesIssuedAt",
          ARRAY(SELECT r.expires_at FROM restore_code r WHERE r.command_id = c.id ORDER BY r.sequence) AS "codesExpireAt",
          w.state AS "workState", w.deadline_at AS "workDeadlineAt", w.closed_at AS "workClosedAt"
   FROM switch_command c JOIN account a ON a.id = c.account_id JOIN customer k ON k.id = a.customer_id LEFT JOIN work_order w ON w.id = c.work_order_id
   WHERE c.id = ANY($1::uuid[])`,
);

interface HistoryRow extends Omit<RestoreHistory, 'fieldWork' | 'codes'> {
  readonly codesIssuedAt: readonly Date[];
  readonly codesExpireAt: readonly Date[];
  readonly commandId: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly workState: 'OPEN' | 'DONE' | 'WITHDRAWN' | null;
  readonly workDeadlineAt: Date | null;
  readonly workClosedAt: Date | null;
}

/** The rungs of a restore from its history; all restores of a request are read together. */
export function rungsOfRestore(ctx: ApiContext, commandId: string): Promise<RestoreRung[]> {
  return ctx.scope
    .loader<string, RestoreRung[]>('restore rungs', async (ids) => {
      const { flows } = ctx.api.deps;
      const rows = await flows.db.rows<HistoryRow>(HISTORIES, [ids]);
      const byId = new Map(rows.map((row) => [row.commandId, row]));
      return ids.map((id) => {
        const row = byId.get(id)!;
        const { customerClass, paymentMode, workState, workDeadlineAt, workClosedAt, codesIssuedAt, codesExpireAt } =
          row;
        const codes = codesIssuedAt.map((issuedAt, index) => ({ issuedAt, expiresAt: codesExpireAt[index]! }));
        const fieldWork = workState && { state: workState, deadlineAt: workDeadlineAt!, closedAt: workClosedAt };
        const promise = promiseOf(flows.policies.of(customerClass, paymentMode)?.policy, flows.timeZone);
        return restoreRungs({ ...row, codes, fieldWork }, flows.timings, promise);
      });
    })
    .load(commandId);
}
