import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import pg from 'pg';
import { Mosquitto, mosquittoVersion } from '../../bench/support/mosquitto.js';
import { buildWorld } from '../../bench/support/billing-world.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { loadSigningKey } from '../../src/head-end/signing.js';
import { migrate } from '../../src/orm.js';
import { DEFAULT_SWITCH_TIMINGS } from '../../src/switching/switch-timings.js';
import { makeTempDir } from '../embedded/embedded-support.js';
import { eventually } from '../support/eventually.js';
import { PLAIN_CHINA, policiesAsJson } from '../support/policies.js';
import { RelightProcess, type ProcessSettings } from '../support/relight-process-parent.js';

/** Meters, each with a lane of its own that publishes its next hour when the broker has acknowledged the one before. */
const METERS = 24;
const METERS_PER_GATEWAY = 6;
/** Load between two faults, in messages acknowledged by the broker. */
const BETWEEN = 250;
const BROKER_KILLS = 3;
/** How long the database stands still, ms. */
const STANDSTILL_MS = Number(process.env['STANDSTILL_MS'] ?? 8_000);
const HOUR_MS = 3_600_000;
/** Readings of the two months before the world's clock begins, hour by hour. */
const FIRST_MS = Date.parse('2026-01-01T16:00:00.000Z');
const HOURS = 1_600;
const HEAD_END = { user: 'head-end', password: 'head-end-password' };
const passwordOf = (gateway: string): string => `password-of-${gateway}`;

const withMosquitto = mosquittoVersion() ? describe : describe.skip;

