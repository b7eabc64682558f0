import { instantMs, type ClockMessage } from '../wire/contract.js';

/**
 * Time of the simulation: real time until a head-end's clock message says otherwise, then
 * virtual now = virtualAt + (real now − realAt) × scale. One process has one clock; faults shift single meters.
 */
export class VirtualClock {
  #version = 0;
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
    if (this.#version === 0) return realMs;
    return Math.round(this.#virtualAtMs + ((realMs - this.#realAtMs) * this.#scaleMillis) / 1000);
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
