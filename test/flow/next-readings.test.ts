import fc from 'fast-check';
import { recordReadings, recordReadingsOneByOne } from '../../src/flows/record-readings.js';
import type { ReadingReport } from '../../src/metering/readings.js';
import { startOfLocalDay } from '../../src/platform/local-date.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildHouse, statementOf, type House } from './support/houses.js';

/** Groups of readings drawn for each run, and runs. */
const GROUPS = 12;
const RUNS = Number(process.env['NEXT_READING_RUNS'] ?? 40);
const HOUR_MS = 3_600_000;
const START_MS = startOfLocalDay('2026-03-01').getTime();
/** Product time while all are recorded. */
const AT = new Date(START_MS + 11 * 24 * HOUR_MS);

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterAll(() => relight.stop());

type Record = typeof recordReadings;
const record = (by: Record, reports: readonly ReadingReport[]) =>
  relight.ctx.db.transaction('test-next-readings', (tx) => by(relight.ctx, tx, reports, AT));

/** Everything that recording leaves behind of a house, free of its ids. */
async function left(house: House) {
  const sql = <Row>(text: string) => relight.ctx.db.rows<Row>(statementOf(text), [house.meterId]);
  return {
    readings: await sql(
      `SELECT read_at, energy_wh, quality, cause, flags, usable, revision FROM reading WHERE meter_id = $1 ORDER BY read_at, quality, revision`,
    ),
    days: await sql(
      `SELECT usage_date, energy_wh, quality FROM daily_usage u JOIN meter_installation i ON i.id = u.installation_id WHERE i.meter_id = $1 ORDER BY 1`,
    ),
    faults: await sql(
      `SELECT f.kind, f.read_at, f.energy_wh, f.reason FROM reading_fault f JOIN meter_installation i ON i.id = f.installation_id WHERE i.meter_id = $1 ORDER BY 1, 2`,
    ),
  };
}

/** Where nothing odd happens to a newest reading, its installation knows it. */
const newest = async (house: House) =>
  (
    await relight.sql<{ lastReadAt: Date | null; lastWh: bigint | null; lastDayExact: boolean | null }>(
      `SELECT last_read_at AS "lastReadAt", last_wh AS "lastWh", last_day_exact AS "lastDayExact" FROM meter_installation WHERE id = $1`,
      [house.installationId],
    )
  )[0]!;

/** Mostly midnights in their order, as meters send them; and all that goes wrong with them. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('midnight' as const), used: fc.nat(9_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('hours' as const),
      hours: fc.integer({ min: 1, max: 30 }),
      used: fc.nat(9_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      hours: fc.integer({ min: 1, max: 60 }),
      used: fc.integer({ min: -3_000, max: 3_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('again' as const), back: fc.nat(3), used: fc.constantFrom(0, 0, 7) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('odd' as const),
      used: fc.constantFrom(-5_000, 9_000_000, 990_000_000, 1_000_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('estimate' as const), used: fc.nat(4_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('future' as const), used: fc.nat(10) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The readings of one house: at which hour since the start, which register, read or estimated. */
function played(steps: readonly Step[], installedWh: number) {
  const said: { atMs: number; wh: number; quality: 'ACTUAL' | 'ESTIMATED' }[] = [];
  let [atMs, wh] = [START_MS, installedWh];
  for (const one of steps) {
    const day = 24 * HOUR_MS;
    let next = { atMs, wh: wh + one.used, quality: 'ACTUAL' as 'ACTUAL' | 'ESTIMATED' };
    if (one.kind === 'midnight') next.atMs = START_MS + (Math.floor((atMs - START_MS) / day) + 1) * day;
    else if (one.kind === 'hours') next.atMs = atMs + one.hours * HOUR_MS;
    else if (one.kind === 'late') next.atMs = atMs - one.hours * HOUR_MS;
    else if (one.kind === 'again') {
      const known = said.at(-1 - one.back) ?? { atMs, wh };
      next = { ...next, atMs: known.atMs, wh: known.wh + one.used };
    } else if (one.kind === 'odd') next.atMs = atMs + HOUR_MS;
    else if (one.kind === 'estimate') next = { ...next, atMs: atMs + 24 * HOUR_MS, quality: 'ESTIMATED' };
    else next.atMs = AT.getTime() + (one.used + 1) * HOUR_MS;
    said.push(next);
    if (one.kind === 'midnight' || one.kind === 'hours') [atMs, wh] = [next.atMs, next.wh];
  }
  return said.filter((reading) => reading.wh >= 0);
}

