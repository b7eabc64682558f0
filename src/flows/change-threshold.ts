import { recordAudit, type Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import type { ThresholdKind } from '../switching/threshold-policy.js';
import { passCutGate, thresholdsAt } from '../switching/thresholds.js';
import type { FlowContext } from './context.js';

/** From the second person's word until a raised threshold holds: time for somebody to see it. */
const RAISE_DELAY_MS = 24 * 3_600_000;

export interface ThresholdReceipt {
  readonly changeId: string;
  readonly replayed: boolean;
}

const INSERT = statement(
  'threshold-change-insert',
  `INSERT INTO cut_threshold_change (id, kind, value, raises, requested_by, requested_at, reason, effective_from)
   VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $4 THEN NULL ELSE $6::timestamptz END)`,
);
const LOCK = statement(
  'threshold-change-lock',
  `SELECT kind, value, raises, requested_by AS "requestedBy", approved_by AS "approvedBy", withdrawn_at AS "withdrawnAt"
   FROM cut_threshold_change WHERE id = $1 FOR UPDATE`,
);
const APPROVE = statement(
  'threshold-change-approve',
  `UPDATE cut_threshold_change SET approved_by = $2, approved_at = $3, effective_from = $4 WHERE id = $1`,
);
const WITHDRAW = statement(
  'threshold-change-withdraw',
  `UPDATE cut_threshold_change SET withdrawn_by = $2, withdrawn_at = $3 WHERE id = $1`,
);

interface StoredChange {
  readonly kind: ThresholdKind;
  readonly value: bigint;
  readonly raises: boolean;
  readonly requestedBy: string;
  readonly approvedBy: string | null;
  readonly withdrawnAt: Date | null;
}

/**
 * Asks for another value of a threshold. Lower: it holds at once. Higher: another person must approve, and it holds 24 hours later.
 *
 * @throws UserError THRESHOLD_UNCHANGED, IDEMPOTENCY_KEY_REUSED
 */
export async function changeThreshold(
  ctx: FlowContext,
  change: {
    readonly kind: ThresholdKind;
    readonly value: bigint;
    readonly idempotencyKey: string;
    readonly note: string;
  },
  actor: Actor,
): Promise<ThresholdReceipt> {
  return ctx.db.transaction('change-threshold', async (tx) => {
    const at = ctx.clock.now();
    const { kind, value, note } = change;
    const content = { kind, value: String(value), note };
    return once(tx, { key: change.idempotencyKey, act: 'change-threshold', content, at }, async () => {
      // One change at a time: two lowerings judged against the same value could together be a raise.
      await passCutGate(tx);
      const now = (await thresholdsAt(tx, at))[kind];
      if (value === now)
        throw new UserError('THRESHOLD_UNCHANGED', `This threshold is ${now} already. Name another value.`, 'value');
      const changeId = newId();
      const raises = value > now;
      await tx.rows(INSERT, [changeId, kind, value, raises, actor.id, at, note]);
      // Who lowers in an emergency must not find an old raise in force an hour later.
      if (!raises) await withdrawRaises(tx, kind, at, actor, note);
      await audit(tx, at, actor, changeId, raises ? 'REQUESTED' : 'IN_FORCE', note, { kind, from: now, to: value });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [changeId]));
      return { changeId };
    });
  });
}

/**
 * A second person approves a raise; it holds after 24 hours.
 *
 * @throws UserError THRESHOLD_CHANGE_NOT_FOUND, THRESHOLD_CHANGE_DECIDED, THRESHOLD_MOVED, APPROVAL_BY_REQUESTER, IDEMPOTENCY_KEY_REUSED
 */
export async function approveThresholdChange(
  ctx: FlowContext,
  decision: { readonly changeId: string; readonly idempotencyKey: string; readonly note: string },
  actor: Actor,
): Promise<ThresholdReceipt> {
  return decide(ctx, 'approve-threshold-change', decision, async (tx, change, at) => {
    if (change.approvedBy !== null || !change.raises) throw decided();
    if (change.requestedBy === actor.id) {
      throw new UserError(
        'APPROVAL_BY_REQUESTER',
        'A threshold is raised by two people: another person than the one who asked must approve.',
        'changeId',
      );
    }
    if (change.value <= (await thresholdsAt(tx, at))[change.kind]) throw notHigher();
    await tx.rows(APPROVE, [decision.changeId, actor.id, at, new Date(at.getTime() + RAISE_DELAY_MS)]);
    await audit(tx, at, actor, decision.changeId, 'APPROVED', decision.note, { kind: change.kind, to: change.value });
  });
}

