import { fuzz } from './support/fuzz.js';

// The whole million takes a minute and a half: fuzz.long.test.ts (npm run test:long).
test('60,000 random and mutated byte strings in chunks: no throw, and frames are what the text says, no more and no less', () => {
  const { strings, frames, decoded } = fuzz(645, 60_000);
  expect(strings).toBe(60_000);
  // It met frames and more than frames: neither side of the comparison was idle.
  expect(frames).toBeGreaterThan(6_000);
  expect(decoded).toBeGreaterThan(3_000);
});
