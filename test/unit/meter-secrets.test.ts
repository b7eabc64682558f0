import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadMeterSecrets, secretsFromMaster } from '../../src/metering/meter-secrets.js';

// Computed by another implementation of RFC 5869 (Python's hmac), with the literal texts of schema/fleet.schema.json.
const MASTER = 'relight-test-master-secret-0001!';
const SERIAL = '370200000001';

describe('the secrets of a meter', () => {
  test('follow from the master secret as the schema says', () => {
    const secrets = secretsFromMaster(Buffer.from(MASTER));
    expect(secrets.restoreCodeKey(SERIAL).toString('hex')).toBe(
      '6e65be272082fcc997636f06f1ca67f3872cb941f368c9b44aff447a9708c62c',
    );
    expect(secrets.dlt645Password(SERIAL).toString('hex')).toBe('892615');
    expect(secrets.dlt645CipherKey(SERIAL).toString('hex')).toBe('1817c779058ab67e72ff29e4fa900d5d');
  });

  test('differ from meter to meter', () => {
    const secrets = secretsFromMaster(Buffer.from(MASTER));
    expect(secrets.restoreCodeKey('370200000002')).not.toEqual(secrets.restoreCodeKey(SERIAL));
  });

  test('come from a file of at least 32 bytes', () => {
    const dir = mkdtempSync(join(tmpdir(), 'relight-secrets-'));
    const path = join(dir, 'master.bin');
    expect(() => loadMeterSecrets(path)).toThrow('METER_SECRETS_FILE');
    writeFileSync(path, MASTER.slice(1));
    expect(() => loadMeterSecrets(path)).toThrow('31 bytes');
    writeFileSync(path, MASTER);
    expect(loadMeterSecrets(path).restoreCodeKey(SERIAL).toString('hex')).toBe(
      '6e65be272082fcc997636f06f1ca67f3872cb941f368c9b44aff447a9708c62c',
    );
    rmSync(dir, { recursive: true });
  });
});
