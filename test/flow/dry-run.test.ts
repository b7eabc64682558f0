import { NOT_IN_DRY_RUN } from '../../src/dunning/cut-checks.js';
import { DRY_RUN_CATEGORIES } from '../../src/dunning/dry-run-comparison-policy.js';
import { blockingCounts } from '../../src/dunning/dry-runs.js';
import type { CutDryRun } from '../../src/dunning/dry-run.js';
import { openInterruptionAt } from '../../src/flows/change-interruption.js';
import { compareDryRun, comparisonLines } from '../../src/flows/compare-dry-run.js';
import { decideCuts } from '../../src/flows/cut-decisions.js';
import { RunWorker } from '../../src/flows/run-worker.js';
import { workDryRun } from '../../src/flows/make-dry-run.js';
import { openHold } from '../../src/flows/open-hold.js';
import { proposeCuts } from '../../src/flows/propose-cuts.js';
import { expireApprovals } from '../../src/flows/schedules.js';
import { clearDryRuns, makeNightlyDryRun, startDryRun } from '../../src/flows/start-dry-run.js';
import type { Database } from '../../src/platform/database.js';
import { LIMITS } from '../../src/platform/limits.js';
import { auditFaults } from '../support/check-audit.js';
import { eventually } from '../support/eventually.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, contextAt, cutOff, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { refusal } from './support/looks.js';
import { buildDistrictWithCounter } from './support/moving-clock.js';
import { serveCutNotice } from './support/served-notice.js';

/** 20:30 in Jinan on Monday; the cuts are those of Tuesday, on which the clock of these tests stands at 10:00. */
const EVENING = '2026-03-09T12:30:00Z';
const TUESDAY = '2026-03-10';
const LATER = '2026-03-11T02:00:00Z';

let relight: TestRelight;
const pageSize = LIMITS.dryRunPage as { value: number };
const pageValue = pageSize.value;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
  // Small pages, so that a run has several.
  pageSize.value = 2;
});
afterAll(async () => {
  pageSize.value = pageValue;
  const untold = await auditFaults(relight.ctx.db);
  await relight.stop();
  expect(untold).toEqual([]);
});

const operations = person('operations');
const at = (instant: string): TestRelight => ({ ...relight, ctx: contextAt(relight, instant) });
const start = (districtId: string | null, change: { forDate?: string; idempotencyKey?: string; at?: string } = {}) => {
  const { at: instant = EVENING, ...request } = change;
  return startDryRun(
    contextAt(relight, instant),
    { districtId, forDate: TUESDAY, note: 'before the proposal', idempotencyKey: newKey(), ...request },
    operations,
  );
};
const work = (ctx = contextAt(relight, EVENING)) => workDryRun(ctx);
const COLUMNS = `id, state, considered, permitted, district_id AS "districtId", for_date AS "forDate", judged_for AS "judgedFor",
  started_at AS "startedAt", requested_at AS "requestedAt", failure_text AS "failureText"`;
const runOf = async (id: string): Promise<CutDryRun> =>
  (await relight.sql<CutDryRun>(`SELECT ${COLUMNS} FROM cut_dry_run WHERE id = $1`, [id]))[0]!;
const linesOf = async (id: string) =>
  new Map(
    (
      await relight.sql<{ point: string; text: string }>(
        `SELECT service_point_id AS point, concat_ws(' ', permitted, nullif(array_to_string(blocking, ','), ''), debt_minor) AS text FROM cut_dry_run_line WHERE run_id = $1 ORDER BY 1`,
        [id],
      )
    ).map(({ point, text }) => [point, text]),
  );
const hold = (house: House, ctx = contextAt(relight, EVENING)) =>
  openHold(
    ctx,
    { accountId: house.accountId, kind: 'DISPUTE', reason: 'the customer wrote', idempotencyKey: newKey() },
    person('clerk'),
  );
const noticed = async (
  districtId: string,
  as: Parameters<typeof buildHouse>[1] = {},
  debt = 10_000n,
): Promise<House> => {
  const house = await buildDebtor(relight, debt, { districtId, ...as });
  await serveCutNotice(relight, house);
  return house;
};

