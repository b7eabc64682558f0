import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ProductClock } from './platform/clock.js';
import { Database } from './platform/database.js';
import { chineseHolidays } from './platform/holidays.js';
import { createLogger, type Logger } from './platform/log.js';
import { Nudges } from './platform/nudges.js';
import { Scheduler } from './platform/schedules.js';
import { startEmbeddedBroker, type EmbeddedBroker } from './embedded/broker.js';
import { loginsFrom } from './embedded/gateway-login.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/postgres.js';
import type { FlowContext } from './flows/context.js';
import { schedulesOf } from './flows/schedules.js';
import { startHeadEnd, type HeadEnd } from './head-end/head-end.js';
import { loadSigningKey, type SigningKey } from './head-end/signing.js';
import { DEFAULT_SWITCH_TIMINGS } from './switching/switch-timings.js';
import { fleetManifest } from './simulation/fleet-manifest.js';
import { openWorld } from './simulation/open-world.js';
import { SIMULATION_START } from './simulation/world.js';
import { onFreePort } from './app-ports.js';
import { CHINA_CUT_POLICY, ConfigError, type Config } from './config.js';
import { startApiServer, type RunningApi } from './app-api.js';
import { migrate, openOrm } from './orm.js';

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
export async function startApp(config: Config, progress: StartProgress): Promise<App> {
  const log = createLogger(config.LOG_LEVEL);
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const act of undo.splice(0).reverse())
      await act().catch((error: Error) => log.error({ err: error }, 'a part did not stop cleanly'));
  };
  try {
    return await start(config, log, progress, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  log: Logger,
  progress: StartProgress,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<App> {
  const remarks: string[] = [];
  const postgres = config.DATABASE_URL ? undefined : await startPostgres(config, log, progress);
  if (postgres) undo.push(() => postgres.stop());
  const databaseUrl = config.DATABASE_URL ?? postgres!.url;
  await migrateOrTell(config, databaseUrl);

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
  const timings = { ...DEFAULT_SWITCH_TIMINGS, ...config.SWITCH_TIMINGS };
  const ctx: FlowContext = { db, clock, nudges, log, timeZone: CHINA_CUT_POLICY.timeZone,
    cutPolicy: CHINA_CUT_POLICY, timings, holidays: chineseHolidays };
  const newWorld = config.simulation && config.role === 'all' ? await openSimulatedWorld(ctx, config, progress) : false;

  const key = loadSigningKey(
    config.HEAD_END_KEY_FILE ?? join(config.DATA_DIR, 'keys', 'head-end.pem'),
    config.simulation,
  );
  const wire = await startWire(config, ctx, key, remarks, undo, progress);
  if (config.role === 'all' || config.role === 'jobs') {
    const scheduler = new Scheduler(db, clock, nudges, log, schedulesOf(ctx));
    await scheduler.start();
    undo.push(() => scheduler.stop());
  }
  let api: RunningApi | undefined;
  if (config.role === 'all' || config.role === 'api') {
    progress.step('starting the API');
    const orm = await openOrm(databaseUrl);
    undo.push(() => orm.close(true));
    api = await startApiServer(config, ctx, orm, remarks, {
      manifest: () => fleetManifest(ctx, [{ kid: key.kid, role: 'head-end', x: key.x }]),
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
    headEnd: wire.headEnd,
    embedded: { postgres: postgres !== undefined, broker: wire.embedded },
    newWorld,
    remarks,
    stop,
  };
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
    months: config.SIMULATED_MONTHS,
  };
  await openWorld(ctx, plan, SIMULATION_START, (share) => {
    fresh = true;
    progress.step(`opening the simulated district: ${Math.round(share * 100)} %`);
  });
  return fresh;
}

async function startWire(
  config: Config,
  ctx: FlowContext,
  key: SigningKey,
  remarks: string[],
  undo: (() => Promise<unknown>)[],
  progress: StartProgress,
): Promise<{ mqttUrl?: string; headEnd?: HeadEnd; embedded: boolean }> {
  if (config.role !== 'all' && config.role !== 'head-end') return { embedded: false };
  progress.step('starting the head-end');
  const password = config.MQTT_PASSWORD ?? randomBytes(24).toString('base64url');
  let broker: EmbeddedBroker | undefined;
  if (!config.MQTT_URL) {
    broker = await startBroker(config, ctx, password, remarks);
    undo.push(() => broker!.stop());
  }
  const url = config.MQTT_URL ?? broker!.url;
  const headEnd = startHeadEnd(ctx, { url, username: config.MQTT_USERNAME, password, clientId: config.INSTANCE }, key);
  undo.push(() => headEnd.stop());
  return { mqttUrl: url, headEnd, embedded: broker !== undefined };
}

const DEFAULT_MQTT_PORT = 1883;

async function startBroker(
  config: Config,
  ctx: FlowContext,
  password: string,
  remarks: string[],
): Promise<EmbeddedBroker> {
  const authenticate = loginsFrom(ctx.db, { username: config.MQTT_USERNAME, password });
  const listen = (port: number) => startEmbeddedBroker({ host: config.HOST, port, authenticate, log: ctx.log });
  return onFreePort('MQTT_PORT', config.MQTT_PORT, DEFAULT_MQTT_PORT, listen, remarks);
}
