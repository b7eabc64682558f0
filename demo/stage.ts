import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGuardRole } from '../src/app-guard.js';
import { putPoliciesInForce, policiesOf } from '../src/dunning/policies-in-force.js';
import { loadPolicyBook } from '../src/dunning/policy-book.js';
import { startEmbeddedPostgres } from '../src/embedded/postgres.js';
import type { FlowContext } from '../src/flows/context.js';
import { defaultBudget } from '../src/guard/budget.js';
import { Guard } from '../src/guard/guard.js';
import { loadSigningKey, type SigningKey } from '../src/head-end/signing.js';
import { migrate } from '../src/orm.js';
import { Database } from '../src/platform/database.js';
import { calendarOf } from '../src/platform/holidays.js';
import { startOfLocalDay } from '../src/platform/local-date.js';
import { createLogger } from '../src/platform/log.js';
import { Nudges } from '../src/platform/nudges.js';
import { loadKey } from '../src/platform/signing-key.js';
import { CUT_THRESHOLDS } from '../src/switching/threshold-policy.js';
import type { Scenario } from './scenario.js';
import { SteppingClock, stopClockAt } from './stepping-clock.js';
import { STORY_TIMINGS } from './waits.js';

const BOOK = 'CHINA';
const GUARD_CONNECTIONS = 2;

/** Everything a story is played on: a database of its own, the product's context, its keys and its guard. */
export interface Stage {
  readonly ctx: FlowContext;
  /** For questions about everything at once: planned for that. */
  readonly wide: Database;
  readonly clock: SteppingClock;
  readonly headEndKey: SigningKey;
  readonly guard: Guard;
  readonly startsAt: Date;
}

/** What must be taken down again, last first. */
export type Undo = (() => unknown)[];

/** Takes everything down, also when one part fails. */
export async function takeDown(undo: Undo): Promise<void> {
  for (const act of undo.splice(0).reverse()) {
    try {
      await act();
    } catch (error) {
      process.stderr.write(`taking down: ${(error as Error).message}\n`);
    }
  }
}

/** A PostgreSQL of its own in a folder that goes with it. Nothing in it outlives the story, so it does not wait for the disk. */
export async function ownPostgres(undo: Undo): Promise<string> {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'relight-demo-')));
  undo.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  undo.push(() => postgres.stop());
  await migrate(postgres.url);
  return postgres.url;
}

/**
 * A story is some ten thousand small statements: planning each anew would take longer than running them. What a statement does is the
 * same under any plan.
 */
function planningOnce(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off');
  return url.href;
}

const GROWING = 'bill, payment, notice, notice_bill, dunning_case, contact_proof, hold, interruption, switch_command';

/** PostgreSQL looks at its tables once a minute, and plans by what it saw; in a story a minute is weeks. */
export const lookAtTables = (db: Database): Promise<unknown> => db.pool.query(`ANALYZE ${GROWING}`);

/** Sets the stage in an empty, migrated database. */
export async function setStage(databaseUrl: string, scenario: Scenario, undo: Undo): Promise<Stage> {
  const log = createLogger(process.env['LOG_LEVEL'] ?? 'silent');
  const dir = mkdtempSync(join(tmpdir(), 'relight-demo-keys-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const url = planningOnce(databaseUrl);
  const db = new Database(url, log);
  undo.push(() => db.close());
  const wide = new Database(databaseUrl, log, 1);
  undo.push(() => wide.close());
  const book = loadPolicyBook(BOOK);
  const startsAt = startOfLocalDay(scenario.starts, book.timeZone);
  const clock = await SteppingClock.open(db, startsAt);
  const ctx: FlowContext = {
    db,
    clock,
    // Heard in this process alone: nobody else plays.
    nudges: new Nudges(databaseUrl, log),
    log,
    timeZone: book.timeZone,
    holidays: calendarOf(book.place),
    policies: await putPoliciesInForce(db, book.policies, startsAt),
    timings: STORY_TIMINGS,
  };
  await stopClockAt(ctx, startsAt);
  const headEndKey = loadSigningKey(join(dir, 'head-end.pem'), true);
  const guard = await openGuard({ ctx, databaseUrl: url, dir: join(dir, 'guard'), accounts: scenario.accounts }, undo);
  return { ctx, wide, clock, headEndKey, guard, startsAt };
}

/** The guard of the product in this process, behind its own read-only role, with the usual budget for a district of this size. */
async function openGuard(
  { ctx, databaseUrl, dir, accounts }: { ctx: FlowContext; databaseUrl: string; dir: string; accounts: number },
  undo: Undo,
): Promise<Guard> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const standard = defaultBudget(accounts);
  // As much as the product's own threshold: a batch that the ramp lets go must find room here.
  const perHour = Math.floor((accounts * Number(CUT_THRESHOLDS.DISTRICT_PERCENT_PER_HOUR.value)) / 100);
  const role = `relight_guard_${randomBytes(6).toString('hex')}`;
  const url = await openGuardRole(ctx.db, databaseUrl, role);
  undo.push(async () => {
    await ctx.db.pool.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`);
    await ctx.db.pool.query(`DROP ROLE ${role}`);
  });
  const reader = new Database(url, ctx.log, GUARD_CONNECTIONS);
  undo.push(() => reader.close());
  const guard = await Guard.open({
    reader,
    key: loadKey(join(dir, 'guard.pem'), { role: 'guard', setting: 'GUARD_KEY_FILE' }, true),
    rules: {
      timeZone: ctx.timeZone,
      policies: policiesOf(loadPolicyBook(BOOK).policies.map((policy) => ({ policy, version: 0 }))),
    },
    budget: { ...standard, cutsPerDistrictPerHour: Math.max(standard.cutsPerDistrictPerHour, perHour) },
    simulation: true,
    decisionsFile: join(dir, 'decisions.jsonl'),
    stopFile: join(dir, 'STOP'),
    log: ctx.log,
    machineNow: () => new Date(),
  });
  undo.push(() => guard.close());
  return guard;
}
