import { randomUUID } from 'node:crypto';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { brokerTrouble, type BrokerAccess } from './broker-access.js';

/** How the probe's two users log in. */
export interface ProbeAccess {
  readonly password: string;
  /** The gateways' listener, where it is another than the head-end's. */
  readonly url?: string;
  /** How long a lawful message may take, ms. */
  readonly heardTimeoutMs?: number;
}

/** The broker cannot be asked now; the message says why and what to do. */
export class BrokerUnreachable extends Error {}

const CONNECT_TIMEOUT_MS = 10_000;
/** A message that the broker lets through is heard within this; it is answered for by another sent after it, so this only bounds the wait. */
const HEARD_TIMEOUT_MS = 15_000;
/** Connections of one probe. */
export class ProbeLine {
  readonly nonce = randomUUID();

  constructor(
    readonly access: BrokerAccess,
    private readonly probe: ProbeAccess,
    private readonly clients: MqttClient[],
  ) {}

  get gatewayUrl(): string {
    return this.probe.url ?? this.access.url;
  }

  /** Whether something came in time. */
  hears(condition: () => boolean): Promise<boolean> {
    return until(condition, this.probe.heardTimeoutMs ?? HEARD_TIMEOUT_MS);
  }

  async connectHeadEnd(role: string): Promise<MqttClient> {
    const { username, password, url } = this.access;
    const client = await this.tryConnect(username, password, url, role);
    if (!client)
      throw new BrokerUnreachable('the broker does not admit the head-end; look at MQTT_USERNAME and MQTT_PASSWORD');
    return client;
  }

  async connectGateway(user: string, role: string, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await this.tryConnect(user, this.probe.password, this.gatewayUrl, role, options);
    if (!client) throw new BrokerUnreachable(`the broker admits ${user} at one time and not at another`);
    return client;
  }

  /** A connection, or undefined if the broker refuses it. @throws BrokerUnreachable when it does not answer */
  async tryConnect(
    username: string | undefined,
    password: string | undefined,
    url: string,
    role = 'stranger',
    options: IClientOptions = {},
  ): Promise<MqttClient | undefined> {
    const client = mqtt.connect(url, {
      ...this.access.tls,
      username,
      password,
      clientId: `probe-${this.nonce.slice(0, 8)}-${role}-${username ?? 'nobody'}`,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...options,
    });
    this.clients.push(client);
    const refused = await new Promise<boolean>((resolve, reject) => {
      client.once('connect', () => resolve(false));
      client.once('close', () => resolve(true));
      client.once('error', (error: Error & { code?: unknown }) => {
        if (typeof error.code === 'number') resolve(true);
        else reject(new BrokerUnreachable(brokerTrouble(error, url)));
      });
      setTimeout(
        () => reject(new BrokerUnreachable(`the broker at ${new URL(url).host} does not answer`)),
        CONNECT_TIMEOUT_MS,
      ).unref();
    });
    client.on('error', () => undefined);
    return refused ? undefined : client;
  }
}

/** Every message heard from now on, as "topic payload". */
export function listenTo(...clients: MqttClient[]): Set<string> {
  const heard = new Set<string>();
  for (const client of clients) client.on('message', (topic, payload) => heard.add(`${topic} ${payload.toString()}`));
  return heard;
}

/** True if the broker grants all of it. */
export async function subscribe(client: MqttClient, filters: string[]): Promise<boolean> {
  if (!client.connected) return false;
  return settled(
    client.subscribeAsync(filters, { qos: 1 }).then(
      (granted) => granted.every(({ qos }) => (qos as number) !== 128),
      () => false,
    ),
    client,
    false,
  );
}

/** Ends when the broker has taken the message or ended the connection. */
export const publish = (client: MqttClient, topic: string, payload: string): Promise<void> =>
  settled(
    client.publishAsync(topic, payload, { qos: 1, retain: false }).then(
      () => undefined,
      () => undefined,
    ),
    client,
    undefined,
  );

async function settled<T>(work: Promise<T>, client: MqttClient, otherwise: T): Promise<T> {
  let closed: () => void = () => undefined;
  const ended = new Promise<T>((resolve) => client.once('close', (closed = () => resolve(otherwise))));
  try {
    return await Promise.race([work, ended]);
  } finally {
    client.off('close', closed);
  }
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) return false;
    await new Promise((resume) => setTimeout(resume, 5));
  }
  return true;
}
