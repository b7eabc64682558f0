/** What must hold at any time: the product's answer is the oracle's, and every ladder is the one that the facts alone make. */
import { CHECK_CODES } from '../../src/dunning/cut-checks.js';
import { pausesOfAccounts } from '../../src/dunning/dunning-pauses.js';
import { ladderFor } from '../../src/dunning/ladder-policy.js';
import { DUNNING_STAGES, type Ladder, type LadderFacts } from '../../src/dunning/ladder.js';
import { decideCuts, type CutQuestion } from '../../src/flows/cut-decisions.js';
import { accountFactsOf } from '../../src/flows/gather-account-facts.js';
import { dunAccounts } from '../../src/flows/run-dunning.js';
import { Book } from './histories-book.js';
import { questionAbout } from './histories-cuts.js';
import { isOff, objections, openHolds } from './histories-oracle.js';
import { clock, dateOf, dayAt, type Story } from './histories-story.js';
import type { Table } from './histories-table.js';

const OF_NOTICES = ['MANDATORY_NOTICES', 'NOTICE_SERVED', 'COPY_TO_AUTHORITY', 'LAST_CALL'];

/** Asks the product about everybody, as if all had approved, and compares with the oracle, check by check. */
export async function compare(table: Table, ms: number): Promise<string[]> {
  const at = new Date(ms);
  const questions = table.stories.map((story): CutQuestion => {
    const { by, approvals } = questionAbout(story, null);
    return {
      servicePointId: story.servicePointId,
      reason: story.prepaid ? 'PREPAID_EXHAUSTED' : 'ARREARS',
      installationId: story.installationId,
      requestedBy: by,
      approvals: approvals as CutQuestion['approvals'] & object,
    };
  });
  const decisions = await decideCuts(table.ctx(ms), table.relight.ctx.db, questions, at);
  return table.stories.flatMap((story) => {
    const said = decisions.get(story.servicePointId)!.checks.filter(({ passed }) => !passed);
    const open = objections(story, table.town, ms, questionAbout(story, null));
    for (const { code } of said) table.asked.set(code, (table.asked.get(code) ?? 0) + 1);
    table.count('question compared');
    // Where nothing is owed there is nothing that a notice could have spoken of.
    const idle = ['OVERDUE_DEBT', 'READING_PROVEN', 'PREPAID_BALANCE'].some((code) => open.has(code));
    const counts = (code: string): boolean => !idle || !OF_NOTICES.includes(code);
    const missed = [...open].filter((code) => counts(code) && !said.some((check) => check.code === code));
    const added = said
      .filter(({ code }) => counts(code) && !open.has(code))
      .map(({ code, evidence }) => `${code} (${evidence})`);
    if (missed.length === 0 && added.length === 0) return [];
    return [
      `asked at ${clock(ms)}: the product does not see ${missed.join(', ') || 'nothing'}, and sees by itself ${added.join(', ') || 'nothing'}\n${story.tell()}`,
    ];
  });
}

const NOTHING = { prepared: 0, withdrawn: 0, casesOpened: 0, casesClosed: 0 };
const RANK = new Map(DUNNING_STAGES.map((stage, place) => [stage, place]));

/** Ladder and stage of everybody at the end of a day, against the facts gathered anew, in another order, and against the oracle. */
export async function checkStages(table: Table, ms: number): Promise<string[]> {
  const at = new Date(ms);
  const ids = table.stories.map(({ accountId }) => accountId);
  // The day's last run; looked at once more, now and then, it must find nothing to do.
  await dunAccounts(table.ctx(ms), ids, at);
  const again = table.dice.chance(0.25) ? await dunAccounts(table.ctx(ms), ids, at) : NOTHING;
  const faults: string[] = [];
  if (again.prepared + again.withdrawn + again.casesOpened + again.casesClosed > 0)
    faults.push(`a second look at ${clock(ms)} found something to do: ${JSON.stringify(again)}`);
  const { db } = table.relight.ctx;
  const facts = await accountFactsOf(table.ctx(ms), db, ids, at);
  const pauses = await pausesOfAccounts(db, ids, dateOf(dayAt(ms)));
  const stored = await storedOf(table);
  for (const story of table.stories) {
    const one = facts.get(story.accountId)!;
    const { policy } = table.relight.ctx.policies.of(one.customerClass, one.paymentMode)!;
    const own = pauses.get(story.accountId) ?? [];
    const ladder = ladderFor(one, policy, at, own);
    const turned = ladderFor(turnedRound(one), policy, at, own.toReversed());
    const wrong = [
      ...(asText(ladder) === asText(turned)
        ? []
        : [`the order of facts matters: ${asText(ladder)} ≠ ${asText(turned)}`]),
      ...storedFaults(ladder, stored.get(story.accountId)!),
      ...stageFaults(story, ladder, table, ms),
    ];
    table.count(`stage ${ladder.stage}`);
    if (wrong.length > 0) faults.push(`ladder at ${clock(ms)}: ${wrong.join('; ')}\n${story.tell()}`);
  }
  return [...faults, ...(await gatheredAlone(table, ms, facts))];
}

