import { draw } from '../meter/random.js';
import type { FaultSubject } from '../faults/fault-set.js';
import { upTopic, type UpKind } from '../wire/contract.js';
import type { Context } from './context.js';

interface Held {
  topic: string;
  payload: string;
}

/** Messages of one gateway that the fault `replayUp` chooses from. */
const MAX_RECORDED = 200;

/** The way up from a meter to its gateway, with what faults do to messages on it: lost, late, doubled, reordered. */
export class Uplink {
  readonly #held = new Map<string, Held>();
  readonly #recorded = new Map<string, Held[]>();

  constructor(private readonly context: Context) {}

  /**
   * Sends one finished (already signed) message of a meter, or of a concentrator. `struck` is whom faults strike where that is not who it
   * is about: a concentrator that tells of its meter.
   */
  send(meter: FaultSubject, kind: UpKind, payload: string, struck: FaultSubject = meter): void {
    const { faults, counters, scheduler } = this.context;
    const passage = faults.up(struck, kind);
    counters.sent[kind] += 1;
    if (passage.lost) {
      counters.lostUp += 1;
      return;
    }
    const topic = upTopic(meter.gateway, meter.serial, kind);
    const replayed = faults.replaysUp(struck) ? this.#recall(struck, { topic, payload }) : undefined;
    const deliver = (): void => {
      this.#pass(meter.gateway, { topic, payload }, passage.holdMs);
      for (let copy = 0; copy < passage.extraCopies; copy += 1) this.#pass(meter.gateway, { topic, payload }, 0);
      if (replayed) this.#pass(meter.gateway, replayed, 0);
    };
    if (passage.delayMs > 0) scheduler.after(passage.delayMs, deliver);
    else deliver();
  }

  /** Keeps a message and picks one of those kept before: what somebody on the way has recorded. */
  #recall(struck: FaultSubject, message: Held): Held | undefined {
    const kept = this.#recorded.get(struck.gateway) ?? [];
    const old = kept[Math.floor(draw(struck) * kept.length)];
    kept.push(message);
    if (kept.length > MAX_RECORDED) kept.shift();
    this.#recorded.set(struck.gateway, kept);
    return old;
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
