import type { FleetManifest } from '../wire/contract.js';
import { clockTopic, downTopic } from '../wire/contract.js';
import { openEnvelope } from '../wire/envelope.js';
import { keyRing, type TrustedKey } from '../wire/keys.js';
import { isClockMessage } from '../wire/schemas.js';
import { VirtualClock } from '../run/virtual-clock.js';
import { readAnswer, type Answer } from './answer.js';
import { Histogram, type Percentiles } from './histogram.js';
import { nextOrder, type LoadKeys, type LoadMeter, type LoadOrder, type OrderKind } from './orders.js';

/** Orders without an answer at once; more only fills queues. */
export const MAX_OPEN = 1_000;
const TICK_MS = 5;

export interface SwitchLoadRequest {
  kind: OrderKind;
  /** Orders a second; absent: as fast as meters answer. */
  perSecond?: number;
  /** Orders in all. */
  count: number;
  /** An order without its answer after so long counts as unanswered, ms. */
  timeoutMs: number;
}

/** How a switch load stands, or ended. */
export interface SwitchLoadView extends SwitchLoadRequest {
  phase: 'asking' | 'ordering' | 'waiting' | 'done';
  meters: number;
  /** Meters that did not say how they stand before the load; they get no orders. */
  silent: number;
  elapsedMs: number;
  sent: number;
  /** Acks of commands, or states that answer a read. */
  answered: number;
  /** Commands whose relay was shown where it was ordered to. */
  proven: number;
  refused: Record<string, number>;
  /** No answer in time. */
  unanswered: number;
  /** Accepted, but the relay was not shown in its place in time. */
  unproven: number;
  answeredPerSecond: number;
  /** From the publish of a command (or read) to its ack (or state). */
  toAnswer: Percentiles;
  /** From the publish of a command to the ack or state that shows the relay in its place. */
  toRelay: Percentiles;
}

/** What a load needs of the broker. */
export interface LoadLine {
  publish(topic: string, payload: string): void;
}

interface Open {
  order: LoadOrder;
  meter: LoadMeter;
  sentAtMs: number;
  accepted: boolean;
  /** The relay was shown in its place after so long, ms. */
  provenAfterMs: number | undefined;
}

/**
 * A head-end that does nothing but order and measure: asks every meter how it stands, then orders at a rate, one order per meter at a
 * time, and takes the time to the ack and to the relay's proof. Time is `performance.now()`; the meters' clock is followed where a
 * head-end publishes one.
 */
export class SwitchLoad {
  readonly #meters = new Map<string, LoadMeter>();
  readonly #open = new Map<string, Open>();
  readonly #idle: LoadMeter[] = [];
  readonly #clock = new VirtualClock();
  readonly #ring: ReadonlyMap<string, TrustedKey>;
  readonly #toAnswer = new Histogram();
  readonly #toRelay = new Histogram();
  #phase: SwitchLoadView['phase'] = 'asking';
  #toAsk: LoadMeter[];
  #silent = 0;
  #startMs = performance.now();
  #endMs: number | undefined;
  #sent = 0;
  #answered = 0;
  #proven = 0;
  #refused: Record<string, number> = {};
  #unanswered = 0;
  #unproven = 0;

  constructor(
    manifest: FleetManifest,
    private readonly keys: LoadKeys,
    private readonly request: SwitchLoadRequest,
    private readonly line: LoadLine,
  ) {
    this.#ring = keyRing(manifest.downlinkKeys);
    for (const entry of manifest.meters) {
      // A DL/T 645 meter needs frames; a head-end that makes them is no load any more.
      if ((entry as { codec?: string }).codec === 'dlt645') continue;
      const { meter, gateway, installation, lastSequence, relay } = entry;
      const known = { serial: meter, gateway, installation, sequence: lastSequence, closed: relay === 'closed' };
      this.#meters.set(meter, known);
    }
    this.#toAsk = [...this.#meters.values()];
  }

  get done(): boolean {
    return this.#phase === 'done';
  }

  /** What came from the broker: acks, states, and the clock where there is one. */
  hear(topic: string, payload: Buffer): void {
    if (topic.endsWith('/clock')) return this.#followClock(topic, payload);
    const answer = readAnswer(topic, payload);
    const meter = answer && this.#meters.get(answer.serial);
    if (!answer || !meter) return;
    // The oldest news may come last: a sequence never goes back.
    if (answer.lastSequence >= meter.sequence) meter.closed = answer.closed;
    meter.sequence = Math.max(meter.sequence, answer.lastSequence);
    const open = this.#open.get(answer.serial);
    if (open) this.#take(open, answer);
  }

