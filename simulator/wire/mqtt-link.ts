import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import mqttPacket, { type IConnackPacket, type IPublishPacket, type ISubackPacket, type Packet } from 'mqtt-packet';
import type { Link, LinkOptions } from './link.js';
import { plainReason, REFUSALS } from './link-problems.js';

/** Messages on their way to the broker without its PUBACK yet. More gains nothing and would burst after a reconnect. */
const MAX_IN_FLIGHT = 128;
/** Messages a gateway keeps while it has no connection; the oldest go first. ~1 KB each. */
const MAX_QUEUED = 10_000;
/** From opening the socket to the broker's SUBACK. */
const CONNECT_TIMEOUT_MS = 15_000;
/** Bytes of one packet not yet complete. The contract's payloads are at most 64 KiB; beyond this the peer is no broker. */
const MAX_PARTIAL_BYTES = 16 * 1024 * 1024;

interface Outgoing {
  topic: string;
  payload: string;
  retain: boolean;
  /** Monotonic, ms. */
  handedAtMs: number;
}

/**
 * One MQTT 3.1.1 connection at QoS 1 with a persistent session, made for having thousands in one process: no timers of its
 * own (the owner calls `tick`), PUBACK when the receiver says so, unacknowledged messages sent again after a reconnect.
 * When to reconnect is the owner's decision.
 */
export class MqttLink implements Link {
  #socket: Socket | undefined;
  #up = false;
  #messageId = 0;
  readonly #queue = new Set<Outgoing>();
  readonly #inFlight = new Map<number, Outgoing>();
  #openedMs = 0;
  #lastPingMs = 0;
  #lastHeardMs = 0;
  #readBytes = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(private readonly options: LinkOptions) {}

  /** Messages the broker has not acknowledged yet. */
  get pending(): number {
    return this.#queue.size + this.#inFlight.size;
  }

