import type { Meter } from '../meter/meter.js';
import { checkSwitch, guardFits } from '../meter/command-check.js';
import type { Context } from '../run/context.js';
import type { Uplink } from '../run/uplink.js';
import {
  instantMs,
  instantText,
  type FramesAnswer,
  type FramesRefusal,
  type Order,
  type ReadRequest,
  type Refusal,
  type SwitchCommand,
  type TimeOrder,
} from '../wire/contract.js';
import { openEnvelope, type SecondSignature } from '../wire/envelope.js';
import { gatewayKey } from '../wire/keys.js';
import { firstProblem, isOrders, isReadRequest, isSwitchCommand, isTimeOrder } from '../wire/schemas.js';
import type { Desk, Job } from './desk.js';
import { encodeFrame, FUNCTION } from './frame.js';
import { JobQueue, PRIORITY, type Priority } from './job-queue.js';
import { DuplicateJob, PollJob, ReadJob, SwitchJob, TimeJob } from './jobs.js';
import type { LineMeters } from './line-meter.js';
import type { Member } from './member.js';
import { readFrames, switchFrameFits, timeFrame } from './order-check.js';
import { Outbox } from './outbox.js';
import { RelayWatch } from './relay-watch.js';
import { SerialLine } from './serial-line.js';

/** Says INVALID_COMMAND at most this often. Source: schema/mqtt/README.md, step 1. */
const INVALID_EVENT_EVERY_MS = 60_000;
/** Reads without an answer, one after the other, after which a meter is said to be SILENT. Source: schema/mqtt/README.md. */
const SILENT_AFTER_READS = 3;
/** Jobs in one go before the event loop gets its turn: at 0 baud nothing else would stop them. */
const JOBS_AT_ONCE = 64;

/** What all concentrators of a fleet share. */
export interface Shared {
  context: Context;
  uplink: Uplink;
  lineMeters: LineMeters;
}

/**
 * A concentrator (集中器) with DL/T 645 meters on its serial line: keeps the contract's promises for them. See "DL/T 645 meters behind a
 * concentrator" in schema/mqtt/README.md.
 */
export class Concentrator implements Desk {
  readonly context: Context;
  readonly line: SerialLine;
  readonly queue = new JobQueue<Job>();
  readonly watch: RelayWatch;
  readonly lastReplies = new Map<Meter, string>();
  readonly #outbox: Outbox;
  readonly #byNumber: ReadonlyMap<string, Meter>;
  /** Switches that wait or are under way: the same one twice is one. */
  readonly #pending = new Set<string>();
  readonly #silentReads = new Map<Meter, number>();
  #invalidEventAtMs = Number.NEGATIVE_INFINITY;
  #working = false;
  #woken = false;
  #powered = true;

  constructor(
    shared: Shared,
    readonly member: Member,
    baud: number,
  ) {
    const { context, uplink, lineMeters } = shared;
    this.context = context;
    this.line = new SerialLine(context, lineMeters, baud);
    this.#outbox = new Outbox(context, uplink, member, gatewayKey(context.master, member.serial));
    this.#byNumber = new Map(member.meters.map((meter) => [meter.serial, meter]));
    this.watch = new RelayWatch(context, {
      nowMs: () => this.nowMs(),
      poll: (meter) => this.#put(new PollJob(this, meter)),
      relayFailed: (meter, { operation, sequence }) =>
        this.#outbox.event(meter.serial, 'RELAY_FAILED', `${operation} ${sequence}: accepted, not done`),
    });
  }

  get meters(): readonly Meter[] {
    return this.member.meters;
  }

  nowMs(): number {
    return this.context.clock.nowMs() + this.context.clocks.offsetMs(this.member);
  }

  /** A message from its broker. Everything it must not forget is written when this returns. */
  hear(target: string, bytes: Buffer): void {
    if (!this.#powered) {
      this.context.counters.unheard += 1;
      return;
    }
    const opened = openEnvelope(bytes, this.context.ring);
    if (!opened.ok) {
      this.#invalid(target, opened.problem);
      return;
    }
    const { message, second } = opened;
    if (isSwitchCommand(message)) {
      if (second !== 'none' && !guardFits(message)) this.#invalid(target, 'a second signature stands on cuts only');
      else this.#admit(message, target, second);
    } else if (second !== 'none') {
      this.#invalid(target, 'a second signature stands on cuts only');
    } else if (isReadRequest(message) || isTimeOrder(message)) {
      this.#admit(message, target, second);
    } else if (target === this.member.serial && isOrders(message) && message.gateway === target) {
      for (const order of message.orders) this.#admit(order, order.meter, 'none');
    } else {
      this.#invalid(target, firstProblem(isOrders));
    }
  }

