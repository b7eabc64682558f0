import { CLOCK_ID, setClock, type ClockChange } from '../../src/flows/set-clock.js';
import type { FlowContext } from '../../src/flows/context.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database } from '../../src/platform/database.js';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase } from '../support/test-database.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterAll(() => relight.stop());

const DAY_MS = 86_400_000;
const tester = person('tester');
const change = (to: Omit<ClockChange, 'note'>) => setClock(relight.ctx, { ...to, note: 'a month of arrears' }, tester);
const now = () => relight.ctx.clock.now().getTime();

/** Product time that passes while `work` runs must be told from what it did: a second is more than any test here takes. */
const within = (ms: number, expected: number) => expect(Math.abs(ms - expected)).toBeLessThan(5_000);

describe('in simulation', () => {
  test('advances', async () => {
    const before = now();
    await change({ advanceMs: 31 * DAY_MS });
    within(now() - before, 31 * DAY_MS);
  });

  test('is set', async () => {
    const target = new Date(now() + DAY_MS);
    const { virtualAt } = await change({ at: target });
    expect(virtualAt).toEqual(target);
    within(now(), target.getTime());
  });

  test('runs faster, stands still, and runs on without a jump', async () => {
    const start = now();
    await change({ scaleMillis: 86_400_000 });
    await eventually('an hour passes', () => now() - start > 3_600_000);
    await change({ scaleMillis: 0 });
    const stood = now();
    await new Promise((resume) => setImmediate(resume));
    expect(now()).toBe(stood);
    expect(relight.ctx.clock.productMs(1_000)).toBe(0);
    await change({ scaleMillis: 1_000 });
    within(now(), stood);
    expect(relight.ctx.clock.productMs(1_000)).toBe(1_000);
  });

  test.each<[what: string, to: () => Omit<ClockChange, 'note'>, code: string]>([
    ['nothing', () => ({}), 'ONE_CLOCK_CHANGE'],
    ['two things at once', () => ({ advanceMs: 1, scaleMillis: 1 }), 'ONE_CLOCK_CHANGE'],
    ['a second back', () => ({ at: new Date(now() - 1_000) }), 'CLOCK_GOES_BACK'],
    ['to more than 400 days ahead', () => ({ at: new Date(now() + 401 * DAY_MS) }), 'OUT_OF_RANGE'],
    ['by nothing', () => ({ advanceMs: 0 }), 'OUT_OF_RANGE'],
    ['by less than nothing', () => ({ advanceMs: -1 }), 'OUT_OF_RANGE'],
    ['by more than 400 days', () => ({ advanceMs: 400 * DAY_MS + 1 }), 'OUT_OF_RANGE'],
    ['backwards', () => ({ scaleMillis: -1 }), 'OUT_OF_RANGE'],
    ['at half a thousandth', () => ({ scaleMillis: 0.5 }), 'OUT_OF_RANGE'],
    ['faster than there is', () => ({ scaleMillis: 100_000_001 }), 'OUT_OF_RANGE'],
  ])('is not moved: %s', async (_what, to, code) => {
    const { version } = relight.ctx.clock.state;
    expect(await refusal(change(to()))).toBe(code);
    expect((await relight.ctx.clock.reload()).version).toBe(version);
  });

  test('each move is told, with where from and where to', async () => {
    const { version } = await change({ advanceMs: DAY_MS });
    const [told] = await relight.sql<{
      actor: string;
      reason: string;
      detail: { from: string; to: string; scaleMillis: number };
    }>(`SELECT actor, reason, detail FROM audit_entry WHERE subject_id = $1 ORDER BY id DESC LIMIT 1`, [CLOCK_ID]);
    expect(told).toMatchObject({ actor: 'tester', reason: 'a month of arrears' });
    expect(Date.parse(told!.detail.to) - Date.parse(told!.detail.from)).toBe(DAY_MS);
    const [entries] = await relight.sql<{ n: bigint }>(`SELECT count(*) AS n FROM audit_entry WHERE subject_id = $1`, [
      CLOCK_ID,
    ]);
    expect(entries!.n).toBe(version - 1n);
  });

  test('eight advances at once all count', async () => {
    const before = now();
    await Promise.all(Array.from({ length: 8 }, () => change({ advanceMs: DAY_MS })));
    within(now() - before, 8 * DAY_MS);
  });

  test('another process follows', async () => {
    const log = createLogger('silent');
    const db = new Database(relight.database.url, log, 2);
    const nudges = new Nudges(relight.database.url, log);
    await nudges.start();
    const elsewhere = await ProductClock.open(db, new Date(0));
    nudges.listen('clock', () => void elsewhere.reload());
    within(elsewhere.now().getTime(), now());
    const target = now() + 10 * DAY_MS;
    await change({ advanceMs: 10 * DAY_MS });
    await eventually('the other clock follows', () => elsewhere.now().getTime() >= target);
    await nudges.stop();
    await db.close();
  });
});

describe('in real mode', () => {
  test('it is the machine’s clock, cannot be moved, and a database is of one kind for ever', async () => {
    const database = await createTestDatabase();
    const log = createLogger('silent');
    const db = new Database(database.url, log, 2);
    const clock = await ProductClock.open(db, undefined);
    within(clock.now().getTime(), Date.now());
    expect(clock.productMs(1_234)).toBe(1_234);
    const ctx: FlowContext = { ...relight.ctx, db, clock };
    expect(await refusal(setClock(ctx, { advanceMs: 1, note: 'try' }, tester))).toBe('CLOCK_IS_REAL');
    await expect(ProductClock.open(db, new Date())).rejects.toThrow(/real data.*SIMULATION=0/);
    await expect(ProductClock.open(relight.ctx.db, undefined)).rejects.toThrow(/simulated world.*SIMULATION=1/);
    await db.close();
    await database.drop();
  });
});
