import { draw } from '../meter/random.js';
import type { Meter } from '../meter/meter.js';
import { isSilent, type Context } from '../run/context.js';
import type { LineMeters } from './line-meter.js';
import { damaged } from './noise.js';

/** One byte on an 8E1 line: start, eight data, parity, stop. */
const BITS_PER_BYTE = 11;
/** How long a meter may take to begin its answer, ms. Source: shared/domain.md §5 (DL/T 645-2007, Td). */
const MIN_REPLY_DELAY_MS = 20;
const MAX_REPLY_DELAY_MS = 500;
/** After this long without an answer a frame is sent again, once. Source: schema/mqtt/README.md. */
export const ANSWER_WAIT_MS = 1_000;
/** Half of the meters wake the receiver up before they answer. */
const WAKE_UP = Buffer.from('fefefefe', 'hex');

/** Whether it may be sent once more, asked when the time has come. */
export type MayRepeat = () => boolean;

/**
 * The serial line of one concentrator: one frame at a time, and time passes for every byte. At 0 baud none does, and while
 * a silent meter is waited for the others are served.
 */
export class SerialLine {
  #busy = false;

  constructor(
    private readonly context: Context,
    private readonly meters: LineMeters,
    private readonly baud: number,
  ) {}

  get busy(): boolean {
    return this.#busy;
  }

  /** Sends a frame to one meter, twice at most; `done` gets what came back, or undefined when nothing did. */
  exchange(meter: Meter, request: Buffer, mayRepeat: MayRepeat, done: (reply: Buffer | undefined) => void): void {
    this.#busy = this.baud > 0;
    this.#send(meter, request, (reply) => {
      if (reply) {
        this.#end(done, reply);
        return;
      }
      this.context.scheduler.after(ANSWER_WAIT_MS, () => {
        if (mayRepeat()) this.#sendAgain(meter, request, done);
        else this.#end(done, undefined);
      });
    });
  }

  /** Sends a frame that nobody answers to every meter of the line. */
  broadcast(all: readonly Meter[], request: Buffer, done: () => void): void {
    this.#busy = this.baud > 0;
    this.#pass(this.#bytesMs(request.length), () => {
      for (const meter of all) if (this.#hears(meter)) this.meters.answer(meter, request);
      this.#busy = false;
      done();
    });
  }

  #sendAgain(meter: Meter, request: Buffer, done: (reply: Buffer | undefined) => void): void {
    this.#send(meter, request, (reply) => {
      if (reply) this.#end(done, reply);
      else this.context.scheduler.after(ANSWER_WAIT_MS, () => this.#end(done, undefined));
    });
  }

  #end(done: (reply: Buffer | undefined) => void, reply: Buffer | undefined): void {
    this.#busy = false;
    done(reply);
  }

  #send(meter: Meter, request: Buffer, heard: (reply: Buffer | undefined) => void): void {
    this.#pass(this.#bytesMs(request.length), () => {
      const arrived = this.#hears(meter) ? this.#noise(meter, request) : undefined;
      const answer = arrived && this.meters.answer(meter, arrived);
      const reply = answer && this.#noise(meter, meter.variation & 1 ? Buffer.concat([WAKE_UP, answer]) : answer);
      if (!reply) {
        heard(undefined);
        return;
      }
      const delayMs = this.baud > 0 ? MIN_REPLY_DELAY_MS + draw(meter) * (MAX_REPLY_DELAY_MS - MIN_REPLY_DELAY_MS) : 0;
      this.#pass(delayMs + this.#bytesMs(reply.length), () => heard(reply));
    });
  }

  #hears(meter: Meter): boolean {
    return !isSilent(this.context, meter) && !this.context.faults.lineSilent(meter);
  }

  #noise(meter: Meter, bytes: Buffer): Buffer | undefined {
    const damage = this.context.faults.lineNoise(meter);
    return damage ? damaged(bytes, damage, meter) : bytes;
  }

  #bytesMs(bytes: number): number {
    return this.baud > 0 ? (bytes * BITS_PER_BYTE * 1000) / this.baud : 0;
  }

  #pass(timeMs: number, then: () => void): void {
    if (timeMs <= 0) then();
    else this.context.scheduler.after(timeMs, then);
  }
}
