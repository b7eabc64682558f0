import pg from 'pg';
import WebSocket from 'ws';
import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { newId } from '../../src/platform/ids.js';
import { LIMITS } from '../../src/platform/limits.js';
import { eventually } from '../support/eventually.js';
import {
  placeCutRequest,
  placeDebtor,
  placeDistrict,
  placeHousehold,
  placeOutage,
  type District,
  type Household,
} from './support/fixtures.js';
import { globalId } from './support/global-ids.js';
import { disposeClients, listen, socketClient, type Heard, type Listening } from './support/sockets.js';
import { startTestApi, type TestApi } from './support/test-api.js';

const BACKLOG = 200;
let api: TestApi;
let district: District;
let staff: string;
const person = { kind: 'PERSON', id: 'supervisor-1' } as const;

beforeAll(async () => {
  api = await startTestApi({
    limits: {
      subscriptionBacklog: { ...LIMITS.subscriptionBacklog, value: BACKLOG },
      subscriptionsPerConnection: { ...LIMITS.subscriptionsPerConnection, value: 5 },
    },
  });
  district = await placeDistrict(api);
  staff = await api.token('SUPERVISOR');
});
afterEach(disposeClients);
afterAll(() => api.stop());

interface Entry {
  id: string;
  act: string;
  fromState: string | null;
  toState: string | null;
}
interface CommandEvent {
  switchCommandChanged: { resumeToken: string; entries: Entry[]; switchCommand: { state: string } };
}
interface SupplyEvent {
  supplyChanged: {
    resumeToken: string;
    entries: Entry[];
    servicePoint: { dueSupply: string; reportedSupply: { state: string } };
  };
}
interface BoardEvent {
  operationsBoardChanged: {
    resumeToken: string;
    entries: Entry[];
    entriesLeftOut: number;
    board: { killSwitchEngaged: boolean; gatewaysOffline: number };
  };
}

const COMMAND = `subscription ($id: ID!, $after: String) { switchCommandChanged(id: $id, resumeAfter: $after) { resumeToken entries { id act fromState toState } switchCommand { state } } }`;
const SUPPLY = `subscription ($n: String!, $after: String) { supplyChanged(servicePointNumber: $n, resumeAfter: $after) { resumeToken entries { id act fromState toState } servicePoint { dueSupply reportedSupply { state } } } }`;
const BOARD = `subscription ($after: String) { operationsBoardChanged(resumeAfter: $after) { resumeToken entries { id act fromState toState } entriesLeftOut board { killSwitchEngaged gatewaysOffline } } }`;

function dataOf<Data>(heard: Heard<Data>): Data {
  if ('error' in heard) throw new Error(`the subscription ended with ${heard.error}`);
  return heard.data;
}
const commandEvent = async (listening: Listening<CommandEvent>) => dataOf(await listening.next()).switchCommandChanged;
const supplyEvent = async (listening: Listening<SupplyEvent>) => dataOf(await listening.next()).supplyChanged;
const boardEvent = async (listening: Listening<BoardEvent>) => dataOf(await listening.next()).operationsBoardChanged;

/**
 * Reads on until an event shows what is waited for; gives that event with everything told on the way. Transactions of other tests
 * on the same server hold entries back, so what one commit wrote may come in several events.
 */
async function until<Event extends { entries: Entry[] }>(
  next: () => Promise<Event>,
  reached: (event: Event, acts: string[]) => boolean,
): Promise<Event> {
  const entries: Entry[] = [];
  for (;;) {
    const event = await next();
    entries.push(...event.entries);
    if (
      reached(
        event,
        entries.map(({ act, toState }) => `${act} ${toState}`),
      )
    )
      return { ...event, entries };
  }
}

/** Writes an audit entry about a service point, as flows do, on a connection of its own. */
const INSERT = `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id) VALUES (now(), 'SYSTEM', 'test', $1, 'Interruption', $2, $3, $4)`;
const note = (client: { query(text: string, values: unknown[]): Promise<unknown> }, home: Household, act: string) =>
  client.query(INSERT, [act, newId(), home.accountId, home.servicePointId]);

