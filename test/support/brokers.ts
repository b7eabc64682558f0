import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mosquitto, mosquittoVersion, type MosquittoOptions } from '../../bench/support/mosquitto.js';
import { startEmbeddedBroker } from '../../src/embedded/broker.js';
import type { BrokerLogin } from '../../src/embedded/config/logins.js';
import type { EmbeddedLog } from '../../src/embedded/embedded-log.js';
import { loginsFrom } from '../../src/embedded/gateway-login.js';
import type { Database } from '../../src/platform/database.js';
import { statement } from '../../src/platform/database.js';
import { PROBE_USERS } from '../../src/platform/probe-users.js';
import { simulatedGatewayPassword } from '../../src/simulation/fleet-keys.js';

/** The brokers that everything about the wire must be right on. */
export type BrokerKind = 'aedes' | 'mosquitto';

const version = mosquittoVersion();
/** Set, a machine without mosquitto fails where it would skip. */
const insists = process.env['RELIGHT_NEED_MOSQUITTO'] === '1';

/**
 * Runs a suite on each broker, under a name that says which. Where mosquitto is not installed its half is skipped, by name: a skip must
 * not look like a pass.
 */
export function describeOnBrokers(name: string, suite: (broker: BrokerKind) => void): void {
  describe(`${name} [aedes, embedded]`, () => suite('aedes'));
  describeOnMosquitto(name, () => suite('mosquitto'));
}

/** A suite for mosquitto alone. */
export function describeOnMosquitto(name: string, suite: () => void): void {
  const missing = 'SKIPPED: mosquitto is not installed here (Debian: apt-get install mosquitto)';
  (version !== undefined || insists ? describe : describe.skip)(`${name} [mosquitto ${version ?? missing}]`, suite);
}

/** A broker of one test file, with the product's access rules. */
export interface TestBroker {
  readonly kind: BrokerKind;
  /** For the head-end, and for whoever chooses its own client identifier. */
  readonly url: string;
  /** For gateways. */
  readonly gatewayUrl: string;
  readonly port: number;
  /** It is killed, and comes back at the same address: aedes empty, mosquitto with what it had on disk. */
  dieAndComeBack(): Promise<void>;
  stop(): Promise<void>;
}

export const PROBE_PASSWORD = 'probe-password-of-tests';

export interface TestBrokerOptions {
  readonly db: Database;
  readonly log: EmbeddedLog;
  readonly headEndPassword: string;
  /** mosquitto; default: after every change. */
  readonly saves?: MosquittoOptions['saves'];
}

/** Starts one that knows the head-end and every gateway of the simulated world in the database. */
export async function startTestBroker(kind: BrokerKind, options: TestBrokerOptions): Promise<TestBroker> {
  return kind === 'aedes' ? startAedes(options) : startMosquitto(options);
}

async function startAedes({ db, log, headEndPassword }: TestBrokerOptions): Promise<TestBroker> {
  const authenticate = loginsFrom(db, { username: 'head-end', password: headEndPassword });
  let broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, authenticate, log });
  const { url, port } = broker;
  return {
    kind: 'aedes',
    url,
    gatewayUrl: url,
    port,
    async dieAndComeBack() {
      await broker.stop();
      broker = await startEmbeddedBroker({ host: '127.0.0.1', port, authenticate, log });
    },
    stop: () => broker.stop(),
  };
}

async function startMosquitto(options: TestBrokerOptions): Promise<TestBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'relight-mosquitto-'));
  const logins = await loginsOfWorld(options.db, options.headEndPassword);
  const mosquitto = await Mosquitto.start({ dir, logins, saves: options.saves });
  return {
    kind: 'mosquitto',
    url: mosquitto.url,
    gatewayUrl: mosquitto.gatewayUrl,
    port: mosquitto.port,
    async dieAndComeBack() {
      await mosquitto.stop('SIGKILL');
      await mosquitto.startAgain();
    },
    async stop() {
      await mosquitto.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const KEY_SEED = statement('test-key-seed', `SELECT key_seed AS "keySeed" FROM simulated_world`);
const GATEWAYS = statement('test-gateways', `SELECT gateway_number AS gateway FROM gateway ORDER BY 1`);

/** Head-end, probe and every gateway on record. */
export async function loginsOfWorld(db: Database, headEndPassword: string): Promise<BrokerLogin[]> {
  const [world] = await db.rows<{ keySeed: string }>(KEY_SEED);
  const gateways = await db.rows<{ gateway: string }>(GATEWAYS);
  return [
    { user: 'head-end', password: headEndPassword },
    ...PROBE_USERS.map((user) => ({ user, password: PROBE_PASSWORD })),
    ...gateways.map(({ gateway }) => ({
      user: gateway,
      password: simulatedGatewayPassword(world!.keySeed, gateway),
    })),
  ];
}
