import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/embedded/postgres.js';
import type { BillingContext } from '../src/flows/issue-bills.js';
import { startBillingRun } from '../src/flows/start-billing-run.js';
import { workBillingRun } from '../src/flows/work-billing-run.js';
import { migrate } from '../src/orm.js';
import type { Clock } from '../src/platform/clock.js';
import { Database } from '../src/platform/database.js';
import { createLogger } from '../src/platform/log.js';
import { Nudges } from '../src/platform/nudges.js';
import { FLOOR } from './support/billing-floor.js';
import { BILLED, buildWorld, PERIOD_TO } from './support/billing-world.js';
import type { Cleanup } from './support/cleanup.js';
import { ledgerChecks } from './support/ledger-check.js';
import type { BenchOptions } from './support/options.js';
import { cpuMs } from './support/processes.js';
import { step } from './support/progress.js';
import { atMost, equal, type Check, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';

const SIZES = {
  full: { accounts: 100_000, accountsPerDistrict: 2_000, rounds: 3 },
  quick: { accounts: 4_000, accountsPerDistrict: 500, rounds: 1 },
};
const BAR = 3;
const ISSUED_AT = new Date('2026-07-01T01:00:00Z');
const DUE_DATE = '2026-07-21';

interface Side {
  readonly elapsedMs: number;
  readonly postgresCpuMs: number;
  readonly ownCpuMs: number;
}

/**
 * A billing run over a company of 100,000 accounts with tiers by year, as the jobs process does it. Beside it: one set-based statement
 * that computes and inserts the same bills, lines, ledger entries and balances in another copy of the same database.
 */
export async function billing(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  step('starting PostgreSQL');
  const server = await startEmbeddedPostgres({ dataDir: join(cleanup.directory(), 'data') });
  cleanup.defer(() => server.stop());
  const at = (name: string): string => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const admin = await connect(at('postgres'));
  cleanup.defer(() => admin.end());
  step(`making ${size.accounts} accounts`);
  await admin.query('CREATE DATABASE bench_world');
  await migrate(at('bench_world'));
  await using(at('bench_world'), (client) => buildWorld(client, size));

  const rounds: { product: Side; floor: Side }[] = [];
  let checks: Check[] = [];
  for (let round = 0; round <= size.rounds; round += 1) {
    for (const name of ['bench_floor', 'bench_product']) {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${name} TEMPLATE bench_world`);
      await using(at(name), (client) => client.query('CHECKPOINT').catch(() => undefined));
    }
    step(`round ${round} of ${size.rounds}: one statement`);
    const floor = await measured(server.pids, () => billByStatement(at('bench_floor')));
    step(`round ${round} of ${size.rounds}: billing run`);
    const product = await measured(server.pids, () => billByRun(at('bench_product')));
    checks = await compare(at('bench_floor'), at('bench_product'), size.accounts);
    // The first round warms both up.
    if (round > 0) rounds.push({ product, floor });
    if (checks.some(({ holds }) => !holds)) break;
  }
  return outcomeOf(size, rounds, checks);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function using<Result>(url: string, act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = await connect(url);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

async function measured(pids: () => number[], run: () => Promise<number>): Promise<Side> {
  const [postgres, own] = [cpuMs(pids(), true), cpuMs([process.pid])];
  const elapsedMs = await run();
  return { elapsedMs, postgresCpuMs: cpuMs(pids(), true) - postgres, ownCpuMs: cpuMs([process.pid]) - own };
}

const billByStatement = (url: string): Promise<number> =>
  using(url, async (client) => {
    const startedAtMs = performance.now();
    await client.query(FLOOR, [ISSUED_AT, DUE_DATE]);
    return performance.now() - startedAtMs;
  });

/** From the queued run to its end; the connections are opened within, as in a process that has just started. */
async function billByRun(url: string): Promise<number> {
  const log = createLogger('warn');
  const db = new Database(url, log);
  const clock: Pick<Clock, 'now' | 'wallNow'> = { now: () => ISSUED_AT, wallNow: () => ISSUED_AT };
  // Never started: nobody listens.
  const nudges = new Nudges(url, log);
  const ctx: BillingContext = { db, clock: clock as Clock, nudges, log, timeZone: 'Asia/Shanghai' };
  try {
    const startedAtMs = performance.now();
    const request = { districtId: null, periodTo: PERIOD_TO, note: 'bench', idempotencyKey: 'bench-billing-run' };
    await startBillingRun(ctx, request, { kind: 'PERSON', id: 'bench' });
    await workBillingRun(ctx);
    return performance.now() - startedAtMs;
  } finally {
    await nudges.stop();
    await db.close();
  }
}

type Billed = Readonly<Record<string, string | number>>;

async function compare(floorUrl: string, productUrl: string, accounts: number): Promise<Check[]> {
  const billed = async (client: pg.Client): Promise<Billed> => (await client.query<Billed>(BILLED)).rows[0]!;
  const floor = await using(floorUrl, billed);
  const product = await using(productUrl, billed);
  const run = await using(
    productUrl,
    async (client) =>
      (await client.query<{ text: string }>(`SELECT concat_ws(' ', state, issued, skipped) AS text FROM billing_run`))
        .rows,
  );
  return [
    equal('bills issued', product['bills']!, accounts),
    equal('the run says', run.map(({ text }) => text).join(', '), `DONE ${accounts} 0`),
    ...Object.keys(floor).map((what) => equal(`${what}, run and statement`, product[what] ?? '', floor[what] ?? '')),
    ...(await using(productUrl, ledgerChecks)),
  ];
}

function outcomeOf(
  { rounds: _, ...size }: (typeof SIZES)['full'],
  rounds: readonly { product: Side; floor: Side }[],
  checks: readonly Check[],
): Outcome {
  const mid = (pick: (round: { product: Side; floor: Side }) => number): number => rounded(median(rounds.map(pick)), 2);
  const seconds = (pick: (round: { product: Side; floor: Side }) => number): number =>
    mid((round) => pick(round) / 1_000);
  return {
    parameters: { ...size, rounds: rounds.length },
    figures: [
      { what: 'billing run', value: seconds(({ product }) => product.elapsedMs), unit: 's' },
      { what: 'floor: one statement', value: seconds(({ floor }) => floor.elapsedMs), unit: 's' },
      {
        what: 'accounts billed a second',
        value: mid(({ product }) => (size.accounts * 1_000) / product.elapsedMs),
        unit: '/s',
      },
      { what: 'processor time of the run, product', value: seconds(({ product }) => product.ownCpuMs), unit: 's' },
      {
        what: 'processor time of the run, PostgreSQL',
        value: seconds(({ product }) => product.postgresCpuMs),
        unit: 's',
      },
      { what: 'floor: processor time of PostgreSQL', value: seconds(({ floor }) => floor.postgresCpuMs), unit: 's' },
    ],
    bars: [
      atMost(
        'time of the floor, median of the rounds',
        mid(({ product, floor }) => product.elapsedMs / floor.elapsedMs),
        BAR,
        '×',
      ),
    ],
    checks,
    detail: rounds,
  };
}
