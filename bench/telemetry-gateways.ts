import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { gatewayPassword } from '../simulator/wire/keys.js';
import { serveBench } from './support/children.js';
import { KEY_SEED } from './support/telemetry-logins.js';

/** What the gateways are to say: for each meter one message with its register at these instants. */
export interface Telemetry {
  /** Midnights, ISO 8601, in order of time. */
  readonly instants: readonly string[];
  /** Register at the first of them, Wh, and how much it rises to each next. */
  readonly registers: readonly number[];
  readonly stepWh: number;
}

/** Unacknowledged publishes of one gateway. */
const WINDOW = 40;
const PUBACK_BYTES = 4;

interface Gateway {
  readonly socket: Socket;
  packets: Buffer[];
  sent: number;
  acknowledged: number;
}

let gateways: Gateway[] = [];
let meters: { readonly serial: string; readonly gateway: string }[] = [];
let onDone: () => void = () => undefined;
let total = 0;

/**
 * Concentrators that publish at QoS 1, each on its own connection and with its own login, a window of messages unacknowledged. Packets
 * are made beforehand, and PUBACKs counted by their length: the gateways should cost as little as they can of two shared cores.
 */
const handlers = {
  async connect(url: string, all: { serial: string; gateway: string }[]): Promise<void> {
    meters = all;
    const numbers = [...new Set(all.map(({ gateway }) => gateway))];
    gateways = await Promise.all(numbers.map((number) => openGateway(url, number)));
  },
  /** Makes the packets of a round; not measured. */
  prepare({ instants, registers, stepWh }: Telemetry): void {
    const numbers = [...new Set(meters.map(({ gateway }) => gateway))];
    const byNumber = new Map(numbers.map((number, index) => [number, gateways[index]!]));
    for (const gateway of gateways) Object.assign(gateway, { packets: [], sent: 0, acknowledged: 0 });
    for (const [index, { serial, gateway }] of meters.entries()) {
      const own = byNumber.get(gateway)!;
      const readings = instants.map((at, step) => ({
        at,
        energyWh: registers[index]! + step * stepWh,
        quality: 'actual',
      }));
      own.packets.push(
        mqttPacket.generate({
          cmd: 'publish',
          topic: `relight/v1/${gateway}/up/${serial}/reading`,
          payload: JSON.stringify({ v: 1, kind: 'reading', gateway, meter: serial, cause: 'freeze', readings }),
          qos: 1,
          messageId: (own.packets.length % 65_535) + 1,
          dup: false,
          retain: false,
        }),
      );
    }
    total = meters.length;
  },
  /** Publishes all that was prepared; resolves when the broker has acknowledged the last. */
  async publish(): Promise<void> {
    await new Promise<void>((done) => {
      onDone = done;
      for (const gateway of gateways) pump(gateway);
    });
  },
};
export type TelemetryGateways = typeof handlers;

function openGateway(url: string, number: string): Promise<Gateway> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  const gateway: Gateway = { socket, packets: [], sent: 0, acknowledged: 0 };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('connect', () =>
      socket.write(
        mqttPacket.generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          keepalive: 0,
          clientId: number,
          username: number,
          password: Buffer.from(gatewayPassword(KEY_SEED, number)),
        }),
      ),
    );
    socket.once('data', (chunk: Buffer) => {
      if (chunk[0] !== 0x20 || chunk[3] !== 0)
        return reject(new Error(`the broker refused gateway ${number}: ${chunk.toString('hex')}`));
      let rest = chunk.length - PUBACK_BYTES;
      socket.on('data', (more: Buffer) => {
        rest += more.length;
        const count = Math.floor(rest / PUBACK_BYTES);
        rest -= count * PUBACK_BYTES;
        gateway.acknowledged += count;
        total -= count;
        pump(gateway);
        if (total === 0) onDone();
      });
      resolve(gateway);
    });
  });
}

function pump(gateway: Gateway): void {
  const until = Math.min(gateway.packets.length, gateway.acknowledged + WINDOW);
  if (gateway.sent >= until) return;
  gateway.socket.write(Buffer.concat(gateway.packets.slice(gateway.sent, until)));
  gateway.sent = until;
}

serveBench(handlers, async () => {
  for (const { socket } of gateways) socket.destroy();
  await Promise.resolve();
});
