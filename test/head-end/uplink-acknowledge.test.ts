import pg from 'pg';
import type { FlowContext } from '../../src/flows/context.js';
import { startHeadEnd, type HeadEnd } from '../../src/head-end/head-end.js';
import { Database } from '../../src/platform/database.js';
import { Nudges } from '../../src/platform/nudges.js';
import { describeOnBrokers } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../fault/support/tcp-proxy.js';
import { startOpenBroker, type OpenBroker } from './support/open-broker.js';

/** Messages at once, and the transactions they may take: a few groups, and some that form while the first is stored. */
const BURST = 500;
const MAX_TRANSACTIONS = 40;
/** A head-end that has lost its database tries again so often at most while the line is cut (3 s): bounded, not a storm. */
const CUT_MS = 3_000;
const MAX_ATTEMPTS = 120;

describeOnBrokers('the head-end acknowledges a message once it is stored, and not before', (kind) => {
  let relight: TestRelight;
  let broker: OpenBroker;
  let line: TcpProxy;
  let ctx: FlowContext;
  let headEnd: HeadEnd;
  let meters: { id: string; serial: string; gateway: string }[];
  let sent = 0;

  beforeAll(async () => {
    relight = await startTestRelight({ wire: false });
    broker = await startOpenBroker(kind);
    const { hostname, port } = new URL(relight.database.url);
    line = await startTcpProxy({ host: hostname, port: Number(port) });
    const url = throughProxy(relight.database.url, line);
    const db = new Database(url, relight.ctx.log);
    const nudges = new Nudges(url, relight.ctx.log);
    await nudges.start();
    ctx = { ...relight.ctx, db, nudges };
    headEnd = startHeadEnd(
      ctx,
      { url: broker.url, username: 'any', password: 'any', clientId: 'head-end' },
      relight.key,
    );
    await eventually('the head-end is connected', () => headEnd.connected);
    meters = await relight.sql(
      `SELECT m.id, m.serial, g.gateway_number AS gateway FROM meter m JOIN gateway g ON g.id = m.gateway_id ORDER BY 2`,
    );
  });
  afterAll(async () => {
    line.mend();
    await headEnd.stop();
    await ctx.nudges.stop();
    await ctx.db.close();
    await broker.stop();
    await line.close();
    await relight.stop();
  });

  /** An event of a meter; each has a minute of its own, so none is a repetition. */
  const event = (meter = meters[0]!, detail?: string): { topic: string; payload: string } => {
    sent += 1;
    const at = new Date(Date.UTC(2026, 0, 1) + sent * 60_000).toISOString();
    const body = { v: 1, kind: 'event', gateway: meter.gateway, meter: meter.serial, event: 'COVER_OPEN', at, detail };
    return { topic: `relight/v1/${meter.gateway}/up/${meter.serial}/event`, payload: JSON.stringify(body) };
  };
  const publish = ({ topic, payload }: { topic: string; payload: string }) => broker.publish(topic, payload);
  const isAcknowledged = (payload: string) => broker.acknowledged.includes(payload);
  const stored = async (payload: string): Promise<boolean> => {
    const { at } = JSON.parse(payload) as { at: string };
    return (await relight.sql(`SELECT id FROM meter_event WHERE event_at = $1`, [at])).length === 1;
  };

  test('while the table is locked there is no PUBACK; after the commit there is', async () => {
    const locker = new pg.Client({ connectionString: relight.database.url });
    await locker.connect();
    const message = event();
    try {
      await locker.query('BEGIN');
      await locker.query('LOCK TABLE meter_event IN ACCESS EXCLUSIVE MODE');
      await publish(message);
      await eventually('the insert waits for the lock', async () => {
        // On another connection: inside its transaction the locker would see the activity of its first look for ever.
        const waiting = await relight.sql(
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      });
      expect(isAcknowledged(message.payload)).toBe(false);
      await locker.query('COMMIT');
    } finally {
      await locker.end();
    }
    await eventually('it is acknowledged', () => isAcknowledged(message.payload));
    expect(await stored(message.payload)).toBe(true);
  });

  test('while the database is out of reach nothing is acknowledged, nothing is lost, and it is not stormed when it comes back', async () => {
    line.cut();
    const before = line.attempts;
    const messages = Array.from({ length: 20 }, () => event());
    for (const message of messages) await publish(message);
    const until = Date.now() + CUT_MS;
    await eventually('some time has passed', () => Date.now() > until);
    expect(messages.filter(({ payload }) => isAcknowledged(payload))).toEqual([]);
    expect(line.attempts - before).toBeLessThan(MAX_ATTEMPTS);
    line.mend();
    await eventually('all are acknowledged', () => messages.every(({ payload }) => isAcknowledged(payload)));
    expect(await Promise.all(messages.map(({ payload }) => stored(payload)))).not.toContain(false);
    const calm = line.attempts;
    const quietUntil = Date.now() + 1_500;
    await eventually('the line is calm', () => Date.now() > quietUntil);
    expect(line.attempts - calm).toBeLessThan(10);
  });

  test(`${BURST} messages at once share a few transactions`, async () => {
    const messages = Array.from({ length: BURST }, (_, index) => event(meters[index % meters.length]));
    await Promise.all(messages.map(publish));
    await eventually('all are acknowledged', () => messages.every(({ payload }) => isAcknowledged(payload)));
    const [row] = await relight.sql<{ stored: number; transactions: number }>(
      `SELECT count(*)::int AS stored, count(DISTINCT xmin::text)::int AS transactions FROM meter_event WHERE event_at = ANY($1::timestamptz[])`,
      [messages.map(({ payload }) => (JSON.parse(payload) as { at: string }).at)],
    );
    expect(row!.stored).toBe(BURST);
    expect(row!.transactions).toBeLessThanOrEqual(MAX_TRANSACTIONS);
  });

  test('a message that no statement can store is put aside; its neighbours in the group are stored', async () => {
    // Lawful by the schema: a text that PostgreSQL cannot hold, and a reading of a year in which no meter hung.
    const poison = [event(meters[0], 'before\u0000after'), yearZero(meters[1]!)];
    const good = Array.from({ length: 60 }, (_, index) => event(meters[index % meters.length]));
    await Promise.all([...good.slice(0, 30), poison[0]!, ...good.slice(30), poison[1]!].map(publish));
    await eventually('all are acknowledged', () =>
      [...good, ...poison].every(({ payload }) => isAcknowledged(payload)),
    );
    expect(await Promise.all(good.map(({ payload }) => stored(payload)))).not.toContain(false);
    const put = await relight.sql<{ code: string; payload: Buffer }>(
      `SELECT code, payload FROM uplink_quarantine ORDER BY id`,
    );
    expect(put.map(({ code }) => code).sort()).toEqual(['NO_INSTALLATION', 'PROCESSING_FAILED']);
    expect(put.map(({ payload }) => payload.toString()).sort()).toEqual(poison.map(({ payload }) => payload).sort());
  });

  test('what arrives twice is stored once', async () => {
    const message = event();
    for (let copy = 0; copy < 5; copy += 1) await publish(message);
    await eventually(
      'all copies are acknowledged',
      () => broker.acknowledged.filter((payload) => payload === message.payload).length === 5,
    );
    expect(await stored(message.payload)).toBe(true);
  });

  test('what came while the head-end was away is waiting for it', async () => {
    await headEnd.stop();
    const message = event();
    await publish(message);
    headEnd = startHeadEnd(
      ctx,
      { url: broker.url, username: 'any', password: 'any', clientId: 'head-end' },
      relight.key,
    );
    await eventually('it is acknowledged', () => isAcknowledged(message.payload));
    expect(await stored(message.payload)).toBe(true);
  });
});

const yearZero = ({ serial, gateway }: { serial: string; gateway: string }): { topic: string; payload: string } => ({
  topic: `relight/v1/${gateway}/up/${serial}/reading`,
  payload: JSON.stringify({
    v: 1,
    kind: 'reading',
    gateway,
    meter: serial,
    cause: 'freeze',
    readings: [{ at: '0000-01-01T00:00:00.000Z', energyWh: 1, quality: 'actual' }],
  }),
});
