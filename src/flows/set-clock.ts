import { recordAudit, type Actor } from '../platform/audit.js';
import { productTimeMs, type ClockState } from '../platform/clock.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import type { FlowContext } from './context.js';

/** Exactly one of the three. `at` sets product time, `advanceMs` moves it on, `scaleMillis` sets its speed (1000 = real). */
export interface ClockChange {
  readonly at?: Date;
  readonly advanceMs?: number;
  readonly scaleMillis?: number;
  readonly note: string;
}

const LOCK_CLOCK = statement(
  'set-clock-lock',
  `SELECT mode, version, virtual_at AS "virtualAt", wall_at AS "wallAt", scale_millis AS "scaleMillis" FROM clock_state FOR UPDATE`,
);
const STORE_CLOCK = statement(
  'set-clock-store',
  `UPDATE clock_state SET version = version + 1, virtual_at = $1, wall_at = $2, scale_millis = $3`,
);

/** The subject id under which the audit keeps the one clock there is. */
export const CLOCK_ID = '00000000-0000-7000-8000-000000000002';
/** 100,000 times real speed: a year in five minutes; faster, a wire round trip takes longer than any validity. */
const MAX_SCALE_MILLIS = 100_000_000;
const MAX_ADVANCE_MS = 400 * 24 * 3_600_000;

/**
 * Sets, advances or scales the one clock of a simulated world; meters and every process follow.
 *
 * @throws UserError CLOCK_IS_REAL, ONE_CLOCK_CHANGE, CLOCK_GOES_BACK, OUT_OF_RANGE
 */
export async function setClock(ctx: FlowContext, change: ClockChange, actor: Actor): Promise<ClockState> {
  const given = [change.at, change.advanceMs, change.scaleMillis].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new UserError('ONE_CLOCK_CHANGE', 'Give exactly one of: a time to set, a time to advance by, a speed.');
  await ctx.db.transaction('set-clock', async (tx) => {
    const [before] = await tx.rows<ClockState>(LOCK_CLOCK);
    if (before!.mode === 'REAL')
      throw new UserError('CLOCK_IS_REAL', 'The clock can be moved in simulation mode only.');
    const wallAt = ctx.clock.wallNow();
    const now = new Date(productTimeMs(before!, wallAt.getTime()));
    const target = targetOf(change, now);
    const scaleMillis = change.scaleMillis ?? before!.scaleMillis;
    if (!Number.isInteger(scaleMillis) || scaleMillis < 0 || scaleMillis > MAX_SCALE_MILLIS) {
      throw new UserError(
        'OUT_OF_RANGE',
        `The speed must be between 0 and ${MAX_SCALE_MILLIS / 1000} times real time.`,
        'scale',
      );
    }
    await tx.rows(STORE_CLOCK, [target, wallAt, scaleMillis]);
    await recordAudit(tx, target, actor, [
      {
        act: 'clock.set',
        subjectType: 'Clock',
        subjectId: CLOCK_ID,
        reason: change.note,
        detail: { from: now, to: target, scaleMillis },
      },
    ]);
    tx.afterCommit(() => ctx.nudges.nudge('clock'));
  });
  return ctx.clock.reload();
}

function targetOf(change: ClockChange, now: Date): Date {
  if (change.advanceMs !== undefined) {
    if (change.advanceMs <= 0 || change.advanceMs > MAX_ADVANCE_MS) {
      throw new UserError(
        'OUT_OF_RANGE',
        'The clock advances by more than nothing and at most 400 days at once.',
        'advanceSeconds',
      );
    }
    return new Date(now.getTime() + change.advanceMs);
  }
  if (change.at && change.at < now) {
    throw new UserError(
      'CLOCK_GOES_BACK',
      `It is ${now.toISOString()} already; product time never goes back, since bills and audit would contradict it.`,
      'at',
    );
  }
  if (change.at && change.at.getTime() - now.getTime() > MAX_ADVANCE_MS) {
    throw new UserError('OUT_OF_RANGE', 'The clock moves at most 400 days at once.', 'at');
  }
  return change.at ?? now;
}
