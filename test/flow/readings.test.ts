import fc from 'fast-check';
import { exchangeMeter } from '../../src/flows/exchange-meter.js';
import { recordReadings, type RefusedReading } from '../../src/flows/record-readings.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { insertMeters } from '../../src/metering/installations.js';
import type { ReadingReport } from '../../src/metering/readings.js';
import { dailyUsage } from '../../src/metering/usage-policy.js';
import { newId } from '../../src/platform/ids.js';
import { localDate, startOfLocalDay } from '../../src/platform/local-date.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildHouse, newKey, type House } from './support/houses.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterAll(() => relight.stop());

const ZONE = 'Asia/Shanghai';
const HOUR_MS = 3_600_000;

/** Midnight of a day of March 2026 in Jinan, and some hours. */
const march = (day: number, hours = 0) =>
  new Date(startOfLocalDay(`2026-03-${String(day).padStart(2, '0')}`).getTime() + hours * HOUR_MS);
const reading = (
  house: Pick<House, 'meterId'>,
  readAt: Date,
  energyWh: bigint,
  change: Partial<ReadingReport> = {},
): ReadingReport => ({ meterId: house.meterId, readAt, energyWh, quality: 'ACTUAL', cause: 'FREEZE', ...change });
const record = (readings: readonly ReadingReport[], at = march(10, 10)): Promise<RefusedReading[]> =>
  relight.ctx.db.transaction('test-record-readings', (tx) => recordReadings(relight.ctx, tx, readings, at));
const stored = (house: House) =>
  relight.sql<{ readAt: Date; energyWh: bigint; quality: string; flags: string[]; usable: boolean; part: string }>(
    `SELECT read_at AS "readAt", energy_wh AS "energyWh", quality, flags, usable, tableoid::regclass::text AS part FROM reading WHERE meter_id = $1 ORDER BY read_at, quality`,
    [house.meterId],
  );

/** Daily use as '03-01 1000 ACTUAL', by installation. */
const usage = async (house: Pick<House, 'installationId'>) =>
  (
    await relight.sql<{ day: string; wh: bigint; quality: string }>(
      `SELECT usage_date AS day, energy_wh AS wh, quality FROM daily_usage WHERE installation_id = $1 ORDER BY 1`,
      [house.installationId],
    )
  ).map(({ day, wh, quality }) => `${day.slice(5)} ${wh} ${quality}`);

describe('a reading', () => {
  test('heard twice, in one group or in two, is stored once', async () => {
    const house = await buildHouse(relight);
    const one = reading(house, march(1), 1_000n);
    expect(await record([one, one])).toEqual([]);
    expect(await record([one])).toEqual([]);
    expect(await stored(house)).toHaveLength(1);
  });

  test('sixteen copies at once are stored once', async () => {
    const house = await buildHouse(relight);
    await Promise.all(Array.from({ length: 16 }, () => record([reading(house, march(1), 1_000n)])));
    expect(await stored(house)).toHaveLength(1);
  });

  test('that contradicts a stored one is refused; the first stands', async () => {
    const house = await buildHouse(relight);
    await record([reading(house, march(1), 1_000n)]);
    const refused = await record([reading(house, march(1), 2_000n), reading(house, march(2), 3_000n)]);
    expect(refused.map(({ code, reading: { energyWh } }) => [code, energyWh])).toEqual([['READING_CONFLICT', 2_000n]]);
    expect((await stored(house)).map(({ energyWh }) => energyWh)).toEqual([1_000n, 3_000n]);
  });

  test('of a meter that was installed nowhere then is refused', async () => {
    const house = await buildHouse(relight, { installedOn: '2026-03-05' });
    const refused = await record([
      reading(house, march(4, 23), 0n),
      reading(house, march(5), 0n),
      reading({ meterId: newId() }, march(5), 0n),
    ]);
    expect(refused.map(({ code }) => code)).toEqual(['NO_INSTALLATION', 'NO_INSTALLATION']);
    expect(await stored(house)).toHaveLength(1);
  });

  test('refused on the wire goes to quarantine with its bytes, and the rest of its message is kept', async () => {
    const house = await buildHouse(relight);
    await record([reading(house, march(1), 1_000n)]);
    const source = {
      topic: `relight/v1/370100000001/up/${house.serial}/reading`,
      payload: Buffer.from([0xff, 0x00, 0x7b]),
      payloadBytes: 3,
    };
    await takeUplink(relight.ctx, [
      { kind: 'READINGS', readings: [reading(house, march(1), 9n), reading(house, march(2), 2_000n)], source },
    ]);
    expect(await stored(house)).toHaveLength(2);
    const kept = await relight.sql<{ payload: Buffer; code: string }>(
      'SELECT payload, code FROM uplink_quarantine WHERE topic = $1',
      [source.topic],
    );
    expect(kept).toEqual([{ payload: source.payload, code: 'READING_CONFLICT' }]);
  });
});

