import fc from 'fast-check';
import { billDue, chargeOf } from '../../src/billing/amount-due-policy.js';
import { lateFee, type LateFeeFacts, type LateFeeLine } from '../../src/billing/late-fee-policy.js';
import { lateFeeRuleSchema, type LateFeeRule } from '../../src/billing/late-fee-rule.js';
import { CHINA_LATE_FEE_RULE, CHINA_LATE_FEE_RULE_DOCUMENT } from '../../src/billing/late-fee-rules/china.js';
import type { CustomerClass } from '../../src/accounts/customer.js';
import { addDays, daysBetween, yearOf } from '../../src/platform/local-date.js';

/** The China rule with other parameters. */
const ruleWith = (change: Partial<typeof CHINA_LATE_FEE_RULE_DOCUMENT>): LateFeeRule =>
  lateFeeRuleSchema.parse({ ...CHINA_LATE_FEE_RULE_DOCUMENT, ...change });
const CHINA = CHINA_LATE_FEE_RULE;

const bill = (change: Partial<LateFeeFacts> = {}): LateFeeFacts => ({
  dueDate: '2026-03-31',
  principalMinor: 100_000n,
  currency: 'CNY',
  customerClass: 'RESIDENTIAL',
  movements: [],
  waivers: [],
  ...change,
});
const total = (facts: Partial<LateFeeFacts>, onDate: string, rule = CHINA): bigint => {
  const fee = lateFee(bill(facts), rule, onDate);
  expect(fee.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(fee.totalMinor);
  return fee.totalMinor;
};

const COMMERCIAL = { customerClass: 'COMMERCIAL' } as const;
const INDUSTRIAL = { customerClass: 'INDUSTRIAL' } as const;
const TEMPORARY = { customerClass: 'TEMPORARY' } as const;

/** 1,000 yuan at 1‰: one yuan a day. */
test.each<[what: string, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  ['long before', {}, '2026-01-01', 0n],
  ['the day before the due date', {}, '2026-03-30', 0n],
  ['the due date', {}, '2026-03-31', 0n],
  ['the day after', {}, '2026-04-01', 100n],
  ['two days', {}, '2026-04-02', 200n],
  ['ten days', {}, '2026-04-10', 1_000n],
  ['thirty days', {}, '2026-04-30', 3_000n],
  ['thirty-one days', {}, '2026-05-01', 3_100n],
  ['the last day of the year', {}, '2026-12-31', 27_500n],
  ['1 January, residential: no change', {}, '2027-01-01', 27_600n],
  ['two years later, residential', {}, '2028-01-01', 64_100n],
  ['others, the due date', COMMERCIAL, '2026-03-31', 0n],
  ['commercial, the day after', COMMERCIAL, '2026-04-01', 200n],
  ['industrial, the day after', INDUSTRIAL, '2026-04-01', 200n],
  ['temporary, the day after', TEMPORARY, '2026-04-01', 200n],
  ['commercial, 31 December', COMMERCIAL, '2026-12-31', 55_000n],
  ['industrial, 31 December', INDUSTRIAL, '2026-12-31', 55_000n],
  ['temporary, 31 December', TEMPORARY, '2026-12-31', 55_000n],
  ['commercial, 1 January', COMMERCIAL, '2027-01-01', 55_300n],
  ['industrial, 1 January', INDUSTRIAL, '2027-01-01', 55_300n],
  ['temporary, 1 January', TEMPORARY, '2027-01-01', 55_300n],
  ['commercial, 2 January', COMMERCIAL, '2027-01-02', 55_600n],
  ['due 30 December, on 31 December', { ...COMMERCIAL, dueDate: '2026-12-30' }, '2026-12-31', 200n],
  ['due 30 December, on 1 January', { ...COMMERCIAL, dueDate: '2026-12-30' }, '2027-01-01', 500n],
  ['due 31 December, on the day', { ...COMMERCIAL, dueDate: '2026-12-31' }, '2026-12-31', 0n],
  ['due 31 December: an earlier year from the first day', { ...COMMERCIAL, dueDate: '2026-12-31' }, '2027-01-01', 300n],
  ['due 31 December, 2 January', { ...COMMERCIAL, dueDate: '2026-12-31' }, '2027-01-02', 600n],
  ['due 31 December, residential', { dueDate: '2026-12-31' }, '2027-01-01', 100n],
  ['due 1 January, on the day', { ...COMMERCIAL, dueDate: '2027-01-01' }, '2027-01-01', 0n],
  ['due 1 January: this year for a whole year', { ...COMMERCIAL, dueDate: '2027-01-01' }, '2027-01-02', 200n],
  ['due 1 January, on 31 December', { ...COMMERCIAL, dueDate: '2027-01-01' }, '2027-12-31', 72_800n],
  ['due 1 January, on the next', { ...COMMERCIAL, dueDate: '2027-01-01' }, '2028-01-01', 73_100n],
  ['a second 1 January changes nothing more', { ...COMMERCIAL, dueDate: '2025-12-30' }, '2027-01-01', 110_000n],
  ['leap day counts', { dueDate: '2028-02-28' }, '2028-02-29', 100n],
  ['the day after the leap day', { dueDate: '2028-02-28' }, '2028-03-01', 200n],
  ['due on the leap day, on the day', { dueDate: '2028-02-29' }, '2028-02-29', 0n],
  ['due on the leap day, the day after', { dueDate: '2028-02-29' }, '2028-03-01', 100n],
  ['no leap day in a common year', { dueDate: '2027-02-28' }, '2027-03-01', 100n],
  ['a leap year to its end', { dueDate: '2028-02-28' }, '2028-12-31', 30_700n],
  ['others over the leap day', { ...COMMERCIAL, dueDate: '2028-02-28' }, '2028-03-01', 400n],
  ['another currency', { currency: 'USD' }, '2026-06-01', 0n],
  ['nothing owed', { principalMinor: 0n }, '2026-06-01', 0n],
  ['a correction below zero', { principalMinor: -20_000n }, '2026-06-01', 0n],
  [
    'a correction below zero, settled as credit',
    { principalMinor: -20_000n, movements: [{ date: '2026-03-01', amountMinor: -20_000n }] },
    '2026-06-01',
    0n,
  ],
])('days and rates: %s', (_what, facts, onDate, fee) => {
  expect(total(facts, onDate)).toBe(fee);
});