test('a command is followed from its first state to its end, each move once', async () => {
  const home = await placeDebtor(api, district);
  const commandId = await placeCutRequest(api, home);
  const client = socketClient(api, staff);
  const listening = listen<CommandEvent>(client, COMMAND, { id: globalId('SwitchCommand', commandId) });
  expect(await commandEvent(listening)).toMatchObject({ entries: [], switchCommand: { state: 'PENDING_APPROVAL' } });

  await approveSwitchCommand(
    api.flows,
    { commandId, role: 'SUPERVISOR', idempotencyKey: `approve-${commandId}`, note: 'file checked' },
    person,
  );
  const told: (string | null)[] = [];
  const approved = await until(
    () => commandEvent(listening),
    (_event, acts) => acts.includes('switch-command.moved QUEUED'),
  );
  expect(approved.switchCommand.state).toBe('QUEUED');
  told.push(...approved.entries.map(({ toState }) => toState));
  await cancelSwitchCommand(
    api.flows,
    { commandId, idempotencyKey: `cancel-${commandId}`, note: 'customer came' },
    person,
  );
  const cancelled = await until(
    () => commandEvent(listening),
    (_event, acts) => acts.includes('switch-command.moved CANCELLED'),
  );
  expect(cancelled.switchCommand.state).toBe('CANCELLED');
  told.push(...cancelled.entries.map(({ toState }) => toState));
  // What was written just before the subscription may be told once more as its beginning, never twice.
  expect(told.filter((state) => state !== 'PENDING_APPROVAL')).toEqual(['QUEUED', 'CANCELLED']);
  expect(listening.idle).toBe(true);
});

test('after a lost connection the token brings exactly what was missed', async () => {
  const home = await placeDebtor(api, district);
  const commandId = await placeCutRequest(api, home);
  const id = globalId('SwitchCommand', commandId);
  const first = socketClient(api, staff);
  const { resumeToken } = await commandEvent(listen<CommandEvent>(first, COMMAND, { id }));
  first.terminate();

  await approveSwitchCommand(
    api.flows,
    { commandId, role: 'SUPERVISOR', idempotencyKey: `approve-${commandId}`, note: 'file checked' },
    person,
  );
  await cancelSwitchCommand(
    api.flows,
    { commandId, idempotencyKey: `cancel-${commandId}`, note: 'customer came' },
    person,
  );

  const client = socketClient(api, staff);
  const listening = listen<CommandEvent>(client, COMMAND, { id, after: resumeToken });
  const missed = await until(
    () => commandEvent(listening),
    (_event, acts) => acts.includes('switch-command.moved CANCELLED'),
  );
  expect(missed.switchCommand.state).toBe('CANCELLED');
  expect(missed.entries.map(({ toState }) => toState).filter((state) => state !== 'PENDING_APPROVAL')).toEqual([
    'QUEUED',
    'CANCELLED',
  ]);
  // And from there: nothing left, nothing again.
  expect(await commandEvent(listen<CommandEvent>(client, COMMAND, { id, after: missed.resumeToken }))).toMatchObject({
    entries: [],
  });
});

test('the supply of a place: what a payment does, and what the meter says by itself', async () => {
  const home = await placeDebtor(api, district);
  await placeOutage(api, home);
  const client = socketClient(api, staff);
  const listening = listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber });
  expect(await supplyEvent(listening)).toMatchObject({
    entries: [],
    servicePoint: { dueSupply: 'OFF', reportedSupply: { state: 'DISCONNECTED' } },
  });

  await receivePayment(
    api.flows,
    {
      idempotencyKey: `supply-${home.accountNumber}`,
      accountNumber: home.accountNumber,
      amountMinor: 20_000n,
      currency: 'CNY',
      channel: 'BANK',
    },
    person,
  );
  const paid = await until(
    () => supplyEvent(listening),
    (_event, acts) => acts.length === 2,
  );
  expect(paid.servicePoint.dueSupply).toBe('ON');
  expect(paid.entries.map(({ act }) => act).sort()).toEqual(['interruption.closed', 'switch-command.ordered']);

  // The relay closes: the meter says so, and no act of ours is behind it.
  await api.sql(
    `UPDATE meter SET reported_relay = 'CLOSED', reported_since = now(), reported_at = now() WHERE id = $1`,
    [home.meterId],
  );
  api.flows.nudges.nudge('changed', [home.meterId]);
  const lit = await until(
    () => supplyEvent(listening),
    ({ servicePoint }) => servicePoint.reportedSupply.state === 'CONNECTED',
  );
  expect(lit.entries).toEqual([]);
});

