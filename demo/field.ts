import type { FlowContext } from '../src/flows/context.js';
import { takeUplink } from '../src/flows/take-uplink.js';
import { encodeClock, encodeRead } from '../src/head-end/codecs/orders.js';
import { PartiesDirectory } from '../src/head-end/known-parties.js';
import { signEnvelope, type SigningKey } from '../src/head-end/signing.js';
import { checkMessage, readMessage } from '../src/head-end/uplink-check.js';
import type { ClockState } from '../src/platform/clock.js';
import { LIMITS } from '../src/platform/limits.js';
import type { ReadOrder } from '../src/switching/dispatch.js';
import { checkManifest } from '../simulator/manifest.js';
import type { Meter } from '../simulator/meter/meter.js';
import { Simulation } from '../simulator/run/simulation.js';
import { VirtualClock } from '../simulator/run/virtual-clock.js';
import { canonicalJson } from '../simulator/wire/canonical-json.js';
import { statusTopic } from '../simulator/wire/contract.js';
import { RANK, type Agenda } from './agenda.js';
import { between } from './random.js';
import type { Scenario } from './scenario.js';

/** A question is stale after this, ms of product time; as the head-end does. */
const READ_VALIDITY_MS = 60_000;

interface Message {
  readonly topic: string;
  readonly payload: Buffer;
}

/**
 * The field: the simulator's own meters in this process, and the way to them and back. What goes over it are the very bytes of the
 * contract, signed and checked on both sides; only the broker is missing, and the seconds on the way are drawn from the seed.
 */
export class Field {
  readonly simulation: Simulation;
  readonly gateways: readonly string[];
  private readonly directory: PartiesDirectory;
  private readonly sent = new Map<string, number>();
  private readonly armed = new Set<string>();
  private inbox: Message[] = [];
  private nowMs = 0;
  private tasks = 0;
  /** Takes a reading message on its way, as a slip of somebody in the field would change it. */
  tamper: (topic: string, payload: string) => string = (_topic, payload) => payload;

  constructor(
    private readonly ctx: FlowContext,
    private readonly scenario: Scenario,
    private readonly agenda: Agenda,
    private readonly key: SigningKey,
    manifest: unknown,
  ) {
    const checked = checkManifest(manifest);
    this.directory = new PartiesDirectory(ctx.db, ctx.timeZone);
    this.gateways = checked.gateways.map(({ gateway }) => gateway);
    this.nowMs = ctx.clock.now().getTime();
    this.simulation = new Simulation({
      manifest: checked,
      seed: scenario.seed,
      relayMs: scenario.wire.relayMs,
      spreadMs: 0,
      freezesPerSecond: checked.meters.length,
      clock: new VirtualClock(() => this.nowMs),
      scheduler: {
        nowMs: () => this.nowMs,
        after: (delayMs, run) => {
          this.tasks += 1;
          agenda.add(this.nowMs + delayMs, RANK.wire, `task ${String(this.tasks).padStart(9, '0')}`, run);
        },
      },
      publish: (gateway, topic, payload) => this.rise(gateway, topic, payload),
      hasRoom: () => true,
      gateways: { has: (gateway) => this.gateways.includes(gateway), reconcile: () => undefined },
    });
  }

  get meters(): ReadonlyMap<string, Meter> {
    return this.simulation.meters;
  }

  /** Meters are told the time by the head-end's signed message, as on the wire. */
  tellTime(state: ClockState): void {
    this.nowMs = state.virtualAt.getTime();
    for (const gateway of this.gateways) {
      const envelope = signEnvelope(encodeClock(state, gateway), this.key);
      // Told with the same real instant as the virtual one: the simulation has no other time here.
      this.simulation.clockFollower.hear(gateway, Buffer.from(JSON.stringify(envelope)));
    }
  }

