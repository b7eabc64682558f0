/** Why the guard does not sign. Every code is a line in docs/errors.md. */
export const GUARD_REFUSAL_CODES = [
  'MALFORMED',
  'NOT_A_CUT',
  'STOPPED',
  'CLOCK',
  'VALIDITY',
  'UNKNOWN_COMMAND',
  'NOT_SENT',
  'DIFFERS',
  'OTHER_BYTES',
  'NOT_APPROVED',
  'BLOCKED',
  'BUDGET',
  'BUSY',
  'UNAVAILABLE',
] as const;
export type GuardRefusalCode = (typeof GUARD_REFUSAL_CODES)[number];

/** A cut the guard does not sign: the code, and a sentence about what is wrong. */
export class GuardRefusal extends Error {
  override readonly name = 'GuardRefusal';
  constructor(
    readonly code: GuardRefusalCode,
    message: string,
  ) {
    super(message);
  }
}
