import fc from 'fast-check';
import { energyToBill, registerAt, type EdgeRegister } from '../../src/billing/bill-policy.js';
import type { RegisterAround } from '../../src/billing/billing-facts.js';

const DAY_MS = 86_400_000;
const day = (number: number) => new Date(Date.UTC(2026, 0, number));
/** Installed on 1 January at 1,000 Wh. */
const INSTALLED = { at: day(1), energyWh: 1_000n };

type Reading = [day: number, registerWh: bigint, quality?: 'ACTUAL' | 'ESTIMATED'];
const around = (before?: Reading, after?: Reading): RegisterAround => ({
  beforeAt: before ? day(before[0]) : null,
  beforeWh: before ? before[1] : null,
  beforeQuality: before ? (before[2] ?? 'ACTUAL') : null,
  afterAt: after ? day(after[0]) : null,
  afterWh: after ? after[1] : null,
});
const read = (energyWh: bigint): EdgeRegister => ({ energyWh, estimated: false });
const estimated = (energyWh: bigint): EdgeRegister => ({ energyWh, estimated: true });

test.each<
  [
    what: string,
    on: number,
    before: Reading | undefined,
    after: Reading | undefined,
    expected: EdgeRegister | undefined,
  ]
>([
  ['read at that very instant', 10, [10, 5_000n], undefined, read(5_000n)],
  [
    'an estimate stored for that instant stays an estimate',
    10,
    [10, 5_000n, 'ESTIMATED'],
    undefined,
    estimated(5_000n),
  ],
  ['at the installation, before any reading', 1, undefined, undefined, read(1_000n)],
  ['before the installation', 0, undefined, undefined, read(1_000n)],
  ['after the installation, but never read', 2, undefined, undefined, undefined],
  ['never read before, but read after', 2, undefined, [5, 2_000n], undefined],
  ['half-way between two readings', 15, [10, 5_000n], [20, 7_000n], estimated(6_000n)],
  ['a third of the way, rounded down to the Wh', 11, [10, 0n], [13, 100n], estimated(33n)],
  ['between two equal readings', 15, [10, 5_000n], [20, 5_000n], estimated(5_000n)],
  ['across the end of the register', 11, [10, 999_999_990n], [12, 10n], estimated(1_000_000_000n)],
  ['after the last reading, at the pace since the installation', 21, [11, 11_000n], undefined, estimated(21_000n)],
  [
    'after a single reading on the day of the installation there is no pace',
    21,
    [1, 1_000n],
    undefined,
    estimated(1_000n),
  ],
])('%s', (_what, on, before, after, expected) => {
  const found = registerAt(day(on), around(before, after), INSTALLED);
  expect(found && { energyWh: found.energyWh, estimated: found.estimated }).toEqual(expected);
});

test('between two readings a register never leaves them and never falls', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 900_000_000n),
      fc.bigInt(0n, 99_000_000n),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(),
      fc.nat(),
      (from, use, days, a, b) => {
        const span = days * DAY_MS;
        const [first, second] = [a % span, b % span].sort((x, y) => x - y) as [number, number];
        const facts = around([10, from], [10 + days, from + use]);
        const at = (ms: number) => registerAt(new Date(day(10).getTime() + ms), facts, INSTALLED)!.energyWh;
        expect(at(first) >= from && at(first) <= at(second) && at(second) <= from + use).toBe(true);
      },
    ),
  );
});

test.each<[what: string, usedWh: bigint, billedWh: bigint, left: bigint]>([
  ['the first bill', 100_000n, 0n, 100_000n],
  ['use since the last bill', 180_000n, 100_000n, 80_000n],
  ['no use', 100_000n, 100_000n, 0n],
  ['an estimate was too low: the difference comes with this bill', 350_000n, 310_000n, 40_000n],
  ['an estimate was too high: nothing is left to bill yet', 250_000n, 310_000n, 0n],
  ['the register has turned over since: 10 kWh after 999,990', 10_000n, 999_990_000n, 20_000n],
  ['twice', 10_000n, 1_999_990_000n, 20_000n],
])('what is left to bill: %s', (_what, usedWh, billedWh, left) => {
  expect(energyToBill(usedWh, billedWh)).toBe(left);
});
