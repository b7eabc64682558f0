import type { Meter } from '../meter/meter.js';
import { meterNowMs, type Context } from '../run/context.js';
import type { Switchgear } from '../run/switchgear.js';
import { lineCipherKey, linePassword } from '../wire/secrets.js';
import { instantOfBytes, localTime, timeBytes } from './bcd.js';
import { openSwitch, writeIsGenuine } from './cipher.js';
import { addresses, BROADCAST, decodeFrame, encodeFrame, FUNCTION, MORE, REFUSED, REPLY, type Frame } from './frame.js';
import { LineMemories, type LineMemory } from './line-memory.js';
import { Registers } from './registers.js';
import {
  CIPHER_SWITCH_BYTES,
  N1,
  N2_UNIT_MS,
  PASSWORD_CLASS,
  PASSWORD_SWITCH_BYTES,
  readSwitchOrder,
  type SwitchOrder,
} from './switch-frame.js';

/** Most data bytes of one answer (DL/T 645-2007: L ≤ 200 on reads), its DI and sequence number included. */
const MAX_ANSWER_BYTES = 200;
/** After this many wrong passwords in a row none is taken for a day by the meter's clock (DL/T 645-2007, 密码错误闭锁). */
const MAX_WRONG_PASSWORDS = 5;
const LOCKOUT_MS = 24 * 3_600_000;
/** A broadcast moves a clock by no more than this; a greater error needs 14H. Source: DL/T 645-2007, 广播校时. */
const MAX_BROADCAST_CORRECTION_MS = 5 * 60_000;
const CIPHER_CLASS_BYTE = 0x98;

/** Why a meter refuses: the bit in the error byte of the standard, and in the two-byte word of its later text. */
const REFUSAL = {
  other: { byte: 1 << 0, word: 1 << 0 },
  noData: { byte: 1 << 1, word: 1 << 0 },
  mac: { byte: 1 << 2, word: 1 << 1 },
  password: { byte: 1 << 2, word: 1 << 2 },
  expired: { byte: 1 << 0, word: 1 << 4 },
  protected: { byte: 1 << 0, word: 1 << 5 },
  restoreTime: { byte: 1 << 0, word: 1 << 7 },
  alreadyTripped: { byte: 1 << 0, word: 1 << 8 },
} as const;
type Refusal = keyof typeof REFUSAL;

/** The DL/T 645 side of meters: bytes from the line in, bytes for the line out. Whether a meter hears at all is decided by the line. */
export class LineMeters {
  readonly memories = new LineMemories();
  readonly #registers: Registers;

  constructor(
    private readonly context: Context,
    private readonly switchgear: Switchgear,
  ) {
    this.#registers = new Registers(context);
  }

  /** What a meter answers to bytes on its line; undefined when it has nothing to say (not meant, damaged, broadcast). */
  answer(meter: Meter, bytes: Uint8Array): Buffer | undefined {
    const frame = decodeFrame(bytes);
    if (!frame || !addresses(frame.address, meter.serial)) return undefined;
    if (frame.control === FUNCTION.broadcastTime) {
      this.#broadcast(meter, frame.data);
      return undefined;
    }
    if (frame.address === BROADCAST) return undefined;
    const whole = frame.address === meter.serial;
    switch (frame.control) {
      case FUNCTION.read:
        return this.#read(meter, frame.data);
      case FUNCTION.readFollowing:
        return this.#readFollowing(meter, frame.data);
      case FUNCTION.readAddress:
        return this.#say(meter, frame.control | REPLY, Buffer.from(meter.serial, 'hex').reverse());
      case FUNCTION.write:
        return whole ? this.#outcome(meter, frame, this.#write(meter, frame.data)) : undefined;
      case FUNCTION.switch:
        // Never to a wildcard: a meter must not take an order meant for "whoever is there".
        return whole ? this.#outcome(meter, frame, this.#switch(meter, frame.data)) : undefined;
      default:
        return this.#outcome(meter, frame, 'other');
    }
  }

