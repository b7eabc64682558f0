import { newId } from '../platform/ids.js';
import { closeFollowUpsInLight } from '../dunning/follow-ups.js';
import { proposeCompensation } from '../dunning/compensation-policy.js';
import { insertCases, type NewCompensationCase } from '../dunning/compensation-cases.js';
import { endClocks, recordBreaches, type FoundBreach, type RecordedBreach } from '../dunning/restore-breaches.js';
import { unsettledReleases, type Release } from '../dunning/restore-facts.js';
import { promiseOf, restoreVerdicts, type RestoreVerdicts } from '../dunning/restore-verdict-policy.js';
import type { Tx } from '../platform/database.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('watch-restores');
/** Payments judged in one transaction. */
const PAGE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Judges a release by the promise of its customer's policy. */
export const verdictsOf = (
  ctx: Pick<FlowContext, 'policies' | 'timeZone'>,
  release: Release,
  now: Date,
): RestoreVerdicts => {
  const policy = ctx.policies.of(release.customerClass, release.paymentMode)?.policy;
  return restoreVerdicts(release, promiseOf(policy, ctx.timeZone), now);
};

/**
 * Looks at every payment, and every other end of a debt's reason, whose clocks may still run: a promise that was not kept is recorded once,
 * with the person who answers for it, and where the policy grants compensation for it a case is opened. May run late or twice.
 */
export async function watchRestores(ctx: FlowContext, at: Date): Promise<void> {
  for (let after: string | undefined = FIRST_ID; after !== undefined;) {
    const position: string = after;
    after = await ctx.db.transaction('watch-restores', (tx) => watchPage(ctx, tx, position, at));
  }
  const reason = 'the meter reports that power is back';
  await ctx.db.transaction('close-follow-ups', (tx) => closeFollowUpsInLight(tx, { actor: ACTOR, at, reason }));
}

/** Returns the subject to go on after, or undefined when this was the last page. */
async function watchPage(ctx: FlowContext, tx: Tx, after: string, at: Date): Promise<string | undefined> {
  const releases = await unsettledReleases(tx, { after, at, limit: PAGE });
  const judged = releases.map((release) => ({ release, verdicts: verdictsOf(ctx, release, at) }));
  const by = { actor: ACTOR, at };
  const recorded = await recordBreaches(
    tx,
    judged.flatMap(({ release, verdicts }) => breachesOf(release, verdicts)),
    by,
  );
  await insertCases(tx, lateRestoreCases(ctx, releases, recorded, at), by);
  const ended = judged.filter(({ verdicts }) => Object.values(verdicts).every(({ outcome }) => outcome !== 'PENDING'));
  await endClocks(
    tx,
    ended.map(({ release }) => release.subjectId),
    at,
  );
  if (recorded.length > 0)
    tx.afterCommit(() =>
      ctx.nudges.nudge(
        'changed',
        recorded.map(({ id }) => id),
      ),
    );
  return releases.length < PAGE ? undefined : releases.at(-1)!.subjectId;
}

function breachesOf(release: Release, { sameDay, withinSla }: RestoreVerdicts): FoundBreach[] {
  return [
    { kind: 'SAME_DAY' as const, verdict: sameDay },
    { kind: 'WITHIN_SLA' as const, verdict: withinSla },
  ].flatMap(({ kind, verdict }) => {
    if (verdict.outcome !== 'BREACHED') return [];
    const { commandId, servicePointId } = latest(release);
    const { paymentId, accountId, startedAt } = release;
    return [{ paymentId, commandId, accountId, servicePointId, kind, startedAt, dueAt: verdict.deadlineAt! }];
  });
}

/** The restore that is dark still, or was the last to be proven. */
const latest = ({ restores }: Release): Release['restores'][number] =>
  restores.toSorted((a, b) => (b.provenAt?.getTime() ?? Infinity) - (a.provenAt?.getTime() ?? Infinity))[0]!;

/** A case for each new breach of the SLA where the policy grants something for it. */
function lateRestoreCases(
  ctx: FlowContext,
  releases: readonly Release[],
  recorded: readonly RecordedBreach[],
  at: Date,
): NewCompensationCase[] {
  return recorded.flatMap((breach): NewCompensationCase[] => {
    const release = releases.find(({ restores }) => restores.some(({ commandId }) => commandId === breach.commandId))!;
    const inForce = ctx.policies.of(release.customerClass, release.paymentMode);
    if (breach.kind !== 'WITHIN_SLA' || !inForce?.policy.compensation) return [];
    const { commandId, accountId, servicePointId, id: breachId, dueAt: darkFrom } = breach;
    const { currency } = release;
    return [
      {
        id: newId(),
        kind: 'LATE_RESTORE',
        accountId,
        servicePointId,
        commandId,
        breachId,
        cause: null,
        evidence: `power was not proven back by ${darkFrom.toISOString()}`,
        declaredBy: null,
        darkFrom,
        currency,
        proposal: proposeCompensation(inForce.policy, currency, darkFrom, at),
        policyCode: inForce.policy.code,
        policyVersion: inForce.version,
      },
    ];
  });
}
