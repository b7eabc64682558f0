import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { startEmbeddedBroker, type EmbeddedBroker } from '../src/embedded/broker.js';
import { LineFrames } from '../src/head-end/line-frames.js';
import type { SigningKey } from '../src/head-end/signing.js';
import { secretsFromMaster } from '../src/metering/meter-secrets.js';
import { createLogger } from '../src/platform/log.js';
import type { DownlinkKey } from '../simulator/wire/contract.js';
import { gatewayPassword } from '../simulator/wire/keys.js';
import { FloorRows } from './support/floor-rows.js';
import { serveBench } from './support/children.js';
import { cpuMs } from './support/processes.js';
import {
  lineOrder,
  lineRestores,
  wireOrder,
  type OrderedMeter,
  type WireKeys,
  type WireOrder,
} from './support/wire-orders.js';
import { provenIn } from './support/proven-in.js';

/** All meters switched by bare mqtt.js. */
export interface BareSwitching {
  readonly elapsedMs: number;
  readonly acks: number;
  /** Processor time used meanwhile, ms. */
  readonly cpu: { readonly floor: number; readonly simulator: number };
}

/** One restore at the least it can cost. */
export interface BareRestore {
  readonly elapsedMs: number;
  readonly commitMs: number;
  readonly wireMs: number;
}

const HEAD_END = 'head-end';

/** mqtt.js holds what it publishes until the PUBACK; it is fastest with some, and slower with all, under way. */
const IN_FLIGHT = 1_000;
const ACK_TIMEOUT_MS = 300_000;
const ONE = ['one meter'];

let broker: EmbeddedBroker | undefined;
let brokerUrl = '';
let password: string = randomUUID();
let client: MqttClient | undefined;
let rows: FloorRows | undefined;
let keys: WireKeys;
let meters: OrderedMeter[] = [];
let statesHeard = 0;
/** Called with the meters that a message proves; of a JSON meter's ack nothing is read, not even whose it is. */
let onAck: (proven: readonly string[]) => void = () => undefined;
/** Set: the meters are DL/T 645 meters. */
let frames: LineFrames | undefined;

/**
 * The least a head-end needs: the product's broker and a bare mqtt.js client in one process, as broker and head-end are in one
 * process in the product; no database but the plain rows of a single restore.
 */
const handlers = {
  /** Starts the broker for a fleet, unless there is one. Returns its address and the keys its meters must trust. */
  async open(
    keySeed: string,
    at?: { url: string; password: string },
  ): Promise<{ brokerUrl: string; downlinkKeys: DownlinkKey[] }> {
    keys = { key: newKey('head-end'), guardKey: newKey('guard') };
    if (at) [brokerUrl, password] = [at.url, at.password];
    else brokerUrl = await startOwnBroker(keySeed);
    const { key, guardKey } = keys;
    return {
      brokerUrl,
      downlinkKeys: [
        { kid: key.kid, role: 'head-end', x: key.x },
        { kid: guardKey.kid, role: 'guard', x: guardKey.x },
      ],
    };
  },
  /** Connects the bare client; `all` are the meters it will switch. `line`: they are DL/T 645 meters of a fleet with this seed and zone. */
  async connect(all: OrderedMeter[], line?: { keySeed: string; timeZone: string }): Promise<void> {
    meters = all.map((meter) => ({ ...meter }));
    const secrets = line && secretsFromMaster(Buffer.from(line.keySeed));
    frames = line && new LineFrames(() => Promise.resolve(secrets), line.timeZone);
    client = await mqtt.connectAsync(brokerUrl, {
      username: HEAD_END,
      password,
      clientId: 'floor',
      clean: true,
    });
    client.on('message', (_topic, payload) => onAck(line ? provenIn(payload) : ONE));
    await client.subscribeAsync(`relight/v1/+/up/+/${line ? 'frames' : 'ack'}`, { qos: 1 });
  },
  switchAll,
  /** Counts what meters say of themselves from now on; see `states`. */
  async countStates(): Promise<void> {
    const listener = await mqtt.connectAsync(brokerUrl, {
      username: HEAD_END,
      password,
      clientId: 'states',
      clean: true,
    });
    listener.on('message', () => (statesHeard += 1));
    await listener.subscribeAsync('relight/v1/+/up/+/state', { qos: 0 });
    client = listener;
  },
  states: (): number => statesHeard,
  /** Opens own tables of the product's shape in the product's database, with these commands and their meters in them. */
  async openRows(databaseUrl: string, commandIds: readonly string[]): Promise<void> {
    rows = await FloorRows.open(databaseUrl, commandIds);
  },
  restoreOne,
};
export type FloorProcess = typeof handlers;

