import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { secretsFromMaster, type MeterSecrets, type MeterSecretsSource } from '../metering/meter-secrets.js';
import { statement, type Reader } from '../platform/database.js';

/** The salt of schema/fleet.schema.json. */
const SALT = 'relight-simulated-fleet-v1';
/** PKCS#8 prefix of an Ed25519 private key (RFC 8410 §7), before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const derive = (keySeed: string, info: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', keySeed, SALT, info, length));

/** Raw public key (32 bytes) of a simulated meter, derived as the simulator derives its private half. Simulation only. */
export const simulatedMeterPublicKey = (keySeed: string, serial: string): Buffer =>
  publicKeyFrom(derive(keySeed, `meter-key:${serial}`, 32));

/** The same of a simulated gateway, which signs for its DL/T 645 meters. Simulation only. */
export const simulatedGatewayPublicKey = (keySeed: string, gateway: string): Buffer =>
  publicKeyFrom(derive(keySeed, `gateway-key:${gateway}`, 32));

function publicKeyFrom(seed: Buffer): Buffer {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x!, 'base64url');
}

/** MQTT password of a simulated gateway. Simulation only. */
export const simulatedGatewayPassword = (keySeed: string, gateway: string): string =>
  derive(keySeed, `gateway-password:${gateway}`, 24).toString('base64url');

const KEY_SEED = statement('fleet-key-seed', `SELECT key_seed AS "keySeed" FROM simulated_world`);

/** Secrets of the meters of the simulated world in this database: its seed is their master secret. Simulation only. */
export function secretsOfWorld(db: Reader): MeterSecretsSource {
  let secrets: MeterSecrets | undefined;
  return async () => {
    if (secrets) return secrets;
    const [world] = await db.rows<{ keySeed: string }>(KEY_SEED);
    if (world) secrets = secretsFromMaster(Buffer.from(world.keySeed));
    return secrets;
  };
}
