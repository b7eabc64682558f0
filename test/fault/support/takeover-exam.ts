import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { wireOrder } from '../../../bench/support/wire-orders.js';
import { PROBE_PASSWORD, type BrokerKind } from '../../support/brokers.js';
import { eventually } from '../../support/eventually.js';
import { startTestRelight, type TestRelight } from '../../support/test-relight.js';
import { Dice } from '../../support/wire-model.js';
import { HeadEndProcess } from './head-end-process.js';

/** What happens to a head-end while the load goes on, and when, ms after its beginning. */
export interface Blow {
  readonly atMs: number;
  /** SIGKILL: it is started again at once. SIGSTOP: it goes on after `forMs`. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly forMs?: number;
}

export interface TakeoverPlan {
  readonly broker: BrokerKind;
  readonly meters: number;
  readonly commandsPerS: number;
  readonly durationMs: number;
  readonly leaseMs: number;
  readonly blows: readonly Blow[];
}

export interface TakeoverOutcome {
  /** Meters gone dark, each of which one restore must light. */
  readonly ordered: number;
  readonly ratePerS: number;
  readonly lit: number;
  readonly relayToggles: number;
  readonly restores: number;
  readonly verified: number;
  /** Sends beyond the first: the same order again, which a meter answers without moving. */
  readonly resent: number;
  /** Transactions that PostgreSQL ended because they waited for one another. */
  readonly deadlocks: number;
  /** The longest that any meter was dark, ms, and the median. */
  readonly longestDarkMs: number;
  readonly medianDarkMs: number;
  /** For each blow, the longest that a meter was dark that went dark in the 2 s before it or the time until the next, ms. */
  readonly takeoversMs: readonly number[];
}

const TICK_MS = 50;

/**
 * Two head-ends, one of them struck again and again. Each meter is opened on the wire, past the product, by an order signed as the product
 * would; power is due there, so the product, hearing of it, owes one restore, which travels up, through the database and down again.
 */
export async function takeoverExam(plan: TakeoverPlan): Promise<TakeoverOutcome> {
  const relight = await startTestRelight({
    broker: plan.broker,
    // Some four messages a restore: more than a broker carries that saves at every change, and none here is killed.
    saves: 'each-second',
    plan: { districts: Math.ceil(plan.meters / 500), metersPerDistrict: Math.min(plan.meters, 500), months: 1 },
    wire: false,
  });
  const headEnds: HeadEndProcess[] = [];
  try {
    // A protected meter (保电) would refuse to be opened, and one that waits for its button would measure the customer.
    await relight.sql(`DELETE FROM protection`);
    await relight.sql(`UPDATE meter SET reconnect_mode = 'DIRECT'`);
    const start = () => new HeadEndProcess(environmentOf(relight, plan));
    headEnds.push(start(), start());
    await Promise.all(headEnds.map(({ ready }) => ready));
    // After them: what meters say when they connect must find somebody.
    relight.fleet = await relight.startFleet();
    await eventually(
      'the meters are known to be closed',
      async () =>
        (await relight.sql(`SELECT id FROM meter WHERE reported_relay IS DISTINCT FROM 'CLOSED' LIMIT 1`)).length === 0,
      60_000,
    );
    return await run(relight, plan, headEnds, start);
  } finally {
    await Promise.all(
      headEnds.map(async (headEnd) => {
        headEnd.signal('SIGCONT');
        await headEnd.end();
      }),
    );
    await relight.stop();
  }
}

function environmentOf(relight: TestRelight, plan: TakeoverPlan): Record<string, string> {
  return {
    DATABASE_URL: relight.database.url,
    DATA_DIR: relight.dir,
    SIMULATION: '1',
    MQTT_URL: relight.broker.url,
    MQTT_PASSWORD: relight.brokerPassword,
    // The embedded broker knows no users of a probe.
    ...(plan.broker === 'mosquitto' && {
      MQTT_PROBE_PASSWORD: PROBE_PASSWORD,
      MQTT_PROBE_URL: relight.broker.gatewayUrl,
    }),
    HEAD_END_KEY_FILE: join(relight.dir, 'head-end.pem'),
    SWITCH_TIMINGS: JSON.stringify({ leaseMs: plan.leaseMs }),
    LOG_LEVEL: process.env['TEST_LOG'] ?? 'error',
  };
}

