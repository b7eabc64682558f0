import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LateFeeRule } from '../../src/billing/late-fee-rule.js';
import { putPoliciesInForce } from '../../src/dunning/policies-in-force.js';
import type { DunningPolicy } from '../../src/dunning/policy-schema.js';
import type { FlowContext } from '../../src/flows/context.js';
import type { RunningGuard } from '../../src/guard/start-guard.js';
import { GuardClient } from '../../src/head-end/guard-client.js';
import { startHeadEnd, type HeadEnd } from '../../src/head-end/head-end.js';
import { loadSigningKey, type SigningKey } from '../../src/head-end/signing.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database, statement } from '../../src/platform/database.js';
import { loadKey } from '../../src/platform/signing-key.js';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { fleetManifest } from '../../src/simulation/fleet-manifest.js';
import { secretsOfWorld } from '../../src/simulation/fleet-keys.js';
import { openWorld } from '../../src/simulation/open-world.js';
import { SIMULATION_START, type WorldPlan } from '../../src/simulation/world.js';
import { THRESHOLD_KINDS } from '../../src/switching/threshold-policy.js';
import { DEFAULT_SWITCH_TIMINGS, type SwitchTimings } from '../../src/switching/switch-timings.js';
import { startFleet, type FleetOptions, type RunningFleet } from '../../simulator/fleet.js';
import type { DownlinkKey } from '../../simulator/wire/contract.js';
import { plainChina } from './policies.js';
import { startTestBroker, type BrokerKind, type TestBroker, type TestBrokerOptions } from './brokers.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { createGuardRole, startTestGuard, type Budget, type TestGuardRole } from './test-guard.js';
import { chineseHolidays } from '../../src/platform/holidays.js';

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

/** A Relight of one test file: real database, real broker, real head-end, real guard, simulated meters on the wire. */
export interface TestRelight {
  readonly database: TestDatabase;
  readonly ctx: FlowContext;
  readonly key: SigningKey;
  readonly guardKey: SigningKey;
  /** The guard's folder. */
  readonly guardDir: string;
  /** The guard's read-only role; made with the wire. */
  guardRole: TestGuardRole;
  guard: RunningGuard;
  /** Both keys, as a manifest carries them. */
  readonly downlinkKeys: DownlinkKey[];
  startGuard(budget?: Budget): Promise<RunningGuard>;
  readonly broker: TestBroker;
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

const SMALL_WORLD: WorldPlan = {
  seed: 11,
  districts: 1,
  metersPerDistrict: 12,
  arrearsShare: 1,
  months: 3,
  allInGoodStanding: true,
};

/** Starts one. `wire: false` leaves out head-end, guard and fleet. */
export async function startTestRelight(
  options: {
    plan?: Partial<WorldPlan>;
    timings?: Partial<SwitchTimings>;
    fleet?: Partial<FleetOptions>;
    wire?: boolean;
    /** The embedded one unless given. */
    broker?: BrokerKind;
    /** mosquitto: when it saves. */
    saves?: TestBrokerOptions['saves'];
    /** The guard's budget; ample unless given. */
    budget?: Budget;
    /** The product's own thresholds; ample ones unless asked for. */
    thresholds?: boolean;
    /** The plain policies of China unless given. */
    policies?: readonly DunningPolicy[];
    /** None unless given, so that tests about other things keep their round amounts. */
    lateFeeRule?: LateFeeRule;
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
    timeZone: 'Asia/Shanghai',
    holidays: chineseHolidays,
    policies: await putPoliciesInForce(db, options.policies ?? plainChina(options.lateFeeRule), SIMULATION_START),
    timings: { ...QUICK_TIMINGS, ...options.timings },
    meterSecrets: secretsOfWorld(db),
  };
  if (!options.thresholds) await setAmpleThresholds(db);
  await openWorld(ctx, { ...SMALL_WORLD, ...options.plan }, SIMULATION_START, () => undefined);
  const key = loadSigningKey(join(dir, 'head-end.pem'), true);
  const guardDir = join(dir, 'guard');
  const guardKey = loadKey(join(guardDir, 'guard.pem'), { role: 'guard', setting: 'GUARD_KEY_FILE' }, true);
  const brokerPassword = randomBytes(18).toString('base64url');
  const broker = await startTestBroker(options.broker ?? 'aedes', {
    db,
    log,
    headEndPassword: brokerPassword,
    saves: options.saves,
  });
  const relight: TestRelight = {
    database,
    ctx,
    key,
    guardKey,
    guardDir,
    guardRole: undefined as unknown as TestGuardRole,
    guard: undefined as unknown as RunningGuard,
    downlinkKeys: [
      { kid: key.kid, role: 'head-end', x: key.x },
      { kid: guardKey.kid, role: 'guard', x: guardKey.x },
    ],
    async startGuard(budget = options.budget) {
      relight.guardRole ??= await createGuardRole(ctx, database.url);
      return startTestGuard(ctx, relight.guardRole.url, guardDir, { budget });
    },
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
        new GuardClient({ url: `unix:${join(guardDir, 'guard.sock')}` }, log),
      );
    },
    async startFleet(more) {
      const fleet = await startFleet({
        fleet: await fleetManifest(ctx, relight.downlinkKeys),
        brokerUrl: broker.gatewayUrl,
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
      await relight.guard?.stop();
      await broker.stop();
      await nudges.stop();
      await relight.guardRole?.drop();
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  if (options.wire !== false) {
    relight.guard = await relight.startGuard();
    relight.headEnd = relight.startHeadEnd();
    relight.fleet = await relight.startFleet();
  }
  return relight;
}

const AMPLE = statement(
  'test-ample-thresholds',
  `INSERT INTO cut_threshold_change (id, kind, value, raises, requested_by, requested_at, reason, effective_from)
   SELECT gen_random_uuid(), kind, 1000000000000, false, 'test', '2020-01-01', 'tests about something else', '2020-01-01' FROM unnest($1::text[]) AS kind`,
);

/** Lifts every threshold on cuts, for tests that cut many times in one standing minute. */
export async function setAmpleThresholds(db: Database): Promise<void> {
  await db.rows(AMPLE, [THRESHOLD_KINDS]);
}