describe('an odd reading is kept and nothing is built on it', () => {
  test.each<[what: string, readAt: Date, energyWh: bigint, flags: string[]]>([
    ['backwards', march(3), 999n, ['BACKWARDS']],
    ['more than any house can draw', march(2, 1), 10_000_000n, ['IMPLAUSIBLE']],
    ['beyond the register', march(3), 1_000_000_000n, ['IMPLAUSIBLE']],
    ['a year ahead', new Date('2027-03-10T00:00:00Z'), 5_000n, ['FAR_FUTURE']],
  ])('%s', async (_what, readAt, energyWh, flags) => {
    const house = await buildHouse(relight);
    await record([reading(house, march(1), 1_000n), reading(house, march(2), 2_000n)]);
    expect(await record([reading(house, readAt, energyWh)])).toEqual([]);
    expect((await stored(house)).at(-1)).toMatchObject({ energyWh, flags, usable: false });
    expect(await usage(house)).toEqual(['03-01 1000 ACTUAL']);
    // Good ones after it are judged against the last good one.
    await record([reading(house, march(4), 4_000n)]);
    expect((await stored(house)).find(({ readAt: at }) => at.getTime() === march(4).getTime())).toMatchObject({
      usable: true,
    });
    expect(await usage(house)).toEqual(['03-01 1000 ACTUAL', '03-02 1000 ESTIMATED', '03-03 1000 ESTIMATED']);
  });

  test('below the register with which the meter was installed', async () => {
    const house = await buildHouse(relight, { installedOn: '2026-03-01', installedWh: 5_000n });
    await record([reading(house, march(2), 4_999n)]);
    expect(await stored(house)).toMatchObject([{ flags: ['BACKWARDS'], usable: false }]);
  });

  test('far in the future it lies in the default partition, and the partition of its month is not forced in', async () => {
    const house = await buildHouse(relight);
    await record([reading(house, new Date('2031-05-10T00:00:00Z'), 1n)]);
    expect(await stored(house)).toMatchObject([{ part: 'reading_default', flags: ['FAR_FUTURE'] }]);
    const [made] = await relight.sql<{ skipped: string[] }>(
      `SELECT ensure_reading_partitions('2031-04-01', '2031-06-30') AS skipped`,
    );
    expect(made!.skipped).toEqual(['reading_2031_05']);
    const [again] = await relight.sql<{ skipped: string[] }>(
      `SELECT ensure_reading_partitions('2031-04-01', '2031-06-30') AS skipped`,
    );
    expect(again!.skipped).toEqual(['reading_2031_05']);
  });
});

