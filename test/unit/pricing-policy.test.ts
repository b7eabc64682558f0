import fc from 'fast-check';
import { lineDifferences } from '../../src/billing/correction-policy.js';
import { priceUsage, priceUsageByCode, loadTariffs, findTariff } from '../../src/billing/tariff-policy.js';
import { settlementDays, nextDates, datesBetween } from '../../src/billing/settlement-calendar-policy.js';
import { hebeiTimeOfUse } from '../../src/billing/tariffs/hebei-time-of-use.js';

const KWH = 1_000n;
const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const summer = [6, 7, 8];
const night = [
  [0, 8],
  [22, 24],
];
const flatDay = (peak: string, valley: string) => [
  { period: 'PEAK', hours: [[8, 22]], priceYuanPerKwh: peak },
  { period: 'VALLEY', hours: night, priceYuanPerKwh: valley },
];
const { source } = hebeiTimeOfUse[0]!;
const common = {
  name: 'test',
  customerClass: 'RESIDENTIAL',
  currency: 'CNY',
  validFrom: '2020-01-01',
  validTo: null,
  source,
};
const surcharges = (per: 'YEAR' | 'MONTH') => ({
  per,
  tiers: [
    { upToKwh: 100, surchargeYuanPerKwh: '0' },
    { upToKwh: 200, surchargeYuanPerKwh: '0.05' },
    { upToKwh: null, surchargeYuanPerKwh: '0.30' },
  ],
});
const tou = (change: object) =>
  loadTariffs([
    {
      ...common,
      code: 'TOU',
      kind: 'TIME_OF_USE',
      seasons: [{ months: whole, periods: flatDay('0.55', '0.30') }],
      ...change,
    },
  ])[0]!;

const plain = tou({});
const byYear = tou({ surcharges: surcharges('YEAR') });
const byMonth = tou({ surcharges: surcharges('MONTH') });
const seasonal = tou({
  seasons: [
    { months: summer, periods: flatDay('1', '0.5') },
    { months: whole.filter((month) => !summer.includes(month)), periods: flatDay('0.6', '0.3') },
  ],
});

const text = (lines: ReturnType<typeof priceUsage>['lines']) =>
  lines.map(
    ({ kind, tier, touPeriod, splitEstimated, energyWh, amountMinor }) =>
      `${[kind === 'ENERGY' ? '' : kind, touPeriod ?? `tier ${tier}`].join(' ').trim()} ${energyWh} Wh ${amountMinor}${splitEstimated ? ' est' : ''}`,
  );