interface Dark {
  readonly serial: string;
  readonly sinceMs: number;
  /** The order that opens it, and the meter's last one before. */
  readonly cutId: string;
  readonly before: string;
  opened: boolean;
}

async function run(
  relight: TestRelight,
  plan: TakeoverPlan,
  headEnds: HeadEndProcess[],
  start: () => HeadEndProcess,
): Promise<TakeoverOutcome> {
  const load = await Load.open(relight);
  try {
    return await drive(relight, plan, headEnds, start, load);
  } finally {
    await load.end();
  }
}

async function drive(
  relight: TestRelight,
  plan: TakeoverPlan,
  headEnds: HeadEndProcess[],
  start: () => HeadEndProcess,
  load: Load,
): Promise<TakeoverOutcome> {
  const before = relight.fleet.summary().relayToggles;
  const dice = new Dice(41);
  const startedAtMs = performance.now();
  const striking = strike(plan, headEnds, start, dice, startedAtMs);
  let ordered = 0;
  while (performance.now() - startedAtMs < plan.durationMs) {
    await load.look();
    const dueMs = performance.now() - startedAtMs;
    const due = Math.floor((dueMs * plan.commandsPerS) / 1_000);
    ordered += await load.darken(due - ordered);
    await new Promise((resume) => setTimeout(resume, TICK_MS));
  }
  const elapsedMs = performance.now() - startedAtMs;
  await striking;
  await eventually('every meter is lit', async () => (await load.look(), load.dark.size === 0), 60_000).catch(
    async (error: Error) => {
      throw new Error(
        `${error.message}\n${await load.describeDark()}\n${headEnds.map(({ output }) => output).join('\n')}`,
      );
    },
  );
  await eventually(
    'every restore is verified',
    async () => (await relight.sql(`SELECT id FROM switch_command WHERE ended_at IS NULL LIMIT 1`)).length === 0,
    60_000,
  );
  return outcomeOf(relight, plan, load, { ordered, elapsedMs, startedAtMs, before });
}

/** Strikes one of the two, each time another. */
async function strike(
  plan: TakeoverPlan,
  headEnds: HeadEndProcess[],
  start: () => HeadEndProcess,
  dice: Dice,
  startedAtMs: number,
): Promise<void> {
  for (const [index, { atMs, signal, forMs }] of plan.blows.entries()) {
    await wait(startedAtMs + atMs + dice.below(200) - performance.now());
    const victim = headEnds[index % 2]!;
    if (signal === 'SIGKILL') {
      await victim.end('SIGKILL');
      headEnds[index % 2] = start();
      await headEnds[index % 2]!.ready;
    } else {
      victim.signal('SIGSTOP');
      await wait(forMs!);
      victim.signal('SIGCONT');
    }
  }
}

const wait = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, Math.max(0, ms)));

/** Opens meters past the product, and sees when they are closed again. */
class Load {
  readonly dark = new Map<string, Dark>();
  /** Lit, and the product does not know yet: serial → restore. */
  private readonly unproven = new Map<string, string>();
  /** When each dark time began and how long it lasted, ms. */
  readonly lit: { readonly sinceMs: number; readonly darkMs: number }[] = [];
  private next = 0;

  private constructor(
    private readonly relight: TestRelight,
    private readonly client: MqttClient,
    private readonly meters: readonly { serial: string; gateway: string; installation: string }[],
  ) {}

  static async open(relight: TestRelight): Promise<Load> {
    const client = await mqtt.connectAsync(relight.broker.url, {
      username: 'head-end',
      password: relight.brokerPassword,
      clientId: 'exam',
    });
    const meters = await relight.sql<{ serial: string; gateway: string; installation: string }>(
      `SELECT m.serial, g.gateway_number AS gateway, i.id AS installation FROM meter m JOIN gateway g ON g.id = m.gateway_id
       JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL ORDER BY m.serial`,
    );
    return new Load(relight, client, meters);
  }

