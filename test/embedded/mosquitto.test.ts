import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { hkdfSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt';
import { rulesFor } from '../../src/embedded/broker-acl.js';
import { findFreePort } from '../../src/embedded/ports.js';
import { makeTempDir, projectRoot } from './embedded-support.js';

const deployed = join(projectRoot, 'deploy', 'mosquitto');
const A = '000000000001';
const B = '000000000002';
const METER = '110000000007';

describe('the access list', () => {
  const lines = readFileSync(join(deployed, 'acl'), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));

  /** Our rules in mosquitto's words, which know no digits and no kinds below a subscription. */
  function linesFor(word: string, rules: ReturnType<typeof rulesFor>, user: string): string[] {
    const text = (levels: readonly string[]) => levels.map((level) => (level === '{device}' ? '+' : level)).join('/');
    const kinds = ['ack', 'state', 'reading', 'event'];
    const write = rules.publish.flatMap(({ levels }) =>
      levels.includes('{kind}') ? kinds.map((kind) => text(levels).replace('{kind}', kind)) : [text(levels)],
    );
    const read = rules.subscribe.map((levels) => text(levels).replace('{kind}', '+'));
    return [
      ...write.map((topic) => `${word} write ${topic.replace(A, user)}`),
      ...read.map((topic) => `${word} read ${topic.replace(A, user)}`),
    ];
  }

  test('says what the embedded broker says', () => {
    expect(lines).toEqual([
      ...linesFor('pattern', rulesFor({ kind: 'gateway', gateway: A }), '%u'),
      'user head-end',
      ...linesFor('topic', rulesFor({ kind: 'head-end' }), ''),
    ]);
  });
});

const isInstalled = spawnSync('mosquitto', ['-h']).error === undefined;

