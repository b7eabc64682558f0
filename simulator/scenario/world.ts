import { HeadEnd, type HeadEndSettings } from '../head-end/head-end.js';
import { GatewaySet } from '../run/gateway-set.js';
import type { Broker } from '../wire/broker-url.js';
import type { FleetManifest } from '../wire/contract.js';
import type { Link } from '../wire/link.js';
import { MqttLink } from '../wire/mqtt-link.js';
import type { Input } from './inputs.js';
import { RealTime, VirtualTime, type OuterTime } from './outer-time.js';
import { Recorder } from './recorder.js';
import { Session, type Answer, type SessionSettings } from './session.js';
import { VirtualBroker, type NetworkModel } from './virtual-broker.js';
import { Witness } from './witness.js';

/** What a world is made from. */
export interface WorldOptions {
  name: string;
  manifest: FleetManifest;
  settings: SessionSettings;
  network: NetworkModel;
  /** The built-in head-end; absent: somebody else's orders. */
  headEnd?: HeadEndSettings;
  /** Virtual instant at which it sets the clock, ms since 1970. */
  startsAtMs: number;
  /** A real broker; absent: one inside this process, and then time is virtual. */
  broker?: Broker;
  /** Virtual ms per real ms; Infinity: as fast as possible (not with a real broker). */
  speed: number;
  recordPath?: string;
  log?: (line: string) => void;
}

/** Where a real broker's head-end hears everything. */
const HEAD_END_FILTERS = ['relight/v1/+/up/+/+', 'relight/v1/+/status'];
const HEAD_END_CLIENT = 'relight-scenario-head-end';
/** A broken connection of the head-end is tried again after this, ms. */
const RECONNECT_MS = 500;
const TICK_EVERY_MS = 1_000;

/** A fleet with all that is around it: time, network, gateways and, where wanted, the built-in head-end. */
export class World {
  readonly session: Session;
  readonly gateways: GatewaySet;
  readonly witness: Witness;
  readonly headEnd: HeadEnd | undefined;
  /** The broker inside this process; undefined over a real one. */
  readonly broker: VirtualBroker | undefined;
  readonly time: OuterTime;
  readonly #recorder: Recorder;
  readonly #room = new Map<string, boolean>();
  #questions = 0;
  #headEndLink: Link | undefined;
  #ended = false;

  constructor(private readonly options: WorldOptions) {
    const { manifest, settings, network, broker } = options;
    this.time = broker ? new RealTime(options.speed) : new VirtualTime(options.speed);
    this.broker = broker ? undefined : new VirtualBroker(this.time.scheduler, network, settings.seed);
    // First what can refuse (foreign keys), so that a wrong start leaves no file behind.
    this.headEnd = options.headEnd && this.#makeHeadEnd(options.headEnd);
    this.#recorder = new Recorder(options.name, manifest, settings, options.recordPath);
    this.session = new Session(manifest, settings, {
      publish: (gateway, topic, payload) => this.#published(gateway, topic, payload),
      toggled: (meter, toggle) => {
        this.#recorder.output('toggle', this.session.nowMs(), meter.serial, JSON.stringify(toggle));
        this.witness.toggled(meter, toggle, this.session.nowMs());
      },
      hasRoom: (gateway) => this.#hasRoom(gateway),
      reconcile: (faults) => this.gateways.reconcile(faults),
      taken: (nowMs, input) => this.#recorder.input(nowMs, input),
    });
    this.witness = new Witness(this.session, this.headEnd);
    this.gateways = this.#makeGateways();
  }

  /** Session time, ms. */
  nowMs(): number {
    return this.time.scheduler.nowMs();
  }

  /** Virtual time as most meters see it, ms since 1970. */
  virtualMs(): number {
    this.session.advance(this.nowMs());
    return this.session.clock.nowMs();
  }

  /** Sets the clock and starts connecting. */
  start(): void {
    if (this.options.broker) this.#connectHeadEnd(this.options.broker);
    else if (this.broker && this.headEnd) {
      this.broker.headEnd = (topic, payload) => this.headEnd?.hear(topic, payload);
    }
    this.headEnd?.setClock(this.options.startsAtMs);
    this.gateways.connect();
    if (this.options.broker) this.#tick();
  }

  /** Something happens to the fleet now. @throws FaultError */
  act(input: Input): Answer {
    return this.session.input(this.nowMs(), input);
  }

