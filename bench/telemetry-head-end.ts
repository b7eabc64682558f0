import type { FlowContext } from '../src/flows/context.js';
import { UP_SUBSCRIPTION } from '../src/head-end/topics.js';
import { UplinkConnection } from '../src/head-end/uplink-connection.js';
import { UplinkConsumer } from '../src/head-end/uplink.js';
import type { Clock } from '../src/platform/clock.js';
import { Database } from '../src/platform/database.js';
import { createLogger } from '../src/platform/log.js';
import { Nudges } from '../src/platform/nudges.js';
import { DEFAULT_SWITCH_TIMINGS } from '../src/switching/switch-timings.js';
import { serveBench } from './support/children.js';
import { HEAD_END_PASSWORD } from './support/telemetry-logins.js';
import { cpuMs, residentMb } from './support/processes.js';
import { until } from './support/until.js';

let db: Database | undefined;
let consumer: UplinkConsumer | undefined;
let bare: UplinkConnection | undefined;
let bareCount = 0;
let now = new Date();

const access = (url: string, clientId: string) => ({
  url,
  username: 'head-end',
  password: HEAD_END_PASSWORD,
  clientId,
});

/** The uplink of a head-end in a process of its own; or a bare subscriber that acknowledges at once. */
const handlers = {
  async open(databaseUrl: string, brokerUrl: string): Promise<void> {
    const log = createLogger(process.env['LOG_LEVEL'] ?? 'warn');
    db = new Database(databaseUrl, log);
    const clock: Pick<Clock, 'now' | 'wallNow'> = { now: () => now, wallNow: () => now };
    // Never started: nobody listens.
    const nudges = new Nudges(databaseUrl, log);
    const ctx = { db, clock, nudges, log, timeZone: 'Asia/Shanghai', timings: DEFAULT_SWITCH_TIMINGS };
    consumer = new UplinkConsumer(ctx as unknown as FlowContext, access(brokerUrl, 'bench-up'), () => undefined);
    consumer.start();
    await until('the head-end is connected', () => consumer!.connected);
  },
  async openBare(brokerUrl: string): Promise<void> {
    const take = ({ acknowledge }: { acknowledge(): void }): void => {
      bareCount += 1;
      acknowledge();
    };
    const session = { ...access(brokerUrl, 'bench-bare'), subscriptions: [UP_SUBSCRIPTION] };
    bare = new UplinkConnection(session, take, createLogger('warn'));
    bare.start();
    await until('the bare subscriber is connected', () => bare!.connected);
  },
  /** Product time from here on. */
  setNow(at: string): void {
    now = new Date(at);
  },
  /** Messages stored and acknowledged so far, or taken by the bare subscriber. */
  taken: (): number => consumer?.taken ?? bareCount,
  usage: () => ({ cpuMs: cpuMs([process.pid]), ...residentMb(process.pid) }),
};
export type TelemetryHeadEnd = typeof handlers;

serveBench(handlers, async () => {
  await consumer?.stop();
  await bare?.stop();
  await db?.close();
});
