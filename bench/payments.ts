import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { formatAmount } from '../src/platform/money.js';
import type { Cleanup } from './support/cleanup.js';
import { changeOf, HttpConnection, type HttpAnswer } from './support/http-connection.js';
import { ledgerChecks } from './support/ledger-check.js';
import type { BenchOptions } from './support/options.js';
import { cpuMs } from './support/processes.js';
import { step } from './support/progress.js';
import { quotesOf } from './support/quotes.js';
import { PlainPayers, recordPayments } from './support/recorded-payments.js';
import { startRelight, type RunningRelight } from './support/relight.js';
import { atLeast, equal, type Check, type Figure, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';

const SIZES = {
  full: { districts: 5, metersPerDistrict: 1_800, warmUp: 400, rounds: 4, perRound: 1_000 },
  quick: { districts: 1, metersPerDistrict: 1_000, warmUp: 100, rounds: 2, perRound: 200 },
};
type Size = (typeof SIZES)['full'];
const CONNECTIONS = 32;
const BAR_SHARE = 0.4;

const PAY = `mutation ($input: RecordPaymentInput!) { change: recordPayment(input: $input) { payment { id state } userErrors { code message } } }`;

/** An account and what it has to pay today, late fees included. */
interface Owing {
  readonly accountNumber: string;
  readonly dueMinor: bigint;
}

/** Processor time used in one round, ms. */
interface Cpu {
  readonly product: number;
  readonly postgres: number;
  readonly bench: number;
}
interface Side {
  readonly elapsedMs: number;
  readonly cpu: Cpu;
}

/**
 * Payments over HTTP by 32 keep-alive clients, each for another account. Beside it: the very statements the product sends, recorded
 * and sent by plain `pg` over as many connections for other accounts.
 */
export async function payments(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const size = options.quick ? SIZES.quick : SIZES.full;
  const perSide = size.warmUp + size.rounds * size.perRound;
  step('starting Relight');
  const environment = {
    SIMULATED_DISTRICTS: String(size.districts),
    SIMULATED_METERS: String(size.metersPerDistrict),
    SIMULATED_ARREARS_SHARE: '1',
    SIMULATED_MONTHS: '1',
  };
  const relight = await startRelight(
    { environment, simulator: false, execArgv: options.profiling('payments-product') },
    cleanup,
  );
  const database = new pg.Client({ connectionString: relight.databaseUrl });
  await database.connect();
  cleanup.defer(() => database.end());
  const owing = await owingAccounts(database, relight.databaseUrl, 2 * perSide);
  const [byHttp, byPlain] = [owing.slice(0, perSide), owing.slice(perSide)];
  const recorded = await recordPayments(relight.databaseUrl, byPlain.map(inputOf), (done) =>
    step(`recording statements: payment ${done} of ${perSide}`),
  );
  await database.query('VACUUM ANALYZE');

  const clients = await openClients(relight, cleanup);
  const plain = await PlainPayers.open(relight.databaseUrl, CONNECTIONS);
  cleanup.defer(() => plain.close());
  const rounds: { product: Side; floor: Side }[] = [];
  for (let round = 0, from = 0; round <= size.rounds; round += 1) {
    const to = from + (round === 0 ? size.warmUp : size.perRound);
    step(`round ${round} of ${size.rounds}: over HTTP`);
    const product = await measured(relight, () => payOverHttp(clients, byHttp.slice(from, to)));
    step(`round ${round} of ${size.rounds}: plain pg`);
    const floor = await measured(relight, () => plain.pay(recorded.slice(from, to)));
    if (round > 0) rounds.push({ product, floor });
    from = to;
  }
  const statements = recorded[0]!.length;
  return outcomeOf(size, statements, rounds, await checksOf(database, owing, perSide));
}

async function owingAccounts(database: pg.Client, databaseUrl: string, wanted: number): Promise<Owing[]> {
  // In no order: neighbours in the tables must not all be on one side.
  const { rows } = await database.query<{ accountNumber: string }>(
    `SELECT account_number AS "accountNumber" FROM account WHERE due_minor > 0 ORDER BY md5(account_number) LIMIT $1`,
    [wanted],
  );
  if (rows.length < wanted)
    throw new Error(`this world has ${rows.length} accounts that owe, the bench needs ${wanted}`);
  const numbers = rows.map(({ accountNumber }) => accountNumber);
  const quotes = await quotesOf(databaseUrl, numbers);
  return numbers.map((accountNumber) => ({ accountNumber, dueMinor: quotes.get(accountNumber)! }));
}

const inputOf = ({ accountNumber, dueMinor }: Owing) =>
  ({
    idempotencyKey: randomUUID(),
    accountNumber,
    amountMinor: dueMinor,
    currency: 'CNY',
    channel: 'MOBILE_APP',
  }) as const;

async function openClients(relight: RunningRelight, cleanup: Cleanup): Promise<HttpConnection[]> {
  const token = await relight.token({ subject: 'bench-counter', role: 'COUNTER' });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(relight.url, token)));
  cleanup.defer(() => clients.forEach((client) => client.close()));
  return clients;
}

