import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one test file, copied from the migrated template. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['RELIGHT_TEST_SERVER'];
  if (!server) throw new Error('No test server: run the tests with npm test, which starts one.');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdmin(server, `CREATE DATABASE ${name} TEMPLATE ${process.env['RELIGHT_TEST_TEMPLATE']}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => withAdmin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function withAdmin(server: string, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    // Two files copying the template at once make PostgreSQL refuse one of them for a moment.
    for (let attempt = 1; ; attempt += 1) {
      try {
        await admin.query(sql);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== '55006' || attempt === 50) throw error;
        await new Promise((resume) => setTimeout(resume, 50));
      }
    }
  } finally {
    await admin.end();
  }
}
