import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { Mosquitto } from '../../../bench/support/mosquitto.js';
import type { BrokerKind } from '../../support/brokers.js';

/** A broker without any rule, as one that somebody has set up wrongly: whatever it lets through, the head-end must bear. */
export interface OpenBroker {
  readonly url: string;
  /** Payloads that a subscriber has acknowledged to the broker (PUBACK), oldest first. */
  readonly acknowledged: string[];
  publish(topic: string, payload: string | Buffer, qos?: 0 | 1): Promise<void>;
  stop(): Promise<void>;
}

export const startOpenBroker = (kind: BrokerKind = 'aedes'): Promise<OpenBroker> =>
  kind === 'aedes' ? startAedes() : startMosquitto();

async function startAedes(): Promise<OpenBroker> {
  const broker = await Aedes.createBroker({ concurrency: 0 });
  const acknowledged: string[] = [];
  broker.on('ack', (packet) => {
    if (packet && 'payload' in packet) acknowledged.push(String(packet.payload));
  });
  const server = await listen((socket) => broker.handle(socket));
  return {
    url: server.url,
    acknowledged,
    publish: (topic, payload, qos = 1) =>
      new Promise((resolve, reject) => {
        const packet = {
          cmd: 'publish',
          topic,
          payload: Buffer.from(payload),
          qos,
          retain: false,
          dup: false,
        } as const;
        broker.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    async stop() {
      await new Promise<void>((resolve) => broker.close(resolve));
      await server.stop();
    },
  };
}

/** Mosquitto tells nobody of a PUBACK, so the line to it is listened in on. */
async function startMosquitto(): Promise<OpenBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'relight-open-broker-'));
  const mosquitto = await Mosquitto.start({
    dir,
    logins: [],
    change: ({ conf, acl }) => ({
      conf: conf
        .replace('allow_anonymous false', 'allow_anonymous true')
        .replace(/^(password_file|acl_file|message_size_limit|max_packet_size) .*$/gm, ''),
      acl,
    }),
  });
  const acknowledged: string[] = [];
  const line = await listen((near) => passOn(near, mosquitto.port, acknowledged));
  const publisher = await mqtt.connectAsync(mosquitto.url, {
    clientId: 'open-broker-publisher',
    reconnectPeriod: 0,
  });
  return {
    url: line.url,
    acknowledged,
    publish: async (topic, payload, qos = 1) => {
      await publisher.publishAsync(topic, payload, { qos });
    },
    async stop() {
      await publisher.endAsync(true);
      await line.stop();
      await mosquitto.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Passes bytes on between a client and mosquitto, and notes what the client acknowledges. */
function passOn(near: Socket, port: number, acknowledged: string[]): void {
  const far = connectTcp(port, '127.0.0.1');
  const payloads = new Map<number, string>();
  const down = mqttPacket.parser({ protocolVersion: 4 });
  const up = mqttPacket.parser({ protocolVersion: 4 });
  down.on('packet', (packet) => {
    if (packet.cmd === 'publish') payloads.set(packet.messageId ?? 0, packet.payload.toString());
  });
  up.on('packet', (packet) => {
    if (packet.cmd === 'puback') acknowledged.push(payloads.get(packet.messageId ?? 0) ?? '');
  });
  far.on('data', (chunk: Buffer) => {
    down.parse(chunk);
    near.write(chunk);
  });
  near.on('data', (chunk: Buffer) => {
    up.parse(chunk);
    far.write(chunk);
  });
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.on('error', () => undefined);
    socket.on('close', () => other.destroy());
  }
}

async function listen(handle: (socket: Socket) => void): Promise<{ url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
