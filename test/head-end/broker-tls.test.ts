import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mosquitto } from '../../bench/support/mosquitto.js';
import type { BrokerAccess, BrokerTls } from '../../src/head-end/broker-access.js';
import { probeBroker } from '../../src/head-end/broker-probe.js';
import { UplinkConnection } from '../../src/head-end/uplink-connection.js';
import { PROBE_USERS } from '../../src/platform/probe-users.js';
import { parseBrokerUrl } from '../../simulator/wire/broker-url.js';
import { MqttLink } from '../../simulator/wire/mqtt-link.js';
import { makeMemoryLog, waitFor } from '../embedded/embedded-support.js';
import { describeOnMosquitto } from '../support/brokers.js';
import { Authority, type Certificate } from './support/certificates.js';

const LOGINS = ['head-end', ...PROBE_USERS].map((user) => ({ user, password: 'a-password-of-tests' }));

describeOnMosquitto('TLS to the broker', () => {
  let dir: string;
  let ours: Authority;
  let other: Authority;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'relight-tls-'));
    chmodSync(dir, 0o755);
    ours = Authority.make(dir, 'ours');
    other = Authority.make(dir, 'other');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function withBroker(
    certificate: Certificate,
    use: (broker: Mosquitto) => Promise<void>,
    clientCertificates = false,
  ): Promise<void> {
    const { certFile, keyFile } = certificate;
    const tls = { ca: ours.own.certFile, certificate: certFile, key: keyFile, clientCertificates };
    const broker = await Mosquitto.start({ dir: join(dir, 'broker'), logins: LOGINS, tls });
    try {
      await use(broker);
    } finally {
      await broker.stop();
      rmSync(join(dir, 'broker'), { recursive: true, force: true });
    }
  }
  const accessTo = ({ url }: Mosquitto, tls?: BrokerTls): BrokerAccess => ({
    url,
    username: 'head-end',
    password: 'a-password-of-tests',
    clientId: 'test',
    tls,
  });
  const probe = (broker: Mosquitto, tls?: BrokerTls) =>
    probeBroker(accessTo(broker, tls), { password: 'a-password-of-tests', url: broker.gatewayUrl });

  /** What the uplink says while it cannot connect. */
  async function uplinkTrouble(access: BrokerAccess): Promise<string> {
    const { log, records } = makeMemoryLog();
    const uplink = new UplinkConnection(
      { ...access, subscriptions: ['relight/v1/+/status'] },
      () => undefined,
      log as never,
    );
    uplink.start();
    try {
      await waitFor('it complains', () => records.length > 0);
      expect(uplink.connected).toBe(false);
      return records[0]!.message;
    } finally {
      await uplink.stop();
    }
  }

  /** What a simulated gateway says. */
  async function simulatorTrouble(url: string, ca: string | undefined): Promise<string> {
    const reasons: string[] = [];
    const link = new MqttLink({
      broker: { ...parseBrokerUrl(url), ca },
      clientId: PROBE_USERS[0],
      username: PROBE_USERS[0],
      password: 'a-password-of-tests',
      keepaliveSeconds: 20,
      will: { topic: `relight/v1/${PROBE_USERS[0]}/status`, payload: '{}' },
      subscriptions: [`relight/v1/${PROBE_USERS[0]}/down/+`],
      onMessage: () => undefined,
      onUp: () => reasons.push('up'),
      onDown: (reason) => reasons.push(reason),
      onOverflow: () => undefined,
    });
    link.open(performance.now());
    await waitFor('it has tried', () => reasons.length > 0);
    await link.close(500);
    return reasons[0]!;
  }

  test('with the right authority everything goes over TLS: probe, uplink, simulated gateways', async () => {
    await withBroker(ours.issue('good', 'IP:127.0.0.1'), async (broker) => {
      const ca = ours.own.cert;
      expect(broker.url).toMatch(/^mqtts:/);
      expect(await probe(broker, { ca })).toEqual({ findings: [], sharedSubscriptions: true });
      const uplink = new UplinkConnection(
        { ...accessTo(broker, { ca }), subscriptions: ['relight/v1/+/status'] },
        () => undefined,
        makeMemoryLog().log as never,
      );
      uplink.start();
      await waitFor('the uplink is connected', () => uplink.connected);
      await uplink.stop();
      expect(await simulatorTrouble(broker.gatewayUrl, ca)).toBe('up');
    });
  });

  type Case = [what: string, certificate: () => Certificate, ca: () => string | undefined, says: RegExp];
  const cases: Case[] = [
    [
      'an authority nobody named',
      () => ours.issue('unnamed', 'IP:127.0.0.1'),
      () => undefined,
      /authority that is not trusted.*MQTT_CA_FILE/,
    ],
    [
      'another authority',
      () => ours.issue('wrong-ca', 'IP:127.0.0.1'),
      () => other.own.cert,
      /authority that is not trusted.*MQTT_CA_FILE/,
    ],
    [
      'another name',
      () => ours.issue('wrong-name', 'DNS:broker.test'),
      () => ours.own.cert,
      /certificate for another name/,
    ],
    [
      'a certificate that has expired',
      () => ours.issue('expired', 'IP:127.0.0.1', -5),
      () => ours.own.cert,
      /has expired/,
    ],
  ];
  test.each(cases)('%s: nothing is sent, and it is said in words', async (_what, certificate, ca, says) => {
    await withBroker(certificate(), async (broker) => {
      const tls = ca() === undefined ? undefined : { ca: ca() };
      await expect(probe(broker, tls)).rejects.toThrow(says);
      expect(await uplinkTrouble(accessTo(broker, tls))).toMatch(says);
      expect(await simulatorTrouble(broker.gatewayUrl, ca())).toMatch(/not trusted|altnames|expired/);
    });
  });

  test('where the broker asks for a certificate of ours, it is shown', async () => {
    await withBroker(
      ours.issue('mutual', 'IP:127.0.0.1'),
      async (broker) => {
        const { cert, key } = ours.issue('head-end', 'DNS:head-end.test');
        const ca = ours.own.cert;
        expect((await probe(broker, { ca, cert, key })).findings).toEqual([]);
        expect(await uplinkTrouble(accessTo(broker, { ca }))).toMatch(
          /wants a certificate of ours.*MQTT_CLIENT_CERT_FILE/,
        );
        const strange = other.issue('stranger', 'DNS:head-end.test');
        expect(await uplinkTrouble(accessTo(broker, { ca, cert: strange.cert, key: strange.key }))).toMatch(
          /certificate of ours/,
        );
      },
      true,
    );
  });

  test('an address in the clear at a listener with TLS ends in words too', async () => {
    await withBroker(ours.issue('clear', 'IP:127.0.0.1'), async (broker) => {
      const clear = { ...accessTo(broker), url: broker.url.replace('mqtts:', 'mqtt:') };
      await expect(probeBroker(clear, { password: 'a-password-of-tests' })).rejects.toThrow(/broker/);
    });
  });
});
