import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import { parseBrokerUrl } from '../../simulator/wire/broker-url.js';
import type { LinkOptions } from '../../simulator/wire/link.js';
import { MqttLink } from '../../simulator/wire/mqtt-link.js';
import { until } from './support/broker.js';

/** The other end of the wire, packet by packet, in the test's hands. */
class ScriptedBroker {
  readonly heard: Packet[] = [];
  socket: Socket | undefined;
  connackCode = 0;
  granted = 1;
  acknowledging = true;
  connections = 0;
  #server: Server | undefined;

  async start(): Promise<number> {
    this.#server = createServer((socket) => {
      this.socket = socket;
      this.connections += 1;
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on('packet', (packet) => this.#take(socket, packet));
      socket.on('data', (chunk: Buffer) => parser.parse(chunk));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  send(packet: Packet): void {
    this.socket?.write(mqttPacket.generate(packet));
  }

  published(): IPublishPacket[] {
    return this.heard.filter((packet) => packet.cmd === 'publish');
  }

  stop(): void {
    this.socket?.destroy();
    this.#server?.close();
  }

  #take(socket: Socket, packet: Packet): void {
    this.heard.push(packet);
    const answer = (reply: Packet): boolean => socket.write(mqttPacket.generate(reply));
    if (packet.cmd === 'connect') answer({ cmd: 'connack', returnCode: this.connackCode, sessionPresent: false });
    else if (packet.cmd === 'subscribe') {
      answer({ cmd: 'suback', messageId: packet.messageId, granted: [this.granted, this.granted] });
    } else if (packet.cmd === 'pingreq') answer({ cmd: 'pingresp' });
    else if (packet.cmd === 'publish' && this.acknowledging) answer({ cmd: 'puback', messageId: packet.messageId });
  }
}

let broker: ScriptedBroker;
let port: number;
let link: MqttLink;
let downs: string[];
let ups: number;
let inbox: { payload: string; acknowledge: () => void }[];
let overflows: number;

beforeEach(async () => {
  broker = new ScriptedBroker();
  port = await broker.start();
  downs = [];
  inbox = [];
  ups = overflows = 0;
  link = makeLink();
});
afterEach(async () => {
  await link.close(50);
  broker.stop();
});

function makeLink(change: Partial<LinkOptions> = {}): MqttLink {
  return new MqttLink({
    broker: parseBrokerUrl(`mqtt://127.0.0.1:${port}`),
    clientId: 'g',
    username: 'g',
    password: 'p',
    keepaliveSeconds: 10,
    will: { topic: 'w', payload: 'gone' },
    subscriptions: ['a', 'b'],
    onMessage: (_topic, payload, acknowledge) => inbox.push({ payload: payload.toString(), acknowledge }),
    onUp: () => (ups += 1),
    onDown: (reason) => downs.push(reason),
    onOverflow: () => (overflows += 1),
    onAcknowledged: () => undefined,
    ...change,
  });
}
async function up(): Promise<void> {
  const before = ups;
  link.open(0);
  await until('up', () => ups > before);
}

test('introduces itself with a persistent session, its credentials and a retained will at QoS 1', async () => {
  await up();
  expect(broker.heard[0]).toMatchObject({
    cmd: 'connect',
    clean: false,
    clientId: 'g',
    username: 'g',
    password: Buffer.from('p'),
    keepalive: 10,
    will: { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: true },
  });
  expect(broker.heard[1]).toMatchObject({
    cmd: 'subscribe',
    subscriptions: [
      { topic: 'a', qos: 1 },
      { topic: 'b', qos: 1 },
    ],
  });
});

test('a PUBACK goes out only when the receiver says so, and never on a later connection', async () => {
  await up();
  broker.send({ cmd: 'publish', messageId: 7, topic: 'a', payload: 'x', qos: 1, dup: false, retain: false });
  await until('the message', () => inbox.length === 1);
  broker.send({ cmd: 'publish', messageId: 8, topic: 'a', payload: 'y', qos: 1, dup: false, retain: false });
  await until('the second message', () => inbox.length === 2);
  const pubacks = () => broker.heard.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId);
  expect(pubacks()).toEqual([]);
  inbox[1]?.acknowledge();
  await until('its PUBACK', () => pubacks().length === 1);
  expect(pubacks()).toEqual([8]);

  broker.socket?.destroy();
  await until('down', () => downs.length === 1);
  await up();
  inbox[0]?.acknowledge();
  link.publish('t', 'after');
  await until('the next message', () => broker.published().length === 1);
  expect(pubacks()).toEqual([8]);
});

