import { fuzz } from './support/fuzz.js';

test(
  '1,000,000 random and mutated byte strings in chunks: no throw, and frames are what the text says, no more and no less',
  () => {
    // FUZZ_SEED tries another million; a failure names its own seed and string.
    const seed = Number(process.env['FUZZ_SEED'] ?? 20_070_645);
    const { strings, frames, decoded } = fuzz(seed, 1_000_000);
    expect(strings).toBe(1_000_000);
    expect(frames).toBeGreaterThan(100_000);
    expect(decoded).toBeGreaterThan(50_000);
  },
  10 * 60_000,
);
