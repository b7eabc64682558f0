import type { Tx } from '../platform/database.js';
import type { Actor } from '../platform/audit.js';
import { APPROVAL_CODES, AT_SENDING, blockers, type CutCheck } from '../dunning/cut-checks.js';
import type { DunningPolicy } from '../dunning/policy-schema.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { moveCommands, type CommandMove, type LockedCommand } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import type { CutDecision } from './cut-decisions.js';
import { prepareLastCalls } from './prepare-last-calls.js';

/** Added to the least time of a last call, so that a message that takes a while does not make the announced time unlawful, ms. */
const LAST_CALL_SLACK_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

/** From letting a cut go to the time announced to the customer, ms. */
export const lastCallLeadMs = ({ lastCall }: Pick<DunningPolicy, 'lastCall'>): number =>
  lastCall ? lastCall.minMinutes * MINUTE_MS + LAST_CALL_SLACK_MS : 0;

/** What must hold before a cut is let go; the rest is decided when it is sent. Approvals are not left for later. */
const LATER = AT_SENDING.filter((code) => !APPROVAL_CODES.includes(code));

/** The checks that keep a cut from being let go now. */
export const blocksRelease = (checks: readonly CutCheck[]): CutCheck[] => blockers(checks, LATER);

/** A cut under lock with the decision about it. */
export interface JudgedCut {
  readonly command: LockedCommand;
  readonly decision: CutDecision;
}

/**
 * Lets cuts go: those that may still happen become QUEUED, with a last call to the customer and the time it announces, before which they
 * are not sent; the others are cancelled with what blocks them. Accounts and commands must be locked.
 *
 * Returns the ids queued.
 */
export async function queueCuts(
  ctx: FlowContext,
  tx: Tx,
  cuts: readonly JudgedCut[],
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string; readonly releasedBy?: string },
): Promise<string[]> {
  const moves = cuts.map(({ command, decision }): CommandMove & { readonly announcedAt: Date | undefined } => {
    const [blocking] = blocksRelease(decision.checks);
    if (blocking) {
      const text = `${blocking.code}: ${blocking.evidence}`;
      const cancelled = { to: 'CANCELLED', code: blocking.code, text, detail: { checks: decision.checks } } as const;
      return { id: command.id, from: command.state, ...cancelled, announcedAt: undefined };
    }
    const announcedAt = announcedTime(command, decision, by.at);
    return {
      id: command.id,
      from: command.state,
      to: 'QUEUED',
      waitMs: 0,
      windowMs: ctx.timings.cutQueueMs + wallMs(ctx, announcedAt.getTime() - by.at.getTime()),
      // A batch is approved as a whole; each of its cuts says by whom.
      approvedBy: decision.facts.approvals[0]?.by,
      notBefore: announcedAt,
      releasedBy: by.releasedBy,
      reason: by.reason,
      announcedAt,
    };
  });
  await prepareLastCalls(
    ctx,
    tx,
    moves.flatMap(({ id, announcedAt }) => {
      const cut = cuts.find(({ command }) => command.id === id)!;
      const { policy, facts } = cut.decision;
      const called = announcedAt && policy?.policy.lastCall && DEBT_REASONS.includes(cut.command.reason);
      return called ? [{ accountId: cut.command.accountId, policy, facts, announcedAt }] : [];
    }),
    by,
  );
  await moveCommands(
    tx,
    moves.map(({ announcedAt: _announced, ...move }) => move),
    by,
  );
  const queued = moves.filter(({ to }) => to === 'QUEUED').map(({ id }) => id);
  const cancelled = moves.filter(({ to }) => to === 'CANCELLED').map(({ id }) => id);
  await resumeDisplacedRestores(ctx, tx, cancelled, by);
  tx.afterCommit(() => {
    ctx.nudges.nudge('commands');
    ctx.nudges.nudge('changed', [...queued, ...cancelled]);
  });
  return queued;
}

/** The time the customer is told: a last call needs its minutes; a cut without one may go at once. */
function announcedTime(command: LockedCommand, { policy }: CutDecision, at: Date): Date {
  const called = policy !== undefined && DEBT_REASONS.includes(command.reason);
  if (!called || policy.policy.lastCall === null) return at;
  // People are told a time of day in whole minutes.
  return new Date(Math.ceil((at.getTime() + lastCallLeadMs(policy.policy)) / MINUTE_MS) * MINUTE_MS);
}

/** Wall time that passes while product time passes; a clock that stands still adds nothing. */
function wallMs(ctx: FlowContext, productMs: number): number {
  const productPerWall = ctx.clock.productMs(1_000) / 1_000;
  return productPerWall > 0 ? productMs / productPerWall : 0;
}
