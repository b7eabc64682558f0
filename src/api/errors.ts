import { randomUUID } from 'node:crypto';
import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import { CommitUnknownError, UserError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';

/** Codes of top-level errors. What a caller can put right in its input comes as `userErrors` instead. Documented in docs/errors.md. */
export type ApiErrorCode =
  | 'UNAUTHENTICATED'
  | 'AUTHENTICATION_UNAVAILABLE'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'BAD_REQUEST'
  | 'MALFORMED_JSON'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'REQUEST_TOO_LARGE'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'QUERY_TOO_LONG'
  | 'QUERY_TOO_DEEP'
  | 'QUERY_TOO_COMPLEX'
  | 'TOO_MANY_ALIASES'
  | 'TOO_MANY_DIRECTIVES'
  | 'PAGE_TOO_LARGE'
  | 'INVALID_CURSOR'
  | 'NOT_FOUND'
  | 'RESUME_TOKEN_INVALID'
  | 'RESUME_TOO_FAR_BACK'
  | 'SUBSCRIPTION_TOO_SLOW'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'SUBSCRIPTION_NEEDS_WEBSOCKET'
  | 'OUTCOME_UNKNOWN'
  | 'INTERNAL';

/** A named refusal of a whole request or field. The message says what to do next and names nobody. */
export class ApiError extends GraphQLError {
  constructor(
    readonly code: ApiErrorCode,
    message: string,
    status?: number,
  ) {
    super(message, { extensions: { code, ...(status === undefined ? {} : { http: { status } }) } });
    this.name = 'ApiError';
  }
}

/** Node kinds that point into the caller's values: an error located there is about the input, not about us. */
const INPUT_KINDS: ReadonlySet<string> = new Set([
  Kind.VARIABLE_DEFINITION,
  Kind.VARIABLE,
  Kind.ARGUMENT,
  Kind.OBJECT_FIELD,
]);

const OUTCOME_UNKNOWN =
  'The connection to the database was lost while the change was being stored, so it may or may not have happened. Send the same request with the same idempotencyKey again to learn its outcome.';

/**
 * Turns any error into what the caller may see: named errors as they are, everything unexpected as INTERNAL with an id that
 * leads to the log line, and nothing else.
 */
export function presentError(thrown: unknown, log: Logger): GraphQLFormattedError {
  const error = thrown instanceof GraphQLError ? thrown : new GraphQLError('', { originalError: thrown as Error });
  const cause = originalOf(error);
  const place = {
    ...(error.locations ? { locations: error.locations } : {}),
    ...(error.path ? { path: error.path } : {}),
  };
  if (cause instanceof UserError) {
    return { message: cause.message, ...place, extensions: { code: 'BAD_USER_INPUT', reason: cause.code } };
  }
  if (cause instanceof CommitUnknownError) {
    return { message: OUTCOME_UNKNOWN, ...place, extensions: { code: 'OUTCOME_UNKNOWN' } };
  }
  if (cause === undefined) {
    const code = codeOf(error);
    if (code !== undefined) return { message: error.message, ...place, extensions: { code } };
  }
  const errorId = randomUUID();
  log.error({ errorId, path: error.path?.join('.'), ...safeFacts(cause ?? error) }, 'a request failed unexpectedly');
  return {
    message: `Something went wrong on our side. Quote ${errorId} when you report it.`,
    ...place,
    extensions: { code: 'INTERNAL', errorId },
  };
}

/** The error a resolver threw, if it was not a GraphQLError itself. */
function originalOf(error: GraphQLError): Error | undefined {
  const original = error.originalError;
  if (original instanceof GraphQLError) return originalOf(original);
  return original ?? undefined;
}

/** `extensions.code` of a named error; undefined for one that nobody gave a name, which is a bug. */
function codeOf(error: GraphQLError): string | undefined {
  const { code } = error.extensions;
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR') return code;
  return INPUT_KINDS.has(error.nodes?.[0]?.kind ?? '') ? 'BAD_USER_INPUT' : undefined;
}

/**
 * What may be logged of an unexpected error. A database error's message and detail quote the row ("Key (value)=(139…)"), so of
 * those only the SQLSTATE, the constraint and the place in our code are kept.
 */
export function safeFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const fromDatabase = typeof code === 'string' || error.name.endsWith('Exception');
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    ...(fromDatabase ? { sqlState: code, constraint } : { message: error.message }),
    at: frames.slice(0, 8).map((line) => line.trim()),
  };
}
