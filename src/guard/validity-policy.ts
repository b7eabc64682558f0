/** A cut is decided for a moment: no meter may obey one for longer than this, ms of product time (design: 5 to 15 minutes). */
const MAX_VALIDITY_MS = 15 * 60_000;
/** Under a fast simulated clock a message still needs this long on the wire, ms of wall time. */
const MAX_WIRE_MS = 20_000;
/** How far ahead of ours the clock of whoever sends may be, ms. */
const MAX_AHEAD_MS = 60_000;

/** Why the validity of a cut is not sane at `at`; undefined if it is. `scaleMillis` is product milliseconds per wall second. Pure. */
export function validityProblem(
  cut: { readonly issuedAt: Date; readonly notAfter: Date },
  at: Date,
  scaleMillis: number,
): string | undefined {
  const productMs = (wallMs: number): number => (wallMs * Math.max(scaleMillis, 1_000)) / 1_000;
  const maxValidityMs = Math.max(MAX_VALIDITY_MS, productMs(MAX_WIRE_MS));
  const [issuedMs, endMs, nowMs] = [cut.issuedAt.getTime(), cut.notAfter.getTime(), at.getTime()];
  if (endMs <= nowMs) return 'it has expired';
  if (endMs <= issuedMs) return 'it would expire before it was issued';
  if (issuedMs > nowMs + productMs(MAX_AHEAD_MS)) return 'it is issued in the future; compare the clocks';
  if (endMs - issuedMs > maxValidityMs || endMs - nowMs > maxValidityMs)
    return `it would be valid for longer than ${maxValidityMs / 60_000} minutes`;
  return undefined;
}