describe('time of use', () => {
  type Row = [
    what: string,
    tariff: typeof plain,
    usedBefore: bigint,
    energyWh: bigint,
    from: string,
    to: string,
    periodUse: { PEAK: bigint; VALLEY: bigint } | undefined,
    lines: string[],
  ];
  test.each<Row>([
    [
      'split by registers',
      plain,
      0n,
      100n * KWH,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 60n * KWH, VALLEY: 40n * KWH },
      ['PEAK 60000 Wh 3300', 'VALLEY 40000 Wh 1200'],
    ],
    [
      'no registers: evenly over the hours, and said so',
      plain,
      0n,
      24n * KWH,
      '2026-03-01',
      '2026-04-01',
      undefined,
      ['PEAK 14000 Wh 770 est', 'VALLEY 10000 Wh 300 est'],
    ],
    [
      'registers that counted less than is billed keep their proportion',
      plain,
      0n,
      100n * KWH,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 3n, VALLEY: 1n },
      ['PEAK 75000 Wh 4125', 'VALLEY 25000 Wh 750'],
    ],
    [
      'all at night',
      plain,
      0n,
      10n * KWH,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 0n, VALLEY: 10n * KWH },
      ['VALLEY 10000 Wh 300'],
    ],
    ['nothing used', plain, 0n, 0n, '2026-03-01', '2026-04-01', undefined, []],
    [
      'up to the limit of the first tier no surcharge',
      byYear,
      60n * KWH,
      40n * KWH,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 40n * KWH, VALLEY: 0n },
      ['PEAK 40000 Wh 2200'],
    ],
    [
      'one Wh above it',
      byYear,
      60n * KWH,
      40_001n,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 40_001n, VALLEY: 0n },
      ['PEAK 40001 Wh 2200', 'TIER_SURCHARGE tier 2 1 Wh 0'],
    ],
    [
      'through all tiers, whatever the period of the day',
      byYear,
      0n,
      300n * KWH,
      '2026-03-01',
      '2026-04-01',
      { PEAK: 200n * KWH, VALLEY: 100n * KWH },
      [
        'PEAK 200000 Wh 11000',
        'VALLEY 100000 Wh 3000',
        'TIER_SURCHARGE tier 2 100000 Wh 500',
        'TIER_SURCHARGE tier 3 100000 Wh 3000',
      ],
    ],
    [
      'a new year begins at the first tier',
      byYear,
      200n * KWH,
      62n * KWH,
      '2025-12-01',
      '2026-02-01',
      undefined,
      [
        'PEAK 18083 Wh 995 est',
        'VALLEY 12917 Wh 388 est',
        'TIER_SURCHARGE tier 3 31000 Wh 930',
        'PEAK 18083 Wh 995 est',
        'VALLEY 12917 Wh 388 est',
      ],
    ],
    [
      'tiers by month begin anew each month',
      byMonth,
      90n * KWH,
      61n * KWH,
      '2026-03-01',
      '2026-05-01',
      undefined,
      ['PEAK 18083 Wh 995 est', 'VALLEY 12917 Wh 388 est', 'PEAK 17500 Wh 963 est', 'VALLEY 12500 Wh 375 est'],
    ],
    [
      'a season changes in the middle: by days, and the split is an estimate',
      seasonal,
      0n,
      61n * KWH,
      '2026-05-01',
      '2026-07-01',
      { PEAK: 61n, VALLEY: 0n },
      ['PEAK 31000 Wh 1860 est', 'PEAK 30000 Wh 3000 est'],
    ],
    [
      'months of one season are one part',
      seasonal,
      0n,
      92n * KWH,
      '2026-06-01',
      '2026-09-01',
      { PEAK: 46n, VALLEY: 46n },
      ['PEAK 46000 Wh 4600', 'VALLEY 46000 Wh 2300'],
    ],
  ])('%s', (_what, tariff, alreadyUsedInTierPeriodWh, energyWh, periodFrom, periodTo, periodUseWh, lines) => {
    expect(
      text(
        priceUsage({
          tariff,
          alreadyUsedInTierPeriodWh,
          energyWh,
          periodFrom,
          periodTo,
          ...(periodUseWh && { periodUseWh }),
        }).lines,
      ),
    ).toEqual(lines);
  });

  test.each<[what: string, change: object, message: RegExp]>([
    ['an hour is in no period', { seasons: [{ months: whole, periods: flatDay('1', '1').slice(0, 1) }] }, /each hour/],
    [
      'an hour is in two',
      {
        seasons: [
          { months: whole, periods: [...flatDay('1', '1'), { period: 'FLAT', hours: [[7, 8]], priceYuanPerKwh: '1' }] },
        ],
      },
      /each hour/,
    ],
    [
      'hours run over midnight',
      { seasons: [{ months: whole, periods: [{ period: 'PEAK', hours: [[22, 8]], priceYuanPerKwh: '1' }] }] },
      /midnight/,
    ],
    [
      'a period is named twice',
      {
        seasons: [
          {
            months: whole,
            periods: [
              { period: 'PEAK', hours: [[0, 8]], priceYuanPerKwh: '1' },
              { period: 'PEAK', hours: [[8, 24]], priceYuanPerKwh: '2' },
            ],
          },
        ],
      },
      /twice/,
    ],
    ['a month is missing', { seasons: [{ months: summer, periods: flatDay('1', '1') }] }, /each month/],
    [
      'a surcharge is negative',
      {
        surcharges: {
          per: 'YEAR',
          tiers: [
            { upToKwh: 1, surchargeYuanPerKwh: '-0.1' },
            { upToKwh: null, surchargeYuanPerKwh: '0' },
          ],
        },
      },
      /negative/,
    ],
    ['it has a free allowance, whose price nobody has said', { freeAllowance: { kwhPerMonth: 15 } }, /freeAllowance/],
  ])('is refused when %s', (_what, change, message) => {
    expect(() => tou(change)).toThrow(message);
  });

  test('lines are worth their total, their energy is all that was billed, and nobody pays more than the dearest price', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(plain, byYear, byMonth, seasonal),
        fc.bigInt(0n, 5_000_000n),
        fc.bigInt(0n, 500_000n),
        fc.option(fc.record({ PEAK: fc.bigInt(0n, 10n ** 7n), VALLEY: fc.bigInt(0n, 10n ** 7n) }), { nil: undefined }),
        fc.integer({ min: 1, max: 400 }),
        (tariff, energyWh, alreadyUsedInTierPeriodWh, periodUseWh, days) => {
          const periodTo = new Date(Date.UTC(2026, 2, 1 + days)).toISOString().slice(0, 10);
          const priced = priceUsage({
            tariff,
            energyWh,
            alreadyUsedInTierPeriodWh,
            periodFrom: '2026-03-01',
            periodTo,
            ...(periodUseWh && { periodUseWh }),
          });
          const energy = priced.lines.filter(({ kind }) => kind === 'ENERGY');
          expect(energy.reduce((sum, line) => sum + line.energyWh, 0n)).toBe(energyWh);
          expect(priced.lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(priced.totalMinor);
          expect(priced.totalMinor).toBeLessThanOrEqual((energyWh * 130n) / KWH + BigInt(priced.lines.length));
        },
      ),
    );
  });

  test('Hebei charges a shared meter what its notice says', () => {
    const tariff = findTariff('HEBEI-RESIDENTIAL-SHARED-TOU', '2026-03-01')!;
    expect(tariff.source).toMatchObject({ verified: true, number: '冀发改能价〔2022〕1535号' });
    const priced = priceUsage({
      tariff,
      energyWh: 100n * KWH,
      alreadyUsedInTierPeriodWh: 0n,
      periodFrom: '2026-03-01',
      periodTo: '2026-04-01',
      periodUseWh: { PEAK: 70n * KWH, VALLEY: 30n * KWH },
    });
    expect(priced.totalMinor).toBe(3_990n + 930n);
    expect(findTariff('HEBEI-RESIDENTIAL-SHARED-TOU', '2022-12-31')).toBeUndefined();
  });
});

