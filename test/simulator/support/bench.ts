import { Simulation, type SimulationOptions } from '../../../simulator/run/simulation.js';
import type { Scheduler } from '../../../simulator/run/scheduler.js';
import { VirtualClock } from '../../../simulator/run/virtual-clock.js';
import type { FleetManifest, UpKind } from '../../../simulator/wire/contract.js';
import { compileSchema } from '../../../simulator/wire/schemas.js';
import { clock, manifest, METER, GATEWAY, openUp, seal, START_MS } from './fixtures.js';

/** Time by hand: nothing happens until `advance`. */
export class ManualScheduler implements Scheduler {
  #nowMs = 0;
  #tasks: { dueMs: number; order: number; run: () => void }[] = [];
  #order = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#tasks.push({ dueMs: this.#nowMs + delayMs, order: (this.#order += 1), run });
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      this.#tasks.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      const first = this.#tasks[0];
      if (!first || first.dueMs > untilMs) break;
      this.#tasks.shift();
      this.#nowMs = Math.max(this.#nowMs, first.dueMs);
      first.run();
    }
    this.#nowMs = untilMs;
  }
}

/** A message a meter sent, opened and checked against its schema. */
export interface Said {
  gateway: string;
  meter: string;
  kind: UpKind;
  message: Record<string, unknown>;
  raw: string;
}

const validators = {
  ack: compileSchema('mqtt/ack.schema.json'),
  state: compileSchema('mqtt/state.schema.json'),
  reading: compileSchema('mqtt/reading.schema.json'),
  event: compileSchema('mqtt/event.schema.json'),
  frames: compileSchema('mqtt/frames.schema.json'),
};

/** Reads an upward message the way a strict head-end would: topic, signature, schema, and topic against content. */
export function readUp(topic: string, raw: string): Said {
  const match = /^relight\/v1\/(\d{12})\/up\/(\d{12})\/(ack|state|reading|event|frames)$/.exec(topic);
  if (!match) throw new Error(`no upward topic: ${topic}`);
  const [, gateway, meter, kind] = match as unknown as [string, string, string, UpKind];
  const signed = kind === 'ack' || kind === 'state' || kind === 'frames';
  const message = signed
    ? openUp(raw, meter, kind === 'frames' ? 'gateway' : 'meter')
    : (JSON.parse(raw) as Record<string, unknown>);
  const validate = validators[kind];
  if (!validate(message)) throw new Error(`${kind} breaks its schema: ${JSON.stringify(validate.errors)}`);
  if (kind === 'frames' && meter !== gateway) throw new Error(`${topic}: frames go up under the concentrator's number`);
  if (message.gateway !== gateway || (kind !== 'frames' && message.meter !== meter))
    throw new Error(`${topic} carries another meter's message`);
  return { gateway, meter, kind, message, raw };
}

/** A simulation without sockets, its time in the test's hands and stopped at START. */
export class TestBench {
  readonly scheduler = new ManualScheduler();
  readonly said: Said[] = [];
  readonly simulation: Simulation;
  /** PUBACKs so far. */
  acknowledged = 0;
  #realMs = 0;
  #clockVersion = 0;

  constructor(options: Partial<SimulationOptions> & { manifest?: FleetManifest } = {}) {
    this.simulation = new Simulation({
      manifest: manifest(),
      seed: 7,
      relayMs: 20,
      spreadMs: 0,
      freezesPerSecond: 1_000_000,
      clock: new VirtualClock(() => this.#realMs),
      scheduler: this.scheduler,
      publish: (_gateway, topic, payload) => this.said.push(readUp(topic, payload)),
      hasRoom: () => true,
      gateways: { has: (gateway) => gateway.startsWith('9'), reconcile: () => undefined },
      ...options,
    });
    this.setClock(START_MS);
  }

  /** Sends a clock message: virtual time stands still at `virtualMs`. */
  setClock(virtualMs: number): void {
    this.#clockVersion += 1;
    const message = clock({ version: this.#clockVersion, virtualAt: new Date(virtualMs).toISOString() });
    this.simulation.clockFollower.hear(GATEWAY, seal(message));
  }

  /** Sends bytes down to a meter; returns what it said at once. */
  down(bytes: Buffer, meter = METER, gateway = GATEWAY): Said[] {
    const before = this.said.length;
    this.simulation.receiver.receive(gateway, meter, bytes, () => (this.acknowledged += 1));
    return this.said.slice(before);
  }

  /** Lets real time pass; returns what was said meanwhile. */
  wait(byMs: number): Said[] {
    const before = this.said.length;
    this.scheduler.advance(byMs);
    return this.said.slice(before);
  }

  /** Pumps announcements and freezes until nothing more comes; returns what was said. */
  pump(): Said[] {
    const before = this.said.length;
    // Twice quiet: the first round may only have earned the right to send.
    for (let quiet = 0; quiet < 2;) {
      const count = this.said.length;
      this.simulation.pump();
      this.scheduler.advance(1_001);
      quiet = this.said.length === count ? quiet + 1 : 0;
    }
    return this.said.slice(before);
  }

  meter(serial = METER) {
    const meter = this.simulation.meters.get(serial);
    if (!meter) throw new Error(`no meter ${serial}`);
    return meter;
  }
}
