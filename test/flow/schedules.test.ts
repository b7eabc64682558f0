import type { FlowContext } from '../../src/flows/context.js';
import { expireApprovals, reconcileSupply, schedulesOf } from '../../src/flows/schedules.js';
import { settleDistricts } from '../../src/flows/settle-districts.js';
import { issueBills } from '../../src/flows/issue-bills.js';
import { setClock } from '../../src/flows/set-clock.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database } from '../../src/platform/database.js';
import { addDays, localDate } from '../../src/platform/local-date.js';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { Scheduler, type Schedule } from '../../src/platform/schedules.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { approve, askForCut, contextAt, readRegister } from './support/acts.js';
import { buildDebtor, buildDistrict, buildHouse, type House } from './support/houses.js';
import { commandOf, commandsOf } from './support/looks.js';

let relight: TestRelight;
const undo: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
});
afterAll(async () => {
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
  await relight.stop();
});

const log = createLogger('silent');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const advance = (ms: number) => setClock(relight.ctx, { advanceMs: ms, note: 'test' }, person('tester'));
const rowOf = async (name: string) =>
  (
    await relight.sql<{ due: Date; ran: Date | null; error: string | null; failures: number }>(
      'SELECT next_due_at AS due, last_run_at AS ran, last_error AS error, failure_count AS failures FROM schedule WHERE name = $1',
      [name],
    )
  )[0]!;

/** A scheduler as another process would have it: its own pool, clock and nudges. */
async function startScheduler(schedules: readonly Schedule[]): Promise<Scheduler> {
  const db = new Database(relight.database.url, log, 3);
  const nudges = new Nudges(relight.database.url, log);
  await nudges.start();
  const clock = await ProductClock.open(db, new Date(0));
  const scheduler = new Scheduler(db, clock, nudges, log, schedules);
  await scheduler.start();
  undo.push(async () => {
    await scheduler.stop();
    await nudges.stop();
    await db.close();
  });
  return scheduler;
}

