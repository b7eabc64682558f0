import fc from 'fast-check';
import { REGISTER_MODULUS_WH, energyBetween } from '../../src/metering/reading-policy.js';
import { dailyUsage } from '../../src/metering/usage-policy.js';
import type { UsageReading } from '../../src/metering/usage-policy.js';
import { addDays, startOfLocalDay } from '../../src/platform/local-date.js';

const SHANGHAI = 'Asia/Shanghai';
const NEW_YORK = 'America/New_York';
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

/** A reading at a local wall-clock instant given in UTC. */
const at = (instant: string, registerWh: bigint): UsageReading => ({ at: new Date(instant), registerWh });
/** The freeze at the start of a local day. */
const freeze = (date: string, registerWh: bigint, timeZone = SHANGHAI): UsageReading => ({
  at: startOfLocalDay(date, timeZone),
  registerWh,
});

type Day = [date: string, energyWh: bigint, quality: 'ACTUAL' | 'ESTIMATED'];
type Row = [
  what: string,
  readings: UsageReading[],
  expected: Day[],
  options?: { timeZone?: string; installedAt?: Date; removedAt?: Date },
];

test.each<Row>([
  ['no reading', [], []],
  ['one reading', [freeze('2026-03-01', 5n)], []],
  ['two freezes', [freeze('2026-03-01', 5n), freeze('2026-03-02', 8_005n)], [['2026-03-01', 8_000n, 'ACTUAL']]],
  ['a day without use', [freeze('2026-03-01', 5n), freeze('2026-03-02', 5n)], [['2026-03-01', 0n, 'ACTUAL']]],
  [
    'one midnight missing: spread, the odd Wh to the later day',
    [freeze('2026-03-01', 0n), freeze('2026-03-03', 10_001n)],
    [
      ['2026-03-01', 5_000n, 'ESTIMATED'],
      ['2026-03-02', 5_001n, 'ESTIMATED'],
    ],
  ],
  [
    'two missing: 10 Wh over three days',
    [freeze('2026-03-01', 0n), freeze('2026-03-04', 10n)],
    [
      ['2026-03-01', 3n, 'ESTIMATED'],
      ['2026-03-02', 3n, 'ESTIMATED'],
      ['2026-03-03', 4n, 'ESTIMATED'],
    ],
  ],
  [
    'a reading in the day replaces no midnight, but shapes the estimate',
    [freeze('2026-03-01', 0n), at('2026-03-01T10:00:00Z', 9_000n), freeze('2026-03-03', 12_000n)],
    [
      ['2026-03-01', 9_600n, 'ESTIMATED'],
      ['2026-03-02', 2_400n, 'ESTIMATED'],
    ], // 18:00 local, 6 of 30 h to midnight
  ],
  [
    'readings within a day with both freezes change nothing',
    [freeze('2026-03-01', 0n), at('2026-03-01T10:00:00Z', 7_000n), freeze('2026-03-02', 8_000n)],
    [['2026-03-01', 8_000n, 'ACTUAL']],
  ],
  [
    'a freeze one second late is no freeze',
    [freeze('2026-03-01', 0n), at('2026-03-01T16:00:01Z', 8_000n)],
    [
      ['2026-03-01', 7_999n, 'ESTIMATED'],
      ['2026-03-02', 1n, 'ESTIMATED'],
    ],
  ],
  [
    'an estimated freeze makes both its days estimates',
    [freeze('2026-03-01', 0n), { ...freeze('2026-03-02', 8_000n), estimated: true }, freeze('2026-03-03', 9_000n)],
    [
      ['2026-03-01', 8_000n, 'ESTIMATED'],
      ['2026-03-02', 1_000n, 'ESTIMATED'],
    ],
  ],
  [
    'an estimated first and last freeze too',
    [
      { ...freeze('2026-03-01', 0n), estimated: true },
      freeze('2026-03-02', 8_000n),
      { ...freeze('2026-03-03', 9_000n), estimated: true },
    ],
    [
      ['2026-03-01', 8_000n, 'ESTIMATED'],
      ['2026-03-02', 1_000n, 'ESTIMATED'],
    ],
  ],
  [
    'today so far',
    [freeze('2026-03-01', 0n), freeze('2026-03-02', 8_000n), at('2026-03-02T04:00:00Z', 9_000n)],
    [
      ['2026-03-01', 8_000n, 'ACTUAL'],
      ['2026-03-02', 1_000n, 'ESTIMATED'],
    ],
  ],
  [
    'the first day from an unread beginning',
    [at('2026-03-01T04:00:00Z', 100n), freeze('2026-03-02', 300n)],
    [['2026-03-01', 200n, 'ESTIMATED']],
  ],
  [
    'installed at noon, removed at noon: whole part days',
    [at('2026-03-01T04:00:00Z', 100n), freeze('2026-03-02', 300n), at('2026-03-02T04:00:00Z', 450n)],
    [
      ['2026-03-01', 200n, 'ACTUAL'],
      ['2026-03-02', 150n, 'ACTUAL'],
    ],
    { installedAt: new Date('2026-03-01T04:00:00Z'), removedAt: new Date('2026-03-02T04:00:00Z') },
  ],
  [
    'installed and removed within a day',
    [at('2026-03-01T02:00:00Z', 100n), at('2026-03-01T08:00:00Z', 160n)],
    [['2026-03-01', 60n, 'ACTUAL']],
    { installedAt: new Date('2026-03-01T02:00:00Z'), removedAt: new Date('2026-03-01T08:00:00Z') },
  ],
  [
    'over the end of the register',
    [freeze('2026-03-01', REGISTER_MODULUS_WH - 10n), freeze('2026-03-02', 490n), freeze('2026-03-03', 990n)],
    [
      ['2026-03-01', 500n, 'ACTUAL'],
      ['2026-03-02', 500n, 'ACTUAL'],
    ],
  ],
  [
    'over the end of the register and a year end, with a midnight missing',
    [freeze('2025-12-31', REGISTER_MODULUS_WH - 10n), freeze('2026-01-02', 90n)],
    [
      ['2025-12-31', 50n, 'ESTIMATED'],
      ['2026-01-01', 50n, 'ESTIMATED'],
    ],
  ],
  [
    'the leap day is a day',
    [freeze('2028-02-28', 0n), freeze('2028-02-29', 10n), freeze('2028-03-01', 30n)],
    [
      ['2028-02-28', 10n, 'ACTUAL'],
      ['2028-02-29', 20n, 'ACTUAL'],
    ],
  ],
  [
    'the day of 23 hours gets 23 of 47 parts',
    [freeze('2026-03-08', 0n, NEW_YORK), freeze('2026-03-10', 47_000n, NEW_YORK)],
    [
      ['2026-03-08', 23_000n, 'ESTIMATED'],
      ['2026-03-09', 24_000n, 'ESTIMATED'],
    ],
    { timeZone: NEW_YORK },
  ],
  [
    'the day of 25 hours gets 25 of 49 parts',
    [freeze('2026-11-01', 0n, NEW_YORK), freeze('2026-11-03', 49_000n, NEW_YORK)],
    [
      ['2026-11-01', 25_000n, 'ESTIMATED'],
      ['2026-11-02', 24_000n, 'ESTIMATED'],
    ],
    { timeZone: NEW_YORK },
  ],
])('%s', (_what, readings, expected, options = {}) => {
  const days = dailyUsage({ readings, timeZone: SHANGHAI, installedAt: LONG_AGO, ...options });
  expect(days).toEqual(expected.map(([date, energyWh, quality]) => ({ date, energyWh, quality })));
});

