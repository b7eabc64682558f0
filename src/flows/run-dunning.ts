import { lockAccounts } from '../accounts/accounts.js';
import { caseFacts, closeCases, openCases, openCasesOf, type OpenCase } from '../dunning/dunning-cases.js';
import type { Ladder, LadderFacts } from '../dunning/ladder.js';
import { cutLineMinor } from '../dunning/low-balances.js';
import { noticesToWithdraw, outcomesOf, type Withdrawal } from '../dunning/notice-withdrawal-policy.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { localDate } from '../platform/local-date.js';
import { systemActor, type FlowContext } from './context.js';
import { ladderOfAccounts } from './ladder-of-accounts.js';
import { prepareNotices, type WantedNotice } from './prepare-notices.js';
import { withdrawNotices } from './withdraw-notices.js';

const ACTOR = systemActor('run-dunning');
/** Accounts looked at together: some statements over 500 rows, a few megabytes. */
const PAGE = 500;
const NIL = '00000000-0000-0000-0000-000000000000';

// Whoever owes, is at a warning line, or has something under way.
const CANDIDATES = statement(
  'run-dunning-candidates',
  `SELECT a.id FROM account a
   WHERE a.id > $1 AND a.closed_at IS NULL
     AND (a.due_minor > 0 OR (a.payment_mode = 'PREPAID' AND a.credit_minor - a.due_minor <= $2)
          OR EXISTS (SELECT FROM notice n WHERE n.account_id = a.id AND n.state IN ('PREPARED', 'SENT'))
          OR EXISTS (SELECT FROM dunning_case k WHERE k.account_id = a.id AND k.closed_at IS NULL))
   ORDER BY a.id LIMIT ${PAGE}`,
);

// What the gateway has not sent yet and names a sum that is no longer owed. What a person has in hand stays: its slip is printed.
const STALE = statement(
  'run-dunning-stale',
  `SELECT n.id AS "noticeId", n.account_id AS "accountId" FROM notice n
   WHERE n.account_id = ANY($1::uuid[]) AND n.state = 'PREPARED' AND n.by_gateway AND n.copy_of_id IS NULL AND n.anchor_bill_id IS NOT NULL
     AND n.principal_minor <> (SELECT sum(b.total_minor - b.paid_minor) FROM notice_bill nb JOIN bill b ON b.id = nb.bill_id WHERE nb.notice_id = n.id)`,
);

/** What a run did, counted. */
export interface DunningRun {
  readonly looked: number;
  readonly prepared: number;
  readonly withdrawn: number;
  readonly casesOpened: number;
  readonly casesClosed: number;
}

const NOTHING: DunningRun = { looked: 0, prepared: 0, withdrawn: 0, casesOpened: 0, casesClosed: 0 };

/**
 * Computes the ladder of every account that owes anything and does what is due: notices are prepared or taken back, cases opened and
 * closed with what became of their steps. Only accounts with something to do are locked, and decided anew under the lock, so it may
 * run late, twice, or beside another process.
 */
export async function runDunning(ctx: FlowContext, at: Date): Promise<DunningRun> {
  const highest = ctx.policies.list.flatMap(({ policy }) => [
    cutLineMinor(policy) ?? 0n,
    ...policy.steps.flatMap(({ when }) => (when.from === 'BALANCE' ? [when.atOrBelowMinor] : [])),
  ]);
  const line = highest.reduce((most, one) => (one > most ? one : most), 0n);
  let run = NOTHING;
  for (let after = NIL; ;) {
    const page = await ctx.db.rows<{ id: string }>(CANDIDATES, [after, line]);
    const ids = page.map(({ id }) => id);
    run = sum(run, await dunAccounts(ctx, ids, at));
    if (ids.length < PAGE) break;
    after = ids.at(-1)!;
  }
  ctx.log.info({ ...run }, 'dunning run ended');
  return run;
}

/** Does the same for some accounts, e.g. those that have just paid. At most a page of them. */
export async function dunAccounts(ctx: FlowContext, accountIds: readonly string[], at: Date): Promise<DunningRun> {
  if (accountIds.length === 0) return NOTHING;
  const plans = await plansOf(ctx, ctx.db, accountIds, at);
  const busy = plans.filter(isBusy).map(({ facts }) => facts.accountId);
  const looked = { ...NOTHING, looked: accountIds.length };
  if (busy.length === 0) return looked;
  return ctx.db.transaction('run-dunning', async (tx) => {
    const locked = await lockAccounts(tx, busy);
    const ids = locked.map(({ id }) => id);
    const decided = await plansOf(ctx, tx, ids, at);
    const done = await apply(tx, decided.filter(isBusy), at);
    tx.afterCommit(() => {
      ctx.nudges.nudge('changed', ids);
      if (done.prepared > 0) ctx.nudges.nudge('notices');
    });
    return sum(looked, done);
  });
}

