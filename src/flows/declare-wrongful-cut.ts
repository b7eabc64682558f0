import { lockAccounts } from '../accounts/accounts.js';
import type { WrongfulCutCause } from '../dunning/compensation-case.js';
import {
  declareCase,
  harmedPoints,
  insertCases,
  litSince,
  lockCaseOfCut,
  paidDarkness,
  type HarmedPoint,
} from '../dunning/compensation-cases.js';
import { proposeCompensation } from '../dunning/compensation-policy.js';
import { lockBatch, moveBatch } from '../dunning/cut-batches.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { openWorkOrders } from '../service/work-orders.js';
import { DEBT_REASONS, type InterruptionReason } from '../switching/interruption.js';
import { supplyOfServicePoint } from '../switching/supply.js';
import type { FlowContext } from './context.js';
import { holdForInvestigation } from './hold-for-investigation.js';
import { announceSupplyRelease, restoreAfterDebt } from './release-supply.js';

/** Somebody says that a cut was wrong. Either the cut itself, or the place whose latest cut it was. */
export interface WrongfulCut {
  readonly commandId?: string;
  readonly servicePointId?: string;
  /** Who sat in the dark, where meters were crossed; the place of the cut unless stated. */
  readonly harmedServicePointId?: string;
  readonly cause: WrongfulCutCause;
  /** What proves it: number of the complaint, of the field report. */
  readonly evidence: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/** What declaring it did. */
export interface WrongfulCutReceipt {
  readonly caseId: string;
  readonly restoreCommandIds: readonly string[];
  /** The batch that was held because of it, if it was running. */
  readonly pausedBatchId: string | null;
}

/** The cut that is said to be wrong. */
interface DeclaredCut {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly batchId: string | null;
  readonly reason: InterruptionReason;
  /** Null: the meter has not heard it. */
  readonly sentAt: Date | null;
  /** The interruption it opened is open still. */
  readonly keepsOff: boolean;
}

type By = { readonly actor: Actor; readonly at: Date };

const CUT = (where: string): string =>
  `SELECT c.id, c.account_id AS "accountId", c.service_point_id AS "servicePointId", c.batch_id AS "batchId", c.reason, c.sent_at AS "sentAt",
          EXISTS (SELECT FROM interruption i WHERE i.command_id = c.id AND i.closed_at IS NULL) AS "keepsOff"
   FROM switch_command c WHERE c.operation = 'CUT' AND ${where}`;
const CUT_BY_ID = statement('declare-wrongful-cut-by-id', CUT('c.id = $1'));
const LATEST_CUT = statement(
  'declare-wrongful-cut-latest',
  `${CUT('c.service_point_id = $1 AND c.sent_at IS NOT NULL')} ORDER BY c.id DESC LIMIT 1`,
);

/**
 * A cut was wrong (错停电). In one transaction: the running batch it belonged to is held, its interruption is closed, whatever is under way there
 * for debt is withdrawn, the restore is ordered, an INVESTIGATION hold keeps the account from being cut again, and a compensation case is
 * opened for another person to decide. Power does not wait for anybody's ruling.
 *
 * @throws UserError CUT_NOT_FOUND, CUT_NOT_SENT, CLOSE_INTERRUPTION_FIRST, SERVICE_POINT_NOT_FOUND, WRONGFUL_CUT_DECLARED, IDEMPOTENCY_KEY_REUSED
 */
export function declareWrongfulCut(
  ctx: FlowContext,
  declaration: WrongfulCut,
  actor: Actor,
): Promise<WrongfulCutReceipt & { replayed: boolean }> {
  const { idempotencyKey, ...content } = declaration;
  return ctx.db.transaction('declare-wrongful-cut', (tx) => {
    const by = { actor, at: ctx.clock.now() };
    return once(tx, { key: idempotencyKey, act: 'declare-wrongful-cut', content, at: by.at }, async () => {
      const cut = await findCut(tx, declaration);
      const [harmed] = await harmedPoints(tx, [declaration.harmedServicePointId ?? cut.servicePointId]);
      if (!harmed) throw noSuchPoint();
      // Order of locks: a batch before any account.
      const batch = cut.batchId === null ? undefined : await lockBatch(tx, cut.batchId);
      await lockAccounts(tx, [...new Set([cut.accountId, harmed.accountId])]);
      const caseId = await openCase(ctx, tx, declaration, cut, harmed, by);
      const pausedBatchId = batch?.state === 'RUNNING' ? batch.id : null;
      if (batch && pausedBatchId)
        await moveBatch(tx, batch, 'PAUSED', { ...by, text: `a cut of it was wrong: ${declaration.cause}` });
      const restoreCommandIds = await bringBack(ctx, tx, cut, declaration, by);
      if (declaration.cause === 'WRONG_PREMISE') await haveInstallationChecked(ctx, tx, cut, by);
      announceSupplyRelease(
        ctx,
        tx,
        [caseId, cut.id, cut.servicePointId, ...(batch ? [batch.id] : [])],
        restoreCommandIds,
      );
      return { caseId, restoreCommandIds, pausedBatchId };
    });
  });
}

const noSuchPoint = (): UserError =>
  new UserError(
    'SERVICE_POINT_NOT_FOUND',
    'There is no such service point. Look it up by its number.',
    'harmedServicePointId',
  );

/** @throws UserError CUT_NOT_FOUND, CUT_NOT_SENT, CLOSE_INTERRUPTION_FIRST */
async function findCut(tx: Tx, { commandId, servicePointId }: WrongfulCut): Promise<DeclaredCut> {
  const [cut] = commandId
    ? await tx.rows<DeclaredCut>(CUT_BY_ID, [commandId])
    : await tx.rows<DeclaredCut>(LATEST_CUT, [servicePointId]);
  const field = commandId ? 'commandId' : 'servicePointId';
  if (!cut) throw new UserError('CUT_NOT_FOUND', 'No cut was sent here. Name the cut, or the place it went to.', field);
  if (!cut.sentAt)
    throw new UserError(
      'CUT_NOT_SENT',
      'This cut was not sent; nobody is dark because of it. Cancel it instead.',
      field,
    );
  if (cut.keepsOff && !DEBT_REASONS.includes(cut.reason))
    throw new UserError(
      'CLOSE_INTERRUPTION_FIRST',
      `Power is off here for ${cut.reason}. Whoever may judge that closes the interruption first; then declare the cut wrongful.`,
      field,
    );
  return cut;
}

/** A new case, or the one that a meter's report had suggested. @throws UserError WRONGFUL_CUT_DECLARED */
async function openCase(
  ctx: FlowContext,
  tx: Tx,
  { cause, evidence }: WrongfulCut,
  cut: DeclaredCut,
  harmed: HarmedPoint,
  by: By,
): Promise<string> {
  const { accountId, servicePointId, currency } = harmed;
  const known = await lockCaseOfCut(tx, cut.id);
  if (known?.declaredBy === null && known.state === 'OPEN') {
    await declareCase(tx, known.id, { cause, evidence, accountId, servicePointId, currency }, by);
    return known.id;
  }
  const id = newId();
  const inForce = ctx.policies.of(harmed.customerClass, harmed.paymentMode);
  const darkFrom = cut.sentAt!;
  const until = (await litSince(tx, cut.servicePointId, darkFrom)) ?? by.at;
  const paid = await paidDarkness(tx, harmed);
  const opened = await insertCases(
    tx,
    [
      {
        id,
        kind: 'WRONGFUL_CUT',
        accountId,
        servicePointId,
        commandId: cut.id,
        breachId: null,
        cause,
        evidence,
        declaredBy: by.actor.id,
        darkFrom,
        currency,
        proposal: proposeCompensation(inForce?.policy, currency, darkFrom, until, paid),
        policyCode: inForce?.policy.code ?? null,
        policyVersion: inForce?.version ?? null,
      },
    ],
    by,
  );
  if (opened.length === 1) return id;
  throw new UserError(
    'WRONGFUL_CUT_DECLARED',
    'This cut was declared wrongful, or the suggestion was refused, before. Look at its compensation case.',
    'commandId',
    known && { caseId: known.id },
  );
}

/** Closes the debt's reasons at that place, withdraws what is under way and orders the restore; and holds the account, so that nothing follows. */
async function bringBack(ctx: FlowContext, tx: Tx, cut: DeclaredCut, { note }: WrongfulCut, by: By): Promise<string[]> {
  const why = { ...by, reason: note, code: 'WRONGFUL_CUT' };
  const supply = await supplyOfServicePoint(tx, cut.servicePointId);
  const restores = supply ? await restoreAfterDebt(ctx, tx, [supply], { ...why, paymentId: null }) : [];
  return [...restores, ...(await holdForInvestigation(ctx, tx, cut.accountId, why))];
}

/** Meters may be crossed: somebody looks at the installation. */
async function haveInstallationChecked(ctx: FlowContext, tx: Tx, cut: DeclaredCut, by: By): Promise<void> {
  const reason = 'a cut went to the wrong premises: check which meter feeds what';
  const { servicePointId, accountId, id: commandId } = cut;
  const order = { id: newId(), kind: 'CHECK_INSTALLATION' as const, servicePointId, accountId, commandId, reason };
  await openWorkOrders(tx, [order], { ...by, deadlineAt: new Date(by.at.getTime() + ctx.timings.fieldVisitMs) });
}