test.each<[what: string, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  ['0.99 is charged as 1.00', { principalMinor: 99_000n }, '2026-04-01', 100n],
  ['1.00 stays', { principalMinor: 100_000n }, '2026-04-01', 100n],
  ['1.01 stays', { principalMinor: 101_000n }, '2026-04-01', 101n],
  ['others: 0.99', { ...COMMERCIAL, principalMinor: 49_500n }, '2026-04-01', 100n],
  ['others: 1.00', { ...COMMERCIAL, principalMinor: 50_000n }, '2026-04-01', 100n],
  ['others: 1.01', { ...COMMERCIAL, principalMinor: 50_500n }, '2026-04-01', 101n],
  ['earlier year: 0.99', { ...COMMERCIAL, dueDate: '2026-12-31', principalMinor: 33_000n }, '2027-01-01', 100n],
  ['earlier year: 1.02', { ...COMMERCIAL, dueDate: '2026-12-31', principalMinor: 34_000n }, '2027-01-01', 102n],
  ['not before any is due', { principalMinor: 99_000n }, '2026-03-31', 0n],
  ['it is no addition: the second day of 0.99', { principalMinor: 99_000n }, '2026-04-02', 198n],
  ['half a yuan a day, first', { principalMinor: 50_000n }, '2026-04-01', 100n],
  ['half a yuan a day, second', { principalMinor: 50_000n }, '2026-04-02', 100n],
  ['half a yuan a day, third', { principalMinor: 50_000n }, '2026-04-03', 150n],
  ['99.9 fen round to the minimum', { principalMinor: 33_300n }, '2026-04-03', 100n],
  ['133.2 fen', { principalMinor: 33_300n }, '2026-04-04', 133n],
  ['one fen owed', { principalMinor: 1n }, '2026-04-01', 100n],
  ['one fen owed for a year', { principalMinor: 1n }, '2027-03-31', 100n],
  ['paid before any is due: none', paid(99_000n, ['2026-03-31', 99_000n]), '2026-04-30', 0n],
  ['paid on the first day: the minimum', paid(99_000n, ['2026-04-01', 99_000n]), '2026-04-30', 100n],
])('minimum: %s', (_what, facts, onDate, fee) => {
  expect(total(facts, onDate)).toBe(fee);
});

