/** The guard cannot start, for a reason that its owner can put right; told as it stands. */
export class GuardStartError extends Error {
  override readonly name = 'GuardStartError';
}
