import { lockAccount } from '../accounts/accounts.js';
import { crashPoint } from '../platform/crash-points.js';
import { LIMITS } from '../platform/limits.js';
import { statement, type Tx } from '../platform/database.js';
import { localDate } from '../platform/local-date.js';
import { URGENT_REASONS } from '../switching/interruption.js';
import { approvalsOf, batchRuns } from '../dunning/cut-batches.js';
import { blockers, type CutCheck } from '../dunning/cut-checks.js';
import { closingOf } from '../dunning/cut-policy.js';
import type { CutFacts } from '../dunning/cut-facts.js';
import type { DunningPolicy } from '../dunning/policy-schema.js';
import { exceeded } from '../switching/threshold-policy.js';
import { cutCounts, passCutGate, thresholdsAt } from '../switching/thresholds.js';
import {
  postponeCut,
  queuedCuts,
  sendCommand,
  sendQueuedRestores,
  type QueuedCut,
  type SwitchOrder,
} from '../switching/dispatch.js';
import { openInterruption } from '../switching/interruptions.js';
import { lockCommands, moveCommands, type LockedCommand } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { decideCuts, type CutDecision } from './cut-decisions.js';
import { waitsForUnprotect } from './keep-protection.js';
import { questionOf } from './release-batch.js';

const ACTOR = systemActor('dispatch');
/** A cut for danger waits so long for the protection of its meter to be ended, and looks so often; wall-clock ms. */
const UNPROTECT_WAIT_MS = 30_000;
const UNPROTECT_LOOK_MS = 1_000;

const KILL_SWITCH = statement('dispatch-kill-switch', `SELECT engaged FROM kill_switch`);

/** The product instant after which the meter must refuse: never less than a fair time on the wire, however fast the clock runs. */
function notAfter(ctx: FlowContext, at: Date, validityMs: number): Date {
  return new Date(at.getTime() + Math.max(validityMs, ctx.clock.productMs(ctx.timings.minWireMs)));
}

/** An ordinary cut must not be obeyed after the last allowed hour, however late it is delivered. */
function cutNotAfter(ctx: FlowContext, at: Date, policy: DunningPolicy | undefined): Date {
  const latest = notAfter(ctx, at, ctx.timings.cutValidityMs);
  if (!policy) return latest;
  const closing = closingOf(policy, localDate(at, policy.timeZone));
  return latest < closing ? latest : closing;
}

/**
 * Takes up to `limit` queued restores and marks them SENT. The orders returned may be published now: the commit has happened. If
 * this process dies before it publishes, the wait on the row runs out and the meter is asked.
 */
export async function dispatchRestores(
  ctx: FlowContext,
  limit: number = LIMITS.dispatchGroup.value,
): Promise<SwitchOrder[]> {
  const at = ctx.clock.now();
  // One statement is its own transaction: claimed, numbered, marked and recorded in one round trip.
  const orders = await sendQueuedRestores(
    ctx.db,
    {
      at,
      notAfter: notAfter(ctx, at, ctx.timings.restoreValidityMs),
      ackTimeoutMs: ctx.timings.ackTimeoutMs,
    },
    limit,
  );
  if (orders.length > 0) crashPoint('dispatch/committed');
  return orders;
}

/**
 * Takes the oldest queued cuts and decides each anew, in the transaction that sends it and under its account's lock, so that no
 * payment can slip between. A cut that is no longer right is cancelled with the checks that blocked it. The interruption is
 * opened here: from this commit on, power is not due. Each is published right after its own commit, before the next is decided.
 *
 * @param publish has the guard sign the order and sends it, or ends it (endUnsignedCut)
 * @param admit asked before a cut is touched: 'closed' ends the round, a wait (wall-clock ms) lets the others pass first
 */
export async function dispatchCuts(
  ctx: FlowContext,
  publish: (order: SwitchOrder) => Promise<void>,
  admit: (cut: QueuedCut) => Promise<CutAdmission> = () => Promise.resolve('open'),
): Promise<void> {
  // A look beforehand, so that a long queue is not decided again and again while nothing may go. The last word is under the lock.
  if ((await ctx.db.rows<{ engaged: boolean }>(KILL_SWITCH))[0]?.engaged !== false) return;
  for (const cut of await queuedCuts(ctx.db, ctx.clock.now(), LIMITS.dispatchGroup.value)) {
    if (URGENT_REASONS.includes(cut.reason) && (await waitsForUnprotect(ctx, cut.id, UNPROTECT_WAIT_MS))) {
      await postponeCut(ctx.db, cut.id, UNPROTECT_LOOK_MS);
      continue;
    }
    const admission = await admit(cut);
    if (admission === 'closed') return;
    if (admission !== 'open') {
      await postponeCut(ctx.db, cut.id, admission.waitMs);
      continue;
    }
    const order = await dispatchCut(ctx, cut);
    if (!order) continue;
    crashPoint('dispatch/cut-committed');
    await publish(order);
  }
}

/** Whether a cut may be claimed now, after a wait, or none may at all. */
export type CutAdmission = 'open' | 'closed' | { readonly waitMs: number };

