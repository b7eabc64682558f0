import pg from 'pg';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { newId } from '../../src/platform/ids.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const log = createLogger('silent');
let database: TestDatabase;
let admin: pg.Client;
const undo: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

async function startNudges(url = database.url): Promise<Nudges> {
  const nudges = new Nudges(url, log);
  await nudges.start();
  undo.push(() => nudges.stop());
  return nudges;
}
async function startProxy(): Promise<TcpProxy> {
  const proxy = await startTcpProxy(database.url);
  undo.push(() => proxy.stop());
  return proxy;
}

/** Everything heard on a topic, call by call. */
function listenTo(nudges: Nudges, topic: 'commands' | 'changed' | 'clock' = 'changed'): string[][] {
  const heard: string[][] = [];
  nudges.listen(topic, (ids) => heard.push([...ids]));
  return heard;
}
const listeners = async () =>
  (
    await admin.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'relight nudges'`,
    )
  ).rows as { pid: number }[];

/** Nudges until the other side has heard it: while it reconnects, nudges are lost, which is allowed. */
const heardAgain = (from: Nudges, heard: string[][]) => {
  const id = newId();
  return eventually('a nudge gets through', () => {
    from.nudge('changed', [id]);
    return heard.flat().includes(id);
  });
};

test('reach listeners of the same process at once', async () => {
  const nudges = await startNudges();
  const heard = listenTo(nudges);
  nudges.nudge('changed', ['a', 'b']);
  expect(heard).toEqual([['a', 'b']]);
});

test('reach another instance through PostgreSQL, and come back to no one', async () => {
  const [one, other] = [await startNudges(), await startNudges()];
  const [here, there] = [listenTo(one), listenTo(other)];
  const id = newId();
  one.nudge('changed', [id]);
  await eventually('the other instance hears it', () => there.length > 0);
  other.nudge('changed', ['answer']);
  await eventually('the answer', () => here.flat().includes('answer'));
  expect(there).toEqual([[id], ['answer']]);
  expect(here).toEqual([[id], ['answer']]);
});

test('keep their topics apart', async () => {
  const [one, other] = [await startNudges(), await startNudges()];
  const [changed, clock, commands] = [
    listenTo(other, 'changed'),
    listenTo(other, 'clock'),
    listenTo(other, 'commands'),
  ];
  one.nudge('clock');
  one.nudge('changed', ['x']);
  await eventually('both topics', () => clock.length > 0 && changed.length > 0);
  expect({ changed, clock, commands }).toEqual({ changed: [['x']], clock: [[]], commands: [] });
});

test('a thousand ids arrive, however many NOTIFYs they need', async () => {
  const [one, other] = [await startNudges(), await startNudges()];
  const there = listenTo(other);
  const ids = Array.from({ length: 1_000 }, newId);
  one.nudge('changed', ids);
  await eventually('all ids', () => there.flat().length === ids.length);
  expect(new Set(there.flat())).toEqual(new Set(ids));
});

test('a listener that is taken off hears nothing more', async () => {
  const nudges = await startNudges();
  const heard: string[][] = [];
  const stop = nudges.listen('changed', (ids) => heard.push([...ids]));
  stop();
  nudges.nudge('changed', ['a']);
  expect(heard).toEqual([]);
});

test('without a connection nudging is harmless', async () => {
  const never = new Nudges(database.url, log);
  expect(() => never.nudge('changed', ['a'])).not.toThrow();
  await never.stop();
});

test('a killed connection is opened again', async () => {
  const other = await startNudges();
  const there = listenTo(other);
  const [{ pid }] = (await listeners()) as [{ pid: number }];
  await admin.query('SELECT pg_terminate_backend($1)', [pid]);
  const one = await startNudges();
  await heardAgain(one, there);
});

test('an outage is sat out with a few tries, and leaves one connection behind', async () => {
  const proxy = await startProxy();
  const other = await startNudges(proxy.url);
  const [there, clock] = [listenTo(other), listenTo(other, 'clock')];
  const one = await startNudges();
  proxy.shut();
  const before = proxy.tries;
  const shutAtMs = Date.now();
  await eventually('five tries against the shut door', () => proxy.tries >= before + 5);
  // Two a second. Were every failure to start two more, the fifth would come within a second and a half, and then it would double.
  expect(Date.now() - shutAtMs).toBeGreaterThan(2_000);
  one.nudge('clock');
  proxy.open();
  await heardAgain(one, there);
  // What was missed is made up for: whoever listens to anything looks for himself.
  await eventually('the listener of the clock is woken', () => clock.length > 0);
  const [pids] = [await listeners()];
  expect(pids).toHaveLength(2);
  const id = newId();
  one.nudge('changed', [id]);
  await eventually('the last nudge', () => there.flat().includes(id));
  expect(there.flat().filter((heard) => heard === id)).toHaveLength(1);
});
