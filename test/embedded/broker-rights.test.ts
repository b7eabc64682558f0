import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt';
import { Mosquitto } from '../../bench/support/mosquitto.js';
import { startEmbeddedBroker } from '../../src/embedded/broker.js';
import { describeOnBrokers, describeOnMosquitto, type BrokerKind } from '../support/brokers.js';
import { makeMemoryLog, waitFor } from './embedded-support.js';

const A = '000000000001';
const B = '000000000002';
const METER = '110000000007';
const PASSWORDS: Record<string, string> = {
  'head-end': 'head-end-password',
  [A]: 'password-of-a',
  [B]: 'password-of-b',
};

interface Broker {
  readonly url: string;
  readonly gatewayUrl: string;
  stop(): Promise<unknown>;
}

async function start(kind: BrokerKind, dir: string): Promise<Broker> {
  if (kind === 'mosquitto')
    return Mosquitto.start({ dir, logins: Object.entries(PASSWORDS).map(([user, password]) => ({ user, password })) });
  const broker = await startEmbeddedBroker({
    port: 0,
    host: '127.0.0.1',
    log: makeMemoryLog().log,
    authenticate: (user, password) => {
      if (PASSWORDS[user] !== password) return Promise.resolve(null);
      return Promise.resolve(user === 'head-end' ? { kind: 'head-end' } : { kind: 'gateway', gateway: user });
    },
  });
  return { ...broker, gatewayUrl: broker.url };
}

type Peer = MqttClient & { inbox: string[] };

/** Connections of one test, ended after it. */
class Peers {
  private readonly clients: MqttClient[] = [];

  constructor(private readonly broker: () => Broker) {}

  async connect(username: string, options: IClientOptions = {}): Promise<Peer> {
    const { url, gatewayUrl } = this.broker();
    const client = connectMqtt(username === 'head-end' ? url : gatewayUrl, {
      username,
      password: PASSWORDS[username] ?? 'a wrong password',
      reconnectPeriod: 0,
      ...options,
    });
    const inbox: string[] = [];
    client.on('message', (topic, payload) => inbox.push(`${topic} ${payload.toString()}`));
    this.clients.push(client);
    await new Promise<unknown>((resolve, reject) => client.once('connect', resolve).once('error', reject));
    client.on('error', () => undefined);
    return Object.assign(client, { inbox });
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.endAsync(true)));
  }
}

