import { lockNoticeAndAccount, moveNotices, type LockedNotice, type NoticeMove } from '../dunning/notices.js';
import { insertContactProofs } from '../dunning/standings.js';
import type { NoticeState, ProofKind } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { newId } from '../platform/ids.js';
import type { FlowContext } from './context.js';
import { failedWay } from './reroute-notice.js';

/** What a gateway says became of a message. */
export interface DeliveryReport {
  readonly messageId: string;
  readonly outcome: 'DELIVERED' | 'FAILED';
  /** When, if the gateway tells. Outside [prepared, now] the time of the report counts. */
  readonly at?: Date | undefined;
  /** The gateway's own reference, kept as the proof. */
  readonly reference?: string | undefined;
  /** Why it failed, e.g. INVALID_NUMBER. */
  readonly code?: string | undefined;
}

/** A code of a gateway that says the number itself is wrong. */
const INVALID_NUMBER = 'INVALID_NUMBER';
const MESSAGE_ID = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([1-9][0-9]{0,4})$/;
const CODE = /^[A-Z0-9_-]{1,64}$/;

/**
 * Takes a delivery report, once however often it is heard and in whatever order: delivered, the notice is served, also if it had been given
 * up; failed, its next way is tried. A report about an earlier way that failed says nothing new.
 *
 * @throws UserError MESSAGE_UNKNOWN
 */
export async function takeDeliveryReport(
  ctx: FlowContext,
  report: DeliveryReport,
  actor: Actor,
): Promise<{ noticeId: string; state: NoticeState; changed: boolean }> {
  const [, noticeId, key] = MESSAGE_ID.exec(report.messageId) ?? [];
  return ctx.db.transaction('take-delivery-report', async (tx) => {
    const at = ctx.clock.now();
    const notice = noticeId ? await lockNoticeAndAccount(tx, noticeId) : undefined;
    if (!notice || Number(key) > notice.attemptKey)
      throw new UserError(
        'MESSAGE_UNKNOWN',
        'No message was sent under this id. Give the id it was sent with.',
        'messageId',
      );
    const present = Number(key) === notice.attemptKey;
    if (present) await recordContact(tx, notice, report, { actor, at });
    const move = await moveFor(ctx, tx, notice, report, present, at);
    if (!move) return { noticeId: notice.id, state: notice.state, changed: false };
    await moveNotices(tx, [move], { actor, at });
    tx.afterCommit(() => {
      ctx.nudges.nudge('changed', [notice.id, notice.accountId]);
      if (move.to === 'PREPARED') ctx.nudges.nudge('notices');
    });
    return { noticeId: notice.id, state: move.to, changed: true };
  });
}

async function moveFor(
  ctx: FlowContext,
  tx: Tx,
  notice: LockedNotice,
  report: DeliveryReport,
  present: boolean,
  at: Date,
): Promise<NoticeMove | undefined> {
  const { id, state, createdAt } = notice;
  if (state === 'SERVED' || state === 'WITHDRAWN') return undefined;
  if (report.outcome === 'FAILED') {
    if (!present || state === 'FAILED') return undefined;
    const code = report.code && CODE.test(report.code) ? report.code : 'NOT_DELIVERED';
    return (
      await failedWay(ctx, tx, [notice], { code, reason: 'the gateway reports that it was not delivered' }, at)
    )[0];
  }
  const proofKind = proofOf(notice);
  if (proofKind === undefined) {
    if (!present || state === 'FAILED') return undefined;
    const failure = { code: 'PROOF_NOT_ACCEPTED', reason: 'a delivery report does not prove the service of this step' };
    return (await failedWay(ctx, tx, [notice], failure, at))[0];
  }
  // A simulated clock may have been set back since.
  const now = at < createdAt ? createdAt : at;
  const servedAt = report.at && report.at >= createdAt && report.at <= now ? report.at : now;
  const proofReference = report.reference?.slice(0, 500) ?? report.messageId;
  return { id, from: state, to: 'SERVED', servedAt, proofKind, proofReference, reason: 'the gateway reports delivery' };
}

/** What a report of this message proves; undefined: nothing that the step accepts. */
function proofOf({ acceptedProofs, channel }: LockedNotice): ProofKind | null | undefined {
  if (acceptedProofs.length === 0) return null;
  const proves: readonly ProofKind[] = channel === 'VOICE' ? ['CALL_RECORD', 'DELIVERY_REPORT'] : ['DELIVERY_REPORT'];
  return proves.find((kind) => acceptedProofs.includes(kind));
}

const KNOWN = statement(
  'delivery-report-known',
  `SELECT FROM contact_proof WHERE contact_id = $1 AND reference = $2 AND outcome = $3 LIMIT 1`,
);

/** Whoever was reached, or not, tells how good a contact is; told twice, it is known. */
async function recordContact(
  tx: Tx,
  { contactId, channel, recipient }: LockedNotice,
  { outcome, messageId, code }: DeliveryReport,
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (contactId === null || recipient !== 'CUSTOMER') return;
  const found = outcome === 'DELIVERED' ? 'REACHED' : code === INVALID_NUMBER ? 'INVALID' : 'NOT_REACHED';
  if ((await tx.rows(KNOWN, [contactId, messageId, found])).length > 0) return;
  const how = channel === 'VOICE' ? 'CALL' : 'SMS_REPORT';
  await insertContactProofs(tx, [{ id: newId(), contactId, at: by.at, outcome: found, how, reference: messageId }], by);
}
