import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';

/** The salt of schema/fleet.schema.json. */
const SALT = 'relight-simulated-fleet-v1';
/** PKCS#8 prefix of an Ed25519 private key (RFC 8410 §7), before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const derive = (keySeed: string, info: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', keySeed, SALT, info, length));

/** Raw public key (32 bytes) of a simulated meter, derived as the simulator derives its private half. Simulation only. */
export function simulatedMeterPublicKey(keySeed: string, serial: string): Buffer {
  const seed = derive(keySeed, `meter-key:${serial}`, 32);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x!, 'base64url');
}

/** MQTT password of a simulated gateway. Simulation only. */
export const simulatedGatewayPassword = (keySeed: string, gateway: string): string =>
  derive(keySeed, `gateway-password:${gateway}`, 24).toString('base64url');