test.each<[mode: LateFeeRule['roundingMode'], principal: bigint, onDate: string, fee: bigint]>([
  ['HALF_UP', 499n, '2026-04-01', 0n],
  ['HALF_UP', 500n, '2026-04-01', 1n],
  ['HALF_UP', 501n, '2026-04-01', 1n],
  ['HALF_UP', 500n, '2026-04-02', 1n],
  ['HALF_UP', 500n, '2026-04-03', 2n],
  ['HALF_UP', 333n, '2026-04-03', 1n],
  ['HALF_UP', 333n, '2026-04-04', 1n],
  ['HALF_UP', 333n, '2026-04-05', 2n],
  ['UP', 1n, '2026-04-01', 1n],
  ['UP', 1_000n, '2026-04-01', 1n],
  ['UP', 1_001n, '2026-04-01', 2n],
  ['UP', 500n, '2026-04-02', 1n],
  ['UP', 500n, '2026-04-03', 2n],
  ['DOWN', 999n, '2026-04-01', 0n],
  ['DOWN', 1_000n, '2026-04-01', 1n],
  ['DOWN', 999n, '2026-04-02', 1n],
  ['DOWN', 500n, '2026-04-03', 1n],
])('rounding once on the whole: %s %s fen to %s', (roundingMode, principalMinor, onDate, fee) => {
  expect(total({ principalMinor }, onDate, ruleWith({ roundingMode, minimumMinor: 0 }))).toBe(fee);
});

test.each<[what: string, cap: number, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  ['one day before', 300, {}, addDays('2026-03-31', 299), 29_900n],
  ['reached', 300, {}, addDays('2026-03-31', 300), 30_000n],
  ['one day after', 300, {}, addDays('2026-03-31', 301), 30_000n],
  ['years after', 300, {}, '2030-01-01', 30_000n],
  ['others reach it sooner', 300, COMMERCIAL, addDays('2026-03-31', 150), 30_000n],
  ['others, one day before', 300, COMMERCIAL, addDays('2026-03-31', 149), 29_800n],
  ['reached in the earlier-year segment', 600, COMMERCIAL, '2027-01-16', 59_800n],
  ['held in the earlier-year segment', 600, COMMERCIAL, '2027-01-17', 60_000n],
  ['the principal itself', 1000, {}, '2030-01-01', 100_000n],
  ['of the bill, not of what is left', 300, paid(100_000n, ['2026-04-01', 90_000n]), '2036-01-01', 30_000n],
  ['bounds the minimum', 1000, { principalMinor: 50n }, '2026-04-01', 50n],
  ['rounds down', 500, { principalMinor: 333n }, '2030-01-01', 166n],
  ['of nearly nothing is nothing', 1, { principalMinor: 999n }, '2026-04-01', 0n],
])('cap: %s', (_what, capPermille, facts, onDate, fee) => {
  expect(total(facts, onDate, ruleWith({ capPermille }))).toBe(fee);
});

test.each<[grace: number, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  [1, {}, '2026-04-01', 0n],
  [1, {}, '2026-04-02', 100n],
  [3, {}, '2026-04-03', 0n],
  [3, {}, '2026-04-04', 100n],
  [3, {}, '2026-04-05', 200n],
  [3, paid(100_000n, ['2026-04-03', 100_000n]), '2026-04-30', 0n],
  [3, paid(100_000n, ['2026-04-04', 100_000n]), '2026-04-30', 100n],
  [5, { ...COMMERCIAL, dueDate: '2026-12-28' }, '2027-01-02', 0n],
  [5, { ...COMMERCIAL, dueDate: '2026-12-28' }, '2027-01-03', 300n],
])('grace of %s days', (graceDays, facts, onDate, fee) => {
  expect(total(facts, onDate, ruleWith({ graceDays }))).toBe(fee);
});