/**
 * Anybody who may change thresholds withdraws a raise, before or after it holds.
 *
 * @throws UserError THRESHOLD_CHANGE_NOT_FOUND, THRESHOLD_CHANGE_DECIDED, THRESHOLD_MOVED, IDEMPOTENCY_KEY_REUSED
 */
export async function withdrawThresholdChange(
  ctx: FlowContext,
  decision: { readonly changeId: string; readonly idempotencyKey: string; readonly note: string },
  actor: Actor,
): Promise<ThresholdReceipt> {
  return decide(ctx, 'withdraw-threshold-change', decision, async (tx, change, at) => {
    // Withdrawing a lowering would be a raise by one person.
    if (!change.raises) throw decided();
    const before = (await thresholdsAt(tx, at))[change.kind];
    await tx.rows(WITHDRAW, [decision.changeId, actor.id, at]);
    if ((await thresholdsAt(tx, at))[change.kind] > before) throw notHigher();
    await audit(tx, at, actor, decision.changeId, 'WITHDRAWN', decision.note, { kind: change.kind, to: change.value });
  });
}

const notHigher = (): UserError =>
  new UserError(
    'THRESHOLD_MOVED',
    'The threshold has been changed since: this no longer does what was asked for. Ask for a new change.',
    'changeId',
  );

const WITHDRAW_RAISES = statement(
  'threshold-change-withdraw-raises',
  `UPDATE cut_threshold_change SET withdrawn_by = $3, withdrawn_at = $2
   WHERE kind = $1 AND raises AND withdrawn_at IS NULL AND (effective_from IS NULL OR effective_from > $2) RETURNING id, value`,
);

/** Takes back every raise of a threshold that does not hold yet. */
async function withdrawRaises(tx: Tx, kind: ThresholdKind, at: Date, actor: Actor, note: string): Promise<void> {
  for (const { id, value } of await tx.rows<{ id: string; value: bigint }>(WITHDRAW_RAISES, [kind, at, actor.id]))
    await audit(tx, at, actor, id, 'WITHDRAWN', note, { kind, to: value });
}

const decided = (): UserError =>
  new UserError(
    'THRESHOLD_CHANGE_DECIDED',
    'This change is decided already, or was never waiting for anybody. Ask for a new one.',
    'changeId',
  );

async function decide(
  ctx: FlowContext,
  act: string,
  decision: { readonly changeId: string; readonly idempotencyKey: string; readonly note: string },
  judge: (tx: Tx, change: StoredChange, at: Date) => Promise<void>,
): Promise<ThresholdReceipt> {
  return ctx.db.transaction(act, async (tx) => {
    const at = ctx.clock.now();
    const { changeId, note, idempotencyKey } = decision;
    return once(tx, { key: idempotencyKey, act, content: { changeId, note }, at }, async () => {
      await passCutGate(tx);
      const [change] = await tx.rows<StoredChange>(LOCK, [changeId]);
      if (!change)
        throw new UserError('THRESHOLD_CHANGE_NOT_FOUND', 'There is no such change of a threshold.', 'changeId');
      if (change.withdrawnAt !== null) throw decided();
      await judge(tx, change, at);
      tx.afterCommit(() => ctx.nudges.nudge('changed', [changeId]));
      return { changeId };
    });
  });
}

const audit = (
  tx: Tx,
  at: Date,
  actor: Actor,
  changeId: string,
  toState: string,
  reason: string,
  detail: Readonly<Record<string, bigint | string>>,
): Promise<void> =>
  recordAudit(tx, at, actor, [
    {
      act: 'cut-threshold.changed',
      subjectType: 'CutThresholdChange',
      subjectId: changeId,
      toState,
      reason,
      detail: Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, String(value)])),
    },
  ]);
