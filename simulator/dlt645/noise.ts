import { draw, type RandomStream } from '../meter/random.js';

/** What line noise does to a frame. */
export type Damage = 'flip' | 'lose' | 'cut';

/** Bytes after noise; undefined when none are left. Draws from the stream of the struck meter. */
export function damaged(bytes: Buffer, damage: Damage, stream: RandomStream): Buffer | undefined {
  const at = Math.floor(draw(stream) * bytes.length);
  switch (damage) {
    case 'flip': {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ (1 << Math.floor(draw(stream) * 8));
      return flipped;
    }
    case 'lose':
      return bytes.length > 1 ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]) : undefined;
    case 'cut':
      return at > 0 ? bytes.subarray(0, at) : undefined;
  }
}