  /** Reads status word 3 of a meter and tells it with this cause (boot, periodic), when there is time for it. */
  announce(meter: Meter, cause: 'boot' | 'periodic'): void {
    this.#putRead(meter, ['03050004'], PRIORITY.background, { cause });
  }

  /** A meter has raised its event flag: its relay, arming or protection has changed without an order of now. */
  lookAt(meter: Meter): void {
    this.#put(new PollJob(this, meter));
  }

  /** Tells an event of one of its meters. */
  tell(meter: Meter, event: Parameters<Outbox['event']>[1], detail?: string): void {
    if (this.#powered) this.#outbox.event(meter.serial, event, detail);
  }

  /** Reads the freezes of one meter's last `days` midnights; `ended` hears whether it answered. */
  collectFreeze(meter: Meter, days: number, ended: (answered: boolean) => void): void {
    const dis: string[] = [];
    for (let count = days; count >= 1; count -= 1) {
      const nn = count.toString(16).padStart(2, '0');
      dis.push(`${nn}000605`, `${nn}010605`);
    }
    this.#putRead(meter, dis, PRIORITY.background, { cause: 'freeze' }, ended);
  }

  /** Whether the class of what nobody asked for has room. */
  get idle(): boolean {
    return this.#powered && this.queue.waiting(PRIORITY.background) < JOBS_AT_ONCE;
  }

  /** Its own supply goes or comes back. What waited and what was gathered is lost; the permanent memory is not. */
  power(on: boolean): void {
    if (this.#powered === on) return;
    this.#powered = on;
    if (on) return;
    this.queue.clear();
    this.#pending.clear();
    this.#outbox.forget();
    this.watch.forget();
    this.lastReplies.clear();
  }

  answer(meter: Meter, answer: Omit<FramesAnswer, 'meter' | 'lastSequence' | 'at'>): void {
    this.#answer(meter.serial, meter.lastSequence, answer);
  }

  heard(meter: Meter, answered: boolean): void {
    const silent = this.#silentReads.get(meter) ?? 0;
    if (answered) {
      if (silent === 0) return;
      this.#silentReads.delete(meter);
      if (silent >= SILENT_AFTER_READS) this.tell(meter, 'ANSWERS_AGAIN');
    } else {
      this.#silentReads.set(meter, silent + 1);
      if (silent + 1 === SILENT_AFTER_READS) this.tell(meter, 'SILENT');
    }
  }

  settled(commandId: string): void {
    this.#pending.delete(commandId);
  }

  #admit(order: Order, target: string, second: SecondSignature): void {
    const meter = this.#byNumber.get(target);
    if (order.gateway !== this.member.serial || order.meter !== target) this.#refuse(order, meter, 'WRONG_METER');
    else if (!meter) this.#refuse(order, meter, 'UNKNOWN_METER');
    else if (order.kind === 'switch') this.#admitSwitch(meter, order, second);
    else if (order.kind === 'read') this.#admitRead(meter, order);
    else this.#admitTime(meter, order);
  }

  #admitSwitch(meter: Meter, command: SwitchCommand, second: SecondSignature): void {
    if (this.#pending.has(command.commandId)) return;
    const { serial, installation, lastSequence, lastCommandId } = meter;
    // Steps 7 and 8 go by what the meter itself says when its turn has come; here nothing speaks against them.
    const known = { serial, installation, lastSequence, lastCommandId, relayClosed: true, protected: false };
    const judged = checkSwitch({ ...command, expectedRelay: 'any' }, second, known, this.nowMs());
    if (judged.verdict === 'invalid') {
      this.#invalid(meter.serial, 'issuedAt or notAfter names no real instant');
    } else if (judged.verdict === 'duplicate') {
      this.context.counters.duplicates += 1;
      this.#put(new DuplicateJob(this, meter, command));
    } else if (judged.verdict === 'refused') {
      this.#refuse(command, meter, judged.refusal);
    } else if (!switchFrameFits(command, meter, this.context)) {
      this.#refuse(command, meter, 'FRAME_MISMATCH');
    } else if (this.queue.full) {
      this.#refuse(command, meter, 'OVERLOADED');
    } else {
      this.#pending.add(command.commandId);
      this.#put(new SwitchJob(this, meter, command));
    }
  }

  #admitRead(meter: Meter, request: ReadRequest): void {
    const frames = readFrames(request.frames, meter.serial);
    const refusal = this.#late(request) ? 'EXPIRED' : !frames ? 'FRAME_MISMATCH' : undefined;
    if (refusal || !frames) {
      this.#refuse(request, meter, refusal ?? 'FRAME_MISMATCH');
    } else if (this.queue.full) {
      this.#refuse(request, meter, 'OVERLOADED');
    } else {
      this.context.counters.reads += 1;
      const about = { cause: 'read', requestId: request.requestId } as const;
      this.#put(new ReadJob(this, meter, frames, PRIORITY.read, about));
    }
  }

