import { MeterStateEntity, type MeterState } from '../../metering/meter-state.js';
import { ReadingGapEntity, type ReadingGap } from '../../metering/reading-gap.js';
import { statement, type Reader } from '../../platform/database.js';
import { listOf } from './lists.js';

/** The lists about what meters send; all others stand in catalog.ts. */
export const TELEMETRY_LISTS = {
  meterStates: listOf<MeterState>('meter-states', MeterStateEntity, {
    parent: 't.meter_id',
    keys: [
      { column: 't.meter_at', type: 'timestamptz' },
      { column: 't.last_sequence', type: 'bigint' },
      { column: 't.kind', type: 'text' },
      { column: 't.relay', type: 'text' },
      { column: 't.armed::text', type: 'text' },
    ],
    descending: true,
    filters: { from: 't.meter_at >= ?::timestamptz', until: 't.meter_at < ?::timestamptz' },
  }),
  readingGaps: listOf<ReadingGap>('reading-gaps', ReadingGapEntity, {
    parent: 't.meter_id',
    keys: [
      { column: 't.midnight_at', type: 'timestamptz' },
      { column: 't.installation_id', type: 'uuid' },
    ],
    descending: true,
    filters: { state: 't.state = ?::text' },
  }),
};

/** Missing midnights of a district, by what became of them. */
export interface GapCounts {
  readonly open: number;
  readonly filled: number;
  readonly givenUp: number;
}

const COUNTS = statement(
  'api-reading-gap-counts',
  `SELECT p.district_id AS "districtId", count(*) FILTER (WHERE g.state = 'OPEN')::int AS open, count(*) FILTER (WHERE g.state = 'FILLED')::int AS filled,
     count(*) FILTER (WHERE g.state = 'GIVEN_UP')::int AS "givenUp"
   FROM service_point p JOIN meter_installation i ON i.service_point_id = p.id JOIN reading_gap g ON g.installation_id = i.id
   WHERE p.district_id = ANY($1::uuid[]) AND g.midnight >= $2::date AND g.midnight < $3::date GROUP BY 1`,
);

/** Counts the missing midnights of days of a period for many districts at once, in their order. */
export async function gapCounts(
  reader: Reader,
  districtIds: readonly string[],
  period: { readonly from: string; readonly until: string },
): Promise<GapCounts[]> {
  const rows = await reader.rows<GapCounts & { districtId: string }>(COUNTS, [districtIds, period.from, period.until]);
  const found = new Map(rows.map(({ districtId, open, filled, givenUp }) => [districtId, { open, filled, givenUp }]));
  return districtIds.map((id) => found.get(id) ?? { open: 0, filled: 0, givenUp: 0 });
}
