import { statement, type Reader } from '../../platform/database.js';
import type { Clock } from '../../platform/clock.js';
import { OPEN_STATES, type SwitchCommandState } from '../../switching/switch-command.js';
import type { OperationsBoardType } from '../graph/types/operations.js';
import type { Reach } from './reach.js';

/** A quarantine flooded by a hostile sender must not make the board slow: beyond this it just says "very many". */
const QUARANTINE_COUNTED_TO = 10_000;
/** Viewers who look within this share one answer, so that a hundred consoles cost the database as much as one. */
const SHARED_MS = 250;

const OPEN_LIST = OPEN_STATES.map((state) => `'${state}'`).join(', ');
const IN_REACH = (account: string) =>
  `($1::uuid[] IS NULL OR EXISTS (SELECT FROM account a WHERE a.id = ${account} AND a.district_id = ANY($1)))`;

const COMMANDS = statement(
  'api-board-commands',
  `SELECT c.state, count(*)::int AS count,
     (extract(epoch FROM clock_timestamp() - min(c.requested_wall_at) FILTER (WHERE c.operation = 'RESTORE')))::float8 AS "oldestRestoreAgeSeconds"
   FROM switch_command c WHERE c.state IN (${OPEN_LIST}) AND ${IN_REACH('c.account_id')} GROUP BY c.state`,
);
const REST = statement(
  'api-board-rest',
  `SELECT
     (SELECT count(*)::int FROM work_order w WHERE w.state = 'OPEN' AND ${IN_REACH('w.account_id')}) AS "openWorkOrders",
     (SELECT count(*)::int FROM work_order w WHERE w.state = 'OPEN' AND w.deadline_at < $2 AND ${IN_REACH('w.account_id')}) AS "overdueWorkOrders",
     (SELECT count(*)::int FROM gateway g WHERE g.online = false AND ($1::uuid[] IS NULL OR g.district_id = ANY($1))) AS "gatewaysOffline",
     (SELECT count(*)::int FROM gateway g WHERE g.online IS NULL AND ($1::uuid[] IS NULL OR g.district_id = ANY($1))) AS "gatewaysNeverHeard",
     (SELECT count(*)::int FROM meter m JOIN meter_installation n ON n.meter_id = m.id AND n.removed_at IS NULL
        JOIN service_point p ON p.id = n.service_point_id
        WHERE m.reported_relay = 'OPEN' AND ${IN_REACH('p.account_id')}
          AND NOT EXISTS (SELECT FROM interruption i WHERE i.service_point_id = p.id AND i.closed_at IS NULL)) AS "darkThoughDue",
     (SELECT count(DISTINCT i.service_point_id)::int FROM interruption i JOIN meter_installation n ON n.service_point_id = i.service_point_id AND n.removed_at IS NULL
        JOIN meter m ON m.id = n.meter_id
        WHERE i.closed_at IS NULL AND m.reported_relay = 'CLOSED' AND ${IN_REACH('i.account_id')}) AS "litThoughNotDue",
     CASE WHEN $1::uuid[] IS NULL THEN (SELECT count(*)::int FROM (SELECT FROM uplink_quarantine LIMIT ${QUARANTINE_COUNTED_TO}) q) END AS "quarantinedMessages",
     coalesce((SELECT engaged FROM kill_switch), true) AS "killSwitchEngaged"`,
);

type Rest = Omit<OperationsBoardType, 'at' | 'openCommands' | 'oldestRestoreAgeSeconds'>;
interface StateCount {
  readonly state: SwitchCommandState;
  readonly count: number;
  readonly oldestRestoreAgeSeconds: number | null;
}

/** Reads the operations board; looks that fall together share one reading. */
export class BoardReader {
  private readonly shared = new Map<
    string,
    { readonly board: Promise<OperationsBoardType>; readonly startedMs: number }
  >();

  constructor(
    private readonly db: Reader,
    private readonly clock: Clock,
  ) {}

  /**
   * The board over what this reach covers: everything, or some districts. It shows at least all that was committed by
   * `notBeforeMs` (performance.now()).
   */
  read(reach: Reach, notBeforeMs = performance.now() - SHARED_MS): Promise<OperationsBoardType> {
    const districtIds = reach.kind === 'ALL' ? null : reach.kind === 'DISTRICTS' ? reach.districtIds : [];
    const key = JSON.stringify(districtIds);
    const known = this.shared.get(key);
    if (known && known.startedMs >= notBeforeMs) return known.board;
    const board = this.compute(districtIds);
    const entry = { board, startedMs: performance.now() };
    this.shared.set(key, entry);
    // Kept only as long as it is good: neither an old answer nor a failure stays.
    const forget = (): void => void (this.shared.get(key) === entry && this.shared.delete(key));
    setTimeout(forget, SHARED_MS).unref();
    board.catch(forget);
    return board;
  }

  private async compute(districtIds: readonly string[] | null): Promise<OperationsBoardType> {
    const at = this.clock.now();
    const [counts, [rest]] = await Promise.all([
      this.db.rows<StateCount>(COMMANDS, [districtIds]),
      this.db.rows<Rest>(REST, [districtIds, at]),
    ]);
    const ages = counts.flatMap(({ oldestRestoreAgeSeconds }) => oldestRestoreAgeSeconds ?? []);
    return {
      ...rest!,
      at,
      openCommands: OPEN_STATES.map((state) => ({
        state,
        count: counts.find((row) => row.state === state)?.count ?? 0,
      })),
      oldestRestoreAgeSeconds: ages.length > 0 ? Math.max(...ages) : null,
    };
  }
}