  /** Opens up to `count` meters that are lit; fewer if there are not so many. */
  async darken(count: number): Promise<number> {
    const at = this.relight.ctx.clock.now();
    const orders = [];
    for (let tried = 0; orders.length < count && tried < this.meters.length; tried += 1) {
      const meter = this.meters[this.next]!;
      this.next = (this.next + 1) % this.meters.length;
      if (this.dark.has(meter.serial) || this.unproven.has(meter.serial)) continue;
      const { lastSequence, lastCommandId } = this.relight.fleet.meter(meter.serial)!;
      const order = wireOrder({ ...meter, sequence: Number(lastSequence) }, 'CUT', this.relight, at);
      const { commandId } = JSON.parse(
        Buffer.from((JSON.parse(order.payload) as { payload: string }).payload, 'base64url').toString(),
      ) as { commandId: string };
      const sinceMs = performance.now();
      this.dark.set(meter.serial, {
        serial: meter.serial,
        sinceMs,
        cutId: commandId,
        before: lastCommandId,
        opened: false,
      });
      orders.push(order);
    }
    await Promise.all(orders.map(({ topic, payload }) => this.client.publishAsync(topic, payload, { qos: 1 })));
    return orders.length;
  }

  async look(): Promise<void> {
    for (const one of this.dark.values()) {
      const { relay, lastCommandId } = this.relight.fleet.meter(one.serial)!;
      if (relay === 'open' || lastCommandId === one.before) one.opened ||= relay === 'open';
      // Its newest order is not the one that opened it, and it is closed: it is lit.
      else if (lastCommandId !== one.cutId) {
        this.dark.delete(one.serial);
        this.unproven.set(one.serial, lastCommandId);
        this.lit.push({ sinceMs: one.sinceMs, darkMs: performance.now() - one.sinceMs });
      }
    }
    // The product opens nothing whose restore it has not seen proven, and neither does this exam.
    const proven = await this.relight.sql<{ serial: string }>(
      `SELECT m.serial FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE c.id = ANY($1::uuid[]) AND c.state = 'VERIFIED'`,
      [[...this.unproven.values()]],
    );
    for (const { serial } of proven) this.unproven.delete(serial);
  }

  /** What is known of the meters that stay dark. */
  async describeDark(): Promise<string> {
    const serials = [...this.dark.keys()].slice(0, 3);
    const rows = await this.relight.sql(
      `SELECT m.serial, m.reported_relay, m.sequence::text, m.reported_sequence::text, c.state, c.sequence::text AS command_sequence, c.attempts, c.reads, c.failure_code
       FROM meter m LEFT JOIN LATERAL (SELECT * FROM switch_command WHERE meter_id = m.id ORDER BY id DESC LIMIT 1) c ON true WHERE m.serial = ANY($1::text[])`,
      [serials],
    );
    const views = serials.map((serial) => [this.dark.get(serial)!.opened, this.relight.fleet.meter(serial)]);
    return `${this.dark.size} of ${this.lit.length + this.dark.size} are dark: ${JSON.stringify([rows, views])}`;
  }

  async end(): Promise<void> {
    await this.client.endAsync();
  }
}

async function outcomeOf(
  relight: TestRelight,
  plan: TakeoverPlan,
  load: Load,
  {
    ordered,
    elapsedMs,
    startedAtMs,
    before,
  }: { ordered: number; elapsedMs: number; startedAtMs: number; before: number },
): Promise<TakeoverOutcome> {
  const [row] = await relight.sql<{ restores: number; verified: number; attempts: number }>(
    `SELECT count(*)::int AS restores, count(*) FILTER (WHERE state = 'VERIFIED')::int AS verified, coalesce(sum(attempts), 0)::int AS attempts
     FROM switch_command WHERE operation = 'RESTORE'`,
  );
  const [database] = await relight.sql<{ deadlocks: number }>(
    `SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`,
  );
  const darkMs = load.lit.map(({ darkMs }) => darkMs).sort((a, b) => a - b);
  const longest = (fromMs: number, toMs: number): number =>
    Math.round(
      Math.max(0, ...load.lit.filter(({ sinceMs }) => sinceMs >= fromMs && sinceMs < toMs).map((one) => one.darkMs)),
    );
  return {
    ordered,
    ratePerS: Math.round((ordered * 1_000) / elapsedMs),
    lit: load.lit.length,
    relayToggles: relight.fleet.summary().relayToggles - before,
    restores: row!.restores,
    verified: row!.verified,
    resent: row!.attempts - row!.restores,
    deadlocks: database!.deadlocks,
    longestDarkMs: Math.round(darkMs.at(-1) ?? 0),
    medianDarkMs: Math.round(darkMs[darkMs.length >> 1] ?? 0),
    takeoversMs: plan.blows.map(({ atMs }, index) =>
      longest(startedAtMs + atMs - 2_000, startedAtMs + (plan.blows[index + 1]?.atMs ?? Infinity) - 2_000),
    ),
  };
}
