import mqtt, { type MqttClient } from 'mqtt';
import type { KeyObject } from 'node:crypto';
import { simulatedGatewayPassword } from '../../../src/simulation/fleet-keys.js';
import { meterKey } from '../../../simulator/wire/keys.js';
import { cutAll, makeDebtors, orderCut, payInFull, type Debtor } from '../../fault/support/debtors.js';
import type { BrokerKind } from '../../support/brokers.js';
import { eventually } from '../../support/eventually.js';
import { startTestRelight, type TestRelight } from '../../support/test-relight.js';
import { ackBody, canonical, stateBody } from './keys.js';

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
  'audit_entry',
  'gateway',
];

/** A message as it was on the wire. */
export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
}

/** A Relight whose concentrator has fallen into wrong hands: who holds its password speaks to the real broker. */
export class Attacker {
  private goods = 0;

  private constructor(
    readonly relight: TestRelight,
    private readonly keySeed: string,
    /** A meter behind the gateway, and another. */
    readonly meter: Debtor,
    readonly neighbour: Debtor,
    /** Every genuine word of the meters' cuts and restores but the newest of each. */
    readonly genuine: readonly Heard[],
    private gateway: MqttClient,
  ) {}

  /** Plays true stories first, so that there is something to replay; then the fleet goes, and the wire belongs to the attacker. */
  static async open(broker: BrokerKind): Promise<Attacker> {
    const relight = await startTestRelight({ broker, plan: { districts: 2, metersPerDistrict: 6 } });
    const [meter, neighbour, late] = (await makeDebtors(relight)) as [Debtor, Debtor, Debtor];
    const [world] = await relight.sql<{ key_seed: string }>(`SELECT key_seed FROM simulated_world`);
    const { heard, end } = await recordUplink(relight);
    await cutAll(relight, [meter]);
    await payInFull(relight, meter);
    await supersedeCut(relight, late);
    await eventually(
      'both restores are verified and the late ack is on record',
      async () =>
        (await relight.sql(`SELECT id FROM switch_command WHERE operation = 'RESTORE' AND state = 'VERIFIED'`))
          .length === 2 &&
        (await relight.sql(`SELECT id FROM audit_entry WHERE act = 'switch-command.late-evidence'`)).length > 0,
    );
    await end();
    await relight.fleet.stop();
    await eventually(
      'the fleet is known to be gone',
      async () => (await relight.sql(`SELECT id FROM gateway WHERE online`)).length === 0,
    );
    const genuine = heard.filter((word) => ageOf(word) !== newestAge(heard, word));
    const client = await connect(relight, world!.key_seed, meter.gateway);
    return new Attacker(relight, world!.key_seed, meter, neighbour, genuine, client);
  }

  async stop(): Promise<void> {
    await this.gateway.endAsync();
    await this.relight.stop();
  }

  topic(kind: string, of: { serial: string } = this.meter): string {
    return `relight/v1/${this.meter.gateway}/up/${of.serial}/${kind}`;
  }

  state(fields: object = {}): object {
    return stateBody({ gateway: this.meter.gateway, meter: this.meter.serial, ...fields });
  }

  ack(fields: object = {}): object {
    return ackBody({ gateway: this.meter.gateway, meter: this.meter.serial, ...fields });
  }

  event(at: string, detail?: string): string {
    const { gateway, serial } = this.meter;
    return canonical({ v: 1, kind: 'event', gateway, meter: serial, event: 'COVER_OPEN', at, detail });
  }

  key(of: { serial: string }): KeyObject {
    return meterKey(this.keySeed, of.serial);
  }

  /** Sends bad bytes and a good event right behind, and waits until the good one is stored: whatever the bad ones do, it must be. */
  async send(topic: string, bytes: Buffer | string): Promise<void> {
    this.goods += 1;
    const at = new Date(Date.UTC(2026, 0, 1) + this.goods * 60_000).toISOString();
    await Promise.all([
      this.gateway.publishAsync(topic, bytes, { qos: 1 }),
      this.gateway.publishAsync(this.topic('event'), this.event(at), { qos: 1 }),
    ]);
    await eventually(
      'the good message is stored',
      async () => (await this.relight.sql(`SELECT id FROM meter_event WHERE event_at = $1`, [at])).length === 1,
    );
  }

  /** Sends many bad messages, the last of them as {@link send} does. */
  async sendMany(topic: string, messages: readonly string[]): Promise<void> {
    await Promise.all(messages.slice(1).map((bytes) => this.gateway.publishAsync(topic, bytes, { qos: 1 })));
    await this.send(topic, messages[0]!);
  }

  /** Sends bytes that end the connection, and connects anew. */
  async sendAndBeCutOff(topic: string, bytes: Buffer): Promise<void> {
    const closed = new Promise<void>((resolve) => this.gateway.once('close', () => resolve()));
    this.gateway.publish(topic, bytes, { qos: 1 });
    await closed;
    await this.gateway.endAsync(true);
    this.gateway = await connect(this.relight, this.keySeed, this.meter.gateway);
  }

  /** A digest of each table that must not change. */
  async facts(): Promise<Record<string, string>> {
    const entries = FACTS.map(async (table) => {
      const [row] = await this.relight.sql<{ digest: string }>(
        `SELECT '${table}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${table} t`,
      );
      return [table, row!.digest] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  quarantined(): Promise<{ code: string; topic: string; payload: Buffer }[]> {
    return this.relight.sql(`SELECT code, topic, payload FROM uplink_quarantine ORDER BY id`);
  }
}

const connect = (relight: TestRelight, keySeed: string, gateway: string): Promise<MqttClient> =>
  mqtt.connectAsync(relight.broker.url, {
    username: gateway,
    password: simulatedGatewayPassword(keySeed, gateway),
    clientId: 'attacker',
  });

/** The payment comes when the relay is open and nobody knows: the cut is superseded, and its ack arrives after its end. */
async function supersedeCut(relight: TestRelight, debtor: Debtor): Promise<void> {
  const parameters = { direction: 'up', minMs: 300, maxMs: 300 };
  relight.fleet.addFault({ name: 'delay', target: { meter: debtor.serial }, parameters });
  await orderCut(relight, debtor);
  await eventually('the relay is open', () => relight.fleet.meter(debtor.serial)!.relay === 'open');
  await payInFull(relight, debtor);
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
async function recordUplink(relight: TestRelight): Promise<{ heard: Heard[]; end(): Promise<void> }> {
  const heard: Heard[] = [];
  const access = { username: 'head-end', password: relight.brokerPassword, clientId: 'listener' };
  const listener = await mqtt.connectAsync(relight.broker.url, access);
  listener.on('message', (topic, payload) => heard.push({ topic, payload }));
  await listener.subscribeAsync('relight/v1/+/up/+/+', { qos: 1 });
  return { heard, end: () => listener.endAsync() };
}