const groupsOf = <T>(all: readonly T[], sizes: readonly number[]): T[][] => {
  const groups: T[][] = [];
  let start = 0;
  for (const size of sizes) {
    groups.push(all.slice(start, start + size));
    start += size;
  }
  groups.push(all.slice(start));
  return groups.filter((group) => group.length > 0);
};

describe('readings stored in one statement', () => {
  test(`leave behind exactly what readings judged one by one do (${RUNS} histories)`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: GROUPS }),
        fc.constantFrom(0, 1_000, 999_990_000),
        async (steps, sizes, installedWh) => {
          const as = { installedOn: '2026-03-01', installedWh: BigInt(installedWh) };
          const [fast, slow] = [await buildHouse(relight, as), await buildHouse(relight, as)];
          const said = played(steps, installedWh);
          for (const group of groupsOf(said, sizes)) {
            const reports = (house: House) =>
              group.map(({ atMs, wh, quality }) => ({
                meterId: house.meterId,
                readAt: new Date(atMs),
                energyWh: BigInt(wh),
                quality,
                cause: 'FREEZE' as const,
              }));
            const refused = await record(recordReadings, reports(fast));
            const expected = await record(recordReadingsOneByOne, reports(slow));
            const said = (all: typeof refused) =>
              all.map(({ reading, code, message }) => [reading.readAt, reading.energyWh, code, message]);
            expect(said(refused)).toEqual(said(expected));
            expect(await left(fast)).toEqual(await left(slow));
            expect(await newest(fast)).toEqual(await newest(slow));
          }
        },
      ),
      { numRuns: RUNS, seed: 41 },
    );
  }, 120_000);
});

describe('the newest reading of an installation', () => {
  const midnight = (day: number, energyWh: bigint, house: House): ReadingReport => ({
    meterId: house.meterId,
    readAt: new Date(START_MS + day * 24 * HOUR_MS),
    energyWh,
    quality: 'ACTUAL',
    cause: 'FREEZE',
  });

  test('is enough for the next, which asks for no other reading', async () => {
    const house = await buildHouse(relight, { installedOn: '2026-03-01' });
    await record(recordReadings, [midnight(1, 1_000n, house)]);
    const asked: string[] = [];
    await relight.ctx.db.transaction('test-next-readings', (tx) =>
      recordReadings(
        relight.ctx,
        { ...tx, rows: (statement, values) => (asked.push(statement.name), tx.rows(statement, values)) },
        [midnight(2, 3_000n, house), midnight(3, 4_000n, house)],
        AT,
      ),
    );
    expect(asked).toEqual(['next-readings-store']);
    expect(await newest(house)).toMatchObject({ lastReadAt: new Date(START_MS + 3 * 24 * HOUR_MS), lastWh: 4_000n });
    expect((await left(house)).days).toHaveLength(2);
  });

  test('of a meter that moved is not taken for the one of its new place', async () => {
    const [house, other] = [await buildHouse(relight, { installedOn: '2026-03-01' }), await buildHouse(relight)];
    await record(recordReadings, [midnight(1, 1_000n, house), midnight(2, 2_000n, house)]);
    const to = await exchanged(house, other);
    expect(await newest({ ...house, installationId: to })).toEqual({
      lastReadAt: null,
      lastWh: null,
      lastDayExact: null,
    });
  });

  test('sixteen groups at once with the same and the next readings keep each once', async () => {
    const house = await buildHouse(relight, { installedOn: '2026-03-01' });
    await record(recordReadings, [midnight(1, 1_000n, house)]);
    await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        record(recordReadings, [midnight(2 + (n % 4), BigInt(2_000 + 1_000 * (n % 4)), house)]),
      ),
    );
    const { readings, days } = await left(house);
    expect(readings).toHaveLength(5);
    expect(days).toHaveLength(4);
    expect(await newest(house)).toMatchObject({ lastWh: 5_000n });
  });
});

/** Takes the meter of `house` down and installs it anew at the place of `other`; returns the new installation. */
async function exchanged(house: House, other: House): Promise<string> {
  const at = new Date(START_MS + 3 * 24 * HOUR_MS);
  await relight.sql(`UPDATE meter_installation SET removed_at = $2, removed_wh = 2000 WHERE id = ANY($1::uuid[])`, [
    [house.installationId, other.installationId],
    at,
  ]);
  const [row] = await relight.sql<{ id: string }>(
    `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) VALUES (gen_random_uuid(), $1, $2, $3, 2000) RETURNING id`,
    [house.meterId, other.servicePointId, at],
  );
  await record(recordReadings, [
    {
      meterId: house.meterId,
      readAt: new Date(at.getTime() - HOUR_MS),
      energyWh: 1_999n,
      quality: 'ACTUAL',
      cause: 'PERIODIC',
    },
  ]);
  return row!.id;
}
