import { readFileSync } from 'node:fs';
import { Calendar, dayNumber, dayType } from '../../simulator/meter/calendar.js';
import { LoadShape } from '../../simulator/meter/load-shape.js';
import { makeMeter, type Meter } from '../../simulator/meter/meter.js';
import { Physics } from '../../simulator/meter/physics.js';
import { draw, hash32, share } from '../../simulator/meter/random.js';
import { packagePath } from '../../simulator/package-root.js';
import type { LoadName, ManifestMeter } from '../../simulator/wire/contract.js';
import { manifest } from './support/fixtures.js';

const shanghai = new Calendar('Asia/Shanghai');
const berlin = new Calendar('Europe/Berlin');
const DAY_MS = 86_400_000;

const meterWith = (change: Partial<ManifestMeter>, seed = 1): Meter =>
  makeMeter({ ...(manifest().meters[0] as ManifestMeter), ...change }, seed);

describe('calendar', () => {
  test('local midnights, by table and by the clock on the wall', () => {
    expect(new Date(shanghai.midnightMs(dayNumber(2025, 3, 1))).toISOString()).toBe('2025-02-28T16:00:00.000Z');
    expect(new Date(berlin.midnightMs(dayNumber(2025, 3, 30))).toISOString()).toBe('2025-03-29T23:00:00.000Z');
    expect(new Date(berlin.midnightMs(dayNumber(2025, 3, 31))).toISOString()).toBe('2025-03-30T22:00:00.000Z');
  });

  test('east of Greenwich the change of hour comes after the midnight it must not move', () => {
    const sydney = new Calendar('Australia/Sydney');
    const midnight = (day: number): string => new Date(sydney.midnightMs(dayNumber(2025, 10, day))).toISOString();
    expect([4, 5, 6].map(midnight)).toEqual([
      '2025-10-03T14:00:00.000Z',
      '2025-10-04T14:00:00.000Z',
      '2025-10-05T13:00:00.000Z',
    ]);
  });

  test.each([
    'Asia/Shanghai',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Pacific/Apia',
  ])('%s: every day begins at its midnight and ends before the next, for 16 years', (zone) => {
    const calendar = new Calendar(zone);
    for (let day = dayNumber(2011, 1, 1); day < dayNumber(2027, 1, 1); day += 1) {
      const start = calendar.midnightMs(day);
      const end = calendar.midnightMs(day + 1);
      // Samoa left out 30 December 2011 altogether.
      if (end === start) continue;
      expect([calendar.dayOf(start), calendar.dayOf(end - 1)]).toEqual([day, day]);
    }
  });

  test('leap years and day types', () => {
    expect(shanghai.year(2024).dayCount).toBe(366);
    expect(shanghai.year(2025).dayCount).toBe(365);
    // 2025-06-07 was a Saturday.
    expect([7, 8, 9].map((day) => dayType(dayNumber(2025, 6, day)))).toEqual([0, 1, 2]);
    expect(dayType(dayNumber(1969, 12, 27))).toBe(0);
  });
});

/** The profile table read again, by hand, as big integers. */
function table(load: LoadName): bigint[][] {
  const raw = JSON.parse(readFileSync(packagePath('simulator', 'data', 'load-shapes.json'), 'utf8')) as Record<
    LoadName,
    Record<'saturday' | 'holiday' | 'workday', string>[]
  >;
  return raw[load].flatMap((month) =>
    [month.saturday, month.holiday, month.workday].map((row) => row.split(' ').map(BigInt)),
  );
}

