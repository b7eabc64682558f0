import { randomUUID } from 'node:crypto';
import type { Meter } from '../meter/meter.js';
import { isSilent, meterNowMs, type Context } from '../run/context.js';
import type { Reporter } from '../run/reporter.js';
import { instantText } from '../wire/contract.js';
import { Histogram } from './histogram.js';
import type { LoadRequest, LoadView } from './load-request.js';

/** Between two looks at what is due, ms. */
const TICK_MS = 5;
/** Work in one go, ms: commands and PUBACKs come in between. */
const BUDGET_MS = 10;

/** What a load needs of its fleet. */
export interface LoadWorld {
  context: Context;
  reporter: Reporter;
  hasRoom(gateway: string): boolean;
  /** Messages of all gateways without their PUBACK. */
  pending(): number;
}

/** Makes the meters of a running fleet speak, in turn, and measures how long the broker takes to acknowledge. */
export class TelemetryLoad {
  readonly #histogram = new Histogram();
  readonly #startMs: number;
  readonly #droppedBefore: number;
  #endMs: number | undefined;
  #lastAckMs: number;
  #sent = 0;
  #skipped = 0;
  #next = 0;

  constructor(
    private readonly world: LoadWorld,
    private readonly request: LoadRequest,
  ) {
    this.#startMs = world.context.scheduler.nowMs();
    this.#lastAckMs = this.#startMs;
    this.#droppedBefore = world.context.counters.overflowed;
    this.#tick();
  }

  get running(): boolean {
    return this.#endMs === undefined;
  }

  /** Ends it; messages already handed over are still acknowledged and counted. */
  stop(): void {
    this.#endMs ??= this.world.context.scheduler.nowMs();
  }

  /** A gateway had a PUBACK, so long after it was handed the message. */
  acknowledged(latencyMs: number): void {
    const nowMs = this.world.context.scheduler.nowMs();
    // What was under way before belongs to something else.
    if (nowMs - latencyMs < this.#startMs) return;
    this.#histogram.record(latencyMs);
    this.#lastAckMs = nowMs;
  }

  view(): LoadView {
    const { context, pending } = this.world;
    const nowMs = context.scheduler.nowMs();
    const elapsedMs = (this.#endMs ?? nowMs) - this.#startMs;
    const ackedForMs = Math.max(elapsedMs, this.#lastAckMs - this.#startMs, 1);
    return {
      ...this.request,
      running: this.running,
      elapsedMs: Math.round(elapsedMs),
      sent: this.#sent,
      acknowledged: this.#histogram.count,
      acknowledgedPerSecond: Math.round((this.#histogram.count * 1000) / ackedForMs),
      pending: pending(),
      dropped: context.counters.overflowed - this.#droppedBefore,
      skipped: this.#skipped,
      latency: this.#histogram.percentiles(),
    };
  }

  #tick(): void {
    if (!this.running) return;
    const { scheduler } = this.world.context;
    const startMs = scheduler.nowMs();
    if (this.request.forMs !== undefined && startMs - this.#startMs >= this.request.forMs) return this.stop();
    this.#sendDue(startMs);
    if (this.request.kind === 'freeze' && this.#next >= this.world.context.meters.size) return this.stop();
    scheduler.after(TICK_MS, () => this.#tick());
  }

  #sendDue(startMs: number): void {
    const { context } = this.world;
    const { kind, perSecond = Number.POSITIVE_INFINITY } = this.request;
    const due = kind === 'freeze' ? Number.POSITIVE_INFINITY : ((startMs - this.#startMs) * perSecond) / 1000;
    // At most once round per go: when no gateway has room there is nothing to do but wait.
    for (let turn = 0; turn < context.meters.size && this.#sent + this.#skipped < due; turn += 1) {
      if (context.scheduler.nowMs() - startMs > BUDGET_MS) return;
      if (kind === 'freeze' && this.#next >= context.meters.size) return;
      const meter = context.meters.at(this.#next % context.meters.size) as Meter;
      this.#next += 1;
      // At midnight nobody waits: a concentrator keeps what it cannot send yet.
      const waits = kind !== 'freeze' && !this.world.hasRoom(meter.gateway);
      // At full speed whoever has room speaks; with a rate a turn is a turn, so that a slow broker shows as turns passed over.
      if (waits && perSecond === Number.POSITIVE_INFINITY) continue;
      if (waits || isSilent(context, meter)) this.#skipped += 1;
      else this.#say(meter);
    }
  }

  #say(meter: Meter): void {
    const { context, reporter } = this.world;
    this.#sent += 1;
    switch (this.request.kind) {
      case 'state':
        reporter.state(meter, 'periodic');
        return;
      case 'event':
        reporter.event(meter, 'BUTTON', 'load');
        return;
      case 'reading':
        reporter.requestedReading(meter, randomUUID());
        return;
      case 'freeze': {
        const { calendar } = context.physics;
        const midnightMs = calendar.midnightMs(calendar.dayOf(meterNowMs(context, meter)));
        const energyWh = context.physics.frozenWh(meter, midnightMs);
        reporter.reading(meter, 'freeze', [{ at: instantText(midnightMs), energyWh, quality: 'actual' }]);
      }
    }
  }
}
