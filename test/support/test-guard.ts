import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openGuardRole } from '../../src/app-guard.js';
import type { GuardOptions, RunningGuard } from '../../src/guard/start-guard.js';
import { startGuard } from '../../src/guard/start-guard.js';
import type { FlowContext } from '../../src/flows/context.js';

/** More than any test cuts that is not about the budget. */
const AMPLE_BUDGET = {
  cutsPerMinute: 100_000,
  cutsPerHour: 100_000,
  cutsPerDay: 100_000,
  cutsPerDistrictPerHour: 100_000,
  cutsPerRequesterPerDay: 100_000,
  urgentCutsPerMinute: 100_000,
  urgentCutsPerHour: 100_000,
  urgentCutsPerDay: 100_000,
  urgentCutsPerRequesterPerDay: 100_000,
};

export type Budget = Partial<typeof AMPLE_BUDGET>;

/** A read-only role of one test file; roles belong to the whole server. */
export interface TestGuardRole {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

export async function createGuardRole(ctx: Pick<FlowContext, 'db'>, databaseUrl: string): Promise<TestGuardRole> {
  const name = `relight_guard_${randomBytes(6).toString('hex')}`;
  const url = await openGuardRole(ctx.db, databaseUrl, name);
  return {
    name,
    url,
    async drop() {
      await ctx.db.pool.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${name}`);
      await ctx.db.pool.query(`DROP ROLE ${name}`);
    },
  };
}

/** What a guard of a test is told; `dir` is its folder. */
export function guardOptions(
  ctx: FlowContext,
  databaseUrl: string,
  dir: string,
  change: Partial<Omit<GuardOptions, 'budget'>> & { budget?: Budget } = {},
): GuardOptions {
  const { budget, ...rest } = change;
  return {
    databaseUrl,
    dir,
    keyFile: join(dir, 'guard.pem'),
    budget: JSON.stringify({ ...AMPLE_BUDGET, ...budget }),
    simulation: true,
    rules: { timeZone: ctx.timeZone, policies: ctx.policies },
    listen: { socketPath: join(dir, 'guard.sock') },
    log: ctx.log,
    machineNow: () => new Date(),
    ...rest,
  };
}

/** A real guard behind a real socket, in this process. */
export const startTestGuard = (...about: Parameters<typeof guardOptions>): Promise<RunningGuard> =>
  startGuard(guardOptions(...about));
