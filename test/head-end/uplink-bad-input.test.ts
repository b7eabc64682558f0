import mqtt, { type MqttClient } from 'mqtt';
import { startHeadEnd } from '../../src/head-end/head-end.js';
import { simulatedGatewayPassword } from '../../src/simulation/fleet-keys.js';
import { meterKey } from '../../simulator/wire/keys.js';
import { cutAll, makeDebtors, orderCut, payInFull, type Debtor } from '../fault/support/debtors.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { ackBody, canonical, headerOf, sealed, sealParts, stateBody, toBytes } from './support/keys.js';
import { startOpenBroker } from './support/open-broker.js';

/** What bad input must leave as it is, row for row. */
const FACTS = [
  'account',
  'payment',
  'ledger_entry',
  'bill',
  'meter',
  'meter_installation',
  'switch_command',
  'interruption',
  'work_order',
  'reading',
  'daily_usage',
  'meter_event',
  'audit_entry',
  'gateway',
];

describe('what a gateway must not be able to do', () => {
  let relight: TestRelight;
  let gateway: MqttClient;
  let meter: Debtor;
  let neighbour: Debtor;
  let keySeed: string;
  /** Every genuine word of two meters' cuts and restores but the newest of each. */
  let genuine: Heard[];

  beforeAll(async () => {
    relight = await startTestRelight({ plan: { districts: 2, metersPerDistrict: 6 } });
    const debtors = await makeDebtors(relight);
    meter = debtors[0]!;
    neighbour = debtors[1]!;
    keySeed = (await relight.sql<{ key_seed: string }>(`SELECT key_seed FROM simulated_world`))[0]!.key_seed;
    const heard = await recordUplink(relight);
    // True stories first, so that there is something to replay: a cut and a restore; and a cut superseded before its ack came.
    await cutAll(relight, [meter]);
    await payInFull(relight, meter);
    const late = debtors[2]!;
    const parameters = { direction: 'up', minMs: 300, maxMs: 300 };
    relight.fleet.addFault({ name: 'delay', target: { meter: late.serial }, parameters });
    await orderCut(relight, late);
    await eventually('the relay is open', () => relight.fleet.meter(late.serial)!.relay === 'open');
    await payInFull(relight, late);
    await eventually(
      'both restores are verified',
      async () => (await commands(`operation = 'RESTORE' AND state = 'VERIFIED'`)) === 2,
    );
    await eventually('the late ack is on record', async () => (await evidence()) > 0);
    // Then the fleet goes, and the wire belongs to the attacker.
    genuine = [...heard].filter((word) => ageOf(word) !== newestAge(heard, word));
    await relight.fleet.stop();
    const password = simulatedGatewayPassword(keySeed, meter.gateway);
    gateway = await mqtt.connectAsync(relight.broker.url, { username: meter.gateway, password, clientId: 'attacker' });
    await eventually(
      'the fleet is known to be gone',
      async () => (await relight.sql(`SELECT id FROM gateway WHERE online`)).length === 0,
    );
  });
  afterAll(async () => {
    await gateway.endAsync();
    await relight.stop();
  });

  const evidence = async (): Promise<number> =>
    (await relight.sql(`SELECT id FROM audit_entry WHERE act = 'switch-command.late-evidence'`)).length;
  const commands = async (where: string): Promise<number> =>
    (await relight.sql<{ n: number }>(`SELECT count(*)::int AS n FROM switch_command WHERE ${where}`))[0]!.n;

  const facts = async (): Promise<Record<string, string>> => {
    const entries = await Promise.all(
      FACTS.map(async (table) => {
        const [row] = await relight.sql<{ digest: string }>(
          `SELECT '${table}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${table} t`,
        );
        return [table, row!.digest] as const;
      }),
    );
    return Object.fromEntries(entries);
  };
  const quarantined = () =>
    relight.sql<{ code: string; topic: string; payload: Buffer }>(
      `SELECT code, topic, payload FROM uplink_quarantine ORDER BY id`,
    );
  const topic = (kind: string, of: Debtor = meter, by = of.gateway) => `relight/v1/${by}/up/${of.serial}/${kind}`;
  const body = (fields: object = {}) => stateBody({ gateway: meter.gateway, meter: meter.serial, ...fields });
  const ack = (fields: object = {}) => ackBody({ gateway: meter.gateway, meter: meter.serial, ...fields });
  const key = (of: Debtor) => meterKey(keySeed, of.serial);

  /** Sends bad bytes followed by a good event, and waits until both are dealt with: whatever the bad ones do, the good one is stored. */
  let goods = 0;
  const send = async (to: string, bytes: Buffer | string): Promise<void> => {
    goods += 1;
    const at = new Date(Date.UTC(2026, 0, 1) + goods * 60_000).toISOString();
    const good = canonical({
      v: 1,
      kind: 'event',
      gateway: meter.gateway,
      meter: meter.serial,
      event: 'COVER_OPEN',
      at,
    });
    await Promise.all([
      gateway.publishAsync(to, bytes, { qos: 1 }),
      gateway.publishAsync(topic('event'), good, { qos: 1 }),
    ]);
    await eventually(
      'the good message is stored',
      async () => (await relight.sql(`SELECT id FROM meter_event WHERE event_at = $1`, [at])).length === 1,
    );
  };
  /** The facts but for the good events that went along. */
  const factsBeside = async () => ({ ...(await facts()), meter_event: 'beside the point' });

  const bad: [string, string, () => { to: string; bytes: Buffer | string }][] = [
    ['malformed JSON', 'NOT_JSON', () => ({ to: topic('ack'), bytes: '{"payload":' })],
    ['an empty message', 'NOT_JSON', () => ({ to: topic('state'), bytes: '' })],
    [
      'a truncated ack',
      'NOT_JSON',
      () => ({ to: topic('ack'), bytes: sealed(ack(), key(meter), meter.serial).subarray(0, 150) }),
    ],
    [
      'an envelope without signatures',
      'SCHEMA',
      () => ({ to: topic('ack'), bytes: '{"payload":"e30","signatures":[]}' }),
    ],
    [
      'a signed body that breaks the schema',
      'SCHEMA',
      () => ({ to: topic('state'), bytes: sealed(body({ relay: 'ajar' }), key(meter), meter.serial) }),
    ],
    ['an ack as a state', 'SCHEMA', () => ({ to: topic('state'), bytes: sealed(ack(), key(meter), meter.serial) })],
    [
      'a forged signature',
      'BAD_SIGNATURE',
      () => ({
        to: topic('state'),
        bytes: toBytes({
          ...sealParts(canonical(body()), key(meter), headerOf(meter.serial)),
          signature: Buffer.alloc(64, 7),
        }),
      }),
    ],
    [
      'an ack signed with another meter’s key',
      'BAD_SIGNATURE',
      () => ({ to: topic('ack'), bytes: sealed(ack(), key(neighbour), meter.serial) }),
    ],
    [
      'an ack signed as another meter',
      'WRONG_SIGNER',
      () => ({ to: topic('ack'), bytes: sealed(ack(), key(neighbour), neighbour.serial) }),
    ],
    [
      'alg none',
      'WRONG_SIGNER',
      () => ({
        to: topic('ack'),
        bytes: toBytes(sealParts(canonical(ack()), key(meter), `{"alg":"none","kid":"${meter.serial}"}`)),
      }),
    ],
    [
      'another meter’s ack on this meter’s topic',
      'TOPIC_MISMATCH',
      () => ({ to: topic('ack'), bytes: sealed(ack({ meter: neighbour.serial }), key(neighbour), neighbour.serial) }),
    ],
    [
      'an impossible date',
      'IMPOSSIBLE_DATE',
      () => ({
        to: topic('state'),
        bytes: sealed(body({ meterTime: '2026-02-30T00:00:00.000Z' }), key(meter), meter.serial),
      }),
    ],
    [
      'an unknown meter',
      'UNKNOWN_METER',
      () => ({
        to: `relight/v1/${meter.gateway}/up/999999999999/state`,
        bytes: sealed(body({ meter: '999999999999' }), key(meter), meter.serial),
      }),
    ],
    [
      'a NUL in a text',
      'PROCESSING_FAILED',
      () => ({
        to: topic('event'),
        bytes: canonical({
          v: 1,
          kind: 'event',
          gateway: meter.gateway,
          meter: meter.serial,
          event: 'REBOOT',
          at: '2026-01-01T00:00:00.000Z',
          detail: 'a\u0000b',
        }),
      }),
    ],
    [
      'a reading before there was a meter',
      'NO_INSTALLATION',
      () => ({ to: topic('reading'), bytes: reading(meter, '1970-01-01T00:00:00.000Z', 1) }),
    ],
    [
      'bytes that are not UTF-8',
      'NOT_JSON',
      () => ({ to: topic('event'), bytes: Buffer.from([0x7b, 0xc3, 0x28, 0x7d]) }),
    ],
    [
      'surrogates alone',
      'SCHEMA',
      () => ({
        to: topic('event'),
        bytes: `{"v":1,"kind":"event","gateway":"${meter.gateway}","meter":"\\ud800","event":"REBOOT","at":"2026-01-01T00:00:00.000Z"}`,
      }),
    ],
    ['a hundred thousand brackets', 'NOT_JSON', () => ({ to: topic('event'), bytes: '['.repeat(60_000) })],
  ];
  test.each(bad)('%s ends in quarantine as %s and changes nothing', async (_what, code, make) => {
    const { to, bytes } = make();
    const [before, already] = [await factsBeside(), (await quarantined()).length];
    await send(to, bytes);
    const news = (await quarantined()).slice(already);
    expect(news.map((row) => [row.code, row.topic, row.payload.toString('hex')])).toEqual([
      [code, to, Buffer.from(bytes).toString('hex')],
    ]);
    expect(await factsBeside()).toEqual(before);
    expect(relight.headEnd.connected).toBe(true);
  });

  test('a meter behind another gateway is not spoken for, even with its own key', async () => {
    const [elsewhere] = await relight.sql<Debtor>(
      `SELECT m.serial, g.gateway_number AS gateway FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE g.gateway_number <> $1 LIMIT 1`,
      [meter.gateway],
    );
    const before = await factsBeside();
    await send(
      topic('state', elsewhere!, meter.gateway),
      sealed(body({ meter: elsewhere!.serial, relay: 'open' }), key(elsewhere!), elsewhere!.serial),
    );
    expect((await quarantined()).at(-1)!.code).toBe('FOREIGN_GATEWAY');
    expect(await factsBeside()).toEqual(before);
  });

  // The newest word would only confirm itself; everything older must not count, and late evidence is on record already.
  test('genuine acks and states, replayed, change nothing', async () => {
    expect(genuine.length).toBeGreaterThanOrEqual(6);
    const before = await factsBeside();
    for (let round = 0; round < 3; round += 1) for (const { topic: to, payload } of genuine) await send(to, payload);
    expect(await factsBeside()).toEqual(before);
  });

  test('the broker lets nothing out of one’s own gateway, nor downwards, nor retained', async () => {
    const [before, already] = [await factsBeside(), (await quarantined()).length];
    const [other] = await relight.sql<{ gateway: string; serial: string }>(
      `SELECT g.gateway_number AS gateway, m.serial FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE g.gateway_number <> $1 LIMIT 1`,
      [meter.gateway],
    );
    await send(
      `relight/v1/${other!.gateway}/up/${other!.serial}/event`,
      canonical({
        v: 1,
        kind: 'event',
        gateway: other!.gateway,
        meter: other!.serial,
        event: 'REBOOT',
        at: '2026-01-01T00:00:00.000Z',
      }),
    );
    await send(
      `relight/v1/${other!.gateway}/status`,
      canonical({ v: 1, kind: 'status', gateway: other!.gateway, online: true }),
    );
    await send(`relight/v1/${meter.gateway}/down/${meter.serial}`, '{}');
    await send(`relight/v1/${meter.gateway}/up/${meter.serial}/nonsense`, '{}');
    expect((await quarantined()).length).toBe(already);
    expect(await factsBeside()).toEqual(before);
  });

  test('an oversized message ends the sender’s connection at the broker, and the head-end never hears it', async () => {
    const already = (await quarantined()).length;
    const closed = new Promise<void>((resolve) => gateway.once('close', () => resolve()));
    gateway.publish(topic('event'), Buffer.alloc(70_000, 'x'), { qos: 1 });
    await closed;
    await gateway.endAsync(true);
    gateway = await mqtt.connectAsync(relight.broker.url, {
      username: meter.gateway,
      password: simulatedGatewayPassword(keySeed, meter.gateway),
      clientId: 'attacker-2',
    });
    await send(
      topic('event'),
      canonical({
        v: 1,
        kind: 'event',
        gateway: meter.gateway,
        meter: meter.serial,
        event: 'REBOOT',
        at: '2026-01-02T00:00:00.000Z',
      }),
    );
    expect((await quarantined()).length).toBe(already);
  });

  test('behind a broker that lets everything through, too large and misplaced messages are named', async () => {
    const open = await startOpenBroker();
    const headEnd = startHeadEnd(
      relight.ctx,
      { url: open.url, username: 'any', password: 'any', clientId: 'open' },
      relight.key,
    );
    await eventually('the head-end is connected', () => headEnd.connected);
    const already = (await quarantined()).length;
    const large = Buffer.alloc(70_000, 'x');
    await open.publish(topic('event'), large);
    await open.publish(`relight/v1/${meter.gateway}/up/${meter.serial}/nonsense`, '{}');
    await open.publish(`relight/v1/+7/up/${meter.serial}\u0001/ack`, '{"x":1}');
    await eventually('all are acknowledged', () => open.acknowledged.length === 3).finally(async () => {
      await headEnd.stop();
      await open.stop();
    });
    expect(
      (await quarantined())
        .slice(already)
        .map(({ code }) => code)
        .sort(),
    ).toEqual(['TOO_LARGE', 'TOPIC', 'TOPIC']);
  });
});