/** A debt of 10,000 yuan: ten yuan a day. */
const TEN_THOUSAND = 1_000_000n;
function paid(
  principalMinor: bigint,
  ...movements: readonly (readonly [date: string, amountMinor: bigint])[]
): Partial<LateFeeFacts> {
  return { principalMinor, movements: movements.map(([date, amountMinor]) => ({ date, amountMinor })) };
}
const endOfYear = { ...COMMERCIAL, dueDate: '2026-12-28' };

test.each<[what: string, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  ['a part before the due date', paid(TEN_THOUSAND, ['2026-03-15', 400_000n]), '2026-04-01', 600n],
  ['a part on the due date', paid(TEN_THOUSAND, ['2026-03-31', 400_000n]), '2026-04-01', 600n],
  ['a part on the due date, second day', paid(TEN_THOUSAND, ['2026-03-31', 400_000n]), '2026-04-02', 1_200n],
  ['a part on the day after: that day is whole', paid(TEN_THOUSAND, ['2026-04-01', 400_000n]), '2026-04-01', 1_000n],
  ['a part on the day after, second day', paid(TEN_THOUSAND, ['2026-04-01', 400_000n]), '2026-04-02', 1_600n],
  ['a part on the second day', paid(TEN_THOUSAND, ['2026-04-02', 400_000n]), '2026-04-02', 2_000n],
  ['a part on the second day, third day', paid(TEN_THOUSAND, ['2026-04-02', 400_000n]), '2026-04-03', 2_600n],
  ['a part on the tenth day', paid(TEN_THOUSAND, ['2026-04-10', 400_000n]), '2026-04-10', 10_000n],
  ['a part on the tenth day, eleventh', paid(TEN_THOUSAND, ['2026-04-10', 400_000n]), '2026-04-11', 10_600n],
  ['what is paid later is not known earlier', paid(TEN_THOUSAND, ['2026-04-10', 400_000n]), '2026-04-05', 5_000n],
  ['all on the due date', paid(TEN_THOUSAND, ['2026-03-31', TEN_THOUSAND]), '2026-05-01', 0n],
  ['all on the day after', paid(TEN_THOUSAND, ['2026-04-01', TEN_THOUSAND]), '2026-05-01', 1_000n],
  ['two parts', paid(TEN_THOUSAND, ['2026-04-01', 400_000n], ['2026-04-03', 600_000n]), '2026-04-30', 2_200n],
  [
    'two parts in the other order of posting',
    paid(TEN_THOUSAND, ['2026-04-03', 600_000n], ['2026-04-01', 400_000n]),
    '2026-04-30',
    2_200n,
  ],
  ['two parts on one day', paid(TEN_THOUSAND, ['2026-04-02', 1n], ['2026-04-02', 399_999n]), '2026-04-03', 2_600n],
  ['one fen left', paid(TEN_THOUSAND, ['2026-03-31', 999_999n]), '2026-04-01', 100n],
  ['a part on 31 December', { ...endOfYear, ...paid(TEN_THOUSAND, ['2026-12-31', 500_000n]) }, '2026-12-31', 6_000n],
  ['… 1 January', { ...endOfYear, ...paid(TEN_THOUSAND, ['2026-12-31', 500_000n]) }, '2027-01-01', 7_500n],
  ['a part on 1 January', { ...endOfYear, ...paid(TEN_THOUSAND, ['2027-01-01', 500_000n]) }, '2027-01-01', 9_000n],
  ['… 2 January', { ...endOfYear, ...paid(TEN_THOUSAND, ['2027-01-01', 500_000n]) }, '2027-01-02', 10_500n],
  ['a value date long past', paid(TEN_THOUSAND, ['2020-01-01', 400_000n]), '2026-04-01', 600n],
  [
    'reversed: none between payment and reversal',
    paid(TEN_THOUSAND, ['2026-04-05', TEN_THOUSAND], ['2026-04-20', -TEN_THOUSAND]),
    '2026-04-20',
    5_000n,
  ],
  [
    'reversed: it runs on from the day after',
    paid(TEN_THOUSAND, ['2026-04-05', TEN_THOUSAND], ['2026-04-20', -TEN_THOUSAND]),
    '2026-04-21',
    6_000n,
  ],
  [
    'reversed, ten days later',
    paid(TEN_THOUSAND, ['2026-04-05', TEN_THOUSAND], ['2026-04-20', -TEN_THOUSAND]),
    '2026-04-30',
    15_000n,
  ],
  [
    'reversed on the same day',
    paid(TEN_THOUSAND, ['2026-04-05', TEN_THOUSAND], ['2026-04-05', -TEN_THOUSAND]),
    '2026-04-06',
    6_000n,
  ],
  [
    'paid on the due date, reversed: the day of the reversal is free',
    paid(TEN_THOUSAND, ['2026-03-31', TEN_THOUSAND], ['2026-04-01', -TEN_THOUSAND]),
    '2026-04-01',
    0n,
  ],
  [
    'paid on the due date, reversed: the day after',
    paid(TEN_THOUSAND, ['2026-03-31', TEN_THOUSAND], ['2026-04-01', -TEN_THOUSAND]),
    '2026-04-02',
    1_000n,
  ],
  [
    'reversed before the due date: as if nothing had been',
    paid(TEN_THOUSAND, ['2026-03-10', TEN_THOUSAND], ['2026-03-20', -TEN_THOUSAND]),
    '2026-04-01',
    1_000n,
  ],
  [
    'a part reversed over 1 January',
    { ...endOfYear, ...paid(TEN_THOUSAND, ['2026-12-28', 500_000n], ['2026-12-31', -500_000n]) },
    '2027-01-01',
    6_000n,
  ],
  [
    'paid again with a value date before the reversal: nothing was unpaid meanwhile',
    paid(TEN_THOUSAND, ['2026-04-05', TEN_THOUSAND], ['2026-04-10', -TEN_THOUSAND], ['2026-04-03', TEN_THOUSAND]),
    '2026-04-30',
    3_000n,
  ],
])('payments and reversals: %s', (_what, facts, onDate, fee) => {
  expect(total(facts, onDate)).toBe(fee);
});

