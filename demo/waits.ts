import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';
import type { SwitchTimings } from '../src/switching/switch-timings.js';
import { DEFAULT_SWITCH_TIMINGS } from '../src/switching/switch-timings.js';

/** Waits are told in steps of this, so that what the machine needed for a statement never shows, ms. */
const GRAIN_MS = 10_000;

/** The product's own waits, each a whole number of grains. */
export const STORY_TIMINGS: SwitchTimings = {
  ...DEFAULT_SWITCH_TIMINGS,
  ackTimeoutMs: 2 * GRAIN_MS,
  proofTimeoutMs: GRAIN_MS,
  readTimeoutMs: GRAIN_MS,
};

/** Rows parked here wait for their product time; the machine's clock never reaches it. */
const PARKED = '2999-01-01T00:00:00Z';

const FRESH = statement(
  'demo-waits-fresh',
  `SELECT id, state = 'QUEUED' AS queued, not_before AS "notBefore",
          CASE WHEN attention_wall_at < '${PARKED}' THEN extract(epoch FROM attention_wall_at - $1::timestamptz)::float8 * 1000 END AS "attentionMs",
          CASE WHEN give_up_wall_at < '${PARKED}' THEN extract(epoch FROM give_up_wall_at - $1::timestamptz)::float8 * 1000 END AS "giveUpMs"
   FROM switch_command WHERE state IN ('QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN')`,
);
const PARK = statement(
  'demo-waits-park',
  `UPDATE switch_command SET attention_wall_at = '${PARKED}', give_up_wall_at = '${PARKED}'
   WHERE state IN ('QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN') AND (attention_wall_at < '${PARKED}' OR give_up_wall_at < '${PARKED}')`,
);
// In the order of account numbers, whatever order the rows were written in.
const RELEASE = statement(
  'demo-waits-release',
  `UPDATE switch_command c SET
     attention_wall_at = CASE WHEN r.attention THEN '2000-01-01'::timestamptz + r.place * interval '1 second' ELSE c.attention_wall_at END,
     give_up_wall_at = CASE WHEN r.give_up THEN '2000-01-01'::timestamptz ELSE c.give_up_wall_at END
   FROM (SELECT d.id, d.attention, d.give_up, row_number() OVER (ORDER BY a.account_number, k.id) AS place
         FROM unnest($1::uuid[], $2::boolean[], $3::boolean[]) AS d (id, attention, give_up)
         JOIN switch_command k ON k.id = d.id JOIN account a ON a.id = k.account_id) r
   WHERE c.id = r.id`,
);

/** A queued command that was let go and not taken up (kill switch, pace, budget) is looked at again after this, ms. */
const AGAIN_MS = 60_000;

interface FreshRow {
  readonly id: string;
  readonly queued: boolean;
  readonly notBefore: Date | null;
  readonly attentionMs: number | null;
  readonly giveUpMs: number | null;
}

interface Wait {
  readonly attentionMs: number;
  readonly giveUpMs: number;
}

/**
 * The waits of the wire run by the machine's clock; in a story that does a month in seconds they must run by product time. So every
 * row's wait is read off after the step that wrote it, kept here, and the row parked until that product time has come.
 */
export class Waits {
  private readonly known = new Map<string, Wait>();

  constructor(private readonly ctx: FlowContext) {}

  /** When the next wait is over; Infinity when nothing waits. */
  get nextMs(): number {
    return Math.min(
      Infinity,
      ...[...this.known.values()].map(({ attentionMs, giveUpMs }) => Math.min(attentionMs, giveUpMs)),
    );
  }

  /** Lets rows whose wait is over be found by whoever looks for them. Returns whether there were any. */
  async release(nowMs: number): Promise<boolean> {
    const due = [...this.known].filter(([, { attentionMs, giveUpMs }]) => Math.min(attentionMs, giveUpMs) <= nowMs);
    if (due.length === 0) return false;
    await this.ctx.db.rows(RELEASE, [
      due.map(([id]) => id),
      due.map(() => true),
      due.map(([, { giveUpMs }]) => giveUpMs <= nowMs),
    ]);
    return true;
  }

  /** Reads off the waits written since the machine's time `sinceWall`, in a step of product time `nowMs`, and parks their rows. */
  async gather(sinceWall: Date, nowMs: number): Promise<void> {
    const rows = await this.ctx.db.rows<FreshRow>(FRESH, [sinceWall]);
    const open = new Set(rows.map(({ id }) => id));
    for (const id of this.known.keys()) if (!open.has(id)) this.known.delete(id);
    if (!rows.some(({ attentionMs, giveUpMs }) => attentionMs !== null || giveUpMs !== null)) return;
    for (const { id, queued, notBefore, attentionMs, giveUpMs } of rows) {
      const before = this.known.get(id);
      const leastMs = queued ? AGAIN_MS : GRAIN_MS;
      this.known.set(id, {
        // A cut whose hour was announced is not looked at before it.
        attentionMs: Math.max(dueMs(nowMs, attentionMs, before?.attentionMs, leastMs), notBefore?.getTime() ?? 0),
        giveUpMs: dueMs(nowMs, giveUpMs, before?.giveUpMs, leastMs),
      });
    }
    await this.ctx.db.rows(PARK);
  }
}

/** The product time at which a wait ends. `waitMs` null: the row was parked already and keeps its time. */
function dueMs(nowMs: number, waitMs: number | null, beforeMs: number | undefined, leastMs: number): number {
  if (waitMs === null) return beforeMs ?? Infinity;
  return nowMs + Math.max(leastMs, Math.floor(waitMs / GRAIN_MS) * GRAIN_MS);
}