/** A district with one house of each kind that matters, by what is to be said about it. */
async function mixedDistrict() {
  const districtId = await buildDistrictWithCounter(relight);
  const free = await noticed(districtId);
  const small = await noticed(districtId, {}, 999n);
  const untold = await buildDebtor(relight, 10_000n, { districtId });
  const held = await noticed(districtId);
  await hold(held);
  const unasked = await noticed(districtId, { protectionAskedOn: null });
  const young = await buildHouse(relight, { districtId });
  await issueBill(relight, young, 5_000n, { dueDate: '2026-02-20' });
  const dark = await noticed(districtId);
  await openInterruptionAt(
    relight.ctx,
    { servicePointId: dark.servicePointId, reason: 'SAFETY', note: 'smoke', idempotencyKey: newKey() },
    operations,
  );
  const paidUp = await buildHouse(relight, { districtId });
  return { districtId, free, small, untold, held, unasked, young, dark, paidUp };
}

describe('a dry run', () => {
  test('says of everybody who owes whether they could be cut, and if not why; of nobody else anything', async () => {
    const houses = await mixedDistrict();
    const { dryRunId } = await start(houses.districtId);
    expect(await runOf(dryRunId)).toMatchObject({ state: 'QUEUED', considered: 0 });
    expect(await work()).toBe(true);
    expect(await runOf(dryRunId)).toMatchObject({ state: 'DONE', considered: 6, permitted: 1 });
    const lines = await linesOf(dryRunId);
    const said = Object.entries(houses).flatMap(([name, house]) =>
      typeof house === 'string' ? [] : [`${name}: ${lines.get(house.servicePointId) ?? 'no line'}`],
    );
    expect(said).toEqual([
      'free: t 10000',
      'small: f MIN_DEBT 999',
      'untold: f NOTICE_SERVED 10000',
      'held: f NO_HOLD 10000',
      'unasked: f PROTECTION_ASKED 10000',
      'young: f OVERDUE_DEBT,MIN_DEBT,NOTICE_SERVED 5000',
      'dark: no line',
      'paidUp: no line',
    ]);
    const [line] = await relight.sql<{ reasons: { code: string; evidence: string; clause: string }[] }>(
      'SELECT reasons FROM cut_dry_run_line WHERE run_id = $1 AND service_point_id = $2',
      [dryRunId, houses.untold.servicePointId],
    );
    expect(line!.reasons).toEqual([
      {
        code: 'NOTICE_SERVED',
        passed: false,
        evidence: expect.stringMatching(/^CUT_NOTICE of bill .* was never served$/),
        clause: expect.stringContaining('art. 67'),
      },
    ]);
    expect((await blockingCounts(relight.ctx.db, dryRunId)).sort((a, b) => (a.code < b.code ? -1 : 1))).toEqual([
      { code: 'MIN_DEBT', count: 2, alone: 1 },
      { code: 'NOTICE_SERVED', count: 2, alone: 1 },
      { code: 'NO_HOLD', count: 1, alone: 1 },
      { code: 'OVERDUE_DEBT', count: 1, alone: 0 },
      { code: 'PROTECTION_ASKED', count: 1, alone: 1 },
    ]);
  });

  test('says what canDisconnect says at the opening hour, and what a proposal of that day takes', async () => {
    const { districtId } = await mixedDistrict();
    const { dryRunId } = await start(districtId);
    await work();
    const run = await runOf(dryRunId);
    expect(run.judgedFor.toISOString()).toBe('2026-03-10T01:00:00.000Z');
    const lines = await relight.sql<{
      servicePointId: string;
      reason: 'ARREARS';
      permitted: boolean;
      reasons: unknown;
    }>(
      `SELECT service_point_id AS "servicePointId", reason, permitted, reasons FROM cut_dry_run_line WHERE run_id = $1`,
      [dryRunId],
    );
    const decisions = await decideCuts(relight.ctx, relight.ctx.db, lines, run.judgedFor);
    for (const { servicePointId, reasons } of lines) {
      const { checks } = decisions.get(servicePointId)!;
      const left = [...NOT_IN_DRY_RUN, 'ALLOWED_HOUR'];
      expect(reasons).toEqual(checks.filter(({ code, passed }) => !passed && !left.includes(code)));
    }
    const { batchId, proposed } = await proposeCuts(
      contextAt(relight, EVENING),
      { districtId, plannedFor: TUESDAY, note: 'unpaid' },
      operations,
    );
    const taken = await relight.sql<{ id: string }>(
      'SELECT service_point_id AS id FROM switch_command WHERE batch_id = $1',
      [batchId],
    );
    expect(taken.map(({ id }) => id)).toEqual(
      lines.filter(({ permitted }) => permitted).map(({ servicePointId }) => servicePointId),
    );
    expect(proposed).toBe(1);
    // Tomorrow's cuts are in it also when they were proposed before.
    const { dryRunId: again } = await start(districtId);
    await work();
    expect(await linesOf(again)).toEqual(await linesOf(dryRunId));
  });

  test.each([
    ['a holiday', '2026-05-01', '2026-04-30T02:00:00Z'],
    ['the eve of one', '2026-04-30', '2026-04-29T02:00:00Z'],
    ['a Friday', '2026-03-13', EVENING],
  ])('for %s everybody is blocked by the day', async (_what, forDate, instant) => {
    const { districtId } = await mixedDistrict();
    const { dryRunId } = await start(districtId, { forDate, at: instant });
    await work(contextAt(relight, instant));
    const run = await runOf(dryRunId);
    expect(run).toMatchObject({ state: 'DONE', considered: 6, permitted: 0 });
    expect(await blockingCounts(relight.ctx.db, dryRunId)).toContainEqual(
      expect.objectContaining({ code: 'ALLOWED_DAY', count: 6 }),
    );
  });

  test('follows the full rules with late fees to the day', async () => {
    const full = await startTestRelight({
      wire: false,
      policies: CHINA,
      plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 },
    });
    try {
      const house = await buildDebtor(full, 10_000n);
      const { dryRunId } = await startDryRun(
        contextAt(full, EVENING),
        { districtId: house.districtId, forDate: TUESDAY, note: 'before the proposal', idempotencyKey: newKey() },
        operations,
      );
      await workDryRun(contextAt(full, EVENING));
      const [line] = await full.sql<{ blocking: string[]; debt: bigint }>(
        'SELECT blocking, debt_minor AS debt FROM cut_dry_run_line WHERE run_id = $1',
        [dryRunId],
      );
      expect(line!.blocking).toEqual(['MANDATORY_NOTICES', 'NOTICE_SERVED', 'CONTACT_REACHABLE', 'CAUSE_KNOWN']);
      // 37 days late at one per mille.
      expect(line!.debt).toBe(10_370n);
    } finally {
      await full.stop();
    }
  });
});

