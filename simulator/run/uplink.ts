import type { Meter } from '../meter/meter.js';
import { upTopic, type UpKind } from '../wire/contract.js';
import type { Context } from './context.js';

interface Held {
  topic: string;
  payload: string;
}

/** The way up from a meter to its gateway, with what faults do to messages on it: lost, late, doubled, reordered. */
export class Uplink {
  readonly #held = new Map<string, Held>();

  constructor(private readonly context: Context) {}

  /** Sends one finished (already signed) message of a meter. */
  send(meter: Meter, kind: UpKind, payload: string): void {
    const { faults, counters, scheduler } = this.context;
    const passage = faults.up(meter, kind);
    counters.sent[kind] += 1;
    if (passage.lost) {
      counters.lostUp += 1;
      return;
    }
    const topic = upTopic(meter.gateway, meter.serial, kind);
    const deliver = (): void => {
      this.#pass(meter.gateway, { topic, payload }, passage.holdMs);
      for (let copy = 0; copy < passage.extraCopies; copy += 1) this.#pass(meter.gateway, { topic, payload }, 0);
    };
    if (passage.delayMs > 0) scheduler.after(passage.delayMs, deliver);
    else deliver();
  }

  /** One message per gateway can be held back; the next one that passes takes it along behind itself. */
  #pass(gateway: string, message: Held, holdMs: number): void {
    if (holdMs > 0 && !this.#held.has(gateway)) {
      this.#held.set(gateway, message);
      this.context.scheduler.after(holdMs, () => {
        if (this.#held.get(gateway) === message) this.#release(gateway);
      });
      return;
    }
    this.context.publish(gateway, message.topic, message.payload);
    this.#release(gateway);
  }

  #release(gateway: string): void {
    const held = this.#held.get(gateway);
    if (!held) return;
    this.#held.delete(gateway);
    this.context.publish(gateway, held.topic, held.payload);
  }
}
