import { startControl, type ControlServer } from '../../simulator/control/server.js';
import { startFleet, type RunningFleet } from '../../simulator/fleet.js';
import { TestBroker } from './support/broker.js';
import { GATEWAY, manifest, METER } from './support/fixtures.js';

let broker: TestBroker;
let fleet: RunningFleet;
let control: ControlServer;

beforeAll(async () => {
  broker = await new TestBroker().start();
  fleet = await startFleet({ fleet: manifest({ metersEach: 5, meter: { relay: 'open' } }), brokerUrl: broker.url });
  await fleet.ready;
  control = await startControl(fleet, 0);
});
afterAll(async () => {
  await control.close();
  await fleet.stop();
  await broker.kill();
});

interface Answer {
  status: number;
  body: Record<string, unknown> & { error?: string };
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(control.url + path, {
    method,
    headers: { authorization: `Bearer ${control.token}`, ...headers },
    body: typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

describe('the control API', () => {
  test('tells the fleet in figures', async () => {
    const { status, body } = await ask('GET', '/summary');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      meters: 5,
      online: 1,
      total: 1,
      open: 5,
      closed: 0,
      accepted: 0,
      refused: {},
      faults: 0,
    });
  });

  test('pages through meters', async () => {
    const { body } = await ask('GET', '/meters?first=2');
    expect((body.meters as { meter: string }[]).map(({ meter }) => meter)).toEqual([METER, '100000000002']);
    expect(body).toMatchObject({ total: 5, next: '100000000002' });
    const last = await ask('GET', '/meters?first=1000&after=100000000002');
    expect(last.body).toMatchObject({ next: null });
    expect(last.body.meters).toHaveLength(3);
    for (const query of ['first=0', 'first=1001', 'first=x', 'after=1']) {
      expect((await ask('GET', `/meters?${query}`)).status).toBe(400);
    }
  });

  test('shows one meter with its relay history', async () => {
    const { body } = await ask('GET', `/meters/${METER}`);
    expect(body).toMatchObject({
      meter: METER,
      gateway: GATEWAY,
      relay: 'open',
      reportedRelay: 'open',
      relayHistory: [],
    });
    expect(await ask('GET', '/meters/7')).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('no meter 7') },
    });
  });

  test('presses buttons and moves meters', async () => {
    expect(await ask('POST', `/meters/${METER}/button`)).toMatchObject({ status: 200, body: { outcome: 'not-armed' } });
    expect(await ask('POST', `/meters/${METER}/button`, { holdMs: 10 })).toMatchObject({
      body: { outcome: 'too-short' },
    });
    expect((await ask('POST', `/meters/${METER}/button`, { holdMs: -1 })).status).toBe(400);
    expect((await ask('POST', '/meters/7/button')).status).toBe(404);
    const installation = 'cccccccc-0000-4000-8000-000000000001';
    expect(await ask('POST', `/meters/${METER}/installation`, { installation })).toMatchObject({
      body: { installation },
    });
    expect((await ask('POST', `/meters/${METER}/installation`, { installation: 'X' })).status).toBe(400);
    expect((await ask('POST', '/meters/7/installation', { installation })).status).toBe(404);
  });

  test('puts faults in force and ends them', async () => {
    const added = await ask('POST', '/faults', { name: 'lossUp', target: { meter: METER }, parameters: { rate: 0.5 } });
    expect(added).toMatchObject({ status: 201, body: { name: 'lossUp', target: { meter: METER } } });
    expect((await ask('GET', '/faults')).body.faults).toEqual([added.body]);
    expect(await ask('DELETE', `/faults/${String(added.body.id)}`)).toMatchObject({ status: 200 });
    expect(await ask('DELETE', `/faults/${String(added.body.id)}`)).toMatchObject({ status: 404 });
    const refused = await ask('POST', '/faults', { name: 'gremlins' });
    expect(refused).toMatchObject({ status: 400, body: { error: expect.stringContaining('choose one of') } });
  });

  test.each<[string, string, string, unknown, Record<string, string>, number]>([
    ['no token', 'GET', '/summary', undefined, { authorization: '' }, 401],
    ['a wrong token', 'GET', '/summary', undefined, { authorization: 'Bearer x' }, 401],
    ['a web page', 'GET', '/summary', undefined, { origin: 'http://127.0.0.1:4000' }, 403],
    ['a path that is not there', 'GET', '/', undefined, {}, 404],
    ['a method that is not there', 'PUT', '/faults', {}, {}, 405],
    ['no JSON', 'POST', '/faults', '{', {}, 400],
    ['a bad escape', 'GET', '/meters/%E0%A4%A', undefined, {}, 400],
    ['a huge body', 'POST', '/faults', JSON.stringify('x'.repeat(70_000)), {}, 413],
  ])('refuses %s', async (_, method, path, body, headers, status) => {
    const answer = await ask(method, path, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatch(/\w+ \w+/);
  });

  test('refuses another host name: no DNS rebinding', async () => {
    const { request } = await import('node:http');
    const { port } = new URL(control.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example', authorization: `Bearer ${control.token}` };
      request({ host: '127.0.0.1', port, path: '/summary', headers }, (response) => {
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