describe('asking for one', () => {
  test('twice while it is open it is one run; for another day it is refused; the same key gives the same answer', async () => {
    const districtId = await buildDistrictWithCounter(relight);
    const key = newKey();
    const first = await start(districtId, { idempotencyKey: key });
    expect(await start(districtId, { idempotencyKey: key })).toEqual({ ...first, replayed: true });
    expect((await start(districtId)).dryRunId).toBe(first.dryRunId);
    expect(await refusal(start(districtId, { forDate: '2026-03-11' }))).toBe('DRY_RUN_OPEN');
    await work();
    const { dryRunId } = await start(districtId, { forDate: '2026-03-11' });
    expect(dryRunId).not.toBe(first.dryRunId);
    await work();
  });

  test.each<[what: string, change: Parameters<typeof start>[1], code: string]>([
    ['yesterday', { forDate: '2026-03-08' }, 'PLANNED_DAY_OUT_OF_RANGE'],
    ['a day more than two weeks ahead', { forDate: '2026-03-24' }, 'PLANNED_DAY_OUT_OF_RANGE'],
  ])('for %s is refused by name', async (_what, change, code) => {
    expect(await refusal(start(null, change))).toBe(code);
  });

  test('for a district that does not exist is refused by name', async () => {
    expect(await refusal(start('019f0000-0000-7000-8000-000000000000'))).toBe('DISTRICT_NOT_FOUND');
  });
});

