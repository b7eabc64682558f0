import type { ChargeableBill } from '../../src/billing/amount-due-policy.js';
import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import { lateFeesUpTo, planSettlement } from '../../src/billing/settlement-policy.js';

const TODAY = '2026-03-10';

const bill = (
  billId: string,
  dueDate: string,
  principalMinor: bigint,
  postedMinor = 0n,
  paidMinor = 0n,
): ChargeableBill => ({
  billId,
  dueDate,
  issuedAt: new Date('2026-01-01T00:00:00Z'),
  principalOutstandingMinor: principalMinor,
  lateFeeOutstandingMinor: postedMinor - paidMinor,
  lateFeePostedMinor: postedMinor,
  lateFeeFacts: {
    dueDate,
    principalMinor,
    currency: 'CNY',
    customerClass: 'RESIDENTIAL',
    movements: [],
    waivers: [],
  },
});
/** 1,000 yuan, ten days late: ten yuan. 500 yuan, in time. */
const late = bill('late', '2026-02-28', 100_000n);
const inTime = bill('in time', '2026-03-20', 50_000n);

type Expected = [billId: string, principal: bigint, lateFee: bigint][];

test.each<
  [
    what: string,
    bills: ChargeableBill[],
    amount: bigint,
    charges: [string, bigint][],
    expected: Expected,
    credit: bigint,
  ]
>([
  ['nothing open', [], 5n, [], [], 5n],
  ['in time', [inTime], 50_001n, [], [['in time', 50_000n, 0n]], 1n],
  ['one fen: the fee is charged all the same', [late], 1n, [['late', 1_000n]], [['late', 1n, 0n]], 0n],
  ['the principal', [late], 100_000n, [['late', 1_000n]], [['late', 100_000n, 0n]], 0n],
  ['principal and fee', [late], 101_000n, [['late', 1_000n]], [['late', 100_000n, 1_000n]], 0n],
  ['one fen more', [late], 101_001n, [['late', 1_000n]], [['late', 100_000n, 1_000n]], 1n],
  [
    'what is overdue, fees included, before what has time',
    [inTime, late],
    101_000n,
    [['late', 1_000n]],
    [['late', 100_000n, 1_000n]],
    0n,
  ],
  [
    'then what has time',
    [inTime, late],
    101_001n,
    [['late', 1_000n]],
    [
      ['late', 100_000n, 1_000n],
      ['in time', 1n, 0n],
    ],
    0n,
  ],
  [
    'a part of the fee charged before',
    [bill('late', '2026-02-28', 100_000n, 300n)],
    101_000n,
    [['late', 700n]],
    [['late', 100_000n, 1_000n]],
    0n,
  ],
  [
    'a part of the fee paid before',
    [bill('late', '2026-02-28', 100_000n, 300n, 300n)],
    101_000n,
    [['late', 700n]],
    [['late', 100_000n, 700n]],
    300n,
  ],
  ['all of it charged before', [bill('late', '2026-02-28', 100_000n, 1_000n)], 1n, [], [['late', 1n, 0n]], 0n],
  [
    'more than it would be now was charged before: it stands',
    [bill('late', '2026-02-28', 100_000n, 1_500n)],
    101_500n,
    [],
    [['late', 100_000n, 1_500n]],
    0n,
  ],
])('a settlement: %s', (_what, bills, amountMinor, charges, expected, creditMinor) => {
  const plan = planSettlement({ amountMinor, bills, rule: CHINA_LATE_FEE_RULE, valueDate: TODAY, today: TODAY });
  expect(plan.charges.map((charge) => [charge.billId, charge.amountMinor])).toEqual(charges);
  for (const charge of plan.charges)
    expect(charge.lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(charge.amountMinor);
  expect(plan.allocations.map((one) => [one.billId, one.principalMinor, one.lateFeeMinor])).toEqual(expected);
  expect(plan.creditMinor).toBe(creditMinor);
});

test.each([
  ['2026-03-09', '2026-03-09'],
  ['2026-03-10', '2026-03-10'],
  ['2026-03-11', '2026-03-10'],
])('money with the value date %s bears late fees up to %s', (valueDate, upTo) => {
  expect(lateFeesUpTo(valueDate, TODAY)).toBe(upTo);
});

test('without a rule nothing is charged', () => {
  const plan = planSettlement({ amountMinor: 1n, bills: [late], rule: null, valueDate: TODAY, today: TODAY });
  expect(plan.charges).toEqual([]);
});

test('by the value date a bill may have been in time that is overdue today: it is settled first, without a fee', () => {
  const input = { bills: [inTime, late], rule: CHINA_LATE_FEE_RULE, valueDate: '2026-02-28', today: TODAY };
  const plan = planSettlement({ ...input, amountMinor: 100_000n });
  expect([plan.charges, plan.allocations.map(({ billId }) => billId)]).toEqual([[], ['late']]);
});
