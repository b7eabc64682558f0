import { startBillingRun } from '../../src/flows/start-billing-run.js';
import { settleDistricts } from '../../src/flows/settle-districts.js';
import { workBillingRun } from '../../src/flows/work-billing-run.js';
import { RunWorker } from '../../src/flows/run-worker.js';
import { LIMITS } from '../../src/platform/limits.js';
import type { Database } from '../../src/platform/database.js';
import type { FlowContext } from '../../src/flows/context.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, readRegister } from './support/acts.js';
import { buildDistrict, buildHouse, newKey, type House } from './support/houses.js';

let relight: TestRelight;
const pageSize = LIMITS.billingPage as { value: number };
const pageValue = pageSize.value;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
  // Small pages, so that a run has several.
  pageSize.value = 2;
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
});
afterAll(async () => {
  pageSize.value = pageValue;
  const faults = await auditFaults(relight.ctx.db);
  await relight.stop();
  expect(faults).toEqual([]);
});

const operations = person('operations');
const kwh = (value: number) => BigInt(value) * 1_000n;

async function district(houses: number): Promise<{ districtId: string; houses: House[] }> {
  const districtId = await buildDistrict(relight);
  const built: House[] = [];
  for (let i = 0; i < houses; i += 1) {
    const house = await buildHouse(relight, { districtId });
    await readRegister(relight, house.meterId, { '2026-01-01': 0n, '2026-02-01': kwh(100) });
    built.push(house);
  }
  return { districtId, houses: built };
}

const start = (districtId: string | null, change: { periodTo?: string; idempotencyKey?: string } = {}) =>
  startBillingRun(
    contextAt(relight, '2026-03-10T02:00:00Z'),
    { districtId, periodTo: '2026-02-01', note: 'settlement', idempotencyKey: newKey(), ...change },
    operations,
  );
const work = (ctx: FlowContext = relight.ctx) => workBillingRun(ctx);
const runOf = async (id: string) =>
  (
    await relight.sql<{ state: string; total: number; done: number; issued: number; skipped: number }>(
      'SELECT state, total_points AS total, done_points AS done, issued, skipped FROM billing_run WHERE id = $1',
      [id],
    )
  )[0]!;
const billed = async (districtId: string) =>
  (
    await relight.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM bill b JOIN service_point p ON p.id = b.service_point_id WHERE p.district_id = $1',
      [districtId],
    )
  )[0]!.n;

test('a run over a district bills every place once, tells how far it is, and who owns what it could not bill', async () => {
  const { districtId } = await district(5);
  const unread = await buildHouse(relight, { districtId });
  const { runId } = await start(districtId);
  expect(await runOf(runId)).toMatchObject({ state: 'QUEUED', total: null });
  expect(await work()).toBe(true);
  expect(await runOf(runId)).toEqual({ state: 'DONE', total: 6, done: 6, issued: 5, skipped: 1 });
  const skips = await relight.sql(
    'SELECT service_point_id AS id, reason, owner FROM billing_skip WHERE run_id = $1 AND resolved_at IS NULL',
    [runId],
  );
  expect(skips).toEqual([{ id: unread.servicePointId, reason: 'NO_READING', owner: 'manager-test' }]);
  expect(await work()).toBe(false);
});

test('done twice it does nothing the second time', async () => {
  const { districtId } = await district(3);
  await start(districtId);
  await work();
  const { runId } = await start(districtId);
  await work();
  expect(await runOf(runId)).toEqual({ state: 'DONE', total: 3, done: 3, issued: 0, skipped: 0 });
  expect(await billed(districtId)).toBe(3);
});

test('asked for twice while it is open it is one run; the same key gives the same answer', async () => {
  const { districtId } = await district(1);
  const key = newKey();
  const first = await start(districtId, { idempotencyKey: key });
  expect(await start(districtId, { idempotencyKey: key })).toEqual({ ...first, replayed: true });
  expect((await start(districtId)).runId).toBe(first.runId);
  await work();
});

test('over the company it bills every district', async () => {
  const [one, other] = [await district(2), await district(2)];
  const { runId } = await start(null);
  await work();
  expect((await runOf(runId)).state).toBe('DONE');
  expect([await billed(one.districtId), await billed(other.districtId)]).toEqual([2, 2]);
});

