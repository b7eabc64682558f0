import type { Meter } from '../meter/meter.js';
import { meterNowMs, type Context } from '../run/context.js';
import { bcd, localTime, signedBcd, timeBytes } from './bcd.js';
import type { LineMemory } from './line-memory.js';
import { STATUS_3 } from './switch-frame.js';

/** Midnights a meter keeps. Source: shared/domain.md §5 and schema/mqtt/README.md (050600nn, 050601nn, nn 1…62). */
export const MAX_FROZEN_DAYS = 62;
/** Rates of a meter with the later firmware; a freeze then holds the total and each of them. */
const RATES = 4;

/** Status word 3 of a meter, 2 bytes low first. */
export function status3(meter: Meter, memory: Readonly<LineMemory>): Buffer {
  const toldOpen = memory.toldOpen ?? (!meter.reportedClosed && !meter.armed);
  const word =
    (meter.reportedClosed ? 0 : STATUS_3.open) |
    (toldOpen ? STATUS_3.toldOpen : 0) |
    (memory.alarm ? STATUS_3.alarm : 0) |
    (meter.protected ? STATUS_3.protected : 0);
  return Buffer.of(word & 0xff, word >> 8);
}

/** What the registers of a meter hold, as 11H answers it. */
export class Registers {
  constructor(private readonly context: Context) {}

  /** Value of a data identifier (8 hex digits, highest first), or undefined when the meter has no such data. */
  read(meter: Meter, di: string, memory: Readonly<LineMemory>): Buffer | undefined {
    const { faults } = this.context;
    if (di.startsWith('0506')) return this.#frozen(meter, di, faults.newFirmware(meter));
    switch (di) {
      case '04000503':
        return status3(meter, memory);
      case '04000401':
        return Buffer.from(meter.serial, 'hex').reverse();
      case '04000101':
      case '04000102':
        return this.#clock(meter, di === '04000101');
      case '00010000':
        return bcd(Math.floor(this.#measure(meter).energyWh / 10), 4);
      case '02010100':
        return bcd(Math.round(this.#measure(meter).supplyVoltageMv / 100), 2);
      case '02020100': {
        const { supplyVoltageMv, powerW } = this.#measure(meter);
        return signedBcd(supplyVoltageMv > 0 ? Math.round((powerW * 1e6) / supplyVoltageMv) : 0, 3);
      }
      case '02030000':
        return signedBcd(this.#measure(meter).powerW * 10, 3);
      default:
        return undefined;
    }
  }

  #measure(meter: Meter) {
    return this.context.physics.measure(meter, this.context.clock.nowMs());
  }

  #clock(meter: Meter, date: boolean): Buffer {
    const bytes = timeBytes(localTime(this.context.physics.calendar, meterNowMs(this.context, meter)));
    if (!date) return bytes.subarray(0, 3);
    const day = this.context.physics.calendar.dayOf(meterNowMs(this.context, meter));
    // 1970-01-01 was a Thursday (4); 0 is Sunday.
    return Buffer.concat([Buffer.of((((day + 4) % 7) + 7) % 7), bytes.subarray(3)]);
  }

  /** `050600nn` when the nn-th last midnight was frozen, `050601nn` its energy; nn FF: all of them, newest first. */
  #frozen(meter: Meter, di: string, newFirmware: boolean): Buffer | undefined {
    const what = di.slice(4, 6);
    if (what !== '00' && what !== '01') return undefined;
    const value = (count: number): Buffer | undefined =>
      what === '00' ? this.#frozenAt(meter, count) : this.#frozenEnergy(meter, count, newFirmware);
    if (di.endsWith('ff')) {
      const all: Buffer[] = [];
      for (let count = 1; count <= MAX_FROZEN_DAYS; count += 1) {
        const one = value(count);
        if (!one) break;
        all.push(one);
      }
      return all.length > 0 ? Buffer.concat(all) : undefined;
    }
    const count = Number.parseInt(di.slice(6), 16);
    return count >= 1 && count <= MAX_FROZEN_DAYS ? value(count) : undefined;
  }

  /** The instant (virtual) at which the meter's own clock showed its nn-th last midnight; undefined before the meter began. */
  #midnightMs(meter: Meter, count: number): { shownMs: number; atMs: number } | undefined {
    const { calendar } = this.context.physics;
    const shownMs = calendar.midnightMs(calendar.dayOf(meterNowMs(this.context, meter)) - count + 1);
    const atMs = shownMs - (meterNowMs(this.context, meter) - this.context.clock.nowMs());
    return this.context.physics.pastWh(meter, atMs) === undefined ? undefined : { shownMs, atMs };
  }

  #frozenAt(meter: Meter, count: number): Buffer | undefined {
    const midnight = this.#midnightMs(meter, count);
    // `mm hh DD MM YY`.
    return midnight && timeBytes(localTime(this.context.physics.calendar, midnight.shownMs)).subarray(1);
  }

  #frozenEnergy(meter: Meter, count: number, newFirmware: boolean): Buffer | undefined {
    const midnight = this.#midnightMs(meter, count);
    if (!midnight) return undefined;
    const hundredths = Math.floor((this.context.physics.pastWh(meter, midnight.atMs) as number) / 10);
    if (!newFirmware) return bcd(hundredths, 4);
    // The whole stands in the second rate (peak, flat, valley, sharp have no tariff here).
    const rates = Array.from({ length: RATES }, (_, rate) => bcd(rate === 1 ? hundredths : 0, 4));
    return Buffer.concat([bcd(hundredths, 4), ...rates]);
  }
}