const days = (fromDate: string, toDate: string) => ({ kind: 'BANK_LATE', fromDate, toDate }) as const;
const off = (amountMinor: bigint) => ({ kind: 'HARDSHIP', amountMinor }) as const;
const waived = (...waivers: LateFeeFacts['waivers']) => ({ principalMinor: TEN_THOUSAND, waivers });

test.each<[what: string, facts: Partial<LateFeeFacts>, onDate: string, fee: bigint]>([
  ['days to come', waived(days('2026-04-05', '2026-04-07')), '2026-04-04', 4_000n],
  ['the first of the days', waived(days('2026-04-05', '2026-04-07')), '2026-04-05', 4_000n],
  ['the last of the days', waived(days('2026-04-05', '2026-04-07')), '2026-04-07', 4_000n],
  ['the day after', waived(days('2026-04-05', '2026-04-07')), '2026-04-08', 5_000n],
  ['one day', waived(days('2026-04-05', '2026-04-05')), '2026-04-10', 9_000n],
  ['all days so far', waived(days('2026-04-01', '2026-04-30')), '2026-04-30', 0n],
  ['all days, the day after', waived(days('2026-04-01', '2026-04-30')), '2026-05-01', 1_000n],
  ['days before the due date', waived(days('2026-03-01', '2026-03-31')), '2026-04-01', 1_000n],
  ['days from before the due date', waived(days('2026-03-01', '2026-04-02')), '2026-04-03', 1_000n],
  ['overlapping', waived(days('2026-04-05', '2026-04-07'), days('2026-04-06', '2026-04-09')), '2026-04-10', 5_000n],
  ['adjacent', waived(days('2026-04-05', '2026-04-07'), days('2026-04-08', '2026-04-09')), '2026-04-10', 5_000n],
  ['twice the same', waived(days('2026-04-05', '2026-04-07'), days('2026-04-05', '2026-04-07')), '2026-04-10', 7_000n],
  ['over 1 January', { ...endOfYear, ...waived(days('2026-12-31', '2027-01-01')) }, '2027-01-02', 7_000n],
  [
    'a part payment among the days',
    { ...waived(days('2026-04-02', '2026-04-04')), movements: [{ date: '2026-04-03', amountMinor: 400_000n }] },
    '2026-04-05',
    1_600n,
  ],
  [
    'all days waived: no minimum',
    { principalMinor: 50_000n, waivers: [days('2026-04-01', '2026-04-10')] },
    '2026-04-10',
    0n,
  ],
  [
    'some days waived: the minimum',
    { principalMinor: 50_000n, waivers: [days('2026-04-01', '2026-04-01')] },
    '2026-04-02',
    100n,
  ],
  ['an amount', waived(off(1_000n)), '2026-04-05', 4_000n],
  ['all but one fen', waived(off(4_999n)), '2026-04-05', 1n],
  ['exactly all', waived(off(5_000n)), '2026-04-05', 0n],
  ['more than there is', waived(off(6_000n)), '2026-04-05', 0n],
  ['more than there is, the day it is reached', waived(off(6_000n)), '2026-04-06', 0n],
  ['more than there is: it runs on after', waived(off(6_000n)), '2026-04-07', 1_000n],
  ['two amounts', waived(off(1_000n), off(2_000n)), '2026-04-05', 2_000n],
  ['days and an amount', waived(days('2026-04-02', '2026-04-03'), off(500n)), '2026-04-05', 2_500n],
  ['an amount off the minimum', { principalMinor: 50_000n, waivers: [off(40n)] }, '2026-04-01', 60n],
  ['an amount before anything is due', waived(off(500n)), '2026-03-31', 0n],
])('waivers: %s', (_what, facts, onDate, fee) => {
  expect(total(facts, onDate)).toBe(fee);
});

