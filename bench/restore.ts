import { randomUUID } from 'node:crypto';
import { createClient, type Client } from 'graphql-ws';
import pg from 'pg';
import WebSocket from 'ws';
import { generateFleet } from '../simulator/generate-fleet.js';
import type { FleetProcess } from './fleet-process.js';
import type { BareRestore, FloorProcess } from './floor-process.js';
import { startChild, type Child } from './support/children.js';
import type { Cleanup } from './support/cleanup.js';
import { cutThroughApi, debtorsOf, type CutDebtor } from './support/debtors.js';
import { changeOf, HttpConnection } from './support/http-connection.js';
import type { BenchOptions } from './support/options.js';
import { step } from './support/progress.js';
import { AMPLE_GUARD_BUDGET, startRelight, type RunningRelight } from './support/relight.js';
import { atMost, equal, type Check, type Figure, type Outcome } from './support/report.js';
import { median, quantile, rounded } from './support/statistics.js';
import { pause } from './support/until.js';

const SIZES = {
  full: { meters: 400, warmUp: 40, rounds: 5, perRound: 60 },
  quick: { meters: 60, warmUp: 5, rounds: 3, perRound: 10 },
};
type Size = (typeof SIZES)['full'];
const BARS = { p50: 3, p99: 6 };
/** Between two restores: long enough for the last words of the one before to be stored. */
const IDLE_MS = 40;
/** Customers pay hours after the cut: what a cache still remembers of it must not help. The product's oldest lives for a minute. */
const FORGET_MS = 65_000;
const EVENT_TIMEOUT_MS = 20_000;

const PAY = `mutation ($input: RecordPaymentInput!) { change: recordPayment(input: $input) { payment { id state } userErrors { code message } } }`;
const FOLLOW = `subscription ($number: String!) { supplyChanged(servicePointNumber: $number) { entries { act toState subjectType } } }`;

/** One restore of the product. Times in ms after the last byte of the payment's HTTP answer. */
interface Restore {
  /** The client that follows the supply has the event that says VERIFIED. */
  readonly toldMs: number;
  /** The row says VERIFIED (its own wall-clock instant, shortly before its commit). */
  readonly rowMs: number;
}

/**
 * One customer after the other pays, on an idle system; measured until the proof of light. Beside it, in turn with it: the same
 * rows committed once by plain `pg`, and one bare MQTT command and ack.
 */
export async function restore(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  step('starting Relight');
  const world = { SIMULATED_METERS: String(size.meters), SIMULATED_ARREARS_SHARE: '1', SIMULATED_RELAY_MS: '0' };
  const environment = { ...world, GUARD_BUDGET: AMPLE_GUARD_BUDGET, POLICY: 'bench/plain-policy.yaml' };
  const relight = await startRelight({ environment, execArgv: options.profiling('restore-product') }, cleanup);
  const database = new pg.Client({ connectionString: relight.databaseUrl });
  await database.connect();
  cleanup.defer(() => database.end());
  const wanted = size.warmUp + size.rounds * size.perRound;
  const cut = await cutThroughApi(relight, database, await debtorsOf(database, relight.databaseUrl, wanted), (done) =>
    step(`cutting meters: ${done} of ${wanted}`),
  );
  const floor = await openFloor(relight, cut, options, cleanup);
  const payer = await Payer.open(relight, cleanup);
  await forget(options);

  const told: { verifiedAtMs: number; answeredAtMs: number; debtor: CutDebtor }[] = [];
  const bare: BareRestore[] = [];
  for (const [index, debtor] of cut.entries()) {
    step(`restore ${index + 1} of ${wanted}`);
    told.push({ debtor, ...(await payer.payAndWait(debtor)) });
    await pause(IDLE_MS);
    bare.push(await floor.call('restoreOne', index));
    await pause(IDLE_MS);
  }
  const rows = await restoresOf(database, cut);
  const restores = told.map(({ debtor, verifiedAtMs, answeredAtMs }): Restore => ({
    toldMs: verifiedAtMs - answeredAtMs,
    rowMs: rows.get(debtor.servicePointNumber)!.endedWallMs - (performance.timeOrigin + answeredAtMs),
  }));
  return outcomeOf(size, restores, bare, await checksOf(database, rows, cut));
}

