import pg from 'pg';
import { describeOnBrokers } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { allFaults, cutAll, makeDebtors, payInFull, type Debtor } from './support/debtors.js';

/** Restores under way when something dies, and how many of them are done when it does. */
const RESTORES = 70;
const DONE_BEFORE = 20;
/** The database loses every connection of the product this often. */
const TERMINATIONS = 5;

describeOnBrokers('something dies while restores are under way', (kind) => {
  let relight: TestRelight;
  let all: Debtor[];
  let admin: pg.Client;

  beforeAll(async () => {
    // Slow relays: the middle of the load lasts long enough to be met.
    relight = await startTestRelight({
      broker: kind,
      plan: { metersPerDistrict: 4 * RESTORES },
      fleet: { relayMs: 60 },
    });
    all = await makeDebtors(relight);
    admin = new pg.Client({ connectionString: relight.database.url, application_name: 'the test itself' });
    await admin.connect();
  }, 180_000);
  afterAll(async () => {
    await admin.end();
    await relight.stop();
  });

  /** Cuts a fresh group of accounts. */
  const cutGroup = async (group: number): Promise<Debtor[]> => {
    const debtors = all.slice(group * RESTORES, (group + 1) * RESTORES);
    await cutAll(relight, debtors);
    return debtors;
  };

  /** All of them pay; a payer without an answer repeats the same payment. */
  const payAll = async (debtors: readonly Debtor[]): Promise<void> => {
    const payer = async (lane: number): Promise<void> => {
      for (let index = lane; index < debtors.length; index += 8) {
        await eventually('the payment is answered', () =>
          payInFull(relight, debtors[index]!).then(
            () => true,
            () => false,
          ),
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, lane) => payer(lane)));
  };

  /** Restores by state, asked on a connection that nothing in these tests ends. */
  const restoresIn = async (debtors: readonly Debtor[], state: string): Promise<number> => {
    const { rows } = await admin.query<{ n: number }>(
      `SELECT count(DISTINCT service_point_id)::int AS n FROM switch_command WHERE operation = 'RESTORE' AND state = $2 AND service_point_id = ANY($1::uuid[])`,
      [debtors.map(({ servicePointId }) => servicePointId), state],
    );
    return rows[0]!.n;
  };

  const inTheMiddle = (debtors: readonly Debtor[]) =>
    eventually('some restores are done', async () => (await restoresIn(debtors, 'VERIFIED')) >= DONE_BEFORE);

  const allAreLit = async (debtors: readonly Debtor[]): Promise<void> => {
    await eventually(
      'all restores are verified',
      async () => (await restoresIn(debtors, 'VERIFIED')) === debtors.length,
      40_000,
    );
    expect(debtors.filter(({ serial }) => relight.fleet.meter(serial)!.relay !== 'closed')).toEqual([]);
    expect(await restoresIn(debtors, 'FIELD_VISIT')).toBe(0);
  };

  test('the broker, which comes back with what it had on disk, or empty', async () => {
    const debtors = await cutGroup(0);
    const paying = payAll(debtors);
    await inTheMiddle(debtors);
    expect(await restoresIn(debtors, 'VERIFIED')).toBeLessThan(RESTORES);
    await relight.broker.dieAndComeBack();
    await paying;
    await allAreLit(debtors);
  }, 180_000);

  test('the head-end, which is started again', async () => {
    const debtors = await cutGroup(1);
    const paying = payAll(debtors);
    await inTheMiddle(debtors);
    await relight.headEnd.stop();
    expect(await restoresIn(debtors, 'VERIFIED')).toBeLessThan(RESTORES);
    // Under another name, so that nothing the broker kept for the old one helps.
    relight.headEnd = relight.startHeadEnd();
    await paying;
    await allAreLit(debtors);
  }, 180_000);

  test('every connection to the database, again and again', async () => {
    const debtors = await cutGroup(2);
    const paying = payAll(debtors);
    for (let round = 1; round <= TERMINATIONS; round += 1) {
      await eventually(
        'more restores are done',
        async () => (await restoresIn(debtors, 'VERIFIED')) >= (round * DONE_BEFORE) / 2,
      );
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()`,
      );
    }
    await paying;
    await allAreLit(debtors);
  }, 180_000);

  test('the fleet, which comes back', async () => {
    const debtors = await cutGroup(3);
    const paying = payAll(debtors);
    await inTheMiddle(debtors);
    const fault = relight.fleet.addFault({ name: 'offline', target: { all: true } });
    await paying;
    await eventually('restores have an unknown outcome', async () => (await restoresIn(debtors, 'UNKNOWN')) > 0);
    relight.fleet.removeFault(fault.id);
    await allAreLit(debtors);
  }, 180_000);

  test('nothing is left over', async () => {
    const faults = await eventually('the database connections are whole again', () =>
      allFaults(relight).catch(() => undefined),
    );
    expect(faults).toEqual([]);
  });
});
