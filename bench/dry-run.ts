import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { dunningPolicySchema } from '../src/dunning/policy-schema.js';
import { putPoliciesInForce } from '../src/dunning/policies-in-force.js';
import { chinaCostControl, chinaPostpaid } from '../src/dunning/presets/china.js';
import { startEmbeddedPostgres } from '../src/embedded/postgres.js';
import { workDryRun, type DryRunContext } from '../src/flows/make-dry-run.js';
import { startDryRun } from '../src/flows/start-dry-run.js';
import { migrate } from '../src/orm.js';
import type { Clock } from '../src/platform/clock.js';
import { Database } from '../src/platform/database.js';
import { createLogger } from '../src/platform/log.js';
import { LIMITS } from '../src/platform/limits.js';
import { Nudges } from '../src/platform/nudges.js';
import type { Cleanup } from './support/cleanup.js';
import { buildDebtors, FOR_DATE, MADE_AT } from './support/dry-run-world.js';
import type { BenchOptions } from './support/options.js';
import { cpuMs, residentMb } from './support/processes.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { rounded } from './support/statistics.js';

const SIZES = {
  full: { accounts: 100_000, accountsPerDistrict: 2_000 },
  quick: { accounts: 12_000, accountsPerDistrict: 1_000 },
};
const BAR_S = 60;
/** From here on, a tenth of the way, code is compiled and pools are filled: what is alive must not grow any more. */
const WARM_SHARE = 0.1;
/** Caches of plans, dates and statements; one line in a hundred kept by mistake would be more. */
const LIVE_GROWTH_MB = 3;
/** Node lets garbage lie until collecting pays: that much of it may be new, but not more with every page. */
const RESIDENT_GROWTH_MB = 30;

interface Page {
  readonly atMs: number;
  readonly residentMb: number;
}

/**
 * A dry run of the company's cuts over 100,000 service points that all owe something overdue, under the whole policies of China with late
 * fees, as the jobs process makes it: each judged by every check, each with a line that says why.
 */
export async function dryRun(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  step('starting PostgreSQL');
  const server = await startEmbeddedPostgres({ dataDir: join(cleanup.directory(), 'data') });
  cleanup.defer(() => server.stop());
  await migrate(server.url);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  cleanup.defer(() => client.end());
  step(`making ${size.accounts} accounts in arrears`);
  await buildDebtors(client, size);

  step('making the dry run');
  const ctx = await contextOf(server.url, cleanup);
  const request = { districtId: null, forDate: FOR_DATE, note: 'bench', idempotencyKey: 'bench-dry-run' };
  await startDryRun(ctx, request, { kind: 'PERSON', id: 'bench' });
  const [postgres, own] = [cpuMs(server.pids(), true), cpuMs([process.pid])];
  const pages: Page[] = [];
  const total = Math.ceil(size.accounts / LIMITS.dryRunPage.value);
  const warmPage = Math.ceil(total * WARM_SHARE);
  let liveMb = 0;
  const startedAtMs = performance.now();
  await workDryRun(ctx, undefined, () => {
    pages.push({ atMs: performance.now() - startedAtMs, residentMb: residentMb(process.pid).nowMb });
    if (pages.length === warmPage) liveMb = liveHeapMb();
  });
  const elapsedS = (performance.now() - startedAtMs) / 1_000;
  const [postgresMs, ownMs] = [cpuMs(server.pids(), true) - postgres, cpuMs([process.pid]) - own];

  const found = await resultOf(client);
  const grownMb = liveHeapMb() - liveMb;
  const warm = pages.slice(warmPage - 1).map((page) => page.residentMb);
  const half = Math.ceil(warm.length / 2);
  const [first, second] = [Math.max(...warm.slice(0, half)), Math.max(...warm.slice(half))];
  return {
    parameters: { ...size, page: LIMITS.dryRunPage.value, forDate: FOR_DATE },
    figures: [
      { what: 'service points judged a second', value: rounded(size.accounts / elapsedS, 0), unit: '/s' },
      { what: 'permitted', value: found.permitted, unit: '' },
      { what: 'processor time, product', value: rounded(ownMs / 1_000, 1), unit: 's' },
      { what: 'processor time, PostgreSQL', value: rounded(postgresMs / 1_000, 1), unit: 's' },
      { what: `live heap at page ${warmPage} of ${total}, after a collection`, value: rounded(liveMb, 1), unit: 'MB' },
      { what: `resident memory at page ${warmPage}`, value: rounded(warm[0]!, 0), unit: 'MB' },
      { what: 'resident memory at the last page', value: rounded(warm.at(-1)!, 0), unit: 'MB' },
      { what: 'the lines in the database', value: rounded(found.bytes / 1e6, 0), unit: 'MB' },
    ],
    bars: [
      atMost('dry run', rounded(elapsedS, 2), BAR_S, 's'),
      atMost(`live heap grown from page ${warmPage} to the last`, rounded(grownMb, 1), LIVE_GROWTH_MB, 'MB'),
      atMost(
        'resident memory at its greatest, second half over first',
        rounded(second - first, 1),
        RESIDENT_GROWTH_MB,
        'MB',
      ),
    ],
    checks: [
      equal('the run says', found.said, `DONE ${size.accounts} ${found.permitted}`),
      equal('lines', found.lines, size.accounts),
      equal('lines that are blocked without a reason, or permitted with one', found.odd, 0),
    ],
    detail: { pages, byCheck: found.byCheck },
  };
}

async function contextOf(url: string, cleanup: Cleanup): Promise<DryRunContext> {
  const log = createLogger('warn');
  const db = new Database(url, log);
  cleanup.defer(() => db.close());
  // Never started: nobody listens.
  const nudges = new Nudges(url, log);
  cleanup.defer(() => nudges.stop());
  const clock: Pick<Clock, 'now'> = { now: () => MADE_AT };
  const policies = [chinaPostpaid, chinaCostControl].map((document) => dunningPolicySchema.parse(document));
  return {
    db,
    clock: clock as Clock,
    nudges,
    log,
    timeZone: 'Asia/Shanghai',
    policies: await putPoliciesInForce(db, policies, MADE_AT),
  };
}

/** What is alive after everything that is not was collected, MB. */
function liveHeapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1e6;
}

interface Result {
  readonly said: string;
  readonly lines: number;
  readonly permitted: number;
  readonly odd: number;
  readonly bytes: number;
  readonly byCheck: Readonly<Record<string, number>>;
}

async function resultOf(client: pg.Client): Promise<Result> {
  const { rows } = await client.query<Result>(
    `SELECT (SELECT concat_ws(' ', state, considered, permitted) FROM cut_dry_run) AS said, count(*)::int AS lines, count(*) FILTER (WHERE permitted)::int AS permitted,
       count(*) FILTER (WHERE permitted = (jsonb_array_length(reasons) > 0) OR cardinality(blocking) <> jsonb_array_length(reasons))::int AS odd,
       pg_total_relation_size('cut_dry_run_line')::float8 AS bytes,
       (SELECT json_object_agg(code, n) FROM (SELECT code, count(*) AS n FROM cut_dry_run_line, unnest(blocking) AS code GROUP BY 1) c) AS "byCheck"
     FROM cut_dry_run_line`,
  );
  return rows[0]!;
}
