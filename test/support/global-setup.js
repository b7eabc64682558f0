// Jest loads this file outside its own module system, so it takes the built product (npm run test:jest builds it first).
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/src/embedded/postgres.js';
import { migrate } from '../../dist/src/orm.js';

/** The migrated database that every test file copies. */
const TEMPLATE = 'relight_template';

/** One real PostgreSQL for the whole run (or TEST_DATABASE_URL), with a migrated template: each file copies it in 0.2 s. */
export default async function globalSetup() {
  let url = process.env['TEST_DATABASE_URL'];
  if (!url) {
    const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'relight-test-')));
    // Tests die with their server, so a lost write is no loss; everything else is as in the product.
    const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', max_connections: 300 } });
    globalThis.relightTestPostgres = { postgres, dataDir };
    url = postgres.url;
  }
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`);
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await admin.end();
  const template = new URL(url);
  template.pathname = `/${TEMPLATE}`;
  await migrate(template.href);
  process.env['RELIGHT_TEST_SERVER'] = url;
  process.env['RELIGHT_TEST_TEMPLATE'] = TEMPLATE;
}
