import { LIMITS } from '../../src/platform/limits.js';
import { MAX_AMOUNT_MINOR } from '../../src/platform/money.js';

test.each(Object.entries(LIMITS))(
  'limit %s is a positive whole number with a unit and a reason',
  (_name, { value, unit, reason }) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true);
    expect(unit).toMatch(/^[a-z ]+$/);
    expect(reason.length).toBeGreaterThan(15);
  },
);

test('limits that must agree with each other do', () => {
  expect(BigInt(LIMITS.paymentMinor.value)).toBe(MAX_AMOUNT_MINOR);
  // One claim is one group of messages to answer.
  expect(LIMITS.dispatchGroup.value).toBeLessThanOrEqual(LIMITS.uplinkGroup.value);
});
