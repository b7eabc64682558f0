import { pino, type Logger } from 'pino';

export type { Logger };

/** Fields that may carry personal data or secrets: never written, whoever logs them. */
const REDACTED = [
  'name',
  'phone',
  'contact',
  'contacts',
  'idDocument',
  'address',
  'token',
  'password',
  'authorization',
  'payload',
];

/** Structured log on stderr; `level` is a pino level, `silent` for tests. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: undefined,
      serializers: { err: describeError },
      redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    process.stderr,
  );
}

/** What the log keeps of an error. Drivers hang whole clients, with statements and parameters, on theirs. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    code: (error as { code?: unknown }).code,
    stack,
    ...(cause ? { cause: describeError(cause) } : {}),
  };
}
