import { Lexer, Source, TokenKind } from 'graphql';
import type { Limits } from './deps.js';
import { ApiError } from './errors.js';

/**
 * Whether a text that could not be parsed has too many tokens. The parser stops there with a syntax error like any other; counting
 * again, only for texts that failed, gives the limit its name.
 */
export function isTooLong(text: string | undefined, limits: Limits): boolean {
  const lexer = new Lexer(new Source(text ?? ''));
  try {
    for (let count = 0; count <= limits.queryTokens.value; count += 1) {
      if (lexer.advance().kind === TokenKind.EOF) return false;
    }
    return true;
  } catch {
    return false;
  }
}

export const tooLong = (limits: Limits): ApiError =>
  new ApiError(
    'QUERY_TOO_LONG',
    `This document has more than ${limits.queryTokens.value} tokens. Ask for less, or in several requests.`,
    400,
  );