  /** Sends what is due and gives up what is overdue. Call it about every 5 ms. */
  tick(): void {
    const nowMs = performance.now();
    this.#giveUp(nowMs);
    if (this.#phase === 'asking') this.#ask();
    if (this.#phase === 'ordering') this.#orderDue(nowMs);
    if (this.#phase === 'waiting' && this.#open.size === 0) {
      this.#phase = 'done';
      this.#endMs = performance.now();
    }
  }

  /** Runs it to its end, or until the signal: then what is open is not waited for. */
  async run(signal: AbortSignal): Promise<void> {
    while (!this.done && !signal.aborted) {
      this.tick();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#endMs ??= performance.now();
  }

  view(): SwitchLoadView {
    const elapsedMs = (this.#endMs ?? performance.now()) - this.#startMs;
    return {
      ...this.request,
      phase: this.#phase,
      meters: this.#meters.size,
      silent: this.#silent,
      elapsedMs: Math.round(elapsedMs),
      sent: this.#sent,
      answered: this.#answered,
      proven: this.#proven,
      refused: { ...this.#refused },
      unanswered: this.#unanswered,
      unproven: this.#unproven,
      answeredPerSecond: Math.round((this.#answered * 1000) / Math.max(1, elapsedMs)),
      toAnswer: this.#toAnswer.percentiles(),
      toRelay: this.#toRelay.percentiles(),
    };
  }

  /** Where every meter stands is asked first: a sequence of yesterday would be refused. */
  #ask(): void {
    while (this.#open.size < MAX_OPEN) {
      const meter = this.#toAsk.pop();
      if (!meter) break;
      this.#send(meter, 'read');
    }
    if (this.#toAsk.length > 0 || this.#open.size > 0) return;
    this.#phase = 'ordering';
    this.#startMs = performance.now();
  }

  #orderDue(nowMs: number): void {
    const { kind, perSecond = Number.POSITIVE_INFINITY, count } = this.request;
    const due = Math.min(
      count,
      perSecond === Number.POSITIVE_INFINITY ? count : ((nowMs - this.#startMs) * perSecond) / 1000,
    );
    while (this.#sent < due && this.#open.size < MAX_OPEN) {
      const meter = this.#idle.shift();
      if (!meter) break;
      this.#send(meter, kind);
      this.#sent += 1;
    }
    // Nobody left to order anything of: every meter was silent from the start.
    if (this.#sent >= count || (this.#idle.length === 0 && this.#open.size === 0)) this.#phase = 'waiting';
  }

  #send(meter: LoadMeter, kind: OrderKind): void {
    const order = nextOrder(meter, kind, this.keys, this.#clock.nowMs());
    meter.sequence = order.sequence;
    this.#open.set(meter.serial, {
      order,
      meter,
      sentAtMs: performance.now(),
      accepted: false,
      provenAfterMs: undefined,
    });
    this.line.publish(downTopic(meter.gateway, meter.serial), order.payload);
  }

  #take(open: Open, answer: Answer): void {
    const { order, meter, sentAtMs } = open;
    const asking = this.#phase === 'asking';
    const afterMs = performance.now() - sentAtMs;
    if (answer.id === order.id && !open.accepted) {
      open.accepted = true;
      if (!asking) {
        this.#answered += 1;
        this.#toAnswer.record(afterMs);
      }
      if (answer.refusal !== undefined) {
        this.#refused[answer.refusal] = (this.#refused[answer.refusal] ?? 0) + 1;
        return this.#close(meter);
      }
      if (order.operation === 'read') return this.#close(meter);
    }
    const wantsClosed = order.operation === 'restore';
    if (order.operation === 'read') return;
    if (answer.lastSequence >= order.sequence && answer.closed === wantsClosed) open.provenAfterMs ??= afterMs;
    // A state may overtake the ack; the order is over when both are there.
    if (!open.accepted || open.provenAfterMs === undefined) return;
    this.#proven += 1;
    this.#toRelay.record(open.provenAfterMs);
    this.#close(meter);
  }

  #close(meter: LoadMeter): void {
    this.#open.delete(meter.serial);
    this.#idle.push(meter);
  }

  #giveUp(nowMs: number): void {
    for (const [serial, { sentAtMs, accepted, meter }] of this.#open) {
      // Orders stand in the order in which they were sent.
      if (nowMs - sentAtMs < this.request.timeoutMs) return;
      if (this.#phase === 'asking') {
        this.#silent += 1;
        this.#open.delete(serial);
        continue;
      }
      if (accepted) this.#unproven += 1;
      else this.#unanswered += 1;
      this.#close(meter);
    }
  }

  #followClock(topic: string, payload: Buffer): void {
    const opened = openEnvelope(payload, this.#ring);
    if (!opened.ok || opened.second !== 'none' || !isClockMessage(opened.message)) return;
    if (topic === clockTopic(opened.message.gateway)) this.#clock.follow(opened.message);
  }
}
