import { lockAccounts } from '../accounts/accounts.js';
import { blockers, NOT_IN_DRY_RUN, type CutCheck } from '../dunning/cut-checks.js';
import { openingOf } from '../dunning/cut-policy.js';
import { insertBatch } from '../dunning/cut-batches.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { daysBetween, localDate, type LocalDate } from '../platform/local-date.js';
import type { InterruptionReason } from '../switching/interruption.js';
import { insertCuts, type CutOrder } from '../switching/cut-orders.js';
import type { FlowContext } from './context.js';
import { decideCuts, type CutDecision } from './cut-decisions.js';

/** Judged in one go; a district has at most 2,000 meters behind one concentrator. */
const PAGE = 500;

/** What a proposal is for. `plannedFor` is a local day; `owner` the named person who follows the customers up. */
export interface Proposal {
  readonly districtId: string;
  readonly plannedFor: string;
  readonly note: string;
}

/** What came of it. No batch: nobody may be cut that day, or the district has a batch for it already. */
export interface ProposedCuts {
  readonly batchId: string | undefined;
  readonly proposed: number;
  readonly considered: number;
}

/** Why an account `a` would be cut for debt: by how it is paid. */
export const DEBT_REASON_OF_ACCOUNT = `CASE a.payment_mode WHEN 'PREPAID' THEN 'PREPAID_EXHAUSTED' ELSE 'ARREARS' END`;

/** Whether account `a` of service point `sp` owes something overdue on the day `date`, and power is on. Whoever may be cut is judged one by one. */
export const owesWithPowerOn = (
  date: string,
) => `CASE a.payment_mode WHEN 'PREPAID' THEN a.credit_minor < a.due_minor OR a.due_minor > 0
         ELSE EXISTS (SELECT FROM bill b WHERE b.account_id = a.id AND b.due_date < ${date}::date AND b.paid_minor < b.total_minor) END
     AND NOT EXISTS (SELECT FROM interruption x WHERE x.service_point_id = sp.id AND x.closed_at IS NULL)`;

/** Service points that may come into question: somebody owes and is dunned, there is a meter, power is on, and nothing is under way. */
const CANDIDATES = statement(
  'propose-cuts-candidates',
  `SELECT sp.id AS "servicePointId", ${DEBT_REASON_OF_ACCOUNT} AS reason
   FROM service_point sp JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL
   WHERE sp.district_id = $1 AND sp.id > $2 AND ${owesWithPowerOn('$3')}
     AND NOT EXISTS (SELECT FROM switch_command c WHERE c.meter_id = i.meter_id AND c.ended_at IS NULL)
     AND NOT EXISTS (SELECT FROM dunning_pause p WHERE p.account_id = a.id AND p.from_date <= $3::date
                     AND coalesce(least(p.until_date, p.ended_on - 1), 'infinity') >= $3::date)
   ORDER BY sp.id LIMIT $4`,
);
const OPEN_BATCH = statement(
  'propose-cuts-open-batch',
  `SELECT id FROM cut_batch WHERE district_id = $1 AND planned_for = $2 AND ended_at IS NULL`,
);
const OWNER = statement(
  'propose-cuts-owner',
  `SELECT coalesce(manager, '95598') AS owner FROM transformer_district WHERE id = $1`,
);

/** A service point that owes, and the reason it would be cut for. */
export interface CutCandidate {
  readonly servicePointId: string;
  readonly reason: InterruptionReason;
}

/** A page of a district's candidates for a local day, after a service point. */
export const cutCandidates = (
  tx: Reader,
  page: { readonly districtId: string; readonly after: string; readonly date: string; readonly limit: number },
): Promise<CutCandidate[]> => tx.rows<CutCandidate>(CANDIDATES, [page.districtId, page.after, page.date, page.limit]);

export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The instant by which a day's cuts are judged beforehand: the first at which one of the policies in force would allow them. */
export const earliestOpening = (ctx: Pick<FlowContext, 'policies'>, date: LocalDate): Date =>
  new Date(Math.min(...ctx.policies.list.map(({ policy }) => openingOf(policy, date).getTime())));

/** What keeps somebody out of a proposal or a dry run. People still have to approve and to call, and the hour has not come; the day must be right. */
export const blocksProposal = (checks: readonly CutCheck[]): CutCheck[] =>
  blockers(checks, [...NOT_IN_DRY_RUN, 'ALLOWED_HOUR']);

/**
 * Proposes the cuts of a district for a day: everybody whom the policy would allow to be cut on it, as one batch that waits for approval.
 * Nobody is cut by a proposal; each is judged again when the ramp releases it and when it is sent.
 */
export const proposeCuts = (ctx: FlowContext, proposal: Proposal, actor: Actor): Promise<ProposedCuts> =>
  ctx.db.transaction('propose-cuts', (tx) => propose(ctx, tx, proposal, actor));

/**
 * The same, asked for by a person.
 *
 * @throws UserError PLANNED_DAY_OUT_OF_RANGE, BATCH_OPEN (detail.batchId), NOBODY_TO_CUT, IDEMPOTENCY_KEY_REUSED
 */
