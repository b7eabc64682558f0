import { statementOf } from './support/houses.js';
import pg from 'pg';
import { insertConnections } from '../../src/accounts/connections.js';
import { Database, statement } from '../../src/platform/database.js';
import { AssertionError, CommitUnknownError, UserError } from '../../src/platform/errors.js';
import { newId } from '../../src/platform/ids.js';
import { LIMITS } from '../../src/platform/limits.js';
import { createLogger } from '../../src/platform/log.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

import { startTcpProxy } from './support/tcp-proxy.js';

const log = createLogger('silent');
let database: TestDatabase;
let admin: pg.Client;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(`
    CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL);
    INSERT INTO note VALUES (1, 'one'), (2, 'two');
    -- A commit that takes its time, so that a test can end the connection in the middle of it.
    CREATE TABLE slow_commit (id int);
    CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow_commit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_time();`);
  db = new Database(database.url, log);
});
afterAll(async () => {
  await db.close();
  await admin.end();
  await database.drop();
});

const LOCK = statement('test-lock-note', 'SELECT text FROM note WHERE id = $1 FOR UPDATE');
const WRITE = statement('test-write-note', 'UPDATE note SET text = $2 WHERE id = $1');
const CONFLICT = statementOf(`DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$`);
const SLOW = statement('test-slow-commit', 'INSERT INTO slow_commit VALUES (1)');
const textOf = async (id: number) =>
  ((await admin.query('SELECT text FROM note WHERE id = $1', [id])).rows[0] as { text: string }).text;
