import { askForReadings } from '../../src/flows/ask-for-readings.js';
import { dropMeterHistory, findReadingGaps, midnightsToScan } from '../../src/flows/find-reading-gaps.js';
import { recordReadings } from '../../src/flows/record-readings.js';
import { setClock } from '../../src/flows/set-clock.js';
import { LIMITS } from '../../src/platform/limits.js';
import { addDays, startOfLocalDay } from '../../src/platform/local-date.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildDistrict, buildHouse, type House } from './support/houses.js';

const ZONE = 'Asia/Shanghai';
const HOUR_MS = 3_600_000;
const at = (day: string, hours = 3) => new Date(startOfLocalDay(day, ZONE).getTime() + hours * HOUR_MS);

describe('missing midnights', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
    await relight.sql(
      `UPDATE meter_installation SET removed_at = installed_at + interval '1 second', removed_wh = installed_wh`,
    );
  });
  afterAll(() => relight.stop());
  beforeEach(async () => {
    await relight.sql(`DELETE FROM reading_gap`);
    await relight.sql(`DELETE FROM reading_gap_scan`);
  });

  const read = (house: House, day: string, energyWh: bigint) =>
    relight.ctx.db.transaction('test-gaps', (tx) =>
      recordReadings(
        relight.ctx,
        tx,
        [{ meterId: house.meterId, readAt: startOfLocalDay(day, ZONE), energyWh, quality: 'ACTUAL', cause: 'FREEZE' }],
        at(day),
      ),
    );
  const gapsOf = (house: House) =>
    relight.sql<{ midnight: string; state: string; attempts: number }>(
      `SELECT midnight::text AS midnight, state, attempts FROM reading_gap WHERE installation_id = $1 ORDER BY 1`,
      [house.installationId],
    );
  const dueAgain = () =>
    relight.sql(
      `UPDATE reading_gap SET ask_wall_at = now() - interval '1 second', asked_wall_at = now() - interval '1 day'`,
    );
  const online = () => relight.sql(`UPDATE gateway SET online = true`);

  test('are found once per meter and midnight, and end when the register comes', async () => {
    const [read1, silent, fresh] = [
      await buildHouse(relight, { installedOn: '2026-03-01' }),
      await buildHouse(relight, { installedOn: '2026-03-01' }),
      await buildHouse(relight, { installedOn: '2026-03-05' }),
    ];
    await read(read1, '2026-03-04', 100n);
    await findReadingGaps(relight.ctx, at('2026-03-04'));
    await findReadingGaps(relight.ctx, at('2026-03-04', 4));
    expect(await gapsOf(read1)).toEqual([]);
    expect(await gapsOf(silent)).toEqual([{ midnight: '2026-03-04', state: 'OPEN', attempts: 0 }]);
    // It was not there yet.
    expect(await gapsOf(fresh)).toEqual([]);
    await findReadingGaps(relight.ctx, at('2026-03-06'));
    expect((await gapsOf(silent)).map(({ midnight }) => midnight)).toEqual(['2026-03-04', '2026-03-05', '2026-03-06']);
    await read(silent, '2026-03-05', 200n);
    await findReadingGaps(relight.ctx, at('2026-03-06', 5));
    expect((await gapsOf(silent)).map(({ state }) => state)).toEqual(['OPEN', 'FILLED', 'OPEN']);
  });

  test('are asked for with all days of a meter in one question, a few meters of a concentrator at once, less and less often, and given up', async () => {
    const districtId = await buildDistrict(relight);
    const houses: House[] = [];
    for (let n = 0; n < LIMITS.readingGapsPerGateway.value + 3; n += 1)
      houses.push(await buildHouse(relight, { installedOn: '2026-03-01', districtId }));
    const own = new Set(houses.map(({ serial }) => serial));
    await findReadingGaps(relight.ctx, at('2026-03-07'));
    await findReadingGaps(relight.ctx, at('2026-03-08'));
    await relight.sql(`DELETE FROM reading_gap WHERE NOT installation_id = ANY($1::uuid[])`, [
      houses.map(({ installationId }) => installationId),
    ]);
    // Nobody is asked through a gateway that is not there.
    await relight.sql(`UPDATE gateway SET online = false`);
    expect(await askForReadings(relight.ctx)).toEqual([]);
    await online();
    const first = await askForReadings(relight.ctx);
    expect(first).toHaveLength(LIMITS.readingGapsPerGateway.value);
    expect(first.every(({ serial }) => own.has(serial))).toBe(true);
    expect(first[0]!.midnights).toEqual(['2026-03-07', '2026-03-08']);
    // The concentrator is busy with those, and they have their wait before them.
    expect(await askForReadings(relight.ctx)).toEqual([]);
    await relight.sql(`UPDATE reading_gap SET asked_wall_at = asked_wall_at - interval '2 minutes'`);
    expect(await askForReadings(relight.ctx)).toHaveLength(3);

    for (let round = 2; round <= 5; round += 1) {
      await dueAgain();
      for (let part = 0; part < 2; part += 1) {
        await askForReadings(relight.ctx);
        await relight.sql(`UPDATE reading_gap SET asked_wall_at = asked_wall_at - interval '2 minutes'`);
      }
    }
    expect((await gapsOf(houses[0]!)).map(({ attempts }) => attempts)).toEqual([5, 5]);
    await findReadingGaps(relight.ctx, at('2026-03-08', 6));
    expect((await gapsOf(houses[0]!)).map(({ state }) => state)).toEqual(['OPEN', 'OPEN']);
    await dueAgain();
    expect(await askForReadings(relight.ctx)).toEqual([]);
    await findReadingGaps(relight.ctx, at('2026-03-08', 7));
    expect((await gapsOf(houses[0]!)).map(({ state }) => state)).toEqual(['GIVEN_UP', 'GIVEN_UP']);
    const faults = await relight.sql<{ kind: string; reason: string }>(
      `SELECT kind, reason FROM reading_fault WHERE installation_id = $1 ORDER BY read_at`,
      [houses[0]!.installationId],
    );
    expect(faults.map(({ kind }) => kind)).toEqual(['MISSED', 'MISSED']);
    expect(faults[0]!.reason).toContain('5 times');
  });

  test('two processes that ask at once ask each meter once', async () => {
    const districtId = await buildDistrict(relight);
    for (let n = 0; n < 4; n += 1) await buildHouse(relight, { installedOn: '2026-03-01', districtId });
    await findReadingGaps(relight.ctx, at('2026-03-09'));
    await online();
    const asked = (await Promise.all(Array.from({ length: 6 }, () => askForReadings(relight.ctx)))).flat();
    expect(new Set(asked.map(({ serial }) => serial)).size).toBe(asked.length);
  });

  test.each([
    ['the first time: the newest only', undefined, at('2026-03-08'), ['2026-03-08']],
    ['not before freezes have had their time', undefined, at('2026-03-08', 1), ['2026-03-07']],
    [
      'every midnight since the last',
      at('2026-03-05', 0),
      at('2026-03-08'),
      ['2026-03-06', '2026-03-07', '2026-03-08'],
    ],
    ['none twice', at('2026-03-08', 0), at('2026-03-08', 20), []],
  ])('are looked for: %s', (_what, last, now, expected) => {
    expect(midnightsToScan(last, now, ZONE)).toEqual(expected);
  });

  test('after a long pause a month is looked through, not a year', () => {
    const days = midnightsToScan(at('2025-01-01', 0), at('2026-03-08'), ZONE);
    expect([days[0], days.length, days.at(-1)]).toEqual([addDays('2026-03-08', -30), 31, '2026-03-08']);
  });

  test('old events and states go by month, and only where the operator said so', async () => {
    await relight.sql(`SELECT ensure_telemetry_partitions('2024-01-01', '2024-03-01')`);
    await dropMeterHistory(relight.ctx, 2, new Date('2024-04-15T00:00:00Z'));
    const parts = await relight.sql<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relname ~ '_2024_0[123]$' AND relkind = 'r' ORDER BY 1`,
    );
    expect(parts.map(({ name }) => name)).toEqual([
      'meter_event_2024_02',
      'meter_event_2024_03',
      'meter_state_2024_02',
      'meter_state_2024_03',
      'reading_2024_01',
      'reading_2024_02',
      'reading_2024_03',
    ]);
    await expect(relight.sql(`SELECT drop_meter_history('reading', '2030-01-01')`)).rejects.toThrow(
      /only meter_event and meter_state/,
    );
  });
});

describe('on the wire', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight();
  });
  afterAll(() => relight.stop());

  test('a meter whose freeze was lost is asked for it, and the gap is filled', async () => {
    const [meter] = await relight.sql<{ id: string; serial: string; installationId: string }>(
      `SELECT m.id, m.serial, i.id AS "installationId" FROM meter m JOIN meter_installation i ON i.meter_id = m.id ORDER BY m.serial LIMIT 1`,
    );
    await eventually(
      'the gateway is online',
      async () => (await relight.sql(`SELECT 1 AS one FROM gateway WHERE NOT coalesce(online, false)`)).length === 0,
    );
    const fault = relight.fleet.addFault({ name: 'lossUp', target: { meter: meter!.serial } });
    const today = relight.ctx.clock.now();
    const next = startOfLocalDay(addDays(today.toISOString().slice(0, 10), 2), ZONE);
    await setClock(
      relight.ctx,
      { at: new Date(next.getTime() + 3 * HOUR_MS), note: 'past a midnight' },
      person('tester'),
    );
    const midnights = async () =>
      relight.sql<{ meterId: string }>(`SELECT meter_id AS "meterId" FROM reading WHERE read_at = $1`, [next]);
    await eventually('the others have sent their freeze', async () => (await midnights()).length === 11);
    expect((await midnights()).map(({ meterId }) => meterId)).not.toContain(meter!.id);
    await findReadingGaps(relight.ctx, relight.ctx.clock.now());
    relight.fleet.removeFault(fault.id);
    await eventually('the answer is stored', async () => (await midnights()).length === 12);
    await findReadingGaps(relight.ctx, relight.ctx.clock.now());
    const [gap] = await relight.sql<{ state: string; attempts: number }>(
      `SELECT state, attempts FROM reading_gap WHERE installation_id = $1 AND midnight_at = $2`,
      [meter!.installationId, next],
    );
    expect(gap!.state).toBe('FILLED');
    expect(gap!.attempts).toBeGreaterThan(0);
    const days = await relight.sql<{ quality: string }>(
      `SELECT quality FROM daily_usage WHERE installation_id = $1 ORDER BY usage_date DESC LIMIT 1`,
      [meter!.installationId],
    );
    expect(days).toHaveLength(1);
  });
});
