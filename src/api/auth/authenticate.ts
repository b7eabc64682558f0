import { createRemoteJWKSet, errors, jwtVerify, type CryptoKey, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { ApiError } from '../errors.js';
import { BOUNDED_ROLES, isRole, roleBits, type Viewer } from './viewer.js';

/** Who issues the tokens that are believed. */
export type AuthSettings =
  | { readonly kind: 'development'; readonly publicKey: CryptoKey; readonly issuer: string; readonly audience: string }
  | { readonly kind: 'oidc'; readonly issuer: string; readonly audience: string; readonly jwksUrl: string };

/** Tells who is calling. */
export interface Authenticator {
  /**
   * @param authorization `Bearer <token>`, as in the HTTP header
   * @throws ApiError UNAUTHENTICATED, FORBIDDEN (no role), AUTHENTICATION_UNAVAILABLE (the issuer's keys cannot be read)
   */
  authenticate(authorization: string | undefined): Promise<Viewer>;
}

/** Asymmetric only: with a shared secret everybody who can check a token could also make one. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'];
/** Two clocks in one company agree to this. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** A token once verified is believed this long without verifying again: bounds how long a withdrawn signing key still works. */
const BELIEVED_MS = 60_000;
/** Verified tokens kept; at about 1 KiB each, one MiB. */
const BELIEVED_TOKENS = 1_000;

/** What jose says when the issuer's keys could not be had: the token itself may be perfectly good. */
const KEYS_UNREADABLE: ReadonlySet<string> = new Set([
  'ERR_JOSE_GENERIC',
  errors.JWKSTimeout.code,
  errors.JWKSInvalid.code,
]);

/** Makes the authenticator for these settings. */
export function createAuthenticator(settings: AuthSettings): Authenticator {
  const keys: JWTVerifyGetKey =
    settings.kind === 'oidc'
      ? createRemoteJWKSet(new URL(settings.jwksUrl))
      : () => Promise.resolve(settings.publicKey);
  const believed = new Map<string, { readonly viewer: Viewer; readonly untilMs: number }>();
  return {
    async authenticate(authorization) {
      const token = bearerToken(authorization);
      const known = believed.get(token);
      if (known && known.untilMs > Date.now()) return known.viewer;
      const viewer = viewerOf(await verify(token, keys, settings));
      if (believed.size >= BELIEVED_TOKENS) believed.delete(believed.keys().next().value!);
      believed.set(token, { viewer, untilMs: Math.min(Date.now() + BELIEVED_MS, viewer.expiresAt.getTime()) });
      return viewer;
    },
  };
}

/** Wall-clock ms until the viewer's token ends; negative once it has. */
export const tokenLeftMs = ({ expiresAt }: Viewer): number => expiresAt.getTime() - Date.now();

function bearerToken(authorization: string | undefined): string {
  const [, token] = /^Bearer ([A-Za-z0-9_.-]{16,8192})$/i.exec(authorization?.trim() ?? '') ?? [];
  if (!token) {
    throw unauthenticated('Send an access token in the header "Authorization: Bearer <token>".');
  }
  return token;
}

async function verify(token: string, keys: JWTVerifyGetKey, { issuer, audience }: AuthSettings): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'exp'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated('The access token has expired. Get a new one.');
    if (!(error instanceof errors.JOSEError) || KEYS_UNREADABLE.has(error.code)) {
      throw new ApiError(
        'AUTHENTICATION_UNAVAILABLE',
        'The keys of the token issuer cannot be read just now. Try again in a minute.',
        503,
      );
    }
    throw unauthenticated('The access token is not valid here. Get one from the issuer this API is configured for.');
  }
}

function viewerOf(claims: JWTPayload): Viewer {
  const roles = textList(claims['relight_roles']).filter(isRole);
  if (!claims.sub || claims.sub.length > 128) {
    throw unauthenticated('The access token names no subject of 1 to 128 characters. Get a new one.');
  }
  if (roles.length === 0) {
    throw new ApiError(
      'FORBIDDEN',
      'The access token carries no role of this product (claim relight_roles). Ask for one to be given to you.',
      403,
    );
  }
  const bounded = roles.find((role) => BOUNDED_ROLES.includes(role));
  if (bounded && roles.length > 1) {
    throw new ApiError(
      'FORBIDDEN',
      `The role ${bounded} may not be combined with others in one token. Use one token for each.`,
      403,
    );
  }
  return {
    subject: claims.sub,
    roles,
    bits: roleBits(roles),
    accountNumbers: textList(claims['relight_accounts']),
    districtCodes: textList(claims['relight_districts']),
    expiresAt: new Date(claims.exp! * 1000),
  };
}

const textList = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim : [claim]).filter((value): value is string => typeof value === 'string');

const unauthenticated = (message: string): ApiError => new ApiError('UNAUTHENTICATED', message, 401);
