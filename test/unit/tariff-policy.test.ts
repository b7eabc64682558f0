import fc from 'fast-check';
import { loadTariffs, priceUsage, priceUsageByCode, tierPeriodStart } from '../../src/billing/tariff-policy.js';
import type { Tariff } from '../../src/billing/tariff-policy.js';
import { hubeiCommercial } from '../../src/billing/tariffs/hubei-commercial.js';
import { hunanResidential } from '../../src/billing/tariffs/hunan-residential.js';
import { shandongResidential } from '../../src/billing/tariffs/shandong-residential.js';
import { addDays } from '../../src/platform/local-date.js';

const KWH = 1_000n;
const open = { validFrom: '2020-01-01', validTo: null };
const yearlyDocument = { ...shandongResidential[0]!, ...open, code: 'YEARLY' }; // 2520 and 4800 kWh a year
const monthlyDocument = { ...hunanResidential[0]!, ...open, code: 'MONTHLY' }; // 200, then 350 or 450 kWh a month
const flatDocument = { ...hubeiCommercial[0]!, ...open, code: 'FLAT' };
const dearTiers = [
  { upToKwh: 2520, priceYuanPerKwh: '1' },
  { upToKwh: null, priceYuanPerKwh: '2' },
];
const [yearly, monthly, flat] = loadTariffs([yearlyDocument, monthlyDocument, flatDocument]) as [
  Tariff,
  Tariff,
  Tariff,
];

/** Expected lines are written 'tier: energy amount', in order. */
type Row = [what: string, usedWh: bigint, energyWh: bigint, from: string, to: string, lines: string];

const priced = (tariff: Tariff, usedWh: bigint, energyWh: bigint, from: string, to: string) =>
  priceUsage({ tariff, energyWh, alreadyUsedInTierPeriodWh: usedWh, periodFrom: from, periodTo: to });

const linesOf = (tariff: Tariff, [, usedWh, energyWh, from, to]: Row): string =>
  priced(tariff, usedWh, energyWh, from, to)
    .lines.map((line) => `${line.tier}: ${line.energyWh} Wh ${line.amountMinor} fen`)
    .join(', ');

describe('tiers by year', () => {
  const march = ['2026-03-01', '2026-04-01'] as const;
  test.each<Row>([
    ['nothing used', 0n, 0n, ...march, ''],
    ['1 Wh rounds to nothing', 0n, 1n, ...march, '1: 1 Wh 0 fen'],
    ['more than half a fen rounds up: 10 Wh are 0.5469 fen', 0n, 10n, ...march, '1: 10 Wh 1 fen'],
    ['less than half rounds down: 9 Wh are 0.49221 fen', 0n, 9n, ...march, '1: 9 Wh 0 fen'],
    ['one Wh short of tier 2', 2_519n * KWH, 999n, ...march, '1: 999 Wh 55 fen'],
    ['exactly at the edge of tier 1', 2_519n * KWH, KWH, ...march, '1: 1000 Wh 55 fen'],
    ['one Wh into tier 2', 2_519n * KWH, 1_001n, ...march, '1: 1000 Wh 55 fen, 2: 1 Wh 0 fen'],
    ['edge of tier 1 already used', 2_520n * KWH, 100n * KWH, ...march, '2: 100000 Wh 5969 fen'],
    ['exactly at the edge of tier 2', 4_799n * KWH, KWH, ...march, '2: 1000 Wh 60 fen'],
    ['one Wh into tier 3', 4_799n * KWH, 1_001n, ...march, '2: 1000 Wh 60 fen, 3: 1 Wh 0 fen'],
    ['far above all tiers', 1_000_000n * KWH, 100n * KWH, ...march, '3: 100000 Wh 8469 fen'],
    [
      'through all tiers in one bill',
      0n,
      5_000n * KWH,
      ...march,
      '1: 2520000 Wh 137819 fen, 2: 2280000 Wh 136093 fen, 3: 200000 Wh 16938 fen',
    ],
    [
      'a huge register',
      0n,
      10n ** 15n,
      ...march,
      '1: 2520000 Wh 137819 fen, 2: 2280000 Wh 136093 fen, 3: 999999995200000 Wh 84689999593488 fen',
    ],
  ])('%s', (...row) => {
    expect(linesOf(yearly, row)).toEqual(row[5]);
  });

  test.each<Row>([
    ['ends with the year: one part', 4_800n * KWH, 31n * KWH, '2025-12-01', '2026-01-01', '3: 31000 Wh 2625 fen'],
    ['starts with the year: from tier 1', 4_800n * KWH, 31n * KWH, '2026-01-01', '2026-02-01', '1: 31000 Wh 1695 fen'],
    [
      'one day into the new year',
      4_800n * KWH,
      32n * KWH,
      '2025-12-01',
      '2026-01-02',
      '3: 31000 Wh 2625 fen, 1: 1000 Wh 55 fen',
    ],
    [
      'one day of the old year; the Wh that does not divide goes to the later part',
      4_800n * KWH,
      32_001n,
      '2025-12-31',
      '2026-02-01',
      '3: 1000 Wh 85 fen, 1: 31001 Wh 1695 fen',
    ],
    [
      'a leap year has its day: 29 February counts',
      0n,
      60n * KWH,
      '2027-12-31',
      '2028-02-29',
      '1: 1000 Wh 55 fen, 1: 59000 Wh 3227 fen',
    ],
    [
      'two year ends in one bill',
      0n,
      367n * KWH,
      '2027-12-31',
      '2029-01-01',
      '1: 1000 Wh 55 fen, 1: 366000 Wh 20017 fen',
    ],
  ])('%s', (...row) => {
    expect(linesOf(yearly, row)).toEqual(row[5]);
  });

  test('each part of a split bill says which days it is for', () => {
    const { lines } = priced(yearly, 0n, 32n * KWH, '2025-12-01', '2026-01-02');
    expect(lines.map(({ from, to }) => [from, to])).toEqual([
      ['2025-12-01', '2026-01-01'],
      ['2026-01-01', '2026-01-02'],
    ]);
  });
});