  runTo(untilMs: number, stop: () => boolean = () => false): Promise<void> {
    return this.time.runTo(this.session, untilMs, stop);
  }

  /** Ends the run; returns what a replay must give again. */
  async end(): Promise<{ outputs: number; sha256: string }> {
    this.act({ kind: 'end' });
    this.#ended = true;
    const total = this.#recorder.close();
    this.time.close();
    await this.gateways.stop();
    await this.#headEndLink?.close(1_000);
    return total;
  }

  #makeHeadEnd(settings: HeadEndSettings): HeadEnd {
    const { manifest } = this.options;
    const world = {
      manifest,
      seed: this.options.settings.seed,
      scheduler: this.time.scheduler,
      wallMs: () => Math.floor(this.options.settings.originMs + this.nowMs()),
      publish: (topic: string, payload: string, retain: boolean) => this.#publishDown(topic, payload, retain),
    };
    return new HeadEnd(world, settings);
  }

  #publishDown(topic: string, payload: string, retain: boolean): void {
    if (this.broker) this.broker.publish(topic, Buffer.from(payload), retain);
    else if (retain) this.#headEndLink?.publishPresence(topic, payload);
    else this.#headEndLink?.publish(topic, payload);
  }

  #published(gateway: string, topic: string, payload: string): void {
    if (this.#ended) return;
    this.#recorder.output('out', this.session.nowMs(), topic, payload);
    this.witness.published(topic, payload);
    this.gateways.byId.get(gateway)?.publish(topic, payload);
  }

  /** What a gateway can still take depends on the network, so it is recorded; each change once. */
  #hasRoom(gateway: string): boolean {
    this.#questions += 1;
    const hasRoom = this.gateways.byId.get(gateway)?.hasRoom ?? false;
    if (this.#room.get(gateway) !== hasRoom) {
      this.#room.set(gateway, hasRoom);
      this.#recorder.room(this.#questions, gateway, hasRoom);
    }
    return hasRoom;
  }

  #makeGateways(): GatewaySet {
    const { manifest, settings, broker } = this.options;
    const { simulation } = this.session;
    const virtual = this.broker;
    return new GatewaySet({
      manifest,
      meters: simulation.meters,
      broker: broker ?? { host: 'virtual', port: 0, tls: false },
      seed: settings.seed,
      scheduler: this.time.scheduler,
      keepaliveSeconds: 60,
      maxOpening: 200,
      log: this.options.log ?? (() => undefined),
      makeLink: virtual && ((options) => virtual.makeLink(options)),
      nowMs: () => this.virtualMs(),
      onDown: (from, to, payload, acknowledge) => {
        if (this.#ended) return;
        this.session.input(this.nowMs(), { kind: 'down', gateway: from.id, to, payload }, acknowledge);
      },
      onClock: (from, payload) => void this.#unlessEnded({ kind: 'clock', gateway: from.id, payload }),
      onOnline: (gateway, first) => this.#unlessEnded({ kind: 'online', gateway: gateway.id, first }),
      onOffline: (gateway) => this.#unlessEnded({ kind: 'offline', gateway: gateway.id }),
      onAcknowledged: () => undefined,
      onOverflow: () => (simulation.context.counters.overflowed += 1),
    });
  }

  #unlessEnded(input: Input): void {
    if (!this.#ended) this.act(input);
  }

  #connectHeadEnd(broker: Broker): void {
    const { headEnd } = this;
    if (!headEnd) return;
    const link = new MqttLink({
      broker,
      clientId: HEAD_END_CLIENT,
      username: HEAD_END_CLIENT,
      password: '',
      keepaliveSeconds: 60,
      will: { topic: `relight/v1/${HEAD_END_CLIENT}`, payload: '' },
      subscriptions: HEAD_END_FILTERS,
      onMessage: (topic, payload, acknowledge) => {
        headEnd.hear(topic, payload);
        acknowledge();
      },
      // The clock is retained, so it can be told only while connected.
      onUp: () => headEnd.setClock(headEnd.virtualMs()),
      onDown: (reason) => {
        this.options.log?.(`head-end: ${reason}; trying again`);
        this.time.scheduler.after(RECONNECT_MS, () => link.open(performance.now()));
      },
      onOverflow: () => undefined,
    });
    this.#headEndLink = link;
    link.open(performance.now());
  }

  #tick(): void {
    this.gateways.tick();
    this.#headEndLink?.tick(performance.now());
    this.time.scheduler.after(TICK_EVERY_MS, () => this.#tick());
  }
}
