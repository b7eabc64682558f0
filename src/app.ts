import { join } from 'node:path';
import { AuditSealer } from './platform/audit-sealer.js';
import { ProductClock } from './platform/clock.js';
import { Database } from './platform/database.js';
import { createLogger, type Logger } from './platform/log.js';
import { Nudges } from './platform/nudges.js';
import { Scheduler } from './platform/schedules.js';
import { loadKey } from './platform/signing-key.js';
import { putPoliciesInForce } from './dunning/policies-in-force.js';
import { loadPolicyBook, PolicyError, type PolicyBook } from './dunning/policy-book.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/postgres.js';
import type { FlowContext } from './flows/context.js';
import { workDryRun } from './flows/make-dry-run.js';
import { RunWorker } from './flows/run-worker.js';
import { historySchedules, schedulesOf } from './flows/schedules.js';
import { workBillingRun } from './flows/work-billing-run.js';
import { GuardClient } from './head-end/guard-client.js';
import type { HeadEnd } from './head-end/head-end.js';
import { loadSigningKey } from './head-end/signing.js';
import { DEFAULT_SWITCH_TIMINGS } from './switching/switch-timings.js';
import { fleetManifest } from './simulation/fleet-manifest.js';
import { openWorld } from './simulation/open-world.js';
import { SIMULATION_START } from './simulation/world.js';
import { grantGuardReads, guardAccessOf, guardKeyFor } from './app-guard.js';
import { ConfigError, type Config } from './config.js';
import { weatherSchedules } from './app-weather.js';
import { startWire, type Wire } from './app-wire.js';
import { startMessagingPart } from './app-messaging.js';
import { meterSecretsFor } from './app-meter-secrets.js';
import { startApiServer, type RunningApi } from './app-api.js';
import { migrate, openOrm } from './orm.js';
import { calendarOf } from './platform/holidays.js';

/** A running Relight, or the part of it that its role asks for. */
export interface App {
  readonly config: Config;
  readonly ctx: FlowContext;
  readonly databaseUrl: string;
  readonly api: RunningApi | undefined;
  readonly mqttUrl: string | undefined;
  readonly headEnd: HeadEnd | undefined;
  readonly embedded: { readonly postgres: boolean; readonly broker: boolean };
  /** True when this start opened the simulated world. */
  readonly newWorld: boolean;
  /** Told to the user: ports that had to move, and the like. */
  readonly remarks: readonly string[];
  stop(): Promise<void>;
}

/** What the start tells while it goes on; `done` ends the line of the step. */
export interface StartProgress {
  step(text: string): void;
}

/**
 * Starts what the role asks for, in the order in which one part needs the other, and takes everything down again if a part fails.
 * @throws ConfigError for what the user can put right
 */