/** Used energy since the local year began, in 1/(weights × ms) of the year: the sum, quarter by quarter. */
function bruteForcePart(load: LoadName, year: number, atMs: number): { used: bigint; total: bigint } {
  const rows = table(load);
  let used = 0n;
  let total = 0n;
  const quarterMs = 900_000n;
  for (let quarterStart = Date.UTC(year, 0, 1) - 8 * 3_600_000; ; quarterStart += 900_000) {
    const local = new Date(quarterStart + 8 * 3_600_000);
    if (local.getUTCFullYear() > year) break;
    const type = local.getUTCDay() === 6 ? 0 : local.getUTCDay() === 0 ? 1 : 2;
    const quarter = local.getUTCHours() * 4 + local.getUTCMinutes() / 15;
    const weight = (rows[local.getUTCMonth() * 3 + type] as bigint[])[quarter] as bigint;
    total += weight * quarterMs;
    if (quarterStart + 900_000 <= atMs) used += weight * quarterMs;
    else if (quarterStart < atMs) used += weight * BigInt(atMs - quarterStart);
  }
  return { used, total };
}

describe('load shape', () => {
  test.each(['household', 'commerce'] as const)(
    '%s: equals the sum over all quarter-hours, to the last bit',
    (load) => {
      const shape = new LoadShape(load, shanghai);
      for (const text of [
        '2024-02-29T09:07:11.123Z',
        '2025-01-01T00:00:00.000Z',
        '2025-07-05T16:00:00.000Z',
        '2025-12-31T15:59:59.999Z',
      ]) {
        const atMs = Date.parse(text);
        const { year, part } = shape.at(atMs);
        const { used, total } = bruteForcePart(load, year, atMs);
        // 10^12 Wh a year, the contract's largest meter: exact to far less than one Wh.
        const exactWh = Number((used * 1_000_000_000_000_000n) / total) / 1000;
        expect(Math.abs(part * 1e12 - exactWh)).toBeLessThan(0.01);
      }
    },
  );

  test('the two days of summer time keep the year whole and the curve unbroken', () => {
    const shape = new LoadShape('household', berlin);
    let before = shape.at(Date.parse('2025-03-29T00:00:00.000Z')).part;
    for (
      let atMs = Date.parse('2025-03-29T00:01:00.000Z');
      atMs < Date.parse('2025-04-01T00:00:00.000Z');
      atMs += 60_000
    ) {
      const { part } = shape.at(atMs);
      expect(part).toBeGreaterThan(before);
      expect(part - before).toBeLessThan(1e-5);
      before = part;
    }
    expect(shape.at(berlin.midnightMs(dayNumber(2026, 1, 1)) - 1).part).toBeCloseTo(1, 9);
  });
});