// Skipped by name where mosquitto is not installed (Debian: apt-get install mosquitto).
withMosquitto('kill -9 under load: what was acknowledged is stored, once', () => {
  const temp = makeTempDir();
  let server: EmbeddedPostgres;
  let broker: Mosquitto;
  let settings: ProcessSettings;
  let headEnd: RelightProcess;
  let meters: { serial: string; gateway: string }[];
  const clients = new Map<string, MqttClient>();
  /** Per meter how many hours the broker has acknowledged. */
  let acknowledged: number[];
  let loading = true;
  const lanes: Promise<void>[] = [];
  /** Acknowledged by a broker that was then killed, and never heard of again. */
  const lostByBroker = new Set<string>();

  beforeAll(async () => {
    // Started by root, mosquitto steps down to its own user, who has to get through here.
    chmodSync(temp.path, 0o711);
    server = await startEmbeddedPostgres({ dataDir: join(temp.path, 'data') });
    await migrate(server.url);
    await withDatabase(async (client) => {
      await buildWorld(client, { accounts: METERS, accountsPerDistrict: METERS_PER_GATEWAY });
      // Of that world only the meters count here: no reading lies after those to come, and nothing is billed.
      await client.query(`DELETE FROM reading WHERE read_at > '2026-01-02'`);
      meters = (
        await client.query<{ serial: string; gateway: string }>(
          `SELECT m.serial, g.gateway_number AS gateway FROM meter m JOIN gateway g ON g.id = m.gateway_id ORDER BY 1`,
        )
      ).rows;
    });
    const gateways = [...new Set(meters.map(({ gateway }) => gateway))];
    broker = await Mosquitto.start({
      dir: join(temp.path, 'broker'),
      logins: [HEAD_END, ...gateways.map((user) => ({ user, password: passwordOf(user) }))],
    });
    const keyFile = join(temp.path, 'head-end.pem');
    loadSigningKey(keyFile, true);
    settings = {
      databaseUrl: server.url,
      broker: { url: broker.url, username: HEAD_END.user, password: HEAD_END.password, clientId: 'relight-1' },
      keyFile,
      policies: policiesAsJson(PLAIN_CHINA),
      timings: DEFAULT_SWITCH_TIMINGS,
    };
    headEnd = RelightProcess.start(settings);
    await headEnd.ready;
    for (const gateway of gateways) {
      const client = mqtt.connect(broker.gatewayUrl, {
        username: gateway,
        password: passwordOf(gateway),
        clientId: gateway,
        clean: false,
        reconnectPeriod: 50,
      });
      client.on('error', () => undefined);
      clients.set(gateway, client);
    }
    acknowledged = meters.map(() => 0);
    for (const index of meters.keys()) lanes.push(lane(index));
  }, 120_000);
  afterAll(async () => {
    loading = false;
    for (const client of clients.values()) client.end(true);
    await headEnd.kill();
    await broker.stop();
    await server.stop();
    rmSync(temp.path, { recursive: true, force: true });
  }, 60_000);

  async function withDatabase<Result>(act: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await act(client);
    } finally {
      await client.end();
    }
  }

  async function lane(index: number): Promise<void> {
    const { serial: meter, gateway } = meters[index]!;
    for (let hour = 0; hour < HOURS && loading; hour += 1) {
      const readings = [
        { at: new Date(FIRST_MS + hour * HOUR_MS).toISOString(), energyWh: 100 * (hour + 1), quality: 'actual' },
      ];
      const body = { v: 1, kind: 'reading', gateway, meter, cause: 'periodic', readings };
      // Resolves at the PUBACK; after a lost connection the client sends again what it has none for.
      await clients
        .get(gateway)!
        .publishAsync(`relight/v1/${gateway}/up/${meter}/reading`, JSON.stringify(body), { qos: 1 });
      acknowledged[index] = hour + 1;
    }
  }

  const total = (): number => acknowledged.reduce((sum, count) => sum + count, 0);
  const load = (messages: number) => {
    const wanted = total() + messages;
    return eventually(`${messages} more messages are acknowledged`, () => total() >= wanted, 60_000);
  };
  /** Hours of each meter that the broker had acknowledged by then and that are not there, and how many readings there are. */
  async function missing(by: readonly number[]): Promise<string[]> {
    const stored = await withDatabase(
      async (client) =>
        (
          await client.query<{ serial: string; hours: number[]; n: number }>(
            `SELECT m.serial, count(*)::int AS n, array_agg(DISTINCT ((extract(epoch FROM r.read_at) * 1000 - $1::bigint) / ${HOUR_MS})::int) AS hours
             FROM reading r JOIN meter m ON m.id = r.meter_id WHERE r.cause = 'PERIODIC' AND r.energy_wh = 100 * (1 + ((extract(epoch FROM r.read_at) * 1000 - $1::bigint) / ${HOUR_MS})::int)
             GROUP BY 1`,
            [FIRST_MS],
          )
        ).rows,
    );
    const found = new Map(stored.map(({ serial, hours, n }) => [serial, { hours: new Set(hours), n }]));
    return meters.flatMap(({ serial }, index) => {
      const { hours, n } = found.get(serial) ?? { hours: new Set<number>(), n: 0 };
      const lost = Array.from({ length: by[index]! }, (_, hour) => hour).filter((hour) => !hours.has(hour));
      return [
        ...lost.map((hour) => `${serial} hour ${hour}`),
        ...(n === hours.size ? [] : [`${serial} has some twice`]),
      ];
    });
  }
  const allStored = async (): Promise<void> => {
    const by = [...acknowledged];
    let last: string[] = [];
    await eventually(
      'everything acknowledged so far is stored',
      async () => {
        last = await missing(by).catch(() => ['the database is away']);
        return last.length === 0;
      },
      60_000,
    ).catch((error: Error) => {
      throw new Error(
        `${error.message}: ${last.length} of ${by.reduce((a, b) => a + b, 0)}: ${last.slice(0, 10).join(', ')}`,
      );
    });
  };

  test('of the head-end', async () => {
    await load(BETWEEN);
    for (let kill = 0; kill < 3; kill += 1) {
      await headEnd.kill();
      await load(BETWEEN / 2);
      headEnd = RelightProcess.start(settings);
      await headEnd.ready;
      await load(BETWEEN / 2);
    }
    await allStored();
  }, 120_000);

  // Mosquitto acknowledges a message before it saves it: one that it had in hand when it was killed, neither saved nor handed on, is gone
  // (docs/telemetry.md). No more than that may be, and none twice; midnights among them are asked for again as gaps.
  test('of the broker: but for what it had in hand', async () => {
    for (let kill = 0; kill < BROKER_KILLS; kill += 1) {
      await load(BETWEEN);
      await broker.stop('SIGKILL');
      await broker.startAgain();
    }
    await load(BETWEEN);
    const by = [...acknowledged];
    let last: string[] = [];
    let sinceMs = Date.now();
    await eventually(
      'what is missing stays the same for five seconds',
      async () => {
        const now = await missing(by);
        if (now.join() !== last.join()) sinceMs = Date.now();
        last = now;
        return now.length === 0 || Date.now() - sinceMs > 5_000;
      },
      60_000,
    );
    expect(last.filter((one) => one.includes('twice'))).toEqual([]);
    expect(last.length).toBeLessThanOrEqual(BROKER_KILLS * METERS);
    for (const one of last) lostByBroker.add(one);
    if (process.env['TEST_LOG'])
      console.error(`lost by the broker: ${last.length} of ${by.reduce((a, b) => a + b, 0)}`);
  }, 120_000);

  test('of PostgreSQL', async () => {
    for (let kill = 0; kill < 2; kill += 1) {
      await load(BETWEEN);
      // Every process of it at once, as when the machine goes.
      for (const pid of server.pids()) process.kill(pid, 'SIGKILL');
      await server.exited;
      await load(BETWEEN / 2);
      server = await startEmbeddedPostgres({ dataDir: join(temp.path, 'data'), port: server.port });
    }
    await load(BETWEEN);
    await allStored();
  }, 120_000);

  test('and while PostgreSQL stands still the broker keeps what comes, and the head-end no more than it may', async () => {
    await load(BETWEEN);
    const pids = server.pids();
    const before = headEnd.residentMb();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const untilMs = Date.now() + STANDSTILL_MS;
    try {
      await eventually('the time is over', () => Date.now() > untilMs, STANDSTILL_MS + 5_000);
      expect(headEnd.residentMb() - before).toBeLessThan(100);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await load(BETWEEN);
    await allStored();
  }, 180_000);

  test('in the end every day of use is the one of an undisturbed history', async () => {
    loading = false;
    await Promise.all(lanes);
    await allStored();
    const wrong = await withDatabase(
      async (client) =>
        (
          await client.query<{ n: number }>(
            `SELECT count(*)::int AS n FROM daily_usage u WHERE u.quality = 'ACTUAL' AND u.usage_date > '2026-01-01' AND u.energy_wh <> 2400`,
          )
        ).rows[0]!.n,
    );
    expect(wrong).toBe(0);
    const [lost] = await withDatabase(
      async (client) => (await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM uplink_quarantine`)).rows,
    );
    expect(lost!.n).toBe(0);
  }, 60_000);
});
