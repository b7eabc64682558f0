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

test('a clause that nobody has read in the rule’s own text says so', () => {
  const unverified = { ...policy.compensation, clause: { ...clause, verified: false } };
  expect(proposeCompensation({ ...policy, compensation: unverified }, 'INR', FROM, after(1)).clause).toBe(
    'own rule [unverified]',
  );
});
