/**
 * Functions of the control code C, bits 4–0. What 1CH is to switch (N1) is an enumeration of its own (`control-request.ts`): function 1AH clears a meter,
 * N1 1AH trips it.
 */
export const FUNCTION = {
  BROADCAST_TIME: 0x08,
  READ: 0x11,
  READ_FOLLOWING: 0x12,
  READ_ADDRESS: 0x13,
  WRITE: 0x14,
  WRITE_ADDRESS: 0x15,
  FREEZE: 0x16,
  PASSWORD: 0x18,
  SWITCH: 0x1c,
} as const;

/** Control code C, taken apart. */
export interface ControlCode {
  /** Bits 4–0. */
  readonly fn: number;
  /** Bit 7: from the meter. */
  readonly reply: boolean;
  /** Bit 6: the meter refuses. */
  readonly error: boolean;
  /** Bit 5: more follows. */
  readonly follows: boolean;
}

const REPLY = 0x80;
const ERROR = 0x40;
const FOLLOWS = 0x20;
const FN = 0x1f;

export const readControl = (byte: number): ControlCode => ({
  fn: byte & FN,
  reply: (byte & REPLY) !== 0,
  error: (byte & ERROR) !== 0,
  follows: (byte & FOLLOWS) !== 0,
});

export const writeControl = ({ fn, reply, error, follows }: ControlCode): number =>
  (fn & FN) | (reply ? REPLY : 0) | (error ? ERROR : 0) | (follows ? FOLLOWS : 0);

/** The control code of a request. */
export const request = (fn: number): ControlCode => ({ fn, reply: false, error: false, follows: false });
