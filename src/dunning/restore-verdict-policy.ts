import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';

/** What was promised to whoever pays: a property of the policy, or the company's own where none applies. */
export interface RestorePromise {
  /** The zone whose calendar day counts. */
  readonly timeZone: string;
  /** Power is back on the day of the payment (当日复电). */
  readonly sameDay: boolean;
  /** Minutes from the posting of the payment to power. */
  readonly slaMinutes: number;
}

/** Where no policy applies any more: 24 hours (供电营业规则), and the same day (当日复电). */
const OWN_PROMISE = { sameDay: true, slaMinutes: 24 * 60 } as const;
const MINUTE_MS = 60_000;

/** The promise of a policy; without one, the company's own in its own zone. */
export const promiseOf = (
  policy: { readonly timeZone: string; readonly reconnect: Omit<RestorePromise, 'timeZone'> } | undefined,
  timeZone: string,
): RestorePromise =>
  policy
    ? {
        timeZone: policy.timeZone,
        sameDay: policy.reconnect.sameDay,
        slaMinutes: policy.reconnect.slaMinutes,
      }
    : { ...OWN_PROMISE, timeZone };

/** One service point whose power a payment brings back. Instants are product time. */
export interface RestoreFacts {
  readonly orderedAt: Date;
  /** When a meter first proved power there after the order; the proof counts from when it was received. */
  readonly provenAt: Date | null;
  /** When another reason for the power to be off came up; from then on it is not due. */
  readonly notDueFrom: Date | null;
}

/** What starts the clocks: a payment, or another end of the reason. `restores` is empty when it ordered none. */
export interface ReleaseFacts {
  /** Posting of the payment. */
  readonly startedAt: Date;
  /** False: something overdue was left, and the power stays off. */
  readonly clearedDebt: boolean;
  readonly restores: readonly RestoreFacts[];
}

export const VERDICT_OUTCOMES = ['MET', 'PENDING', 'BREACHED', 'NOT_OWED'] as const;
export type VerdictOutcome = (typeof VERDICT_OUTCOMES)[number];

/** Why nothing was owed. */
export const NOT_OWED_REASONS = ['DEBT_REMAINS', 'NOTHING_WAS_OFF', 'NOT_PROMISED', 'NOT_DUE_ANY_MORE'] as const;
export type NotOwedReason = (typeof NOT_OWED_REASONS)[number];

/** Whether one promise was kept. `deadlineAt` is null when nothing is owed from the start. */
export interface RestoreVerdict {
  readonly outcome: VerdictOutcome;
  readonly deadlineAt: Date | null;
  /** When the last of its service points was proven to have power; null while one is dark. */
  readonly provenAt: Date | null;
  readonly notOwedReason: NotOwedReason | null;
}

export interface RestoreVerdicts {
  readonly sameDay: RestoreVerdict;
  readonly withinSla: RestoreVerdict;
}

/**
 * The first instant after the local day of `at`: power must be back before it. A payment late in the evening has what is left of its day and no
 * more: the promise is kept as it is worded, and a breach that nobody could avoid is explained to the customer like any other.
 */
export const endOfLocalDay = (at: Date, timeZone: string): Date =>
  startOfLocalDay(addDays(localDate(at, timeZone), 1), timeZone);

/** Judges both clocks of a payment at `now`. Power that comes back at the very end of the SLA is in time; at midnight it is the next day. Pure. */
export function restoreVerdicts(facts: ReleaseFacts, promise: RestorePromise, now: Date): RestoreVerdicts {
  if (!facts.clearedDebt) return both(notOwed('DEBT_REMAINS'));
  if (facts.restores.length === 0) return both(notOwed('NOTHING_WAS_OFF'));
  const midnight = endOfLocalDay(facts.startedAt, promise.timeZone);
  const slaEnd = new Date(facts.startedAt.getTime() + promise.slaMinutes * MINUTE_MS);
  return {
    sameDay: promise.sameDay
      ? verdict(facts.restores, midnight, new Date(midnight.getTime() - 1), now)
      : notOwed('NOT_PROMISED'),
    withinSla: verdict(facts.restores, slaEnd, slaEnd, now),
  };
}

const both = (one: RestoreVerdict): RestoreVerdicts => ({ sameDay: one, withinSla: one });

const notOwed = (notOwedReason: NotOwedReason): RestoreVerdict => ({
  outcome: 'NOT_OWED',
  deadlineAt: null,
  provenAt: null,
  notOwedReason,
});

/** Worst first: one dark service point breaks the promise of the whole payment. */
const WORST_FIRST: readonly VerdictOutcome[] = ['BREACHED', 'PENDING', 'MET', 'NOT_OWED'];

/** `lastInTime` is the last instant (ms) that keeps the promise. */
function verdict(restores: readonly RestoreFacts[], deadlineAt: Date, lastInTime: Date, now: Date): RestoreVerdict {
  const outcomes = restores.map((restore) => outcomeOf(restore, lastInTime, now));
  const outcome = WORST_FIRST.find((one) => outcomes.includes(one))!;
  const proofs = restores.map(({ provenAt }) => provenAt?.getTime());
  const allProven = proofs.every((proof) => proof !== undefined);
  return {
    outcome,
    deadlineAt,
    provenAt: allProven ? new Date(Math.max(...proofs)) : null,
    notOwedReason: outcome === 'NOT_OWED' ? 'NOT_DUE_ANY_MORE' : null,
  };
}

function outcomeOf({ provenAt, notDueFrom }: RestoreFacts, lastInTime: Date, now: Date): VerdictOutcome {
  if (provenAt && provenAt <= lastInTime) return 'MET';
  if (notDueFrom && notDueFrom <= lastInTime) return 'NOT_OWED';
  return provenAt || now > lastInTime ? 'BREACHED' : 'PENDING';
}
