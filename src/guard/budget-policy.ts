/** How many cuts the guard signs in sliding windows. Every number is the guard's own: none is ever read from the database. */
export interface CutBudget {
  readonly cutsPerMinute: number;
  readonly cutsPerHour: number;
  readonly cutsPerDay: number;
  readonly cutsPerDistrictPerHour: number;
  readonly cutsPerRequesterPerDay: number;
  /** Cuts for danger and proven theft need no second person, so they have a budget of their own and never use up the ordinary one. */
  readonly urgentCutsPerMinute: number;
  readonly urgentCutsPerHour: number;
  readonly urgentCutsPerDay: number;
  readonly urgentCutsPerRequesterPerDay: number;
}

/** What the budget looks at in a cut. */
export interface BudgetedCut {
  readonly district: string;
  readonly requester: string;
  readonly urgent: boolean;
}

/** A cut that was signed, and when, ms since 1970 by the clock the guard goes by. */
export interface SignedCut extends BudgetedCut {
  readonly atMs: number;
}

/** Which window is full, and how long until there is room in it again, ms (undefined: its limit is zero). */
export interface BudgetRefusal {
  readonly scope: keyof CutBudget;
  readonly limit: number;
  readonly waitMs: number | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The longest window: what is older has no say any more. */
export const BUDGET_MEMORY_MS = DAY_MS;

interface Window {
  readonly scope: keyof CutBudget;
  readonly windowMs: number;
  readonly counts: (signed: SignedCut, cut: BudgetedCut) => boolean;
}

const everywhere = (): boolean => true;
const sameDistrict = (signed: SignedCut, cut: BudgetedCut): boolean => signed.district === cut.district;
const sameRequester = (signed: SignedCut, cut: BudgetedCut): boolean => signed.requester === cut.requester;

const ORDINARY: readonly Window[] = [
  { scope: 'cutsPerMinute', windowMs: MINUTE_MS, counts: everywhere },
  { scope: 'cutsPerHour', windowMs: HOUR_MS, counts: everywhere },
  { scope: 'cutsPerDay', windowMs: DAY_MS, counts: everywhere },
  { scope: 'cutsPerDistrictPerHour', windowMs: HOUR_MS, counts: sameDistrict },
  { scope: 'cutsPerRequesterPerDay', windowMs: DAY_MS, counts: sameRequester },
];
const URGENT: readonly Window[] = [
  { scope: 'urgentCutsPerMinute', windowMs: MINUTE_MS, counts: everywhere },
  { scope: 'urgentCutsPerHour', windowMs: HOUR_MS, counts: everywhere },
  { scope: 'urgentCutsPerDay', windowMs: DAY_MS, counts: everywhere },
  { scope: 'urgentCutsPerRequesterPerDay', windowMs: DAY_MS, counts: sameRequester },
];

/**
 * Whether one more cut fits at `atMs`; the window that frees last if not. Windows slide and are half open: what was signed exactly one
 * window ago counts no more. A cut signed "later" than now counts: a clock that went back gives nothing back. Pure.
 */
export function budgetRefusal(
  signed: readonly SignedCut[],
  cut: BudgetedCut,
  atMs: number,
  budget: CutBudget,
): BudgetRefusal | undefined {
  const refusals = (cut.urgent ? URGENT : ORDINARY).flatMap(({ scope, windowMs, counts }): BudgetRefusal[] => {
    const within = signed
      .filter((one) => one.urgent === cut.urgent && one.atMs > atMs - windowMs && counts(one, cut))
      .map((one) => one.atMs)
      .sort((a, b) => a - b);
    const limit = budget[scope];
    if (within.length < limit) return [];
    const freeing = within[within.length - limit];
    return [{ scope, limit, waitMs: freeing === undefined ? undefined : freeing + windowMs - atMs }];
  });
  return refusals.reduce<BudgetRefusal | undefined>(
    (longest, one) => (!longest || (one.waitMs ?? Infinity) > (longest.waitMs ?? Infinity) ? one : longest),
    undefined,
  );
}