/** Pays for all accounts over all connections; resolves with the time from the first request to the last answer, ms. */
async function payOverHttp(clients: readonly HttpConnection[], owing: readonly Owing[]): Promise<number> {
  const left = [...owing];
  const answers: HttpAnswer[] = [];
  const startedAtMs = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let account = left.pop(); account; account = left.pop()) {
        const amount = formatAmount(account.dueMinor, 'CNY');
        const input = {
          idempotencyKey: randomUUID(),
          accountNumber: account.accountNumber,
          amount: { amount, currency: 'CNY' },
          channel: 'MOBILE_APP',
        };
        answers.push(await client.post(PAY, { input }));
      }
    }),
  );
  const elapsedMs = performance.now() - startedAtMs;
  for (const answer of answers) {
    const { payment } = changeOf<{ payment: { state: string } }>(answer);
    if (payment.state !== 'POSTED') throw new Error(`a payment is ${payment.state}, not POSTED`);
  }
  return elapsedMs;
}

async function measured(relight: RunningRelight, run: () => Promise<number>): Promise<Side> {
  const usage = (): Cpu => ({
    product: cpuMs([relight.mainPid]),
    postgres: cpuMs(relight.postgresPids(), true),
    bench: cpuMs([process.pid]),
  });
  const before = usage();
  const elapsedMs = await run();
  const after = usage();
  return {
    elapsedMs,
    cpu: {
      product: after.product - before.product,
      postgres: after.postgres - before.postgres,
      bench: after.bench - before.bench,
    },
  };
}

async function checksOf(database: pg.Client, owing: readonly Owing[], perSide: number): Promise<Check[]> {
  const { rows } = await database.query<{ accounts: number; payments: number; settled: number }>(
    `SELECT count(DISTINCT a.id)::int AS accounts, count(p.id)::int AS payments, (count(DISTINCT a.id) FILTER (WHERE a.due_minor = 0))::int AS settled
     FROM account a JOIN payment p ON p.account_id = a.id AND p.state = 'POSTED' WHERE a.account_number = ANY($1)`,
    [owing.map(({ accountNumber }) => accountNumber)],
  );
  return [
    equal('payments posted, over HTTP and plain', rows[0]!.payments, 2 * perSide),
    equal('accounts paid for', rows[0]!.accounts, 2 * perSide),
    equal('accounts that owe nothing now', rows[0]!.settled, 2 * perSide),
    ...(await ledgerChecks(database)),
  ];
}

function outcomeOf(
  size: Size,
  statements: number,
  rounds: readonly { product: Side; floor: Side }[],
  checks: Check[],
): Outcome {
  const perSecond = ({ elapsedMs }: Side): number => (size.perRound * 1_000) / elapsedMs;
  const figure = (what: string, unit: string, pick: (round: { product: Side; floor: Side }) => number): Figure => ({
    what,
    value: rounded(median(rounds.map(pick)), 3),
    unit,
  });
  const each = (ms: number): number => ms / size.perRound;
  return {
    parameters: {
      connections: CONNECTIONS,
      ...size,
      counted: size.rounds * size.perRound,
      statementsPerPayment: statements,
    },
    figures: [
      figure('recordPayment over HTTP', '/s', ({ product }) => perSecond(product)),
      figure('floor: the same statements by plain pg', '/s', ({ floor }) => perSecond(floor)),
      figure('processor time of product process, per payment', 'ms', ({ product }) => each(product.cpu.product)),
      figure('processor time of PostgreSQL, per payment', 'ms', ({ product }) => each(product.cpu.postgres)),
      figure('processor time of HTTP clients, per payment', 'ms', ({ product }) => each(product.cpu.bench)),
      figure('floor: processor time of PostgreSQL, per payment', 'ms', ({ floor }) => each(floor.cpu.postgres)),
      figure('floor: processor time of plain pg, per payment', 'ms', ({ floor }) => each(floor.cpu.bench)),
    ],
    bars: [
      atLeast(
        'share of the floor, median of the rounds',
        rounded(median(rounds.map(({ product, floor }) => floor.elapsedMs / product.elapsedMs)), 3),
        BAR_SHARE,
        'of floor',
      ),
    ],
    checks,
    detail: rounds,
  };
}
