import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { CHINA_CUT_POLICY } from '../src/config.js';
import { startEmbeddedBroker } from '../src/embedded/broker.js';
import { loginsFrom } from '../src/embedded/gateway-login.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/embedded/postgres.js';
import { systemActor, type FlowContext } from '../src/flows/context.js';
import { schedulesOf } from '../src/flows/schedules.js';
import { startHeadEnd } from '../src/head-end/head-end.js';
import { loadSigningKey, type SigningKey } from '../src/head-end/signing.js';
import { migrate } from '../src/orm.js';
import { ProductClock } from '../src/platform/clock.js';
import { Database, statement } from '../src/platform/database.js';
import { chineseHolidays } from '../src/platform/holidays.js';
import { newId } from '../src/platform/ids.js';
import { createLogger } from '../src/platform/log.js';
import { Nudges } from '../src/platform/nudges.js';
import { Scheduler } from '../src/platform/schedules.js';
import { fleetManifest } from '../src/simulation/fleet-manifest.js';
import { openWorld } from '../src/simulation/open-world.js';
import { SIMULATION_START, type WorldPlan } from '../src/simulation/world.js';
import { closeInterruptions } from '../src/switching/interruptions.js';
import { orderRestores } from '../src/switching/switch-commands.js';
import { DEFAULT_SWITCH_TIMINGS } from '../src/switching/switch-timings.js';
import { serveBench, tell } from './support/children.js';
import { cpuMs } from './support/processes.js';
import { until } from './support/until.js';
import { wireOrder, type OrderedMeter } from './support/wire-orders.js';

/** One mass restore, from the commit of the orders to the last proof. */
export interface MassRestore {
  readonly elapsedMs: number;
  /** Processor time used meanwhile, ms. */
  readonly cpu: { readonly product: number; readonly postgres: number; readonly simulator: number };
  /** What the database holds afterwards. */
  readonly states: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly auditEntries: number;
  readonly commandIds: ReadonlyMap<string, string>;
}

const HEAD_END = 'head-end';
const PASSWORD = 'bench-head-end-password';
const ACTOR = systemActor('bench');
const CUTS_AT_ONCE = 200;
const undo: (() => Promise<unknown>)[] = [];
let product: { ctx: FlowContext; key: SigningKey; postgres: EmbeddedPostgres; brokerUrl: string };

/** The product without its API, put together as app.ts does, in a process of its own. */
const handlers = {
  /** Starts everything and opens a world of cuttable meters. Returns the broker's address and the simulator's manifest. */
  async open(options: { readonly dataDir: string; readonly plan: WorldPlan }): Promise<{ brokerUrl: string; manifest: object }> {
    const { dataDir, plan } = options;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const log = createLogger(process.env['LOG_LEVEL'] ?? 'warn');
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    undo.push(() => postgres.stop());
    await migrate(postgres.url);
    const db = new Database(postgres.url, log);
    undo.push(() => db.close());
    const nudges = new Nudges(postgres.url, log);
    await nudges.start();
    undo.push(() => nudges.stop());
    const clock = await ProductClock.open(db, SIMULATION_START);
    const ctx: FlowContext = { db, clock, nudges, log, cutPolicy: CHINA_CUT_POLICY, timings: DEFAULT_SWITCH_TIMINGS, holidays: chineseHolidays };
    await openWorld(ctx, plan, SIMULATION_START, (share) => tell(`opening the simulated world: ${Math.round(share * 100)} %`));
    // A meter that waits for its button would measure the customer.
    await db.pool.query(`UPDATE meter SET reconnect_mode = 'DIRECT'`);
    await db.pool.query('VACUUM ANALYZE');
    const key = loadSigningKey(join(dataDir, 'keys', 'head-end.pem'), true);
    const authenticate = loginsFrom(db, { username: HEAD_END, password: PASSWORD });
    const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, authenticate, log });
    undo.push(() => broker.stop());
    const headEnd = startHeadEnd(ctx, { url: broker.url, username: HEAD_END, password: PASSWORD, clientId: 'relight-1' }, key);
    undo.push(() => headEnd.stop());
    const scheduler = new Scheduler(db, clock, nudges, log, schedulesOf(ctx));
    await scheduler.start();
    undo.push(() => scheduler.stop());
    product = { ctx, key, postgres, brokerUrl: broker.url };
    return { brokerUrl: broker.url, manifest: await fleetManifest(ctx, [{ kid: key.kid, role: 'head-end', x: key.x }]) };
  },
  cutAll,
  restoreAll,
};
export type ProductProcess = typeof handlers;

const OPEN_INTERRUPTIONS = statement(
  'bench-open-interruptions',
  `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by)
   SELECT uuidv7(), id, account_id, 'ARREARS', $1, 'bench' FROM service_point`,
);
const METERS = statement(
  'bench-meters',
  `SELECT m.serial, g.gateway_number AS gateway, i.id AS installation, greatest(m.sequence, m.reported_sequence)::float8 AS sequence
   FROM meter m JOIN gateway g ON g.id = m.gateway_id JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL`,
);
const CLOSED = statement('bench-closed', `SELECT count(*)::int AS n FROM meter WHERE reported_relay IS DISTINCT FROM 'OPEN'`);

