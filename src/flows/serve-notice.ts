import { lockNoticeAndAccount, moveNotices, type LockedNotice } from '../dunning/notices.js';
import { insertContactProofs } from '../dunning/standings.js';
import type { ContactMeans } from '../dunning/standing.js';
import type { NoticeChannel, NoticeState, ProofKind } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import type { FlowContext } from './context.js';
import { failedWay } from './reroute-notice.js';

/** What became of a notice, as the person says who served it or tried to. */
export interface NoticeService {
  readonly noticeId: string;
  /** Number of the account the proof is for: whoever reads it off the slip finds out that two slips were swapped. */
  readonly accountNumber: string;
  readonly outcome: 'SERVED' | 'FAILED';
  /** What proves it; may be left out where the step asks for none. */
  readonly proofKind?: ProofKind;
  /** Number of the signed slip, the call record, the photo. */
  readonly proofReference?: string;
  /** When it was served or tried, product time. */
  readonly at: Date;
  readonly note: string;
  readonly idempotencyKey: string;
}

const DAY_MS = 86_400_000;

/**
 * Puts the service of a notice on record, or the failed attempt: then its next way is tried, and where none is left it has failed, which
 * blocks a mandatory step until somebody prepares it again.
 *
 * @throws UserError NOTICE_NOT_FOUND, NOTICE_OF_ANOTHER_ACCOUNT, NOTICE_ENDED, PROOF_NOT_ACCEPTED, PROOF_REFERENCE_MISSING,
 *   SERVED_IN_FUTURE, SERVED_BEFORE_PREPARED, SERVED_BEFORE_FAILURE, SERVED_TOO_LONG_AGO, IDEMPOTENCY_KEY_REUSED
 */
export async function serveNotice(
  ctx: FlowContext,
  service: NoticeService,
  actor: Actor,
): Promise<{ noticeId: string; state: NoticeState; replayed: boolean }> {
  const { noticeId, accountNumber, outcome, proofKind, proofReference, note } = service;
  return ctx.db.transaction('serve-notice', async (tx) => {
    const at = ctx.clock.now();
    const content = { noticeId, accountNumber, outcome, proofKind, proofReference, at: service.at.toISOString(), note };
    return once(tx, { key: service.idempotencyKey, act: 'serve-notice', content, at }, async () => {
      const notice = await lockNoticeAndAccount(tx, noticeId);
      if (!notice) throw new UserError('NOTICE_NOT_FOUND', 'There is no such notice. Look it up again.', 'noticeId');
      check(notice, service, at);
      const [move] =
        outcome === 'FAILED' && notice.state !== 'FAILED'
          ? await failedWay(ctx, tx, [notice], { code: 'NOT_SERVED', reason: note }, at)
          : [
              {
                id: noticeId,
                from: notice.state,
                to: 'SERVED' as const,
                servedAt: service.at,
                proofKind: proofKind ?? null,
                proofReference: proofReference ?? null,
                reason: note,
              },
            ];
      await moveNotices(tx, [move!], { actor, at });
      await recordContact(tx, notice, service, { actor, at });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [noticeId, notice.accountId]));
      return { noticeId, state: move!.to };
    });
  });
}

function check(notice: LockedNotice, service: NoticeService, now: Date): void {
  if (notice.accountNumber !== service.accountNumber)
    throw new UserError(
      'NOTICE_OF_ANOTHER_ACCOUNT',
      `This notice is for another account than ${service.accountNumber}. Compare the slip with the notice; nothing was recorded.`,
      'accountNumber',
    );
  if (
    notice.state === 'SERVED' ||
    notice.state === 'WITHDRAWN' ||
    (notice.state === 'FAILED' && service.outcome === 'FAILED')
  )
    throw new UserError(
      'NOTICE_ENDED',
      `This notice is ${notice.state} already; nothing more can be recorded about it.`,
      'noticeId',
    );
  checkTime(notice, service, now);
  if (service.outcome === 'SERVED') checkProof(notice, service);
}

function checkTime(notice: LockedNotice, service: NoticeService, now: Date): void {
  if (service.at > now)
    throw new UserError('SERVED_IN_FUTURE', 'This lies in the future. Give the time at which it was served.', 'at');
  if (service.at < notice.createdAt)
    throw new UserError(
      'SERVED_BEFORE_PREPARED',
      'This lies before the notice was prepared. Give the time at which this notice was served.',
      'at',
    );
  // Whoever failed was there later than this service claims to have been.
  if (notice.failedAt !== null && notice.state === 'FAILED' && service.at < notice.failedAt)
    throw new UserError(
      'SERVED_BEFORE_FAILURE',
      'This lies before the notice failed. Serve it now and give that time, or have it prepared again.',
      'at',
    );
  const mostDays = LIMITS.daysToRecordService.value;
  if (now.getTime() - service.at.getTime() > mostDays * DAY_MS)
    throw new UserError(
      'SERVED_TOO_LONG_AGO',
      `A service is recorded within ${mostDays} days. Serve the notice again and give that time.`,
      'at',
    );
}

function checkProof({ acceptedProofs, stepCode }: LockedNotice, { proofKind, proofReference }: NoticeService): void {
  if (acceptedProofs.length > 0 && !(proofKind && acceptedProofs.includes(proofKind)))
    throw new UserError(
      'PROOF_NOT_ACCEPTED',
      `${proofKind ?? 'Nothing'} does not prove the service of ${stepCode ?? 'the last call'}; ${acceptedProofs.join(' or ')} does.`,
      'proofKind',
    );
  if (proofKind && !proofReference)
    throw new UserError(
      'PROOF_REFERENCE_MISSING',
      'Give the number of the slip, the call record or the photo, so that the proof can be found again.',
      'proofReference',
    );
}

const MEANS: Readonly<Partial<Record<NoticeChannel, ContactMeans>>> = {
  VOICE: 'CALL',
  VISIT: 'VISIT',
  LETTER: 'LETTER',
  SMS: 'SMS_REPORT',
};

/** Whoever was reached, or not, tells how good a contact is. */
async function recordContact(
  tx: Tx,
  { contactId, channel, recipient }: LockedNotice,
  { outcome, at, proofReference }: NoticeService,
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  const how = MEANS[channel];
  if (contactId === null || recipient !== 'CUSTOMER' || how === undefined) return;
  const reached = outcome === 'SERVED' ? 'REACHED' : 'NOT_REACHED';
  await insertContactProofs(
    tx,
    [{ id: newId(), contactId, at, outcome: reached, how, reference: proofReference ?? null }],
    by,
  );
}
