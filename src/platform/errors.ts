/**
 * An act that the caller can put right. Flows throw it, the transaction rolls back, and the API turns it into a
 * `userErrors { code message field }` entry. The message says what to do next.
 */
export class UserError extends Error {
  /**
   * @param code stable SCREAMING_SNAKE name, documented in docs/errors.md
   * @param message one or two plain sentences: what is wrong, what to do next
   * @param field path of the input field at fault, if one is
   * @param detail machine-readable extras (for example the id of the command that is already open)
   */
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly detail?: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.name = 'UserError';
  }
}

/** The connection died after COMMIT was sent: the work may or may not be stored. Ask again with the same idempotency key. */
export class CommitUnknownError extends Error {
  constructor(transactionName: string, cause: unknown) {
    super(
      `transaction ${transactionName}: connection lost while committing; repeat the request with the same key to learn its outcome`,
      { cause },
    );
    this.name = 'CommitUnknownError';
  }
}

/** A programming assumption that did not hold. Kept on in production: a wrong switch act is worse than a failed request. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
