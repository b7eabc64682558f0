import pg from 'pg';
import { randomUUID } from 'node:crypto';
import type { Logger } from './log.js';

/** What may be nudged: queued commands, changed subjects (for live subscriptions), the clock, billing runs that wait, dry runs that wait, notices to send. */
export type NudgeTopic = 'commands' | 'changed' | 'clock' | 'billing' | 'dry-runs' | 'notices';
export type NudgeListener = (ids: readonly string[]) => void;

/** NOTIFY payloads are at most 8,000 bytes; 150 UUIDs fit with room to spare. */
const IDS_PER_NOTIFY = 150;
/** Waits this long to put many nudges into one NOTIFY: a NOTIFY inside the payment's own commit would serialize commits. */
const GATHER_MS = 3;
/** Between two tries to open a lost connection. */
const RECONNECT_MS = 500;

const payloadsOf = (origin: string, topic: NudgeTopic, ids: readonly string[]): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(ids.length / IDS_PER_NOTIFY)) }, (_, chunk) =>
    JSON.stringify({ o: origin, t: topic, i: ids.slice(chunk * IDS_PER_NOTIFY, (chunk + 1) * IDS_PER_NOTIFY) }),
  );

/**
 * Wake-ups after commits: at once inside this process, through NOTIFY to the others. A lost nudge loses nothing, since
 * the rows are the queue and every listener also looks at them by itself now and then.
 */
export class Nudges {
  private readonly origin = randomUUID();
  private readonly listeners = new Map<NudgeTopic, Set<NudgeListener>>();
  private readonly pending = new Map<NudgeTopic, Set<string>>();
  private timer: NodeJS.Timeout | undefined;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private client: pg.Client | undefined;
  private sending = false;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly log: Logger,
  ) {}

  async start(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'relight nudges' });
    client.on('error', (error) => this.log.warn({ err: error }, 'nudge connection lost'));
    client.on('notification', ({ payload }) => this.receive(payload));
    try {
      await client.connect();
      await client.query('LISTEN relight');
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.client = client;
    // Only a connection that stood is opened again from here: whoever started one that never did is told by the error.
    client.on('end', () => this.reconnect());
    if (this.closed) await this.stop();
  }

  /** Calls `listener` on every nudge of the topic; returns the way to stop it. */
  listen(topic: NudgeTopic, listener: NudgeListener): () => void {
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    return () => set.delete(listener);
  }

  nudge(topic: NudgeTopic, ids: readonly string[] = []): void {
    this.deliver(topic, ids);
    const gathered = this.pending.get(topic) ?? new Set();
    this.pending.set(topic, gathered);
    for (const id of ids) gathered.add(id);
    this.schedule();
  }

  async stop(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.reconnectTimer);
    await this.client?.end().catch(() => undefined);
  }

  private deliver(topic: NudgeTopic, ids: readonly string[]): void {
    for (const listener of this.listeners.get(topic) ?? []) listener(ids);
  }

  private receive(payload: string | undefined): void {
    const { o, t, i } = JSON.parse(payload ?? '{}') as { o?: string; t?: NudgeTopic; i?: string[] };
    if (o !== this.origin && t) this.deliver(t, i ?? []);
  }

  private flush(): void {
    this.timer = undefined;
    const payloads = [...this.pending].flatMap(([topic, gathered]) => payloadsOf(this.origin, topic, [...gathered]));
    this.pending.clear();
    this.client
      ?.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', ['relight', payloads])
      .catch((error: Error) => this.log.warn({ err: error }, 'a nudge was not sent; the sweep will find the rows'))
      .finally(() => {
        this.sending = false;
        if (this.pending.size > 0) this.schedule();
      });
    this.sending = this.client !== undefined;
  }

  /** One statement at a time: what is nudged meanwhile goes with the next. */
  private schedule(): void {
    if (!this.sending) this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private reconnect(): void {
    this.client = undefined;
    if (this.closed) return;
    this.reconnectTimer = setTimeout(() => {
      this.start().then(
        // Any nudge may have been missed meanwhile, a moved clock among them: every listener looks.
        () => [...this.listeners.keys()].forEach((topic) => this.deliver(topic, [])),
        (error: Error) => {
          this.log.warn({ err: error }, 'nudge connection could not be opened; trying again');
          this.reconnect();
        },
      );
    }, RECONNECT_MS).unref();
  }
}