describe('daily use', () => {
  test('is exact between midnights, and an estimate where a midnight is missing', async () => {
    const house = await buildHouse(relight);
    await record([
      reading(house, march(1), 10_000n),
      reading(house, march(2), 13_001n),
      reading(house, march(4), 20_000n),
    ]);
    expect(await usage(house)).toEqual(['03-01 3001 ACTUAL', '03-02 3499 ESTIMATED', '03-03 3500 ESTIMATED']);
  });

  test('a midnight that comes late makes its days exact', async () => {
    const house = await buildHouse(relight);
    await record([reading(house, march(1), 10_000n)]);
    await record([reading(house, march(4), 19_000n)]);
    expect(await usage(house)).toEqual(['03-01 3000 ESTIMATED', '03-02 3000 ESTIMATED', '03-03 3000 ESTIMATED']);
    await record([reading(house, march(3), 18_000n)]);
    expect(await usage(house)).toEqual(['03-01 4000 ESTIMATED', '03-02 4000 ESTIMATED', '03-03 1000 ACTUAL']);
    await record([reading(house, march(2), 11_000n)]);
    expect(await usage(house)).toEqual(['03-01 1000 ACTUAL', '03-02 7000 ACTUAL', '03-03 1000 ACTUAL']);
  });

  test('of the running day is what was used so far, an estimate', async () => {
    const house = await buildHouse(relight);
    await record([
      reading(house, march(9), 1_000n),
      reading(house, march(10), 2_000n),
      reading(house, march(10, 6), 2_300n, { cause: 'PERIODIC' }),
    ]);
    expect(await usage(house)).toEqual(['03-09 1000 ACTUAL', '03-10 300 ESTIMATED']);
  });

  test('an actual reading takes the place of an estimate that was too high', async () => {
    const house = await buildHouse(relight);
    await record([
      reading(house, march(1), 0n),
      reading(house, march(2), 5_000n, { quality: 'ESTIMATED', cause: 'MANUAL' }),
      reading(house, march(3), 6_000n),
    ]);
    expect(await usage(house)).toEqual(['03-01 5000 ESTIMATED', '03-02 1000 ESTIMATED']);
    await record([reading(house, march(2), 4_000n)]);
    expect(await usage(house)).toEqual(['03-01 4000 ACTUAL', '03-02 2000 ACTUAL']);
  });

  test('an actual reading takes the place of an estimate that was too low', async () => {
    const house = await buildHouse(relight);
    const estimate = reading(house, march(2), 3_000n, { quality: 'ESTIMATED', cause: 'MANUAL' });
    await record([reading(house, march(1), 0n), estimate, reading(house, march(3), 6_000n)]);
    await record([reading(house, march(2), 3_005n)]);
    expect(await usage(house)).toEqual(['03-01 3005 ACTUAL', '03-02 2995 ACTUAL']);
  });

  test('is the same when two processes take readings of one meter at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const house = await buildHouse(relight);
      await record([reading(house, march(1), 0n)]);
      const later = [
        reading(house, march(2), 1_000n),
        reading(house, march(3), 9_000n),
        reading(house, march(4), 9_500n),
      ];
      await Promise.all(later.map((one) => record([one])));
      expect(await usage(house)).toEqual(['03-01 1000 ACTUAL', '03-02 8000 ACTUAL', '03-03 500 ACTUAL']);
    }
  });

  test('is the same whatever the order and the groups in which readings come', async () => {
    const steps = fc.array(
      fc.record({
        hours: fc.integer({ min: 1, max: 30 }),
        wh: fc.integer({ min: 0, max: 20_000 }),
        group: fc.integer({ min: 0, max: 3 }),
        order: fc.nat(),
      }),
      { minLength: 2, maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const house = await buildHouse(relight, { installedOn: '2026-02-20' });
        let [at, wh] = [march(1).getTime(), 50_000n];
        const readings = drawn.map(({ hours, wh: used, group, order }) => {
          at += hours * HOUR_MS;
          wh += BigInt(used);
          return { group, order, report: reading(house, new Date(at), wh, { cause: 'PERIODIC' }) };
        });
        for (const group of [0, 1, 2, 3]) {
          const together = readings.filter((one) => one.group === group).sort((a, b) => a.order - b.order);
          await record(
            together.map(({ report }) => report),
            march(20),
          );
        }
        const [first] = readings;
        const whole = dailyUsage({
          readings: readings.map(({ report }) => ({ at: report.readAt, registerWh: report.energyWh })),
          timeZone: ZONE,
          installedAt: startOfLocalDay('2026-02-20'),
        });
        // What was used on the first day before the first reading nobody knows: that day is left out, unless it was read at midnight.
        const firstDay = localDate(first!.report.readAt);
        const readAtMidnight = startOfLocalDay(firstDay).getTime() === first!.report.readAt.getTime();
        const expected = whole.filter(({ date }) => readAtMidnight || date > firstDay);
        expect(await usage(house)).toEqual(
          expected.map(({ date, energyWh, quality }) => `${date.slice(5)} ${energyWh} ${quality}`),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('a meter exchange', () => {
  const manager = person('district-manager');
  async function exchange(
    house: House,
    change: { removedWh?: bigint; installedWh?: bigint; newMeterId?: string; idempotencyKey?: string } = {},
  ) {
    const newMeterId = change.newMeterId ?? newId();
    if (!change.newMeterId) {
      const [gateway] = await relight.sql<{ id: string }>('SELECT gateway_id AS id FROM meter WHERE id = $1', [
        house.meterId,
      ]);
      const serial = String(Math.floor(Number.parseInt(newMeterId.replaceAll('-', '').slice(-10), 16)))
        .padStart(12, '1')
        .slice(-12);
      await relight.ctx.db.transaction('test-new-meter', (tx) =>
        insertMeters(tx, [
          { id: newMeterId, serial, gatewayId: gateway!.id, reconnectMode: 'DIRECT', publicKeyHex: '11'.repeat(32) },
        ]),
      );
    }
    const receipt = await exchangeMeter(
      relight.ctx,
      {
        servicePointId: house.servicePointId,
        newMeterId,
        removedWh: 9_000n,
        installedWh: 0n,
        note: 'worn out',
        idempotencyKey: newKey(),
        ...change,
      },
      manager,
    );
    return { ...receipt, newMeterId, at: relight.ctx.clock.now() };
  }

  test('keeps both registers apart, and both days of the exchange', async () => {
    const house = await buildHouse(relight);
    await record([reading(house, march(9), 1_000n), reading(house, march(10), 2_000n)]);
    const { installationId, newMeterId } = await exchange(house, { removedWh: 2_400n });
    const [placed] = await relight.sql<{ at: Date }>(
      'SELECT installed_at AS at FROM meter_installation WHERE id = $1',
      [installationId],
    );
    // The old meter belongs nowhere any more; the new one begins at zero.
    const after = new Date(placed!.at.getTime() + HOUR_MS);
    expect((await record([reading(house, after, 2_500n)], march(12))).map(({ code }) => code)).toEqual([
      'NO_INSTALLATION',
    ]);
    expect(
      await record(
        [
          reading({ meterId: newMeterId }, placed!.at, 0n),
          reading({ meterId: newMeterId }, march(11), 700n),
          reading({ meterId: newMeterId }, march(12), 1_700n),
        ],
        march(12),
      ),
    ).toEqual([]);
    expect(await usage(house)).toEqual(['03-09 1000 ACTUAL']);
    expect(await usage({ installationId })).toEqual(['03-10 700 ACTUAL', '03-11 1000 ACTUAL']);
  });

  test('of a place that does not exist, or with a meter that is not there or is in use elsewhere, is refused by name', async () => {
    const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
    await expect(exchange({ ...house, servicePointId: newId() }, { newMeterId: other.meterId })).rejects.toMatchObject({
      code: 'SERVICE_POINT_NOT_FOUND',
    });
  });

  test.each<[what: string, code: string, meter: () => Promise<string>]>([
    ['is not on record', 'METER_NOT_FOUND', () => Promise.resolve(newId())],
    ['is in use elsewhere', 'METER_IN_USE', async () => (await buildHouse(relight)).meterId],
  ])('to a meter that %s is a named error', async (_what, code, meter) => {
    const house = await buildHouse(relight);
    await expect(exchange(house, { newMeterId: await meter() })).rejects.toMatchObject({ name: 'UserError', code });
  });
});
