import {
  CUT_THRESHOLDS,
  districtPerHour,
  exceeded,
  systemPerDay,
  THRESHOLD_KINDS,
  type CutCounts,
  type Thresholds,
} from '../../src/switching/threshold-policy.js';

const DEFAULTS = Object.fromEntries(
  THRESHOLD_KINDS.map((kind) => [kind, CUT_THRESHOLDS[kind].value]),
) as unknown as Thresholds;
const QUIET: CutCounts = {
  operatorLastDay: 0,
  systemLastMinute: 0,
  systemLastHour: 0,
  systemLastDay: 0,
  districtLastHour: 0,
  districtPoints: 200,
  installedMeters: 20_000,
};
const PLAIN = { debtMinor: 10_000n, estimatedOnly: false };

test.each([
  ['nothing sent yet', {}, PLAIN, {}, []],
  ['the 50th cut of a person', { operatorLastDay: 49 }, PLAIN, {}, []],
  ['the 51st', { operatorLastDay: 50 }, PLAIN, {}, ['OPERATOR_PER_DAY']],
  ['the 10th of a minute', { systemLastMinute: 9 }, PLAIN, {}, []],
  ['the 11th', { systemLastMinute: 10 }, PLAIN, {}, ['SYSTEM_PER_MINUTE']],
  ['the 200th of an hour', { systemLastHour: 199 }, PLAIN, {}, []],
  ['the 201st', { systemLastHour: 200 }, PLAIN, {}, ['SYSTEM_PER_HOUR']],
  ['the 100th of a day with 20,000 meters', { systemLastDay: 99 }, PLAIN, {}, []],
  ['the 101st', { systemLastDay: 100 }, PLAIN, {}, ['SYSTEM_PER_DAY_PER_MILLE']],
  ['the 50th of a day with 200 meters', { systemLastDay: 49, installedMeters: 200 }, PLAIN, {}, []],
  ['the 51st', { systemLastDay: 50, installedMeters: 200 }, PLAIN, {}, ['SYSTEM_PER_DAY_PER_MILLE']],
  ['the 10th of an hour in a district of 200', { districtLastHour: 9 }, PLAIN, {}, []],
  ['the 11th', { districtLastHour: 10 }, PLAIN, {}, ['DISTRICT_PERCENT_PER_HOUR']],
  ['the first in a district of 12', { districtPoints: 12 }, PLAIN, {}, []],
  ['the second', { districtPoints: 12, districtLastHour: 1 }, PLAIN, {}, ['DISTRICT_PERCENT_PER_HOUR']],
  ['a debt of 500,000.00', {}, { ...PLAIN, debtMinor: 50_000_000n }, {}, []],
  ['one fen more', {}, { ...PLAIN, debtMinor: 50_000_001n }, {}, ['DEBT_MAX_MINOR']],
  ['a debt on estimates alone', {}, { ...PLAIN, estimatedOnly: true }, {}, ['ESTIMATED_DEBT']],
  [
    'a threshold set to zero lets nothing through',
    {},
    PLAIN,
    { SYSTEM_PER_DAY_PER_MILLE: 0n },
    ['SYSTEM_PER_DAY_PER_MILLE'],
  ],
  ['nor does a district’s', {}, PLAIN, { DISTRICT_PERCENT_PER_HOUR: 0n }, ['DISTRICT_PERCENT_PER_HOUR']],
  [
    'several at once: what leads to quarantine comes before the pace',
    { systemLastMinute: 500, systemLastHour: 500 },
    { ...PLAIN, estimatedOnly: true },
    {},
    ['ESTIMATED_DEBT', 'SYSTEM_PER_HOUR', 'SYSTEM_PER_MINUTE'],
  ],
] as const)('%s', (_what, counts, values, changed, codes) => {
  const over = exceeded({ ...QUIET, ...counts }, values, { ...DEFAULTS, ...changed });
  expect(over.map(({ code }) => code)).toEqual(codes);
  for (const { code, holdsBack, evidence } of over) {
    expect(holdsBack).toBe(code === 'SYSTEM_PER_MINUTE');
    expect(evidence).toMatch(/\S/);
  }
});

test('a day never allows fewer than 50, an hour in a district never fewer than one', () => {
  expect(systemPerDay(DEFAULTS, 0)).toBe(50n);
  expect(systemPerDay(DEFAULTS, 1_000_000)).toBe(5_000n);
  expect(districtPerHour(DEFAULTS, 19)).toBe(1n);
  expect(districtPerHour(DEFAULTS, 2_000)).toBe(100n);
});
