import fc from 'fast-check';
import { ALLOCATION_RULES, allocate } from '../../src/billing/allocation-policy.js';
import type { AllocationRule, OpenBill } from '../../src/billing/allocation-policy.js';
import { addDays } from '../../src/platform/local-date.js';

const bill = (
  billId: string,
  dueDate: string,
  principal: bigint,
  lateFee: bigint,
  issuedAt = '2026-01-01T00:00:00Z',
): OpenBill => ({
  billId,
  dueDate,
  issuedAt: new Date(issuedAt),
  principalOutstandingMinor: principal,
  lateFeeOutstandingMinor: lateFee,
});

const january = bill('jan', '2026-01-20', 10_000n, 300n);
const february = bill('feb', '2026-02-20', 20_000n, 100n);
const march = bill('mar', '2026-03-20', 5_000n, 0n);
const bills = [march, january, february];

type Expected = [billId: string, principal: bigint, lateFee: bigint][];
type Row = [
  what: string,
  amount: bigint,
  rule: AllocationRule | undefined,
  first: string | undefined,
  expected: Expected,
  credit: bigint,
];

const PRINCIPAL_FIRST = 'OLDEST_FIRST_PRINCIPAL_FIRST';
const LATE_FEE_FIRST = 'OLDEST_FIRST_LATE_FEE_FIRST';

test.each<Row>([
  ['nothing', 0n, undefined, undefined, [], 0n],
  ['one fen', 1n, undefined, undefined, [['jan', 1n, 0n]], 0n],
  ['one fen short of the oldest', 9_999n, undefined, undefined, [['jan', 9_999n, 0n]], 0n],
  ['exactly the oldest principal', 10_000n, undefined, undefined, [['jan', 10_000n, 0n]], 0n],
  [
    'one fen more goes to the next principal, not to the late fee',
    10_001n,
    undefined,
    undefined,
    [
      ['jan', 10_000n, 0n],
      ['feb', 1n, 0n],
    ],
    0n,
  ],
  [
    'all principal',
    35_000n,
    PRINCIPAL_FIRST,
    undefined,
    [
      ['jan', 10_000n, 0n],
      ['feb', 20_000n, 0n],
      ['mar', 5_000n, 0n],
    ],
    0n,
  ],
  [
    'then the oldest late fee',
    35_001n,
    PRINCIPAL_FIRST,
    undefined,
    [
      ['jan', 10_000n, 1n],
      ['feb', 20_000n, 0n],
      ['mar', 5_000n, 0n],
    ],
    0n,
  ],
  [
    'everything',
    35_400n,
    PRINCIPAL_FIRST,
    undefined,
    [
      ['jan', 10_000n, 300n],
      ['feb', 20_000n, 100n],
      ['mar', 5_000n, 0n],
    ],
    0n,
  ],
  [
    'one fen too much is credit',
    35_401n,
    PRINCIPAL_FIRST,
    undefined,
    [
      ['jan', 10_000n, 300n],
      ['feb', 20_000n, 100n],
      ['mar', 5_000n, 0n],
    ],
    1n,
  ],
  ['late fees first: the oldest', 300n, LATE_FEE_FIRST, undefined, [['jan', 0n, 300n]], 0n],
  [
    'late fees first: all of them before principal',
    401n,
    LATE_FEE_FIRST,
    undefined,
    [
      ['jan', 1n, 300n],
      ['feb', 0n, 100n],
    ],
    0n,
  ],
  [
    'late fees first: too much',
    35_401n,
    LATE_FEE_FIRST,
    undefined,
    [
      ['jan', 10_000n, 300n],
      ['feb', 20_000n, 100n],
      ['mar', 5_000n, 0n],
    ],
    1n,
  ],
  [
    'a named bill whole before the others',
    20_150n,
    PRINCIPAL_FIRST,
    'feb',
    [
      ['feb', 20_000n, 100n],
      ['jan', 50n, 0n],
    ],
    0n,
  ],
  ['a named bill, late fee first', 150n, LATE_FEE_FIRST, 'feb', [['feb', 50n, 100n]], 0n],
  [
    'a named bill that is not open changes nothing',
    10_001n,
    PRINCIPAL_FIRST,
    'paid',
    [
      ['jan', 10_000n, 0n],
      ['feb', 1n, 0n],
    ],
    0n,
  ],
])('%s', (_what, amountMinor, rule, firstBillId, expected, creditMinor) => {
  expect(allocate({ amountMinor, bills, rule, firstBillId })).toEqual({
    allocations: expected.map(([billId, principalMinor, lateFeeMinor]) => ({ billId, principalMinor, lateFeeMinor })),
    creditMinor,
  });
});