test('an entry whose transaction commits late is neither missed nor told out of turn', async () => {
  const home = await placeHousehold(api, district);
  const client = socketClient(api, staff);
  const listening = listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber });
  const { resumeToken: before } = await supplyEvent(listening);

  const slow = await api.flows.db.pool.connect();
  const quick = await api.flows.db.pool.connect();
  try {
    await slow.query('BEGIN');
    await note(slow, home, 'slow');
    await note(quick, home, 'quick');
    api.flows.nudges.nudge('changed', [home.servicePointId]);
    // "quick" has the greater id and is committed; it waits, so that whoever resumes after it cannot lose "slow".
    const resumed = listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber, after: before });
    expect((await supplyEvent(resumed)).entries).toEqual([]);
    expect(listening.idle).toBe(true);
    await slow.query('COMMIT');
    for (const one of [listening, resumed]) {
      const acts: string[] = [];
      while (acts.length < 2) acts.push(...(await supplyEvent(one)).entries.map(({ act }) => act));
      expect(acts).toEqual(['slow', 'quick']);
    }
  } finally {
    slow.release();
    quick.release();
  }
});

test('many writers, many reconnects: every entry is heard exactly once', async () => {
  const home = await placeHousehold(api, district);
  const writers = Array.from({ length: 4 }, () => new pg.Client({ connectionString: api.flows.db.url }));
  await Promise.all(writers.map((writer) => writer.connect()));
  const EACH = 30;
  const heard: string[] = [];
  const client = socketClient(api, staff);
  let { resumeToken: token } = await supplyEvent(listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber }));
  const writing = Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; i < EACH; i += 1) {
        await writer.query('BEGIN');
        await note(writer, home, `w${w}-${i}`);
        // Hold some open across the others' commits.
        if ((i + w) % 3 === 0) await writer.query('SELECT pg_sleep(0.004)');
        await writer.query('COMMIT');
        api.flows.nudges.nudge('changed', [home.servicePointId]);
      }
    }),
  );
  while (heard.length < writers.length * EACH) {
    const listening = listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber, after: token });
    for (let events = 0; events < 3 && heard.length < writers.length * EACH; events += 1) {
      const { entries, resumeToken } = await supplyEvent(listening);
      heard.push(...entries.map(({ act }) => act));
      token = resumeToken;
    }
    listening.stop();
  }
  await writing;
  expect(new Set(heard).size).toBe(heard.length);
  expect(heard.length).toBe(writers.length * EACH);
  await Promise.all(writers.map((writer) => writer.end()));
});

describe('the board', () => {
  test('is told at once, then at every change, also of what leaves no entry', async () => {
    const client = socketClient(api, staff);
    const listening = listen<BoardEvent>(client, BOARD);
    expect(await boardEvent(listening)).toMatchObject({
      entries: [],
      entriesLeftOut: 0,
      board: { killSwitchEngaged: false },
    });
    await setKillSwitch(api.flows, { engaged: true, note: 'drill', idempotencyKey: 'board-on' }, person);
    // The board may be ahead of the entries, never behind them.
    let event = await boardEvent(listening);
    expect(event.board.killSwitchEngaged).toBe(true);
    while (event.entries.length === 0) event = await boardEvent(listening);
    expect(event).toMatchObject({
      entries: [{ act: 'kill-switch.set', toState: 'ENGAGED' }],
      board: { killSwitchEngaged: true },
    });
    await setKillSwitch(api.flows, { engaged: false, note: 'drill', idempotencyKey: 'board-off' }, person);
    for (event = await boardEvent(listening); event.entries.length === 0;) event = await boardEvent(listening);
    expect(event.board.killSwitchEngaged).toBe(false);
    await api.sql('UPDATE gateway SET online = false WHERE id = $1', [district.gatewayId]);
    expect(await boardEvent(listening)).toMatchObject({ entries: [], board: { gatewaysOffline: 1 } });
  });

  test('a burst is told in few events that say what they leave out', async () => {
    const home = await placeHousehold(api, district);
    const client = socketClient(api, staff);
    const listening = listen<BoardEvent>(client, BOARD);
    await boardEvent(listening);
    await api.sql(
      `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id) SELECT now(), 'SYSTEM', 'test', 'burst', 'Interruption', gen_random_uuid(), $1, $2 FROM generate_series(1, 450)`,
      [home.accountId, home.servicePointId],
    );
    api.flows.nudges.nudge('changed', []);
    let told = 0;
    while (told < 450) {
      const event = await boardEvent(listening);
      expect(event.entries.length).toBeLessThanOrEqual(100);
      told += event.entries.length + event.entriesLeftOut;
    }
    expect(told).toBe(450);
  });
});