describe('working it off', () => {
  test('a process that dies half way leaves a run that the next one finishes: the same lines, each once', async () => {
    const { districtId } = await mixedDistrict();
    await noticed(districtId);
    const { dryRunId: whole } = await start(districtId);
    await work();
    const { dryRunId } = await start(districtId);
    // Dead from the third page on: nothing it does reaches the database any more.
    let left = 2;
    const db = { ...relight.ctx.db } as unknown as Database;
    const dead = () => Promise.reject(new Error('the process died'));
    db.transaction = (name, act) => ((left -= 1) < 0 ? dead() : relight.ctx.db.transaction(name, act));
    db.rows = ((...call: Parameters<Database['rows']>) =>
      left < 0 ? dead() : relight.ctx.db.rows(...call)) as Database['rows'];
    await expect(work({ ...contextAt(relight, EVENING), db })).rejects.toThrow('the process died');
    expect(await runOf(dryRunId)).toMatchObject({ state: 'RUNNING', considered: 4 });
    expect((await linesOf(dryRunId)).size).toBe(4);
    // Its lease holds for a while, so that nobody takes a run from a living process.
    expect(await work()).toBe(false);
    await relight.sql(`UPDATE cut_dry_run SET lease_wall_at = clock_timestamp() - interval '1 second' WHERE id = $1`, [
      dryRunId,
    ]);
    expect(await work()).toBe(true);
    expect(await runOf(dryRunId)).toMatchObject({ state: 'DONE', considered: 7, permitted: 2 });
    expect(await linesOf(dryRunId)).toEqual(await linesOf(whole));
  });

  test('told to stop, it gives the run back after the page under way, and another goes on at once', async () => {
    const { districtId } = await mixedDistrict();
    const { dryRunId } = await start(districtId);
    await workDryRun(contextAt(relight, EVENING), { stopped: true });
    expect(await runOf(dryRunId)).toMatchObject({ state: 'RUNNING', considered: 2 });
    await work();
    expect(await runOf(dryRunId)).toMatchObject({ state: 'DONE', considered: 6 });
  });

  test('two processes at once judge everybody once', async () => {
    const { districtId } = await mixedDistrict();
    const { dryRunId } = await start(districtId);
    await Promise.all([work(), work()]);
    expect(await runOf(dryRunId)).toMatchObject({ state: 'DONE', considered: 6 });
  });

  test('a run whose day is over before it could be made fails and says so', async () => {
    const { dryRunId } = await start(await buildDistrictWithCounter(relight));
    await work(contextAt(relight, LATER));
    expect(await runOf(dryRunId)).toMatchObject({
      state: 'FAILED',
      failureText: 'its day was over before it could be made',
    });
  });

  test('the runner takes a run up by itself', async () => {
    const ctx = contextAt(relight, EVENING);
    const runner = new RunWorker(ctx, 'dry-runs', (stop) => workDryRun(ctx, stop));
    runner.start();
    const { dryRunId } = await start(await buildDistrictWithCounter(relight));
    await eventually('the run is done', async () => (await runOf(dryRunId)).state === 'DONE');
    await runner.stop();
  });
});

