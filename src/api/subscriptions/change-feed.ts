import { AuditEntryEntity, type AuditEntryRow } from '../../platform/audit-entry.js';
import { statement, type Reader } from '../../platform/database.js';
import type { Logger } from '../../platform/log.js';
import type { Nudges } from '../../platform/nudges.js';
import { ApiError, safeFacts } from '../errors.js';
import { columnsOf } from '../read/lists.js';
import { Follower, type Keeping, type Subject } from './follower.js';
import { invalidResumeToken, type Position } from './position.js';

/** Nudges wake the feed; this finds what a lost nudge did not. */
const SAFETY_POLL_MS = 1_000;
/** Entries of a transaction wait for every older one still running; those are short, so look again soon. */
const HELD_BACK_MS = 15;
/** After a failed look at the database. */
const RETRY_MS = 1_000;
const PAGE_ENTRIES = 1_000;

const COLUMNS = columnsOf(AuditEntryEntity);

// Every transaction below the horizon has ended: what it wrote is visible to the next statement, and it will write no more.
const HORIZON = statement(
  'api-feed-horizon',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, pg_snapshot_xmax(pg_current_snapshot())::text AS ceiling`,
);
// The horizon and what lies below it in one round trip: an event is told as much sooner. Without entries: one row with a null id.
// Whether anything is held back is read off the newest entry: an index look-up, however long the audit trail is.
const READ = statement(
  'api-feed-read',
  `WITH h AS MATERIALIZED (
     SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon,
            coalesce((SELECT transaction_id FROM audit_entry ORDER BY transaction_id DESC, id DESC LIMIT 1)
                     >= pg_snapshot_xmin(pg_current_snapshot()), false) AS "heldBack")
   SELECT h.horizon::text AS horizon, h."heldBack", e.*
   FROM h LEFT JOIN LATERAL (
     SELECT t.transaction_id AS feed_transaction_id, ${COLUMNS} FROM audit_entry t
     WHERE (t.transaction_id, t.id) > ($1::xid8, $2) AND t.transaction_id < h.horizon
     ORDER BY t.transaction_id, t.id LIMIT ${PAGE_ENTRIES}) e ON true
   ORDER BY e.feed_transaction_id, e.id`,
);
const BETWEEN = (condition: string) => `SELECT ${COLUMNS} FROM audit_entry t
   WHERE ${condition} AND (t.transaction_id, t.id) > ($1::xid8, $2) AND (t.transaction_id, t.id) <= ($3::xid8, $4)
   ORDER BY t.transaction_id, t.id LIMIT $5`;
const BACKLOG = {
  subject: statement('api-feed-backlog-subject', BETWEEN('t.subject_id = $6')),
  'service-point': statement('api-feed-backlog-service-point', BETWEEN('t.service_point_id = $6')),
  everything: statement('api-feed-backlog', BETWEEN('true')),
} as const;

interface Horizon {
  readonly horizon: string;
  readonly ceiling: string;
}

type FeedRow = { readonly horizon: string; readonly heldBack: boolean } & (AuditEntryRow | { readonly id: null });

/** The position of an entry. */
export const positionOf = (entry: AuditEntryRow): Position => ({
  transactionId: BigInt(entry.transactionId),
  id: entry.id,
});

/**
 * The audit entries of all committed transactions, in an order in which nothing can turn up late, read once per process however
 * many subscriptions follow it. Rests while nobody does.
 */
export class ChangeFeed {
  private readonly followers = new Set<Follower>();
  private position: Position | undefined;
  private busy = false;
  private again = false;
  private running: Promise<void> = Promise.resolve();
  /** Called after the next look that has not begun yet. */
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly stopListening: () => void;

  constructor(
    private readonly db: Reader,
    nudges: Pick<Nudges, 'listen'>,
    private readonly log: Logger,
  ) {
    this.stopListening = nudges.listen('changed', () => this.look());
  }

  /** A new follower of `subject`, which begins with the present; whoever asked for it closes it. */
  async join(subject: Subject, keeping: Keeping): Promise<Follower> {
    if (this.position !== undefined) await this.upToDate();
    if (this.position === undefined) {
      const { horizon } = await this.horizon();
      // Another follower may have come meanwhile; its start is the feed's.
      this.position ??= { transactionId: BigInt(horizon), id: 0n };
    }
    const follower = new Follower(subject, this.position, keeping, (closing) => this.leave(closing));
    this.followers.add(follower);
    this.look();
    return follower;
  }

  /**
   * What happened to `subject` after `after` and up to `upTo`, oldest first.
   * @throws ApiError RESUME_TOKEN_INVALID, RESUME_TOO_FAR_BACK
   */
  async between(subject: Subject, after: Position, upTo: Position, most: number): Promise<AuditEntryRow[]> {
    const { ceiling } = await this.horizon();
    if (after.transactionId > BigInt(ceiling)) throw invalidResumeToken();
    const values = [after.transactionId, after.id, upTo.transactionId, upTo.id, most + 1];
    const rows = await this.db.rows<AuditEntryRow>(
      BACKLOG[subject.kind],
      subject.kind === 'everything' ? values : [...values, subject.id],
    );
    if (rows.length > most) {
      throw new ApiError(
        'RESUME_TOO_FAR_BACK',
        `More than ${most} entries have been written since. Read them with \`auditEntries\` or \`history\`, then subscribe without a token.`,
      );
    }
    return rows;
  }

  /** Ends every subscription. */
  async stop(): Promise<void> {
    this.stopListening();
    for (const follower of [...this.followers]) follower.close();
    await this.running;
  }

  /** Resolves once everything has been handed over that was committed before this was called. */
  private upToDate(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.look();
    });
  }

  private leave(follower: Follower): void {
    this.followers.delete(follower);
    if (this.followers.size > 0) return;
    clearTimeout(this.timer);
    this.position = undefined;
  }

  /** Reads on as soon as possible; while it is reading already, once more afterwards. */
  private look(): void {
    if (this.followers.size === 0) return;
    clearTimeout(this.timer);
    this.again = true;
    if (!this.busy) this.running = this.run();
  }

  private async run(): Promise<void> {
    this.busy = true;
    let nextMs = SAFETY_POLL_MS;
    while (this.again) {
      this.again = false;
      const waiting = this.waiting;
      this.waiting = [];
      try {
        nextMs = (await this.readOn()) ? HELD_BACK_MS : SAFETY_POLL_MS;
      } catch (error) {
        this.log.warn(safeFacts(error), 'the change feed could not be read; trying again');
        nextMs = RETRY_MS;
      }
      for (const resolve of waiting) resolve();
    }
    this.busy = false;
    if (this.followers.size > 0) this.timer = setTimeout(() => this.look(), nextMs);
  }

  /** Hands over everything up to the present horizon. True when entries of running transactions are held back. */
  private async readOn(): Promise<boolean> {
    for (;;) {
      const from = this.position;
      if (from === undefined) return false;
      const read = await this.db.rows<FeedRow>(READ, [from.transactionId, from.id]);
      // Everybody left while we read: a feed that starts again starts from its own present.
      if (this.position !== from) return false;
      const { horizon, heldBack } = read[0]!;
      const rows = read.filter((row): row is FeedRow & AuditEntryRow => row.id !== null);
      for (const row of rows) for (const follower of this.followers) follower.offer(row);
      const last = rows.at(-1);
      if (last && rows.length === PAGE_ENTRIES) {
        this.position = positionOf(last);
        continue;
      }
      if (BigInt(horizon) > from.transactionId) this.position = { transactionId: BigInt(horizon), id: 0n };
      return heldBack;
    }
  }

  private async horizon(): Promise<Horizon> {
    return (await this.db.rows<Horizon>(HORIZON))[0]!;
  }
}
