import { cutChecks } from '../dunning/cut-policy.js';
import type { CutCheck } from '../dunning/cut-checks.js';
import type { AccountFacts, CutFacts, Verdict } from '../dunning/cut-facts.js';
import { paymentChannelsOf } from '../dunning/payment-channels.js';
import { paymentWindow } from '../dunning/payment-channel-policy.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import type { DunningPolicy } from '../dunning/policy-schema.js';
import { weatherVerdict } from '../dunning/weather-policy.js';
import { weatherFactsOf } from '../dunning/weather-reports.js';
import { statement, type Reader } from '../platform/database.js';
import { assert } from '../platform/errors.js';
import { calendarOf } from '../platform/holidays.js';
import { localDate, weekday } from '../platform/local-date.js';
import type { InterruptionReason } from '../switching/interruption.js';
import { supplyOfServicePoints, type SupplyFacts } from '../switching/supply.js';
import type { FlowContext } from './context.js';
import { accountFactsOf } from './gather-account-facts.js';

/** One cut to be judged. What is absent has not happened yet: no command, nobody's approval. */
export interface CutQuestion {
  readonly servicePointId: string;
  readonly reason: InterruptionReason;
  /** The installation the command is bound to. */
  readonly installationId?: string;
  readonly requestedBy?: string;
  readonly approvals?: CutFacts['approvals'];
  /** Cuts decided together; 1 if absent. */
  readonly batchSize?: number;
}

/** The answer, with everything it rests on. `policy` is undefined where none applies to the account; then a check says so. */
export interface CutDecision {
  readonly supply: SupplyFacts;
  readonly facts: CutFacts;
  readonly policy: PolicyInForce | undefined;
  readonly checks: readonly CutCheck[];
}

/** What a decision needs of its process; the guard has no more than this. */
export type DecisionContext = Pick<FlowContext, 'timeZone' | 'policies'>;

// FOR SHARE: engaging the switch waits for cuts that are being sent, and once it is engaged no later one passes.
const KILL_SWITCH_SHARED = statement('cut-decision-kill-switch-shared', `SELECT engaged FROM kill_switch FOR SHARE`);
const KILL_SWITCH_READ = statement('cut-decision-kill-switch', `SELECT engaged FROM kill_switch`);

/**
 * Judges cuts as of `at`: the one place for question, dry run, request, approval, release and the last decision in the transaction that
 * sends. A fixed number of statements however many are asked about. Inside a transaction that acts on the answer the accounts must
 * be locked first.
 *
 * @param holding true in the transaction that sends: the kill switch is read under a share lock
 * @returns by service point; one that does not exist is absent
 */
export async function decideCuts(
  ctx: DecisionContext,
  tx: Reader,
  questions: readonly CutQuestion[],
  at: Date,
  holding = false,
): Promise<Map<string, CutDecision>> {
  const supplies = await supplyOfServicePoints(
    tx,
    questions.map(({ servicePointId }) => servicePointId),
  );
  const accountIds = [...new Set(supplies.map(({ accountId }) => accountId))];
  const districtIds = [...new Set(supplies.map(({ districtId }) => districtId))];
  const accounts = await accountFactsOf(ctx, tx, accountIds, at);
  const [killSwitch] = await tx.rows<{ engaged: boolean }>(holding ? KILL_SWITCH_SHARED : KILL_SWITCH_READ);
  const outside = await outsideFacts(ctx, tx, districtIds, at);
  const bySupply = new Map(supplies.map((supply) => [supply.servicePointId, supply]));
  const decisions = new Map<string, CutDecision>();
  for (const question of questions) {
    const supply = bySupply.get(question.servicePointId);
    if (!supply) continue;
    const account = accounts.get(supply.accountId);
    assert(account, `account ${supply.accountId} has no facts`);
    const policy = ctx.policies.of(account.customerClass, account.paymentMode);
    const facts: CutFacts = {
      ...account,
      ...supplyPart(supply, question),
      at,
      killSwitchEngaged: killSwitch?.engaged ?? true,
      ...(policy ? outside(supply.districtId, policy.policy) : NOTHING_KNOWN),
    };
    decisions.set(question.servicePointId, { supply, facts, policy, checks: cutChecks(facts, policy?.policy) });
  }
  return decisions;
}

type OrderFacts = Omit<CutFacts, keyof AccountFacts | keyof OutsideFacts | 'at' | 'killSwitchEngaged'>;
type OutsideFacts = Pick<CutFacts, 'calendar' | 'weather' | 'paymentWindow'>;

const supplyPart = (supply: SupplyFacts, question: CutQuestion): OrderFacts => ({
  reason: question.reason,
  installed: supply.installationId !== null,
  sameInstallation: question.installationId === undefined || question.installationId === supply.installationId,
  openInterruptions: supply.interruptions.map(({ reason }) => reason),
  reportedRelay: supply.reportedRelay,
  reportedProtected: supply.reportedProtected,
  approvals: question.approvals ?? [],
  requestedBy: question.requestedBy ?? null,
  batchSize: question.batchSize ?? 1,
});

const NOTHING_KNOWN: OutsideFacts = {
  calendar: { covered: false, holiday: null, eve: false, makeUpDay: false },
  weather: null,
  paymentWindow: null,
};

/** Calendar, weather and places to pay, each worked out once per district and policy. */
async function outsideFacts(
  ctx: DecisionContext,
  tx: Reader,
  districtIds: readonly string[],
  at: Date,
): Promise<(districtId: string, policy: DunningPolicy) => OutsideFacts> {
  const weathered = ctx.policies.list.some(({ policy }) => policy.weather !== null);
  const reports = weathered ? await weatherFactsOf(tx, districtIds, at) : new Map<string, never[]>();
  const channels = await paymentChannelsOf(tx, districtIds);
  const known = new Map<string, OutsideFacts>();
  return (districtId, policy) => {
    const key = `${districtId} ${policy.code}`;
    let facts = known.get(key);
    if (!facts) {
      facts = {
        calendar: calendarFacts(policy, at),
        weather: policy.weather
          ? weatherVerdict(reports.get(districtId) ?? [], policy.weather, at, policy.timeZone)
          : null,
        paymentWindow: windowVerdict(channels.get(districtId) ?? [], policy, at),
      };
      known.set(key, facts);
    }
    return facts;
  };
}

const windowVerdict = (
  channels: Parameters<typeof paymentWindow>[0],
  policy: DunningPolicy,
  at: Date,
): Verdict | null =>
  policy.paymentWindow &&
  paymentWindow(channels, at, {
    ...policy.paymentWindow,
    timeZone: policy.timeZone,
    calendar: calendarOf(policy.place),
  });

const SATURDAY = 6;

function calendarFacts(policy: DunningPolicy, at: Date): CutFacts['calendar'] {
  const calendar = calendarOf(policy.place);
  const today = localDate(at, policy.timeZone);
  if (!calendar.coversYear(Number(today.slice(0, 4)))) return NOTHING_KNOWN.calendar;
  return {
    covered: true,
    holiday: calendar.nameOf(today),
    eve: calendar.isHolidayEve(today),
    makeUpDay: weekday(today) >= SATURDAY && calendar.isWorkday(today),
  };
}
