import { subscribe, type ExecutionArgs } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { ControlEngine } from '../../simulator/control/engine.js';
import { startControl, type ControlServer } from '../../simulator/control/server.js';
import { MAX_SUBSCRIPTIONS } from '../../simulator/control/subscriptions.js';
import { startFleet, type RunningFleet } from '../../simulator/fleet.js';
import { TestBroker, TestHeadEnd, until } from './support/broker.js';
import { clock, GATEWAY, installationOf, manifest, METER, restore, seal } from './support/fixtures.js';

let broker: TestBroker;
let headEnd: TestHeadEnd;
let fleet: RunningFleet;
let control: ControlServer;

beforeAll(async () => {
  broker = await new TestBroker().start();
  headEnd = await TestHeadEnd.connect(broker.url);
  fleet = await startFleet({
    fleet: manifest({ metersEach: 5, meter: { relay: 'open' } }),
    brokerUrl: broker.url,
    bootState: false,
  });
  await fleet.ready;
  control = await startControl(fleet, 0);
});
afterAll(async () => {
  await control.close();
  await fleet.stop();
  await headEnd.close();
  await broker.kill();
});

interface Answer {
  status: number;
  data: Record<string, unknown> | null | undefined;
  /** Code of the first error. */
  code: string | undefined;
  message: string | undefined;
}

async function post(
  body: string,
  headers: Record<string, string> = {},
  path = '/graphql',
  method = 'POST',
): Promise<Answer> {
  const response = await fetch(control.url + path, {
    method,
    headers: { authorization: `Bearer ${control.token}`, ...headers },
    body: method === 'GET' ? undefined : body,
  });
  const { data, errors } = (await response.json()) as {
    data?: Answer['data'];
    errors?: { message: string; extensions?: { code: string } }[];
  };
  return { status: response.status, data, code: errors?.[0]?.extensions?.code, message: errors?.[0]?.message };
}
const ask = (query: string, variables: Record<string, unknown> = {}): Promise<Answer> =>
  post(JSON.stringify({ query, variables }));

