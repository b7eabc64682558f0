import { instantMs, type ClockMessage } from '../wire/contract.js';

/** Fastest the simulation's time may run: 100,000 × real. Source: clock.schema.json, scaleMillis. */
export const MAX_SCALE_MILLIS = 100_000_000;

/** Somebody wanted to set a clock that a head-end sets. */
export class ClockFollowedError extends Error {
  constructor() {
    super('A head-end sets the time of this fleet; change its scale there.');
  }
}

/**
 * Time of the simulation: real time until somebody says otherwise, then virtual now = virtualAt + (real now − realAt) × scale. That is
 * a head-end's clock message or, as long as none has come, the person who runs the fleet. One process has one clock; faults shift
 * single meters.
 */
export class VirtualClock {
  #version = 0;
  #own = false;
  #virtualAtMs = 0;
  #realAtMs = 0;
  #scaleMillis = 1000;

  /** `realNowMs` is the machine's wall clock; tests give their own. */
  constructor(private readonly realNowMs: () => number = Date.now) {}

  /** Whether a head-end has set this clock. */
  get followed(): boolean {
    return this.#version > 0;
  }

  get version(): number {
    return this.#version;
  }

  /** Virtual time, whole ms since 1970. */
  nowMs(): number {
    const realMs = this.realNowMs();
    if (this.#version === 0 && !this.#own) return realMs;
    return Math.round(this.#virtualAtMs + ((realMs - this.#realAtMs) * this.#scaleMillis) / 1000);
  }

  /** Virtual ms per real second; 1000 = real speed. */
  get scaleMillis(): number {
    return this.#scaleMillis;
  }

  /**
   * Sets the speed of a clock that no head-end sets, from now on; with `virtualAtMs` also the time (ms since 1970).
   * @throws ClockFollowedError once a head-end has set it; RangeError when the scale is no whole number from 0 to MAX_SCALE_MILLIS.
   */
  setOwn(scaleMillis: number, virtualAtMs = this.nowMs()): void {
    if (this.followed) throw new ClockFollowedError();
    if (!Number.isInteger(scaleMillis) || scaleMillis < 0 || scaleMillis > MAX_SCALE_MILLIS) {
      throw new RangeError(`A scale is a whole number from 0 to ${MAX_SCALE_MILLIS} virtual ms per real second.`);
    }
    this.#own = true;
    this.#virtualAtMs = virtualAtMs;
    this.#realAtMs = this.realNowMs();
    this.#scaleMillis = scaleMillis;
  }

  /**
   * Follows a clock message whose signature has been checked. An older or equal version, and instants that do not exist,
   * change nothing. Returns whether the clock changed.
   */
  follow(message: ClockMessage): boolean {
    const virtualAtMs = instantMs(message.virtualAt);
    const realAtMs = instantMs(message.realAt);
    if (message.version <= this.#version || virtualAtMs === undefined || realAtMs === undefined) return false;
    this.#version = message.version;
    this.#virtualAtMs = virtualAtMs;
    this.#realAtMs = realAtMs;
    this.#scaleMillis = message.scaleMillis;
    return true;
  }
}
