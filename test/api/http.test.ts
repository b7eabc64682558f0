import { once } from 'node:events';
import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import request from 'supertest';
import { codesOf, post, startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let staff: string;
let ready = true;

beforeAll(async () => {
  api = await startTestApi({
    health: () => Promise.resolve({ ready, checks: { database: { ok: ready } } }),
    fleetManifest: { version: 1, gateways: [] },
  });
  staff = await api.token('OPERATIONS');
});
afterAll(() => api.stop());

test('the graphql-http server audits pass, every one of them', async () => {
  const audits = serverAudits({
    url: `${api.url}/graphql`,
    fetchFn: (url: string, init?: RequestInit) =>
      fetch(url, { ...init, headers: { ...(init?.headers as object), authorization: `Bearer ${staff}` } }),
  });
  const results = await Promise.all(audits.map((audit) => audit.fn()));
  expect(results.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${status}: ${name}`)).toEqual([]);
  expect(results.length).toBeGreaterThan(60);
});

describe('who is asking', () => {
  test.each([
    ['no token', undefined],
    ['a token of nobody', 'not.a.token.at.all.really'],
    [
      'an unsigned token',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"x","relight_roles":["SUPERVISOR"],"exp":9999999999}').toString('base64url')}.`,
    ],
  ])('%s is UNAUTHENTICATED, for introspection too', async (_name, token) => {
    for (const query of ['{ __typename }', '{ __schema { queryType { name } } }', '{ limits { name } }']) {
      const answer = await api.ask(token, query);
      expect([answer.status, codesOf(answer), answer.data]).toEqual([401, ['UNAUTHENTICATED'], undefined]);
    }
  });

  test('an expired token, one of another issuer and one with a changed role are UNAUTHENTICATED', async () => {
    const expired = await api.token('SUPERVISOR', { lifetimeSeconds: -60 });
    const [header, , signature] = staff.split('.');
    const forged = [
      header,
      Buffer.from(
        JSON.stringify({
          sub: 'x',
          iss: 'relight-development',
          aud: 'relight',
          exp: 9_999_999_999,
          relight_roles: ['SUPERVISOR'],
        }),
      ).toString('base64url'),
      signature,
    ].join('.');
    for (const token of [expired, forged])
      expect(codesOf(await api.ask(token, '{ limits { name } }'))).toEqual(['UNAUTHENTICATED']);
  });

  test('a logged-in client may read the schema', async () => {
    const { data } = await api.ask(staff, '{ __type(name: "Account") { fields { name description } } }');
    expect(data.__type.fields.length).toBeGreaterThan(10);
  });
});

