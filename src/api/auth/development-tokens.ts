import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { AuthSettings } from './authenticate.js';
import { BOUNDED_ROLES, type Role } from './viewer.js';

const ISSUER = 'relight-development';
const AUDIENCE = 'relight';
const ALGORITHM = 'EdDSA';
const KEY_FILE = 'development-issuer.jwk';
const OWNER_ONLY = 0o600;
/** Long enough to work with for a month, short enough to be gone afterwards. */
const DEFAULT_LIFETIME_SECONDS = 30 * 24 * 3600;

/** Issues tokens for a simulated world. */
export interface DevelopmentIssuer {
  /** What {@link createAuthenticator} needs to believe these tokens. */
  readonly settings: AuthSettings;
  readonly signingKey: CryptoKey;
  readonly keyId: string;
}

/** Whom a development token speaks for. */
export interface DevelopmentToken {
  readonly subject: string;
  readonly role: Role | readonly Role[];
  /** For CUSTOMER. */
  readonly accountNumbers?: readonly string[];
  /** For DISTRICT_MANAGER. */
  readonly districtCodes?: readonly string[];
  readonly lifetimeSeconds?: number;
}

/**
 * Opens the development issuer. Its Ed25519 key is made on first use and kept in `dataDir`, readable by its owner only.
 * @throws Error outside simulation mode: whoever can read the key could act as anybody
 */
export async function openDevelopmentIssuer(
  dataDir: string,
  { simulation }: { readonly simulation: boolean },
): Promise<DevelopmentIssuer> {
  if (!simulation) {
    throw new Error(
      'Development tokens exist in simulation mode only. Configure an OIDC issuer, or start with SIMULATION=1.',
    );
  }
  const jwk = await readOrMakeKey(dataDir);
  const { d: _private, ...publicPart } = jwk;
  return {
    settings: { kind: 'development', publicKey: await keyOf(publicPart), issuer: ISSUER, audience: AUDIENCE },
    signingKey: await keyOf(jwk),
    keyId: await calculateJwkThumbprint(publicPart),
  };
}

/** Issues one signed token. Its lifetime is measured by the machine's clock, whatever the simulated one shows. */
export async function issueDevelopmentToken(issuer: DevelopmentIssuer, token: DevelopmentToken): Promise<string> {
  const roles = [token.role].flat();
  if (roles.length > 1 && roles.some((role) => BOUNDED_ROLES.includes(role))) {
    throw new Error(`Roles ${roles.join(', ')} cannot be in one token; issue one for each.`);
  }
  return new SignJWT({
    relight_roles: roles,
    ...(token.accountNumbers ? { relight_accounts: token.accountNumbers } : {}),
    ...(token.districtCodes ? { relight_districts: token.districtCodes } : {}),
  })
    .setProtectedHeader({ alg: ALGORITHM, kid: issuer.keyId })
    .setSubject(token.subject)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setJti(randomUUID())
    .setExpirationTime(Math.floor(Date.now() / 1000) + (token.lifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS))
    .sign(issuer.signingKey);
}

async function readOrMakeKey(dataDir: string): Promise<JWK> {
  const file = join(dataDir, KEY_FILE);
  const existing = await readKey(file);
  if (existing) return existing;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
  // Written aside and linked into place: of two processes starting at once one key wins, whole, and both use it.
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, JSON.stringify(await exportJWK(privateKey)), { mode: OWNER_ONLY, flag: 'wx' });
  try {
    await link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(aside);
  }
  return (await readKey(file))!;
}

async function readKey(file: string): Promise<JWK | undefined> {
  const stats = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return undefined;
  if ((stats.mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by others than its owner, so its tokens cannot be trusted. Delete it; a new key is made at the next start.`,
    );
  }
  return JSON.parse(await readFile(file, 'utf8')) as JWK;
}

const keyOf = async (jwk: JWK): Promise<CryptoKey> => (await importJWK(jwk, ALGORITHM)) as CryptoKey;
