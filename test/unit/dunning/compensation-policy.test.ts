import { daysBegun, proposeCompensation } from '../../../src/dunning/compensation-policy.js';

const FROM = new Date('2026-03-10T04:00:00Z');
const after = (ms: number): Date => new Date(FROM.getTime() + ms);
const DAY = 86_400_000;
const clause = { text: 'own rule', verified: true };
const policy = { currency: 'INR', compensation: { perDayMinor: 10_000n, capMinor: 25_000n, clause } } as const;

test.each([
  [0, 1],
  [1, 1],
  [DAY - 1, 1],
  [DAY, 1],
  [DAY + 1, 2],
  [7 * DAY, 7],
])('%d ms are %d days begun', (ms, days) => expect(daysBegun(FROM, after(ms))).toBe(days));

test.each([
  [1, 10_000n],
  [2 * DAY, 20_000n],
  [2 * DAY + 1, 25_000n],
  [90 * DAY, 25_000n],
])('%d ms give %d minor units, up to the cap', (ms, amountMinor) =>
  expect(proposeCompensation(policy, 'INR', FROM, after(ms))).toMatchObject({ amountMinor, clause: 'own rule' }),
);

test('where the policy names nothing, or another currency, the amount is for whoever decides', () => {
  const nothing = { days: 1, amountMinor: null, clause: null };
  expect(proposeCompensation(undefined, 'CNY', FROM, after(1))).toEqual(nothing);
  expect(proposeCompensation({ currency: 'CNY', compensation: null }, 'CNY', FROM, after(1))).toEqual(nothing);
  expect(proposeCompensation(policy, 'CNY', FROM, after(1))).toEqual(nothing);
});

describe('what another case has paid', () => {
  const propose = (
    fromMs: number,
    untilMs: number,
    ...paid: [fromMs: number, untilMs: number, days: number, grantedMinor: bigint][]
  ) =>
    proposeCompensation(
      policy,
      'INR',
      after(fromMs),
      after(untilMs),
      paid.map(([from, until, days, grantedMinor]) => ({ from: after(from), until: after(until), days, grantedMinor })),
    );

  test.each<[what: string, proposal: ReturnType<typeof propose>, days: number, amountMinor: bigint]>([
    ['of the whole leaves nothing', propose(DAY, 2 * DAY, [0, 2 * DAY, 2, 20_000n]), 0, 0n],
    ['of a part leaves the other days', propose(0, 2 * DAY + 1, [DAY + 1, 2 * DAY + 1, 1, 10_000n]), 2, 15_000n],
    ['counts once, however much of the day it was', propose(0, 2 * DAY, [DAY - 1, DAY + 1, 1, 1n]), 1, 10_000n],
    ['counts only the days that it paid', propose(0, 2 * DAY, [0, 2 * DAY, 1, 10_000n]), 1, 10_000n],
    ['up to the cap leaves no amount', propose(0, 4 * DAY, [0, DAY, 1, 25_000n]), 3, 0n],
    [
      'of another darkness changes nothing',
      propose(DAY, 2 * DAY, [0, DAY, 1, 25_000n], [2 * DAY, 3 * DAY, 1, 25_000n]),
      1,
      10_000n,
    ],
  ])('%s', (_what, proposal, days, amountMinor) => expect(proposal).toMatchObject({ days, amountMinor }));
});

test('a clause that nobody has read in the rule’s own text says so', () => {
  const unverified = { ...policy.compensation, clause: { ...clause, verified: false } };
  expect(proposeCompensation({ ...policy, compensation: unverified }, 'INR', FROM, after(1)).clause).toBe(
    'own rule [unverified]',
  );
});
