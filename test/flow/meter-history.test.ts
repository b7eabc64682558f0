import { takeUplink } from '../../src/flows/take-uplink.js';
import type { MeterReport } from '../../src/switching/report-policy.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildHouse, type House } from './support/houses.js';

describe('the history of what meters say', () => {
  let relight: TestRelight;
  let house: House;
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
  });
  afterAll(() => relight.stop());
  beforeEach(async () => {
    house = await buildHouse(relight);
  });

  const report = (meterAt: string, change: Partial<MeterReport> = {}): MeterReport => ({
    meterId: house.meterId,
    kind: 'STATE',
    relay: 'CLOSED',
    armed: false,
    protected: false,
    lastSequence: 3n,
    meterAt: new Date(meterAt),
    supplyVoltageMv: 229_000,
    ...change,
  });
  const say = (...reports: MeterReport[]) =>
    takeUplink(
      relight.ctx,
      reports.map((one) => ({ kind: 'REPORT' as const, report: one })),
    );
  const states = () =>
    relight.sql<{ at: Date; kind: string; relay: string; part: string }>(
      `SELECT meter_at AS at, kind, relay, tableoid::regclass::text AS part FROM meter_state WHERE meter_id = $1 ORDER BY 1, 2, 3`,
      [house.meterId],
    );

  test('keeps each once, in the partition of its month, late ones too', async () => {
    await relight.sql(`SELECT ensure_telemetry_partitions('2026-02-01', '2026-03-01')`);
    await say(
      report('2026-03-10T01:00:00.000Z'),
      report('2026-03-10T01:00:00.000Z'),
      report('2026-03-10T01:00:00.000Z', { kind: 'ACK' }),
    );
    await say(
      report('2026-02-09T01:00:00.000Z', { relay: 'OPEN', lastSequence: 2n }),
      report('2026-03-10T01:00:00.000Z'),
    );
    expect(
      (await states()).map(({ at, kind, relay, part }) => [at.toISOString().slice(0, 10), kind, relay, part]),
    ).toEqual([
      ['2026-02-09', 'STATE', 'OPEN', 'meter_state_2026_02'],
      ['2026-03-10', 'ACK', 'CLOSED', 'meter_state_2026_03'],
      ['2026-03-10', 'STATE', 'CLOSED', 'meter_state_2026_03'],
    ]);
    // The newest word is what the meter stands for; the late one is history only.
    const [meter] = await relight.sql<{ relay: string }>(`SELECT reported_relay AS relay FROM meter WHERE id = $1`, [
      house.meterId,
    ]);
    expect(meter!.relay).toBe('CLOSED');
  });

  test('keeps what a clock gone wrong says, and makes the months of tomorrow all the same', async () => {
    await say(report('2077-05-01T00:00:00.000Z'));
    expect((await states()).map(({ part }) => part)).toEqual(['meter_state_default']);
    const [made] = await relight.sql<{ skipped: string[] }>(
      `SELECT ensure_telemetry_partitions('2077-04-01', '2077-06-01') AS skipped`,
    );
    expect(made!.skipped).toEqual(['meter_state_2077_05']);
  });

  test('an event heard twice, in one group or in two, is kept once', async () => {
    const event = { meterId: house.meterId, event: 'COVER_OPEN', eventAt: new Date('2026-03-10T01:00:00.000Z') };
    await takeUplink(relight.ctx, [
      { kind: 'EVENT', event },
      { kind: 'EVENT', event: { ...event, detail: 'told otherwise' } },
    ]);
    await takeUplink(relight.ctx, [{ kind: 'EVENT', event }]);
    const kept = await relight.sql(`SELECT event FROM meter_event WHERE meter_id = $1`, [house.meterId]);
    expect(kept).toHaveLength(1);
  });
});
