import { join } from 'node:path';
import mqtt from 'mqtt';
import 'reflect-metadata';
import { startApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { clusterDirOf } from '../src/embedded/postgres-cluster.js';
import { clusterPids } from '../src/embedded/postgres-processes.js';
import { systemActor, type FlowContext } from '../src/flows/context.js';
import { loadSigningKey } from '../src/head-end/signing.js';
import { statement } from '../src/platform/database.js';
import { newId } from '../src/platform/ids.js';
import { loadKey } from '../src/platform/signing-key.js';
import { fleetManifest } from '../src/simulation/fleet-manifest.js';
import { closeInterruptions } from '../src/switching/interruptions.js';
import { orderRestores } from '../src/switching/switch-commands.js';
import { serveBench, tell } from './support/children.js';
import { cpuMs } from './support/processes.js';
import { until } from './support/until.js';
import { LineFrames } from '../src/head-end/line-frames.js';
import { lineOrder, wireOrder, type OrderedMeter, type WireKeys } from './support/wire-orders.js';

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
let app: App | undefined;
let product: { ctx: FlowContext; keys: WireKeys; clusterDir: string; brokerUrl: string };

/** The product as `npm start` starts it, but with a door for orders by the thousand. */
const handlers = {
  /** Starts everything and opens a world. Returns the broker's address and the simulator's manifest. */
  async open(environment: Readonly<Record<string, string>>): Promise<{ brokerUrl: string; manifest: object }> {
    const config = readConfig(
      { PORT: '0', MQTT_PORT: '0', MQTT_USERNAME: HEAD_END, MQTT_PASSWORD: PASSWORD, ...environment },
      ['--no-simulator', '--no-story'],
    );
    app = await startApp(config, { step: tell });
    const { ctx, mqttUrl } = app;
    // A meter that waits for its button would measure the customer.
    await ctx.db.pool.query(`UPDATE meter SET reconnect_mode = 'DIRECT'`);
    // A protected meter (保电) would refuse the bench's cut, and every round would wait for it in vain.
    await ctx.db.pool.query(`DELETE FROM protection`);
    await ctx.db.pool.query('VACUUM ANALYZE');
    const key = loadSigningKey(join(config.DATA_DIR, 'keys', 'head-end.pem'), false);
    // No guard runs: the cuts here are the bench's own, and so is the guard's key.
    const guardKey = loadKey(
      join(config.DATA_DIR, 'bench', 'guard.pem'),
      { role: 'guard', setting: 'the bench' },
      true,
    );
    product = { ctx, keys: { key, guardKey }, clusterDir: clusterDirOf(config.DATA_DIR), brokerUrl: mqttUrl! };
    const downlinkKeys = [
      { kid: key.kid, role: 'head-end' as const, x: key.x },
      { kid: guardKey.kid, role: 'guard' as const, x: guardKey.x },
    ];
    return { brokerUrl: mqttUrl!, manifest: await fleetManifest(ctx, downlinkKeys) };
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
  `SELECT m.serial, g.gateway_number AS gateway, i.id AS installation, greatest(m.sequence, m.reported_sequence)::float8 AS sequence,
          m.codec, m.security_class AS "securityClass"
   FROM meter m JOIN gateway g ON g.id = m.gateway_id JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL`,
);
const CLOSED = statement(
  'bench-closed',
  `SELECT count(*)::int AS n FROM meter WHERE reported_relay IS DISTINCT FROM 'OPEN'`,
);

/**
 * Brings every meter into the state after a cut: the interruptions by one statement, the relays by signed orders on the wire, so that
 * what the product knows of the meters it has heard from themselves.
 */
async function cutAll(): Promise<void> {
  const { ctx, keys, brokerUrl } = product;
  await ctx.db.rows(OPEN_INTERRUPTIONS, [ctx.clock.now()]);
  const meters = await ctx.db.rows<OrderedMeter & { codec: 'JSON' | 'DLT645' }>(METERS);
  const frames = new LineFrames(ctx.meterSecrets, ctx.timeZone);
  const client = await mqtt.connectAsync(brokerUrl, {
    username: HEAD_END,
    password: PASSWORD,
    clientId: 'bench-cutter',
  });
  try {
    for (let start = 0; start < meters.length; start += CUTS_AT_ONCE) {
      const at = ctx.clock.now();
      const orders = await Promise.all(
        meters
          .slice(start, start + CUTS_AT_ONCE)
          .map((meter) =>
            meter.codec === 'DLT645' ? lineOrder(meter, 'CUT', keys, at, frames) : wireOrder(meter, 'CUT', keys, at),
          ),
      );
      await Promise.all(orders.map(({ topic, payload }) => client.publishAsync(topic, payload, { qos: 1 })));
    }
    await until(
      'every meter reports its relay open',
      async () => {
        const left = (await ctx.db.rows<{ n: number }>(CLOSED))[0]!.n;
        if (left > 0) tell(`${left} of ${meters.length} meters still to be cut`);
        return left === 0;
      },
      { everyMs: 200, timeoutMs: 600_000 },
    );
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

const BENCH_ORDER = {
  mode: 'DIRECT',
  modeReason: 'NO_REASON_TO_ARM',
  modeEvidence: 'bench',
  reason: 'ARREARS',
} as const;

/** Queues the restore of every meter in one transaction and waits until each is VERIFIED. */
async function restoreAll(simulatorPid: number): Promise<MassRestore> {
  const { ctx } = product;
  const points = (
    await ctx.db.rows<{
      interruptionId: string;
      servicePointId: string;
      accountId: string;
      meterId: string;
      installationId: string;
      serial: string;
    }>(OPEN_POINTS)
  ).map((point) => ({ ...point, id: newId(), ...BENCH_ORDER }));
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
    await closeInterruptions(
      tx,
      points.map(({ interruptionId }) => interruptionId),
      { actor: ACTOR, at, reason: 'bench' },
    );
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
  const cpu = {
    product: after.product - before.product,
    postgres: after.postgres - before.postgres,
    simulator: after.simulator - before.simulator,
  };
  return {
    elapsedMs,
    cpu,
    ...(await stored(points.map(({ id }) => id))),
    commandIds: new Map(points.map(({ serial, id }) => [serial, id])),
  };
}

function usage(simulatorPid: number): MassRestore['cpu'] {
  return {
    product: cpuMs([process.pid]),
    postgres: cpuMs(clusterPids(product.clusterDir), true),
    simulator: cpuMs([simulatorPid]),
  };
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

serveBench(handlers, async () => app?.stop());