describe('what cannot be asked for', () => {
  const nested = (levels: number): string => (levels === 0 ? '{ id }' : `{ supersededBy ${nested(levels - 1)} }`);
  test.each([
    ['MALFORMED_JSON', 400, '{"query": '],
    ['BAD_REQUEST', 400, JSON.stringify({ variables: {} })],
    ['BAD_REQUEST', 400, JSON.stringify([{ query: '{ __typename }' }])],
    ['GRAPHQL_PARSE_FAILED', 400, JSON.stringify({ query: '{ limits ' })],
    ['GRAPHQL_VALIDATION_FAILED', 400, JSON.stringify({ query: '{ nothing }' })],
    ['GRAPHQL_VALIDATION_FAILED', 400, JSON.stringify({ query: '{ accounts { edges { cursor } } }' })],
    [
      'BAD_USER_INPUT',
      400,
      JSON.stringify({
        query: 'query ($n: Int!) { accounts(first: $n) { edges { cursor } } }',
        variables: { n: 'many' },
      }),
    ],
    ['QUERY_TOO_LONG', 400, JSON.stringify({ query: `{ ${'limits { name } '.repeat(700)} }` })],
    ['QUERY_TOO_DEEP', 400, JSON.stringify({ query: `{ switchCommand(id: "x") ${nested(12)} }` })],
    [
      'QUERY_TOO_COMPLEX',
      400,
      JSON.stringify({
        query: '{ accounts(first: 100) { edges { node { bills(first: 100) { edges { node { id } } } } } } }',
      }),
    ],
    [
      'QUERY_TOO_COMPLEX',
      400,
      JSON.stringify({
        query:
          'query ($n: Int! = 100) { accounts(first: $n) { edges { node { bills(first: $n) { edges { node { id } } } } } } }',
      }),
    ],
    ['PAGE_TOO_LARGE', 400, JSON.stringify({ query: '{ accounts(first: 101) { edges { cursor } } }' })],
    [
      'PAGE_TOO_LARGE',
      400,
      JSON.stringify({ query: 'query ($n: Int!) { accounts(first: $n) { edges { cursor } } }', variables: { n: 0 } }),
    ],
    [
      'TOO_MANY_ALIASES',
      400,
      JSON.stringify({ query: `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: __typename`).join(' ')} }` }),
    ],
    [
      'TOO_MANY_DIRECTIVES',
      400,
      JSON.stringify({
        query: `{ ${Array.from({ length: 6 }, (_, i) => `a${i}: __typename @skip(if: false)`).join(' ')} }`,
      }),
    ],
    ['INVALID_CURSOR', 200, JSON.stringify({ query: '{ accounts(first: 1, after: "xyz") { edges { cursor } } }' })],
    [
      'SUBSCRIPTION_NEEDS_WEBSOCKET',
      400,
      JSON.stringify({ query: 'subscription { operationsBoardChanged { resumeToken } }' }),
    ],
    [
      'PERSISTED_QUERY_NOT_SUPPORTED',
      200,
      JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }),
    ],
    ['OPERATION_RESOLUTION_FAILURE', 400, JSON.stringify({ query: 'query A { __typename } query B { __typename }' })],
  ])('%s (%d)', async (code, status, body) => {
    const answer = await post(`${api.url}/graphql`, staff, body);
    expect([answer.status, codesOf(answer)]).toEqual([status, [code]]);
    expect(answer.errors![0]!.message.length).toBeGreaterThan(15);
    expect(JSON.stringify(answer)).not.toMatch(/stack|node_modules|\.ts:/);
  });

  test('a body that is too large, and one that is not JSON, have a named error', async () => {
    const large = await post(
      `${api.url}/graphql`,
      staff,
      JSON.stringify({ query: `# ${'x'.repeat(300_000)}\n{ __typename }` }),
    );
    expect([large.status, codesOf(large)]).toEqual([413, ['REQUEST_TOO_LARGE']]);
    const text = await post(`${api.url}/graphql`, staff, '{ __typename }', { 'content-type': 'text/plain' });
    expect(text.status).toBeGreaterThanOrEqual(400);
    expect(codesOf(text)[0]).toMatch(/UNSUPPORTED_MEDIA_TYPE|BAD_REQUEST/);
  });

  test('field names are not suggested to whoever guesses', async () => {
    const answer = await api.ask(staff, '{ accaunts(first: 1) { edges { cursor } } }');
    expect(answer.errors![0]!.message).not.toContain('accounts');
  });

  test('a request of another site is refused: no simple request gets through', async () => {
    const get = await fetch(`${api.url}/graphql?query={__typename}`);
    expect([
      get.status,
      ((await get.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code,
    ]).toEqual([400, 'BAD_REQUEST']);
  });

  test('an address that is none is a bad request, and the API goes on', async () => {
    await request(api.url)
      .post('/graphql')
      .set('host', 'a b')
      .set('authorization', `Bearer ${staff}`)
      .send({ query: '{ __typename }' })
      .expect(400);
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    expect((await api.ask(staff, '{ __typename }')).status).toBe(200);
  });

  test('fragments in fragments are counted, and cost us nothing to count', async () => {
    const bombs = Array.from({ length: 60 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`).join(
      ' ',
    );
    const startMs = performance.now();
    const answer = await api.ask(staff, `{ ...f0 } ${bombs} fragment f60 on Query { limits { name } }`);
    expect(codesOf(answer)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

describe('beside GraphQL', () => {
  test('alive without a token, ready when its parts are', async () => {
    await request(api.url).get('/health').expect(200, { status: 'ok' });
    await request(api.url).get('/ready').expect(200);
    ready = false;
    await request(api.url).get('/ready').expect(503);
    ready = true;
  });

  test('the simulated fleet is for TESTER', async () => {
    const tester = await api.token('TESTER');
    await request(api.url).get('/simulation/fleet').expect(401);
    await request(api.url).get('/simulation/fleet').set('authorization', `Bearer ${staff}`).expect(403);
    await request(api.url)
      .get('/simulation/fleet')
      .set('authorization', `Bearer ${tester}`)
      .expect(200, { version: 1, gateways: [] });
  });

  test('GraphiQL comes from here alone, under a policy that allows no inline script', async () => {
    const page = await request(api.url).get('/').expect(200).expect('content-type', /html/);
    const policy = page.headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/https?:\/\/|<script>|onload=/);
    const files = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files).toHaveLength(6);
    for (const file of files) {
      const first = await request(api.url).get(file).expect(200);
      await request(api.url)
        .get(file)
        .set('if-none-match', first.headers['etag'] as string)
        .expect(304);
    }
    await request(api.url).get('/graphiql/../../package.json').expect(404);
    await request(api.url).get('/nowhere').expect(404);
  });
});