describe('tiers by month', () => {
  test.each<Row>([
    [
      'spring edge',
      0n,
      350_001n,
      '2026-05-01',
      '2026-06-01',
      '1: 200000 Wh 11760 fen, 2: 150000 Wh 9570 fen, 3: 1 Wh 0 fen',
    ],
    [
      'summer edge',
      0n,
      450_001n,
      '2026-06-01',
      '2026-07-01',
      '1: 200000 Wh 11760 fen, 2: 250000 Wh 15950 fen, 3: 1 Wh 0 fen',
    ],
    [
      'the rest of a month goes on from what was used in it',
      199n * KWH,
      2n * KWH,
      '2026-05-16',
      '2026-06-01',
      '1: 1000 Wh 59 fen, 2: 1000 Wh 64 fen',
    ],
    [
      'every month starts anew, in its own season',
      349n * KWH,
      60n * KWH,
      '2026-05-17',
      '2026-06-16',
      '2: 1000 Wh 64 fen, 3: 29000 Wh 2575 fen, 1: 30000 Wh 1764 fen',
    ],
    [
      '29 February belongs to February',
      450n * KWH,
      2n * KWH,
      '2028-02-29',
      '2028-03-02',
      '3: 1000 Wh 89 fen, 1: 1000 Wh 59 fen',
    ],
  ])('%s', (...row) => {
    expect(linesOf(monthly, row)).toEqual(row[5]);
  });
});

test.each<Row>([
  ['one price for everything', 10n ** 9n, 1_000n * KWH, '2026-01-01', '2026-02-01', '1: 1000000 Wh 73569 fen'],
  ['a flat tariff has no year end', 0n, 1_000n * KWH, '2025-12-15', '2026-01-15', '1: 1000000 Wh 73569 fen'],
  ['nothing used', 0n, 0n, '2026-01-01', '2026-02-01', ''],
])('flat: %s', (...row) => {
  expect(linesOf(flat, row)).toEqual(row[5]);
});

