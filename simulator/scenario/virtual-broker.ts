import { draw, hash32, type RandomStream } from '../meter/random.js';
import type { Scheduler } from '../run/scheduler.js';
import type { Link, LinkOptions } from '../wire/link.js';

/** How messages travel between gateways and the broker. Drawn from the seed, each connection from its own stream. */
export interface NetworkModel {
  /** Shortest and longest way of one message, ms. */
  minMs: number;
  maxMs: number;
  /** Part of the packets that TCP has to send again. */
  loss: number;
  /** What one sending again costs, ms. */
  resendMs: number;
  /** Most connections the broker accepts per second. */
  acceptsPerSecond: number;
}

interface Published {
  topic: string;
  payload: Buffer;
}

/** What a head-end hears: everything that gateways publish. */
export type HeadEndEar = (topic: string, payload: Buffer) => void;

/** A packet lost more often in a row than this has found its connection dead; the last try gets through. */
const MAX_RESENDS = 6;

/**
 * A broker inside this process with MQTT's promises at QoS 1: persistent sessions, retained messages, last wills, delivery at least once
 * and in order on each connection. It can be stopped and emptied like a real one.
 */
export class VirtualBroker {
  readonly #links = new Map<string, VirtualLink>();
  readonly #retained = new Map<string, Published>();
  /** Messages not yet acknowledged by their gateway, by client id. */
  readonly #sessions = new Map<string, Set<Published>>();
  #acceptFreeMs = 0;
  #running = true;
  /** Messages the head-end could not be told because the broker was down; it is connected as any client is. */
  readonly #toHeadEnd: Published[] = [];
  headEnd: HeadEndEar = () => undefined;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly model: NetworkModel,
    private readonly seed: number,
  ) {}

  get running(): boolean {
    return this.#running;
  }

  /** A connection to this broker, for a gateway. */
  makeLink(options: LinkOptions): Link {
    const link = new VirtualLink(this, this.scheduler, this.model, options, this.seed);
    this.#links.set(options.clientId, link);
    return link;
  }

  /** Publishes for the head-end. While the broker is down it waits, as in a head-end's own queue. */
  publish(topic: string, payload: Buffer, retain = false): void {
    if (retain) this.#retained.set(topic, { topic, payload });
    const link = this.#links.get(topic.split('/')[2] ?? '');
    if (!link?.wants(topic)) return;
    const session = this.#session(link.clientId);
    const message = { topic, payload };
    session.add(message);
    if (this.#running && link.up) link.deliver(message, () => session.delete(message));
  }

  /** Dies for `downMs`; all connections break. `emptied`: it forgets its sessions and retained messages. */
  restart(downMs: number, emptied: boolean): void {
    this.#running = false;
    if (emptied) {
      this.#retained.clear();
      this.#sessions.clear();
    }
    for (const link of this.#links.values()) link.broken('the connection was closed');
    this.scheduler.after(downMs, () => {
      this.#running = true;
      for (const message of this.#toHeadEnd.splice(0)) this.headEnd(message.topic, message.payload);
    });
  }

  /** Breaks the connections of some gateways at once, as when their radio cell restarts. */
  breakLinks(gateways: readonly string[]): void {
    for (const gateway of gateways) this.#links.get(gateway)?.broken('the connection was closed');
  }

  /** How long a connection now being opened waits for its turn, ms. */
  acceptDelayMs(): number {
    const nowMs = this.scheduler.nowMs();
    const turnMs = Math.max(nowMs, this.#acceptFreeMs);
    this.#acceptFreeMs = turnMs + 1000 / this.model.acceptsPerSecond;
    return turnMs - nowMs;
  }

  /** A gateway has subscribed: what is retained and what has waited follows. */
  subscribed(link: VirtualLink): void {
    for (const message of this.#retained.values()) {
      if (link.wants(message.topic)) link.deliver(message, () => undefined);
    }
    const session = this.#session(link.clientId);
    for (const message of session) link.deliver(message, () => session.delete(message));
  }

  /** A gateway's message has reached the broker. */
  arrived(topic: string, payload: Buffer, retain: boolean): void {
    if (retain) this.#retained.set(topic, { topic, payload });
    if (this.#running) this.headEnd(topic, payload);
    else this.#toHeadEnd.push({ topic, payload });
  }

  #session(clientId: string): Set<Published> {
    let session = this.#sessions.get(clientId);
    if (!session) this.#sessions.set(clientId, (session = new Set()));
    return session;
  }
}

interface Outgoing {
  topic: string;
  payload: string;
  retain: boolean;
}

/** One connection to a virtual broker. The gateway on it is the same code that runs over sockets. */
class VirtualLink implements Link {
  readonly clientId: string;
  readonly #stream: RandomStream;
  readonly #waiting = new Set<Outgoing>();
  #up = false;
  #opening = false;
  #closed = false;
  /** Counts connections, so that what was on its way on an earlier one is lost with it. */
  #connection = 0;
  #lastUpMs = 0;
  #lastDownMs = 0;

  constructor(
    private readonly broker: VirtualBroker,
    private readonly scheduler: Scheduler,
    private readonly model: NetworkModel,
    private readonly options: LinkOptions,
    seed: number,
  ) {
    this.clientId = options.clientId;
    this.#stream = { random: hash32(`network:${options.clientId}`, seed) };
  }

  get pending(): number {
    return this.#waiting.size;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Whether this client is subscribed to a topic (of its own, each filter ends in `+` or is the topic). */
  wants(topic: string): boolean {
    return this.options.subscriptions.some((filter) =>
      filter.endsWith('/+') ? topic.startsWith(filter.slice(0, -1)) : topic === filter,
    );
  }

  open(): void {
    const connection = (this.#connection += 1);
    this.#opening = true;
    // CONNECT, CONNACK, SUBSCRIBE, SUBACK: two ways there and back, and the broker's own pace.
    const waysMs = this.#wayMs() + this.#wayMs() + this.#wayMs() + this.#wayMs();
    const running = this.broker.running;
    this.scheduler.after(running ? this.broker.acceptDelayMs() + waysMs : waysMs / 4, () => {
      if (connection !== this.#connection || this.#closed) return;
      if (!this.broker.running) this.broken('nothing listens there');
      else this.#subscribed();
    });
  }

  publish(topic: string, payload: string): void {
    if (this.#closed) return;
    const message = { topic, payload, retain: false };
    this.#waiting.add(message);
    if (this.#up) this.#send(message);
  }

  publishPresence(topic: string, payload: string): void {
    if (!this.#up) return;
    const message = { topic, payload, retain: true };
    this.#waiting.add(message);
    this.#send(message);
  }

  drop(): void {
    this.#lose();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#up = false;
    return Promise.resolve();
  }

  /** Without sockets nothing goes quiet by itself: a broken connection is known at once. */
  tick(): void {
    return undefined;
  }

  /** The connection ended, or could not be made. */
  broken(reason: string): void {
    if (this.#closed) return;
    const wasOpening = this.#opening;
    if (this.#lose() || wasOpening) this.options.onDown(reason);
  }

  /** Brings a message to the gateway; `done` when it has acknowledged it. */
  deliver(message: Published, done: () => void): void {
    const connection = this.#connection;
    this.#lastDownMs = Math.max(this.#lastDownMs, this.scheduler.nowMs() + this.#wayMs());
    this.scheduler.after(this.#lastDownMs - this.scheduler.nowMs(), () => {
      if (connection !== this.#connection || !this.#up) return;
      this.options.onMessage(message.topic, message.payload, done);
    });
  }

  #subscribed(): void {
    this.#up = true;
    this.#opening = false;
    for (const message of this.#waiting) this.#send(message);
    this.options.onUp();
    this.broker.subscribed(this);
  }

  /** Up to the broker, and its PUBACK back; what breaks in between is sent again on the next connection. */
  #send(message: Outgoing): void {
    const connection = this.#connection;
    this.#lastUpMs = Math.max(this.#lastUpMs, this.scheduler.nowMs() + this.#wayMs());
    this.scheduler.after(this.#lastUpMs - this.scheduler.nowMs(), () => {
      if (connection !== this.#connection || !this.#up) return;
      this.broker.arrived(message.topic, Buffer.from(message.payload), message.retain);
      this.scheduler.after(this.#wayMs(), () => {
        if (connection === this.#connection) this.#waiting.delete(message);
      });
    });
  }

  /** Ends the connection; its last will is published. Returns whether there was one. */
  #lose(): boolean {
    const wasUp = this.#up;
    this.#up = false;
    this.#opening = false;
    this.#connection += 1;
    const { topic, payload } = this.options.will;
    if (wasUp) this.broker.arrived(topic, Buffer.from(payload), true);
    return wasUp;
  }

  #wayMs(): number {
    const { minMs, maxMs, loss, resendMs } = this.model;
    let wayMs = minMs + draw(this.#stream) * (maxMs - minMs);
    for (let resends = 0; loss > 0 && resends < MAX_RESENDS && draw(this.#stream) < loss; resends += 1) {
      wayMs += resendMs;
    }
    return wayMs;
  }
}
