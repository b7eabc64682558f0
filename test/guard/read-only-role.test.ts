import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { approvalsOf } from '../../src/dunning/cut-batches.js';
import { policiesOf } from '../../src/dunning/policies-in-force.js';
import { loadPolicyBook, PRESET_NAMES } from '../../src/dunning/policy-book.js';
import { decideCuts } from '../../src/flows/cut-decisions.js';
import { GUARD_ROLE, GUARD_TABLES, guardGrants } from '../../src/guard/guard-tables.js';
import { Database } from '../../src/platform/database.js';
import { newId } from '../../src/platform/ids.js';
import { projectPath } from '../../src/platform/project-path.js';
import { createGuardRole, startTestGuard, type TestGuardRole } from '../support/test-guard.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';

describe("the guard's own role in the database", () => {
  let relight: TestRelight;
  let role: TestGuardRole;
  let guard: pg.Client;
  let tables: string[];
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false });
    role = await createGuardRole(relight.ctx, relight.database.url);
    guard = new pg.Client({ connectionString: role.url });
    await guard.connect();
    const rows = await relight.sql<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1`,
    );
    tables = rows.map(({ name }) => name);
  });
  afterAll(async () => {
    await guard.end();
    await role.drop();
    await relight.stop();
  });

  /** The SQLSTATE with which a statement is refused, or DONE. */
  const outcome = (text: string): Promise<string> =>
    guard.query(text).then(
      () => 'DONE',
      (error: { code?: string }) => error.code ?? 'no code',
    );

  test('can change nothing, anywhere, not even after it has asked for writing', async () => {
    expect(tables.length).toBeGreaterThan(20);
    await guard.query('SET default_transaction_read_only = off');
    const done: string[] = [];
    for (const table of tables) {
      const [column] = await relight.sql<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attidentity = '' ORDER BY attnum LIMIT 1`,
        [table],
      );
      for (const text of [
        `INSERT INTO ${table} DEFAULT VALUES`,
        `UPDATE ${table} SET ${column!.name} = ${column!.name}`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `ALTER TABLE ${table} ADD COLUMN x int`,
      ]) {
        if ((await outcome(text)) !== '42501') done.push(text);
      }
    }
    expect(done).toEqual([]);
    for (const text of [
      'CREATE TABLE x ()',
      'CREATE ROLE x',
      `SET ROLE relight`,
      `SELECT ensure_reading_partitions('2050-01-01', '2050-02-01')`,
    ])
      expect([text, await outcome(text)]).toEqual([text, '42501']);
    await guard.query('RESET default_transaction_read_only');
    expect(await outcome('CREATE TEMP TABLE x ()')).toBe('25006');
  });

  test('sees what it needs and no names, contacts or addresses', async () => {
    const readable: string[] = [];
    for (const table of tables) if ((await outcome(`SELECT count(*) FROM ${table}`)) === 'DONE') readable.push(table);
    expect(readable).toEqual(Object.keys(GUARD_TABLES).sort());
    for (const column of ['address', 'name', 'value', 'id_document'])
      expect(await outcome(`SELECT ${column} FROM service_point`)).not.toBe('DONE');
    expect(await outcome('SELECT password_sha256 FROM gateway')).toBe('42501');
    expect(await outcome('SELECT manager FROM transformer_district')).toBe('42501');
  });

  test('may read all that a decision rests on, under every policy there is', async () => {
    await relight.sql(`UPDATE account SET payment_mode = 'PREPAID' WHERE account_number ~ '[02468]$'`);
    const points = await relight.sql<{ id: string }>(`SELECT id FROM service_point`);
    const reader = new Database(role.url, relight.ctx.log, 1);
    try {
      for (const name of PRESET_NAMES) {
        const { timeZone, policies } = loadPolicyBook(name);
        const rules = { timeZone, policies: policiesOf(policies.map((policy) => ({ policy, version: 1 }))) };
        const questions = points.map(({ id }) => ({ servicePointId: id, reason: 'ARREARS' as const }));
        const decisions = await decideCuts(rules, reader, questions, relight.ctx.clock.now());
        expect([name, decisions.size]).toEqual([name, points.length]);
      }
      expect(await approvalsOf(reader, newId(), newId())).toEqual([]);
    } finally {
      await reader.close();
    }
  });

  test('a guard given a role that may write does not start', async () => {
    const dir = join(relight.dir, 'guard-that-may-write');
    await expect(startTestGuard(relight.ctx, relight.database.url, dir)).rejects.toThrow(
      /may write to .*guard-role\.sql/,
    );
  });

  test('deploy/guard-role.sql grants the same', () => {
    const text = readFileSync(projectPath('deploy', 'guard-role.sql'), 'utf8');
    const grants = text.split('\n').filter((line) => /^GRANT SELECT/.test(line));
    expect(grants).toEqual(guardGrants(GUARD_ROLE));
  });
});