/** What is to be done about one account. */
interface Plan {
  readonly facts: LadderFacts;
  readonly inForce: PolicyInForce;
  readonly ladder: Ladder;
  readonly open: OpenCase | undefined;
  readonly withdrawals: readonly Withdrawal[];
  readonly due: readonly string[];
  /** The open case ends: its bill is paid or no longer leads. */
  readonly closes: boolean;
  /** A case begins. */
  readonly opens: boolean;
}

const isBusy = ({ withdrawals, due, closes, opens }: Plan): boolean =>
  withdrawals.length > 0 || due.length > 0 || closes || opens;

async function plansOf(ctx: FlowContext, tx: Reader, accountIds: readonly string[], at: Date): Promise<Plan[]> {
  const ladders = await ladderOfAccounts(ctx, tx, accountIds, at);
  const cases = await openCasesOf(tx, accountIds);
  const stale = Map.groupBy(
    await tx.rows<{ noticeId: string; accountId: string }>(STALE, [accountIds]),
    ({ accountId }) => accountId,
  );
  return [...ladders.values()].map(({ facts: one, inForce, ladder }): Plan => {
    const { policy } = inForce;
    const open = cases.get(one.accountId);
    const anchor = policy.prepaid ? null : ladder.anchoredTo;
    const today = localDate(at, policy.timeZone);
    const begun = ladder.steps.some(({ dueOn }) => dueOn !== null && dueOn <= today);
    const leads = policy.prepaid ? begun : anchor !== null;
    const closes = open !== undefined && (!leads || open.anchorBillId !== anchor);
    return {
      facts: one,
      inForce,
      ladder,
      open,
      withdrawals: withStale(noticesToWithdraw(one, policy, ladder), stale.get(one.accountId) ?? []),
      due: ladder.steps.filter(({ state }) => state === 'DUE').map(({ code }) => code),
      closes,
      opens: begun && (open === undefined || closes),
    };
  });
}

/** Adds notices whose sum has changed; their step is due again with the sum of that moment. */
const withStale = (withdrawals: Withdrawal[], stale: readonly { readonly noticeId: string }[]): Withdrawal[] => [
  ...withdrawals,
  ...stale
    .filter(({ noticeId }) => !withdrawals.some((one) => one.noticeId === noticeId))
    .map(({ noticeId }) => ({ noticeId, code: 'AMOUNT_CHANGED' as const, reason: 'part of what it names was paid' })),
];

/** Takes back first, so that what is prepared anew finds its place free. */
async function apply(tx: Tx, plans: readonly Plan[], at: Date): Promise<DunningRun> {
  const by = { actor: ACTOR, at };
  const withdrawn = await withdrawNotices(
    tx,
    plans.flatMap(({ withdrawals }) => withdrawals),
    by,
  );
  const closing = plans.filter(({ closes }) => closes);
  const policies = new Map(closing.map(({ open, inForce }) => [open!.caseId, inForce.policy]));
  const known = await caseFacts(tx, [...policies.keys()]);
  await closeCases(
    tx,
    known.map(({ caseId, customerClass, readingDate, dueDate, notices }) => ({
      caseId,
      outcomes: outcomesOf(
        { customerClass, notices, anchor: readingDate && dueDate ? { readingDate, dueDate } : null },
        policies.get(caseId)!,
        at,
      ),
    })),
    by,
  );
  const opened = await openCases(
    tx,
    plans
      .filter(({ opens }) => opens)
      .map(({ facts, ladder, inForce }) => ({
        accountId: facts.accountId,
        anchorBillId: inForce.policy.prepaid ? null : ladder.anchoredTo,
      })),
    by,
  );
  const openedOf = new Map(opened.map((one) => [one.accountId, one.caseId]));
  const wanted = plans.flatMap(({ facts, inForce, due, open, closes }) =>
    due.map((code): WantedNotice => {
      const caseId = openedOf.get(facts.accountId) ?? (closes ? null : (open?.caseId ?? null));
      return { facts, inForce, step: inForce.policy.steps.find((step) => step.code === code)!, caseId };
    }),
  );
  const prepared = await prepareNotices(tx, wanted, by);
  return {
    looked: 0,
    prepared: prepared.length,
    withdrawn,
    casesOpened: opened.length,
    casesClosed: closing.length,
  };
}

const sum = (one: DunningRun, other: DunningRun): DunningRun => ({
  looked: one.looked + other.looked,
  prepared: one.prepared + other.prepared,
  withdrawn: one.withdrawn + other.withdrawn,
  casesOpened: one.casesOpened + other.casesOpened,
  casesClosed: one.casesClosed + other.casesClosed,
});
