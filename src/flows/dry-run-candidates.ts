import { statement, type Reader } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { DEBT_REASON_OF_ACCOUNT, owesWithPowerOn, type CutCandidate } from './propose-cuts.js';

const quoted = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');

/**
 * As for a proposal, but a cut for debt that waits does not take its service point out: it is one of tomorrow's cuts. What was sent, or
 * stands there for another reason, is no business of a dry run.
 */
const CANDIDATES = (scope: string) => `SELECT sp.id AS "servicePointId", ${DEBT_REASON_OF_ACCOUNT} AS reason, a.currency
   FROM service_point sp JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL
   WHERE ${scope} AND sp.id > $1 AND ${owesWithPowerOn('$2')}
     AND NOT EXISTS (SELECT FROM switch_command c WHERE c.meter_id = i.meter_id AND c.ended_at IS NULL
       AND NOT (c.operation = 'CUT' AND c.reason IN (${quoted(DEBT_REASONS)}) AND c.state IN (${quoted(UNSENT_STATES)})))
   ORDER BY sp.id LIMIT $3`;

const OF_COMPANY = statement('dry-run-candidates', CANDIDATES('true'));
const OF_DISTRICT = statement('dry-run-candidates-of-district', CANDIDATES('sp.district_id = $4'));

/** A service point that a dry run judges. */
export interface DryRunCandidate extends CutCandidate {
  readonly currency: string;
}

/** A page of the service points that owe something overdue on a day, in the order of their ids; of a district, or (null) of the company. */
export const dryRunCandidates = (
  tx: Reader,
  districtId: string | null,
  page: { readonly after: string; readonly date: LocalDate; readonly limit: number },
): Promise<DryRunCandidate[]> => {
  const values = [page.after, page.date, page.limit];
  return districtId === null
    ? tx.rows<DryRunCandidate>(OF_COMPANY, values)
    : tx.rows<DryRunCandidate>(OF_DISTRICT, [...values, districtId]);
};