  /** Every gateway comes on line, every meter says how it stands, and the faults of the scenario come into force. */
  begin(): void {
    for (const gateway of this.gateways) {
      const status = canonicalJson({ v: 1, kind: 'status', gateway, online: true });
      this.inbox.push({ topic: statusTopic(gateway), payload: Buffer.from(status) });
      const meters = [...this.meters.values()].filter((meter) => meter.gateway === gateway);
      this.simulation.announcer.begin(gateway, meters, 'boot');
    }
    this.simulation.announcer.work(() => true);
    const { lostAcks, lostCommands } = this.scenario.wire;
    const everybody = { all: true };
    if (lostAcks > 0)
      this.simulation.faultControl.add({
        name: 'lossUp',
        target: everybody,
        parameters: { rate: lostAcks, kind: 'ack' },
      });
    if (lostCommands > 0)
      this.simulation.faultControl.add({ name: 'lossDown', target: everybody, parameters: { rate: lostCommands } });
  }

  /** Midnight registers, of every meter that owes one. */
  freeze(): void {
    this.simulation.freezes.work(this.meters.size, () => true);
  }

  /** Sends an envelope down to a meter; it hears it seconds later. */
  down(gateway: string, serial: string, envelope: object): void {
    const bytes = Buffer.from(JSON.stringify(envelope));
    this.agenda.add(this.nowMs + this.latencyMs(serial), RANK.wire, `down ${serial}`, () =>
      this.simulation.receiver.receive(gateway, serial, bytes, () => undefined),
    );
  }

  /** Puts questions to meters, signed. */
  ask(orders: readonly ReadOrder[]): void {
    const at = this.ctx.clock.now();
    const sorted = [...orders].sort((a, b) => (a.serial < b.serial ? -1 : 1));
    for (const order of sorted) {
      const body = encodeRead(order, at, new Date(at.getTime() + READ_VALIDITY_MS));
      this.down(order.gatewayNumber, order.serial, signEnvelope(body, this.key));
    }
  }

  /** Hands what has come up to Relight: read, checked and stored in groups, as the head-end does. Returns how many messages there were. */
  async takeIn(): Promise<number> {
    const messages = this.inbox;
    this.inbox = [];
    for (let from = 0; from < messages.length; from += LIMITS.uplinkGroup.value) {
      const read = messages
        .slice(from, from + LIMITS.uplinkGroup.value)
        .map(({ topic, payload }) => readMessage(topic, payload));
      const known = await this.directory.of(read);
      await takeUplink(
        this.ctx,
        read.flatMap((message) => checkMessage(message, known)),
      );
    }
    if (messages.length > 0) this.pressButtons();
    return messages.length;
  }

  /** A message of a meter on its way up. Readings of the night come as one block; everything else takes its seconds. */
  private rise(gateway: string, topic: string, payload: string): void {
    const serial = topic.split('/')[4] ?? gateway;
    const message = { topic, payload: Buffer.from(this.tamper(topic, payload)) };
    if (!/\/(ack|state)$/.test(topic)) this.inbox.push(message);
    else if (payload.length > 0)
      this.agenda.add(
        this.nowMs + this.latencyMs(serial),
        RANK.wire,
        `up ${serial} ${topic}`,
        () => void this.inbox.push(message),
      );
  }

  /** Customers whose meter waits for its button find out after a while, and press it. */
  private pressButtons(): void {
    for (const meter of this.meters.values()) {
      if (!meter.armed) this.armed.delete(meter.serial);
      else if (!this.armed.has(meter.serial)) {
        this.armed.add(meter.serial);
        const minutes = between(this.scenario.seed, `button ${meter.serial}`, this.scenario.wire.buttonAfterMinutes);
        this.agenda.add(this.nowMs + minutes * 60_000, RANK.customer, `button ${meter.serial}`, () => {
          if (meter.armed) this.simulation.switchgear.press(meter, 3_000);
        });
      }
    }
  }

  private latencyMs(serial: string): number {
    const nth = (this.sent.get(serial) ?? 0) + 1;
    this.sent.set(serial, nth);
    return between(this.scenario.seed, `latency ${serial} ${nth}`, this.scenario.wire.latencySeconds) * 1_000;
  }
}
