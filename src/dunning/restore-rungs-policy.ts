import type { SwitchCommandState } from '../switching/switch-command.js';
import type { SwitchTimings } from '../switching/switch-timings.js';
import type { RestorePromise } from './restore-verdict-policy.js';

/** The rungs of a restore (复电梯级): the order over the wire, the customer's code or button, a visit. */
export const RESTORE_RUNGS = ['ORDER', 'CODE_OR_BUTTON', 'FIELD_VISIT'] as const;
export type RestoreRungName = (typeof RESTORE_RUNGS)[number];

/** What the customer does. */
export type RungMeans = 'BUTTON' | 'CODE';

/** PASSED_ON: the next rung took over. Exactly one rung has another outcome, and it is the last. */
export const RUNG_OUTCOMES = ['PASSED_ON', 'WAITING', 'PROVEN', 'WITHDRAWN', 'GIVEN_UP'] as const;
export type RungOutcome = (typeof RUNG_OUTCOMES)[number];

/** A restore as its history tells it. Instants are product time. */
export interface RestoreHistory {
  readonly state: SwitchCommandState;
  readonly orderedAt: Date;
  /** When the meter said that it waits for its button; more than once where it was armed again. */
  readonly armedAt: readonly Date[];
  /** Restore codes issued for it. */
  readonly codes: readonly { readonly issuedAt: Date; readonly expiresAt: Date }[];
  readonly endedAt: Date | null;
  /** The field work it ended in. */
  readonly fieldWork: {
    readonly state: 'OPEN' | 'DONE' | 'WITHDRAWN';
    readonly deadlineAt: Date;
    readonly closedAt: Date | null;
  } | null;
}

/** One rung: from when, until when it has to work, and what came of it. */
export interface RestoreRung {
  readonly rung: RestoreRungName;
  readonly openedAt: Date;
  readonly deadlineAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: RungOutcome;
  /** What the customer does on the rung CODE_OR_BUTTON. */
  readonly means: RungMeans | null;
}

const MINUTE_MS = 60_000;

/**
 * The rungs of a restore in their order. A rung's deadline is the end of its own window, or the end of the SLA where that comes first and the
 * rung was opened before it. Windows are waits on a wire and told in product time as if the clock ran at its natural pace. Pure.
 */
export function restoreRungs(
  history: RestoreHistory,
  timings: Pick<SwitchTimings, 'remoteWindowMs' | 'armedWindowMs' | 'fieldVisitMs'>,
  promise: Pick<RestorePromise, 'slaMinutes'>,
): RestoreRung[] {
  const { orderedAt, armedAt, codes, endedAt, fieldWork, state } = history;
  const slaEnd = new Date(orderedAt.getTime() + promise.slaMinutes * MINUTE_MS);
  const visitedFrom = state === 'FIELD_VISIT' ? endedAt : null;
  const opened: OpenedRung[] = [
    { rung: 'ORDER', means: null, openedAt: orderedAt, windowEnd: after(orderedAt, timings.remoteWindowMs) },
  ];
  const byCustomer = [
    ...armedAt.map((at) => ownRung('BUTTON', at, after(at, timings.armedWindowMs))),
    ...codes.map(({ issuedAt, expiresAt }) => ownRung('CODE', issuedAt, expiresAt)),
  ];
  opened.push(...byCustomer.toSorted((a, b) => a.openedAt.getTime() - b.openedAt.getTime()));
  if (visitedFrom) {
    const windowEnd = fieldWork?.deadlineAt ?? after(visitedFrom, timings.fieldVisitMs);
    opened.push({ rung: 'FIELD_VISIT', means: null, openedAt: visitedFrom, windowEnd });
  }
  return opened.map(({ rung, means, openedAt, windowEnd }, index) => {
    const next = opened[index + 1];
    const end = next ? { outcome: 'PASSED_ON' as const, endedAt: next.openedAt } : endOf(history);
    const deadlineAt = openedAt < slaEnd && slaEnd < windowEnd ? slaEnd : windowEnd;
    return { rung, openedAt, deadlineAt, means, ...end };
  });
}

interface OpenedRung {
  readonly rung: RestoreRungName;
  readonly means: RungMeans | null;
  readonly openedAt: Date;
  readonly windowEnd: Date;
}

const ownRung = (means: RungMeans, openedAt: Date, windowEnd: Date): OpenedRung => ({
  rung: 'CODE_OR_BUTTON',
  means,
  openedAt,
  windowEnd,
});

const after = (at: Date, ms: number): Date => new Date(at.getTime() + ms);

/** What the last rung came to. */
function endOf({ state, endedAt, fieldWork }: RestoreHistory): Pick<RestoreRung, 'outcome' | 'endedAt'> {
  switch (state) {
    case 'VERIFIED':
      return { outcome: 'PROVEN', endedAt };
    case 'CANCELLED':
    case 'SUPERSEDED':
      return { outcome: 'WITHDRAWN', endedAt };
    case 'REJECTED':
    case 'EXPIRED':
    case 'FAILED':
      return { outcome: 'GIVEN_UP', endedAt };
    case 'FIELD_VISIT':
      if (fieldWork?.state === 'DONE') return { outcome: 'PROVEN', endedAt: fieldWork.closedAt };
      if (fieldWork?.state === 'WITHDRAWN') return { outcome: 'WITHDRAWN', endedAt: fieldWork.closedAt };
      return { outcome: 'WAITING', endedAt: null };
    default:
      return { outcome: 'WAITING', endedAt: null };
  }
}
