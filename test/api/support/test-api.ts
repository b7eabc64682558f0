import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import {
  issueDevelopmentToken,
  openDevelopmentIssuer,
  type DevelopmentIssuer,
  type DevelopmentToken,
} from '../../../src/api/auth/development-tokens.js';
import type { Role } from '../../../src/api/auth/viewer.js';
import type { ApiDeps, Limits } from '../../../src/api/deps.js';
import { startApi, type RunningApi } from '../../../src/api/server.js';
import type { LateFeeRule } from '../../../src/billing/late-fee-rule.js';
import type { FlowContext } from '../../../src/flows/context.js';
import { openOrm } from '../../../src/orm.js';
import { putPoliciesInForce } from '../../../src/dunning/policies-in-force.js';
import { plainChina } from '../../support/policies.js';
import { ProductClock } from '../../../src/platform/clock.js';
import { Database, statement } from '../../../src/platform/database.js';
import { LIMITS } from '../../../src/platform/limits.js';
import { createLogger } from '../../../src/platform/log.js';
import { Nudges } from '../../../src/platform/nudges.js';
import { DEFAULT_SWITCH_TIMINGS } from '../../../src/switching/switch-timings.js';
import { createTestDatabase } from '../../support/test-database.js';
import { chineseHolidays } from '../../../src/platform/holidays.js';

/** The first product instant of a test world: a Tuesday, ten in the morning in China, in a year whose holidays are published. */
export const TEST_START = new Date('2026-03-10T02:00:00.000Z');

/** What a GraphQL request answered. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  // The shape depends on the query; a test says what it expects.
  readonly data: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Record<string, unknown>;
  }[];
}

/** A running API over a database of its own, with real tokens. No wire: commands stay where flows put them. */
export interface TestApi {
  readonly url: string;
  readonly flows: FlowContext;
  readonly issuer: DevelopmentIssuer;
  readonly orm: MikroORM;
  token(role: Role, more?: Partial<DevelopmentToken>): Promise<string>;
  /** One POST with a token (or none) and the newer media type. */
  ask(token: string | undefined, query: string, variables?: Record<string, unknown>): Promise<Answer>;
  sql<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Statements the API's two pools have sent since the last call. */
  statementsSince(): number;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startTestApi(
  options: {
    limits?: Partial<Limits>;
    lateFeeRule?: LateFeeRule;
    health?: ApiDeps['health'];
    fleetManifest?: unknown;
  } = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const log = createLogger(process.env['TEST_LOG'] ?? 'silent');
  const dir = mkdtempSync(join(tmpdir(), 'relight-api-'));
  const db = new Database(database.url, log);
  const nudges = new Nudges(database.url, log);
  await nudges.start();
  const clock = await ProductClock.open(db, TEST_START);
  const flows: FlowContext = {
    db,
    clock,
    nudges,
    log,
    timeZone: 'Asia/Shanghai',
    holidays: chineseHolidays,
    policies: await putPoliciesInForce(db, plainChina(options.lateFeeRule), TEST_START),
    timings: DEFAULT_SWITCH_TIMINGS,
  };
  const orm = await openOrm(database.url);
  const counter = countStatements(db, orm);
  const issuer = await openDevelopmentIssuer(dir, { simulation: true });
  const api: RunningApi = await startApi({
    flows,
    em: () => orm.em.fork(),
    auth: issuer.settings,
    limits: { ...LIMITS, ...options.limits },
    host: '127.0.0.1',
    port: 0,
    log,
    simulation: { fleetManifest: () => Promise.resolve(options.fleetManifest ?? { version: 1 }) },
    downlinkKeys: () => Promise.resolve([{ kid: 'head-end-test', role: 'head-end', x: 'A'.repeat(43) }]),
    health: options.health ?? (() => Promise.resolve({ ready: true, checks: { database: { ok: true } } })),
  });
  return {
    url: api.url,
    flows,
    issuer,
    orm,
    token: (role, more) => issueDevelopmentToken(issuer, { subject: `test-${role.toLowerCase()}`, role, ...more }),
    ask: (token, query, variables) => post(`${api.url}/graphql`, token, { query, variables }),
    sql: <Row>(text: string, values: readonly unknown[] = []) =>
      db.rows<Row>(statement(`test ${text.length} ${text.slice(0, 40)}`, text), values),
    statementsSince: counter,
    async stop() {
      await api.close();
      await orm.close(true);
      await nudges.stop();
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Sends one GraphQL request. */
export async function post(
  url: string,
  token: string | undefined,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as Pick<Answer, 'data' | 'errors'>;
  return { status: response.status, contentType: response.headers.get('content-type') ?? '', ...answer };
}

/** The codes of an answer's top-level errors. */
export const codesOf = (answer: Answer): unknown[] => (answer.errors ?? []).map(({ extensions }) => extensions['code']);

/** Counts the statements of the flows' pool and of the ORM's. */
function countStatements(db: Database, orm: MikroORM): () => number {
  let count = 0;
  const query = db.pool.query.bind(db.pool) as (...args: unknown[]) => unknown;
  Object.assign(db.pool, {
    query: (...args: unknown[]) => {
      count += 1;
      return query(...args);
    },
  });
  const connection = orm.em.getConnection() as unknown as { execute: (...args: unknown[]) => unknown };
  const execute = connection.execute.bind(connection);
  connection.execute = (...args) => {
    count += 1;
    return execute(...args);
  };
  return () => {
    const since = count;
    count = 0;
    return since;
  };
}

/** The user errors of the only field of a mutation's answer. */
export const userErrorsOf = (
  answer: Answer,
): { code: string; field: string | null; message: string; relatedId?: string }[] => {
  expect(answer.errors).toBeUndefined();
  return Object.values(answer.data as Record<string, { userErrors: [] }>)[0]!.userErrors;
};
