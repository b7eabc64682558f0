import { lockNotices, moveNotices, type NoticeMove } from '../dunning/notices.js';
import { CODE_PLACE } from '../dunning/templates/restore.js';
import type { NoticeChannel } from '../dunning/words.js';
import { statement } from '../platform/database.js';
import { LIMITS } from '../platform/limits.js';
import { localDate, localTime } from '../platform/local-date.js';
import { restoreCodeDigits, spacedCode } from '../switching/restore-code-digits.js';
import { systemActor, type FlowContext } from './context.js';
import { failedWay } from './reroute-notice.js';

const ACTOR = systemActor('send-notices');
/** A claimed notice is nobody else's for so long; a gateway that takes longer has timed out before. */
const LEASE_MS = 60_000;
/** Without a delivery report for so long (wall time) another way is tried. */
export const REPORT_WAIT_MS = 48 * 3_600_000;
/** First wait after a gateway could not be reached, doubled each time up to the longest. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 15 * 60_000;
/** At the longest wait some two days; then another way is tried. */
const MOST_ATTEMPTS = 200;

/** One message to be handed to the gateway. Personal data: never logged. */
export interface OutgoingNotice {
  readonly noticeId: string;
  /** The same for every repeat of this attempt, so that the gateway can tell a repeat. */
  readonly messageId: string;
  readonly channel: NoticeChannel;
  /** Number or address; the account number for the app. */
  readonly to: string;
  readonly language: string;
  readonly body: string;
  readonly attempts: number;
}

/** The id under which a gateway knows an attempt at a notice. */
export const messageIdOf = (noticeId: string, attemptKey: number): string => `${noticeId}.${attemptKey}`;

// Checked once more when it goes out: something of what it speaks of is still owed, and no pause or hold began since. What is not
// sent for that reason is left to the next run, which takes it back.
const CLAIM = statement(
  'send-notices-claim',
  `WITH due AS (
     SELECT n.id FROM notice n
     WHERE n.state = 'PREPARED' AND n.by_gateway AND n.next_attempt_wall_at <= clock_timestamp() AND ($4 OR n.purpose = 'LAST_CALL' OR n.command_id IS NOT NULL)
       AND (n.anchor_bill_id IS NULL OR EXISTS (
         SELECT FROM notice_bill nb JOIN bill b ON b.id = nb.bill_id WHERE nb.notice_id = n.id AND b.paid_minor < b.total_minor))
       AND (n.command_id IS NOT NULL OR (
         NOT EXISTS (SELECT FROM hold h WHERE h.account_id = n.account_id AND h.closed_at IS NULL AND h.from_date <= $3::date)
         AND NOT EXISTS (SELECT FROM dunning_pause p WHERE p.account_id = n.account_id AND p.from_date <= $3::date
                         AND coalesce(least(p.until_date, p.ended_on - 1), 'infinity') >= $3::date)))
       AND (n.purpose <> 'RESTORE_BUTTON' OR EXISTS (SELECT FROM switch_command x WHERE x.id = n.command_id AND x.state = 'ARMED'))
       AND (n.restore_code_id IS NULL OR EXISTS (SELECT FROM restore_code r WHERE r.id = n.restore_code_id AND r.state = 'ISSUED'))
     ORDER BY (n.purpose = 'LAST_CALL' OR n.command_id IS NOT NULL) DESC, n.next_attempt_wall_at, n.id LIMIT $1 FOR UPDATE OF n SKIP LOCKED),
   claimed AS (
     UPDATE notice n SET attempts = attempts + 1, next_attempt_wall_at = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
     FROM due WHERE n.id = due.id RETURNING n.*)
   SELECT c.id AS "noticeId", c.id || '.' || c.attempt_key AS "messageId", c.channel, coalesce(k.value, a.account_number) AS "to", c.language, c.body, c.attempts,
          r.sequence AS "codeSequence", r.installation_id AS "installationId", m.serial
   FROM claimed c JOIN account a ON a.id = c.account_id LEFT JOIN contact k ON k.id = c.contact_id
   LEFT JOIN restore_code r ON r.id = c.restore_code_id LEFT JOIN meter m ON m.id = r.meter_id ORDER BY c.id`,
);

/** Local hours [from, to) in which people are written to; at night nobody's phone rings for a bill. The last call has hours of its own. */
const DAYTIME = { fromHour: 8, toHour: 21 };

function isDaytime(ctx: FlowContext): boolean {
  const hour = Number(localTime(ctx.clock.now(), ctx.timeZone).slice(0, 2));
  return hour >= DAYTIME.fromHour && hour < DAYTIME.toHour;
}

/** Claims notices that the gateway is to send now, a group of them. After the commit they are this process's for a minute. */
export async function claimNotices(ctx: FlowContext): Promise<OutgoingNotice[]> {
  const claimed = await ctx.db.transaction('claim-notices', (tx) =>
    tx.rows<ClaimedNotice>(CLAIM, [
      LIMITS.noticeGroup.value,
      LEASE_MS,
      localDate(ctx.clock.now(), ctx.timeZone),
      isDaytime(ctx),
    ]),
  );
  const secrets = claimed.some(({ serial }) => serial !== null) ? await ctx.meterSecrets?.() : undefined;
  return claimed.flatMap(({ codeSequence, installationId, serial, ...notice }) => {
    if (serial === null) return [notice];
    if (!secrets) {
      // Nothing is sent with a hole in it; the notice is claimed again when its lease is over.
      ctx.log.error({ noticeId: notice.noticeId }, 'METER_SECRETS_FILE is not set here: a restore code cannot be told');
      return [];
    }
    const code = { serial, installationId: installationId!, sequence: codeSequence! };
    const digits = spacedCode(restoreCodeDigits(secrets.restoreCodeKey(serial), code));
    return [{ ...notice, body: notice.body.replace(CODE_PLACE, digits) }];
  });
}

