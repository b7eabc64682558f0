import type { EventEmitter } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { LIMITS } from '../platform/limits.js';
import { accessControl, type Authenticate } from './broker-access.js';
import type { EmbeddedLog } from './embedded-log.js';
import { PacketMeter } from './packet-meter.js';
import { PortTakenError } from './ports.js';

export type { Principal } from './topic-rights.js';

/** Beside the payload a packet carries its topic (at most 44 characters in the contract) and a few bytes of header. */
const PACKET_OVERHEAD_BYTES = 1_024;
/**
 * A subscriber that takes nothing for this long is disconnected. The broker hands a message to all its subscribers
 * before it reads the publisher's next, so until then one stuck gateway holds up every command of the head-end.
 */
const DRAIN_TIMEOUT_MS = 5_000;
/** From the first byte to CONNECT; a lawful client needs milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface EmbeddedBrokerOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  authenticate: Authenticate;
  log: EmbeddedLog;
}

export interface EmbeddedBroker {
  readonly url: string;
  readonly port: number;
  connectedClients(): number;
  /** Closes every connection and the port. What offline sessions had queued is lost: the truth is in the database. */
  stop(): Promise<void>;
}

/**
 * Starts an MQTT 3.1.1 broker in this process with the access rules of schema/mqtt/README.md, deny by default.
 *
 * A refused subscription is answered with failure (0x80). A refused message is acknowledged and dropped, as mosquitto
 * does it: closing the connection instead would cut off the 2,000 meters behind a gateway for one message, and a
 * QoS 1 client would send it again at every reconnect, for ever. A message over the size limit ends the connection.
 * Sessions belong to a user: a client identifier is only ever compared with others of the same user name.
 *
 * @throws PortTakenError when somebody listens on the port
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { host, log } = options;
  const broker = await Aedes.createBroker({
    ...accessControl(options.authenticate, log),
    drainTimeout: DRAIN_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // No bound shared by all clients: two stuck subscribers would use it up and stop everybody. What one publisher
    // can have under way is bounded by what is read from its socket at once.
    concurrency: 0,
  });
  // aedes emits it, its types leave it out; unheard, it would end the process.
  (broker as EventEmitter).on('error', (error: Error) => log.error({ err: error }, 'broker: routing failed'));
  logEndings(broker, log);

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    limitPackets(socket);
    broker.handle(socket);
  });
  const port = await listen(server, host, options.port).catch((error: unknown) => {
    broker.close();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `mqtt://${host}:${port}`,
    port,
    connectedClients: () => broker.connectedClients,
    stop: () => (stopped ??= stopAll(broker, server, sockets)),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTakenError('MQTT broker', host, port) : error),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

async function stopAll(broker: Aedes, server: Server, sockets: Set<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => broker.close(resolve));
  sockets.forEach((socket) => socket.destroy()); // Connections that had not yet said CONNECT.
  await closed;
}

/** Ends a connection as soon as a packet announces itself as too long: its body is never gathered. */
function limitPackets(socket: Socket): void {
  const meter = new PacketMeter(LIMITS.mqttPayloadBytes.value + PACKET_OVERHEAD_BYTES);
  const read = socket.read.bind(socket);
  // aedes takes everything through read(); a stream put in between would cost every connection a second buffer.
  socket.read = (size?: number) => {
    const chunk = read(size) as Buffer | null;
    const verdict = chunk === null ? 'ok' : meter.take(chunk);
    if (verdict === 'ok') return chunk;
    socket.destroy(new Error(`MQTT packet ${verdict}: a payload may have ${LIMITS.mqttPayloadBytes.value} bytes`));
    return null;
  };
}

/** aedes reports one broken connection once for every message it was still to get. */
function logEndings(broker: Aedes, log: EmbeddedLog): void {
  const told = new WeakSet<Client>();
  const tell = (client: Client, error: Error) => {
    if (told.has(client)) return;
    told.add(client);
    log.warn({ clientId: client.id, reason: error.message }, 'broker: connection ended with an error');
  };
  broker.on('clientError', tell);
  broker.on('connectionError', tell);
}
