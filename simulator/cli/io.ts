/** What a command may touch of the outside; tests give their own. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  /** Whether `out` is a terminal, so that a line may be written over. */
  isTerminal: boolean;
  env: Record<string, string | undefined>;
  /** Aborted when the person wants to end. */
  signal: AbortSignal;
}

/** The command line was wrong: exit code 2, and a pointer to --help. */
export class UsageError extends Error {}