/** As it is stored: a restore code is not in it, only what it follows from. */
interface ClaimedNotice extends OutgoingNotice {
  readonly codeSequence: bigint | null;
  readonly installationId: string | null;
  readonly serial: string | null;
}

/** What the gateway said about one message. */
export interface SendResult {
  readonly notice: OutgoingNotice;
  readonly outcome:
    | { readonly kind: 'ACCEPTED'; readonly gatewayMessageId: string }
    /** `permanent`: this way never works; otherwise it is tried again. */
    | { readonly kind: 'REFUSED'; readonly code: string; readonly permanent: boolean };
}

/** Records what the gateway said. A notice that was served or taken back meanwhile stays as it is. */
export async function recordSent(ctx: FlowContext, results: readonly SendResult[]): Promise<void> {
  if (results.length === 0) return;
  await ctx.db.transaction('record-sent', async (tx) => {
    const at = ctx.clock.now();
    const resultOf = new Map(results.map((result) => [result.notice.noticeId, result]));
    const locked = (await lockNotices(tx, [...resultOf.keys()])).filter(
      ({ id, state, attemptKey }) =>
        state === 'PREPARED' && resultOf.get(id)!.notice.messageId === messageIdOf(id, attemptKey),
    );
    const moves: NoticeMove[] = [];
    const waits: { id: string; ms: number }[] = [];
    for (const notice of locked) {
      const { outcome } = resultOf.get(notice.id)!;
      if (outcome.kind === 'ACCEPTED') {
        // A simulated clock may have been set back since.
        const sentAt = at < notice.createdAt ? notice.createdAt : at;
        const sent = { id: notice.id, from: notice.state, sentAt, gatewayMessageId: outcome.gatewayMessageId };
        // Where no proof is asked for, a notice counts when it is sent.
        moves.push(
          notice.acceptedProofs.length === 0
            ? { ...sent, to: 'SERVED', servedAt: sentAt }
            : { ...sent, to: 'SENT', waitMs: REPORT_WAIT_MS },
        );
      } else if (outcome.permanent || notice.attempts >= MOST_ATTEMPTS) {
        const failure = { code: outcome.code, reason: 'the gateway refused the message' };
        moves.push(...(await failedWay(ctx, tx, [notice], failure, at)));
      } else waits.push({ id: notice.id, ms: Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (notice.attempts - 1)) });
    }
    await moveNotices(tx, moves, { actor: ACTOR, at });
    if (waits.length > 0) await tx.rows(WAIT, [waits.map(({ id }) => id), waits.map(({ ms }) => ms)]);
    const changed = moves.map(({ id }) => id);
    tx.afterCommit(() => {
      if (changed.length > 0) ctx.nudges.nudge('changed', changed);
      if (moves.some(({ to }) => to === 'PREPARED')) ctx.nudges.nudge('notices');
    });
  });
}

const WAIT = statement(
  'send-notices-wait',
  `UPDATE notice n SET next_attempt_wall_at = clock_timestamp() + make_interval(secs => w.ms / 1000)
   FROM unnest($1::uuid[], $2::float8[]) AS w (id, ms) WHERE n.id = w.id`,
);

const UNREPORTED = statement(
  'send-notices-unreported',
  `SELECT id FROM notice WHERE state = 'SENT' AND by_gateway AND next_attempt_wall_at <= clock_timestamp() ORDER BY next_attempt_wall_at LIMIT $1`,
);
const OVERDUE = statement(
  'send-notices-overdue',
  `SELECT id FROM notice WHERE state IN ('PREPARED', 'SENT') AND NOT by_gateway AND NOT mandatory AND deadline_at <= $2 ORDER BY deadline_at LIMIT $1`,
);

/**
 * Goes on where nobody answered: messages without a report take their next way; what a person did not serve before its deadline is given up,
 * unless it is mandatory. Returns how many were looked at.
 */
export async function giveUpNotices(ctx: FlowContext): Promise<number> {
  const most = LIMITS.noticeGroup.value;
  return ctx.db.transaction('give-up-notices', async (tx) => {
    const at = ctx.clock.now();
    const silent = new Set((await tx.rows<{ id: string }>(UNREPORTED, [most])).map(({ id }) => id));
    const overdue = await tx.rows<{ id: string }>(OVERDUE, [most, at]);
    const notices = (await lockNotices(tx, [...silent, ...overdue.map(({ id }) => id)])).filter(
      ({ state }) => state === 'PREPARED' || state === 'SENT',
    );
    const moves = await failedWay(
      ctx,
      tx,
      notices.filter(({ id }) => silent.has(id)),
      { code: 'NO_REPORT', reason: 'the gateway never said what became of the message' },
      at,
    );
    const ended = notices
      .filter(({ id }) => !silent.has(id))
      .map(({ id, state }) => ({
        id,
        from: state,
        to: 'FAILED' as const,
        code: 'NEVER_ACTIONED',
        reason: 'nobody acted on it before its deadline',
      }));
    await moveNotices(tx, [...moves, ...ended], { actor: ACTOR, at });
    return notices.length;
  });
}