async function dispatchCut(ctx: FlowContext, cut: QueuedCut): Promise<SwitchOrder | undefined> {
  const { id: commandId, accountId, batchId } = cut;
  return ctx.db.transaction('dispatch-cut', async (tx) => {
    const batch = batchId === null ? { runs: true, size: 1 } : await batchRuns(tx, batchId);
    // A paused batch holds its cuts back; it does not judge them.
    if (!batch.runs) return undefined;
    await lockAccount(tx, accountId);
    const [command] = await lockCommands(tx, [commandId]);
    if (command?.state !== 'QUEUED') return undefined;
    const at = ctx.clock.now();
    const approvals = await approvalsOf(tx, commandId, batchId);
    const question = questionOf(command, approvals, batch.size);
    const decision = (await decideCuts(ctx, tx, [question], at, true)).get(command.servicePointId)!;
    const blocking = blockers(decision.checks);
    // Nor does the kill switch: the cut stays queued until it is released or the cut's time is up.
    if (blocking.some(({ code }) => code === 'KILL_SWITCH')) return undefined;
    if (blocking.length > 0) {
      await withdraw(ctx, tx, command, decision, blocking, at);
      return undefined;
    }
    if (!(await passesThresholds(ctx, tx, command, decision, approvals, at))) return undefined;
    return send(ctx, tx, command, decision, at);
  });
}

/** Not right any more: cancelled, with everything that was looked at. */
async function withdraw(
  ctx: FlowContext,
  tx: Tx,
  command: LockedCommand,
  { checks }: CutDecision,
  blocking: readonly CutCheck[],
  at: Date,
): Promise<void> {
  const text = blocking.map(({ code, evidence }) => `${code}: ${evidence}`).join('; ');
  const cancelled = { to: 'CANCELLED', code: blocking[0]!.code, text, detail: { checks } } as const;
  await moveCommands(tx, [{ id: command.id, from: 'QUEUED', ...cancelled }], { actor: ACTOR, at });
  await resumeDisplacedRestores(ctx, tx, [command.id], { actor: ACTOR, at });
  tx.afterCommit(() => ctx.nudges.nudge('changed', [command.id]));
}

/**
 * Counts the cut against the thresholds, one sender at a time. Over the pace it waits; over anything else it goes into quarantine, unless a
 * second person has let it out of there for that very reason. Danger to people is not counted here; the guard has a budget of its own for it.
 */
async function passesThresholds(
  ctx: FlowContext,
  tx: Tx,
  command: LockedCommand,
  { facts }: CutDecision,
  approvals: readonly { readonly by: string }[],
  at: Date,
): Promise<boolean> {
  if (URGENT_REASONS.includes(command.reason)) return true;
  await passCutGate(tx);
  const asking = command.batchId === null ? [command.requestedBy] : approvals.map(({ by }) => by);
  const persons = command.releasedBy === null ? asking : [...asking, command.releasedBy];
  const counts = await cutCounts(tx, { at, servicePointId: command.servicePointId, persons });
  const open = facts.bills.filter(({ principalOutstandingMinor }) => principalOutstandingMinor > 0n);
  const values = {
    debtMinor: open.reduce((sum, bill) => sum + bill.principalOutstandingMinor, 0n),
    estimatedOnly: open.length > 0 && open.every(({ estimated }) => estimated),
  };
  // Who let it out of quarantine has answered for what it was there for, and for nothing else.
  const answered = command.releasedBy === null ? null : command.failureCode;
  const [over] = exceeded(counts, values, await thresholdsAt(tx, at)).filter(({ code }) => code !== answered);
  if (!over) return true;
  if (over.holdsBack) return false;
  const quarantined = { to: 'QUARANTINED', code: over.code, text: over.evidence } as const;
  await moveCommands(tx, [{ id: command.id, from: 'QUEUED', ...quarantined }], { actor: ACTOR, at });
  tx.afterCommit(() => ctx.nudges.nudge('changed', [command.id]));
  return false;
}

/** What is overdue when the cut is sent: what a part payment is measured by. */
function overdueMinor(facts: CutFacts, policy: DunningPolicy | undefined): bigint {
  const today = localDate(facts.at, policy?.timeZone);
  return facts.bills
    .filter(({ dueDate }) => dueDate < today)
    .reduce((sum, bill) => sum + bill.principalOutstandingMinor + bill.lateFeeOutstandingMinor, 0n);
}

async function send(
  ctx: FlowContext,
  tx: Tx,
  command: LockedCommand,
  { facts, checks, policy }: CutDecision,
  at: Date,
): Promise<SwitchOrder | undefined> {
  const urgent = URGENT_REASONS.includes(command.reason);
  const order = await sendCommand(tx, command.id, {
    at,
    notAfter: cutNotAfter(ctx, at, urgent ? undefined : policy?.policy),
    ackTimeoutMs: ctx.timings.ackTimeoutMs,
  });
  const { servicePointId, accountId, reason, owner } = command;
  const evidence = { ...command.evidence, checks, debtMinor: String(overdueMinor(facts, policy?.policy)) };
  await openInterruption(
    tx,
    { servicePointId, accountId, reason, evidence, commandId: command.id, owner },
    { actor: { kind: 'PERSON', id: command.requestedBy }, at, reason: `cut ${command.id}` },
  );
  tx.afterCommit(() => ctx.nudges.nudge('changed', [command.id, servicePointId]));
  return order;
}
