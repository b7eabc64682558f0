import { join } from 'node:path';
import { Database, statement, type Reader } from '../platform/database.js';
import type { Logger } from '../platform/log.js';
import { loadKey } from '../platform/signing-key.js';
import { readBudget } from './budget.js';
import { Guard } from './guard.js';
import type { GuardRules } from './judge-cut.js';
import { serveGuard, type GuardListen } from './server.js';
import { GuardStartError } from './start-error.js';

/** All that a guard is told; nothing of it comes from the database. */
export interface GuardOptions {
  /** A role that may only read. */
  readonly databaseUrl: string;
  /** Its folder: decisions.jsonl, STOP, budget.json; in simulation also guard.pem. */
  readonly dir: string;
  readonly keyFile: string;
  /** GUARD_BUDGET, as it stands. */
  readonly budget?: string;
  readonly simulation: boolean;
  readonly rules: GuardRules;
  readonly listen: GuardListen;
  readonly log: Logger;
  /** The machine's clock; tests hand in their own. */
  readonly machineNow: () => Date;
}

export interface RunningGuard {
  readonly url: string;
  readonly key: { readonly kid: string; readonly x: string };
  stop(): Promise<void>;
}

const POOL_SIZE = 4;

/**
 * Starts a guard: key, budget, record of decisions, database, door; each checked, and the last thing opened is the door.
 * @throws GuardStartError for what its owner can put right
 */
export async function startGuard(options: GuardOptions): Promise<RunningGuard> {
  const { dir, log } = options;
  const budget = readBudget(options.budget, join(dir, 'budget.json'));
  const key = loadOwnKey(options.keyFile, options.simulation);
  const db = new Database(options.databaseUrl, log, POOL_SIZE);
  let guard: Guard | undefined;
  try {
    await requireReadOnly(db);
    guard = await Guard.open({
      reader: db,
      key,
      rules: options.rules,
      budget,
      simulation: options.simulation,
      decisionsFile: join(dir, 'decisions.jsonl'),
      stopFile: join(dir, 'STOP'),
      log,
      machineNow: options.machineNow,
    });
    const server = await serveGuard(guard, options.listen, log);
    const running = guard;
    return {
      url: server.url,
      key: guard.key,
      async stop() {
        await server.close();
        await running.close();
        await db.close();
      },
    };
  } catch (error) {
    await guard?.close();
    await db.close();
    throw error;
  }
}

function loadOwnKey(path: string, mayCreate: boolean) {
  try {
    return loadKey(path, { role: 'guard', setting: 'GUARD_KEY_FILE' }, mayCreate);
  } catch (error) {
    throw new GuardStartError((error as Error).message);
  }
}

const MAY_WRITE = statement(
  'guard-may-write',
  `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
     AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') LIMIT 1`,
);

/** A guard that could write could be made to write. */
async function requireReadOnly(reader: Reader): Promise<void> {
  let writable: { name: string }[];
  try {
    writable = await reader.rows<{ name: string }>(MAY_WRITE);
  } catch (error) {
    throw new GuardStartError(
      `GUARD_DATABASE_URL does not lead to a usable database: ${(error as Error).message}. The role comes from deploy/guard-role.sql.`,
    );
  }
  if (writable.length > 0) {
    throw new GuardStartError(
      `the role in GUARD_DATABASE_URL may write to ${writable[0]!.name}; the guard takes only one that may not (deploy/guard-role.sql).`,
    );
  }
}
