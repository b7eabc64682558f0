import pg from 'pg';
import { newId } from './ids.js';
import type { Logger } from './log.js';
import { Loop } from './loop.js';

/** How often it renews, and looks whether others are gone, ms. */
const ROUND_MS = 1_000;
/** A statement that takes longer has met a database that is away, ms. */
const STATEMENT_TIMEOUT_MS = 4_000;

const ENSURE = `INSERT INTO lease (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`;
const RENEW = `INSERT INTO lease_holder (id, instance, backend_pid, backend_start, expires_wall_at)
  SELECT $1, $2, a.pid, a.backend_start, clock_timestamp() + make_interval(secs => $3::float8 / 1000)
  FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
  ON CONFLICT (id) DO UPDATE SET backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
    expires_wall_at = excluded.expires_wall_at`;
const ALIVE = `SELECT h.id FROM lease_holder h JOIN pg_stat_activity a ON a.pid = h.backend_pid AND a.backend_start = h.backend_start
  WHERE h.expires_wall_at > clock_timestamp()`;
// A fair share each: with more processes than leases some stand by. Who has more gives it up in its own round.
const CLAIM = `UPDATE lease SET holder = $1, epoch = epoch + 1 WHERE name IN (
    SELECT l.name FROM lease l WHERE l.name = ANY($2::text[]) AND (l.holder IS NULL OR l.holder NOT IN (${ALIVE}))
    ORDER BY l.name LIMIT $3 FOR UPDATE SKIP LOCKED)`;
const LOOK = `SELECT l.name, l.holder, (SELECT count(*)::int FROM (${ALIVE}) AS alive) AS processes,
    l.holder IS NOT NULL AND l.holder IN (${ALIVE}) AS taken
  FROM lease l WHERE l.name = ANY($1::text[]) ORDER BY l.name`;
const GIVE_UP = `UPDATE lease SET holder = NULL WHERE holder = $1 AND name = ANY($2::text[])`;
const FORGET_DEAD = `DELETE FROM lease_holder WHERE id = $1 OR expires_wall_at < clock_timestamp() - interval '1 day'`;

interface LookRow {
  readonly name: string;
  readonly holder: string | null;
  readonly processes: number;
  readonly taken: boolean;
}

export interface LeaseOptions {
  readonly url: string;
  readonly instance: string;
  /** What there is to hold. All processes name the same. */
  readonly names: readonly string[];
  /** A process that does not renew its word for so long has lost its leases, wall-clock ms. */
  readonly leaseMs: number;
  readonly log: Logger;
  /** Held now; called once. */
  readonly gained: (name: string) => void;
  /** Not held any more, or not known to be: whatever rests on it ends. It may be given to others when this resolves. */
  readonly lost: (name: string) => Promise<void>;
}

/**
 * Leases shared fairly among the processes at one database. A process that dies (kill -9) loses its leases at once, since its connection
 * ends; one that is stopped, or cut off from the database, when `leaseMs` are over. By then it has let go by itself: it judges
 * its own time by the monotonic clock, from before it asked.
 */
export class Leases {
  private readonly id = newId();
  private readonly held = new Set<string>();
  private readonly loop: Loop;
  private client: pg.Client | undefined;
  private watch: NodeJS.Timeout | undefined;
  /** Until then what is held may be trusted, on the monotonic clock. */
  private trustedUntilMs = 0;
  private lettingGo: Promise<void> | undefined;
  /** Every lease has somebody who is alive. */
  allTaken = false;

  constructor(private readonly options: LeaseOptions) {
    this.loop = new Loop('leases', () => this.round(), ROUND_MS, options.log);
  }

  start(): void {
    this.loop.wake();
    this.watch = setInterval(() => {
      if (this.held.size > 0 && performance.now() > this.trustedUntilMs) void this.letGo([...this.held]);
    }, ROUND_MS / 2);
  }

  /** Whether the lease is held for certain, at this instant. */
  holds(name: string): boolean {
    return this.held.has(name) && this.client !== undefined && performance.now() < this.trustedUntilMs;
  }

  /** Lets go of everything and says so, so that others need not wait. */
  async stop(): Promise<void> {
    clearInterval(this.watch);
    await this.loop.stop();
    const names = [...this.held];
    await this.letGo(names);
    try {
      await this.client?.query(GIVE_UP, [this.id, this.options.names]);
      await this.client?.query(FORGET_DEAD, [this.id]);
    } catch (error) {
      this.options.log.warn(
        { err: error },
        'leases could not be given up; others take them when they see this process gone',
      );
    }
    await this.client?.end().catch(() => undefined);
    this.client = undefined;
  }

  private async round(): Promise<number> {
    const askedAtMs = performance.now();
    const client = (this.client ??= await this.connect());
    const { names, instance, leaseMs } = this.options;
    try {
      await client.query(RENEW, [this.id, instance, leaseMs]);
      let rows = await this.look(client);
      const share = Math.ceil(names.length / Math.max(1, rows[0]?.processes ?? 1));
      const mine = rows.filter(({ holder }) => holder === this.id).map(({ name }) => name);
      if (mine.length < share && rows.some(({ taken }) => !taken)) {
        await client.query(CLAIM, [this.id, names, share - mine.length]);
        rows = await this.look(client);
      }
      await this.settle(client, rows, share, askedAtMs);
    } catch (error) {
      this.drop(client);
      throw error;
    }
    return ROUND_MS;
  }

  /** Makes what is done here agree with what the rows say. */
  private async settle(client: pg.Client, rows: readonly LookRow[], share: number, askedAtMs: number): Promise<void> {
    await this.lettingGo;
    const mine = rows.filter(({ holder }) => holder === this.id).map(({ name }) => name);
    await this.letGo([...this.held].filter((name) => !mine.includes(name)));
    this.trustedUntilMs = askedAtMs + this.options.leaseMs;
    for (const name of mine.filter((name) => !this.held.has(name))) {
      this.held.add(name);
      this.options.gained(name);
    }
    const surplus = mine.slice(share);
    if (surplus.length > 0) {
      await this.letGo(surplus);
      await client.query(GIVE_UP, [this.id, surplus]);
    }
    this.allTaken = rows.every(({ taken }) => taken);
  }

  private async letGo(names: readonly string[]): Promise<void> {
    for (const name of names) this.held.delete(name);
    const ending = Promise.all(names.map((name) => this.options.lost(name))).then(() => undefined);
    this.lettingGo = ending;
    await ending;
  }

  private async look(client: pg.Client): Promise<LookRow[]> {
    return (await client.query<LookRow>(LOOK, [this.options.names])).rows;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: 'relight leases',
      connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    });
    client.on('error', () => this.drop(client));
    client.on('end', () => this.drop(client));
    await client.connect();
    await client.query(ENSURE, [this.options.names]);
    return client;
  }

  /** Others see this connection gone and may take over: until the next round nothing is certain. */
  private drop(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.allTaken = false;
    void client.end().catch(() => undefined);
    this.loop.wake();
  }
}
