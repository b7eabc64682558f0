import { createHash } from 'node:crypto';

/**
 * Numbers in [0, 1) that belong to a seed and to what they decide: whoever asks first, each question has its answer. Not for secrets.
 */
export const drawn = (seed: number, about: string): number =>
  createHash('sha256').update(`${seed} ${about}`).digest().readUInt32BE() / 2 ** 32;

/** A number from a span, the same for the same question. */
export const between = (seed: number, about: string, [from, to]: readonly [number, number]): number =>
  from + drawn(seed, about) * (to - from);

/** One of these by weight. @throws RangeError when all weights are zero */
export function chosen<Name extends string>(
  seed: number,
  about: string,
  weights: Readonly<Record<Name, number>>,
): Name {
  const entries = Object.entries(weights) as [Name, number][];
  let left = drawn(seed, about) * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new RangeError(`${about}: every weight is zero`);
}
