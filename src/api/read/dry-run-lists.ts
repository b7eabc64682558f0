import { CutDryRunEntity, CutDryRunLineEntity, type CutDryRun, type CutDryRunLine } from '../../dunning/dry-run.js';
import { statement, type Reader } from '../../platform/database.js';
import { columnsOf, listOf } from './lists.js';

/** The lists about dry runs; all others stand in catalog.ts. */
export const DRY_RUN_LISTS = {
  runs: listOf<CutDryRun>('dry-runs', CutDryRunEntity, {
    keys: [
      { column: 't.requested_at', type: 'timestamptz' },
      { column: 't.id', type: 'uuid' },
    ],
    descending: true,
    filters: {
      states: 't.state = ANY(?::text[])',
      forDate: 't.for_date = ?::date',
      district: 't.district_id = ?::uuid',
      reachDistricts: 't.district_id = ANY(?::uuid[])',
    },
  }),
  lines: listOf<CutDryRunLine>('dry-run-lines', CutDryRunLineEntity, {
    parent: 't.run_id',
    keys: [{ column: 't.service_point_id', type: 'uuid' }],
    descending: false,
    filters: {
      permitted: 't.permitted = ?::boolean',
      blocking: '?::text = ANY(t.blocking)',
      account: 't.account_id = ?::uuid',
    },
  }),
} as const;

const LINES_OF_POINTS = statement(
  'api-dry-run-lines-of-points',
  `SELECT ${columnsOf(CutDryRunLineEntity)} FROM cut_dry_run_line t WHERE t.run_id = $1 AND t.service_point_id = ANY($2::uuid[])`,
);

/** The lines of these service points in a run, in no order; one that has none is left out. */
export const dryRunLinesOf = (
  db: Reader,
  runId: string,
  servicePointIds: readonly string[],
): Promise<CutDryRunLine[]> => db.rows<CutDryRunLine>(LINES_OF_POINTS, [runId, servicePointIds]);
