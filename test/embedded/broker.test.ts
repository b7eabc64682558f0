import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';
import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt';
import { startEmbeddedBroker, type EmbeddedBroker, type Principal } from '../../src/embedded/broker.js';
import { PortTakenError } from '../../src/embedded/ports.js';
import { makeMemoryLog, waitFor } from './embedded-support.js';

const A = '000000000001';
const B = '000000000002';
const METER = '110000000007';
const GUESSED_AT = '000000000003';
const PASSWORDS: Record<string, string> = { 'head-end': 'h', [A]: 'a', [B]: 'b' };

const authenticate = (username: string, password: string): Promise<Principal | null> => {
  if (username === 'broken') return Promise.reject(new Error('the database is away'));
  if (PASSWORDS[username] !== password) return Promise.resolve(null);
  return Promise.resolve(username === 'head-end' ? { kind: 'head-end' } : { kind: 'gateway', gateway: username });
};

const { log, records } = makeMemoryLog();
let broker: EmbeddedBroker;
let clients: MqttClient[] = [];

beforeAll(async () => {
  broker = await startEmbeddedBroker({ port: 0, host: '127.0.0.1', authenticate, log });
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  clients = [];
  records.length = 0;
});
afterAll(() => broker.stop());

/** A client with everything it has been handed, as `topic payload`. */
type Peer = MqttClient & { inbox: string[] };

async function connect(username: string, options: IClientOptions = {}): Promise<Peer> {
  const client = connectMqtt(broker.url, {
    username,
    password: PASSWORDS[username] ?? 'wrong',
    reconnectPeriod: 0,
    ...options,
  });
  const inbox: string[] = [];
  client.on('message', (topic, payload, { retain }) =>
    inbox.push(`${topic} ${payload.toString()}${retain ? ' retained' : ''}`),
  );
  clients.push(client);
  await new Promise<unknown>((resolve, reject) => client.once('connect', resolve).once('error', reject));
  client.on('error', () => undefined); // A connection the broker ends on purpose is looked at through 'close'.
  return Object.assign(client, { inbox });
}

const closingOf = (peer: MqttClient): Promise<void> => new Promise((resolve) => peer.once('close', () => resolve()));

/** SUBACK codes: the granted QoS, or 128 for a refusal. */
async function subscribe(client: MqttClient, ...filters: string[]): Promise<number[]> {
  return new Promise((resolve, reject) =>
    client.subscribe(filters, { qos: 1 }, (error, granted, packet) =>
      packet ? resolve(packet.granted as number[]) : reject(error ?? new Error(`no SUBACK, ${granted?.length}`)),
    ),
  );
}

