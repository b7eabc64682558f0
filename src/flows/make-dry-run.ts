import type { CutFacts } from '../dunning/cut-facts.js';
import {
  claimDryRun,
  endDryRun,
  recordDryRunPage,
  releaseDryRun,
  type DryRunProgress,
  type DryRunToWork,
  type NewDryRunLine,
} from '../dunning/dry-runs.js';
import type { Actor } from '../platform/audit.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { localDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { decideCuts, type CutDecision } from './cut-decisions.js';
import { dryRunCandidates, type DryRunCandidate } from './dry-run-candidates.js';
import { blocksProposal, FIRST_ID } from './propose-cuts.js';
import { NEVER, type StopSign } from './run-worker.js';

/** What a dry run needs of its process. */
export type DryRunContext = Pick<FlowContext, 'db' | 'clock' | 'nudges' | 'log' | 'timeZone' | 'policies'>;

/**
 * Takes the oldest dry run that waits, or whose process died, and works it off from where it stands. The lines of a page and how far the
 * run is are written in one transaction, so a kill neither loses nor doubles any. Returns false when there was none.
 */
export async function workDryRun(
  ctx: DryRunContext,
  stop: StopSign = NEVER,
  onPage: (progress: DryRunProgress) => void = () => undefined,
): Promise<boolean> {
  const worker = newId();
  const run = await claimDryRun(ctx.db, worker, ctx.clock.now());
  if (!run) return false;
  const mine = { id: run.id, worker };
  const log = ctx.log.child({ dryRunId: run.id, forDate: run.forDate });
  const by = (): { actor: Actor; at: Date } => ({ actor: actorOf(run), at: ctx.clock.now() });
  try {
    const ended = isOver(ctx, run) ? 'OVER' : await workPages(ctx, { ...run, worker }, stop, onPage);
    if (ended === 'DONE') {
      await endDryRun(ctx.db, mine, { state: 'DONE', failureText: null }, by());
      log.info('dry run done');
    } else if (ended === 'OVER') {
      const failureText = 'its day was over before it could be made';
      await endDryRun(ctx.db, mine, { state: 'FAILED', failureText }, by());
    } else if (ended === 'STOPPED') {
      await releaseDryRun(ctx.db, run.id, worker);
      log.info('dry run given back; it goes on from here');
    } else {
      log.warn('dry run was taken over by another process');
    }
  } catch (error) {
    log.error({ err: error }, 'dry run failed; start it again');
    await endDryRun(ctx.db, mine, { state: 'FAILED', failureText: String(error).slice(0, 500) }, by());
  }
  ctx.nudges.nudge('changed', [run.id]);
  return true;
}

const actorOf = ({ origin, requestedBy }: DryRunToWork): Actor => ({
  kind: origin === 'NIGHTLY' ? 'SYSTEM' : 'PERSON',
  id: requestedBy,
});

const isOver = (ctx: DryRunContext, { forDate }: DryRunToWork): boolean =>
  forDate < localDate(ctx.clock.now(), ctx.timeZone);

/** A page under way: which service points it has is known, what is to be said about them is being worked out. */
interface Page {
  readonly upTo: string;
  readonly isLast: boolean;
  readonly lines: Promise<readonly NewDryRunLine[]>;
}

type RunAtWork = DryRunToWork & { readonly worker: string };

/** While one page is judged and written the next is read: two pages are in memory, never more. */
async function workPages(
  ctx: DryRunContext,
  run: RunAtWork,
  stop: StopSign,
  onPage: (progress: DryRunProgress) => void,
): Promise<'DONE' | 'STOPPED' | 'TAKEN'> {
  let following: Promise<Page> | undefined = beginPage(ctx, run, run.position ?? FIRST_ID);
  try {
    while (following) {
      const page: Page = await following;
      following = page.isLast || stop.stopped ? undefined : beginPage(ctx, run, page.upTo);
      const written = { upTo: page.upTo, lines: await page.lines };
      const progress = await ctx.db.transaction('dry-run-page', (tx) => recordDryRunPage(tx, run, written));
      if (!progress) return 'TAKEN';
      onPage(progress);
      ctx.nudges.nudge('changed', [run.id]);
      if (page.isLast) return 'DONE';
    }
    return 'STOPPED';
  } finally {
    // Whoever ends early leaves nothing behind that still reads.
    await following?.then(({ lines }) => lines).catch(() => undefined);
  }
}

/** Nothing is locked: what changes while a dry run is made is judged again by the proposal, the release and the sending. */
function beginPage(ctx: DryRunContext, run: RunAtWork, after: string): Promise<Page> {
  const begun = readPage(ctx, run, after);
  // A failure is told where the page is awaited; until then it is not one that nobody hears.
  begun.catch(() => undefined);
  return begun;
}

async function readPage(ctx: DryRunContext, run: RunAtWork, after: string): Promise<Page> {
  const limit = LIMITS.dryRunPage.value;
  const candidates = await dryRunCandidates(ctx.db, run.districtId, { after, date: run.forDate, limit });
  const lines = judge(ctx, run, candidates);
  lines.catch(() => undefined);
  return { upTo: candidates.at(-1)?.servicePointId ?? after, isLast: candidates.length < limit, lines };
}

async function judge(
  ctx: DryRunContext,
  run: RunAtWork,
  candidates: readonly DryRunCandidate[],
): Promise<NewDryRunLine[]> {
  const decisions = await decideCuts(ctx, ctx.db, candidates, run.judgedFor);
  return candidates.flatMap((candidate) => {
    const decision = decisions.get(candidate.servicePointId);
    return decision ? [lineOf(candidate, decision, run.forDate)] : [];
  });
}

function lineOf(candidate: DryRunCandidate, decision: CutDecision, forDate: string): NewDryRunLine {
  const { supply, facts, policy, checks } = decision;
  const blocking = blocksProposal(checks);
  return {
    servicePointId: candidate.servicePointId,
    accountId: supply.accountId,
    reason: candidate.reason,
    permitted: blocking.length === 0,
    blocking: blocking.map(({ code }) => code),
    reasons: blocking,
    debtMinor: overdueMinor(facts, forDate),
    currency: candidate.currency,
    policyCode: policy?.policy.code ?? null,
    policyVersion: policy?.version ?? null,
  };
}

/** Overdue on the day with late fees; paid ahead: what the balance is below zero. */
function overdueMinor({ paymentMode, balanceMinor, bills }: CutFacts, forDate: string): bigint {
  if (paymentMode === 'PREPAID') return balanceMinor < 0n ? -balanceMinor : 0n;
  return bills
    .filter(({ dueDate }) => dueDate < forDate)
    .reduce((sum, bill) => sum + bill.principalOutstandingMinor + bill.lateFeeOutstandingMinor, 0n);
}
