import pg from 'pg';
import { createTestDatabase } from '../support/test-database.js';
import { openOrm, ENTITIES } from '../../src/orm.js';

test('migrated schema matches entities', async () => {
  const db = await createTestDatabase();
  const c = new pg.Client({ connectionString: db.url });
  await c.connect();
  const orm = await openOrm(db.url, 2);
  for (const e of ENTITIES) await orm.em.fork().find(e as never, {}, { limit: 1 });
  const { rows } = await c.query(`select count(*) from information_schema.tables where table_schema='public'`);
  console.log(rows);
  await orm.close(true);
  await c.end();
  await db.drop();
});
