import { tryForgeries } from './support/forged-orders.js';

// FORGERY_SEED tries others.
const seed = Number(process.env['FORGERY_SEED'] ?? 20_261_122);

describe.each(['json', 'password', 'cipher'] as const)('meters of codec %s', (codec) => {
  test(
    'forged, replayed, expired, cross-meter, wrong-installation, bit-flipped: none of 12,000 changes anything',
    () => {
      const { accepted, total, genuineObeyed } = tryForgeries(codec, 12_000, seed);
      expect(accepted).toEqual([]);
      expect(total).toBe(12_000);
      expect(genuineObeyed).toBe(true);
    },
    10 * 60_000,
  );
});
