import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError, type Config } from './config.js';
import { policiesOf } from './dunning/policies-in-force.js';
import { loadPolicyBook } from './dunning/policy-book.js';
import type { GuardAccess, GuardClient } from './head-end/guard-client.js';
import { GUARD_ROLE, guardGrants } from './guard/guard-tables.js';
import type { GuardRules } from './guard/judge-cut.js';
import type { GuardListen } from './guard/server.js';
import { startGuard, type RunningGuard } from './guard/start-guard.js';
import { GuardStartError } from './guard/start-error.js';
import { statement, type Database } from './platform/database.js';
import { createLogger } from './platform/log.js';
import { publicKeyFileOf, readPublicKey } from './platform/signing-key.js';

/** The guard's own folder: key, decisions, budget, socket, STOP. */
export const guardDirOf = (config: Config): string => join(resolve(config.DATA_DIR), 'guard');

/** Where the head-end finds the guard. */
export const guardAccessOf = (config: Config): GuardAccess => ({
  url: config.GUARD_URL ?? `unix:${join(guardDirOf(config), 'guard.sock')}`,
  token: config.GUARD_TOKEN,
});

/**
 * The guard's public key for the manifest of simulated meters, as a list of one. A guard of ours that cannot start may have left it on disk;
 * if not, the meters are told none and refuse every cut.
 * @throws Error when a guard that is started by somebody else does not answer yet
 */
export async function guardKeyFor(
  config: Config,
  guard: GuardClient,
): Promise<{ kid: string; role: 'guard'; x: string }[]> {
  try {
    return [{ ...(await guard.key()), role: 'guard' }];
  } catch (error) {
    if (config.GUARD_URL) throw error;
    const file = publicKeyFileOf(config.GUARD_KEY_FILE ?? join(guardDirOf(config), 'guard.pem'));
    return existsSync(file) ? [{ ...readPublicKey(file, 'guard'), role: 'guard' }] : [];
  }
}

/** The rules the guard judges by: its own reading of the policy, never data of the database. Versions are the record's business. */
function guardRulesOf(config: Config): GuardRules {
  const { timeZone, policies } = loadPolicyBook(config.POLICY);
  return { timeZone, policies: policiesOf(policies.map((policy) => ({ policy, version: 0 }))) };
}

/**
 * The role `guard` as a process of its own.
 * @throws ConfigError for what its owner can put right
 */
export async function startGuardRole(config: Config): Promise<RunningGuard> {
  const dir = guardDirOf(config);
  try {
    return await startGuard({
      databaseUrl: config.GUARD_DATABASE_URL!,
      dir,
      keyFile: config.GUARD_KEY_FILE ?? join(dir, 'guard.pem'),
      budget: config.GUARD_BUDGET,
      simulation: config.simulation,
      rules: guardRulesOf(config),
      listen: listenOf(guardAccessOf(config)),
      log: createLogger(config.LOG_LEVEL),
      machineNow: () => new Date(),
    });
  } catch (error) {
    if (error instanceof GuardStartError) throw new ConfigError(error.message);
    throw error;
  }
}

function listenOf({ url, token }: GuardAccess): GuardListen {
  if (url.startsWith('unix:')) return { socketPath: url.slice('unix:'.length), token };
  const { hostname, port, protocol } = new URL(url);
  if (protocol === 'https:')
    throw new ConfigError('The guard itself speaks http behind your TLS: give --role=guard its http://127.0.0.1:port.');
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), token: token! };
}

const ROLE_EXISTS = statement('guard-role-exists', `SELECT FROM pg_roles WHERE rolname = $1`);

/** Makes the guard's read-only role, or gives it a new password: the guard of this start is the only one who knows it. Returns its URL. */
export async function openGuardRole(db: Database, databaseUrl: string, role: string = GUARD_ROLE): Promise<string> {
  const password = randomBytes(24).toString('hex');
  const exists = (await db.rows(ROLE_EXISTS, [role])).length > 0;
  try {
    await db.pool.query(`${exists ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD '${password}'`);
    await db.pool.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
  } catch (error) {
    throw new ConfigError(
      `the guard's read-only database role cannot be made: ${(error as Error).message}. Run deploy/guard-role.sql as a user who may, and name the role in GUARD_DATABASE_URL.`,
    );
  }
  await grantGuardReads(db, role);
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = password;
  return url.href;
}

/** Lets the guard's role, where there is one, read the tables it needs, those of the newest migrations included. */
export async function grantGuardReads(db: Database, role: string = GUARD_ROLE): Promise<void> {
  if ((await db.rows(ROLE_EXISTS, [role])).length === 0) return;
  await db.pool.query(guardGrants(role).join('\n'));
}
