/** Status word 3 (运行状态字 3, data identifier 04000503): what the relay is, and what it was told. */
export interface StatusWord3 {
  /** b3: programming is allowed. */
  readonly programming: boolean;
  /** b4: the relay is open. The only thing that proves anything. */
  readonly open: boolean;
  /** b6: the relay has been told to open. */
  readonly commandedOpen: boolean;
  /** b7: alarm before a trip. */
  readonly preTripAlarm: boolean;
  /** b12: protection (保电) is on. */
  readonly protected: boolean;
}

/** Two bytes, low one first. */
export function readStatusWord3(bytes: Buffer): StatusWord3 {
  const word = bytes.readUInt16LE(0);
  const bit = (index: number) => (word & (1 << index)) !== 0;
  return { programming: bit(3), open: bit(4), commandedOpen: bit(6), preTripAlarm: bit(7), protected: bit(12) };
}

/** Told to close and still open: armed, waiting for the button (or stuck, which time tells). */
export const isArmed = ({ open, commandedOpen }: StatusWord3): boolean => open && !commandedOpen;
