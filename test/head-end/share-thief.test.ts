import mqtt, { type MqttClient } from 'mqtt';
import { startHeadEnd, type HeadEnd } from '../../src/head-end/head-end.js';
import { simulatedGatewayPassword } from '../../src/simulation/fleet-keys.js';
import { makeDebtors, type Debtor } from '../fault/support/debtors.js';
import { describeOnMosquitto } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { canonical } from './support/keys.js';

const EVENTS = 40;

describeOnMosquitto('a gateway that listens where head-ends share their work', () => {
  let relight: TestRelight;
  let honest: Debtor;
  let headEnd: HeadEnd;
  const clients: MqttClient[] = [];
  beforeAll(async () => {
    relight = await startTestRelight({ broker: 'mosquitto', plan: { districts: 2, metersPerDistrict: 6 } });
    [honest] = (await makeDebtors(relight)) as [Debtor];
    await relight.fleet.stop();
    await relight.headEnd.stop();
    const access = { url: relight.broker.url, username: 'head-end', password: relight.brokerPassword };
    headEnd = startHeadEnd(relight.ctx, { ...access, clientId: 'sharing', sharedSubscriptions: true }, relight.key);
    await eventually('the head-end is connected', () => headEnd.connected);
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await headEnd.stop();
    await relight.stop();
  });

  const connect = async (gateway: string, clientId: string): Promise<MqttClient> => {
    const [world] = await relight.sql<{ key_seed: string }>(`SELECT key_seed FROM simulated_world`);
    const password = simulatedGatewayPassword(world!.key_seed, gateway);
    const client = await mqtt.connectAsync(relight.broker.gatewayUrl, { username: gateway, password, clientId });
    clients.push(client);
    return client;
  };

  test("takes nothing away: every event of another's meter is stored", async () => {
    const [other] = await relight.sql<{ number: string }>(
      `SELECT gateway_number AS number FROM gateway WHERE gateway_number <> $1 LIMIT 1`,
      [honest.gateway],
    );
    const thief = await connect(other!.number, 'thief');
    for (const share of ['relight', 'relight-uplink', 'head-end'])
      await thief.subscribeAsync(`$share/${share}/relight/v1/+/up/+/+`, { qos: 1 }).catch(() => undefined);
    const gateway = await connect(honest.gateway, 'honest');
    const { serial } = honest;
    for (let second = 0; second < EVENTS; second += 1) {
      const at = new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
      const event = { v: 1, kind: 'event', gateway: honest.gateway, meter: serial, event: 'COVER_OPEN', at };
      await gateway.publishAsync(`relight/v1/${honest.gateway}/up/${serial}/event`, canonical(event), { qos: 1 });
    }
    await eventually('all are stored', async () => {
      const stored = await relight.sql(`SELECT id FROM meter_event WHERE event = 'COVER_OPEN'`);
      return stored.length === EVENTS;
    });
  });
});