/** Hears a subscription; `next` waits for the following value. */
function hear<Data>(query: string) {
  const headers = { authorization: `Bearer ${control.token}` };
  class Socket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `${control.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Socket,
    retryAttempts: 0,
  });
  const stream = client.iterate<Data>({ query });
  return {
    next: async (): Promise<Data> => {
      const { value } = (await stream.next()) as { value: { data?: Data; errors?: readonly Error[] } };
      if (!value.data) throw value.errors?.[0] ?? new Error('nothing');
      return value.data;
    },
    close: async () => {
      await stream.return?.();
      await client.dispose();
    },
  };
}

describe('the control API', () => {
  test('tells the fleet in figures', async () => {
    const { status, data } = await ask(
      '{ summary { meters gateways gatewaysOnline open closed armed faults timeScaleMillis clockFollowed counters { accepted refused { code count } } } }',
    );
    expect(status).toBe(200);
    expect(data?.summary).toEqual({
      meters: 5,
      gateways: 1,
      gatewaysOnline: 1,
      open: 5,
      closed: 0,
      armed: 0,
      faults: 0,
      timeScaleMillis: 1000,
      clockFollowed: false,
      counters: { accepted: 0, refused: [] },
    });
  });

  test('pages through meters and gateways', async () => {
    const page =
      'query ($first: Int, $after: String) { meters(first: $first, after: $after) { meters { meter relay } total next } }';
    expect((await ask(page, { first: 2 })).data?.meters).toEqual({
      meters: [
        { meter: METER, relay: 'OPEN' },
        { meter: '100000000002', relay: 'OPEN' },
      ],
      total: 5,
      next: '100000000002',
    });
    const last = (await ask(page, { first: 1000, after: '100000000002' })).data?.meters as {
      meters: unknown[];
      next: null;
    };
    expect(last.next).toBeNull();
    expect(last.meters).toHaveLength(3);
    expect((await ask(page, { first: 0 })).code).toBe('PAGE_OUT_OF_RANGE');
    expect((await ask(page, { first: 1001 })).code).toBe('PAGE_OUT_OF_RANGE');
    expect((await ask(page, { after: '1' })).code).toBe('METER_NOT_FOUND');
    const gateways =
      'query ($state: GatewayState) { gateways(state: $state) { gateways { gateway state meters closed } total next } }';
    expect((await ask(gateways)).data?.gateways).toEqual({
      gateways: [{ gateway: GATEWAY, state: 'ONLINE', meters: 5, closed: 0 }],
      total: 1,
      next: null,
    });
    expect((await ask(gateways, { state: 'WAITING' })).data?.gateways).toMatchObject({ gateways: [], total: 0 });
    expect((await ask('{ gateways(after: "1") { total } }')).code).toBe('GATEWAY_NOT_FOUND');
  });

  test('shows one meter with its relay history, and nobody where there is none', async () => {
    const { data } = await ask(
      `{ meter(number: "${METER}") { meter gateway reportedRelay energyWh relayHistory { to } } nobody: meter(number: "7") { meter } }`,
    );
    expect(data).toMatchObject({
      meter: { meter: METER, gateway: GATEWAY, reportedRelay: 'OPEN', relayHistory: [] },
      nobody: null,
    });
  });

  test('presses buttons, moves and swaps meters', async () => {
    const press =
      'mutation ($meter: String!, $holdMs: Int) { pressButton(meter: $meter, holdMs: $holdMs) { outcome meter { meter } } }';
    expect((await ask(press, { meter: METER })).data?.pressButton).toEqual({
      outcome: 'NOT_ARMED',
      meter: { meter: METER },
    });
    expect((await ask(press, { meter: METER, holdMs: 10 })).data?.pressButton).toMatchObject({ outcome: 'TOO_SHORT' });
    expect((await ask(press, { meter: METER, holdMs: -1 })).code).toBe('HOLD_OUT_OF_RANGE');
    expect((await ask(press, { meter: '7' })).code).toBe('METER_NOT_FOUND');
    const code =
      'mutation ($meter: String!, $code: String!) { enterRestoreCode(meter: $meter, code: $code) { outcome } }';
    expect((await ask(code, { meter: METER, code: '1'.repeat(16) })).data?.enterRestoreCode).toEqual({
      outcome: 'REFUSED',
    });
    expect((await ask(code, { meter: METER, code: '1' })).code).toBe('CODE_INVALID');
    const move =
      'mutation ($meter: String!, $to: String!) { setInstallation(meter: $meter, installation: $to) { installation } }';
    const installation = 'cccccccc-0000-4000-8000-000000000001';
    expect((await ask(move, { meter: METER, to: installation })).data?.setInstallation).toEqual({ installation });
    expect((await ask(move, { meter: METER, to: 'X' })).code).toBe('INSTALLATION_INVALID');
    expect((await ask(move, { meter: '7', to: installation })).code).toBe('METER_NOT_FOUND');
    const swapped = await ask(
      `mutation { swapNeighbours(first: "${METER}", second: "100000000002") { meter installation } }`,
    );
    expect(swapped.data?.swapNeighbours).toEqual([
      { meter: METER, installation: installationOf(2) },
      { meter: '100000000002', installation },
    ]);
  });

  test('puts faults in force and ends them, and tells who listens', async () => {
    const changes = hear<{ faultChanges: unknown }>('subscription { faultChanges { inForce fault { id name } } }');
    const first = changes.next();
    const input = {
      name: 'lossUp',
      target: { meter: METER },
      parameters: [{ name: 'rate', value: '0.5' }],
      forMs: 60_000,
    };
    const add =
      'mutation ($input: FaultInput!) { addFault(input: $input) { id name target { meter share } parameters { name value } forMs } }';
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { data } = await ask(add, { input });
    const fault = data?.addFault as { id: string };
    expect(fault).toEqual({
      id: expect.any(String),
      name: 'lossUp',
      target: { meter: METER, share: null },
      parameters: [
        { name: 'rate', value: '0.5' },
        { name: 'kind', value: 'all' },
      ],
      forMs: 60_000,
    });
    expect(await first).toEqual({ faultChanges: { inForce: true, fault: { id: fault.id, name: 'lossUp' } } });
    expect((await ask('{ faults { id } }')).data?.faults).toEqual([{ id: fault.id }]);
    const remove = `mutation { removeFault(id: "${fault.id}") { id } }`;
    expect((await ask(remove)).data?.removeFault).toEqual({ id: fault.id });
    expect(await changes.next()).toMatchObject({ faultChanges: { inForce: false } });
    expect((await ask(remove)).code).toBe('FAULT_NOT_FOUND');
    const refused = await ask(add, { input: { name: 'gremlins' } });
    expect(refused).toMatchObject({ code: 'FAULT_INVALID', message: expect.stringContaining('choose one of') });
    await changes.close();
  });

  test('tells which relays move, collected, and what a scenario says', async () => {
    const moves = hear<{ relayMovements: { movements: unknown[]; leftOut: number } }>(
      `subscription { relayMovements(gateway: "${GATEWAY}") { leftOut movements { meter movement { to cause sequence } } } }`,
    );
    const progress = hear<unknown>('subscription { scenarioProgress { scenario step steps outcome } }');
    const [moved, told] = [moves.next(), progress.next()];
    await new Promise((resolve) => setTimeout(resolve, 100));
    await headEnd.send(
      GATEWAY,
      METER,
      seal(restore({ sequence: 1, installation: fleet.meter(METER)!.installation, ...validNow() })),
    );
    expect(await moved).toEqual({
      relayMovements: {
        leftOut: 0,
        movements: [{ meter: METER, movement: { to: 'CLOSED', cause: 'COMMAND', sequence: 1 } }],
      },
    });
    fleet.reportScenario({ scenario: 'festival', step: 2, steps: 5, text: 'cutting', outcome: 'running' });
    expect(await told).toEqual({ scenarioProgress: { scenario: 'festival', step: 2, steps: 5, outcome: 'RUNNING' } });
    await Promise.all([moves.close(), progress.close()]);
  });

  test('tells activity each second, and runs a load', async () => {
    const activity = hear<{ activity: { change: { sent: { reading: number } }; intervalMs: number } }>(
      'subscription { activity { intervalMs change { sent { reading } } } }',
    );
    const loads = hear<{ loadProgress: { running: boolean; sent: number; acknowledged: number } }>(
      'subscription { loadProgress { running sent acknowledged latency { count p50Ms p99Ms maxMs } } }',
    );
    const first = activity.next();
    const start = 'mutation ($input: LoadInput!) { startLoad(input: $input) { running kind } }';
    expect((await ask(start, { input: { kind: 'READING', perSecond: 200, forMs: 1_500 } })).data?.startLoad).toEqual({
      running: true,
      kind: 'READING',
    });
    expect((await ask(start, { input: { kind: 'READING' } })).code).toBe('LOAD_INVALID');
    let load = (await loads.next()).loadProgress;
    while (load.running) load = (await loads.next()).loadProgress;
    expect(load.sent).toBeGreaterThan(250);
    expect(load.sent).toBeLessThanOrEqual(301);
    await until('every PUBACK', () => fleet.load()?.acknowledged === load.sent);
    expect((await first).activity.intervalMs).toBeGreaterThan(500);
    expect((await activity.next()).activity.change.sent.reading).toBeGreaterThan(0);
    expect((await ask('mutation { stopLoad { acknowledged pending dropped } }')).data?.stopLoad).toEqual({
      acknowledged: load.sent,
      pending: 0,
      dropped: 0,
    });
    await Promise.all([activity.close(), loads.close()]);
  });

  test('runs time faster as long as it is the fleet’s own', async () => {
    const set = 'mutation ($scale: Int!) { setTimeScale(scaleMillis: $scale) { timeScaleMillis } }';
    expect((await ask(set, { scale: 10_000_000 })).data?.setTimeScale).toEqual({ timeScaleMillis: 10_000_000 });
    expect((await ask(set, { scale: -1 })).code).toBe('SCALE_OUT_OF_RANGE');
    await ask(set, { scale: 1_000 });
    await headEnd.setClock(GATEWAY, seal(clock()));
    await until('the head-end’s time', () => fleet.summary().clockFollowed);
    expect((await ask(set, { scale: 1_000 })).code).toBe('CLOCK_FOLLOWED');
  });

  const summary = JSON.stringify({ query: '{ summary { meters } }' });
  test.each<[string, string, Record<string, string>, string, string, number]>([
    ['no token', summary, { authorization: '' }, '/graphql', 'POST', 401],
    ['a wrong token', summary, { authorization: 'Bearer x' }, '/graphql', 'POST', 401],
    ['a web page', summary, { origin: 'http://127.0.0.1:4000' }, '/graphql', 'POST', 403],
    ['a path that is not there', summary, {}, '/', 'POST', 404],
    ['a method that is not there', summary, {}, '/graphql', 'GET', 405],
    ['no JSON', '{', {}, '/graphql', 'POST', 400],
    ['no request', '[]', {}, '/graphql', 'POST', 400],
    ['no GraphQL', '{"query":"{"}', {}, '/graphql', 'POST', 400],
    ['an unknown field', '{"query":"{ gold }"}', {}, '/graphql', 'POST', 400],
    ['a subscription over POST', '{"query":"subscription { activity { intervalMs } }"}', {}, '/graphql', 'POST', 400],
    ['a huge body', JSON.stringify({ query: 'x'.repeat(70_000) }), {}, '/graphql', 'POST', 413],
    ['a request that asks for too much', JSON.stringify({ query: bomb() }), {}, '/graphql', 'POST', 400],
  ])('refuses %s', async (_, body, headers, path, method, status) => {
    const answer = await post(body, headers, path, method);
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(/\w+ \w+/);
  });

  test('refuses subscriptions without a token, and more than its bound', async () => {
    const { url, token } = control;
    control = { ...control, token: 'wrong' };
    await expect(hear('subscription { activity { intervalMs } }').next()).rejects.toBeDefined();
    control = { ...control, url, token };
    const engine = new ControlEngine(fleet);
    const open = async () =>
      subscribe(engine.prepare({ query: 'subscription { faultChanges { inForce } }' }) as ExecutionArgs);
    const streams = await Promise.all(Array.from({ length: MAX_SUBSCRIPTIONS }, open));
    expect(await open()).toMatchObject({ errors: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }] });
    // One that ends makes room.
    await (streams[0] as AsyncGenerator).return(undefined);
    expect(await open()).not.toHaveProperty('errors');
  });

  test('refuses another host name: no DNS rebinding', async () => {
    const { request } = await import('node:http');
    const { port } = new URL(control.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example', authorization: `Bearer ${control.token}` };
      request({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  test('says so when its port is taken', async () => {
    await expect(startControl(fleet, Number(new URL(control.url).port))).rejects.toThrow(
      /is taken; give --control-port 0/,
    );
  });
});

/** Small to write, millions of fields to answer. */
function bomb(): string {
  const spread = (name: string, fragment: string): string =>
    Array.from({ length: 20 }, (_, index) => `${name}${index}: ${name}(first: 1000) { ...${fragment} }`).join(' ');
  return `{ ${spread('meters', 'Page')} } fragment Page on MeterPage { ${'abcdefghij'
    .split('')
    .map((alias) => `${alias}: meters { ...One }`)
    .join(' ')} } fragment One on Meter { meter relay armed }`;
}

/** A validity around the machine's own time. */
const validNow = () => ({
  issuedAt: new Date().toISOString(),
  notAfter: new Date(Date.now() + 600_000).toISOString(),
});
