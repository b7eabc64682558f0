import { statement, type Reader } from '../platform/database.js';
import type { ReportScope } from './switch-latencies.js';

/** The cut rate (催费停电率): collecting without cutting is the aim, so it is a cost. Both numbers are shown with it. */
export interface CutRate {
  /** Service points whose cut for arrears was proven in the period, each once. */
  readonly cutPoints: number;
  /** Service points for which a bill was issued in the period, each once; corrections are no bills here. */
  readonly billedPoints: number;
  /** `cutPoints` ÷ `billedPoints`; null where nothing was billed. */
  readonly rate: number | null;
}

const CUT_RATE = statement(
  'report-cut-rate',
  `SELECT
     (SELECT count(DISTINCT c.service_point_id)::integer FROM switch_command c JOIN service_point sp ON sp.id = c.service_point_id
      WHERE c.operation = 'CUT' AND c.state = 'VERIFIED' AND c.reason = 'ARREARS' AND c.ended_at >= $1 AND c.ended_at < $2
        AND ($3::uuid[] IS NULL OR sp.district_id = ANY($3::uuid[]))) AS "cutPoints",
     (SELECT count(DISTINCT b.service_point_id)::integer FROM bill b JOIN service_point sp ON sp.id = b.service_point_id
      WHERE b.corrects_bill_id IS NULL AND b.issued_at >= $1 AND b.issued_at < $2
        AND ($3::uuid[] IS NULL OR sp.district_id = ANY($3::uuid[]))) AS "billedPoints"`,
);

/** The cut rate of a period: service points cut for arrears ÷ service points billed in it. */
export async function cutRate(reader: Reader, scope: ReportScope): Promise<CutRate> {
  const [row] = await reader.rows<Omit<CutRate, 'rate'>>(CUT_RATE, [scope.from, scope.to, scope.districtIds]);
  const { cutPoints, billedPoints } = row!;
  return { cutPoints, billedPoints, rate: billedPoints === 0 ? null : cutPoints / billedPoints };
}
