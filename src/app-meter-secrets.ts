import { loadMeterSecrets, type MeterSecretsSource } from './metering/meter-secrets.js';
import type { Database } from './platform/database.js';
import { secretsOfWorld } from './simulation/fleet-keys.js';
import { ConfigError, type Config } from './config.js';

/**
 * Where the secrets shared with meters come from: the file that is named, or, in simulation, the world.
 * @throws ConfigError when the file cannot be used
 */
export function meterSecretsFor(config: Config, db: Database): MeterSecretsSource {
  if (!config.METER_SECRETS_FILE) return config.simulation ? secretsOfWorld(db) : () => Promise.resolve(undefined);
  try {
    const secrets = loadMeterSecrets(config.METER_SECRETS_FILE);
    return () => Promise.resolve(secrets);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
