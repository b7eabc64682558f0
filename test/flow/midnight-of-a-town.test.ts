import { setClock } from '../../src/flows/set-clock.js';
import { addDays, startOfLocalDay } from '../../src/platform/local-date.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';

const DISTRICTS = 4;
const METERS_PER_DISTRICT = 500;
const METERS = DISTRICTS * METERS_PER_DISTRICT;

describe('midnight of a town', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({
      plan: { districts: DISTRICTS, metersPerDistrict: METERS_PER_DISTRICT, months: 1, arrearsShare: 0 },
    });
  }, 180_000);
  afterAll(() => relight.stop(), 60_000);

  test(`the freezes of ${METERS} meters come at once, are stored once each, and give a day of use each`, async () => {
    const today = relight.ctx.clock.now().toISOString().slice(0, 10);
    const midnight = startOfLocalDay(addDays(today, 1));
    await setClock(relight.ctx, { at: new Date(midnight.getTime() + 60_000), note: 'past midnight' }, person('tester'));
    const freezes = async () =>
      (
        await relight.sql<{ n: number; usable: number }>(
          `SELECT count(*)::int AS n, count(*) FILTER (WHERE usable)::int AS usable FROM reading WHERE read_at = $1`,
          [midnight],
        )
      )[0]!;
    await eventually('all freezes are stored', async () => (await freezes()).n === METERS, 60_000);
    expect(await freezes()).toEqual({ n: METERS, usable: METERS });
    const [days] = await relight.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM daily_usage WHERE usage_date = $1 AND quality = 'ACTUAL'`,
      [today],
    );
    expect(days!.n).toBe(METERS);
  }, 120_000);
});