async function startOwnBroker(keySeed: string): Promise<string> {
  broker = await startEmbeddedBroker({
    host: '127.0.0.1',
    port: 0,
    log: createLogger(process.env['LOG_LEVEL'] ?? 'warn'),
    authenticate: (username, given) => {
      if (username === HEAD_END) return Promise.resolve(given === password ? { kind: 'head-end' } : null);
      return Promise.resolve(
        given === gatewayPassword(keySeed, username) ? { kind: 'gateway', gateway: username } : null,
      );
    },
  });
  return broker.url;
}

function newKey(role: 'head-end' | 'guard'): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const x = publicKey.export({ format: 'jwk' }).x!;
  return { kid: `${role}-${createHash('sha256').update(x).digest('hex').slice(0, 8)}`, x, privateKey };
}

/** Signs an order for every meter, publishes them all and waits for as many acks, or status words. The signing is not measured. */
async function switchAll(operation: 'CUT' | 'RESTORE', simulatorPid: number): Promise<BareSwitching> {
  const orders = await nextOrders(operation);
  const wanted = meters.length;
  const proven = new Set<string>();
  let acks = 0;
  const answered = new Promise<void>((done, fail) => {
    const timer = setTimeout(
      () => fail(new Error(`${acks} of ${wanted} acks within ${ACK_TIMEOUT_MS / 1000} s`)),
      ACK_TIMEOUT_MS,
    );
    onAck = (by) => {
      if (frames) for (const serial of by) proven.add(serial);
      acks = frames ? proven.size : acks + 1;
      if (acks < wanted) return;
      clearTimeout(timer);
      done();
    };
  });
  const before = { floor: cpuMs([process.pid]), simulator: cpuMs([simulatorPid]) };
  const startedAtMs = performance.now();
  publishAll(orders);
  await answered;
  const elapsedMs = performance.now() - startedAtMs;
  return {
    elapsedMs,
    acks,
    cpu: { floor: cpuMs([process.pid]) - before.floor, simulator: cpuMs([simulatorPid]) - before.simulator },
  };
}

async function nextOrders(operation: 'CUT' | 'RESTORE'): Promise<WireOrder[]> {
  const orders = await ordersFor(operation, new Date());
  meters = meters.map((meter) => ({ ...meter, sequence: meter.sequence + 1 }));
  return orders;
}

async function ordersFor(operation: 'CUT' | 'RESTORE', at: Date): Promise<WireOrder[]> {
  if (!frames) return meters.map((meter) => wireOrder(meter, operation, keys, at));
  if (operation === 'RESTORE') return lineRestores(meters, keys, at, frames);
  const orders: WireOrder[] = [];
  for (const meter of meters) orders.push(await lineOrder(meter, operation, keys, at, frames));
  return orders;
}

function publishAll(orders: readonly WireOrder[]): void {
  let next = 0;
  const publishNext = (): void => {
    const order = orders[next];
    next += 1;
    if (order) client!.publish(order.topic, order.payload, { qos: 1 }, publishNext);
  };
  for (let i = 0; i < IN_FLIGHT; i += 1) publishNext();
}

/** Commits the rows of one restore once, then sends its command and waits for the meter's ack. */
async function restoreOne(index: number): Promise<BareRestore> {
  const meter = meters[index]!;
  const { topic, payload } = wireOrder(meter, 'RESTORE', keys, new Date());
  const startedAtMs = performance.now();
  await rows!.commit(index);
  const committedAtMs = performance.now();
  await new Promise<void>((done) => {
    onAck = () => done();
    client!.publish(topic, payload, { qos: 1 });
  });
  const endedAtMs = performance.now();
  return {
    elapsedMs: endedAtMs - startedAtMs,
    commitMs: committedAtMs - startedAtMs,
    wireMs: endedAtMs - committedAtMs,
  };
}

serveBench(handlers, async () => {
  await rows?.close();
  await client?.endAsync(true);
  await broker?.stop();
});
