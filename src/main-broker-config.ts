import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { emqxAcl, emqxConf, emqxUsers } from './embedded/config/emqx.js';
import { gatewayLogin, LoginError, readGatewayList, type BrokerLogin } from './embedded/config/logins.js';
import {
  IMAGE_PLACE,
  IMAGE_TLS_PLACE,
  mosquittoAcl,
  mosquittoConf,
  mosquittoPasswords,
  MOSQUITTO_SAVES,
} from './embedded/config/mosquitto.js';
import { PROBE_USERS } from './platform/probe-users.js';
import { simulatedGatewayPassword } from './simulation/fleet-keys.js';

const HELP = `Writes a broker's configuration from the contract's table of topics (docs/brokers.md).

  npm run broker-config -- --broker mosquitto|emqx --out <folder> [--fleet <file or address>] [--gateways <file>] [--logins-only] [--saves every-change|each-second]

--fleet      fleet.json of a simulated fleet, or where to fetch it (RELIGHT_FLEET_TOKEN): its gateways' passwords follow from it
--gateways   real gateways: a line for each, number,password
--logins-only  only the file of users
--saves      mosquitto: when what it has acknowledged reaches its disk; every-change (default) bounds it to some 500 messages a second
Users are written when MQTT_PASSWORD (the head-end's, user MQTT_USERNAME or head-end) is set; with MQTT_PROBE_PASSWORD also the two
users of the head-end's probe.`;

/** The product is usually starting at the same time as this, and draws its simulated world first. */
const FETCH_ATTEMPTS = 300;
const FETCH_PAUSE_MS = 1_000;

/** Told to the user as it stands. */
class UsageError extends Error {}

async function main(): Promise<void> {
  const options = readArguments();
  const headEnd = process.env['MQTT_USERNAME'] ?? 'head-end';
  const isEmqx = options.broker === 'emqx';
  mkdirSync(options.out, { recursive: true });
  if (!options['logins-only']) {
    const files = isEmqx
      ? { 'acl.conf': emqxAcl(headEnd), 'emqx.conf': emqxConf() }
      : {
          acl: mosquittoAcl(headEnd),
          'mosquitto.conf': mosquittoConf({ ...IMAGE_PLACE, saves: options.saves }),
          'mosquitto-tls.conf': mosquittoConf({ ...IMAGE_TLS_PLACE, saves: options.saves }),
        };
    for (const [name, text] of Object.entries(files)) write(join(options.out, name), text, 0o644);
  }
  const logins = await readLogins(headEnd, options);
  if (logins.length === 0) {
    if (options['logins-only']) throw new UsageError('MQTT_PASSWORD is not set: there is nobody to write down.');
    console.log('no users were written: set MQTT_PASSWORD for that');
    return;
  }
  const [file, text] = isEmqx ? ['users.csv', emqxUsers(logins)] : ['passwords', mosquittoPasswords(logins)];
  write(join(options.out, file), text, 0o600);
  console.log(`${file}: ${logins.length} logins`);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string' },
      out: { type: 'string' },
      fleet: { type: 'string' },
      gateways: { type: 'string' },
      'logins-only': { type: 'boolean', default: false },
      saves: { type: 'string', default: 'every-change' },
    },
  });
  const { broker, out } = values;
  const saves = MOSQUITTO_SAVES.find((one) => one === values.saves);
  if ((broker !== 'mosquitto' && broker !== 'emqx') || !out || !saves) throw new UsageError(HELP);
  return { ...values, broker, out, saves };
}

/** Whole or not at all: a broker may be told to read it again at any moment. */
function write(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
  console.log(path);
}

async function readLogins(headEnd: string, from: { fleet?: string; gateways?: string }): Promise<BrokerLogin[]> {
  const { MQTT_PASSWORD: password, MQTT_PROBE_PASSWORD: probePassword } = process.env;
  if (!password) return [];
  const logins: BrokerLogin[] = [{ user: headEnd, password }];
  if (probePassword) logins.push(...PROBE_USERS.map((user) => gatewayLogin(user, probePassword)));
  if (from.fleet) {
    const { keySeed, gateways } = JSON.parse(await readFleet(from.fleet)) as {
      keySeed: string;
      gateways: { gateway: string }[];
    };
    logins.push(...gateways.map(({ gateway }) => gatewayLogin(gateway, simulatedGatewayPassword(keySeed, gateway))));
  }
  if (from.gateways) logins.push(...readGatewayList(readFileSync(from.gateways, 'utf8')));
  const twice = logins.find(({ user }, index) => logins.findIndex((other) => other.user === user) < index);
  if (twice) throw new LoginError(`user ${twice.user} would stand there twice`);
  return logins;
}

async function readFleet(from: string): Promise<string> {
  if (!/^https?:/.test(from)) return readFileSync(from, 'utf8');
  const headers = { authorization: `Bearer ${process.env['RELIGHT_FLEET_TOKEN'] ?? ''}` };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(from, { headers }).catch((error: Error) => error);
    if (answer instanceof Response && answer.ok) return answer.text();
    const status = answer instanceof Response ? answer.status : undefined;
    if (status === 401 || status === 403)
      throw new UsageError(`${from} refuses the token: set RELIGHT_FLEET_TOKEN to a token with the role TESTER`);
    if (attempt === FETCH_ATTEMPTS)
      throw new UsageError(
        `${from} does not give the fleet: ${status ?? String((answer as Error).cause ?? (answer as Error).message)}`,
      );
    await delay(FETCH_PAUSE_MS);
  }
}

main().catch((error: unknown) => {
  const isTheirs = error instanceof UsageError || error instanceof LoginError;
  console.error(isTheirs ? error.message : error);
  process.exit(isTheirs ? 2 : 1);
});
