import { mayReconnect } from '../../../src/dunning/reconnect-policy.js';
import { CHINA } from '../../support/policies.js';

const TODAY = '2026-03-10';
const full = CHINA[0]!.reconnect;
const prepaid = CHINA[1]!.reconnect;
const half = { ...full, threshold: 'PERCENT', percent: 50 } as const;
const bill = (principal: bigint, fee = 0n, dueDate = '2026-02-01') => ({
  dueDate,
  principalOutstandingMinor: principal,
  lateFeeOutstandingMinor: fee,
});

describe('enough has been paid to be lit again', () => {
  test.each([
    ['full: nothing left', full, [], 0n, null, true],
    ['full: one fen of principal left', full, [bill(1n)], -1n, null, false],
    ['full: one fen of late fee left', full, [bill(0n, 1n)], -1n, null, false],
    ['full without fees: a late fee left', { ...full, includeLateFees: false }, [bill(0n, 1n)], -1n, null, true],
    ['full: a bill due today is not overdue', full, [bill(500n, 0n, TODAY)], -500n, null, true],
    ['full: a bill due yesterday is', full, [bill(500n, 0n, '2026-03-09')], -500n, null, false],
    ['half: exactly half is left', half, [bill(500n)], -500n, 1_000n, true],
    ['half: one fen more than half is left', half, [bill(501n)], -501n, 1_000n, false],
    ['half: the debt at the cut is unknown', half, [bill(1n)], -1n, null, false],
    ['half: late fees count towards what is left', half, [bill(500n, 1n)], -501n, 1_000n, false],
    ['prepaid: below zero', prepaid, [], -1n, null, false],
    ['prepaid: zero', prepaid, [], 0n, null, false],
    ['prepaid: one fen above', prepaid, [], 1n, null, true],
    ['prepaid: above zero though a bill is open', prepaid, [bill(10n)], 5n, null, true],
    ['no policy: nothing overdue left', undefined, [], 0n, null, true],
    ['no policy: a fee left', undefined, [bill(0n, 1n)], -1n, null, false],
  ] as const)('%s', (_what, reconnect, bills, balanceMinor, debtAtCutMinor, lit) => {
    expect(mayReconnect({ bills, balanceMinor, debtAtCutMinor }, reconnect, TODAY)).toBe(lit);
  });
});
