import type { FlowContext } from '../src/flows/context.js';
import { amountsDueOf } from '../src/flows/late-fee-rules.js';
import { receivePayment } from '../src/flows/receive-payment.js';
import type { Clock } from '../src/platform/clock.js';
import { localDate } from '../src/platform/local-date.js';
import { openWorld } from '../src/simulation/open-world.js';
import type { WorldPlan } from '../src/simulation/world.js';
import { householdsOf, type Household } from './people.js';
import { drawn } from './random.js';
import type { Scenario } from './scenario.js';

/** Two months billed before the first day: old enough that the older bill may lead to a cut. */
const MONTHS_BEFORE = 2;
/** The debts of those who owe the latest bill alone were paid so long before the first day. */
const PAID_BEFORE_MS = 12 * 3_600_000;
const BANK = { kind: 'PERSON', id: 'bank-gateway' } as const;

/** The world of a scenario. */
export const planOf = ({ seed, accounts, arrears }: Scenario): WorldPlan => ({
  seed,
  districts: 1,
  metersPerDistrict: accounts,
  arrearsShare: arrears.share,
  months: MONTHS_BEFORE,
});

/** Opens the district with its history through the product's own simulation, and lets some debtors pay their older bill. */
export async function openDistrict(
  ctx: FlowContext,
  scenario: Scenario,
  startsAt: Date,
  progress: (share: number) => void,
): Promise<Household[]> {
  const plan = planOf(scenario);
  await openWorld(ctx, plan, startsAt, progress);
  const households = await householdsOf(ctx, scenario, plan);
  const then = new Date(startsAt.getTime() - PAID_BEFORE_MS);
  const earlier: FlowContext = { ...ctx, clock: standing(ctx.clock, then) };
  const date = localDate(then, ctx.timeZone);
  for (const { accountId, accountNumber, debtor } of households) {
    if (!debtor || drawn(scenario.seed, `latest bill only ${accountNumber}`) >= scenario.arrears.latestBillOnly)
      continue;
    const due = (await amountsDueOf(ctx, ctx.db, [accountId], date)).get(accountId)!;
    const older = due.bills.slice(0, -1);
    const amountMinor = older.reduce((sum, bill) => sum + bill.principalMinor + bill.lateFeeMinor, 0n);
    if (amountMinor <= 0n) continue;
    const input = { accountNumber, amountMinor, currency: 'CNY', channel: 'BANK' as const };
    await receivePayment(earlier, { ...input, idempotencyKey: `demo-earlier-${accountNumber}` }, BANK);
  }
  return households;
}

/** A clock that stands at an instant of the past. */
const standing = (clock: Clock, at: Date): Clock => ({
  now: () => at,
  wallNow: () => clock.wallNow(),
  productMs: (wallMs) => clock.productMs(wallMs),
  state: clock.state,
  reload: () => clock.reload(),
});