describe('the free allowance of a low-income household (Shandong: 15 kWh a month)', () => {
  test.each<[what: string, energyWh: bigint, from: string, to: string, free: string[]]>([
    ['a month', 100n * KWH, '2023-03-01', '2023-04-01', ['FREE_ALLOWANCE tier 1 -15000 Wh -820']],
    [
      'a month from the middle to the middle',
      100n * KWH,
      '2023-01-15',
      '2023-02-15',
      ['FREE_ALLOWANCE tier 1 -15000 Wh -820'],
    ],
    ['February of a leap year', 100n * KWH, '2024-02-01', '2024-03-01', ['FREE_ALLOWANCE tier 1 -15000 Wh -820']],
    ['two months', 100n * KWH, '2023-03-01', '2023-05-01', ['FREE_ALLOWANCE tier 1 -30000 Wh -1641']],
    ['fourteen days of a month of 28', 100n * KWH, '2023-02-01', '2023-02-15', ['FREE_ALLOWANCE tier 1 -7500 Wh -410']],
    ['exactly the allowance', 15n * KWH, '2023-03-01', '2023-04-01', ['FREE_ALLOWANCE tier 1 -15000 Wh -820']],
    [
      'less than the allowance: no more than was used',
      4n * KWH,
      '2023-03-01',
      '2023-04-01',
      ['FREE_ALLOWANCE tier 1 -4000 Wh -219'],
    ],
    ['nothing used', 0n, '2023-03-01', '2023-04-01', []],
  ])('%s', (_what, energyWh, periodFrom, periodTo, free) => {
    const usage = { code: 'SHANDONG-RESIDENTIAL', energyWh, alreadyUsedInTierPeriodWh: 0n, periodFrom, periodTo };
    const priced = priceUsageByCode({ ...usage, lowIncome: true });
    expect(text(priced.lines.filter(({ kind }) => kind === 'FREE_ALLOWANCE'))).toEqual(free);
    expect(priced.totalMinor).toBeGreaterThanOrEqual(0n);
    expect(priceUsageByCode(usage).lines.every(({ kind }) => kind === 'ENERGY')).toBe(true);
  });

  test('a tariff without one gives none', () => {
    const priced = priceUsageByCode({
      code: 'HUNAN-RESIDENTIAL',
      energyWh: KWH,
      alreadyUsedInTierPeriodWh: 0n,
      periodFrom: '2026-03-01',
      periodTo: '2026-04-01',
      lowIncome: true,
    });
    expect(priced.lines).toHaveLength(1);
  });
});

test('differences added to the old lines give the new ones', () => {
  const line = (tier: number, energyWh: bigint, amountMinor: bigint) => ({
    kind: 'ENERGY' as const,
    tariffCode: 'T',
    tier,
    energyWh,
    unitPriceMicro: BigInt(tier),
    amountMinor,
  });
  expect(lineDifferences([line(1, 5n, 50n), line(2, 1n, 20n)], [line(1, 5n, 50n), line(3, 2n, 9n)])).toEqual([
    line(2, -1n, -20n),
    line(3, 2n, 9n),
  ]);
  expect(lineDifferences([line(1, 5n, 50n)], [line(1, 5n, 50n)])).toEqual([]);
});

describe('the settlement calendar', () => {
  test.each<[day: number, times: number, days: number[]]>([
    [1, 1, [1]],
    [1, 2, [1, 15]],
    [1, 3, [1, 10, 19]],
    [1, 4, [1, 8, 15, 22]],
    [1, 6, [1, 5, 10, 15, 19, 24]],
    [15, 2, [1, 15]],
    [28, 3, [9, 18, 28]],
  ])('day %i, %i times a month: %p', (day, times, days) => {
    expect(settlementDays(day, times)).toEqual(days);
  });

  test('next dates are in order, today included, over the turn of the year', () => {
    expect(nextDates('2025-12-15', [1, 15], 4)).toEqual(['2025-12-15', '2026-01-01', '2026-01-15', '2026-02-01']);
    expect(nextDates('2026-02-28', [28], 2)).toEqual(['2026-02-28', '2026-03-28']);
    expect(nextDates('2026-03-02', [1, 10, 19], 3)).toEqual(['2026-03-10', '2026-03-19', '2026-04-01']);
  });

  test('dates between two days leave out the first and keep the last', () => {
    expect(datesBetween('2026-01-15', '2026-03-15', [15])).toEqual(['2026-02-15', '2026-03-15']);
    expect(datesBetween('2026-03-01', '2026-04-01', [1, 15])).toEqual(['2026-03-15', '2026-04-01']);
    expect(datesBetween('2026-03-01', '2026-03-01', [1])).toEqual([]);
  });
});
