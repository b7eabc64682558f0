import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PortTakenError } from '../../src/embedded/ports.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { clusterPids } from '../../src/embedded/postgres-processes.js';
import { killHard, makeMemoryLog, makeTempDir, query, startHolder } from './embedded-support.js';

const temp = makeTempDir();
const dataDir = join(temp.path, 'data');
const clusterDir = join(dataDir, 'postgres');
let postgres: EmbeddedPostgres;

beforeAll(async () => {
  // What a first start leaves that was killed in the middle.
  mkdirSync(join(dataDir, 'postgres.new', 'base'), { recursive: true });
  postgres = await startEmbeddedPostgres({ dataDir });
  await query(postgres.url, 'CREATE TABLE kept (n int PRIMARY KEY)');
});

afterAll(async () => {
  await postgres.stop();
  temp.remove();
});

const keep = (url: string, n: number) => query(url, `INSERT INTO kept VALUES (${n})`);
const kept = async (url: string) =>
  (await query<{ n: number }>(url, 'SELECT n FROM kept ORDER BY n')).map(({ n }) => n);

describe('a first start', () => {
  test('makes the database with settings that keep every acknowledged commit', async () => {
    const [facts] = await query<object>(
      postgres.url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits,
              current_setting('full_page_writes') AS pages, current_setting('listen_addresses') AS listens,
              current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums,
              (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`,
    );
    expect(facts).toEqual({
      fsync: 'on',
      commits: 'on',
      pages: 'on',
      listens: '127.0.0.1',
      encoding: 'UTF8',
      checksums: 'on',
      locale: 'C.UTF-8',
    });
  });

  test('lets in only our role, by a password that only the owner can read', async () => {
    const [role] = await query<object>(
      postgres.url,
      'SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolname: 'relight', rolsuper: false, rolcreatedb: true });
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);

    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const superuser = new URL(postgres.url);
    superuser.username = 'postgres';
    await expect(query(superuser.href, 'SELECT 1')).rejects.toThrow(/no pg_hba.conf entry/);
  });

  test('can make and drop databases from a template', async () => {
    await query(postgres.url, 'CREATE DATABASE copied TEMPLATE relight');
    const copy = new URL(postgres.url);
    copy.pathname = '/copied';
    expect(await kept(copy.href)).toEqual([]);
    await query(postgres.url, 'DROP DATABASE copied WITH (FORCE)');
  });
});

test('stop ends every process, may be called twice, and the data is there at the next start', async () => {
  await keep(postgres.url, 1);
  expect(postgres.pids().length).toBeGreaterThan(2);
  await postgres.stop();
  await postgres.stop();
  expect(postgres.pids()).toEqual([]);
  expect(await postgres.exited).toBe('ended with code 0');

  postgres = await startEmbeddedPostgres({ dataDir, settings: { work_mem: '8MB' } });
  expect(await kept(postgres.url)).toEqual([1]);
  expect(await query(postgres.url, 'SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
});

test('a directory in use is refused by the pid of its user, whatever name it is reached by', async () => {
  const detour = join(temp.path, 'data', '..', 'data');
  await expect(startEmbeddedPostgres({ dataDir: detour })).rejects.toThrow(`in use by process ${process.pid}`);
});

test('a port that is taken is refused and harms nothing', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as AddressInfo;
  const other = join(temp.path, 'other');
  await expect(startEmbeddedPostgres({ dataDir: other, port })).rejects.toThrow(PortTakenError);
  await new Promise((resolve) => squatter.close(resolve));

  const second = await startEmbeddedPostgres({ dataDir: other, port });
  expect(second.port).toBe(port);
  await second.stop();
});

test('a start that PostgreSQL refuses says why and gives the directory back', async () => {
  await postgres.stop();
  await expect(startEmbeddedPostgres({ dataDir, settings: { shared_buffers: 'lots' } })).rejects.toThrow(
    /invalid value for parameter "shared_buffers"/,
  );
  postgres = await startEmbeddedPostgres({ dataDir });
});

test('kill -9 of the owner: the next start stops the orphan, and only that one', async () => {
  await postgres.stop();
  const bystander = await startEmbeddedPostgres({ dataDir: join(temp.path, 'bystander') });
  const bystanderPids = bystander.pids();

  const holder = await startHolder(dataDir);
  await keep(holder.url, 2);
  await killHard(holder.process);
  const orphans = clusterPids(clusterDir);
  expect(orphans.length).toBeGreaterThan(2);

  const { log, records } = makeMemoryLog();
  postgres = await startEmbeddedPostgres({ dataDir, log });
  expect(records.map(({ message }) => message)).toContainEqual(expect.stringMatching(/left PostgreSQL running/));
  expect(postgres.pids().filter((pid) => orphans.includes(pid))).toEqual([]);
  expect(await kept(postgres.url)).toEqual([1, 2]);
  expect(bystander.pids()).toEqual(expect.arrayContaining(bystanderPids));
  await bystander.stop();
});

test('kill -9 of the server: it is told of, committed rows survive, and a stale pid file stops nobody', async () => {
  await postgres.stop();
  const { log, records } = makeMemoryLog();
  postgres = await startEmbeddedPostgres({ dataDir, log });
  await keep(postgres.url, 3);
  const pidFile = join(clusterDir, 'postmaster.pid');
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  process.kill(Number(lines[0]), 'SIGKILL');
  expect(await postgres.exited).toBe('ended with SIGKILL');
  expect(records.filter(({ level }) => level === 'error')).toHaveLength(1);

  // After a reboot the pid in the file belongs to somebody else, in a container often to ourselves.
  writeFileSync(pidFile, [process.pid, ...lines.slice(1)].join('\n'));
  postgres = await startEmbeddedPostgres({ dataDir });
  expect(await kept(postgres.url)).toEqual([1, 2, 3]);
});