test('without bills all is credit', () => {
  expect(allocate({ amountMinor: 500n, bills: [] })).toEqual({ allocations: [], creditMinor: 500n });
});

test('bills due on one date go by time of issue, then by id', () => {
  const later = bill('a', '2026-01-20', 1n, 0n, '2026-01-02T00:00:00Z');
  const twins = [bill('c', '2026-01-20', 1n, 0n), bill('b', '2026-01-20', 1n, 0n)];
  const order = allocate({ amountMinor: 3n, bills: [later, ...twins] }).allocations.map(({ billId }) => billId);
  expect(order).toEqual(['b', 'c', 'a']);
});

test('impossible facts are refused', () => {
  expect(() => allocate({ amountMinor: -1n, bills })).toThrow(/-1/);
  expect(() => allocate({ amountMinor: 1n, bills: [january, january] })).toThrow(/twice/);
  expect(() => allocate({ amountMinor: 1n, bills: [bill('x', '2026-01-01', -1n, 0n)] })).toThrow(/Bill x/);
  expect(() => allocate({ amountMinor: 1n, bills: [bill('x', '2026-01-01', 0n, -1n)] })).toThrow(/Bill x/);
});

describe('for any amount, bills and rule', () => {
  const money = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 50n }), fc.bigInt({ min: 0n, max: 10n ** 15n }));
  const openBills = fc.uniqueArray(
    fc.record({
      billId: fc.integer({ min: 0, max: 40 }).map(String),
      // Few dates and instants, so that ties are common.
      dueDate: fc.integer({ min: 0, max: 3 }).map((days) => addDays('2026-01-20', days)),
      issuedAt: fc.integer({ min: 0, max: 2 }).map((hours) => new Date(hours * 3_600_000)),
      principalOutstandingMinor: money,
      lateFeeOutstandingMinor: money,
    }),
    { selector: (open) => open.billId, maxLength: 12 },
  );
  const facts = fc.record({
    amountMinor: money,
    bills: openBills,
    rule: fc.constantFrom(...ALLOCATION_RULES),
    firstBillId: fc.option(fc.integer({ min: 0, max: 40 }).map(String), { nil: undefined }),
  });

  test('nothing is lost, made up, or put over a debt', () => {
    fc.assert(
      fc.property(facts, (input) => {
        const { allocations, creditMinor } = allocate(input);
        const allocated = allocations.reduce((sum, one) => sum + one.principalMinor + one.lateFeeMinor, 0n);
        expect(allocated + creditMinor).toBe(input.amountMinor);
        expect(new Set(allocations.map(({ billId }) => billId)).size).toBe(allocations.length);
        for (const one of allocations) {
          const open = input.bills.find((candidate) => candidate.billId === one.billId)!;
          expect(one.principalMinor >= 0n && one.principalMinor <= open.principalOutstandingMinor).toBe(true);
          expect(one.lateFeeMinor >= 0n && one.lateFeeMinor <= open.lateFeeOutstandingMinor).toBe(true);
          expect(one.principalMinor + one.lateFeeMinor > 0n).toBe(true);
        }
        const owed = input.bills.reduce(
          (sum, open) => sum + open.principalOutstandingMinor + open.lateFeeOutstandingMinor,
          0n,
        );
        expect(creditMinor).toBe(input.amountMinor > owed ? input.amountMinor - owed : 0n);
      }),
    );
  });

  test('the order in which the bills are listed does not matter', () => {
    fc.assert(
      fc.property(facts, fc.infiniteStream(fc.nat()), (input, numbers) => {
        const shuffled = input.bills
          .map((open) => ({ open, key: numbers.next().value as number }))
          .sort((one, other) => one.key - other.key)
          .map(({ open }) => open);
        expect(allocate({ ...input, bills: shuffled })).toEqual(allocate(input));
      }),
    );
  });

  test('an older bill is never left while the same part of a younger one is paid', () => {
    fc.assert(
      fc.property(facts, ({ amountMinor, bills: open, rule }) => {
        const { allocations } = allocate({ amountMinor, bills: open, rule });
        const paid = (id: string) =>
          allocations.find(({ billId }) => billId === id) ?? { principalMinor: 0n, lateFeeMinor: 0n };
        for (const older of open) {
          for (const younger of open.filter((candidate) => candidate.dueDate > older.dueDate)) {
            if (paid(younger.billId).principalMinor > 0n)
              expect(paid(older.billId).principalMinor).toBe(older.principalOutstandingMinor);
            if (paid(younger.billId).lateFeeMinor > 0n)
              expect(paid(older.billId).lateFeeMinor).toBe(older.lateFeeOutstandingMinor);
          }
        }
      }),
    );
  });
});