describe('who may do what', () => {
  test('commands go down and answers come up', async () => {
    const headEnd = await connect('head-end');
    const gateway = await connect(A);
    const [up, down] = [headEnd.inbox, gateway.inbox];
    expect(await subscribe(headEnd, 'relight/v1/+/up/+/+', 'relight/v1/+/status')).toEqual([1, 1]);
    expect(await subscribe(gateway, `relight/v1/${A}/down/#`, `relight/v1/${A}/clock`)).toEqual([1, 1]);

    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'cut', { qos: 1 });
    await gateway.publishAsync(`relight/v1/${A}/up/${METER}/ack`, 'done', { qos: 1 });
    await waitFor('both have their message', () => up.length === 1 && down.length === 1);
    expect([up, down]).toEqual([[`relight/v1/${A}/up/${METER}/ack done`], [`relight/v1/${A}/down/${METER} cut`]]);
    expect(broker.connectedClients()).toBe(2);
  });

  test("a gateway reads nothing and writes nothing on its neighbour's topics, and stays connected", async () => {
    const headEnd = await connect('head-end');
    const gatewayA = await connect(A);
    const gatewayB = await connect(B);
    const [up, downB] = [headEnd.inbox, gatewayB.inbox];
    await subscribe(headEnd, 'relight/v1/+/up/+/+', 'relight/v1/+/status');
    expect(await subscribe(gatewayB, `relight/v1/${A}/down/#`, '#', `relight/v1/${B}/down/#`)).toEqual([128, 128, 1]);

    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'for A', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${A}/up/${METER}/ack`, 'forged', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${A}/down/${METER}`, 'forged', { qos: 1 });
    // One connection's messages are handled in order, so what follows the denied ones proves they were dropped.
    await gatewayB.publishAsync(`relight/v1/${B}/up/${METER}/event`, 'mine', { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'for B', { qos: 1 });
    await waitFor('the lawful messages arrive', () => up.length > 0 && downB.length > 0);
    expect([up, downB]).toEqual([[`relight/v1/${B}/up/${METER}/event mine`], [`relight/v1/${B}/down/${METER} for B`]]);
    expect([gatewayA.connected, gatewayB.connected]).toEqual([true, true]);
    // Once per connection and interval, without the payload.
    expect(records).toEqual([
      {
        level: 'warn',
        message: 'broker: denied',
        details: {
          clientId: `${B}/${gatewayB.options.clientId}`,
          act: 'subscribe',
          topic: `relight/v1/${A}/down/#`,
          reason: 'this user may not subscribe to this filter',
        },
      },
    ]);
  });

  test('a retained command is dropped; presence and clock are kept for later subscribers', async () => {
    const headEnd = await connect('head-end');
    const gateway = await connect(A);
    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'cut', { qos: 1, retain: true });
    await headEnd.publishAsync(`relight/v1/${A}/clock`, 'noon', { qos: 1, retain: true });
    await gateway.publishAsync(`relight/v1/${A}/up/${METER}/state`, 'open', { qos: 1, retain: true });
    await gateway.publishAsync(`relight/v1/${A}/status`, 'online', { qos: 1, retain: true });

    const [up, down] = [headEnd.inbox, gateway.inbox];
    await subscribe(gateway, `relight/v1/${A}/down/#`, `relight/v1/${A}/clock`);
    await subscribe(headEnd, 'relight/v1/+/up/+/+', 'relight/v1/+/status');
    await waitFor('the retained messages arrive', () => up.length > 0 && down.length > 0);
    expect(down).toEqual([`relight/v1/${A}/clock noon retained`]);
    expect(up).toEqual([`relight/v1/${A}/status online retained`]);
    expect(records.map(({ details }) => details.reason)).toContain('messages on this topic are never retained');
  });

  test('a last will passes the same rules', async () => {
    const headEnd = await connect('head-end');
    await subscribe(headEnd, 'relight/v1/+/status');
    const will = (topic: string) => ({ will: { topic, payload: Buffer.from('gone'), qos: 1 as const, retain: true } });
    const forger = await connect(B, will(`relight/v1/${A}/status`));
    const honest = await connect(A, will(`relight/v1/${A}/status`));
    forger.stream.destroy();
    await waitFor('the forged will is refused', () => records.some(({ details }) => details.act === 'publish'));
    honest.stream.destroy();
    const wills = () => headEnd.inbox.filter((message) => message.includes('gone'));
    await waitFor('the honest will arrives', () => wills().length > 0);
    expect(wills()).toEqual([`relight/v1/${A}/status gone`]);
  });
});

describe('sessions', () => {
  test('an offline gateway gets its commands when it returns', async () => {
    const session = { clean: false, clientId: 'concentrator' };
    const before = await connect(A, session);
    await subscribe(before, `relight/v1/${A}/down/#`);
    await before.endAsync();
    const headEnd = await connect('head-end');
    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'restore', { qos: 1 });

    const { inbox } = await connect(A, session);
    await waitFor('the kept command arrives', () => inbox.length > 0);
    expect(inbox).toEqual([`relight/v1/${A}/down/${METER} restore`]);
  });

  test("a client identifier of one's neighbour gives nothing away and disturbs nobody", async () => {
    const session = { clean: false, clientId: A };
    const victim = await connect(A, session);
    await subscribe(victim, `relight/v1/${A}/down/#`);
    const thief = await connect(B, session);
    const headEnd = await connect('head-end');
    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'for A', { qos: 1 });
    await waitFor('the owner gets it', () => victim.inbox.length > 0);
    expect([victim.connected, thief.connected, thief.inbox]).toEqual([true, true, []]);
  });

  test('a denied filter beside an allowed one is not remembered for the next connect', async () => {
    const session = { clean: false, clientId: 'patient' };
    const before = await connect(B, session);
    expect(await subscribe(before, `relight/v1/${B}/down/#`, `relight/v1/${A}/down/#`)).toEqual([1, 128]);
    await before.endAsync();
    const headEnd = await connect('head-end');
    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'for A', { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'for B', { qos: 1 });

    const { inbox: received } = await connect(B, session);
    await waitFor('the kept message arrives', () => received.length > 0);
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'last', { qos: 1 });
    await waitFor('the last message arrives', () => received.some((message) => message.endsWith('last')));
    expect(received).toEqual([`relight/v1/${B}/down/${METER} for B`, `relight/v1/${B}/down/${METER} last`]);
  });
});

