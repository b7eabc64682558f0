/** What an error answer of one byte says (DL/T 645-2007), bit 0 first. */
const BYTE_FLAGS = [
  'OTHER',
  'NO_SUCH_DATA',
  'PASSWORD',
  'BAUD_RATE',
  'YEAR_ZONES',
  'DAY_PERIODS',
  'TARIFFS',
  'RESERVED_7',
] as const;

/** What a security error word of two bytes says (later text), bit 0 of the low byte first. */
const WORD_FLAGS = [
  'SUSPENDED',
  'MAC',
  'PASSWORD',
  'IDENTITY_TIMEOUT',
  'TIME_INVALID',
  'TRIP_FAILED_PROTECTED',
  'AUTO_RESTORE_FAILED',
  'AUTO_RESTORE_TIME_INVALID',
  'ALREADY_TRIPPED',
  'RESERVED_9',
  'RESERVED_10',
  'RESERVED_11',
  'RESERVED_12',
  'RESERVED_13',
  'RESERVED_14',
  'RESERVED_15',
] as const;

export type ErrorFlag = (typeof BYTE_FLAGS)[number] | (typeof WORD_FLAGS)[number];

/** The flags of an error answer's data, lowest bit first; undefined if it has neither one byte nor two. */
export function readErrorFlags(data: Buffer): readonly ErrorFlag[] | undefined {
  if (data.length !== 1 && data.length !== 2) return undefined;
  const bits = data.length === 1 ? data[0]! : data.readUInt16LE(0);
  const names: readonly ErrorFlag[] = data.length === 1 ? BYTE_FLAGS : WORD_FLAGS;
  return names.filter((_name, bit) => (bits & (1 << bit)) !== 0);
}
