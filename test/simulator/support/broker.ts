import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connect, type MqttClient } from 'mqtt';
import { readUp, type Said } from './bench.js';

/** A real broker on an ephemeral port of this machine; can be stopped and started again, empty, on the same port. */
export class TestBroker {
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  port = 0;
  /** user name → password, as gateways presented them. */
  readonly credentials = new Map<string, string>();

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const aedes = await Aedes.createBroker();
    aedes.authenticate = (_client, username, password, done) => {
      if (username) this.credentials.set(username, String(password));
      done(null, true);
    };
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#aedes = aedes;
    this.#server = server;
    return this;
  }

  /** Dies without a word to anybody, with everything it held. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(() => resolve()) : resolve()));
  }
}

/** The other side: publishes commands, keeps everything that came up, opened and checked. */
export class TestHeadEnd {
  readonly said: Said[] = [];
  /** Last presence of each gateway. */
  readonly presence = new Map<string, Record<string, unknown>>();
  readonly problems: string[] = [];

  private constructor(private readonly client: MqttClient) {
    client.on('message', (topic, payload) => {
      try {
        const status = /^relight\/v1\/(\d{12})\/status$/.exec(topic);
        if (status) this.presence.set(status[1] as string, JSON.parse(payload.toString()) as Record<string, unknown>);
        else this.said.push(readUp(topic, payload.toString()));
      } catch (error) {
        this.problems.push((error as Error).message);
      }
    });
  }

  static async connect(url: string): Promise<TestHeadEnd> {
    const client = connect(url, { clientId: 'test-head-end', clean: true, reconnectPeriod: 50 });
    const headEnd = new TestHeadEnd(client);
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    await client.subscribeAsync(['relight/v1/+/up/+/+', 'relight/v1/+/status'], { qos: 1 });
    return headEnd;
  }

  async send(gateway: string, meter: string, bytes: Buffer): Promise<void> {
    await this.client.publishAsync(`relight/v1/${gateway}/down/${meter}`, bytes, { qos: 1 });
  }

  async setClock(gateway: string, bytes: Buffer): Promise<void> {
    await this.client.publishAsync(`relight/v1/${gateway}/clock`, bytes, { qos: 1, retain: true });
  }

  /** What meters said that fits, so far. */
  heard(fits: (said: Said) => boolean): Said[] {
    return this.said.filter(fits);
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** Waits until something is so; fails naming what it waited for. */
export async function until(what: string, isSo: () => boolean, timeoutMs = 15_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
