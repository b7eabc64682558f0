import { decodeAddress } from './address.js';
import { fromBcd, fromSignedBcd } from './bcd.js';
import { readDate, readTime } from './local-moment.js';
import { readStatusWord3, type StatusWord3 } from './status-word.js';

/** Data identifiers (数据标识), high byte first as the standard prints them. */
export const DI = {
  ENERGY: 0x00010000,
  VOLTAGE_A: 0x02010100,
  CURRENT_A: 0x02020100,
  POWER: 0x02030000,
  DATE: 0x04000101,
  TIME: 0x04000102,
  ADDRESS: 0x04000401,
  STATUS_WORD_3: 0x04000503,
  /** The time of the last daily freeze; the n-th last has n − 1 added. */
  FREEZE_TIME: 0x05060001,
  /** Its forward active energy; likewise. */
  FREEZE_ENERGY: 0x05060101,
} as const;

/** Daily freezes a meter keeps. */
export const MAX_FREEZES = 62;

/** What a register held. Integers in small units; local dates and times by the meter's own clock. */
export type RegisterValue =
  | { readonly register: 'ENERGY'; readonly energyWh: number }
  | { readonly register: 'VOLTAGE_A'; readonly voltageMv: number }
  | { readonly register: 'CURRENT_A'; readonly currentMa: number }
  | { readonly register: 'POWER'; readonly powerDeciwatt: number }
  | { readonly register: 'DATE'; readonly date: string; readonly weekday: number }
  | { readonly register: 'TIME'; readonly time: string }
  | { readonly register: 'ADDRESS'; readonly address: string }
  | { readonly register: 'STATUS_WORD_3'; readonly status: StatusWord3 }
  | { readonly register: 'FREEZE_TIME'; readonly nth: number; readonly date: string; readonly time: string }
  | { readonly register: 'FREEZE_ENERGY'; readonly nth: number; readonly energyWh: number };

/** A register the head-end knows; `undefined` from `read` means that the bytes are no such value. */
interface Register {
  /** Whether so many bytes may be its value. */
  readonly fits: (bytes: number) => boolean;
  readonly read: (bytes: Buffer, nth: number) => RegisterValue | undefined;
}

/** A value if the number could be read. */
const when = <T>(value: number | undefined, make: (value: number) => T): T | undefined =>
  value === undefined ? undefined : make(value);
const exactly = (length: number) => (bytes: number) => bytes === length;

const ENERGY_BYTES = 4;
/** 0.01 kWh in Wh. */
const ENERGY_STEP_WH = 10;

const REGISTERS: ReadonlyMap<number, Register> = new Map<number, Register>([
  [
    DI.ENERGY,
    {
      fits: exactly(ENERGY_BYTES),
      read: (bytes) =>
        when(fromBcd(bytes), (value) => ({ register: 'ENERGY', energyWh: value * ENERGY_STEP_WH }) as const),
    },
  ],
  [
    DI.VOLTAGE_A,
    {
      fits: exactly(2),
      read: (bytes) => when(fromBcd(bytes), (value) => ({ register: 'VOLTAGE_A', voltageMv: value * 100 }) as const),
    },
  ],
  [
    DI.CURRENT_A,
    {
      fits: exactly(3),
      read: (bytes) => when(fromSignedBcd(bytes), (value) => ({ register: 'CURRENT_A', currentMa: value }) as const),
    },
  ],
  [
    DI.POWER,
    {
      fits: exactly(3),
      read: (bytes) => when(fromSignedBcd(bytes), (value) => ({ register: 'POWER', powerDeciwatt: value }) as const),
    },
  ],
  [DI.DATE, { fits: exactly(4), read: (bytes) => readDateRegister(bytes) }],
  [
    DI.TIME,
    {
      fits: exactly(3),
      read: (bytes) => {
        const time = readTime(bytes);
        return time === undefined ? undefined : { register: 'TIME', time };
      },
    },
  ],
  [
    DI.ADDRESS,
    {
      fits: exactly(6),
      read: (bytes) => {
        const address = decodeAddress(bytes);
        return address === undefined || address.includes('A') ? undefined : { register: 'ADDRESS', address };
      },
    },
  ],
  [
    DI.STATUS_WORD_3,
    { fits: exactly(2), read: (bytes) => ({ register: 'STATUS_WORD_3', status: readStatusWord3(bytes) }) },
  ],
  [DI.FREEZE_TIME, { fits: exactly(5), read: (bytes, nth) => readFreezeTime(bytes, nth) }],
  [
    DI.FREEZE_ENERGY,
    {
      // The total, or the total and then its rates.
      fits: (bytes) => bytes > 0 && bytes % ENERGY_BYTES === 0,
      read: (bytes, nth) =>
        when(
          fromBcd(bytes.subarray(0, ENERGY_BYTES)),
          (value) => ({ register: 'FREEZE_ENERGY', nth, energyWh: value * ENERGY_STEP_WH }) as const,
        ),
    },
  ],
]);

const SATURDAY = 6;

function readDateRegister(bytes: Buffer): RegisterValue | undefined {
  const weekday = fromBcd(bytes.subarray(0, 1));
  const date = readDate(bytes.subarray(1));
  return weekday === undefined || weekday > SATURDAY || date === undefined
    ? undefined
    : { register: 'DATE', date, weekday };
}

function readFreezeTime(bytes: Buffer, nth: number): RegisterValue | undefined {
  const time = readTime(Buffer.concat([Buffer.from([0]), bytes.subarray(0, 2)]));
  const date = readDate(bytes.subarray(2));
  return time === undefined || date === undefined ? undefined : { register: 'FREEZE_TIME', nth, date, time };
}

const FREEZES = [DI.FREEZE_TIME, DI.FREEZE_ENERGY];

/** Which register an identifier names, and which of the daily freezes (0 where it is none). */
function registerOf(identifier: number): { register: Register; nth: number } | undefined {
  const plain = REGISTERS.get(identifier);
  const freeze = FREEZES.find((first) => identifier >= first && identifier < first + MAX_FREEZES);
  if (freeze !== undefined) return { register: REGISTERS.get(freeze)!, nth: identifier - freeze + 1 };
  return plain && { register: plain, nth: 0 };
}

/** A register's value, or which of the two rules its bytes break. Pure, never throws. */
export function readRegister(
  identifier: number,
  bytes: Buffer,
): RegisterValue | 'DATA_IDENTIFIER' | 'DATA_LENGTH' | 'NOT_BCD' {
  const known = registerOf(identifier);
  if (!known) return 'DATA_IDENTIFIER';
  if (!known.register.fits(bytes.length)) return 'DATA_LENGTH';
  return known.register.read(bytes, known.nth) ?? 'NOT_BCD';
}
