import type { FaultSet, FaultSubject } from '../faults/fault-set.js';
import type { VirtualClock } from './virtual-clock.js';

interface Setting {
  /** Shown minus true time at the moment of the setting. */
  errorMs: number;
  /** Error each fault in force had brought by then: it is in `errorMs` already. */
  taken: ReadonlyMap<string, number>;
}

/**
 * Clocks of meters and concentrators: the virtual time, and how far each is off. What sets a clock sets it for good: a fault that was in
 * force then goes on from there, and its end takes nothing back.
 */
export class MeterClocks {
  readonly #settings = new Map<string, Setting>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly faults: FaultSet,
  ) {}

  /** Whether any clock shows another time than its neighbours. */
  get differ(): boolean {
    return this.#settings.size > 0 || this.faults.clocksDiffer;
  }

  /** Shown minus true time, whole ms. */
  offsetMs(subject: FaultSubject): number {
    const setting = this.#settings.size > 0 ? this.#settings.get(subject.serial) : undefined;
    let offsetMs = setting?.errorMs ?? 0;
    if (!this.faults.clocksDiffer) return offsetMs;
    for (const [id, errorMs] of this.faults.clockErrors(subject, this.clock.nowMs())) {
      offsetMs += errorMs - (setting?.taken.get(id) ?? 0);
    }
    return Math.round(offsetMs);
  }

  /** Sets a clock. */
  set(subject: FaultSubject, shownMs: number): void {
    const nowMs = this.clock.nowMs();
    const errorMs = Math.round(shownMs - nowMs);
    const taken = new Map(this.faults.clockErrors(subject, nowMs));
    if (errorMs === 0 && taken.size === 0) this.#settings.delete(subject.serial);
    else this.#settings.set(subject.serial, { errorMs, taken });
  }
}