const asText = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}` : one));

const turnedRound = (facts: LadderFacts): LadderFacts => ({
  ...facts,
  bills: facts.bills.toReversed(),
  notices: facts.notices.toReversed(),
  holds: facts.holds.toReversed(),
  protections: facts.protections.toReversed(),
  ...(facts.lowBalances ? { lowBalances: facts.lowBalances.toReversed() } : {}),
});

/** Lines of a balance are read in no order. */
const inOrder = (facts: LadderFacts): LadderFacts => ({
  ...facts,
  lowBalances: (facts.lowBalances ?? []).toSorted((a, b) => Number(a.atOrBelowMinor - b.atOrBelowMinor)),
});

/** The facts of some, each gathered alone, are those gathered with everybody. */
async function gatheredAlone(table: Table, ms: number, together: Map<string, LadderFacts>): Promise<string[]> {
  const faults: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const story = table.dice.pick(table.stories);
    const alone = await accountFactsOf(table.ctx(ms), table.relight.ctx.db, [story.accountId], new Date(ms));
    if (asText(inOrder(alone.get(story.accountId)!)) !== asText(inOrder(together.get(story.accountId)!)))
      faults.push(`facts gathered alone differ at ${clock(ms)}\n${story.tell()}`);
  }
  return faults;
}

interface Stored {
  readonly accountId: string;
  readonly caseAnchor: string | null;
  readonly caseOpen: boolean;
  /** Steps whose notice is under way. */
  readonly underWay: readonly string[];
}

const storedOf = async (table: Table): Promise<Map<string, Stored>> =>
  new Map(
    (
      await table.sql<Stored>(
        `SELECT a.id AS "accountId", k.id IS NOT NULL AS "caseOpen", k.anchor_bill_id AS "caseAnchor",
                ARRAY(SELECT n.step_code FROM notice n WHERE n.account_id = a.id AND n.state IN ('PREPARED', 'SENT') AND n.copy_of_id IS NULL AND n.step_code IS NOT NULL ORDER BY 1) AS "underWay"
         FROM account a LEFT JOIN dunning_case k ON k.account_id = a.id AND k.closed_at IS NULL WHERE a.id = ANY($1::uuid[])`,
        [table.stories.map(({ accountId }) => accountId)],
      )
    ).map((row) => [row.accountId, row]),
  );

/** What is on record as the state of dunning is what the ladder says. */
function storedFaults(ladder: Ladder, stored: Stored): string[] {
  const faults: string[] = [];
  const waiting = ladder.steps.filter(({ reasonCode }) => reasonCode === 'NOTICE_UNDER_WAY').map(({ code }) => code);
  const extra = stored.underWay.filter((code) => !waiting.includes(code));
  const missing = waiting.filter((code) => !stored.underWay.includes(code));
  if (extra.length + missing.length > 0)
    faults.push(`notices under way ${stored.underWay.join()} are not the ladder's ${waiting.join()}`);
  if (stored.caseOpen && stored.caseAnchor !== null && stored.caseAnchor !== ladder.anchoredTo)
    faults.push(`the case is about ${stored.caseAnchor}, the ladder about ${ladder.anchoredTo}`);
  const due = ladder.steps.filter(({ state }) => state === 'DUE').map(({ code }) => code);
  if (due.length > 0) faults.push(`${due.join()} is due after the run`);
  return faults;
}

/** Checks that decide whether all has been said and done for a cut but approval, call and hour. */
const READY = ['MIN_DEBT', 'CREDIT_GRACE', 'READING_PROVEN', 'OVERDUE_DEBT', 'NOTICE_SERVED', 'MANDATORY_NOTICES'];
const READY_PREPAID = ['PREPAID_BALANCE', 'PREPAID_GRACE', 'NOTICE_SERVED'];

/** What the oracle says of the stage, where that is simple. */
function stageFaults(story: Story, { stage, held }: Ladder, table: Table, ms: number): string[] {
  const book = new Book(story, ms);
  const today = dayAt(ms);
  const faults: string[] = [];
  const say = (right: boolean, text: string): void => void (right || faults.push(`${stage}: ${text}`));
  say((stage === 'CUT') === isOff(story), isOff(story) ? 'power is off' : 'power is on');
  say((held !== null) === openHolds(story).length > 0, `held ${held}, ${openHolds(story).length} holds are open`);
  const owes = book.owed > 0n || (story.prepaid && book.balance <= 5_000n);
  if (stage !== 'CUT') say((stage === 'CLEAR') === !owes, owes ? 'something is owed' : 'nothing is owed');
  const late = story.prepaid ? book.balance < 0n : book.unpaid.some(({ due }) => due < today);
  if (late) say(RANK.get(stage)! <= RANK.get('OVERDUE')!, 'something is overdue');
  if (stage === 'CUT' || story.last('meter')!.installation === null) return faults;
  const open = objections(story, table.town, ms, questionAbout(story, null));
  const wanting = (story.prepaid ? READY_PREPAID : READY).filter((code) => open.has(code));
  if (stage === 'CUT_READY') say(wanting.length === 0, `${wanting.join()} is wanting`);
  return faults;
}

/** Checks that some policy of China asks for: the others have no rule there, or cannot fail (a policy for everybody applies to everybody). */
export const CHINA_CHECKS = CHECK_CODES.filter(
  (code) => !['POLICY_APPLIES', 'DEBT_NOT_TOO_OLD', 'SEASON', 'CONTACT_ATTEMPT', 'BLACKOUT', 'WEATHER'].includes(code),
);