const committing = async () =>
  (
    (
      await admin.query(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'PgSleep'`,
      )
    ).rows as { pid: number }[]
  )[0]?.pid;

describe('a transaction', () => {
  test('is committed whole, and only then acts', async () => {
    let seen: string | undefined;
    await db.transaction('test-commit', async (tx) => {
      await tx.rows(WRITE, [1, 'written']);
      tx.afterCommit(() => (seen = 'after'));
      expect([await textOf(1), seen]).toEqual(['one', undefined]);
    });
    expect([await textOf(1), seen]).toEqual(['written', 'after']);
  });

  test('that throws leaves nothing behind, and is not tried again', async () => {
    let times = 0;
    let acted = false;
    const refused = new UserError('NOT_NOW', 'Later.');
    const doing = db.transaction('test-rollback', async (tx) => {
      times += 1;
      await tx.rows(WRITE, [2, 'lost']);
      tx.afterCommit(() => (acted = true));
      throw refused;
    });
    await expect(doing).rejects.toBe(refused);
    expect([times, acted, await textOf(2)]).toEqual([1, false, 'two']);
  });

  test('whose act after the commit fails is committed all the same', async () => {
    let second = false;
    const result = await db.transaction('test-after-commit', async (tx) => {
      await tx.rows(WRITE, [1, 'kept']);
      tx.afterCommit(() => {
        throw new Error('the wire is down');
      });
      tx.afterCommit(() => (second = true));
      return 'done';
    });
    expect([result, second, await textOf(1)]).toEqual(['done', true, 'kept']);
  });

  test('that swallowed an error of the database fails: nothing of it was stored', async () => {
    const doing = db.transaction('test-swallowed', async (tx) => {
      await tx.rows(WRITE, [2, 'half']);
      await tx.rows(statementOf('SELECT 1 / 0')).catch(() => undefined);
      return 'done';
    });
    await expect(doing).rejects.toThrow(AssertionError);
    expect(await textOf(2)).toBe('two');
  });
});

describe('a conflict', () => {
  test('a deadlock: one of the two runs again, and both are done', async () => {
    let runs = 0;
    let arrived = 0;
    let bothHold!: () => void;
    const both = new Promise<void>((resolve) => (bothHold = resolve));
    const cross = (first: number, second: number) =>
      db.transaction('test-deadlock', async (tx) => {
        runs += 1;
        await tx.rows(LOCK, [first]);
        if ((arrived += 1) === 2) bothHold();
        await both;
        await tx.rows(LOCK, [second]);
        return first;
      });
    expect(await Promise.all([cross(1, 2), cross(2, 1)])).toEqual([1, 2]);
    expect(runs).toBe(3);
  });

  test('a serialization failure runs the work again from its start, and acts after the commit once', async () => {
    let times = 0;
    let acted = 0;
    const result = await db.transaction('test-retry', async (tx) => {
      times += 1;
      tx.afterCommit(() => (acted += 1));
      if (times < 3) await tx.rows(CONFLICT);
      return times;
    });
    expect([result, acted]).toEqual([3, 1]);
  });

  test('that does not end is reported, after as many attempts as the limit says', async () => {
    let times = 0;
    const doing = db.transaction('test-hopeless', async (tx) => {
      times += 1;
      await tx.rows(CONFLICT);
    });
    await expect(doing).rejects.toMatchObject({ code: '40001' });
    expect(times).toBe(LIMITS.transactionRetries.value);
  });
});

describe('a commit', () => {
  test('refused by a deferred constraint is known to have failed', async () => {
    const customer = {
      customerId: newId(),
      name: '独',
      customerClass: 'RESIDENTIAL' as const,
      idDocument: null,
      protectionAskedOn: null,
      protections: [],
    };
    const account = {
      accountId: newId(),
      accountNumber: '1000000001',
      districtId: newId(),
      currency: 'CNY',
      tariffCode: 'HUBEI-COMMERCIAL',
      paymentMode: 'POSTPAID' as const,
    };
    const point = { servicePointId: newId(), servicePointNumber: '2000000001', address: 'somewhere' };
    const contacts = [{ id: newId(), kind: 'MOBILE' as const, value: '13900000000' }];
    await admin.query(
      `INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day) VALUES ($1, 'T-1', 'test', '95598', 1, 1)`,
      [account.districtId],
    );
    const doing = db.transaction('test-one-contact', (tx) =>
      insertConnections(tx, [{ ...customer, ...account, ...point, contacts }], new Date(0), {
        kind: 'PERSON',
        id: 'clerk',
      }),
    );
    await expect(doing).rejects.toMatchObject({ code: '23514', constraint: 'customer_two_contacts' });
    expect((await admin.query('SELECT FROM customer')).rowCount).toBe(0);
  });

  test('whose connection the server ends is unknown, and says what to do', async () => {
    const doing = db.transaction('receive-payment', (tx) => tx.rows(SLOW));
    const outcome = doing.catch((error: unknown) => error);
    const pid = await eventually('the commit is under way', committing);
    await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    const error = await outcome;
    expect(error).toBeInstanceOf(CommitUnknownError);
    expect((error as Error).message).toMatch(/receive-payment.*same key/);
  });

  test('whose connection falls silent is unknown as well', async () => {
    const proxy = await startTcpProxy(database.url);
    const far = new Database(proxy.url, log, 1);
    const outcome = far.transaction('receive-payment', (tx) => tx.rows(SLOW)).catch((error: unknown) => error);
    await eventually('the commit is under way', committing);
    proxy.shut();
    expect(await outcome).toBeInstanceOf(CommitUnknownError);
    // The pool has one connection and it is gone: the next transaction gets a new one.
    proxy.open();
    expect(await far.transaction('test-next', (tx) => tx.rows(statementOf('SELECT 1 AS one')))).toEqual([{ one: 1 }]);
    await far.close();
    await proxy.stop();
  });
});

test('a connection that dies in the middle of the work fails the work, not the pool', async () => {
  const doing = db.transaction('test-killed', async (tx) => {
    const [me] = await tx.rows<{ pid: number }>(statementOf('SELECT pg_backend_pid() AS pid'));
    await admin.query('SELECT pg_terminate_backend($1)', [me!.pid]);
    await tx.rows(WRITE, [1, 'never']);
  });
  await expect(doing).rejects.toThrow();
  expect(await textOf(1)).toBe('kept');
  expect(await db.rows(statementOf('SELECT 2 AS two'))).toEqual([{ two: 2 }]);
});

test('a connection that dies in the moment it changes hands fails its next user, and ends no process', async () => {
  const proxy = await startTcpProxy(database.url);
  const far = new Database(proxy.url, log, 1);
  const pidOf = statementOf('SELECT pg_backend_pid() AS pid');
  const [{ pid }] = (await far.rows<{ pid: number }>(pidOf)) as [{ pid: number }];
  // The answer to the first and the end of the connection arrive together, while the second waits for that connection.
  proxy.hold();
  const first = far.rows(statementOf('SELECT 1 AS one'));
  const second = far.transaction('test-next', (tx) => tx.rows(pidOf)).catch((error: unknown) => error);
  const isIdle = `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'idle' AND query LIKE 'SELECT 1%'`;
  await eventually('the first is answered', async () => (await admin.query(isIdle, [pid])).rowCount === 1);
  await admin.query('SELECT pg_terminate_backend($1)', [pid]);
  await eventually(
    'the server has ended it',
    async () => (await admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount === 0,
  );
  proxy.flow();
  expect(await first).toEqual([{ one: 1 }]);
  expect(await second).toBeInstanceOf(Error);
  expect(await far.rows(pidOf)).not.toEqual([{ pid }]);
  await far.close();
  await proxy.stop();
});

describe('values', () => {
  test('come back without loss: fen as bigint, calendar days as text, instants as Date', async () => {
    const [row] = await db.rows(
      statementOf(
        `SELECT 9007199254740993::bigint AS big, '{1,9007199254740993}'::bigint[] AS bigs, DATE '2026-02-28' AS day, TIMESTAMPTZ '2026-03-10T02:00:00Z' AS at, '\\xff00'::bytea AS bytes, NULL::bigint AS nothing`,
      ),
    );
    expect(row).toEqual({
      big: 9_007_199_254_740_993n,
      bigs: [1n, 9_007_199_254_740_993n],
      day: '2026-02-28',
      at: new Date('2026-03-10T02:00:00Z'),
      bytes: Buffer.from([0xff, 0]),
      nothing: null,
    });
  });
});

describe('a statement', () => {
  test('has one text under one name', () => {
    statement('test-one-name', 'SELECT 1');
    expect(() => statement('test-one-name', 'SELECT 1')).not.toThrow();
    expect(() => statement('test-one-name', 'SELECT 2')).toThrow('two statements are named test-one-name');
  });

  test('has no name that PostgreSQL would cut off', () => {
    expect(() => statement('x'.repeat(64), 'SELECT 1')).toThrow('longer than 63 bytes');
  });
});