test('readings of another installation are refused, not mixed', () => {
  const readings = [freeze('2026-03-01', 5n), freeze('2026-03-02', 8n)];
  const exchangedAt = new Date('2026-03-01T04:00:00Z');
  expect(() => dailyUsage({ readings, timeZone: SHANGHAI, installedAt: exchangedAt })).toThrow(
    /outside the installation/,
  );
  expect(() => dailyUsage({ readings, timeZone: SHANGHAI, installedAt: LONG_AGO, removedAt: exchangedAt })).toThrow(
    /outside/,
  );
});

test('readings out of order are refused', () => {
  const reading = freeze('2026-03-01', 5n);
  const facts = { timeZone: SHANGHAI, installedAt: LONG_AGO };
  expect(() => dailyUsage({ readings: [freeze('2026-03-02', 8n), reading], ...facts })).toThrow(/rise in time/);
  expect(() => dailyUsage({ readings: [reading, reading], ...facts })).toThrow(/rise in time/);
});

test('days are gapless, never negative, and add up to last minus first for any readings in any zone', () => {
  const steps = fc.array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 24 * 40 * 60 }),
      energyWh: fc.bigInt({ min: 0n, max: 2_000_000n }),
    }),
    { minLength: 1, maxLength: 15 },
  );
  fc.assert(
    fc.property(
      steps,
      fc.bigInt({ min: 0n, max: REGISTER_MODULUS_WH - 1n }),
      fc.constantFrom(SHANGHAI, NEW_YORK, 'Europe/London', 'Africa/Cairo'),
      (list, startWh, timeZone) => {
        let current = { at: new Date('2025-02-20T03:00:00Z'), registerWh: startWh };
        const readings = [current];
        for (const { minutes, energyWh } of list) {
          const registerWh = (current.registerWh + energyWh) % REGISTER_MODULUS_WH;
          current = { at: new Date(current.at.getTime() + minutes * 60_000), registerWh };
          readings.push(current);
        }
        const days = dailyUsage({ readings, timeZone, installedAt: LONG_AGO });
        const total = readings
          .slice(1)
          .reduce((sum, reading, index) => sum + energyBetween(readings[index]!, reading), 0n);
        expect(days.reduce((sum, day) => sum + day.energyWh, 0n)).toBe(total);
        expect(days.every((day) => day.energyWh >= 0n)).toBe(true);
        expect(days.map((day) => day.date)).toEqual(days.map((_day, index) => addDays(days[0]!.date, index)));
      },
    ),
  );
});
