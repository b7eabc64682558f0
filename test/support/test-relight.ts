import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHINA_CUT_POLICY } from '../../src/config.js';
import { startEmbeddedBroker, type EmbeddedBroker } from '../../src/embedded/broker.js';
import { loginsFrom } from '../../src/embedded/gateway-login.js';
import type { FlowContext } from '../../src/flows/context.js';
import { startHeadEnd, type HeadEnd } from '../../src/head-end/head-end.js';
import { loadSigningKey, type SigningKey } from '../../src/head-end/signing.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database, statement } from '../../src/platform/database.js';
import { chineseHolidays } from '../../src/platform/holidays.js';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { fleetManifest } from '../../src/simulation/fleet-manifest.js';
import { openWorld } from '../../src/simulation/open-world.js';
import { SIMULATION_START, type WorldPlan } from '../../src/simulation/world.js';
import { DEFAULT_SWITCH_TIMINGS, type SwitchTimings } from '../../src/switching/switch-timings.js';
import { startFleet, type FleetOptions, type RunningFleet } from '../../simulator/fleet.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** Waits short enough for tests: everything else as in the product. */
export const QUICK_TIMINGS: SwitchTimings = {
  ...DEFAULT_SWITCH_TIMINGS,
  ackTimeoutMs: 400,
  proofTimeoutMs: 200,
  readTimeoutMs: 150,
  maxReadWaitMs: 600,
  armedReadMs: 300,
  remoteWindowMs: 6_000,
  armedWindowMs: 6_000,
};

/** A person acting in a test. */
export const person = (id: string) => ({ kind: 'PERSON', id }) as const;

/** A Relight of one test file: real database, real broker, real head-end, simulated meters on the wire. */
export interface TestRelight {
  readonly database: TestDatabase;
  readonly ctx: FlowContext;
  readonly key: SigningKey;
  readonly broker: EmbeddedBroker;
  readonly brokerPassword: string;
  readonly dir: string;
  fleet: RunningFleet;
  headEnd: HeadEnd;
  startFleet(options?: Partial<FleetOptions>): Promise<RunningFleet>;
  startHeadEnd(): HeadEnd;
  /** One statement for looking, by its text. */
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

const SMALL_WORLD: WorldPlan = { seed: 11, districts: 1, metersPerDistrict: 12, arrearsShare: 1, months: 3 };

/** Starts one. `wire: false` leaves out broker, head-end and fleet. */
export async function startTestRelight(
  options: {
    plan?: Partial<WorldPlan>;
    timings?: Partial<SwitchTimings>;
    fleet?: Partial<FleetOptions>;
    wire?: boolean;
  } = {},
): Promise<TestRelight> {
  const database = await createTestDatabase();
  const log = createLogger(process.env['TEST_LOG'] ?? 'fatal');
  const dir = mkdtempSync(join(tmpdir(), 'relight-flow-'));
  const db = new Database(database.url, log);
  const nudges = new Nudges(database.url, log);
  await nudges.start();
  const clock = await ProductClock.open(db, SIMULATION_START);
  nudges.listen('clock', () => void clock.reload().catch(() => undefined));
  const ctx: FlowContext = {
    db,
    clock,
    nudges,
    log,
    timeZone: CHINA_CUT_POLICY.timeZone,
    cutPolicy: CHINA_CUT_POLICY,
    timings: { ...QUICK_TIMINGS, ...options.timings },
    holidays: chineseHolidays,
  };
  await openWorld(ctx, { ...SMALL_WORLD, ...options.plan }, SIMULATION_START, () => undefined);
  const key = loadSigningKey(join(dir, 'head-end.pem'), true);
  const brokerPassword = randomBytes(18).toString('base64url');
  const broker = await startEmbeddedBroker({
    host: '127.0.0.1',
    port: 0,
    authenticate: loginsFrom(db, { username: 'head-end', password: brokerPassword }),
    log,
  });
  const relight: TestRelight = {
    database,
    ctx,
    key,
    broker,
    brokerPassword,
    dir,
    fleet: undefined as unknown as RunningFleet,
    headEnd: undefined as unknown as HeadEnd,
    startHeadEnd() {
      return startHeadEnd(
        ctx,
        {
          url: broker.url,
          username: 'head-end',
          password: brokerPassword,
          clientId: `test-${randomBytes(4).toString('hex')}`,
        },
        key,
      );
    },
    async startFleet(more) {
      const fleet = await startFleet({
        fleet: await fleetManifest(ctx, [{ kid: key.kid, role: 'head-end', x: key.x }]),
        brokerUrl: broker.url,
        seed: 3,
        relayMs: 5,
        spreadMs: 0,
        log: process.env['TEST_LOG'] ? (line) => console.error(line) : undefined,
        ...options.fleet,
        ...more,
      });
      await fleet.ready;
      return fleet;
    },
    sql: <Row>(text: string, values: readonly unknown[] = []) =>
      db.rows<Row>(statement(`test: ${text}`.slice(0, 60) + text.length, text), values),
    async stop() {
      await relight.fleet?.stop();
      await relight.headEnd?.stop();
      await broker.stop();
      await nudges.stop();
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  if (options.wire !== false) {
    relight.headEnd = relight.startHeadEnd();
    relight.fleet = await relight.startFleet();
  }
  return relight;
}
