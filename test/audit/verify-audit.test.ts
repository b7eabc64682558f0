import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyFileOf } from '../../src/platform/signing-key.js';
import { findInDataDir } from '../../verifier/data-dir.js';
import { openAuditWorld, otherKey, takeLocksOff, type AuditWorld } from './support/audit-world.js';

let world: AuditWorld;
let publicKey: string;
beforeAll(async () => {
  world = await openAuditWorld();
  publicKey = publicKeyFileOf(join(world.dir, 'keys', 'audit.pem'));
  await world.write(30);
  await world.sealer().sealNow();
});
afterAll(() => world.stop());

/** Runs the built program as a person would. */
const run = (
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const program = join(import.meta.dirname, '..', '..', 'dist', 'verifier', 'verify-audit.js');
    const environment = { ...process.env, DATABASE_URL: '', ...env };
    execFile(process.execPath, [program, ...args], { env: environment }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
const evidence = () => ['--public-key', publicKey, '--checkpoints', world.checkpointFile];

test('says that all is well, and ends with 0', async () => {
  const { code, out, err } = await run([...evidence(), '--database-url', world.database.url]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('30 sealed in 1 batch, 0 waiting');
  expect(out).toContain(`keys         ${world.key.kid}`);
  expect(out).toContain('INTACT: every sealed entry is there, unchanged and in its place');
  expect(out).not.toContain(new URL(world.database.url).password || '\0');
});

test('works with a role that may only read the three tables', async () => {
  const role = `auditor_${new URL(world.database.url).pathname.slice(1)}`;
  await world.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'for-the-test-only'`);
  try {
    await world.sql(`GRANT SELECT ON audit_entry, audit_batch, audit_checkpoint TO ${role}`);
    const url = new URL(world.database.url);
    url.username = role;
    url.password = 'for-the-test-only';
    // The embedded server lets only the product's own role in; where it refuses, the rights themselves are asked for.
    const { rows } = await world.attacker.query<{ table: string }>(
      `SELECT name AS "table" FROM unnest('{audit_entry,audit_batch,audit_checkpoint}'::text[]) name WHERE has_table_privilege($1, name, 'SELECT')`,
      [role],
    );
    expect(rows).toHaveLength(3);
    await world.sql(`GRANT ${role} TO current_user WITH SET TRUE`);
    const asAuditor = new URL(world.database.url);
    asAuditor.searchParams.set('options', `-c role=${role}`);
    expect((await run([...evidence(), '--database-url', asAuditor.href])).code).toBe(0);
  } finally {
    await world.sql(`DROP OWNED BY ${role}`);
    await world.sql(`DROP ROLE ${role}`);
  }
});

test('says what is wrong, where, and what it means, and ends with 1', async () => {
  await takeLocksOff(world.attacker);
  const [row] = await world.sql<{ id: string }>(
    `UPDATE audit_entry SET actor = 'somebody else' WHERE id = (SELECT min(id) + 4 FROM audit_entry) RETURNING id::text`,
  );
  const { code, out } = await run(evidence(), { DATABASE_URL: world.database.url });
  expect(code).toBe(1);
  expect(out).toContain('TAMPERED WITH: 1 finding\n');
  expect(out).toContain(
    `1. ENTRY_CHANGED: entry ${row!.id} (batch 1): changed. At least one column is not what was sealed.`,
  );
});

test.each([
  ['without a database', ['--public-key', 'x.pem'], /No database: give --data-dir, --database-url, or DATABASE_URL/],
  ['without a key', ['--database-url', 'postgres://127.0.0.1:1/x'], /No public key: give --public-key/],
  [
    'with a key file that is not there',
    ['--database-url', 'postgres://127.0.0.1:1/x', '--public-key', 'no-such.pem'],
    /no-such\.pem/,
  ],
  [
    'with a data directory nobody runs in',
    ['--data-dir', 'no-such-dir'],
    /No PostgreSQL runs in no-such-dir .*npm start/,
  ],
  ['with an option it does not know', ['--fast'], /Unknown option '--fast'/],
])('%s it says so, gives no verdict, and ends with 2', async (_what, args, message) => {
  const { code, out, err } = await run(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^NOT VERIFIED: /);
  expect(err).toMatch(message);
});

test('a database that does not answer, and one without seals, are no verdict either', async () => {
  const nobody = await run([...evidence(), '--database-url', 'postgres://nobody@127.0.0.1:1/nothing']);
  expect([nobody.code, nobody.out]).toEqual([2, '']);
  await world.sql('ALTER TABLE audit_batch RENAME TO audit_batch_hidden');
  try {
    const other = await run([...evidence(), '--database-url', world.database.url]);
    expect([other.code, other.err.split('\n')[0]]).toEqual([2, 'NOT VERIFIED: there is no table audit_batch']);
    await world.sql('CREATE VIEW audit_batch AS TABLE audit_batch_hidden');
    const viewed = await run([...evidence(), '--database-url', world.database.url]);
    expect([viewed.code, viewed.err.split('\n')[0]]).toEqual([
      2,
      'NOT VERIFIED: audit_batch is no table: somebody has put something else in its place',
    ]);
  } finally {
    await world.sql('DROP VIEW IF EXISTS audit_batch');
    await world.sql('ALTER TABLE audit_batch_hidden RENAME TO audit_batch');
  }
});

test('a data directory leads to its database, key and checkpoint file', () => {
  const dir = join(world.dir, 'data');
  mkdirSync(join(dir, 'postgres'), { recursive: true });
  mkdirSync(join(dir, 'keys'));
  writeFileSync(join(dir, 'postgres.password'), 'p_-w\n');
  writeFileSync(
    join(dir, 'postgres', 'postmaster.pid'),
    '4242\n/proc/self/cwd\n1773108000\n45678\n\n127.0.0.1\n  1 2\nready   \n',
  );
  const found = {
    databaseUrl: 'postgres://relight:p_-w@127.0.0.1:45678/relight',
    checkpointFile: join(dir, 'audit', 'checkpoints.jsonl'),
  };
  expect(findInDataDir(dir)).toEqual({ ...found, publicKey: join(dir, 'keys', 'audit.pem') });
  writeFileSync(join(dir, 'keys', 'audit.pub.pem'), '');
  expect(findInDataDir(dir)).toEqual({ ...found, publicKey: join(dir, 'keys', 'audit.pub.pem') });
});

test('of a private key only the public half is taken', async () => {
  const { publicFile } = otherKey(world.dir);
  const { code, out } = await run([
    '--public-key',
    join(world.dir, 'keys', 'audit.pem'),
    '--public-key',
    publicFile,
    '--database-url',
    world.database.url,
  ]);
  expect([code, out.includes('CHECKPOINT_FORGED')]).toEqual([1, false]);
});