  #read(meter: Meter, data: Buffer): Buffer {
    const di = Buffer.from(data.subarray(0, 4)).reverse().toString('hex');
    const value = data.length >= 4 ? this.#registers.read(meter, di, this.memories.of(meter)) : undefined;
    const identifier = data.subarray(0, 4);
    if (!value) return this.#say(meter, FUNCTION.read | REPLY | REFUSED, Buffer.of(REFUSAL.noData.byte));
    const room = MAX_ANSWER_BYTES - 5;
    if (value.length <= room) {
      return this.#say(meter, FUNCTION.read | REPLY, Buffer.concat([identifier, value]));
    }
    const parts: Buffer[] = [];
    for (let from = room; from < value.length; from += room) parts.push(value.subarray(from, from + room));
    this.memories.change(meter, { following: { di, parts } });
    return this.#say(meter, FUNCTION.read | REPLY | MORE, Buffer.concat([identifier, value.subarray(0, room)]));
  }

  /** 12H: `DI SEQ`, SEQ counting from 1; the answer carries both. */
  #readFollowing(meter: Meter, data: Buffer): Buffer {
    const { following } = this.memories.of(meter);
    const di = Buffer.from(data.subarray(0, 4)).reverse().toString('hex');
    const part = following?.di === di ? following.parts[(data[4] ?? 0) - 1] : undefined;
    const control = FUNCTION.readFollowing | REPLY;
    if (!following || !part) return this.#say(meter, control | REFUSED, Buffer.of(REFUSAL.noData.byte));
    const more = (data[4] as number) < following.parts.length ? MORE : 0;
    return this.#say(meter, control | more, Buffer.concat([data.subarray(0, 4), part, data.subarray(4, 5)]));
  }

  #broadcast(meter: Meter, data: Buffer): void {
    const wantedMs = instantOfBytes(this.context.physics.calendar, data);
    if (data.length !== 6 || wantedMs === undefined) return;
    if (Math.abs(wantedMs - meterNowMs(this.context, meter)) > MAX_BROADCAST_CORRECTION_MS) return;
    this.switchgear.setClock(meter, wantedMs);
  }

  /** 14H: date or time. */
  #write(meter: Meter, data: Buffer): Refusal | undefined {
    const di = Buffer.from(data.subarray(0, 4)).reverse().toString('hex');
    const length = di === '04000101' ? 4 : di === '04000102' ? 3 : undefined;
    if (length === undefined) return 'noData';
    const cipher = data[4] === CIPHER_CLASS_BYTE;
    if (data.length !== 12 + length + (cipher ? 12 : 0)) return 'other';
    const denied = cipher
      ? this.#macDenied(meter, (key) => writeIsGenuine(key, meter.serial, data))
      : this.#passwordDenied(meter, data.subarray(4, 8));
    if (denied) return denied;
    const { calendar } = this.context.physics;
    const now = timeBytes(localTime(calendar, meterNowMs(this.context, meter)));
    const value = data.subarray(12, 12 + length);
    const bytes = di === '04000101' ? [now.subarray(0, 3), value.subarray(1)] : [value, now.subarray(3)];
    const wantedMs = instantOfBytes(calendar, Buffer.concat(bytes));
    if (wantedMs === undefined) return 'other';
    this.switchgear.setClock(meter, wantedMs);
    return undefined;
  }

  #switch(meter: Meter, data: Buffer): Refusal | undefined {
    const { calendar } = this.context.physics;
    let plain: Buffer | undefined = data.subarray(8);
    if (data[0] === CIPHER_CLASS_BYTE) {
      if (data.length !== CIPHER_SWITCH_BYTES) return 'other';
      const denied = this.#macDenied(meter, (key) => (plain = openSwitch(key, meter.serial, data)) !== undefined);
      if (denied) return denied;
    } else {
      if (data.length !== PASSWORD_SWITCH_BYTES) return 'other';
      const denied = this.#passwordDenied(meter, data.subarray(0, 4));
      if (denied) return denied;
    }
    const order = readSwitchOrder(calendar, plain);
    if (order.validUntilMs === undefined || meterNowMs(this.context, meter) > order.validUntilMs) return 'expired';
    return this.#carryOut(meter, order);
  }

  #carryOut(meter: Meter, { n1, n2 }: SwitchOrder): Refusal | undefined {
    switch (n1) {
      case N1.trip:
      case N1.tripThenClose:
      case N1.tripThenAllow:
        return this.#trip(meter, n1, n2);
      case N1.allowClose:
        this.#told(meter, false);
        this.switchgear.act(meter, 'arm');
        return undefined;
      case N1.close:
        this.#told(meter, false);
        this.switchgear.act(meter, 'close');
        return undefined;
      case N1.alarm:
      case N1.alarmOff:
        this.memories.change(meter, { alarm: n1 === N1.alarm });
        return undefined;
      case N1.protect:
        this.#told(meter, false);
        this.switchgear.act(meter, 'protect');
        return undefined;
      case N1.unprotect:
        this.switchgear.act(meter, 'unprotect');
        return undefined;
      default:
        return 'other';
    }
  }

  #trip(meter: Meter, n1: number, n2: number): Refusal | undefined {
    if (meter.protected) return 'protected';
    if (n1 !== N1.trip && n2 === 0) return 'restoreTime';
    const newText = this.context.faults.newFirmware(meter);
    if (newText && !meter.reportedClosed && this.memories.of(meter).toldOpen !== false) return 'alreadyTripped';
    this.#told(meter, true);
    this.switchgear.act(meter, 'open');
    if (n1 === N1.trip) return undefined;
    const { orders } = this.memories.of(meter);
    this.context.timers.after(n2 * N2_UNIT_MS, () => {
      // Any order since then has taken the place of this one.
      if (this.memories.of(meter).orders !== orders) return;
      this.#told(meter, false);
      this.switchgear.act(meter, n1 === N1.tripThenClose ? 'close' : 'arm');
      this.switchgear.showChange(meter);
    });
    return undefined;
  }

  #told(meter: Meter, toldOpen: boolean): void {
    this.memories.change(meter, { toldOpen, alarm: false, orders: this.memories.of(meter).orders + 1 });
  }

  /** The customer or the meter itself has moved the relay: what was told before no longer counts. */
  movedByItself(meter: Meter): void {
    const { toldOpen, orders } = this.memories.of(meter);
    if (toldOpen !== undefined) this.memories.change(meter, { toldOpen: undefined, orders: orders + 1 });
  }

  #passwordDenied(meter: Meter, given: Buffer): Refusal | undefined {
    const right =
      !meter.cipher &&
      given[0] === PASSWORD_CLASS &&
      given.subarray(1).equals(linePassword(this.context.master, meter.serial)) &&
      !this.context.faults.wrongPassword(meter);
    return this.#denied(meter, right, 'password');
  }

  #macDenied(meter: Meter, genuine: (key: Buffer) => boolean): Refusal | undefined {
    const right =
      meter.cipher &&
      !this.context.faults.wrongPassword(meter) &&
      genuine(lineCipherKey(this.context.master, meter.serial));
    return this.#denied(meter, right, 'mac');
  }

  /** Counts wrong ones; a locked meter refuses even the right one. */
  #denied(meter: Meter, right: boolean, refusal: Refusal): Refusal | undefined {
    const memory = this.memories.of(meter);
    const nowMs = meterNowMs(this.context, meter);
    if (nowMs < memory.lockedUntilMs) return refusal;
    if (right) {
      if (memory.wrongPasswords > 0) this.memories.change(meter, { wrongPasswords: 0 });
      return undefined;
    }
    const wrongPasswords = memory.wrongPasswords + 1;
    const locked: Partial<LineMemory> =
      wrongPasswords >= MAX_WRONG_PASSWORDS
        ? { wrongPasswords: 0, lockedUntilMs: nowMs + LOCKOUT_MS }
        : { wrongPasswords };
    this.memories.change(meter, locked);
    return refusal;
  }

  #outcome(meter: Meter, { control }: Frame, refusal: Refusal | undefined): Buffer {
    const isSwitch = control === FUNCTION.switch;
    const newText = isSwitch && (this.context.faults.newFirmware(meter) || meter.cipher);
    if (!refusal) {
      // The later text adds a status word to 9CH; the ciphertext class of this contract does not.
      const status = isSwitch && this.context.faults.newFirmware(meter) ? Buffer.alloc(2) : Buffer.alloc(0);
      return this.#say(meter, control | REPLY, status);
    }
    const { byte, word } = REFUSAL[refusal];
    return this.#say(meter, control | REPLY | REFUSED, newText ? Buffer.of(word & 0xff, word >> 8) : Buffer.of(byte));
  }

  #say(meter: Meter, control: number, data: Uint8Array): Buffer {
    return encodeFrame(meter.serial, control, data);
  }
}
