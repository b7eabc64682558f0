import { ApiError } from '../errors.js';

/**
 * A place in the audit feed. Entries are ordered by the transaction that wrote them and then by id: ids alone are not in the order
 * of commits, but a transaction older than every running one can get no further entries. Everything up to a position is delivered.
 */
export interface Position {
  /** PostgreSQL xid8. */
  readonly transactionId: bigint;
  readonly id: bigint;
}

/** Whether `a` comes after `b`. */
export const isAfter = (a: Position, b: Position): boolean =>
  a.transactionId > b.transactionId || (a.transactionId === b.transactionId && a.id > b.id);

/** The position as clients keep it: opaque. */
export const toResumeToken = ({ transactionId, id }: Position): string =>
  Buffer.from(`after:${transactionId}:${id}`).toString('base64url');

/** @throws ApiError RESUME_TOKEN_INVALID for text that we did not make */
export function parseResumeToken(token: string): Position {
  const match = /^after:([0-9]{1,19}):([0-9]{1,18})$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  if (!match) throw invalidResumeToken();
  return { transactionId: BigInt(match[1]!), id: BigInt(match[2]!) };
}

export const invalidResumeToken = (): ApiError =>
  new ApiError(
    'RESUME_TOKEN_INVALID',
    'This resume token is not one of this database. Subscribe without it; the first event shows how things are now.',
  );
