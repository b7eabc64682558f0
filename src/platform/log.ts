import { pino, type Logger } from 'pino';

export type { Logger };

/** Fields that may carry personal data or secrets: never written, whoever logs them. */
const REDACTED = ['name', 'phone', 'contact', 'contacts', 'idDocument', 'address', 'token', 'password', 'authorization', 'payload'];

/** Structured log on stderr; `level` is a pino level, `silent` for tests. */
export function createLogger(level: string): Logger {
  return pino(
    { level, base: undefined, redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' } },
    process.stderr,
  );
}