  /** Starts one attempt to connect. */
  open(nowMs: number): void {
    const { host, port, tls, ca } = this.options.broker;
    const opened = (): void => this.#hello(socket);
    const socket = tls
      ? connectTls({ host, port, ca, servername: /^[\d.:]+$/.test(host) ? undefined : host }, opened)
      : connectTcp({ host, port }, opened);
    this.#socket = socket;
    this.#openedMs = this.#lastHeardMs = this.#lastPingMs = nowMs;
    this.#readBytes = 0;
    socket.setNoDelay(true);
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on('packet', (packet) => this.#take(socket, packet));
    parser.on('error', (error: Error) => this.#end(socket, `the broker sent no MQTT (${error.message})`));
    socket.on('data', (chunk: Buffer) => {
      // Everything one chunk causes (PUBACKs, answers) leaves in one write.
      socket.cork();
      if (parser.parse(chunk) > MAX_PARTIAL_BYTES) this.#end(socket, 'the broker sent an endless packet');
      socket.uncork();
    });
    socket.on('error', (error: Error) => this.#end(socket, plainReason(error, host, port)));
    socket.on('close', () => this.#end(socket, 'the connection was closed'));
  }

  /** Queues a message for the broker; it leaves at once when connected. */
  publish(topic: string, payload: string): void {
    if (this.#closed) return;
    if (this.#queue.size >= MAX_QUEUED) {
      for (const oldest of this.#queue) {
        this.#queue.delete(oldest);
        break;
      }
      this.options.onOverflow();
    }
    this.#queue.add({ topic, payload, retain: false, handedAtMs: performance.now() });
    this.#pump();
  }

  /** Publishes retained, ahead of everything that waits; only while connected (presence is true now or not at all). */
  publishPresence(topic: string, payload: string): void {
    if (this.#up && this.#socket)
      this.#dispatch(this.#socket, { topic, payload, retain: true, handedAtMs: performance.now() });
  }

  /** Ends the connection without a word, so that the broker publishes the last will. */
  drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#up = false;
    socket?.destroy();
  }

  /** Says goodbye: waits for PUBACKs at most `waitMs`, then disconnects. Nothing is called back afterwards. */
  async close(waitMs: number): Promise<void> {
    if (this.#up && this.pending > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#closed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    if (this.#up) socket.end(mqttPacket.generate({ cmd: 'disconnect' }));
    else socket.destroy();
    this.#up = false;
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      socket.once('close', () => resolve());
      setTimeout(() => socket.destroy(), waitMs).unref();
    });
  }

  /** Called about once a second: keepalive, and the end of attempts and connections that went quiet. */
  tick(nowMs: number): void {
    const socket = this.#socket;
    if (!socket) return;
    const keepaliveMs = this.options.keepaliveSeconds * 1000;
    if (!this.#up) {
      if (nowMs - this.#openedMs > CONNECT_TIMEOUT_MS) this.#end(socket, 'the broker does not answer');
      return;
    }
    if (socket.bytesRead !== this.#readBytes) {
      this.#readBytes = socket.bytesRead;
      this.#lastHeardMs = nowMs;
    }
    if (nowMs - this.#lastHeardMs > keepaliveMs * 1.5) {
      this.#end(socket, 'the broker went quiet');
    } else if (nowMs - this.#lastPingMs > keepaliveMs / 2) {
      this.#lastPingMs = nowMs;
      socket.write(mqttPacket.generate({ cmd: 'pingreq' }));
    }
  }

  #hello(socket: Socket): void {
    const { clientId, username, password, keepaliveSeconds, will } = this.options;
    socket.write(
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: false,
        clientId,
        username,
        password: Buffer.from(password, 'utf8'),
        keepalive: keepaliveSeconds,
        will: { topic: will.topic, payload: will.payload, qos: 1, retain: true },
      } as Packet),
    );
  }

  #take(socket: Socket, packet: Packet): void {
    if (socket !== this.#socket) return;
    switch (packet.cmd) {
      case 'publish':
        this.#deliver(socket, packet);
        break;
      case 'puback':
        this.#acknowledged(packet.messageId ?? 0);
        this.#pump();
        if (this.pending === 0) this.#drained?.();
        break;
      case 'connack':
        this.#admitted(socket, packet);
        break;
      case 'suback':
        this.#subscribed(socket, packet);
        break;
      case 'pingresp':
        break;
      default:
        this.#end(socket, `the broker sent a ${packet.cmd}, which has no place here`);
    }
  }

  #deliver(socket: Socket, packet: IPublishPacket): void {
    const { messageId } = packet;
    const acknowledge = (): void => {
      if (packet.qos === 0 || socket !== this.#socket) return;
      socket.write(mqttPacket.generate({ cmd: 'puback', messageId }));
    };
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    this.options.onMessage(packet.topic, payload, acknowledge);
  }

  #admitted(socket: Socket, packet: IConnackPacket): void {
    const code = packet.returnCode ?? 0;
    if (code !== 0) {
      this.#end(socket, REFUSALS[code] ?? `the broker refuses the connection (code ${code})`);
      return;
    }
    const subscriptions = this.options.subscriptions.map((topic) => ({ topic, qos: 1 as const }));
    socket.write(mqttPacket.generate({ cmd: 'subscribe', messageId: this.#nextId(), subscriptions } as Packet));
  }

  #subscribed(socket: Socket, packet: ISubackPacket): void {
    const refused = packet.granted.findIndex((granted) => granted === 128);
    if (refused >= 0) {
      const topic = this.options.subscriptions[refused] ?? 'its topics';
      this.#end(socket, `the broker refuses the subscription to ${topic}; check this gateway's rights there`);
      return;
    }
    this.#up = true;
    for (const [messageId, message] of this.#inFlight) this.#send(socket, messageId, message, true);
    this.options.onUp();
    this.#pump();
  }

  #pump(): void {
    const socket = this.#socket;
    if (!this.#up || !socket) return;
    for (const message of this.#queue) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
      this.#queue.delete(message);
      this.#dispatch(socket, message);
    }
  }

  #dispatch(socket: Socket, message: Outgoing): void {
    const messageId = this.#nextId();
    this.#inFlight.set(messageId, message);
    this.#send(socket, messageId, message, false);
  }

  #acknowledged(messageId: number): void {
    const message = this.#inFlight.get(messageId);
    if (!message) return;
    this.#inFlight.delete(messageId);
    this.options.onAcknowledged?.(performance.now() - message.handedAtMs);
  }

  #send(socket: Socket, messageId: number, { topic, payload, retain }: Outgoing, dup: boolean): void {
    socket.write(mqttPacket.generate({ cmd: 'publish', qos: 1, dup, messageId, topic, payload, retain } as Packet));
  }

  #nextId(): number {
    do this.#messageId = (this.#messageId % 65_535) + 1;
    while (this.#inFlight.has(this.#messageId));
    return this.#messageId;
  }

  #end(socket: Socket, reason: string): void {
    socket.destroy();
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#up = false;
    this.#drained?.();
    if (!this.#closed) this.options.onDown(reason);
  }
}