export async function startApp(config: Config, progress: StartProgress, startGuard?: StartGuard): Promise<App> {
  const log = createLogger(config.LOG_LEVEL);
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const act of undo.splice(0).reverse())
      await act().catch((error: Error) => log.error({ err: error }, 'a part did not stop cleanly'));
  };
  try {
    return await start({ config, log, progress, startGuard }, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a guard that belongs to this product: before the head-end, and it is stopped after it. */
export type StartGuard = (db: Database, databaseUrl: string) => Promise<{ stop(): Promise<void> } | undefined>;

interface StartParts {
  readonly config: Config;
  readonly log: Logger;
  readonly progress: StartProgress;
  readonly startGuard: StartGuard | undefined;
}

async function start(
  { config, log, progress, startGuard }: StartParts,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<App> {
  const remarks: string[] = [];
  const postgres = config.DATABASE_URL ? undefined : await startPostgres(config, log, progress);
  if (postgres) undo.push(() => postgres.stop());
  const databaseUrl = config.DATABASE_URL ?? postgres!.url;
  await migrateOrTell(config, databaseUrl);

  const ctx = await openContext(config, log, databaseUrl, undo);
  const newWorld = config.simulation && config.role === 'all' ? await openSimulatedWorld(ctx, config, progress) : false;

  startSealer(config, ctx, undo);
  const key = loadSigningKey(
    config.HEAD_END_KEY_FILE ?? join(config.DATA_DIR, 'keys', 'head-end.pem'),
    config.simulation,
  );
  const guard = new GuardClient(guardAccessOf(config), log);
  if (config.role === 'all') await grantGuardReads(ctx.db);
  if (startGuard) {
    const guardProcess = await startGuard(ctx.db, databaseUrl);
    if (guardProcess) undo.push(() => guardProcess.stop());
  }
  let wire: Wire = { embedded: false, headEnd: undefined };
  if (config.role === 'all' || config.role === 'head-end') {
    progress.step('starting the head-end');
    wire = await startWire({ config, ctx, key, guard, remarks, undo });
  }
  if (config.role === 'all' || config.role === 'jobs') await startJobs(config, ctx, undo);
  let api: RunningApi | undefined;
  if (config.role === 'all' || config.role === 'api') {
    progress.step('starting the API');
    const downlinkKeys = async () => [
      { kid: key.kid, role: 'head-end' as const, x: key.x },
      ...(await guardKeyFor(config, guard)),
    ];
    const orm = await openOrm(databaseUrl);
    undo.push(() => orm.close(true));
    api = await startApiServer(config, ctx, orm, remarks, {
      manifest: async () => fleetManifest(ctx, await downlinkKeys()),
      downlinkKeys,
      headEndConnected: () => wire.headEnd?.connected,
    });
    undo.push(() => api!.close());
  }
  return {
    config,
    ctx,
    databaseUrl,
    api,
    mqttUrl: wire.mqttUrl,
    get headEnd() {
      return wire.headEnd;
    },
    embedded: { postgres: postgres !== undefined, broker: wire.embedded },
    newWorld,
    remarks,
    stop,
  };
}

/** What every flow works with: database, nudges, clock, and the policies in force. */
async function openContext(
  config: Config,
  log: Logger,
  databaseUrl: string,
  undo: (() => Promise<unknown>)[],
): Promise<FlowContext> {
  const db = new Database(databaseUrl, log);
  undo.push(() => db.close());
  const nudges = new Nudges(databaseUrl, log);
  await nudges.start();
  undo.push(() => nudges.stop());
  const clock = await ProductClock.open(db, config.simulation ? SIMULATION_START : undefined);
  nudges.listen(
    'clock',
    () =>
      void clock
        .reload()
        .catch((error: Error) =>
          log.warn({ err: error }, 'the clock could not be read; the next nudge or schedule will'),
        ),
  );
  const book = readPolicyBook(config);
  const timings = { ...DEFAULT_SWITCH_TIMINGS, ...config.SWITCH_TIMINGS };
  return {
    db,
    clock,
    nudges,
    log,
    timeZone: book.timeZone,
    holidays: calendarOf(book.place),
    policies: await putPoliciesInForce(db, book.policies, clock.now()),
    timings,
    meterSecrets: meterSecretsFor(config, db),
  };
}

/** Whatever is done unasked: schedules, runs, messages. */
async function startJobs(config: Config, ctx: FlowContext, undo: (() => Promise<unknown>)[]): Promise<void> {
  const schedules = [
    ...schedulesOf(ctx),
    ...weatherSchedules(config.WEATHER_DIR, ctx),
    ...historySchedules(config.METER_HISTORY_MONTHS, ctx),
  ];
  const scheduler = new Scheduler(ctx.db, ctx.clock, ctx.nudges, ctx.log, schedules);
  await scheduler.start();
  undo.push(() => scheduler.stop());
  const workers = [
    new RunWorker(ctx, 'billing', (stop) => workBillingRun(ctx, stop)),
    new RunWorker(ctx, 'dry-runs', (stop) => workDryRun(ctx, stop)),
  ];
  for (const worker of workers) {
    worker.start();
    undo.push(() => worker.stop());
  }
  startMessagingPart(config, ctx, undo);
}

/** @throws ConfigError naming file, place, and what would be right */
function readPolicyBook(config: Config): PolicyBook {
  try {
    return loadPolicyBook(config.POLICY);
  } catch (error) {
    if (error instanceof PolicyError) throw new ConfigError(`POLICY: ${error.message}`);
    throw error;
  }
}

function migrateOrTell(config: Config, databaseUrl: string): Promise<void> {
  return migrate(databaseUrl).catch((error: Error) => {
    if (!config.DATABASE_URL) throw error;
    throw new ConfigError(
      `DATABASE_URL does not lead to a usable database: ${error.message}. Check address, user, password and that the user may create tables.`,
    );
  });
}

function startPostgres(config: Config, log: Logger, progress: StartProgress): Promise<EmbeddedPostgres> {
  progress.step('starting PostgreSQL');
  return startEmbeddedPostgres({ dataDir: config.DATA_DIR, log });
}

async function openSimulatedWorld(ctx: FlowContext, config: Config, progress: StartProgress): Promise<boolean> {
  let fresh = false;
  const plan = {
    seed: config.SEED,
    districts: config.SIMULATED_DISTRICTS,
    metersPerDistrict: config.SIMULATED_METERS,
    arrearsShare: config.SIMULATED_ARREARS_SHARE,
    dlt645Share: config.SIMULATED_DLT645_SHARE,
    lineBaud: config.SIMULATED_LINE_BAUD,
    dunned: true,
    months: config.SIMULATED_MONTHS,
  };
  await openWorld(ctx, plan, SIMULATION_START, (share) => {
    fresh = true;
    progress.step(`opening the simulated district: ${Math.round(share * 100)} %`);
  });
  return fresh;
}

/** Begun before whatever writes the audit, and so ended after it: the last entries are sealed too. */
function startSealer(config: Config, ctx: FlowContext, undo: (() => Promise<unknown>)[]): void {
  if (config.role !== 'all' && config.role !== 'jobs') return;
  const path = config.AUDIT_KEY_FILE ?? join(config.DATA_DIR, 'keys', 'audit.pem');
  const key = loadKey(path, { role: 'audit', setting: 'AUDIT_KEY_FILE' }, config.simulation);
  const checkpointFile = config.AUDIT_CHECKPOINT_FILE ?? join(config.DATA_DIR, 'audit', 'checkpoints.jsonl');
  const sealer = new AuditSealer({ db: ctx.db, clock: ctx.clock, log: ctx.log, key, checkpointFile });
  sealer.start();
  undo.push(() => sealer.stop());
}