describe('the scheduler', () => {
  test('two processes: what is due is run once, at its time by the product clock', async () => {
    const runs: { process: string; at: Date }[] = [];
    const schedule = (process: string): Schedule => ({
      name: 'test-once',
      everyMs: HOUR_MS,
      run: (at) => Promise.resolve(void runs.push({ process, at })),
    });
    await startScheduler([schedule('one')]);
    await startScheduler([schedule('two')]);
    await eventually('the first run', () => runs.length === 1);
    for (let hour = 2; hour <= 6; hour += 1) {
      await advance(HOUR_MS);
      await eventually(`run ${hour}`, () => runs.length >= hour);
      expect(runs).toHaveLength(hour);
    }
    const last = await rowOf('test-once');
    expect([last.ran, last.due]).toEqual([runs.at(-1)!.at, new Date(runs.at(-1)!.at.getTime() + HOUR_MS)]);
  });

  test('a month that passes in one step is one run: it derives what to do from facts', async () => {
    let runs = 0;
    await startScheduler([{ name: 'test-month', everyMs: HOUR_MS, run: () => Promise.resolve(void (runs += 1)) }]);
    await eventually('the first run', () => runs === 1);
    await advance(31 * DAY_MS);
    await eventually('the next run', () => runs === 2);
    expect((await rowOf('test-month')).due > relight.ctx.clock.now()).toBe(true);
  });

  test('a failure is written down, the others go on, and it is tried again after a minute', async () => {
    let tries = 0;
    let others = 0;
    await startScheduler([
      {
        name: 'test-failing',
        everyMs: DAY_MS,
        run: () => ((tries += 1) < 3 ? Promise.reject(new Error(`no paper ${tries}`)) : Promise.resolve()),
      },
      { name: 'test-other', everyMs: DAY_MS, run: () => Promise.resolve(void (others += 1)) },
    ]);
    await eventually('both have run', () => tries === 1 && others === 1);
    const failed = await eventually('the failure is on record', async () => {
      const row = await rowOf('test-failing');
      return row.failures === 1 && row;
    });
    expect(failed.error).toBe('Error: no paper 1');
    expect(failed.due.getTime() - failed.ran!.getTime()).toBe(MINUTE_MS);
    await advance(MINUTE_MS);
    await eventually('the second failure', async () => (await rowOf('test-failing')).failures === 2);
    await advance(MINUTE_MS);
    await eventually('the failure is forgotten', async () => (await rowOf('test-failing')).failures === 0);
    expect((await rowOf('test-failing')).error).toBeNull();
    expect([tries, others]).toEqual([3, 1]);
  });

  test('a run may ask to be called sooner than usual', async () => {
    let runs = 0;
    await startScheduler([
      {
        name: 'test-sooner',
        everyMs: DAY_MS,
        run: () => Promise.resolve((runs += 1) === 1 ? 10 * MINUTE_MS : undefined),
      },
    ]);
    await eventually('the first run', () => runs === 1);
    await advance(10 * MINUTE_MS);
    await eventually('the run it asked for', () => runs === 2);
    await advance(10 * MINUTE_MS);
    expect((await rowOf('test-sooner')).due > relight.ctx.clock.now()).toBe(true);
  });

  test('knows the periodic work of the product', async () => {
    expect(schedulesOf(relight.ctx).map(({ name }) => name)).toEqual([
      'reconcile-supply',
      'expire-approvals',
      'expire-holds',
      'settle-districts',
      'run-dunning',
      'propose-cuts',
      'run-batches',
      'nightly-dry-run',
      'clear-dry-runs',
      'watch-restores',
      'keep-protection',
      'watch-restore-means',
      'watch-outages',
      'clear-quarantine',
      'clear-weather',
      'telemetry-partitions',
      'reading-gaps',
    ]);
    const partitions = schedulesOf(relight.ctx).find(({ name }) => name === 'telemetry-partitions')!;
    await partitions.run(new Date('2029-01-15T00:00:00Z'));
    const made = await relight.sql<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relname LIKE 'reading_2029%' AND relkind = 'r' ORDER BY 1`,
    );
    expect(made.map(({ name }) => name)).toEqual([
      'reading_2029_01',
      'reading_2029_02',
      'reading_2029_03',
      'reading_2029_04',
    ]);
  });
});

describe('a cut that nobody approves', () => {
  const at = (hours: number) => new Date(Date.parse('2026-03-10T02:00:00Z') + hours * HOUR_MS);
  const waitingSince = async (commandId: string, since: Date) =>
    relight.sql('UPDATE switch_command SET requested_at = $2 WHERE id = $1', [commandId, since]);

  test('expires after a day; one that was approved does not', async () => {
    const servedOn = addDays(localDate(relight.ctx.clock.now()), -4);
    const { commandId: waiting } = await askForCut(relight, await buildDebtor(relight), { servedOn });
    const { commandId: approved } = await askForCut(relight, await buildDebtor(relight), { servedOn });
    await approve(relight, approved);
    for (const id of [waiting, approved]) await waitingSince(id, at(0));
    await expireApprovals(relight.ctx, at(24));
    expect((await commandOf(relight, waiting)).state).toBe('PENDING_APPROVAL');
    await expireApprovals(relight.ctx, new Date(at(24).getTime() + 1));
    await expireApprovals(relight.ctx, at(48));
    expect(await commandOf(relight, waiting)).toMatchObject({ state: 'EXPIRED', failureCode: 'NOT_APPROVED_IN_TIME' });
    expect((await commandOf(relight, approved)).state).toBe('QUEUED');
  });
});

describe('the hourly reconciler', () => {
  const report = (house: House, relay: 'OPEN' | 'CLOSED', armed = false) =>
    relight.sql('UPDATE meter SET reported_relay = $2, reported_armed = $3 WHERE id = $1', [
      house.meterId,
      relay,
      armed,
    ]);
  const interrupt = (house: House) =>
    relight.sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by) VALUES (gen_random_uuid(), $1, $2, 'VACANT', now(), 'test')`,
      [house.servicePointId, house.accountId],
    );

  test('orders a restore where power is due and the relay is open, and nothing anywhere else', async () => {
    const [dark, lit, armed, vacant, unheard] = await Promise.all(Array.from({ length: 5 }, () => buildHouse(relight)));
    await report(dark!, 'OPEN');
    await report(lit!, 'CLOSED');
    await report(armed!, 'OPEN', true);
    await report(vacant!, 'OPEN');
    await interrupt(vacant!);
    await Promise.all([
      reconcileSupply(relight.ctx, relight.ctx.clock.now()),
      reconcileSupply(relight.ctx, relight.ctx.clock.now()),
    ]);
    await reconcileSupply(relight.ctx, relight.ctx.clock.now());
    expect(await Promise.all([dark, lit, armed, vacant, unheard].map((house) => commandsOf(relight, house!)))).toEqual([
      ['RESTORE QUEUED'],
      [],
      [],
      [],
      [],
    ]);
    await relight.sql('DELETE FROM interruption WHERE service_point_id = $1', [vacant!.servicePointId]);
  });
});

describe('settlement', () => {
  const settle = (ctx: FlowContext) => settleDistricts(ctx, ctx.clock.now());
  /** A context at an instant whose clock was moved long ago, or just now. */
  const movedAgo = (at: string, wallMs: number): FlowContext => {
    const ctx = contextAt(relight, at);
    const wallAt = new Date(ctx.clock.wallNow().getTime() - wallMs);
    return { ...ctx, clock: { ...ctx.clock, state: { ...ctx.clock.state, wallAt } } };
  };
  const LONG_AGO = 10 * MINUTE_MS;
  const periods = async (house: House) =>
    (
      await relight.sql<{ p: string }>(
        `SELECT period_from || ' ' || period_to AS p FROM bill WHERE service_point_id = $1 ORDER BY 1`,
        [house.servicePointId],
      )
    ).map(({ p }) => p);
  async function settled() {
    const districtId = await buildDistrict(relight, 15);
    const house = await buildHouse(relight, { districtId, installedOn: '2026-01-15' });
    await readRegister(relight, house.meterId, { '2026-02-15': 50_000n });
    await issueBills(relight.ctx, { districtId, periodTo: '2026-02-15' }, person('clerk'));
    return { house, districtId };
  }

  test('waits for the settlement day, and bills it when the readings are there', async () => {
    const { house } = await settled();
    await readRegister(relight, house.meterId, { '2026-03-15': 100_000n });
    await settle(movedAgo('2026-03-14T15:59:59Z', LONG_AGO));
    expect(await periods(house)).toEqual(['2026-01-15 2026-02-15']);
    await settle(movedAgo('2026-03-14T16:00:00Z', LONG_AGO));
    expect(await periods(house)).toEqual(['2026-01-15 2026-02-15', '2026-02-15 2026-03-15']);
    await settle(movedAgo('2026-03-14T17:00:00Z', LONG_AGO));
    expect(await periods(house)).toHaveLength(2);
  });

  test('waits up to two days for readings that are missing, asking again every ten minutes; then it estimates', async () => {
    const { house } = await settled();
    expect(await settle(movedAgo('2026-03-14T16:00:00Z', LONG_AGO))).toBe(10 * MINUTE_MS);
    expect(await settle(movedAgo('2026-03-16T15:59:00Z', LONG_AGO))).toBe(10 * MINUTE_MS);
    expect(await periods(house)).toHaveLength(1);
    await settle(movedAgo('2026-03-16T16:00:00Z', LONG_AGO));
    expect(await periods(house)).toHaveLength(2);
  });

  test('after the clock was moved, meters get some seconds to send what they owe, however late it is', async () => {
    const { house } = await settled();
    expect(await settle(movedAgo('2026-03-20T00:00:00Z', 1_000))).toBe(relight.ctx.clock.productMs(1_000));
    expect(await periods(house)).toHaveLength(1);
    await readRegister(relight, house.meterId, { '2026-03-15': 100_000n });
    await settle(movedAgo('2026-03-20T00:00:00Z', 1_000));
    expect(await periods(house)).toHaveLength(2);
  });

  test('three missed months are three bills', async () => {
    const { house } = await settled();
    await readRegister(relight, house.meterId, {
      '2026-03-15': 100_000n,
      '2026-04-15': 150_000n,
      '2026-05-15': 200_000n,
    });
    await settle(movedAgo('2026-05-20T00:00:00Z', LONG_AGO));
    expect(await periods(house)).toEqual([
      '2026-01-15 2026-02-15',
      '2026-02-15 2026-03-15',
      '2026-03-15 2026-04-15',
      '2026-04-15 2026-05-15',
    ]);
  });

  test('a run that was cut short is finished by the next one', async () => {
    const { house, districtId } = await settled();
    // The run died after its first page: this place was not reached.
    const late = await buildHouse(relight, { districtId, installedOn: '2026-01-15' });
    await readRegister(relight, house.meterId, { '2026-03-15': 100_000n });
    await issueBills(relight.ctx, { districtId, periodTo: '2026-03-15' }, person('clerk'));
    await readRegister(relight, late.meterId, { '2026-02-15': 10_000n, '2026-03-15': 20_000n });
    await settle(movedAgo('2026-03-15T02:00:00Z', LONG_AGO));
    expect([await periods(house), await periods(late)]).toEqual([
      ['2026-01-15 2026-02-15', '2026-02-15 2026-03-15'],
      ['2026-01-15 2026-03-15'],
    ]);
  });

  test('two processes at once bill each place once', async () => {
    const { house } = await settled();
    await readRegister(relight, house.meterId, { '2026-03-15': 100_000n });
    const ctx = movedAgo('2026-03-15T02:00:00Z', LONG_AGO);
    await Promise.all([settle(ctx), settle(ctx), settle(ctx)]);
    expect(await periods(house)).toHaveLength(2);
  });

  test('a place that was connected today is not billed before its first settlement day', async () => {
    const districtId = await buildDistrict(relight, 15);
    const house = await buildHouse(relight, {
      districtId,
      installedOn: addDays(localDate(new Date('2026-03-20T00:00:00Z')), -1),
    });
    await settle(movedAgo('2026-03-20T00:00:00Z', LONG_AGO));
    expect(await periods(house)).toEqual([]);
  });
});