test.each<[what: string, change: () => Promise<unknown>, code: string]>([
  ['a day that has not come', () => start(null, { periodTo: '2026-03-11' }), 'PERIOD_NOT_OVER'],
  ['a district that does not exist', () => start('019f0000-0000-7000-8000-000000000000'), 'DISTRICT_NOT_FOUND'],
])('%s is refused by name', async (_what, change, code) => {
  await expect(change()).rejects.toMatchObject({ code });
});

test('a process that dies half way leaves a run that the next one finishes; the counts are those of the whole', async () => {
  const { districtId } = await district(9);
  const { runId } = await start(districtId);
  // Dead from the third page on: nothing it does reaches the database any more.
  let left = 2;
  const db = { ...relight.ctx.db } as unknown as Database;
  const dead = () => Promise.reject(new Error('the process died'));
  db.transaction = (name, act) => ((left -= 1) < 0 ? dead() : relight.ctx.db.transaction(name, act));
  db.rows = ((...call: Parameters<Database['rows']>) =>
    left < 0 ? dead() : relight.ctx.db.rows(...call)) as Database['rows'];
  await expect(work({ ...relight.ctx, db })).rejects.toThrow('the process died');
  expect(await billed(districtId)).toBe(4);
  // Its lease holds for a while, so that nobody takes a run from a living process.
  expect(await work()).toBe(false);
  await relight.sql(`UPDATE billing_run SET lease_wall_at = clock_timestamp() - interval '1 second' WHERE id = $1`, [
    runId,
  ]);
  expect(await work()).toBe(true);
  expect(await runOf(runId)).toEqual({ state: 'DONE', total: 9, done: 9, issued: 9, skipped: 0 });
  expect(await billed(districtId)).toBe(9);
});

test('two processes at once bill each place once', async () => {
  const { districtId } = await district(7);
  const { runId } = await start(districtId);
  await start(null);
  await Promise.all([work(), work()]);
  expect((await runOf(runId)).state).toBe('DONE');
  expect(await billed(districtId)).toBe(7);
});

test('told to stop, it gives the run back after the page under way, and another goes on at once', async () => {
  const { districtId } = await district(9);
  const { runId } = await start(districtId);
  await workBillingRun(relight.ctx, { stopped: true });
  expect((await runOf(runId)).state).toBe('RUNNING');
  await work();
  expect(await runOf(runId)).toEqual({ state: 'DONE', total: 9, done: 9, issued: 9, skipped: 0 });
});

test('the runner takes a run up by itself', async () => {
  const runner = new RunWorker(relight.ctx, 'billing', (stop) => workBillingRun(relight.ctx, stop));
  runner.start();
  const { districtId } = await district(2);
  const { runId } = await start(districtId);
  await eventually('the run is done', async () => (await runOf(runId)).state === 'DONE');
  await runner.stop();
});

describe('accounts settled several times a month', () => {
  const periods = async (house: House) =>
    (
      await relight.sql<{ p: string }>(
        `SELECT period_from || ' ' || period_to AS p FROM bill WHERE service_point_id = $1 ORDER BY 1`,
        [house.servicePointId],
      )
    ).map(({ p }) => p);

  test('are billed on their own days as well, the others once', async () => {
    const districtId = await buildDistrict(relight, 1);
    const home = await buildHouse(relight, { districtId, installedOn: '2026-03-01' });
    const works = await buildHouse(relight, { districtId, installedOn: '2026-03-01' });
    await relight.sql('UPDATE account SET settlements_per_month = 2 WHERE id = $1', [works.accountId]);
    for (const house of [home, works]) {
      await readRegister(relight, house.meterId, { '2026-03-01': 0n, '2026-03-15': kwh(50), '2026-04-01': kwh(120) });
    }
    const ctx = contextAt(relight, '2026-04-03T02:00:00Z');
    // After both have been waited for.
    const waited = { ...ctx, clock: { ...ctx.clock, state: { ...ctx.clock.state, wallAt: new Date(0) } } };
    await settleDistricts(waited, new Date('2026-04-03T02:00:00Z'));
    expect([await periods(home), await periods(works)]).toEqual([
      ['2026-03-01 2026-04-01'],
      ['2026-03-01 2026-03-15', '2026-03-15 2026-04-01'],
    ]);
    const runs = await relight.sql<{ text: string }>(
      `SELECT concat_ws(' ', origin, period_to, state, issued) AS text FROM billing_run WHERE district_id = $1 ORDER BY period_to`,
      [districtId],
    );
    expect(runs.map(({ text }) => text)).toEqual(['SETTLEMENT 2026-03-15 DONE 1', 'SETTLEMENT 2026-04-01 DONE 2']);
  });
});
