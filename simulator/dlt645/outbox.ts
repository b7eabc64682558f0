import type { KeyObject } from 'node:crypto';
import { draw } from '../meter/random.js';
import type { Context } from '../run/context.js';
import type { Uplink } from '../run/uplink.js';
import { canonicalJson, type ContractValue } from '../wire/canonical-json.js';
import { instantText, type EventName, type FramesAnswer } from '../wire/contract.js';
import { sealEnvelope } from '../wire/envelope.js';
import type { Member } from './member.js';

/** Most answers of one message. Source: frames.schema.json. */
const MAX_ANSWERS = 64;
/** What is ready within this time of the first travels with it, ms. */
export const GATHER_MS = 20;
/** Most characters of answers in one message: signed and encoded it must stay below 61,440 (envelope.schema.json). */
const MAX_CHARS = 40_000;
/** One answer costs about this much beside its frames. */
const ANSWER_CHARS = 320;
/** A meter of nobody, for a concentrator that tells of meters it does not have. */
const GHOST = '990000000000';
const MAX_DETAIL_CHARS = 256;

/** Messages of one concentrator: gathers answers, signs them, sends them up. */
export class Outbox {
  #ready: FramesAnswer[] = [];
  #chars = 0;
  #waiting = false;

  constructor(
    private readonly context: Context,
    private readonly uplink: Uplink,
    private readonly member: Member,
    private readonly key: KeyObject,
  ) {}

  /** An answer that is ready. One with very many frames goes in several parts. */
  put(answer: FramesAnswer): void {
    const { frames } = answer;
    const chars = ANSWER_CHARS + frames.reduce((sum, frame) => sum + frame.length + 3, 0);
    if (chars > MAX_CHARS && frames.length > 1) {
      const half = frames.length >> 1;
      this.put({ ...answer, frames: frames.slice(0, half) });
      this.put({ ...answer, frames: frames.slice(half) });
      return;
    }
    if (this.#ready.length > 0 && this.#chars + chars > MAX_CHARS) this.flush();
    this.#ready.push(this.#truth(answer));
    this.#chars += chars;
    if (this.#ready.length >= MAX_ANSWERS) {
      this.flush();
    } else if (!this.#waiting) {
      this.#waiting = true;
      this.context.scheduler.after(GATHER_MS, () => {
        this.#waiting = false;
        this.flush();
      });
    }
  }

  /** Sends what is ready. */
  flush(): void {
    if (this.#ready.length === 0) return;
    const { serial: gateway } = this.member;
    const message = {
      v: 1,
      kind: 'frames',
      gateway,
      gatewayTime: instantText(this.#nowMs()),
      answers: this.#ready as unknown as ContractValue[],
    };
    this.#ready = [];
    this.#chars = 0;
    this.uplink.send(this.member, 'frames', sealEnvelope(message, gateway, this.key));
  }

  /** Power is gone: what was ready is lost. */
  forget(): void {
    this.#ready = [];
    this.#chars = 0;
  }

  /** Tells of one of its meters (or of itself). */
  event(meter: string, event: EventName, detail?: string): void {
    const { serial: gateway } = this.member;
    const message = { v: 1, kind: 'event', gateway, meter, event, at: instantText(this.#nowMs()) };
    const text = canonicalJson({ ...message, detail: detail?.slice(0, MAX_DETAIL_CHARS) });
    this.uplink.send({ serial: meter, gateway, random: 0 }, 'event', text, this.member);
  }

  #nowMs(): number {
    return this.context.clock.nowMs() + this.context.clocks.offsetMs(this.member);
  }

  /** Under the fault `lyingConcentrator` an answer goes out as that of another meter. */
  #truth(answer: FramesAnswer): FramesAnswer {
    const lie = this.context.faults.lyingConcentrator(this.member);
    if (!lie) return answer;
    if (lie === 'unknown') return { ...answer, meter: GHOST };
    const { meters } = this.member;
    const other = meters[Math.floor(draw(this.member) * meters.length)];
    return { ...answer, meter: other?.serial ?? GHOST };
  }
}