describe('bounds', () => {
  test('a resume too far back, and tokens that are none, have a named error', async () => {
    const home = await placeHousehold(api, district);
    const client = socketClient(api, staff);
    const { resumeToken } = await supplyEvent(listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber }));
    await api.flows.db.pool.query(
      `${INSERT.replace(/VALUES.*/, '')} SELECT now(), 'SYSTEM', 'test', $1, 'Interruption', $2, $3, $4 FROM generate_series(0, ${BACKLOG})`,
      ['old', newId(), home.accountId, home.servicePointId],
    );
    await eventually('no older transaction holds them back', async () => {
      const [held] = await api.sql<{ back: boolean }>(
        'SELECT EXISTS (SELECT FROM audit_entry WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())) AS back',
      );
      return !held!.back;
    });
    const hear = (after: string) => listen<SupplyEvent>(client, SUPPLY, { n: home.servicePointNumber, after }).next();
    expect(await hear(resumeToken)).toEqual({ error: 'RESUME_TOO_FAR_BACK' });
    expect(await hear('nonsense')).toEqual({ error: 'RESUME_TOKEN_INVALID' });
    expect(await hear(Buffer.from('after:9999999999999:0').toString('base64url'))).toEqual({
      error: 'RESUME_TOKEN_INVALID',
    });
  });

  test('too many subscriptions on one connection', async () => {
    const client = socketClient(api, staff);
    const many = Array.from({ length: 5 }, () => listen<BoardEvent>(client, BOARD));
    for (const one of many) await boardEvent(one);
    expect(await listen<BoardEvent>(client, BOARD).next()).toEqual({ error: 'TOO_MANY_SUBSCRIPTIONS' });
    many[0]!.stop();
    await eventually(
      'a place is free again',
      async () => !('error' in (await listen<BoardEvent>(client, BOARD).next())),
    );
  });

  test('what is refused over HTTP is refused here by the same names', async () => {
    const client = socketClient(api, staff);
    const hear = (query: string) => listen(client, query).next();
    expect(await hear('{ limits ')).toEqual({ error: 'GRAPHQL_PARSE_FAILED' });
    expect(await hear('{ nothing }')).toEqual({ error: 'GRAPHQL_VALIDATION_FAILED' });
    expect(await hear(`{ ${'limits { name } '.repeat(700)} }`)).toEqual({ error: 'QUERY_TOO_LONG' });
    expect(await hear('{ accounts(first: 101) { edges { cursor } } }')).toEqual({ error: 'PAGE_TOO_LARGE' });
    expect(await hear('{ quarantine(first: 1) { edges { cursor } } }')).toEqual({ error: 'FORBIDDEN' });
    expect(await hear('{ viewer { subject } }')).toMatchObject({ data: { viewer: { subject: 'test-supervisor' } } });
  });

  test('no token, no connection; and the connection ends with the token', async () => {
    const closes: number[] = [];
    const nobody = socketClient(api, undefined, (code) => closes.push(code));
    expect(await listen(nobody, BOARD).next()).toEqual({ error: 'closed 4401' });
    const brief = socketClient(api, await api.token('SUPERVISOR', { lifetimeSeconds: 3 }), (code) => closes.push(code));
    const listening = listen<BoardEvent>(brief, BOARD);
    await boardEvent(listening);
    expect(await listening.next()).toEqual({ error: 'closed 4401' });
    expect(closes).toEqual([4401, 4401]);
  });

  test('an oversized message and a wrong path close the socket, and the API goes on', async () => {
    const url = api.url.replace('http', 'ws');
    const closed = (socket: WebSocket) =>
      new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)).on('error', () => undefined));
    const large = new WebSocket(`${url}/graphql`, 'graphql-transport-ws');
    await new Promise((resolve) => large.on('open', resolve));
    large.send('x'.repeat(300_000));
    expect(await closed(large)).toBe(1009);
    expect(await closed(new WebSocket(`${url}/elsewhere`, 'graphql-transport-ws'))).toBe(1006);
    expect(await closed(new WebSocket(`${url}/graphql`, 'graphql-ws'))).toBe(1006);
    expect((await api.ask(staff, '{ viewer { subject } }')).status).toBe(200);
  });
});

test('nobody listens: the feed rests, and no statement is sent', async () => {
  await eventually('the feed rests', async () => {
    api.statementsSince();
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    return api.statementsSince() === 0;
  });
});
