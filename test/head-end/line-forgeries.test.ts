import { tryLineForgeries } from './support/line-forgeries.js';

const SEED = 645;

test(`frames forged, replayed, moved between meters, bit-flipped: none of 12,000 is believed or proves a cut (seed ${SEED})`, () => {
  const { total, accepted, genuineProves } = tryLineForgeries(12_000, SEED);
  expect(accepted).toEqual([]);
  expect(total).toBe(12_000);
  // Without that the rest would prove nothing.
  expect(genuineProves).toBe(true);
});