const reading = ({ serial, gateway }: Debtor, at: string, energyWh: number): string =>
  JSON.stringify({
    v: 1,
    kind: 'reading',
    gateway,
    meter: serial,
    cause: 'freeze',
    readings: [{ at, energyWh, quality: 'actual' }],
  });

interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
}

/** What orders the words of a meter: its sequence, then its clock. */
function ageOf({ payload }: Heard): string {
  const { payload: body } = JSON.parse(payload.toString()) as { payload?: string };
  if (!body) return '';
  const word = JSON.parse(Buffer.from(body, 'base64url').toString()) as { lastSequence: number; meterTime: string };
  return `${String(word.lastSequence).padStart(16, '0')} ${word.meterTime}`;
}

/** The age of the newest word of the meter that said this one. */
const newestAge = (heard: readonly Heard[], { topic }: Heard): string =>
  heard
    .filter((other) => other.topic.split('/')[4] === topic.split('/')[4])
    .map(ageOf)
    .sort()
    .at(-1)!;

/** Listens beside the head-end to everything that comes up. */
async function recordUplink(relight: TestRelight): Promise<Heard[]> {
  const heard: Heard[] = [];
  // The client of MQTT.js keeps a connection open until it is ended.
  const listener = await mqtt.connectAsync(relight.broker.url, {
    username: 'head-end',
    password: relight.brokerPassword,
    clientId: 'listener',
  });
  listener.on('message', (topic, payload) => heard.push({ topic, payload }));
  await listener.subscribeAsync('relight/v1/+/up/+/+', { qos: 1 });
  const stop = relight.stop.bind(relight);
  relight.stop = async () => {
    await listener.endAsync();
    await stop();
  };
  return heard;
}
