import { isLocalDate } from '../platform/local-date.js';
import { ApiError } from './errors.js';

/** What a list is ordered by, and what its cursors therefore hold. */
export type KeyType = 'uuid' | 'bigint' | 'timestamptz' | 'date' | 'text';

/** Instants carry microseconds, as PostgreSQL keeps them: a Date would round, and a row would be skipped or repeated. */
const INSTANT = /^(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}\+00$/;

const FITS: Readonly<Record<KeyType, (key: string) => boolean>> = {
  uuid: (key) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key),
  bigint: (key) => /^[0-9]{1,18}$/.test(key),
  timestamptz: (key) => isLocalDate(INSTANT.exec(key)?.[1] ?? ''),
  date: isLocalDate,
  text: (key) => /^[\x20-\x7e]{0,64}$/.test(key),
};

/** The cursor of a row: the name of its list and its keys, opaque to callers. */
export const toCursor = (list: string, keys: readonly string[]): string =>
  Buffer.from(JSON.stringify([list, ...keys])).toString('base64url');

/**
 * The keys in a cursor of this list.
 * @throws ApiError INVALID_CURSOR for a cursor of another list, or one that we did not make
 */
export function parseCursor(list: string, types: readonly KeyType[], cursor: string): string[] {
  const parts = partsOf(cursor);
  const keys = parts.slice(1);
  const fits =
    parts[0] === list && keys.length === types.length && keys.every((key, index) => FITS[types[index]!](key));
  if (!fits) {
    throw new ApiError(
      'INVALID_CURSOR',
      'This cursor does not belong to this list. Start again without `after`, and use `pageInfo.endCursor` as it is.',
    );
  }
  return keys;
}

function partsOf(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? (parts as string[]) : [];
  } catch {
    return [];
  }
}
