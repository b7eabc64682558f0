import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthenticator } from '../../src/api/auth/authenticate.js';
import { issueDevelopmentToken, openDevelopmentIssuer } from '../../src/api/auth/development-tokens.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'relight-tokens-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the development issuer', () => {
  test('exists in simulation mode only', async () => {
    await expect(openDevelopmentIssuer(dir, { simulation: false })).rejects.toThrow('simulation mode only');
    expect(readdirSync(dir)).toEqual([]);
  });

  test('keeps one key, readable by its owner only, also when two processes open it at once', async () => {
    const issuers = await Promise.all(
      Array.from({ length: 5 }, () => openDevelopmentIssuer(dir, { simulation: true })),
    );
    expect(new Set(issuers.map(({ keyId }) => keyId)).size).toBe(1);
    expect(readdirSync(dir)).toHaveLength(1);
    const file = join(dir, readdirSync(dir)[0]!);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = await issueDevelopmentToken(issuers[0]!, { subject: 'someone', role: 'AUDITOR' });
    const again = await openDevelopmentIssuer(dir, { simulation: true });
    expect(await createAuthenticator(again.settings).authenticate(`Bearer ${token}`)).toMatchObject({
      subject: 'someone',
      roles: ['AUDITOR'],
    });
    chmodSync(file, 0o644);
    await expect(openDevelopmentIssuer(dir, { simulation: true })).rejects.toThrow('Delete it');
  });

  test('names accounts and districts, and a lifetime', async () => {
    const issuer = await openDevelopmentIssuer(dir, { simulation: true });
    const authenticator = createAuthenticator(issuer.settings);
    const customer = await issueDevelopmentToken(issuer, {
      subject: 'c',
      role: 'CUSTOMER',
      accountNumbers: ['3700000001'],
      lifetimeSeconds: 60,
    });
    const viewer = await authenticator.authenticate(`bearer ${customer}`);
    expect(viewer).toMatchObject({ accountNumbers: ['3700000001'], districtCodes: [] });
    expect(viewer.expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
    const manager = await issueDevelopmentToken(issuer, {
      subject: 'm',
      role: 'DISTRICT_MANAGER',
      districtCodes: ['TD-1'],
    });
    expect(await authenticator.authenticate(`Bearer ${manager}`)).toMatchObject({ districtCodes: ['TD-1'] });
  });
});

describe('an OIDC issuer', () => {
  let jwks: Server;
  let jwksUrl: string;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let answering = true;
  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
    jwks = createServer((_request, response) =>
      answering ? response.end(JSON.stringify({ keys: [jwk] })) : response.writeHead(500).end(),
    );
    await new Promise<void>((done) => jwks.listen(0, '127.0.0.1', done));
    jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
  });
  afterAll(() => jwks.close());

  const sign = (
    claims: Record<string, unknown>,
    more: { issuer?: string; audience?: string; expiresIn?: string } = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setSubject('person-7')
      .setIssuer(more.issuer ?? 'https://login.example')
      .setAudience(more.audience ?? 'relight')
      .setExpirationTime(more.expiresIn ?? '5m')
      .sign(keys.privateKey);
  const codeOf = async (token: string, url = jwksUrl) => {
    const authenticator = createAuthenticator({
      kind: 'oidc',
      issuer: 'https://login.example',
      audience: 'relight',
      jwksUrl: url,
    });
    return authenticator.authenticate(`Bearer ${token}`).then(
      ({ roles }) => roles,
      (error: { code?: string }) => error.code,
    );
  };

  test('is believed about roles it gives, and only about those we know', async () => {
    expect(await codeOf(await sign({ relight_roles: ['HOTLINE', 'COFFEE_MAKER'] }))).toEqual(['HOTLINE']);
    expect(await codeOf(await sign({ relight_roles: 'HOTLINE' }))).toEqual(['HOTLINE']);
    expect(await codeOf(await sign({ relight_roles: ['COFFEE_MAKER'] }))).toBe('FORBIDDEN');
    expect(await codeOf(await sign({}))).toBe('FORBIDDEN');
    expect(await codeOf(await sign({ relight_roles: ['BANK', 'SUPERVISOR'] }))).toBe('FORBIDDEN');
  });

  test('wrong issuer, audience, time or key is UNAUTHENTICATED; no keys at all is another matter', async () => {
    const role = { relight_roles: ['HOTLINE'] };
    expect(await codeOf(await sign(role, { issuer: 'https://elsewhere.example' }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await sign(role, { audience: 'another-api' }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await sign(role, { expiresIn: '-1m' }))).toBe('UNAUTHENTICATED');
    const development = await openDevelopmentIssuer(dir, { simulation: true });
    expect(await codeOf(await issueDevelopmentToken(development, { subject: 'x', role: 'HOTLINE' }))).toBe(
      'UNAUTHENTICATED',
    );
    const shared = await new SignJWT(role)
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('x')
      .setIssuer('https://login.example')
      .setAudience('relight')
      .setExpirationTime('5m')
      .sign(new Uint8Array(32));
    expect(await codeOf(shared)).toBe('UNAUTHENTICATED');
    answering = false;
    expect(await codeOf(await sign(role))).toBe('AUTHENTICATION_UNAVAILABLE');
    answering = true;
    expect(await codeOf(await sign(role), 'http://127.0.0.1:1/jwks')).toBe('AUTHENTICATION_UNAVAILABLE');
  });
});