/** Bare parts: a broker and client process of their own, a fleet of their own with open relays, own tables in the same database. */
async function openFloor(
  relight: RunningRelight,
  cut: readonly CutDebtor[],
  options: BenchOptions,
  cleanup: Cleanup,
): Promise<Child<FloorProcess>> {
  step('opening the floor');
  const floor = startChild<FloorProcess>('floor-process.js', cleanup, options.profiling('restore-floor'));
  const { manifest } = generateFleet({
    concentrators: 1,
    metersPerConcentrator: cut.length,
    direct: 0,
    seed: 7,
    timezone: 'Asia/Shanghai',
    registerAt: '2026-01-01T00:00:00.000Z',
    downlinkKeys: [],
  });
  const { brokerUrl, downlinkKeys } = await floor.call('open', manifest.keySeed);
  const fleet = startChild<FleetProcess>('fleet-process.js', cleanup);
  const dark = {
    ...manifest,
    downlinkKeys,
    meters: manifest.meters.map((meter) => ({ ...meter, relay: 'open' as const, lastSequence: 1 })),
  };
  await fleet.call('start', { fleet: dark, brokerUrl, relayMs: 0, spreadMs: 200 });
  await floor.call(
    'connect',
    dark.meters.map(({ meter, gateway, installation }) => ({ serial: meter, gateway, installation, sequence: 1 })),
  );
  await floor.call(
    'openRows',
    relight.databaseUrl,
    cut.map(({ commandId }) => commandId),
  );
  // The meters say how they stand over some seconds after they connect.
  await pause(3_000);
  return floor;
}

async function forget({ quick }: BenchOptions): Promise<void> {
  if (quick) return;
  for (let leftMs = FORGET_MS; leftMs > 0; leftMs -= 1_000) {
    step(`letting caches forget the cuts: ${leftMs / 1_000} s`);
    await pause(1_000);
  }
}

/** A customer's bank and the hotline that watches: one HTTP connection, one WebSocket. */
class Payer {
  private constructor(
    private readonly http: HttpConnection,
    private readonly live: Client,
  ) {}

  static async open(relight: RunningRelight, cleanup: Cleanup): Promise<Payer> {
    const http = await HttpConnection.open(
      relight.url,
      await relight.token({ subject: 'bench-counter', role: 'COUNTER' }),
    );
    const token = await relight.token({ subject: 'bench-hotline', role: 'HOTLINE' });
    const live = createClient({
      url: `${relight.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${token}` },
    });
    cleanup.defer(() => {
      http.close();
      return live.dispose();
    });
    return new Payer(http, live);
  }

  /** Follows the supply, pays what is due, and resolves with the instants of the answer and of the proof. */
  async payAndWait({
    servicePointNumber,
    accountNumber,
    due,
  }: CutDebtor): Promise<{ answeredAtMs: number; verifiedAtMs: number }> {
    let begun!: () => void;
    const following = new Promise<void>((done) => (begun = done));
    const verified = this.verified(servicePointNumber, begun);
    // Whoever waits for the answer first must not leave a failed subscription unheard.
    verified.catch(() => undefined);
    await Promise.race([following, verified]);
    await pause(IDLE_MS);
    const input = {
      idempotencyKey: randomUUID(),
      accountNumber,
      amount: { amount: due, currency: 'CNY' },
      channel: 'MOBILE_APP',
    };
    const answer = await this.http.post(PAY, { input });
    changeOf(answer);
    return { answeredAtMs: answer.atMs, verifiedAtMs: await verified };
  }

  private verified(number: string, onBegun: () => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no VERIFIED for ${number} within ${EVENT_TIMEOUT_MS / 1_000} s`)),
        EVENT_TIMEOUT_MS,
      );
      const unsubscribe = this.live.subscribe<{
        supplyChanged: { entries: { act: string; toState: string | null; subjectType: string }[] };
      }>(
        { query: FOLLOW, variables: { number } },
        {
          next: ({ data, errors }) => {
            const atMs = performance.now();
            if (!data) return reject(new Error(JSON.stringify(errors)));
            onBegun();
            if (
              !data.supplyChanged.entries.some(
                ({ toState, subjectType }) => toState === 'VERIFIED' && subjectType === 'SwitchCommand',
              )
            )
              return;
            clearTimeout(timer);
            unsubscribe();
            resolve(atMs);
          },
          error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
          complete: () => undefined,
        },
      );
    });
  }
}

interface RestoreRow {
  readonly servicePointNumber: string;
  readonly state: string;
  readonly attempts: number;
  readonly endedWallMs: number;
  readonly commands: number;
}

async function restoresOf(database: pg.Client, cut: readonly CutDebtor[]): Promise<Map<string, RestoreRow>> {
  const { rows } = await database.query<RestoreRow>(
    `SELECT sp.service_point_number AS "servicePointNumber", min(c.state) AS state, sum(c.attempts)::int AS attempts,
            (extract(epoch FROM max(c.ended_wall_at)) * 1000)::float8 AS "endedWallMs", count(*)::int AS commands
     FROM switch_command c JOIN service_point sp ON sp.id = c.service_point_id
     WHERE c.operation = 'RESTORE' AND sp.service_point_number = ANY($1) GROUP BY 1`,
    [cut.map(({ servicePointNumber }) => servicePointNumber)],
  );
  return new Map(rows.map((row) => [row.servicePointNumber, row]));
}

async function checksOf(
  database: pg.Client,
  rows: ReadonlyMap<string, RestoreRow>,
  cut: readonly CutDebtor[],
): Promise<Check[]> {
  const closed = await database.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM meter m JOIN meter_installation i ON i.meter_id = m.id JOIN service_point sp ON sp.id = i.service_point_id
     WHERE m.reported_relay = 'CLOSED' AND sp.service_point_number = ANY($1)`,
    [cut.map(({ servicePointNumber }) => servicePointNumber)],
  );
  const once = [...rows.values()].filter(
    ({ commands, attempts, state }) => commands === 1 && attempts === 1 && state === 'VERIFIED',
  );
  return [
    equal('one restore each, sent once, VERIFIED', once.length, cut.length),
    equal('relays reported closed', closed.rows[0]!.n, cut.length),
  ];
}

