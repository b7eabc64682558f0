import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { statement, type Reader } from '../platform/database.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import type { ReleaseFacts, RestoreFacts } from './restore-verdict-policy.js';

/** The restore of one service point, with what names it. */
export interface RestoreOfRelease extends RestoreFacts {
  readonly commandId: string;
  readonly servicePointId: string;
}

/** All that a payment, or another end of the reason, brings back. */
export interface Release extends ReleaseFacts {
  /** Id of the payment, or of the restore where no payment ordered it. */
  readonly subjectId: string;
  readonly paymentId: string | null;
  readonly accountId: string;
  readonly currency: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly restores: readonly RestoreOfRelease[];
}

const DEBT = DEBT_REASONS.map((reason) => `'${reason}'`).join(', ');

/**
 * When power was first proven at service point `point` from `since` on: by a restore that the meter proved, whichever one, or by field work
 * that a meter's word closed.
 */
export const firstProofOfPower = (point: string, since: string): string =>
  `least((SELECT min(v.ended_at) FROM switch_command v WHERE v.service_point_id = ${point} AND v.operation = 'RESTORE' AND v.state = 'VERIFIED' AND v.ended_at >= ${since}),
         (SELECT min(w.closed_at) FROM work_order w WHERE w.service_point_id = ${point} AND w.kind = 'RESTORE_ON_SITE' AND w.state = 'DONE' AND w.closed_at >= ${since}))`;

/** The facts of restores `c`, as JSON in the order of their ids. */
const RESTORES = `coalesce(json_agg(json_build_object('commandId', c.id, 'servicePointId', c.service_point_id, 'orderedAt', c.requested_at,
    'provenAt', ${firstProofOfPower('c.service_point_id', 'c.requested_at')},
    'notDueFrom', (SELECT min(x.opened_at) FROM interruption x WHERE x.service_point_id = c.service_point_id AND x.opened_at >= c.requested_at
                     -- Not the one whose end ordered this restore, should a clock stand still.
                     AND (x.closed_at IS NULL OR x.closed_at > c.requested_at)))
    ORDER BY c.id) FILTER (WHERE c.id IS NOT NULL), '[]')`;

const OF_ACCOUNT = `JOIN account a ON a.id = s.account_id JOIN customer k ON k.id = a.customer_id`;
const NAMED = `s.account_id AS "accountId", a.currency, k.customer_class AS "customerClass", a.payment_mode AS "paymentMode"`;
const GROUPED = `GROUP BY s.id, s.account_id, s.started_at, a.currency, k.customer_class, a.payment_mode`;

const OF_PAYMENTS = statement(
  'restore-facts-of-payments',
  `SELECT s.id AS "subjectId", s.id AS "paymentId", s.started_at AS "startedAt", ${NAMED}, ${RESTORES} AS restores,
          NOT EXISTS (SELECT FROM interruption i WHERE i.account_id = s.account_id AND i.reason IN (${DEBT}) AND i.opened_at <= s.started_at
                        AND (i.closed_at IS NULL OR i.closed_at > s.started_at)) AS "clearedDebt"
   FROM (SELECT id, account_id, posted_at AS started_at FROM payment WHERE id = ANY($1::uuid[]) AND account_id IS NOT NULL) s
   LEFT JOIN switch_command c ON c.payment_id = s.id AND c.operation = 'RESTORE' ${OF_ACCOUNT} ${GROUPED}`,
);

// What no payment ordered is owed where a cut that had been carried out ended for another reason at that very instant.
const UNSETTLED = statement(
  'restore-facts-unsettled',
  `SELECT s.id AS "subjectId", s.payment_id AS "paymentId", s.started_at AS "startedAt", ${NAMED}, ${RESTORES} AS restores, true AS "clearedDebt"
   FROM (SELECT * FROM (
           SELECT p.id, p.id AS payment_id, p.account_id, p.posted_at AS started_at FROM payment p
           WHERE EXISTS (SELECT FROM switch_command r WHERE r.payment_id = p.id AND r.operation = 'RESTORE')
           UNION ALL
           SELECT DISTINCT r.id, NULL::uuid, r.account_id, r.requested_at FROM follow_up f JOIN interruption i ON i.id = f.interruption_id
           JOIN switch_command r ON r.service_point_id = f.service_point_id AND r.requested_at = i.closed_at AND r.operation = 'RESTORE' AND r.payment_id IS NULL) u
         WHERE u.id > $1 AND u.account_id IS NOT NULL AND u.started_at <= $2
           AND NOT EXISTS (SELECT FROM restore_clock_ended e WHERE e.subject_id = u.id)
         ORDER BY u.id LIMIT $3) s
   JOIN switch_command c ON c.operation = 'RESTORE' AND (c.payment_id = s.payment_id OR (s.payment_id IS NULL AND c.id = s.id)) ${OF_ACCOUNT}
   GROUP BY s.id, s.payment_id, s.account_id, s.started_at, a.currency, k.customer_class, a.payment_mode ORDER BY s.id`,
);

interface ReleaseRow extends Omit<Release, 'restores'> {
  readonly restores: readonly {
    readonly commandId: string;
    readonly servicePointId: string;
    readonly orderedAt: string;
    readonly provenAt: string | null;
    readonly notDueFrom: string | null;
  }[];
}

const instant = (text: string | null): Date | null => (text === null ? null : new Date(text));

const toRelease = ({ restores, ...row }: ReleaseRow): Release => ({
  ...row,
  restores: restores.map(({ orderedAt, provenAt, notDueFrom, ...named }) => ({
    ...named,
    orderedAt: new Date(orderedAt),
    provenAt: instant(provenAt),
    notDueFrom: instant(notDueFrom),
  })),
});

/** What each of these payments brought back or still has to; one in suspense is left out. */
export async function releasesOfPayments(reader: Reader, paymentIds: readonly string[]): Promise<Release[]> {
  return (await reader.rows<ReleaseRow>(OF_PAYMENTS, [paymentIds])).map(toRelease);
}

/** A page, after a subject, of payments and other releases whose clocks may still run at `at`. */
export async function unsettledReleases(
  reader: Reader,
  page: { readonly after: string; readonly at: Date; readonly limit: number },
): Promise<Release[]> {
  return (await reader.rows<ReleaseRow>(UNSETTLED, [page.after, page.at, page.limit])).map(toRelease);
}
