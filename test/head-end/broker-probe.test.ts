import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mosquitto } from '../../bench/support/mosquitto.js';
import { startEmbeddedBroker } from '../../src/embedded/broker.js';
import { probeBroker } from '../../src/head-end/broker-probe.js';
import { PROBE_USERS } from '../../src/platform/probe-users.js';
import { makeMemoryLog } from '../embedded/embedded-support.js';
import { describeOnMosquitto } from '../support/brokers.js';
import { startOpenBroker } from './support/open-broker.js';

const HEAD_END = { user: 'head-end', password: 'head-end-password' };
const PROBE = 'probe-password';
const LOGINS = [HEAD_END, ...PROBE_USERS.map((user) => ({ user, password: PROBE }))];
const [FORGER, VICTIM] = PROBE_USERS;

const accessTo = (url: string) => ({ url, username: HEAD_END.user, password: HEAD_END.password, clientId: 'test' });

test('the embedded broker keeps gateways apart, and deals nothing out', async () => {
  const broker = await startEmbeddedBroker({
    host: '127.0.0.1',
    port: 0,
    log: makeMemoryLog().log,
    authenticate: (user, password) => {
      if (LOGINS.find((login) => login.user === user)?.password !== password) return Promise.resolve(null);
      return Promise.resolve(user === HEAD_END.user ? { kind: 'head-end' } : { kind: 'gateway', gateway: user });
    },
  });
  try {
    expect(await probeBroker(accessTo(broker.url), { password: PROBE })).toEqual({
      findings: [],
      sharedSubscriptions: false,
    });
  } finally {
    await broker.stop();
  }
});

test('an aedes without any rule is seen through', async () => {
  const broker = await startOpenBroker('aedes');
  try {
    const { findings } = await probeBroker(accessTo(broker.url), { password: PROBE, heardTimeoutMs: 700 });
    expect(findings.map(({ code }) => code)).toEqual([
      'BROKER_ADMITS_ANYBODY',
      'BROKER_ADMITS_ANY_PASSWORD',
      'BROKER_ADMITS_ANY_PASSWORD',
      'BROKER_LETS_PUBLISH',
      'BROKER_LETS_LISTEN',
    ]);
  } finally {
    await broker.stop();
  }
});

test('a broker that is away is not called a bad one', async () => {
  await expect(probeBroker(accessTo('mqtt://127.0.0.1:1'), { password: PROBE })).rejects.toThrow(
    /nothing listens at 127.0.0.1:1/,
  );
});

describeOnMosquitto('the probe', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'relight-probe-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  type Files = { conf: string; acl: string };
  async function probe(change: (files: Files) => Files, logins = LOGINS) {
    const mosquitto = await Mosquitto.start({ dir, logins, change });
    try {
      return await probeBroker(accessTo(mosquitto.url), {
        password: PROBE,
        url: mosquitto.gatewayUrl,
        heardTimeoutMs: 700,
      });
    } finally {
      await mosquitto.stop();
    }
  }
  const withAcl = (edit: (acl: string) => string) => (files: Files) => ({ ...files, acl: edit(files.acl) });
  const without = (line: string) => withAcl((acl) => acl.replace(`${line}\n`, ''));
  const also = (line: string) => withAcl((acl) => acl.replace('\nuser head-end', `\n${line}\nuser head-end`));

  test('the rules of npm run broker-config pass, and messages are dealt out', async () => {
    expect(await probe((files) => files)).toEqual({ findings: [], sharedSubscriptions: true });
  });

  type Case = [what: string, change: (files: Files) => Files, codes: string[], says: RegExp];
  const cases: Case[] = [
    [
      'no access list',
      ({ conf, acl }) => ({ conf: conf.replace(/^acl_file .*$/m, ''), acl }),
      ['BROKER_LETS_PUBLISH', 'BROKER_LETS_LISTEN'],
      new RegExp(`${FORGER}.*relight/v1/${VICTIM}/up/${VICTIM}/ack`),
    ],
    [
      'everything for everybody',
      withAcl(() => 'pattern readwrite #\n'),
      ['BROKER_LETS_PUBLISH', 'BROKER_LETS_LISTEN'],
      /as a last will/,
    ],
    [
      'a pattern that forgets whose topic it is',
      withAcl((acl) => acl.replaceAll('relight/v1/%u/up', 'relight/v1/+/up')),
      ['BROKER_LETS_PUBLISH'],
      /up\/999999999999\/frames|up\/999999999999\/ack/,
    ],
    ['presence of others', also('pattern write relight/v1/+/status'), ['BROKER_LETS_PUBLISH'], /999999999999\/status/],
    ['orders to others', also('pattern write relight/v1/+/down/+'), ['BROKER_LETS_PUBLISH'], /down\/999999999999/],
    ['the clock of others', also('pattern write relight/v1/+/clock'), ['BROKER_LETS_PUBLISH'], /999999999999\/clock/],
    [
      'orders of others overheard',
      also('pattern read relight/v1/+/down/+'),
      ['BROKER_LETS_LISTEN'],
      /down\/999999999999/,
    ],
    [
      'reports of others overheard',
      also('pattern read relight/v1/+/up/+/+'),
      ['BROKER_LETS_LISTEN'],
      /up\/999999999999\/event/,
    ],
    [
      'a gateway without its own topics',
      without('pattern write relight/v1/%u/status'),
      ['BROKER_DEAF'],
      /does not arrive/,
    ],
    [
      'a gateway that hears no orders',
      without('pattern read relight/v1/%u/down/+'),
      ['BROKER_DEAF', 'BROKER_DEAF'],
      /does not/,
    ],
    [
      'anybody without a name',
      ({ conf, acl }) => ({ conf: conf.replace('allow_anonymous false', 'allow_anonymous true'), acl }),
      ['BROKER_ADMITS_ANYBODY'],
      /allow_anonymous/,
    ],
  ];
  test.each(cases)('%s is found', async (_what, change, codes, says) => {
    const { findings } = await probe(change);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    expect(findings.map(({ text }) => text).join('\n')).toMatch(says);
  });

  test('without its two users nothing can be tried, and that is said', async () => {
    const { findings } = await probe((files) => files, [HEAD_END]);
    expect(findings).toEqual([
      { code: 'BROKER_PROBE_LOGIN', text: expect.stringMatching(/npm run broker-config/) as string },
    ]);
  });

  test('a head-end that is not admitted is told so', async () => {
    const wrong = { ...HEAD_END, password: 'another password' };
    await expect(probe((files) => files, [wrong, ...LOGINS.slice(1)])).rejects.toThrow(
      /MQTT_USERNAME and MQTT_PASSWORD/,
    );
  });
});
