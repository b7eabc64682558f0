import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** A new UUIDv7: unique, and ordered by time of creation so that primary keys grow at one end of their index. */
export const newId = (): string => v7();

/**
 * SHA-256 over the named fields of an input, for "same key, same content?" comparisons. Key order does not matter;
 * `undefined` and `null` count as absent.
 */
export function contentHash(
  content: Readonly<Record<string, string | number | bigint | boolean | null | undefined>>,
): Buffer {
  const present = Object.entries(content)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => [key, String(value)])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(present)).digest();
}
