import { createHash, timingSafeEqual } from 'node:crypto';
import { statement, type Reader } from '../platform/database.js';
import type { Authenticate } from './broker-access.js';

const PASSWORD_HASH = statement(
  'gateway-login',
  `SELECT password_sha256 AS "passwordSha256" FROM gateway WHERE gateway_number = $1`,
);

/**
 * Logins of the embedded broker: the head-end's own account, and every gateway on record with the SHA-256 of its password (machine-made
 * with 192 bits, so a slow hash would protect nothing).
 */
export function loginsFrom(
  reader: Reader,
  headEnd: { readonly username: string; readonly password: string },
): Authenticate {
  const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
  const headEndHash = sha256(headEnd.password);
  return async (username, password) => {
    const given = sha256(password);
    if (username === headEnd.username) return timingSafeEqual(given, headEndHash) ? { kind: 'head-end' } : null;
    const [row] = await reader.rows<{ passwordSha256: Buffer }>(PASSWORD_HASH, [username]);
    return row && timingSafeEqual(given, row.passwordSha256) ? { kind: 'gateway', gateway: username } : null;
  };
}
