import { draw, hash32, type RandomStream } from '../meter/random.js';
import type { Meter } from '../meter/meter.js';
import { canonicalJson } from '../wire/canonical-json.js';
import { clockTopic, downFilter, instantText, meterOfDownTopic, statusTopic } from '../wire/contract.js';
import type { Broker } from '../wire/broker-url.js';
import type { Link, LinkOptions } from '../wire/link.js';
import { MqttLink } from '../wire/mqtt-link.js';
import type { ConnectGate } from './connect-gate.js';
import type { Scheduler } from './scheduler.js';

/** First wait before connecting again, ms; it doubles, and each wait is shortened at random by up to half. */
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;
/** A gateway with this many unsent messages takes no more of what can wait (announcements, freezes). */
const ROOMY_PENDING = 100;
/** Sent in the gateway's presence. */
const FIRMWARE = 'relight-simulator/1';
/** A gateway that is going away waits this long for its last PUBACKs, ms. */
const CLOSE_WAIT_MS = 2_000;

/** How long a concentrator lives without supply, ms: enough to send what it has ready. */
const LAST_GASP_MS = 1_000;

export type GatewayState = 'waiting' | 'connecting' | 'online' | 'suspended' | 'stopped';

export interface GatewayOptions {
  gateway: string;
  meters: readonly Meter[];
  broker: Broker;
  password: string;
  keepaliveSeconds: number;
  seed: number;
  scheduler: Scheduler;
  connectGate: ConnectGate;
  /** Makes the connection; absent: over a socket. */
  makeLink?: (options: LinkOptions) => Link;
  /** Virtual time for the presence message, ms since 1970. */
  nowMs(): number;
  onDown(gateway: Gateway, serial: string, payload: Buffer, acknowledge: () => void): void;
  onClock(gateway: Gateway, payload: Buffer): void;
  /** Connected and subscribed; `first` is false after a reconnect. */
  onOnline(gateway: Gateway, first: boolean): void;
  onOffline(gateway: Gateway, reason: string): void;
  onAcknowledged(afterMs: number): void;
  onOverflow(): void;
}

/** A concentrator, or a 4G meter on its own connection: presence, subscriptions, reconnects. */
export class Gateway implements RandomStream {
  random: number;
  #state: GatewayState = 'waiting';
  #attempts = 0;
  #everOnline = false;
  /** Lives on its capacitor. */
  #gasping = false;
  /** Counts attempts, so that a retry or a place in the gate that belongs to an earlier one is ignored. */
  #attempt = 0;
  /** Whether this gateway holds a place in the connect gate. */
  #opening = false;
  readonly #link: Link;

