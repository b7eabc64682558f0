import { createHash } from 'node:crypto';
import { CUSTOMER_CLASSES } from '../src/accounts/customer.js';
import type { FlowContext } from '../src/flows/context.js';
import { cutRate, type CutRate } from '../src/reports/cut-rate.js';
import { switchLatencies, type PromiseRow, type SwitchLatencies } from '../src/reports/switch-latencies.js';
import { explainOne, type Explanation } from './explain.js';
import type { Household } from './people.js';
import type { Scenario } from './scenario.js';
import { factsBetween } from './timeline.js';
import { totalsSince, type Counted, type Money } from './totals.js';

/** The month as it is kept: no ids, nothing of the machine's clock. The same scenario and seed give the same bytes. */
export interface MonthReport {
  readonly scenario: string;
  readonly seed: number;
  readonly accounts: number;
  readonly from: string;
  readonly to: string;
  readonly money: Money;
  readonly counted: Counted;
  /** Service points cut for arrears ÷ service points billed, both numbers shown. */
  readonly cutRate: CutRate;
  /** From proposal to proven dark, and from payment to proven light, s. */
  readonly latencies: SwitchLatencies;
  readonly explanation: Explanation | null;
  /** By account number: what happened, `<instant> <what>: <detail>`. */
  readonly timelines: Readonly<Record<string, readonly string[]>>;
}

/** Writes the report of a month that has been played. */
export async function reportOf(
  ctx: FlowContext,
  scenario: Scenario,
  households: readonly Household[],
  startsAt: Date,
): Promise<MonthReport> {
  const to = ctx.clock.now();
  const scope = { from: startsAt, to, districtIds: null };
  const facts = await factsBetween(ctx, startsAt, to);
  const timelines: Record<string, string[]> = Object.fromEntries(
    households.map(({ accountNumber }) => [accountNumber, []]),
  );
  for (const { accountNumber, at, what, detail } of facts)
    timelines[accountNumber]!.push(`${at.toISOString()} ${what}: ${detail}`);
  return {
    scenario: scenario.name,
    seed: scenario.seed,
    accounts: scenario.accounts,
    from: startsAt.toISOString(),
    to: to.toISOString(),
    ...(await totalsSince(ctx, startsAt)),
    cutRate: await cutRate(ctx.db, scope),
    latencies: await switchLatencies(ctx.db, scope, promisesOf(ctx)),
    explanation: (await explainOne(ctx, households)) ?? null,
    timelines,
  };
}

/** What each policy promises to whoever pays. */
const promisesOf = (ctx: FlowContext): PromiseRow[] =>
  ctx.policies.list.flatMap(({ policy: { paymentMode, timeZone, reconnect, customerClasses } }) =>
    CUSTOMER_CLASSES.filter((customerClass) => customerClasses.includes(customerClass)).map((customerClass) => ({
      customerClass,
      paymentMode,
      timeZone,
      sameDay: reconnect.sameDay,
      slaMinutes: reconnect.slaMinutes,
    })),
  );

/** The bytes of a report, and what they hash to. */
export function seal(report: MonthReport): { readonly text: string; readonly sha256: string } {
  const text = `${JSON.stringify(report, undefined, 1)}\n`;
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}
