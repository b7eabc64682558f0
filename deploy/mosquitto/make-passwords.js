// Writes mosquitto's password file: the head-end and every gateway of a simulated fleet.
//
//   MQTT_PASSWORD=… node make-passwords.js --out passwords [--fleet <fleet.json | http://…/simulation/fleet>]
//
// MQTT_USERNAME (head-end) and MQTT_PASSWORD are the head-end's login; RELIGHT_FLEET_TOKEN is the bearer token for a
// fleet that is fetched. A fleet file carries no passwords: they are derived from its key seed, as schema/fleet.schema.json
// says. That is for simulation. Real gateways get theirs with: mosquitto_passwd passwords 000000000001
import { hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/** Mosquitto's own count. The passwords are 24 random bytes: there is nothing in them to guess faster. */
const ITERATIONS = 101;
/** The product is usually starting at the same time as this, and draws its simulated world first. */
const FETCH_ATTEMPTS = 300;
const FETCH_PAUSE_MS = 1_000;

const { values: options } = parseArgs({ options: { out: { type: 'string' }, fleet: { type: 'string' } } });
const { MQTT_USERNAME = 'head-end', MQTT_PASSWORD } = process.env;
if (!options.out || !MQTT_PASSWORD) {
  fail('usage: MQTT_PASSWORD=… node make-passwords.js --out <file> [--fleet <file or http address>]');
}

const logins = [[MQTT_USERNAME, MQTT_PASSWORD]];
if (options.fleet) {
  const { keySeed, gateways } = JSON.parse(await readFleet(options.fleet));
  for (const { gateway } of gateways) {
    // A name with a wildcard in it would be given the topics of everybody.
    if (!/^\d{12}$/.test(gateway)) fail(`the fleet names a gateway "${gateway}": 12 decimal digits are expected`);
    logins.push([gateway, gatewayPassword(keySeed, gateway)]);
  }
}

// Whole or not at all: mosquitto may be told to read it again at any moment.
writeFileSync(`${options.out}.new`, logins.map(([user, password]) => `${user}:${hash(password)}\n`).join(''), {
  mode: 0o600,
});
renameSync(`${options.out}.new`, options.out);
console.log(`${options.out}: ${logins.length} logins`);

function gatewayPassword(keySeed, gateway) {
  return Buffer.from(
    hkdfSync('sha256', keySeed, 'relight-simulated-fleet-v1', `gateway-password:${gateway}`, 24),
  ).toString('base64url');
}

/** Mosquitto's format 7: PBKDF2 with SHA-512. */
function hash(password) {
  const salt = randomBytes(12);
  const key = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  return `$7$${ITERATIONS}$${salt.toString('base64')}$${key.toString('base64')}`;
}

async function readFleet(from) {
  if (!/^https?:/.test(from)) return readFileSync(from, 'utf8');
  const headers = { authorization: `Bearer ${process.env.RELIGHT_FLEET_TOKEN ?? ''}` };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(from, { headers }).catch((error) => error);
    if (answer.ok) return answer.text();
    if (answer.status === 401 || answer.status === 403) {
      fail(`${from} refuses the token: set RELIGHT_FLEET_TOKEN to a token with the role TESTER`);
    }
    if (attempt === FETCH_ATTEMPTS) fail(`${from} does not give the fleet: ${answer.status ?? answer.cause ?? answer}`);
    await delay(FETCH_PAUSE_MS);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