  constructor(private readonly options: GatewayOptions) {
    const { gateway } = options;
    this.random = hash32(`gateway:${gateway}`, options.seed);
    const makeLink = options.makeLink ?? ((link) => new MqttLink(link));
    this.#link = makeLink({
      broker: options.broker,
      // The session (what waits for this gateway) belongs to the client id, so it must be the same after a restart.
      clientId: gateway,
      username: gateway,
      password: options.password,
      keepaliveSeconds: options.keepaliveSeconds,
      will: { topic: statusTopic(gateway), payload: canonicalJson({ v: 1, kind: 'status', gateway, online: false }) },
      subscriptions: [downFilter(gateway), clockTopic(gateway)],
      onMessage: (topic, payload, acknowledge) => this.#take(topic, payload, acknowledge),
      onUp: () => this.#online(),
      onDown: (reason) => this.#offline(reason),
      onAcknowledged: options.onAcknowledged,
      onOverflow: options.onOverflow,
    });
  }

  get id(): string {
    return this.options.gateway;
  }

  get meters(): readonly Meter[] {
    return this.options.meters;
  }

  get state(): GatewayState {
    return this.#state;
  }

  /** Whether this gateway has been online since the fleet started. */
  get everOnline(): boolean {
    return this.#everOnline;
  }

  /** Messages the broker has not acknowledged yet. */
  get pending(): number {
    return this.#link.pending;
  }

  /** Whether it can take more of what can wait. */
  get hasRoom(): boolean {
    return this.#state === 'online' && this.#link.pending < ROOMY_PENDING;
  }

  connect(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'connecting';
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.options.connectGate.enter(() => {
      if (this.#attempt !== attempt || this.#state !== 'connecting') {
        this.options.connectGate.leave();
        return;
      }
      this.#opening = true;
      this.#link.open(this.options.scheduler.nowMs());
    });
  }

  publish(topic: string, payload: string): void {
    this.#link.publish(topic, payload);
  }

  /** Cuts the connection without a word and stays away until `resume` (fault `offline`). */
  suspend(): void {
    if (this.#state === 'suspended' || this.#state === 'stopped') return;
    this.#leave('suspended', 'taken offline by a fault');
    this.#link.drop();
  }

  /** Its supply is gone (fault `districtOutage`): says so with what its capacitor holds, then is away until `resume`. */
  lastGasp(): void {
    if (this.#state === 'suspended' || this.#state === 'stopped' || this.#gasping) return;
    if (this.#state !== 'online') {
      this.suspend();
      return;
    }
    this.#gasping = true;
    this.#presence(false, 'last-gasp');
    this.options.scheduler.after(LAST_GASP_MS, () => {
      if (!this.#gasping) return;
      this.#gasping = false;
      this.suspend();
    });
  }

  resume(): void {
    if (this.#gasping) {
      // The supply was back before the capacitor was empty.
      this.#gasping = false;
      if (this.#state === 'online') this.#presence(true);
    }
    if (this.#state !== 'suspended') return;
    this.#state = 'waiting';
    this.#attempts = 0;
    this.connect();
  }

  tick(): void {
    this.#link.tick(this.options.scheduler.nowMs());
  }

  /** Says it is going offline, waits for its last PUBACKs and disconnects. */
  async stop(): Promise<void> {
    const wasOnline = this.#state === 'online';
    this.#state = 'stopped';
    this.#leaveGate();
    if (wasOnline) this.#presence(false);
    await this.#link.close(CLOSE_WAIT_MS);
  }

  #take(topic: string, payload: Buffer, acknowledge: () => void): void {
    // Without its PUBACK the broker keeps the message for the next time; nothing may start that cannot be finished.
    if (this.#state === 'stopped') return;
    const serial = meterOfDownTopic(this.id, topic);
    if (serial !== undefined) {
      this.options.onDown(this, serial, payload, acknowledge);
      return;
    }
    if (topic === clockTopic(this.id)) this.options.onClock(this, payload);
    acknowledge();
  }

  #online(): void {
    const first = !this.#everOnline;
    this.#leaveGate();
    this.#state = 'online';
    this.#everOnline = true;
    this.#attempts = 0;
    this.#presence(true);
    this.options.onOnline(this, first);
  }

  #offline(reason: string): void {
    if (this.#state === 'stopped') return;
    this.#leave('waiting', reason);
    const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    const attempt = this.#attempt;
    this.options.scheduler.after(ceilingMs * (1 - draw(this) / 2), () => {
      if (this.#attempt === attempt) this.connect();
    });
  }

  #leave(next: GatewayState, reason: string): void {
    this.#leaveGate();
    this.#state = next;
    this.options.onOffline(this, reason);
  }

  #leaveGate(): void {
    if (this.#opening) this.options.connectGate.leave();
    this.#opening = false;
  }

  #presence(online: boolean, cause?: 'last-gasp'): void {
    const { gateway, meters, nowMs } = this.options;
    const status = {
      v: 1,
      kind: 'status',
      gateway,
      online,
      at: instantText(nowMs()),
      meterCount: meters.length,
      firmware: FIRMWARE,
      cause,
    };
    this.#link.publishPresence(statusTopic(gateway), canonicalJson(status));
  }
}