// The configuration is proven where mosquitto is installed (Debian: apt-get install mosquitto); nothing else needs it.
(isInstalled ? describe : describe.skip)('the configuration in mosquitto itself', () => {
  const temp = makeTempDir();
  let mosquitto: ChildProcess;
  let ports: { gateways: number; headEnd: number };
  const clients: MqttClient[] = [];

  beforeAll(async () => {
    // Started by root, mosquitto steps down to its own user: that one has to reach everything here.
    chmodSync(temp.path, 0o777);
    mkdirSync(join(temp.path, 'data'));
    chmodSync(join(temp.path, 'data'), 0o777);
    const fleet = { keySeed: 'a seed for tests', gateways: [{ gateway: A }, { gateway: B }] };
    writeFileSync(join(temp.path, 'fleet.json'), JSON.stringify(fleet));
    const passwords = join(temp.path, 'passwords');
    execFileSync(
      process.execPath,
      [join(deployed, 'make-passwords.js'), '--out', passwords, '--fleet', join(temp.path, 'fleet.json')],
      { env: { MQTT_PASSWORD: 'head-end-password' } },
    );
    chmodSync(passwords, 0o644);
    ports = { gateways: await findFreePort('127.0.0.1'), headEnd: await findFreePort('127.0.0.1') };
    await start();
  });
  afterAll(async () => {
    clients.forEach((client) => client.end(true));
    await stop('SIGTERM');
    temp.remove();
  });

  async function start(): Promise<void> {
    const config = readFileSync(join(deployed, 'mosquitto.conf'), 'utf8')
      .replace('listener 1883', `listener ${ports.gateways} 127.0.0.1`)
      .replace('listener 1884', `listener ${ports.headEnd} 127.0.0.1`)
      .replace('/mosquitto/passwords/passwords', join(temp.path, 'passwords'))
      .replace('/mosquitto/config/acl', join(deployed, 'acl'))
      .replace('/mosquitto/data/', `${join(temp.path, 'data')}/`);
    writeFileSync(join(temp.path, 'mosquitto.conf'), config);
    const log = openSync(join(temp.path, 'log'), 'a');
    mosquitto = spawn('mosquitto', ['-c', join(temp.path, 'mosquitto.conf')], { stdio: ['ignore', log, log] });
    while (!(await answers(ports.headEnd))) {
      if (mosquitto.exitCode !== null) throw new Error(readFileSync(join(temp.path, 'log'), 'utf8'));
    }
  }

  async function answers(port: number): Promise<boolean> {
    const socket = connectTcp(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isThere;
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    const gone = once(mosquitto, 'exit');
    mosquitto.kill(signal);
    await gone;
  }

  const gatewayPassword = (gateway: string) =>
    Buffer.from(
      hkdfSync('sha256', 'a seed for tests', 'relight-simulated-fleet-v1', `gateway-password:${gateway}`, 24),
    ).toString('base64url');

  async function connect(username: string, options: IClientOptions = {}): Promise<MqttClient & { inbox: string[] }> {
    const isHeadEnd = username === 'head-end';
    const client = connectMqtt({
      host: '127.0.0.1',
      port: isHeadEnd ? ports.headEnd : ports.gateways,
      username,
      password: isHeadEnd ? 'head-end-password' : gatewayPassword(username),
      reconnectPeriod: 0,
      ...options,
    });
    const inbox: string[] = [];
    client.on('message', (topic, payload) => inbox.push(`${topic} ${payload.toString()}`));
    clients.push(client);
    await new Promise<unknown>((resolve, reject) => client.once('connect', resolve).once('error', reject));
    client.on('error', () => undefined);
    return Object.assign(client, { inbox });
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  test("a gateway reads and writes only its own topics, and shares no session with a neighbour's identifier", async () => {
    const headEnd = await connect('head-end');
    const gatewayA = await connect(A, { clientId: 'same' });
    const gatewayB = await connect(B, { clientId: 'same' });
    await headEnd.subscribeAsync(['relight/v1/+/up/+/+', 'relight/v1/+/status'], { qos: 1 });
    await gatewayA.subscribeAsync([`relight/v1/${A}/down/#`], { qos: 1 });
    await gatewayB.subscribeAsync(['#', `relight/v1/${A}/down/#`, `relight/v1/${B}/down/#`], { qos: 1 });

    await headEnd.publishAsync(`relight/v1/${A}/down/${METER}`, 'for A', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${A}/up/${METER}/ack`, 'forged', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${A}/status`, 'forged', { qos: 1, retain: true });
    await gatewayB.publishAsync(`relight/v1/${A}/down/${METER}`, 'forged', { qos: 1 });
    await gatewayB.publishAsync(`relight/v1/${B}/up/${METER}/ack`, 'mine', { qos: 1 });
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'for B', { qos: 1 });
    await until(() => headEnd.inbox.length > 0 && gatewayA.inbox.length > 0 && gatewayB.inbox.length > 0);
    expect(headEnd.inbox).toEqual([`relight/v1/${B}/up/${METER}/ack mine`]);
    expect(gatewayA.inbox).toEqual([`relight/v1/${A}/down/${METER} for A`]);
    expect(gatewayB.inbox).toEqual([`relight/v1/${B}/down/${METER} for B`]);
    expect([gatewayA.connected, gatewayB.connected]).toEqual([true, true]);
  });

  test.each([
    { who: 'a wrong password', username: A, options: { password: 'wrong' } },
    { who: 'an unknown user', username: '000000000009', options: {} },
    { who: 'nobody in particular', username: A, options: { username: undefined, password: undefined } },
  ])('$who is not let in', async ({ username, options }) => {
    await expect(connect(username, options)).rejects.toMatchObject({ code: 5 });
  });

  test('an oversized packet ends the connection', async () => {
    const gateway = await connect(A);
    const closed = new Promise<void>((resolve) => gateway.once('close', () => resolve()));
    gateway.publish(`relight/v1/${A}/up/${METER}/event`, Buffer.alloc(70_000), { qos: 1 });
    await closed;
  });

  test('what was acknowledged for an offline gateway survives kill -9 of the broker', async () => {
    const session = { clean: false, clientId: 'any' };
    const before = await connect(B, session);
    await before.subscribeAsync(`relight/v1/${B}/down/#`, { qos: 1 });
    await before.endAsync();
    const headEnd = await connect('head-end');
    await headEnd.publishAsync(`relight/v1/${B}/down/${METER}`, 'restore', { qos: 1 });
    // With mosquitto's defaults this would take half an hour.
    const saved = join(temp.path, 'data', 'mosquitto.db');
    await until(() => existsSync(saved) && readFileSync(saved).includes('restore'));
    await stop('SIGKILL');
    await start();
    const after = await connect(B, session);
    await until(() => after.inbox.length > 0);
    expect(after.inbox).toEqual([`relight/v1/${B}/down/${METER} restore`]);
  });
});
