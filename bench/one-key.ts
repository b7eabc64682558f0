import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Cleanup } from './support/cleanup.js';
import { changeOf, HttpConnection } from './support/http-connection.js';
import { ledgerChecks } from './support/ledger-check.js';
import type { BenchOptions } from './support/options.js';
import { step } from './support/progress.js';
import { startRelight } from './support/relight.js';
import { atMost, equal, type Check, type Outcome } from './support/report.js';
import { quantile, rounded } from './support/statistics.js';

const REQUESTS = 64;
const REPEATS = 20;
/** An account number nobody has: the money goes to suspense, once. */
const UNKNOWN_ACCOUNT = '9999999999';

// Everything that could differ between two answers, except `replayed`, whose purpose is to.
const PAY = `mutation ($input: RecordPaymentInput!) { change: recordPayment(input: $input) {
  payment { id state idempotencyKey accountNumber amount { amount currency } credited { amount currency } channel postedAt postedBy valueDate }
  userErrors { code message } } }`;

/** The same payment handed in 64 times at once must be one payment with 64 equal answers. Repeated with fresh keys. */
export async function oneKey(_options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  step('starting Relight');
  const relight = await startRelight(
    { environment: { SIMULATED_METERS: '50', SIMULATED_ARREARS_SHARE: '1' }, simulator: false },
    cleanup,
  );
  const database = new pg.Client({ connectionString: relight.databaseUrl });
  await database.connect();
  cleanup.defer(() => database.end());
  const token = await relight.token({ subject: 'bench-counter', role: 'COUNTER' });
  const clients = await Promise.all(Array.from({ length: REQUESTS }, () => HttpConnection.open(relight.url, token)));
  cleanup.defer(() => clients.forEach((client) => client.close()));
  const { rows: accounts } = await database.query<{ accountNumber: string }>(
    `SELECT account_number AS "accountNumber" FROM account ORDER BY 1 LIMIT $1`,
    [REPEATS],
  );

  const checks: Check[] = [];
  const elapsedMs: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    step(`${REQUESTS} requests with one key: ${repeat + 1} of ${REPEATS}`);
    const idempotencyKey = randomUUID();
    // The last one pays for nobody we know.
    const accountNumber = repeat === REPEATS - 1 ? UNKNOWN_ACCOUNT : accounts[repeat]!.accountNumber;
    const input = {
      idempotencyKey,
      accountNumber,
      amount: { amount: '12.34', currency: 'CNY' },
      channel: 'MOBILE_APP',
    };
    const startedAtMs = performance.now();
    const answers = await Promise.all(clients.map((client) => client.post(PAY, { input })));
    elapsedMs.push(performance.now() - startedAtMs);
    answers.forEach((answer) => changeOf(answer));
    checks.push(
      equal(
        `different answers to key ${repeat + 1}`,
        new Set(answers.map(({ status, body }) => `${status} ${body}`)).size,
        1,
      ),
      ...(await effectsOf(database, idempotencyKey, repeat + 1)),
    );
  }
  checks.push(...(await ledgerChecks(database)));
  const broken = checks.filter(({ holds }) => !holds);
  return {
    parameters: { requests: REQUESTS, repeats: REPEATS },
    figures: [
      {
        what: `${REQUESTS} requests with one key, all answered, p50`,
        value: rounded(quantile(elapsedMs, 0.5)),
        unit: 'ms',
      },
    ],
    bars: [atMost('effects or answers that should not be', broken.length, 0, '')],
    checks:
      broken.length > 0
        ? broken
        : [
            equal(
              'keys with 1 effect and 64 equal answers',
              checks.filter(({ what }) => what.startsWith('different')).length,
              REPEATS,
            ),
            ...checks.slice(-2),
          ],
  };
}

/** One payment, its ledger entries worth its amount, one audit entry. */
async function effectsOf(database: pg.Client, idempotencyKey: string, repeat: number): Promise<Check[]> {
  const { rows } = await database.query<{ payments: number; booked: number; audited: number }>(
    `SELECT count(*)::int AS payments,
            (SELECT coalesce(sum(amount_minor), 0)::int FROM ledger_entry e WHERE e.payment_id = ANY(array_agg(p.id))) AS booked,
            (SELECT count(*)::int FROM audit_entry t WHERE t.subject_id = ANY(array_agg(p.id))) AS audited
     FROM payment p WHERE p.idempotency_key = $1`,
    [idempotencyKey],
  );
  const { payments, booked, audited } = rows[0]!;
  return [
    equal(`payments under key ${repeat}`, payments, 1),
    equal(`fen booked under key ${repeat}`, booked, 1_234),
    equal(`audit entries under key ${repeat}`, audited, 1),
  ];
}
