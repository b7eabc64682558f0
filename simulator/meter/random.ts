/**
 * Seeded pseudo-random numbers. Every meter and every gateway draws from its own stream, derived from the run's seed and its
 * number, so what one of them decides never depends on the order in which the others were heard.
 */

/** A well-mixed 32-bit hash of a text (FNV-1a, then the finaliser of MurmurHash3). */
export function hash32(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number in [0, 1) that belongs to a text and a seed. */
export const share = (text: string, seed: number): number => hash32(text, seed) / 0x1_0000_0000;

/** Holder of a random stream: one 32-bit word of state. */
export interface RandomStream {
  random: number;
}

/** Next number in [0, 1) of a stream (mulberry32). */
export function draw(stream: RandomStream): number {
  stream.random = (stream.random + 0x6d2b79f5) >>> 0;
  let word = stream.random;
  word = Math.imul(word ^ (word >>> 15), word | 1);
  word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
  return ((word ^ (word >>> 14)) >>> 0) / 0x1_0000_0000;
}