function outcomeOf(
  size: Size,
  restores: readonly Restore[],
  bare: readonly BareRestore[],
  checks: readonly Check[],
): Outcome {
  const counted = <Sample>(samples: readonly Sample[]): Sample[] => samples.slice(size.warmUp);
  const told = counted(restores).map(({ toldMs }) => toldMs);
  const row = counted(restores).map(({ rowMs }) => rowMs);
  const floor = counted(bare).map(({ elapsedMs }) => elapsedMs);
  const roundOf = (samples: readonly number[], round: number): number[] =>
    samples.slice(round * size.perRound, (round + 1) * size.perRound);
  const ratios = Array.from(
    { length: size.rounds },
    (_, round) => median(roundOf(told, round)) / median(roundOf(floor, round)),
  );
  const figures = (what: string, samples: readonly number[]): Figure[] =>
    [0.5, 0.9, 0.99].map((q) => ({ what: `${what}, p${q * 100}`, value: rounded(quantile(samples, q)), unit: 'ms' }));
  return {
    parameters: { ...size, counted: told.length },
    figures: [
      ...figures('HTTP answer to VERIFIED at the subscriber', told),
      ...figures('HTTP answer to VERIFIED in the row', row),
      ...figures('floor', floor),
      {
        what: 'floor: commit of the rows, p50',
        value: rounded(median(counted(bare).map(({ commitMs }) => commitMs))),
        unit: 'ms',
      },
      {
        what: 'floor: MQTT command and ack, p50',
        value: rounded(median(counted(bare).map(({ wireMs }) => wireMs))),
        unit: 'ms',
      },
      {
        what: 'p99 against the p50 of the floor',
        value: rounded(quantile(told, 0.99) / median(floor)),
        unit: '× floor',
      },
    ],
    bars: [
      atMost('p50 at the subscriber, median of the rounds', rounded(median(ratios)), BARS.p50, '× floor'),
      atMost('p99 at the subscriber', rounded(quantile(told, 0.99) / quantile(floor, 0.99)), BARS.p99, '× floor'),
    ],
    checks,
    detail: { told, row, floor: counted(bare), ratios },
  };
}
