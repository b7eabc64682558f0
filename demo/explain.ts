import { blockers, type CutCheck } from '../src/dunning/cut-checks.js';
import { decideCuts } from '../src/flows/cut-decisions.js';
import type { FlowContext } from '../src/flows/context.js';
import { earliestOpening } from '../src/flows/propose-cuts.js';
import { addDays, localDate } from '../src/platform/local-date.js';
import type { Household } from './people.js';

/** Why one customer is not cut: every check, passed and blocking. */
export interface Explanation {
  readonly accountNumber: string;
  /** The instant the question is about: the next day on which anybody may be cut. */
  readonly at: string;
  readonly checks: readonly CutCheck[];
}

/** What is most worth telling, first. Approval and last call are asked for later and tell nothing of the customer. */
const TELLING = [
  'NOT_PROTECTED',
  'CAUSE_ALLOWS',
  'NO_HOLD',
  'PROTECTION_ASKED',
  'CONTACT_REACHABLE',
  'MANDATORY_NOTICES',
];
const PAGE = 500;
/** No row of holidays is longer. */
const MOST_DAYS = 21;
const ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Explains a debtor whom the policy does not let be cut, by the product's own decision; undefined when there is none. */
export async function explainOne(ctx: FlowContext, households: readonly Household[]): Promise<Explanation | undefined> {
  const debtors = households.filter(({ debtor }) => debtor).slice(0, PAGE);
  for (let ahead = 1; ahead <= MOST_DAYS; ahead += 1) {
    const at = earliestOpening(ctx, addDays(localDate(ctx.clock.now(), ctx.timeZone), ahead - 1));
    const questions = debtors.map(({ servicePointId }) => ({ servicePointId, reason: 'ARREARS' as const }));
    const decisions = await decideCuts(ctx, ctx.db, questions, at);
    const possible = [...decisions.values()].some(({ checks }) => passed(checks, 'ALLOWED_DAY'));
    if (!possible) continue;
    for (const telling of TELLING) {
      const found = debtors.find(({ servicePointId }) => tells(decisions.get(servicePointId)!.checks, telling));
      if (!found) continue;
      const { checks } = decisions.get(found.servicePointId)!;
      // Ids differ from run to run and tell a reader nothing.
      const plain = checks.map((check) => ({ ...check, evidence: check.evidence.replaceAll(ID, '(id)') }));
      return { accountNumber: found.accountNumber, at: at.toISOString(), checks: plain };
    }
    return undefined;
  }
  return undefined;
}

const passed = (checks: readonly CutCheck[], code: string): boolean =>
  checks.some((check) => check.code === code && check.passed);

/** Overdue for long enough, power on, and kept from a cut by this. */
const tells = (checks: readonly CutCheck[], code: string): boolean =>
  passed(checks, 'OVERDUE_DEBT') &&
  passed(checks, 'MIN_DEBT') &&
  passed(checks, 'NOT_ALREADY_OFF') &&
  blockers(checks).some((check) => check.code === code);
