import type { MikroORM } from '@mikro-orm/postgresql';
import type { AuthSettings } from './api/auth/authenticate.js';
import {
  issueDevelopmentToken,
  openDevelopmentIssuer,
  type DevelopmentIssuer,
  type DevelopmentToken,
} from './api/auth/development-tokens.js';
import type { ApiDeps, HealthReport } from './api/deps.js';
import { startApi } from './api/server.js';
import { onFreePort } from './app-ports.js';
import type { Config } from './config.js';
import type { FlowContext } from './flows/context.js';
import { statement } from './platform/database.js';
import { LIMITS } from './platform/limits.js';

const DEFAULT_PORT = 4000;
const ALIVE = statement('health-alive', 'SELECT 1 AS alive');

/** The running API, and in simulation the way to tokens for it. */
export interface RunningApi {
  readonly url: string;
  readonly port: number;
  /** Signed token for a role; undefined outside simulation. */
  readonly issueToken: ((token: DevelopmentToken) => Promise<string>) | undefined;
  close(): Promise<void>;
}

/** Starts the API with what the rest of the process gives it. */
export async function startApiServer(
  config: Config,
  flows: FlowContext,
  orm: MikroORM,
  remarks: string[],
  parts: {
    readonly manifest: () => Promise<unknown>;
    readonly headEndConnected: () => boolean | undefined;
    readonly downlinkKeys: ApiDeps['downlinkKeys'];
  },
): Promise<RunningApi> {
  const issuer = config.simulation ? await openDevelopmentIssuer(config.DATA_DIR, { simulation: true }) : undefined;
  const auth: AuthSettings = issuer?.settings ?? {
    kind: 'oidc',
    issuer: config.OIDC_ISSUER!,
    audience: config.OIDC_AUDIENCE!,
    jwksUrl:
      config.OIDC_JWKS_URL ?? new URL('.well-known/jwks.json', `${config.OIDC_ISSUER!.replace(/\/$/, '')}/`).href,
  };
  const listen = (port: number) =>
    startApi({
      flows,
      em: () => orm.em.fork(),
      auth,
      limits: LIMITS,
      host: config.HOST,
      port,
      log: flows.log,
      simulation: config.simulation ? { fleetManifest: parts.manifest } : undefined,
      downlinkKeys: parts.downlinkKeys,
      health: () => health(flows, parts.headEndConnected()),
    });
  const api = await onFreePort('PORT', config.PORT, DEFAULT_PORT, listen, remarks);
  return { url: api.url, port: api.port, issueToken: issuer && tokensOf(issuer), close: () => api.close() };
}

const tokensOf = (issuer: DevelopmentIssuer) => (token: DevelopmentToken) => issueDevelopmentToken(issuer, token);

async function health(flows: FlowContext, headEndConnected: boolean | undefined): Promise<HealthReport> {
  const database = await flows.db.rows(ALIVE).then(
    () => ({ ok: true }),
    () => ({ ok: false, message: 'the database does not answer' }),
  );
  const checks: Record<string, { ok: boolean; message?: string }> = { database };
  // A process without a head-end of its own has nothing to say about the wire.
  if (headEndConnected !== undefined)
    checks['broker'] = headEndConnected ? { ok: true } : { ok: false, message: 'no connection to the broker' };
  return { ready: Object.values(checks).every(({ ok }) => ok), checks };
}
