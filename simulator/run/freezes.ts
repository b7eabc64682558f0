import type { Meter } from '../meter/meter.js';
import { instantText, MAX_READINGS_PER_MESSAGE } from '../wire/contract.js';
import { isSilent, meterNowMs, type Context } from './context.js';
import type { ReadingEntry, Reporter } from './reporter.js';

/** Days a meter keeps its midnight registers; after a longer jump of the clock only the newest are sent. */
export const MAX_FREEZE_DAYS = 400;
/** How often meters that could not send (silent, gateway full) are looked at again, ms. */
const RETRY_MS = 1_000;

/** How often meters whose gateway was full are looked at again while none has got room, ms. */
const LATE_RETRY_MS = 50;

/**
 * Midnight freezes: at each local midnight by its own clock a meter keeps its register, and sends it. After a jump of the
 * clock it sends every midnight passed. The pump calls `work` until it has nothing left; a fleet's freezes are spread out
 * by its rate.
 */
export class Freezes {
  #cursor = 0;
  /** Today when the last complete pass began; NaN before the first. */
  #doneDay = Number.NaN;
  #passDay = Number.NaN;
  #owing = false;
  #nextPassMs = 0;
  /** Meters of the pass whose gateway was full: they speak as soon as it has room, not with the next pass. */
  readonly #late = new Set<Meter>();
  #nextLateMs = 0;

  constructor(
    private readonly context: Context,
    private readonly reporter: Reporter,
    private readonly hasRoom: (gateway: string) => boolean,
  ) {}

  /** Meters without a memory of sent freezes begin today: the past before the simulation is not theirs to tell. */
  begin(): void {
    for (const meter of this.context.meters.values()) {
      if (!Number.isNaN(meter.frozenThroughDay) && !meter.freezeProvisional) continue;
      meter.frozenThroughDay = this.#today(meter);
      // Begun by the machine's own time: the first clock message of a head-end begins it again.
      meter.freezeProvisional = !this.context.clock.followed;
    }
  }

  /** After the clock went back: days that come again are frozen again. */
  clockWentBack(): void {
    for (const meter of this.context.meters.values())
      meter.frozenThroughDay = Math.min(meter.frozenThroughDay, this.#today(meter));
  }

  /** Sends what is owed, at most `maxMeters` meters and while `mayGoOn`. Returns how many meters it sent for. */
  work(maxMeters: number, mayGoOn: () => boolean): number {
    const late = this.#workLate(maxMeters, mayGoOn);
    if (!this.#passDue()) return late;
    const { meters } = this.context;
    let sent = late;
    while (this.#cursor < meters.size && sent < maxMeters && mayGoOn()) {
      const meter = meters.at(this.#cursor) as Meter;
      this.#cursor += 1;
      // The concentrators of DL/T 645 meters collect theirs.
      if (meter.dlt645 || !(meter.frozenThroughDay < this.#today(meter))) continue;
      if (isSilent(this.context, meter)) {
        this.#owing = true;
        continue;
      }
      if (!this.hasRoom(meter.gateway)) {
        this.#late.add(meter);
        continue;
      }
      this.settle(meter);
      sent += 1;
    }
    if (this.#cursor >= meters.size) this.#endPass();
    return sent;
  }

  /** Sends everything any meter owes, now; for the rare moment before many registers change their course at once. */
  settleAll(): void {
    for (const meter of this.context.meters.values()) this.settle(meter);
  }

  /** Sends everything one meter owes, now. */
  settle(meter: Meter): void {
    const today = this.#today(meter);
    if (meter.dlt645 || !(meter.frozenThroughDay < today)) return;
    const offsetMs = this.context.clocks.offsetMs(meter);
    const firstDay = Math.max(meter.frozenThroughDay + 1, today - MAX_FREEZE_DAYS + 1);
    for (let day = firstDay; day <= today; day += MAX_READINGS_PER_MESSAGE) {
      const lastDay = Math.min(today, day + MAX_READINGS_PER_MESSAGE - 1);
      this.reporter.reading(meter, 'freeze', this.#readings(meter, day, lastDay, offsetMs));
    }
    meter.frozenThroughDay = today;
    this.context.memory.write(meter);
  }

  #readings(meter: Meter, firstDay: number, lastDay: number, offsetMs: number): ReadingEntry[] {
    const { physics } = this.context;
    const readings: ReadingEntry[] = [];
    for (let day = firstDay; day <= lastDay; day += 1) {
      const midnightMs = physics.calendar.midnightMs(day);
      const energyWh = physics.frozenWh(meter, midnightMs - offsetMs);
      readings.push({ at: instantText(midnightMs), energyWh, quality: 'actual' });
    }
    return readings;
  }

  #today(meter: Meter): number {
    return this.context.physics.calendar.dayOf(meterNowMs(this.context, meter));
  }

  #workLate(maxMeters: number, mayGoOn: () => boolean): number {
    const nowMs = this.context.scheduler.nowMs();
    if (this.#late.size === 0 || nowMs < this.#nextLateMs) return 0;
    let sent = 0;
    for (const meter of this.#late) {
      if (sent >= maxMeters || !mayGoOn()) return sent;
      if (!this.hasRoom(meter.gateway)) continue;
      this.#late.delete(meter);
      if (isSilent(this.context, meter)) {
        this.#owing = true;
        continue;
      }
      this.settle(meter);
      sent += 1;
    }
    if (sent === 0) this.#nextLateMs = nowMs + LATE_RETRY_MS;
    return sent;
  }

  #passDue(): boolean {
    if (this.#cursor > 0) return true;
    const { clock, clocks, physics, scheduler } = this.context;
    const today = physics.calendar.dayOf(clock.nowMs());
    const again = (this.#owing || clocks.differ) && scheduler.nowMs() >= this.#nextPassMs;
    if (today === this.#doneDay && !again) return false;
    this.#passDay = today;
    this.#owing = false;
    return true;
  }

  #endPass(): void {
    this.#cursor = 0;
    this.#doneDay = this.#passDay;
    this.#nextPassMs = this.context.scheduler.nowMs() + RETRY_MS;
  }
}