test('what the broker has not acknowledged is sent again, marked as a repeat, in order, before what waits', async () => {
  await up();
  broker.acknowledging = false;
  link.publish('t', '1');
  link.publish('t', '2');
  await until('both', () => broker.published().length === 2);
  broker.socket?.destroy();
  await until('down', () => downs.length === 1);
  link.publish('t', '3');
  expect(link.pending).toBe(3);
  broker.heard.length = 0;
  broker.acknowledging = true;
  await up();
  await until('all acknowledged', () => link.pending === 0);
  expect(broker.published().map(({ payload, dup }) => [payload.toString(), dup])).toEqual([
    ['1', true],
    ['2', true],
    ['3', false],
  ]);
});

test('keeps at most 128 messages in flight, and 10,000 in the queue: the oldest go', async () => {
  broker.acknowledging = false;
  for (let index = 0; index < 10_003; index += 1) link.publish('t', String(index));
  expect(overflows).toBe(3);
  await up();
  await until('a full window', () => broker.published().length >= 128);
  expect(broker.published()).toHaveLength(128);
  expect(broker.published()[0]?.payload.toString()).toBe('3');
});

test('presence goes ahead of everything that waits, and only while connected', async () => {
  link.publishPresence('s', 'lost');
  link = makeLink({ onUp: () => link.publishPresence('s', 'online') });
  link.publish('t', 'waiting');
  link.open(0);
  await until('both', () => broker.published().length === 2);
  expect(broker.published().map(({ topic, retain }) => [topic, retain])).toEqual([
    ['s', true],
    ['t', false],
  ]);
});

test.each([
  [4, /user name or password/],
  [5, /does not admit this gateway/],
  [9, /code 9/],
])('a refused connection (code %i) is told in words', async (code, words) => {
  broker.connackCode = code;
  link.open(0);
  await until('down', () => downs.length === 1);
  expect(downs[0]).toMatch(words);
});

test('a refused subscription is told in words', async () => {
  broker.granted = 128;
  link.open(0);
  await until('down', () => downs.length === 1);
  expect(downs[0]).toMatch(/refuses the subscription to a; check this gateway's rights/);
});

test('something else than a broker is told in words', async () => {
  await up();
  broker.socket?.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  await until('down', () => downs.length === 1);
  expect(downs[0]).toMatch(/the broker sent/);
});

test('pings at half its keepalive, and gives a broker up that went quiet', async () => {
  await up();
  link.tick(4_999);
  link.tick(5_001);
  await until('a ping', () => broker.heard.some(({ cmd }) => cmd === 'pingreq'));
  expect(broker.heard.filter(({ cmd }) => cmd === 'pingreq')).toHaveLength(1);
  link.tick(14_000);
  expect(downs).toEqual([]);
  // Paused: bytes no longer arrive, though the connection stands.
  broker.socket?.pause();
  link.tick(40_000);
  expect(downs).toEqual(['the broker went quiet']);
});

test('an attempt nobody answers ends', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  port = (silent.address() as AddressInfo).port;
  link = makeLink();
  link.open(0);
  link.tick(15_000);
  expect(downs).toEqual([]);
  link.tick(15_001);
  expect(downs).toEqual(['the broker does not answer']);
  silent.close();
});

test('closing waits for the last PUBACKs, says goodbye, and calls nobody back', async () => {
  await up();
  link.publish('t', 'last');
  await link.close(1_000);
  await until('goodbye', () => broker.heard.at(-1)?.cmd === 'disconnect');
  expect(broker.published()).toHaveLength(1);
  expect(downs).toEqual([]);
});

test('addresses are read in words', () => {
  expect(parseBrokerUrl('mqtt://h')).toEqual({ host: 'h', port: 1883, tls: false });
  expect(parseBrokerUrl('mqtts://[::1]:9')).toEqual({ host: '::1', port: 9, tls: true });
  expect(() => parseBrokerUrl('broker')).toThrow(/no broker address/);
  expect(() => parseBrokerUrl('ws://h')).toThrow(/no WebSockets/);
  expect(() => parseBrokerUrl('mqtt://')).toThrow(/no broker address|names no host/);
});