describe('held against what happened', () => {
  test('each service point gets its verdict, what must never be first, and the counts agree', async () => {
    const districtId = await buildDistrictWithCounter(relight);
    const cut = await noticed(districtId);
    const paid = await noticed(districtId);
    const paidAfterProposal = await noticed(districtId);
    const held = await noticed(districtId);
    const paidInPart = await noticed(districtId);
    const unapproved = await noticed(districtId);
    const unproposed = await noticed(districtId);
    const refused = await noticed(districtId);
    const small = await noticed(districtId, {}, 999n);
    const unasked = await noticed(districtId, { protectionAskedOn: null });
    const { dryRunId } = await start(districtId);
    await work();
    expect(await compareDryRun(contextAt(relight, EVENING), await runOf(dryRunId))).toBeUndefined();

    await pay(at('2026-03-09T13:00:00Z'), paid, 10_000n);
    const asked = { servedOn: null };
    await askForCut(relight, paidAfterProposal, asked);
    await pay(relight, paidAfterProposal, 10_000n);
    await askForCut(relight, held, asked);
    await hold(held, relight.ctx);
    await pay(relight, paidInPart, 1_000n);
    await askForCut(relight, unapproved, asked);
    await cutOff(relight, cut);
    const refusedId = await queueCut(relight, refused);
    await send(relight);
    await meterSays(relight, refused, { kind: 'ACK', commandId: refusedId, result: 'REFUSED', refusal: 'PROTECTED' });
    await relight.sql(
      `UPDATE customer SET protection_asked_on = '2026-03-10' WHERE id = (SELECT customer_id FROM account WHERE id = $1)`,
      [unasked.accountId],
    );
    await cutOff(relight, unasked);
    const unlisted = await noticed(districtId);
    await cutOff(relight, unlisted);
    await expireApprovals(relight.ctx, new Date('2026-03-11T03:00:00Z'));

    const ctx = contextAt(relight, LATER);
    const comparison = (await compareDryRun(ctx, await runOf(dryRunId)))!;
    expect(comparison.dayOver).toBe(true);
    expect((await compareDryRun(relight.ctx, await runOf(dryRunId)))!.dayOver).toBe(false);
    const name = new Map(
      Object.entries({
        cut,
        paid,
        paidAfterProposal,
        held,
        paidInPart,
        unapproved,
        unproposed,
        refused,
        small,
        unasked,
        unlisted,
      }).map(([what, house]) => [house.servicePointId, what]),
    );
    const all = { categories: DRY_RUN_CATEGORIES, after: undefined, limit: 100 };
    const lines = await comparisonLines(ctx, comparison, all);
    const told = lines.map(
      ({ servicePointId, category, outcome, code }) => `${name.get(servicePointId)}: ${category} ${outcome} ${code}`,
    );
    expect(told).toEqual([
      'unasked: CUT_THOUGH_BLOCKED CUT null',
      'unlisted: CUT_NOT_LISTED CUT null',
      'paid: NOT_CUT_PAID PAID null',
      'paidAfterProposal: NOT_CUT_PAID PAID DEBT_SETTLED',
      'held: NOT_CUT_OTHER HELD HOLD_OPENED',
      'paidInPart: NOT_CUT_OTHER NOT_PROPOSED null',
      'unapproved: NOT_CUT_OTHER PROPOSED_NOT_CUT NOT_APPROVED_IN_TIME',
      'unproposed: NOT_CUT_OTHER NOT_PROPOSED null',
      'refused: NOT_CUT_OTHER NOT_CARRIED_OUT REJECTED',
      'cut: AS_FORESEEN CUT null',
      'small: AS_FORESEEN NOT_PROPOSED null',
    ]);
    expect(comparison.counts.reduce((sum, { count }) => sum + count, 0)).toBe(lines.length);
    expect(comparison.counts[0]).toEqual({
      category: 'CUT_THOUGH_BLOCKED',
      outcome: 'CUT',
      code: null,
      permitted: false,
      count: 1,
    });
    const paged = [];
    for (let after: (typeof lines)[number] | undefined; ;) {
      const page = await comparisonLines(ctx, comparison, { ...all, after, limit: 3 });
      paged.push(...page);
      if (page.length < 3) break;
      after = page.at(-1);
    }
    expect(paged).toEqual(lines);
    expect(await comparisonLines(ctx, comparison, { ...all, categories: ['CUT_THOUGH_BLOCKED'] })).toHaveLength(1);
  });
});

describe('every night', () => {
  const nightlies = () =>
    relight.sql<{ day: string; scope: string }>(
      `SELECT for_date::text AS day, scope FROM cut_dry_run WHERE origin = 'NIGHTLY' ORDER BY 1`,
    );
  const look = (instant: string) => makeNightlyDryRun(contextAt(relight, instant), new Date(instant));

  test('from 20:00 on the next day of the company is made, once; until then it says when to look again', async () => {
    expect(await look('2026-03-10T11:30:00Z')).toBe(30 * 60_000);
    expect(await nightlies()).toEqual([]);
    await look('2026-03-10T12:00:00Z');
    await look('2026-03-10T12:00:00Z');
    await look('2026-03-10T15:00:00Z');
    expect(await nightlies()).toEqual([{ day: '2026-03-11', scope: 'COMPANY' }]);
    // The open one is in the way until it is worked off.
    await look('2026-03-11T12:00:00Z');
    expect(await nightlies()).toHaveLength(1);
    await work(contextAt(relight, '2026-03-11T12:00:00Z'));
    await look('2026-03-11T13:00:00Z');
    expect((await nightlies()).map(({ day }) => day)).toEqual(['2026-03-11', '2026-03-12']);
    await work(contextAt(relight, '2026-03-11T13:00:00Z'));
  });

  test('runs are kept for forty days, and then gone with their lines', async () => {
    const before = await relight.sql('SELECT FROM cut_dry_run_line');
    expect(before.length).toBeGreaterThan(0);
    await clearDryRuns(relight.ctx, new Date('2026-04-19T02:00:00Z'));
    expect(await relight.sql(`SELECT FROM cut_dry_run WHERE for_date = '2026-03-10'`)).not.toEqual([]);
    await clearDryRuns(relight.ctx, new Date('2026-04-20T02:00:00Z'));
    expect(await relight.sql(`SELECT FROM cut_dry_run WHERE for_date <= '2026-03-10'`)).toEqual([]);
    await clearDryRuns(relight.ctx, new Date('2026-12-31T02:00:00Z'));
    expect(await relight.sql('SELECT FROM cut_dry_run_line')).toEqual([]);
  });
});