export async function proposeCutsOnRequest(
  ctx: FlowContext,
  request: Proposal & { readonly idempotencyKey: string },
  actor: Actor,
): Promise<{ readonly batchId: string; readonly replayed: boolean }> {
  return ctx.db.transaction('propose-cuts', async (tx) => {
    const at = ctx.clock.now();
    const { idempotencyKey, ...proposal } = request;
    return once(tx, { key: idempotencyKey, act: 'propose-cuts', content: proposal, at }, async () => {
      const daysAhead = daysBetween(localDate(at, ctx.timeZone), proposal.plannedFor);
      const most = LIMITS.daysAheadOfCuts.value;
      if (daysAhead < 0 || daysAhead > most) {
        const text = `Cuts are proposed for today or a day at most ${most} days ahead.`;
        throw new UserError('PLANNED_DAY_OUT_OF_RANGE', text, 'plannedFor');
      }
      const [open] = await tx.rows<{ id: string }>(OPEN_BATCH, [proposal.districtId, proposal.plannedFor]);
      if (open) {
        const text = 'This district has an open batch for that day. Follow that one, or abort it first.';
        throw new UserError('BATCH_OPEN', text, 'plannedFor', { batchId: open.id });
      }
      const { batchId } = await propose(ctx, tx, proposal, actor);
      if (!batchId) {
        const text = 'Nobody of this district may be cut on that day. A dry run says why, account by account.';
        throw new UserError('NOBODY_TO_CUT', text, 'plannedFor');
      }
      return { batchId };
    });
  });
}

async function propose(ctx: FlowContext, tx: Tx, proposal: Proposal, actor: Actor): Promise<ProposedCuts> {
  const judgedAt = earliestOpening(ctx, proposal.plannedFor);
  const chosen: ChosenCut[] = [];
  let considered = 0;
  const most = Math.min(...ctx.policies.list.map(({ policy }) => policy.volumeCap.perDay));
  for (let after = FIRST_ID; ;) {
    const page = await cutCandidates(tx, {
      districtId: proposal.districtId,
      after,
      date: proposal.plannedFor,
      limit: PAGE,
    });
    const decisions = await decideCuts(ctx, tx, page, judgedAt);
    for (const candidate of page) {
      const decision = decisions.get(candidate.servicePointId);
      if (isProposable(decision)) chosen.push({ ...candidate, accountId: decision!.supply.accountId });
    }
    considered += page.length;
    if (page.length < PAGE || chosen.length >= most) break;
    after = page.at(-1)!.servicePointId;
  }
  const wanted = chosen.slice(0, most);
  if (wanted.length === 0) return { batchId: undefined, proposed: 0, considered };
  const { batchId, proposed } = await openBatch(ctx, tx, proposal, wanted, judgedAt, actor);
  return { batchId, proposed, considered };
}

/** A candidate whom the policy allowed to be cut at the first look, and whose account is to be locked before the second. */
type ChosenCut = CutCandidate & { readonly accountId: string };

const isProposable = (decision: CutDecision | undefined): boolean =>
  decision !== undefined && blocksProposal(decision.checks).length === 0;

async function openBatch(
  ctx: FlowContext,
  tx: Tx,
  proposal: Proposal,
  wanted: readonly ChosenCut[],
  judgedAt: Date,
  actor: Actor,
): Promise<{ batchId: string | undefined; proposed: number }> {
  const at = ctx.clock.now();
  await lockAccounts(tx, [...new Set(wanted.map(({ accountId }) => accountId))].toSorted());
  // A payment may have come between the look and the lock.
  const decisions = await decideCuts(ctx, tx, wanted, judgedAt);
  const orders = wanted.flatMap(({ servicePointId, reason }): CutOrder[] => {
    const decision = decisions.get(servicePointId);
    if (!isProposable(decision)) return [];
    const { supply, policy, checks } = decision!;
    return [
      {
        id: newId(),
        accountId: supply.accountId,
        servicePointId,
        meterId: supply.meterId!,
        installationId: supply.installationId!,
        reason,
        state: 'PENDING_APPROVAL',
        evidence: { judgedFor: judgedAt, checks },
        policyCode: policy!.policy.code,
        policyVersion: policy!.version,
      },
    ];
  });
  if (orders.length === 0) return { batchId: undefined, proposed: 0 };
  const [row] = await tx.rows<{ owner: string }>(OWNER, [proposal.districtId]);
  const { districtId, plannedFor, note } = proposal;
  const batch = { districtId, plannedFor, owner: row!.owner, reason: note, size: orders.length };
  const batchId = await insertBatch(tx, batch, { actor, at });
  if (!batchId) return { batchId: undefined, proposed: 0 };
  const ids = await insertCuts(tx, orders, {
    actor,
    at,
    batchId,
    owner: row!.owner,
    note,
    windowMs: ctx.timings.approvalMs,
  });
  const detail = { plannedFor, size: orders.length, ordered: ids.length };
  await recordAudit(tx, at, actor, [
    {
      act: 'cut-batch.proposed',
      subjectType: 'CutBatch',
      subjectId: batchId,
      toState: 'PENDING_APPROVAL',
      reason: note,
      detail,
    },
  ]);
  tx.afterCommit(() => ctx.nudges.nudge('changed', [batchId, ...ids]));
  return { batchId, proposed: ids.length };
}
