import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The salt of schema/fleet.schema.json. */
const SALT = 'relight-meter-secrets-v1';
/** Fewer bytes are no secret. */
const MIN_MASTER_BYTES = 32;

/**
 * Secrets that a meter and the company share, by the meter's serial. Where a company keeps them in a security module of its own, that module
 * stands behind this interface.
 */
export interface MeterSecrets {
  /** Key of the restore code (复电码) for HMAC-SHA256, 32 bytes. */
  restoreCodeKey(serial: string): Buffer;
  /** Password of a DL/T 645 meter: P0, P1, P2 as BCD bytes, in the order in which they stand in a frame. */
  dlt645Password(serial: string): Buffer;
  /** Key of the ciphertext class (PA 98H), 16 bytes. */
  dlt645CipherKey(serial: string): Buffer;
}

/** Reads the secrets when they are needed; undefined where none are configured. */
export type MeterSecretsSource = () => Promise<MeterSecrets | undefined>;

/** Derives every secret from one master secret, as schema/fleet.schema.json says: HKDF-SHA256, the serial in its info. */
export function secretsFromMaster(master: Buffer): MeterSecrets {
  const derive = (info: string, length: number): Buffer => Buffer.from(hkdfSync('sha256', master, SALT, info, length));
  return {
    restoreCodeKey: (serial) => derive(`restore-code:${serial}`, 32),
    dlt645Password: (serial) => Buffer.from(derive(`dlt645-password:${serial}`, 3).map((byte) => toBcd(byte % 100))),
    dlt645CipherKey: (serial) => derive(`dlt645-cipher:${serial}`, 16),
  };
}

const toBcd = (value: number): number => Math.floor(value / 10) * 16 + (value % 10);

/**
 * Secrets from the master secret in a file, its bytes as they stand.
 * @throws Error naming METER_SECRETS_FILE when it cannot be read or is too short to be a secret
 */
export function loadMeterSecrets(path: string): MeterSecrets {
  let master: Buffer;
  try {
    master = readFileSync(path);
  } catch (error) {
    throw new Error(`METER_SECRETS_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (master.length < MIN_MASTER_BYTES)
    throw new Error(
      `METER_SECRETS_FILE: ${path} holds ${master.length} bytes; a master secret has at least ${MIN_MASTER_BYTES} (openssl rand -out meter-secrets.bin 32).`,
    );
  return secretsFromMaster(master);
}
