import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/embedded/postgres.js';
import { migrate } from '../src/orm.js';
import { buildWorld, PERIOD_TO } from './support/billing-world.js';
import { startChild, type Child } from './support/children.js';
import type { Cleanup } from './support/cleanup.js';
import { copyRows } from './support/copy-rows.js';
import { Mosquitto } from './support/mosquitto.js';
import type { BenchOptions } from './support/options.js';
import { cpuMs } from './support/processes.js';
import { step } from './support/progress.js';
import { atLeast, equal, type Check, type Figure, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';
import { until } from './support/until.js';
import type { Telemetry, TelemetryGateways } from './telemetry-gateways.js';
import type { TelemetryHeadEnd } from './telemetry-head-end.js';
import { HEAD_END_PASSWORD, KEY_SEED } from './support/telemetry-logins.js';
import { gatewayPassword } from '../simulator/wire/keys.js';

const SIZES = {
  full: { meters: 100_000, metersPerGateway: 2_000, rounds: 3, daysPerMessage: 4 },
  quick: { meters: 5_000, metersPerGateway: 500, rounds: 1, daysPerMessage: 4 },
};
const BAR_SHARE = 0.3;
const STEP_WH = 7_000;
const FIRST_DAY_MS = Date.parse(`${PERIOD_TO}T00:00:00+08:00`);
const DAY_MS = 86_400_000;
const FLOOR_TABLES = `
  CREATE SCHEMA bench_floor;
  CREATE TABLE bench_floor.reading (LIKE public.reading INCLUDING ALL) PARTITION BY RANGE (read_at);
  CREATE TABLE bench_floor.reading_2026_06 PARTITION OF bench_floor.reading FOR VALUES FROM ('2025-01-01') TO ('2026-07-01');
  CREATE TABLE bench_floor.reading_2026_07 PARTITION OF bench_floor.reading FOR VALUES FROM ('2026-07-01') TO ('2026-08-01');
  CREATE TABLE bench_floor.reading_2026_08 PARTITION OF bench_floor.reading FOR VALUES FROM ('2026-08-01') TO ('2026-09-01');
  CREATE TABLE bench_floor.reading_2026_09 PARTITION OF bench_floor.reading FOR VALUES FROM ('2026-09-01') TO ('2026-12-01');
  INSERT INTO bench_floor.reading SELECT * FROM public.reading`;
const COLUMNS = 'meter_id, installation_id, read_at, energy_wh, quality, cause, flags, usable, received_at, revision';

interface Round {
  readonly productMs: number;
  readonly brokerMs: number;
  readonly copyMs: number;
  readonly messages: number;
  readonly rows: number;
  readonly cpu: Readonly<Record<'headEnd' | 'postgres' | 'mosquitto', number>>;
  readonly peakMb: number;
}

interface Parts {
  readonly database: pg.Client;
  readonly postgresPids: () => number[];
  readonly mosquittoPid: number;
  readonly product: { head: Child<TelemetryHeadEnd>; gateways: Child<TelemetryGateways> };
  readonly bare: { head: Child<TelemetryHeadEnd>; gateways: Child<TelemetryGateways> };
}

/**
 * Midnight of a city: every meter's register through mosquitto into PostgreSQL. Beside it the two floors: COPY of the rows that came of
 * it into a table of the same shape, and the same messages to a bare subscriber that acknowledges at once.
 */
export async function telemetry(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  const parts = await open(size, options, cleanup);
  const registers = (
    await parts.database.query<{ wh: number }>(
      `SELECT r.energy_wh::float8 AS wh FROM meter m JOIN reading r ON r.meter_id = m.id AND r.read_at = $1 ORDER BY m.serial`,
      [new Date(FIRST_DAY_MS)],
    )
  ).rows.map(({ wh }) => wh);
  let day = 0;
  const play = async (days: number, checks: Check[]): Promise<Round> => {
    const instants = Array.from({ length: days }, (_, n) =>
      new Date(FIRST_DAY_MS + (day + n + 1) * DAY_MS).toISOString(),
    );
    const first = registers.map((wh) => wh + (day + 1) * STEP_WH);
    day += days;
    return playRound(parts, { instants, registers: first, stepWh: STEP_WH }, checks);
  };
  const checks: Check[] = [];
  const one: Round[] = [];
  const many: Round[] = [];
  for (let round = 0; round <= size.rounds; round += 1) {
    step(`round ${round} of ${size.rounds}: one reading a message`);
    const single = await play(1, checks);
    step(`round ${round} of ${size.rounds}: ${size.daysPerMessage} readings a message`);
    const several = await play(size.daysPerMessage, checks);
    // Round 0 warms up all sides and is not counted.
    if (round > 0) {
      one.push(single);
      many.push(several);
    }
    if (checks.some(({ holds }) => !holds)) break;
  }
  return outcomeOf(size, one, many, checks);
}

async function open(
  size: { meters: number; metersPerGateway: number },
  options: BenchOptions,
  cleanup: Cleanup,
): Promise<Parts> {
  step('starting PostgreSQL');
  const server = await startEmbeddedPostgres({ dataDir: join(cleanup.directory(), 'data') });
  cleanup.defer(() => server.stop());
  await migrate(server.url);
  const database = new pg.Client({ connectionString: server.url });
  await database.connect();
  cleanup.defer(() => database.end());
  step(`making ${size.meters} meters`);
  await database.query(`SELECT ensure_reading_partitions('2026-01-01', '2026-11-01')`);
  await buildWorld(database, { accounts: size.meters, accountsPerDistrict: size.metersPerGateway });
  await database.query(FLOOR_TABLES);
  const { rows: meters } = await database.query<{ serial: string; gateway: string }>(
    `SELECT m.serial, g.gateway_number AS gateway FROM meter m JOIN gateway g ON g.id = m.gateway_id ORDER BY m.serial`,
  );
  const numbers = [...new Set(meters.map(({ gateway }) => gateway))];
  // Two brokers of the same kind, so that neither side finds the other's sessions there.
  const [forProduct, forBare] = [await broker(numbers, cleanup), await broker(numbers, cleanup)];
  const side = async (to: Mosquitto, name: string) => {
    const head = startChild<TelemetryHeadEnd>('telemetry-head-end.js', cleanup, options.profiling(`telemetry-${name}`));
    const gateways = startChild<TelemetryGateways>('telemetry-gateways.js', cleanup);
    await gateways.call('connect', to.gatewayUrl, meters);
    return { head, gateways };
  };
  const product = await side(forProduct, 'product');
  await product.head.call('open', server.url, forProduct.url);
  const bare = await side(forBare, 'bare');
  await bare.head.call('openBare', forBare.url);
  return { database, postgresPids: server.pids, mosquittoPid: forProduct.pid, product, bare };
}

/**
 * A mosquitto as `npm run broker-config -- --saves each-second` configures it. That is
 * fifty times faster than saving at every change (docs/telemetry.md), so the floor is the harder one.
 */
async function broker(gateways: readonly string[], cleanup: Cleanup): Promise<Mosquitto> {
  const mosquitto = await Mosquitto.start({
    dir: cleanup.directory(),
    logins: [
      { user: 'head-end', password: HEAD_END_PASSWORD },
      ...gateways.map((user) => ({ user, password: gatewayPassword(KEY_SEED, user) })),
    ],
    saves: 'each-second',
  });
  cleanup.defer(() => mosquitto.stop());
  return mosquitto;
}

async function playRound(parts: Parts, said: Telemetry, checks: Check[]): Promise<Round> {
  const { database, product, bare } = parts;
  const messages = said.registers.length;
  const rows = messages * said.instants.length;
  await product.head.call('setNow', new Date(Date.parse(said.instants.at(-1)!) + 60_000).toISOString());
  const usage = async () => ({
    headEnd: (await product.head.call('usage')).cpuMs,
    postgres: cpuMs(parts.postgresPids(), true),
    mosquitto: cpuMs([parts.mosquittoPid]),
  });
  const before = await usage();
  const productMs = await publishAndTake(product, said);
  const after = await usage();
  const brokerMs = await publishAndTake(bare, said);
  const copyMs = await copyFloor(database, said);
  checks.push(...(await storedChecks(database, said, messages)));
  return {
    productMs,
    brokerMs,
    copyMs,
    messages,
    rows,
    cpu: {
      headEnd: after.headEnd - before.headEnd,
      postgres: after.postgres - before.postgres,
      mosquitto: after.mosquitto - before.mosquitto,
    },
    peakMb: (await product.head.call('usage')).peakMb,
  };
}

/** From the first PUBLISH to the last message taken (and, by the product, committed), ms. */
async function publishAndTake({ head, gateways }: Parts['product'], said: Telemetry): Promise<number> {
  await gateways.call('prepare', said);
  const wanted = (await head.call('taken')) + said.registers.length;
  const startedAtMs = performance.now();
  const published = gateways.call('publish');
  await until('all messages are taken', async () => (await head.call('taken')) >= wanted, {
    everyMs: 10,
    timeoutMs: 300_000,
  });
  const elapsedMs = performance.now() - startedAtMs;
  await published;
  return elapsedMs;
}

async function copyFloor(database: pg.Client, said: Telemetry): Promise<number> {
  const { rows } = await database.query<{ lines: string }>(
    `SELECT string_agg(concat_ws(E'\\t', meter_id, installation_id, read_at, energy_wh, quality, cause, flags, usable, received_at, revision), E'\\n' ORDER BY received_at, meter_id, read_at) AS lines
     FROM reading WHERE read_at = ANY($1::timestamptz[]) GROUP BY read_at`,
    [said.instants],
  );
  const lines = Buffer.from(rows.map((row) => `${row.lines}\n`).join(''));
  const startedAtMs = performance.now();
  await copyRows(database, `COPY bench_floor.reading (${COLUMNS}) FROM STDIN`, lines);
  return performance.now() - startedAtMs;
}

async function storedChecks(database: pg.Client, said: Telemetry, messages: number): Promise<Check[]> {
  const { rows } = await database.query<{
    stored: number;
    usable: number;
    energy: string;
    days: number;
    copied: number;
  }>(
    `SELECT (SELECT count(*)::int FROM reading WHERE read_at = ANY($1::timestamptz[])) AS stored,
       (SELECT count(*)::int FROM reading WHERE read_at = ANY($1::timestamptz[]) AND usable) AS usable,
       (SELECT sum(energy_wh)::text FROM reading WHERE read_at = ANY($1::timestamptz[])) AS energy,
       (SELECT count(*)::int FROM bench_floor.reading WHERE read_at = ANY($1::timestamptz[])) AS copied,
       (SELECT count(*)::int FROM daily_usage WHERE quality = 'ACTUAL' AND energy_wh = $2
          AND usage_date = ANY(SELECT ((i - interval '1 hour') AT TIME ZONE 'Asia/Shanghai')::date FROM unnest($1::timestamptz[]) AS i)) AS days`,
    [said.instants, STEP_WH],
  );
  const expected = messages * said.instants.length;
  const energy = said.registers.reduce(
    (sum, wh) => sum + said.instants.reduce((s, _, n) => s + wh + n * STEP_WH, 0),
    0,
  );
  const found = rows[0]!;
  return [
    equal('readings stored, each once', found.stored, expected),
    equal('of them usable', found.usable, expected),
    equal('sum of their registers, Wh', found.energy, String(energy)),
    equal('days of use derived', found.days, expected),
    equal('rows copied by the floor', found.copied, expected),
  ];
}

function outcomeOf(size: typeof SIZES.full, one: Round[], many: Round[], checks: Check[]): Outcome {
  const perSecond = (rounds: Round[], pick: (round: Round) => number): number =>
    rounded(median(rounds.map((round) => (round.rows * 1_000) / pick(round))), 0);
  const share = (rounds: Round[]): number =>
    rounded(median(rounds.map((round) => Math.max(round.brokerMs, round.copyMs) / round.productMs)), 3);
  const figuresOf = (what: string, rounds: Round[]): Figure[] => [
    { what: `${what}: stored`, value: perSecond(rounds, ({ productMs }) => productMs), unit: 'readings/s' },
    { what: `${what}: floor, bare broker`, value: perSecond(rounds, ({ brokerMs }) => brokerMs), unit: 'readings/s' },
    { what: `${what}: floor, COPY`, value: perSecond(rounds, ({ copyMs }) => copyMs), unit: 'readings/s' },
    ...(['headEnd', 'postgres', 'mosquitto'] as const).map((part) => ({
      what: `${what}: processor time of ${part}, per reading`,
      value: rounded(median(rounds.map(({ cpu, rows }) => (cpu[part] * 1_000) / rows)), 1),
      unit: 'µs',
    })),
  ];
  return {
    parameters: size,
    figures: [
      ...figuresOf('one a message', one),
      ...figuresOf(`${size.daysPerMessage} a message`, many),
      {
        what: 'midnight of all meters, first PUBLISH to last commit',
        value: rounded(median(one.map(({ productMs }) => productMs / 1_000))),
        unit: 's',
      },
      {
        what: 'resident memory of the head-end at its greatest',
        value: rounded(Math.max(...one.map(({ peakMb }) => peakMb)), 0),
        unit: 'MB',
      },
    ],
    bars: [
      atLeast('one a message: share of the lower floor', share(one), BAR_SHARE, 'of floor'),
      atLeast('several a message: share of the lower floor', share(many), BAR_SHARE, 'of floor'),
    ],
    checks: failedOrOne(checks),
    detail: { one, many },
  };
}

/** The same condition holds in every round: it is told once, or as often as it broke. */
function failedOrOne(checks: readonly Check[]): Check[] {
  return [...Map.groupBy(checks, ({ what }) => what).values()].flatMap((same) => {
    const broken = same.filter(({ holds }) => !holds);
    return broken.length > 0 ? broken : [same.at(-1)!];
  });
}