describe('register', () => {
  const physics = new Physics(shanghai);

  test.each([2024, 2025, 2026, 2027, 2028])('a year counts the annual energy within 0.1 % (%i)', (year) => {
    const from = shanghai.midnightMs(dayNumber(year, 1, 1));
    const to = shanghai.midnightMs(dayNumber(year + 1, 1, 1));
    for (let seed = 1; seed <= 50; seed += 1) {
      const load = seed % 2 === 0 ? 'household' : 'commerce';
      const meter = meterWith({ load, registerAt: new Date(from).toISOString(), registerWh: 0 }, seed);
      expect(Math.abs(physics.registerWh(meter, to) / 3_000_000 - 1)).toBeLessThan(0.001);
    }
  });

  test('power is the slope of the register, always positive, and meters differ', () => {
    const registers = new Set<number>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const load = seed % 2 === 0 ? 'household' : 'commerce';
      const meter = meterWith({ load, annualEnergyWh: 100_000_000_000, registerAt: '2025-01-01T00:00:00.000Z' }, seed);
      for (let step = 0; step < 500; step += 1) {
        const atMs = Date.parse('2025-01-01T00:00:01.000Z') + step * 61_234_567;
        const slopeW = (physics.registerWh(meter, atMs + 1000) - physics.registerWh(meter, atMs)) * 3600;
        const { powerW } = physics.measure(meter, atMs + 500);
        expect(powerW).toBeGreaterThan(0);
        // A second may straddle two quarter-hours; the steps between them are below 10 %.
        expect(Math.abs(slopeW / powerW - 1)).toBeLessThan(0.1);
      }
      registers.add(Math.floor(physics.registerWh(meter, Date.parse('2025-03-03T10:00:00.000Z'))));
    }
    expect(registers.size).toBe(20);
  });

  test('meters keep their own hours: the quarter-hours of the profile begin at another minute for each', () => {
    const begins = new Set<number>();
    for (let seed = 1; seed <= 10; seed += 1) {
      const meter = meterWith({ annualEnergyWh: 100_000_000_000 }, seed);
      const powerW = (second: number): number =>
        physics.measure(meter, Date.parse('2025-06-10T09:00:00.000Z') + second * 1000).powerW;
      let [steepest, at] = [0, 0];
      for (let second = 0; second < 900; second += 1) {
        const stepW = Math.abs(powerW(second + 1) - powerW(second));
        if (stepW > steepest) [steepest, at] = [stepW, second];
      }
      begins.add(at);
    }
    expect(begins.size).toBeGreaterThan(5);
  });

  test('parts add up: folding the past into the base changes nothing', () => {
    const whole = meterWith({ registerAt: '2025-01-01T00:00:00.000Z' });
    const folded = meterWith({ registerAt: '2025-01-01T00:00:00.000Z' });
    for (let step = 1; step <= 2000; step += 1) {
      const atMs = Date.parse('2025-01-01T00:00:00.000Z') + step * 10_000_019;
      physics.rebase(folded, atMs);
      expect(physics.registerWh(folded, atMs)).toBeCloseTo(physics.registerWh(whole, atMs), 5);
    }
  });

  test('an open relay or a dead supply stops it, whatever the time', () => {
    const meter = meterWith({ registerAt: '2025-01-01T00:00:00.000Z' });
    const cutMs = Date.parse('2025-02-01T00:00:00.000Z');
    physics.rebase(meter, cutMs);
    const stood = physics.registerWh(meter, cutMs);
    meter.relayClosed = false;
    const dark = physics.measure(meter, cutMs + 40 * DAY_MS);
    expect(dark).toMatchObject({ loadVoltageMv: 0, powerW: 0, energyWh: Math.floor(stood) });
    expect(dark.supplyVoltageMv).toBeGreaterThan(198_000);
    meter.relayClosed = true;
    meter.supplied = false;
    expect(physics.measure(meter, cutMs + DAY_MS)).toMatchObject({ supplyVoltageMv: 0, loadVoltageMv: 0, powerW: 0 });
    meter.supplied = true;
    physics.rebase(meter, cutMs);
    expect(physics.measure(meter, cutMs + DAY_MS).energyWh).toBeGreaterThan(stood);
    // Asked for a time before its base, it stands still rather than going back.
    expect(physics.registerWh(meter, cutMs - DAY_MS)).toBe(stood);
  });

  test('voltages are a healthy supply', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { supplyVoltageMv, loadVoltageMv } = physics.measure(
        meterWith({}, seed),
        Date.parse('2025-06-10T11:00:00.000Z'),
      );
      // GB/T 12325: 220 V +7 % −10 %.
      expect(supplyVoltageMv).toBeGreaterThan(198_000);
      expect(supplyVoltageMv).toBeLessThan(235_400);
      expect(loadVoltageMv).toBe(supplyVoltageMv);
    }
  });

  test('no load, no power: a meter with no annual energy stands still', () => {
    const meter = meterWith({ annualEnergyWh: 0, registerWh: 5 });
    expect(physics.measure(meter, Date.parse('2030-01-01T00:00:00.000Z'))).toMatchObject({ powerW: 0, energyWh: 5 });
  });
});

describe('seeded numbers', () => {
  test('are spread evenly and depend on seed and text', () => {
    const stream = { random: hash32('x', 1) };
    const buckets = new Array<number>(10).fill(0);
    for (let index = 0; index < 100_000; index += 1) {
      const bucket = Math.floor(draw(stream) * 10);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    let struck = 0;
    for (let index = 0; index < 10_000; index += 1) if (share(`f1:${100_000_000_000 + index}`, 7) < 0.1) struck += 1;
    expect(Math.abs(struck - 1000)).toBeLessThan(120);
    expect(hash32('a', 1)).not.toBe(hash32('a', 2));
    expect(hash32('a', 1)).not.toBe(hash32('b', 1));
  });
});