describeOnBrokers('what a broker lets through', (kind) => {
  let broker: Broker;
  const peers = new Peers(() => broker);
  const dir = mkdtempSync(join(tmpdir(), 'relight-rights-'));
  beforeAll(async () => {
    broker = await start(kind, dir);
  });
  afterEach(() => peers.end());
  afterAll(async () => {
    await broker.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('a gateway says on its own topics what the contract lets it say, and nothing else anywhere', async () => {
    const headEnd = await peers.connect('head-end');
    await headEnd.subscribeAsync(['relight/v1/+/up/+/+', 'relight/v1/+/status'], { qos: 1 });
    const gateway = await peers.connect(A);
    const neighbour = await peers.connect(B);
    await neighbour.subscribeAsync([`relight/v1/${B}/down/+`, `relight/v1/${B}/clock`], { qos: 1 });
    const allowed = [
      ...['ack', 'state', 'reading', 'event'].map((what) => `relight/v1/${A}/up/${METER}/${what}`),
      `relight/v1/${A}/up/${A}/frames`,
      `relight/v1/${A}/status`,
    ];
    const denied = [
      ...allowed.map((topic) => topic.replace(`v1/${A}`, `v1/${B}`)),
      `relight/v1/${A}/up/${METER}/frames`,
      `relight/v1/${A}/up/${METER}/other`,
      `relight/v1/${A}/up/${METER}/ack/more`,
      `relight/v1/${A}/down/${METER}`,
      `relight/v1/${B}/down/${METER}`,
      `relight/v1/${B}/down/${B}`,
      `relight/v1/${B}/clock`,
    ];
    for (const topic of [...denied, ...allowed]) await gateway.publishAsync(topic, 'x', { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${B}`, 'last', { qos: 1 });
    await waitFor(
      'the lawful messages arrive',
      () => headEnd.inbox.length >= allowed.length && neighbour.inbox.length > 0,
    );
    expect(headEnd.inbox.sort()).toEqual(allowed.map((topic) => `${topic} x`).sort());
    expect(neighbour.inbox).toEqual([`relight/v1/${B}/down/${B} last`]);
    expect([gateway.connected, neighbour.connected]).toEqual([true, true]);
  });

  test('the head-end orders and tells the time, and speaks for no meter', async () => {
    const headEnd = await peers.connect('head-end');
    await headEnd.subscribeAsync(['relight/v1/+/up/+/+', 'relight/v1/+/status'], { qos: 1 });
    const gateway = await peers.connect(A);
    await gateway.subscribeAsync([`relight/v1/${A}/down/+`, `relight/v1/${A}/clock`], { qos: 1 });
    for (const topic of [`up/${METER}/ack`, 'status', `down/${METER}`, `down/${A}`, 'clock'])
      await headEnd.publishAsync(`relight/v1/${A}/${topic}`, 'x', { qos: 1 });
    await waitFor('what may be said arrives', () => gateway.inbox.length >= 3);
    expect(gateway.inbox).toEqual([`down/${METER}`, `down/${A}`, 'clock'].map((topic) => `relight/v1/${A}/${topic} x`));
    expect(headEnd.inbox).toEqual([]);
  });

  test("a gateway hears its own orders alone, and shares no session with a neighbour's identifier", async () => {
    const headEnd = await peers.connect('head-end');
    const gatewayA = await peers.connect(A, { clientId: 'same' });
    const gatewayB = await peers.connect(B, { clientId: 'same' });
    await gatewayA.subscribeAsync([`relight/v1/${A}/down/#`], { qos: 1 });
    // Embedded, a refused filter is answered with failure; mosquitto grants it and delivers nothing.
    for (const filter of ['#', `relight/v1/${A}/down/#`, 'relight/v1/+/down/+', `relight/v1/${B}/down/#`])
      await gatewayB.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'for A', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${B}/up/${METER}/ack`, 'mine', { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'for B', { qos: 1 });
    await waitFor('both have theirs', () => gatewayA.inbox.length > 0 && gatewayB.inbox.length > 0);
    expect(gatewayA.inbox).toEqual([`relight/v1/${A}/down/${METER} for A`]);
    expect([...new Set(gatewayB.inbox)]).toEqual([`relight/v1/${B}/down/${METER} for B`]);
    expect([gatewayA.connected, gatewayB.connected]).toEqual([true, true]);
  });

  test.each([
    { who: 'a wrong password', username: A, options: { password: 'wrong' } },
    { who: 'an unknown user', username: '000000000009', options: {} },
    { who: 'nobody in particular', username: A, options: { username: undefined, password: undefined } },
  ])('$who is not let in', async ({ username, options }) => {
    await expect(peers.connect(username, options)).rejects.toMatchObject({ code: 5 });
  });

  test('an oversized packet ends the connection', async () => {
    const gateway = await peers.connect(A);
    const closed = new Promise<void>((resolve) => gateway.once('close', () => resolve()));
    gateway.publish(`relight/v1/${A}/up/${METER}/event`, Buffer.alloc(70_000), { qos: 1 });
    await closed;
  });
});

describeOnMosquitto('the configuration of npm run broker-config', () => {
  test('what was acknowledged for an offline gateway survives kill -9 of the broker', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'relight-kill-'));
    const mosquitto = (await start('mosquitto', dir)) as Mosquitto;
    const peers = new Peers(() => mosquitto);
    try {
      const session = { clean: false, clientId: 'any' };
      const before = await peers.connect(B, session);
      await before.subscribeAsync(`relight/v1/${B}/down/#`, { qos: 1 });
      await before.endAsync();
      const headEnd = await peers.connect('head-end');
      await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'restore', { qos: 1 });
      // With mosquitto's defaults this would take half an hour.
      const saved = join(dir, 'data', 'mosquitto.db');
      await waitFor('it is on disk', () => existsSync(saved) && readFileSync(saved).includes('restore'));
      await mosquitto.stop('SIGKILL');
      await mosquitto.startAgain();
      const after = await peers.connect(B, session);
      await waitFor('it arrives', () => after.inbox.length > 0);
      expect(after.inbox).toEqual([`relight/v1/${B}/down/${METER} restore`]);
    } finally {
      await peers.end();
      await mosquitto.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
