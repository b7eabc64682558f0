import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { generateFleet } from '../simulator/generate-fleet.js';
import {
  loadKeys,
  nextOrder,
  sealDown,
  type LoadKeys,
  type LoadMeter,
  type OrderKind,
} from '../simulator/load/orders.js';
import { clockTopic, downTopic, instantText, type FleetManifest } from '../simulator/wire/contract.js';
import type { ScaleProcess } from './scale-process.js';
import { startChild } from './support/children.js';
import type { Cleanup } from './support/cleanup.js';
import { startOpenMosquitto } from './support/open-mosquitto.js';
import type { BenchOptions } from './support/options.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { median, rounded } from './support/statistics.js';
import { pause, until } from './support/until.js';

const SIZES = {
  full: { concentrators: 10, metersPerConcentrator: 100, rounds: 3 },
  quick: { concentrators: 2, metersPerConcentrator: 25, rounds: 1 },
};
const DAY_MS = 86_400_000;
/** A day in 7.2 s. */
const SCALE = 12_000;
const BAR_SECONDS = 10;
/** Local noon of a day long after the registers were first read. */
const START_MS = Date.parse('2026-03-10T04:00:00.000Z');
/** What happens in the day, at parts of it: everybody is cut, restored, and asked twice; midnight comes by itself. */
const ACTS: readonly (readonly [number, OrderKind])[] = [
  [0.05, 'read'],
  [0.2, 'cut'],
  [0.55, 'restore'],
  [0.8, 'read'],
];

/** Messages of one day, by the last level of their topic. */
interface Heard {
  ack: number;
  state: number;
  reading: number;
}

interface Day {
  readonly elapsedMs: number;
  readonly heard: Heard;
}

/** A whole virtual day of 1,000 meters: midnight registers of all, everyone cut, restored and asked twice. */
export async function virtualDay(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const { rounds, ...shape } = options.quick ? SIZES.quick : SIZES.full;
  const common = { direct: 0, seed: 7, timezone: 'Asia/Shanghai', registerAt: '2026-01-01T00:00:00.000Z' };
  const { manifest, provisioning } = generateFleet({ ...shape, ...common, downlinkKeys: [] });
  const file = join(cleanup.directory(), 'fleet.json');
  writeFileSync(file, JSON.stringify(manifest), { mode: 0o600 });
  const world = new World(manifest, loadKeys(provisioning), await startOpenMosquitto(cleanup));
  await world.connect(cleanup);
  await world.setClock(START_MS, 0);
  const child = startChild<ScaleProcess>('scale-process.js', cleanup);
  await child.call('start', file, { brokerUrl: world.brokerUrl, relayMs: 0, bootState: false });
  const days: Day[] = [];
  for (let round = 0; round < rounds; round += 1) {
    step(`virtual day ${round + 1} of ${rounds}`);
    days.push(await world.live(START_MS + round * DAY_MS));
  }
  const count = manifest.meters.length;
  const seconds = days.map(({ elapsedMs }) => elapsedMs / 1_000);
  return {
    parameters: { ...shape, rounds, scale: SCALE },
    figures: [{ what: 'a virtual day, median', value: rounded(median(seconds)), unit: 's' }],
    bars: [atMost(`a virtual day of ${count} meters, the slowest`, rounded(Math.max(...seconds)), BAR_SECONDS, 's')],
    checks: days.flatMap(({ heard }, index) => [
      equal(`acks of day ${index + 1}`, heard.ack, 2 * count),
      equal(`states of day ${index + 1}`, heard.state, 4 * count),
      equal(`midnight registers of day ${index + 1}`, heard.reading, count),
    ]),
    detail: days,
  };
}

/** The bench as the fleet's head-end. */
class World {
  private readonly meters: LoadMeter[];
  private client: MqttClient | undefined;
  private clockVersion = 0;
  private heard: Heard = { ack: 0, state: 0, reading: 0 };

  constructor(
    private readonly manifest: FleetManifest,
    private readonly keys: LoadKeys,
    readonly brokerUrl: string,
  ) {
    this.meters = manifest.meters.map(({ meter, gateway, installation, lastSequence }) => ({
      serial: meter,
      gateway,
      installation,
      sequence: lastSequence,
      closed: true,
    }));
  }

  async connect(cleanup: Cleanup): Promise<void> {
    const client = await mqtt.connectAsync(this.brokerUrl, { clientId: 'day', clean: true });
    cleanup.defer(() => client.endAsync(true));
    client.on('message', (topic) => (this.heard[topic.slice(topic.lastIndexOf('/') + 1) as keyof Heard] += 1));
    await client.subscribeAsync('relight/v1/+/up/+/+', { qos: 1 });
    this.client = client;
  }

  /** Tells every gateway the time and its speed, signed and retained, as a head-end in simulation mode does. */
  async setClock(virtualMs: number, scale: number): Promise<void> {
    this.clockVersion += 1;
    const times = { virtualAt: instantText(virtualMs), realAt: instantText(Date.now()), scaleMillis: scale * 1_000 };
    const told = this.manifest.gateways.map(({ gateway }) => {
      const message = { v: 1, kind: 'clock', gateway, version: this.clockVersion, ...times };
      const payload = sealDown(message, [this.keys.headEnd]);
      return this.client!.publishAsync(clockTopic(gateway), payload, { qos: 1, retain: true });
    });
    await Promise.all(told);
  }

  /** One day from `startMs` on; ends when it is over and everything of it was heard. */
  async live(startMs: number): Promise<Day> {
    this.heard = { ack: 0, state: 0, reading: 0 };
    // Signed beforehand: the head-end is not what is measured.
    const acts = ACTS.map(([part, kind]) => ({
      part,
      orders: this.meters.map((meter) => this.order(meter, kind, startMs)),
    }));
    const startedAtMs = performance.now();
    const passedMs = (): number => performance.now() - startedAtMs;
    await this.setClock(startMs, SCALE);
    for (const { part, orders } of acts) {
      await until('the hour of the act', () => passedMs() >= (part * DAY_MS) / SCALE, { everyMs: 2 });
      for (const { topic, payload } of orders) this.client!.publish(topic, payload, { qos: 1 });
    }
    const count = this.meters.length;
    const isOver = (): boolean =>
      passedMs() >= DAY_MS / SCALE &&
      this.heard.ack >= 2 * count &&
      this.heard.state >= 4 * count &&
      this.heard.reading >= count;
    await until('the end of the day', isOver, { timeoutMs: 60_000, everyMs: 5 });
    const elapsedMs = passedMs();
    // Time stands still until the next day; whatever comes too often comes now.
    await this.setClock(startMs + DAY_MS, 0);
    await pause(500);
    return { elapsedMs, heard: { ...this.heard } };
  }

  private order(meter: LoadMeter, kind: OrderKind, atMs: number): { topic: string; payload: string } {
    const { payload, sequence } = nextOrder(meter, kind, this.keys, atMs);
    meter.sequence = sequence;
    return { topic: downTopic(meter.gateway, meter.serial), payload };
  }
}
