import { tryForgeries } from './support/forged-orders.js';

// A share of `forged-orders.long.test.ts`, by the same seed.
describe.each(['json', 'password', 'cipher'] as const)('meters of codec %s', (codec) => {
  test('forged, replayed, expired, cross-meter, wrong-installation, bit-flipped: none of 1,160 changes anything', () => {
    const { accepted, total, tried, genuineObeyed } = tryForgeries(codec, 1_160, 20_261_122);
    expect(accepted).toEqual([]);
    expect(total).toBe(1_160);
    expect(Math.min(...Object.values(tried))).toBeGreaterThanOrEqual(40);
    expect(genuineObeyed).toBe(true);
  });
});
