import { CutDryRunEntity, CutDryRunLineEntity, type CutDryRun, type CutDryRunLine } from '../../dunning/dry-run.js';
import { listOf } from './lists.js';

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