  #admitTime(meter: Meter, order: TimeOrder): void {
    const frame = timeFrame(order.frame, meter.serial);
    if (order.sequence <= meter.lastSequence) this.#refuse(order, meter, 'SEQUENCE');
    else if (this.#late(order)) this.#refuse(order, meter, 'EXPIRED');
    else if (!frame) this.#refuse(order, meter, 'FRAME_MISMATCH');
    else if (this.queue.full) this.#refuse(order, meter, 'OVERLOADED');
    else this.#put(new TimeJob(this, meter, order, frame));
  }

  /** Also for instants that do not exist. */
  #late({ notAfter }: ReadRequest | TimeOrder): boolean {
    const notAfterMs = instantMs(notAfter);
    return notAfterMs === undefined || this.nowMs() > notAfterMs;
  }

  #refuse(order: Order, meter: Meter | undefined, refusal: Refusal | FramesRefusal): void {
    const { refused } = this.context.counters;
    refused[refusal] = (refused[refusal] ?? 0) + 1;
    const about =
      order.kind === 'switch'
        ? ({ cause: 'switch', commandId: order.commandId, sequence: order.sequence } as const)
        : ({ cause: order.kind, requestId: order.requestId } as const);
    this.#answer(order.meter, meter?.lastSequence ?? 0, { ...about, outcome: 'refused', refusal, frames: [] });
  }

  #answer(serial: string, lastSequence: number, answer: Omit<FramesAnswer, 'meter' | 'lastSequence' | 'at'>): void {
    if (!this.#powered) return;
    this.#outbox.put({ meter: serial, ...answer, lastSequence, at: instantText(this.nowMs()) });
  }

  #putRead(
    meter: Meter,
    dis: readonly string[],
    priority: Priority,
    about: ConstructorParameters<typeof ReadJob>[4],
    ended?: (answered: boolean) => void,
  ): void {
    const frames = dis.map((di) => encodeFrame(meter.serial, FUNCTION.read, Buffer.from(di, 'hex')));
    this.#put(new ReadJob(this, meter, frames, priority, about, ended));
  }

  #put(job: Job): void {
    if (!this.#powered) return;
    this.queue.put(job);
    this.#wake();
  }

  #wake(): void {
    if (this.#woken || this.#working) return;
    this.#woken = true;
    this.context.scheduler.after(0, () => {
      this.#woken = false;
      this.#work();
    });
  }

  #work(): void {
    if (!this.#powered) return;
    this.#working = true;
    for (let turn = 0; turn < JOBS_AT_ONCE && !this.line.busy; turn += 1) {
      const job = this.queue.take();
      if (!job) break;
      job.run(() => this.#wake());
    }
    this.#working = false;
    if (this.queue.size > 0 && !this.line.busy) this.#wake();
  }

  #invalid(target: string, problem: string): void {
    this.context.counters.invalid += 1;
    const nowMs = this.context.scheduler.nowMs();
    if (nowMs - this.#invalidEventAtMs < INVALID_EVENT_EVERY_MS) return;
    this.#invalidEventAtMs = nowMs;
    this.#outbox.event(target, 'INVALID_COMMAND', problem);
  }
}
