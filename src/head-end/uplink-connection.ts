import type { Socket } from 'node:net';
import mqttPacket, { type IPublishPacket, type Packet, type Parser } from 'mqtt-packet';
import type { Logger } from '../platform/log.js';
import { brokerTrouble, openBrokerSocket, type BrokerAccess } from './broker-access.js';

export type { BrokerAccess } from './broker-access.js';

/** A session at the broker. */
export interface UplinkSession extends BrokerAccess {
  /** Filters listened to. */
  readonly subscriptions: readonly string[];
  /** Filters that the session may still have from earlier times. */
  readonly unsubscriptions?: readonly string[];
  /** Asked before every attempt; while it says no, the session is left to others. */
  readonly mayConnect?: () => boolean;
}

/** One message, not acknowledged yet. */
export interface UplinkDelivery {
  readonly topic: string;
  readonly payload: Buffer;
  /** Tells the broker that the message is stored. After a lost connection it does nothing: the broker delivers again. */
  acknowledge(): void;
}

/** PUBACK of MQTT 3.1.1 (section 3.4), its packet identifier to be filled in. */
const PUBACK = Buffer.from([0x40, 2, 0, 0]);
const KEEPALIVE_S = 20;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;

/**
 * A consumer that takes messages as fast as they come and acknowledges each when its owner says so. MQTT.js holds the next message
 * back until the one before is acknowledged, which makes "PUBACK after commit" cost one commit a message; here a group of
 * messages shares one (docs/decisions/0003).
 */
export class UplinkConnection {
  private socket: Socket | undefined;
  private stopped = false;
  private reconnectMs = RECONNECT_MIN_MS;
  private pingTimer: NodeJS.Timeout | undefined;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private silentTicks = 0;
  /** Messages to be acknowledged on the present socket, in order, and not written yet. */
  private acknowledged: number[] = [];
  connected = false;

  constructor(
    private readonly access: UplinkSession,
    private readonly deliver: (delivery: UplinkDelivery) => void,
    private readonly log: Logger,
  ) {}

  start(): void {
    if (this.access.mayConnect?.() === false) {
      this.reconnectTimer = setTimeout(() => this.start(), RECONNECT_MIN_MS);
      return;
    }
    const socket = openBrokerSocket(this.access, () => this.greet(socket, parser));
    this.socket = socket;
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on('packet', (packet: Packet) => this.receive(packet, socket));
    parser.on('error', (error: Error) => socket.destroy(error));
    socket.on('error', (error) =>
      this.log.warn({ err: error }, `uplink connection lost: ${brokerTrouble(error, this.access.url)}`),
    );
    socket.on('close', () => this.lost(socket));
  }

  /** Back-pressure: while paused, TCP holds the broker back. */
  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.reconnectTimer);
    clearInterval(this.pingTimer);
    const socket = this.socket;
    if (!socket || socket.destroyed) return;
    await new Promise<void>((done) => {
      socket.once('close', () => done());
      this.send(socket, { cmd: 'disconnect' });
      socket.end();
      setTimeout(() => socket.destroy(), 500).unref();
    });
  }

  private greet(socket: Socket, parser: Parser): void {
    socket.on('data', (chunk: Buffer) => {
      this.silentTicks = 0;
      parser.parse(chunk);
    });
    const { clientId, username, password } = this.access;
    // clean: false, so that what arrives while we are away waits for us at the broker.
    this.send(socket, {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: false,
      keepalive: KEEPALIVE_S,
      clientId,
      username,
      password: Buffer.from(password),
    });
  }

  private receive(packet: Packet, socket: Socket): void {
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode !== 0) {
          this.log.error(
            { returnCode: packet.returnCode },
            'the broker refused the head-end; check MQTT_USERNAME and MQTT_PASSWORD',
          );
          socket.destroy();
          return;
        }
        this.send(socket, {
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: this.access.subscriptions.map((topic) => ({
            topic,
            qos: 1 as const,
          })),
        });
        this.pingTimer = setInterval(() => this.ping(socket), (KEEPALIVE_S * 1_000) / 2);
        return;
      case 'suback':
        if (packet.granted.some((code) => Number(code) === 128)) {
          this.log.error('the broker refused a subscription of the head-end; check its access rules');
          socket.destroy();
          return;
        }
        // Only now: a message that comes between is better heard twice than not at all.
        if (this.access.unsubscriptions)
          this.send(socket, { cmd: 'unsubscribe', messageId: 2, unsubscriptions: [...this.access.unsubscriptions] });
        this.connected = true;
        this.reconnectMs = RECONNECT_MIN_MS;
        return;
      case 'publish':
        this.deliver(this.delivery(packet, socket));
        return;
      default:
        return;
    }
  }

  private delivery(packet: IPublishPacket, socket: Socket): UplinkDelivery {
    return {
      topic: packet.topic,
      payload: Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload),
      acknowledge: () => {
        if (packet.qos === 1 && !socket.destroyed) this.acknowledge(socket, packet.messageId!);
      },
    };
  }

  /** A group is acknowledged in one turn of the event loop: its PUBACKs leave in one write, which costs less than each by itself. */
  private acknowledge(socket: Socket, messageId: number): void {
    if (this.acknowledged.push(messageId) > 1) return;
    queueMicrotask(() => {
      const ids = this.acknowledged;
      this.acknowledged = [];
      const bytes = Buffer.allocUnsafe(ids.length * PUBACK.length);
      for (const [index, id] of ids.entries()) {
        PUBACK.copy(bytes, index * PUBACK.length);
        bytes.writeUInt16BE(id, index * PUBACK.length + 2);
      }
      if (!socket.destroyed) socket.write(bytes);
    });
  }

  private send(socket: Socket, packet: Packet): void {
    if (!socket.destroyed) socket.write(mqttPacket.generate(packet));
  }

  private ping(socket: Socket): void {
    this.silentTicks += 1;
    // Two and a half keep-alive intervals without a byte, not even a ping answer: the connection is dead and nobody told us.
    if (this.silentTicks > 5 && !socket.isPaused()) socket.destroy(new Error('the broker has gone silent'));
    else this.send(socket, { cmd: 'pingreq' });
  }

  private lost(socket: Socket): void {
    if (this.socket !== socket) return;
    this.connected = false;
    this.silentTicks = 0;
    clearInterval(this.pingTimer);
    if (this.stopped) return;
    this.reconnectTimer = setTimeout(() => this.start(), this.reconnectMs);
    this.reconnectMs = Math.min(this.reconnectMs * 2, RECONNECT_MAX_MS);
  }
}