test('any bill: energy is kept to the Wh, lines add up, and each is within half a fen of its exact price', () => {
  const energy = fc.bigInt({ min: 0n, max: 20_000_000n });
  const start = fc.integer({ min: 0, max: 900 }).map((days) => addDays('2025-01-01', days));
  fc.assert(
    fc.property(
      fc.constantFrom(yearly, monthly, flat),
      energy,
      energy,
      start,
      fc.integer({ min: 1, max: 400 }),
      (tariff, usedWh, energyWh, from, days) => {
        const { lines, totalMinor, currency } = priced(tariff, usedWh, energyWh, from, addDays(from, days));
        expect(lines.reduce((sum, line) => sum + line.energyWh, 0n)).toBe(energyWh);
        expect(lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(totalMinor);
        expect(currency).toBe('CNY');
        for (const line of lines) {
          expect(line.energyWh > 0n).toBe(true);
          const doubledError = 2n * (line.amountMinor * 10_000_000n - line.energyWh * line.unitPriceMicro);
          expect(doubledError <= 10_000_000n && doubledError > -10_000_000n).toBe(true);
        }
      },
    ),
  );
});

test('billing a year in two bills costs the same tiers as in one', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 9_000_000n }),
      fc.bigInt({ min: 0n, max: 9_000_000n }),
      (firstWh, secondWh) => {
        const perTier = (lines: { tier: number; energyWh: bigint }[]) =>
          [1, 2, 3].map((tier) =>
            lines.filter((line) => line.tier === tier).reduce((sum, line) => sum + line.energyWh, 0n),
          );
        const first = priced(yearly, 0n, firstWh, '2026-01-01', '2026-07-01');
        const second = priced(yearly, firstWh, secondWh, '2026-07-01', '2027-01-01');
        const whole = priced(yearly, 0n, firstWh + secondWh, '2026-01-01', '2027-01-01');
        expect(perTier([...first.lines, ...second.lines])).toEqual(perTier(whole.lines));
      },
    ),
  );
});

describe('a change of price inside a bill', () => {
  const versions = loadTariffs([
    { ...yearlyDocument, validTo: '2026-06-30' },
    { ...yearlyDocument, validFrom: '2026-07-01', tiers: dearTiers },
  ]);
  const usage = {
    energyWh: 2n * KWH,
    alreadyUsedInTierPeriodWh: 2_519n * KWH,
    periodFrom: '2026-06-30',
    periodTo: '2026-07-02',
  };

  test('splits by days and does not restart the tiers', () => {
    const { lines } = priceUsageByCode({ code: 'YEARLY', ...usage }, versions);
    expect(lines.map(({ tier, energyWh, unitPriceMicro, from }) => [tier, energyWh, unitPriceMicro, from])).toEqual([
      [1, KWH, 546_900n, '2026-06-30'],
      [2, KWH, 2_000_000n, '2026-07-01'],
    ]);
  });

  test('is refused where one version was named', () => {
    expect(() => priceUsage({ tariff: versions[0]!, ...usage })).toThrow(/priceUsageByCode/);
    expect(() => priceUsage({ tariff: versions[1]!, ...usage })).toThrow(/valid from 2026-07-01/);
    expect(priceUsage({ tariff: versions[0]!, ...usage, periodTo: '2026-07-01' }).lines).toHaveLength(2);
  });

  test('a day without any version is a named error', () => {
    expect(() => priceUsageByCode({ code: 'YEARLY', ...usage, periodFrom: '2019-12-31' }, versions)).toThrow(
      /YEARLY is valid on 2019-12-31/,
    );
    expect(() => priceUsageByCode({ code: 'NONE', ...usage })).toThrow(/NONE/);
  });
});

test('impossible usage is refused', () => {
  const usage = {
    tariff: yearly,
    energyWh: 1n,
    alreadyUsedInTierPeriodWh: 0n,
    periodFrom: '2026-03-01',
    periodTo: '2026-04-01',
  };
  expect(() => priceUsage({ ...usage, energyWh: -1n })).toThrow(/negative/);
  expect(() => priceUsage({ ...usage, alreadyUsedInTierPeriodWh: -1n })).toThrow(/negative/);
  expect(() => priceUsage({ ...usage, periodTo: '2026-03-01' })).toThrow(/period/);
  expect(() => priceUsage({ ...usage, periodTo: '2026-02-01' })).toThrow(/period/);
  expect(() => priceUsage({ ...usage, periodFrom: '2026-02-29' })).toThrow(/period/);
});

test('tier periods begin with the year, the month, or not at all', () => {
  expect(tierPeriodStart(yearly, '2028-02-29')).toBe('2028-01-01');
  expect(tierPeriodStart(monthly, '2028-02-29')).toBe('2028-02-01');
  expect(tierPeriodStart(flat, '2028-02-29')).toBeNull();
});