describe('bounds', () => {
  test.each([65_536, 65_537, 300_000])('a payload of %i bytes', async (bytes) => {
    const headEnd = await connect('head-end');
    const up: number[] = [];
    headEnd.on('message', (_, payload) => up.push(payload.length));
    await subscribe(headEnd, 'relight/v1/+/up/+/+');
    const gateway = await connect(A);
    const closed = closingOf(gateway);
    const sent = gateway.publishAsync(`relight/v1/${A}/up/${METER}/event`, Buffer.alloc(bytes), { qos: 1 });
    if (bytes === 65_536) {
      await sent;
      await waitFor('it arrives', () => up.length > 0);
    } else {
      sent.catch(() => undefined);
      await closed;
      expect(records.map(({ details }) => details.reason)).toContainEqual(
        expect.stringMatching(/too long.*65536 bytes/),
      );
    }
    expect(up).toEqual(bytes === 65_536 ? [bytes] : []);
  });

  test('a packet that only announces itself as huge ends the connection at once', async () => {
    const socket = await rawLogin(A);
    const closed = once(socket, 'close');
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
  });

  test('a subscriber that takes nothing is let go, and the others wait no longer than that', async () => {
    const stuck = await rawLogin(A);
    stuck.pause();
    stuck.write(
      generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `relight/v1/${A}/down/#`, qos: 1 }] }),
    );
    const gateway = await connect(B);
    await subscribe(gateway, `relight/v1/${B}/down/#`);
    const headEnd = await connect('head-end');
    const large = Buffer.alloc(60_000);
    // More than the sockets between us can hold, so that the broker has to wait for the stuck one.
    for (let n = 0; n < 200; n += 1) headEnd.publish(`relight/v1/${A}/down/${METER}`, large, { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'restore', { qos: 1 });
    await waitFor('the other gateway has its command', () => gateway.inbox.length > 0, 20_000);
    expect(records.map(({ details }) => details.reason)).toContain('drain timeout');
    stuck.destroy();
  });

  test('a wrong password is refused with code 5, and guessing on is cut short with code 3', async () => {
    const codeOf = async (username: string): Promise<number> =>
      connect(username, { password: 'guess' }).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
    const codes: number[] = [];
    for (let n = 0; n < 21; n += 1) codes.push(await codeOf(GUESSED_AT));
    expect(codes).toEqual([...Array<number>(20).fill(5), 3]);
    expect(await codeOf('nobody')).toBe(5);
    expect((await connect(A)).connected).toBe(true);
  });

  test('when logins cannot be checked, nobody gets in', async () => {
    await expect(connect('broken')).rejects.toMatchObject({ code: 3 });
  });
});

test('stop ends open connections, half-open ones too, and frees the port', async () => {
  const own = await startEmbeddedBroker({ port: 0, host: '127.0.0.1', authenticate, log });
  await expect(startEmbeddedBroker({ port: own.port, host: '127.0.0.1', authenticate, log })).rejects.toThrow(
    PortTakenError,
  );
  const client = connectMqtt(own.url, { username: A, password: 'a', reconnectPeriod: 0 });
  await new Promise((resolve) => client.once('connect', resolve));
  const silent = connectTcp(own.port, '127.0.0.1');
  await once(silent, 'connect');
  const ended = Promise.all([closingOf(client), once(silent, 'close')]);
  await Promise.all([own.stop(), own.stop()]);
  await ended;
  expect(own.connectedClients()).toBe(0);
  const next = await startEmbeddedBroker({ port: own.port, host: '127.0.0.1', authenticate, log });
  await next.stop();
});

/** A bare connection that has logged in: for bytes no client library would send. */
async function rawLogin(username: string): Promise<Socket> {
  const socket = connectTcp(broker.port, '127.0.0.1');
  socket.write(
    generate({
      cmd: 'connect',
      clientId: `raw-${username}`,
      username,
      password: Buffer.from(PASSWORDS[username] as string),
    }),
  );
  await once(socket, 'data');
  return socket;
}
