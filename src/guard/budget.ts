import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CutBudget } from './budget-policy.js';
import { GuardStartError } from './start-error.js';

const count = z.int({ error: 'must be a whole number from 0 to 1000000' }).min(0).max(1_000_000);

/** GUARD_BUDGET: any of the limits, and how many meters are in service (the daily limit grows with them). */
const settings = z.strictObject({
  meters: count.optional(),
  cutsPerMinute: count.optional(),
  cutsPerHour: count.optional(),
  cutsPerDay: count.optional(),
  cutsPerDistrictPerHour: count.optional(),
  cutsPerRequesterPerDay: count.optional(),
  urgentCutsPerMinute: count.optional(),
  urgentCutsPerHour: count.optional(),
  urgentCutsPerDay: count.optional(),
  urgentCutsPerRequesterPerDay: count.optional(),
});

/** Cuts a day that any company may need, and beyond that the share of its meters, per mille. */
const DAILY_FLOOR = 50;
const DAILY_PERMILLE = 5;

/**
 * The limits where nobody has set others. 10 a minute; 50 or 0.5 % of the meters a day, half of that in one hour; 10 an hour in one
 * district (5 % of a district of 200 meters); 50 a day asked for by one person. The number of meters is a setting, because whoever can write to
 * the database could put a million meters there.
 */
export function defaultBudget(meters: number): CutBudget {
  const cutsPerDay = Math.max(DAILY_FLOOR, Math.floor((meters * DAILY_PERMILLE) / 1_000));
  return {
    cutsPerMinute: 10,
    cutsPerHour: Math.ceil(cutsPerDay / 2),
    cutsPerDay,
    cutsPerDistrictPerHour: 10,
    cutsPerRequesterPerDay: 50,
    urgentCutsPerMinute: 5,
    urgentCutsPerHour: 20,
    urgentCutsPerDay: 50,
    urgentCutsPerRequesterPerDay: 10,
  };
}

/**
 * The guard's budget: from the environment, else from its own file, else the defaults.
 * @throws GuardStartError naming what is wrong with it
 */
export function readBudget(fromEnvironment: string | undefined, file: string): CutBudget {
  const source = fromEnvironment !== undefined ? 'GUARD_BUDGET' : file;
  const text = fromEnvironment ?? (existsSync(file) ? readFileSync(file, 'utf8') : '{}');
  const parsed = settings.safeParse(parseJson(text, source));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; ');
    throw new GuardStartError(`${source} is no budget of the guard: ${problems}. Known: ${KNOWN}.`);
  }
  const { meters, ...limits } = parsed.data;
  return { ...defaultBudget(meters ?? 0), ...limits };
}

const KNOWN = Object.keys(settings.shape).join(', ');

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GuardStartError(`${source} is not JSON; write it like {"meters": 20000}.`);
  }
}