/** A line as a table shows it. */
const shown = ({ kind, fromDate, toDate, days: count, baseMinor, ratePerMille, amountMinor }: LateFeeLine): string =>
  [kind, fromDate, toDate, count ?? '-', baseMinor ?? '-', ratePerMille ?? '-', amountMinor].join(' ');

test.each<[what: string, facts: Partial<LateFeeFacts>, onDate: string, rule: LateFeeRule, lines: string[]]>([
  ['none before the first day', {}, '2026-03-31', CHINA, []],
  ['one', {}, '2026-04-10', CHINA, ['DAILY 2026-04-01 2026-04-10 10 100000 1 1000']],
  [
    '1 January breaks no residential line',
    { dueDate: '2026-12-30' },
    '2027-01-01',
    CHINA,
    ['DAILY 2026-12-31 2027-01-01 2 100000 1 200'],
  ],
  [
    '1 January breaks the line',
    { ...COMMERCIAL, dueDate: '2026-12-29' },
    '2027-01-02',
    CHINA,
    ['DAILY 2026-12-30 2026-12-31 2 100000 2 400', 'DAILY 2027-01-01 2027-01-02 2 100000 3 600'],
  ],
  [
    'a part payment breaks it',
    paid(TEN_THOUSAND, ['2026-04-03', 400_000n]),
    '2026-04-05',
    CHINA,
    ['DAILY 2026-04-01 2026-04-03 3 1000000 1 3000', 'DAILY 2026-04-04 2026-04-05 2 600000 1 1200'],
  ],
  [
    'nothing owed leaves no line',
    paid(TEN_THOUSAND, ['2026-04-02', TEN_THOUSAND], ['2026-04-05', -TEN_THOUSAND]),
    '2026-04-06',
    CHINA,
    ['DAILY 2026-04-01 2026-04-02 2 1000000 1 2000', 'DAILY 2026-04-06 2026-04-06 1 1000000 1 1000'],
  ],
  [
    'payment and reversal on one day break nothing',
    paid(TEN_THOUSAND, ['2026-04-02', 5n], ['2026-04-02', -5n]),
    '2026-04-03',
    CHINA,
    ['DAILY 2026-04-01 2026-04-03 3 1000000 1 3000'],
  ],
  [
    'the minimum',
    { principalMinor: 50_000n },
    '2026-04-01',
    CHINA,
    ['DAILY 2026-04-01 2026-04-01 1 50000 1 50', 'MINIMUM 2026-04-01 2026-04-01 - - - 50'],
  ],
  [
    'the cap',
    {},
    '2026-04-05',
    ruleWith({ capPermille: 2 }),
    ['DAILY 2026-04-01 2026-04-05 5 100000 1 500', 'CAP 2026-04-01 2026-04-05 - - - -300'],
  ],
  [
    'waived days',
    waived(days('2026-04-02', '2026-04-03')),
    '2026-04-04',
    CHINA,
    [
      'DAILY 2026-04-01 2026-04-01 1 1000000 1 1000',
      'WAIVED 2026-04-02 2026-04-03 2 1000000 1 0',
      'DAILY 2026-04-04 2026-04-04 1 1000000 1 1000',
    ],
  ],
  [
    'a waived amount',
    waived(off(400n)),
    '2026-04-01',
    CHINA,
    ['DAILY 2026-04-01 2026-04-01 1 1000000 1 1000', 'WAIVED 2026-04-01 2026-04-01 - - - -400'],
  ],
  [
    'fractions are carried from line to line',
    { ...COMMERCIAL, dueDate: '2026-12-30', principalMinor: 250n },
    '2027-01-02',
    ruleWith({ minimumMinor: 0 }),
    ['DAILY 2026-12-31 2026-12-31 1 250 2 1', 'DAILY 2027-01-01 2027-01-02 2 250 3 1'],
  ],
])('lines: %s', (_what, facts, onDate, rule, lines) => {
  expect(lateFee(bill(facts), rule, onDate).lines.map(shown)).toEqual(lines);
});