/**
 * Brings every meter into the state after a cut: the interruptions by one statement, the relays by signed orders on the wire, so that
 * what the product knows of the meters it has heard from themselves.
 */
async function cutAll(): Promise<void> {
  const { ctx, key, brokerUrl } = product;
  await ctx.db.rows(OPEN_INTERRUPTIONS, [ctx.clock.now()]);
  const meters = await ctx.db.rows<OrderedMeter>(METERS);
  const client = await mqtt.connectAsync(brokerUrl, { username: HEAD_END, password: PASSWORD, clientId: 'bench-cutter' });
  try {
    for (let start = 0; start < meters.length; start += CUTS_AT_ONCE) {
      const orders = meters.slice(start, start + CUTS_AT_ONCE).map((meter) => wireOrder(meter, 'CUT', key, ctx.clock.now()));
      await Promise.all(orders.map(({ topic, payload }) => client.publishAsync(topic, payload, { qos: 1 })));
    }
    await until('every meter reports its relay open', async () => (await ctx.db.rows<{ n: number }>(CLOSED))[0]!.n === 0, { everyMs: 200 });
  } finally {
    await client.endAsync();
  }
}

const OPEN_POINTS = statement(
  'bench-open-points',
  `SELECT x.id AS "interruptionId", sp.id AS "servicePointId", sp.account_id AS "accountId", i.meter_id AS "meterId", i.id AS "installationId", m.serial
   FROM interruption x JOIN service_point sp ON sp.id = x.service_point_id
     JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL JOIN meter m ON m.id = i.meter_id
   WHERE x.closed_at IS NULL`,
);

/** Queues the restore of every meter in one transaction and waits until each is VERIFIED. */
async function restoreAll(simulatorPid: number): Promise<MassRestore> {
  const { ctx } = product;
  const points = (await ctx.db.rows<{ interruptionId: string; servicePointId: string; accountId: string; meterId: string; installationId: string; serial: string }>(OPEN_POINTS)).map(
    (point) => ({ ...point, id: newId(), mode: 'DIRECT' as const, reason: 'ARREARS' as const }),
  );
  const pending = new Set(points.map(({ id }) => id));
  // Told after the commit that holds the proof: the moment at which a watcher could know.
  let finish!: () => void;
  const finished = new Promise<void>((done) => (finish = done));
  const unlisten = ctx.nudges.listen('changed', (ids) => {
    for (const id of ids) pending.delete(id);
    if (pending.size === 0) finish();
  });
  let startedAtMs = 0;
  let before = usage(simulatorPid);
  const at = ctx.clock.now();
  await ctx.db.transaction('bench-restore-all', async (tx) => {
    await closeInterruptions(tx, points.map(({ interruptionId }) => interruptionId), { actor: ACTOR, at, reason: 'bench' });
    const { remoteWindowMs, armedWindowMs } = ctx.timings;
    await orderRestores(tx, points, { actor: ACTOR, at, reason: 'bench', remoteWindowMs, armedWindowMs });
    tx.afterCommit(() => {
      before = usage(simulatorPid);
      startedAtMs = performance.now();
      ctx.nudges.nudge('commands');
    });
  });
  await finished;
  const elapsedMs = performance.now() - startedAtMs;
  const after = usage(simulatorPid);
  unlisten();
  const cpu = { product: after.product - before.product, postgres: after.postgres - before.postgres, simulator: after.simulator - before.simulator };
  return { elapsedMs, cpu, ...(await stored(points.map(({ id }) => id))), commandIds: new Map(points.map(({ serial, id }) => [serial, id])) };
}

function usage(simulatorPid: number): MassRestore['cpu'] {
  return { product: cpuMs([process.pid]), postgres: cpuMs(product.postgres.pids(), true), simulator: cpuMs([simulatorPid]) };
}

const STATES = statement(
  'bench-states',
  `SELECT state, count(*)::int AS n, sum(attempts)::int AS attempts FROM switch_command WHERE id = ANY($1::uuid[]) GROUP BY state`,
);
const AUDIT = statement('bench-audit', `SELECT count(*)::int AS n FROM audit_entry WHERE subject_id = ANY($1::uuid[])`);

async function stored(ids: readonly string[]): Promise<Pick<MassRestore, 'states' | 'attempts' | 'auditEntries'>> {
  const rows = await product.ctx.db.rows<{ state: string; n: number; attempts: number }>(STATES, [ids]);
  const [audit] = await product.ctx.db.rows<{ n: number }>(AUDIT, [ids]);
  return {
    states: Object.fromEntries(rows.map(({ state, n }) => [state, n])),
    attempts: rows.reduce((sum, { attempts }) => sum + attempts, 0),
    auditEntries: audit!.n,
  };
}

serveBench(handlers, async () => {
  for (const act of undo.splice(0).reverse()) await act();
});
