import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { onFreePort } from './app-ports.js';
import { ConfigError, type Config } from './config.js';
import { startEmbeddedBroker, type EmbeddedBroker } from './embedded/broker.js';
import { loginsFrom } from './embedded/gateway-login.js';
import type { FlowContext } from './flows/context.js';
import type { BrokerAccess, BrokerTls } from './head-end/broker-access.js';
import { probeBroker, type BrokerVerdict } from './head-end/broker-probe.js';
import type { GuardClient } from './head-end/guard-client.js';
import { startHeadEnd, type HeadEnd } from './head-end/head-end.js';
import { BrokerUnreachable } from './head-end/probe-line.js';
import type { SigningKey } from './head-end/signing.js';
import { oneAtATime } from './platform/one-at-a-time.js';

const DEFAULT_MQTT_PORT = 1883;
/** Between two looks for a broker that is away, or is not to be trusted yet, ms. */
const [AWAY_MS, UNSAFE_MS] = [2_000, 30_000];
/** Two probes at once would push each other's connections off the line. */
const PROBE_LOCK = 7_120_417;

/** The head-end and the broker it is at. */
export interface Wire {
  readonly mqttUrl?: string;
  readonly embedded: boolean;
  /** Absent while the broker is away and nobody knows yet whether it keeps gateways apart. */
  readonly headEnd: HeadEnd | undefined;
}

export interface WireParts {
  readonly config: Config;
  readonly ctx: FlowContext;
  readonly key: SigningKey;
  readonly guard: GuardClient;
  readonly remarks: string[];
  readonly undo: (() => Promise<unknown>)[];
}

/**
 * Starts the head-end, at a broker of its own or at one that is named. One that is named is tried first: where a gateway's credential
 * reaches another's topics there is no head-end.
 * @throws ConfigError when the broker lets through what it must not
 */
export async function startWire(parts: WireParts): Promise<Wire> {
  const { config, ctx, remarks, undo } = parts;
  const password = config.MQTT_PASSWORD ?? randomBytes(24).toString('base64url');
  const access = { username: config.MQTT_USERNAME, password, clientId: config.INSTANCE };
  if (!config.MQTT_URL) {
    const broker = await startBroker(config, ctx, password, remarks);
    undo.push(() => broker.stop());
    return { mqttUrl: broker.url, embedded: true, headEnd: begin(parts, { ...access, url: broker.url }) };
  }
  const named: BrokerAccess = { ...access, url: config.MQTT_URL, tls: readTls(config) };
  const wire: { mqttUrl: string; embedded: boolean; headEnd: HeadEnd | undefined } = {
    mqttUrl: named.url,
    embedded: false,
    headEnd: undefined,
  };
  if (config.MQTT_PROBE_PASSWORD === undefined) {
    remarks.push('MQTT_PROBE_PASSWORD is not set: whether the broker keeps gateways apart was not tried.');
    wire.headEnd = begin(parts, named);
    return wire;
  }
  const waiting = await tryBroker(parts, named);
  if (typeof waiting !== 'string') wire.headEnd = begin(parts, waiting);
  else {
    remarks.push(`The head-end waits for its broker: ${waiting}.`);
    void waitForBroker(parts, named, (started) => (wire.headEnd = started));
  }
  return wire;
}

function begin({ ctx, key, guard, undo }: WireParts, access: BrokerAccess): HeadEnd {
  const headEnd = startHeadEnd(ctx, access, key, guard);
  undo.push(() => headEnd.stop());
  return headEnd;
}

/** Access to a broker that has been tried, or why it cannot be tried now. @throws ConfigError when it is not to be trusted */
async function tryBroker({ config, ctx }: WireParts, access: BrokerAccess): Promise<BrokerAccess | string> {
  const probe = { password: config.MQTT_PROBE_PASSWORD!, url: config.MQTT_PROBE_URL };
  let verdict: BrokerVerdict;
  try {
    verdict = await oneAtATime(ctx.db.url, PROBE_LOCK, () => probeBroker(access, probe));
  } catch (error) {
    if (error instanceof BrokerUnreachable) return error.message;
    throw error;
  }
  const { findings, sharedSubscriptions } = verdict;
  // Deafness alone accuses nobody: a broker under load may be late. But nothing is proven either, so it is tried again.
  if (findings.length > 0 && findings.every(({ code }) => code === 'BROKER_DEAF'))
    return findings.map(({ code, text }) => `${code}: ${text}`).join(' ');
  if (findings.length > 0)
    throw new ConfigError(
      `the broker does not keep gateways apart, so there is no head-end:\n${findings.map(({ code, text }) => `  ${code}: ${text}`).join('\n')}`,
    );
  return { ...access, sharedSubscriptions };
}

/** Looks until the broker is there and may be trusted; whoever mends its rules need not start anything again. */
async function waitForBroker(
  parts: WireParts,
  access: BrokerAccess,
  started: (headEnd: HeadEnd) => void,
): Promise<void> {
  const { log } = parts.ctx;
  let stopped = false;
  let wake: () => void = () => undefined;
  parts.undo.push(() => {
    stopped = true;
    wake();
    return Promise.resolve();
  });
  for (let pauseMs = AWAY_MS; ;) {
    await new Promise<void>((resume) => {
      wake = resume;
      setTimeout(resume, pauseMs).unref();
    });
    if (stopped) return;
    try {
      const tried = await tryBroker(parts, access);
      if (stopped) return;
      if (typeof tried !== 'string') return started(begin(parts, tried));
      log.warn({ reason: tried }, 'the head-end waits for its broker');
      pauseMs = AWAY_MS;
    } catch (error) {
      log.error({ reason: (error as Error).message }, 'the head-end does not start');
      pauseMs = UNSAFE_MS;
    }
  }
}

/** @throws ConfigError naming the setting whose file cannot be read */
function readTls(config: Config): BrokerTls | undefined {
  const read = (setting: 'MQTT_CA_FILE' | 'MQTT_CLIENT_CERT_FILE' | 'MQTT_CLIENT_KEY_FILE'): string | undefined => {
    const path = config[setting];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new ConfigError(`${setting}: ${(error as Error).message}`);
    }
  };
  const tls = { ca: read('MQTT_CA_FILE'), cert: read('MQTT_CLIENT_CERT_FILE'), key: read('MQTT_CLIENT_KEY_FILE') };
  return tls.ca || tls.cert ? tls : undefined;
}

async function startBroker(
  config: Config,
  ctx: FlowContext,
  password: string,
  remarks: string[],
): Promise<EmbeddedBroker> {
  const authenticate = loginsFrom(ctx.db, { username: config.MQTT_USERNAME, password });
  const listen = (port: number) => startEmbeddedBroker({ host: config.HOST, port, authenticate, log: ctx.log });
  return onFreePort('MQTT_PORT', config.MQTT_PORT, DEFAULT_MQTT_PORT, listen, remarks);
}