test('each line quotes the clause of its rate', () => {
  const { lines } = lateFee(bill({ ...COMMERCIAL, dueDate: '2026-12-29' }), CHINA, '2027-01-02');
  expect(lines.map(({ clause }) => clause)).toEqual([
    CHINA.ratesPerMille.COMMERCIAL.thisYear.clause,
    CHINA.ratesPerMille.COMMERCIAL.earlierYear.clause,
  ]);
});

describe('whatever happened', () => {
  const START = '2025-11-01';
  const day = (most: number) => fc.integer({ min: 0, max: most }).map((later) => addDays(START, later));
  const history = fc.record({
    dueDate: day(60),
    principalMinor: fc.bigInt({ min: 0n, max: 3_000_000n }),
    currency: fc.constant('CNY'),
    customerClass: fc.constantFrom<CustomerClass>('RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'),
    movements: fc.array(fc.record({ date: day(500), amountMinor: fc.bigInt({ min: -500_000n, max: 1_000_000n }) }), {
      maxLength: 6,
    }),
    waivers: fc.array(
      fc.oneof(
        fc.tuple(day(400), fc.integer({ min: 0, max: 40 })).map(([from, length]) => days(from, addDays(from, length))),
        fc.bigInt({ min: 1n, max: 20_000n }).map(off),
      ),
      { maxLength: 3 },
    ),
  });
  const rule = fc
    .record({
      minimumMinor: fc.constantFrom(0, 1, 100, 500),
      capPermille: fc.constantFrom(null, 1, 100, 1000),
      graceDays: fc.constantFrom(0, 1, 5),
      roundingMode: fc.constantFrom('HALF_UP' as const, 'UP' as const, 'DOWN' as const),
    })
    .map(ruleWith);

  /** The fee added up day by day, with none of the policy's own code. */
  function dayByDay(facts: LateFeeFacts, fixed: LateFeeRule, onDate: string): bigint {
    let thousandths = 0n;
    for (let n = fixed.graceDays + 1; n <= daysBetween(facts.dueDate, onDate); n += 1) {
      const today = addDays(facts.dueDate, n);
      if (facts.waivers.some((one) => 'fromDate' in one && one.fromDate <= today && today <= one.toDate)) continue;
      const settled = facts.movements
        .filter(({ date }) => date < today)
        .reduce((sum, one) => sum + one.amountMinor, 0n);
      const left = facts.principalMinor - settled;
      const base = left < 0n ? 0n : left > facts.principalMinor ? facts.principalMinor : left;
      const { thisYear, earlierYear } = fixed.ratesPerMille[facts.customerClass];
      thousandths += base * BigInt((yearOf(today) === yearOf(facts.dueDate) ? thisYear : earlierYear).perMille);
    }
    if (thousandths === 0n) return 0n;
    const up = { HALF_UP: 500n, UP: 999n, DOWN: 0n }[fixed.roundingMode];
    let minor = (thousandths + up) / 1000n;
    if (minor < fixed.minimumMinor) minor = fixed.minimumMinor;
    const cap = fixed.capPermille === null ? minor : (facts.principalMinor * BigInt(fixed.capPermille)) / 1000n;
    if (minor > cap) minor = cap;
    for (const one of facts.waivers) if ('amountMinor' in one) minor -= one.amountMinor;
    return minor > 0n ? minor : 0n;
  }

  test('it is the sum of its days', () => {
    fc.assert(
      fc.property(history, rule, day(600), (facts, fixed, onDate) => {
        expect(lateFee(facts, fixed, onDate).totalMinor).toBe(dayByDay(facts, fixed, onDate));
      }),
      { numRuns: 300 },
    );
  });

  test('the lines add up to it, in order, each day at most once', () => {
    fc.assert(
      fc.property(history, rule, day(600), (facts, fixed, onDate) => {
        const { totalMinor, lines } = lateFee(facts, fixed, onDate);
        expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(totalMinor);
        const stretches = lines.filter((line) => line.days !== null);
        for (const [index, line] of stretches.entries()) {
          expect(line.days).toBe(daysBetween(line.fromDate, line.toDate) + 1);
          expect(line.fromDate > (stretches[index - 1]?.toDate ?? facts.dueDate)).toBe(true);
          expect(line.toDate <= onDate).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a later date never costs less', () => {
    fc.assert(
      fc.property(history, rule, day(600), fc.nat(400), (facts, fixed, onDate, later) => {
        const now = lateFee(facts, fixed, onDate).totalMinor;
        expect(lateFee(facts, fixed, addDays(onDate, later)).totalMinor >= now).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a waiver never costs anything', () => {
    fc.assert(
      fc.property(history, rule, day(600), (facts, fixed, onDate) => {
        const without = lateFee({ ...facts, waivers: facts.waivers.slice(1) }, fixed, onDate).totalMinor;
        expect(lateFee(facts, fixed, onDate).totalMinor <= without).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('step by step, knowing at each step only what had happened by then, gives what one go gives', () => {
    fc.assert(
      fc.property(history, rule, fc.array(day(600), { minLength: 1, maxLength: 8 }), (facts, fixed, someDays) => {
        const steps = [...someDays].sort();
        let charged = 0n;
        for (const step of steps) {
          const charge = chargeOf(
            billDue(
              {
                billId: 'bill',
                dueDate: facts.dueDate,
                issuedAt: new Date(0),
                principalOutstandingMinor: facts.principalMinor,
                lateFeeOutstandingMinor: charged,
                lateFeePostedMinor: charged,
                lateFeeFacts: { ...facts, movements: facts.movements.filter(({ date }) => date <= step) },
              },
              fixed,
              step,
            ),
          );
          expect(charge?.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(charge?.amountMinor);
          charged += charge?.amountMinor ?? 0n;
        }
        expect(charged).toBe(lateFee(facts, fixed, steps.at(-1)!).totalMinor);
      }),
      { numRuns: 1_000 },
    );
  });
});
