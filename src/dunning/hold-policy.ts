import { UserError } from '../platform/errors.js';
import { addDays, type LocalDate } from '../platform/local-date.js';
import type { HoldOutcome } from './hold.js';
import { HOLD_KINDS, type HoldKind } from './words.js';

/** Whether something must be stated when a hold is opened: NONE is refused, OPTIONAL falls back to the policy's longest. */
type Need = 'REQUIRED' | 'OPTIONAL' | 'NONE';

/** What one kind of hold is made of, what ends it and what follows. */
export interface HoldRule {
  readonly until: Need;
  readonly amount: Need;
  /** A person must rule within {@link RULING_WORKING_DAYS}; a late ruling keeps holding. */
  readonly ruling: boolean;
  /** It removes the cause of a cut: power that is off for debt comes back at once. */
  readonly restores: boolean;
  /** How a person may end it. */
  readonly endings: readonly HoldOutcome[];
  /** What it ends in by itself after its last day; null: it does not. */
  readonly atUntil: HoldOutcome | null;
}

/** Each kind of hold (暂缓). What restores power: 供电营业规则 (a guarantee given, a dispute upheld: power within 24 hours). */
export const HOLD_RULES: Readonly<Record<HoldKind, HoldRule>> = {
  DISPUTE: {
    until: 'NONE',
    amount: 'OPTIONAL',
    ruling: true,
    restores: false,
    endings: ['UPHELD', 'REJECTED', 'WITHDRAWN'],
    atUntil: null,
  },
  COMPLAINT: {
    until: 'NONE',
    amount: 'NONE',
    ruling: true,
    restores: false,
    endings: ['UPHELD', 'REJECTED', 'WITHDRAWN'],
    atUntil: null,
  },
  // Its last day is that of its last instalment, its amount their sum.
  PAYMENT_PLAN: {
    until: 'NONE',
    amount: 'NONE',
    ruling: false,
    restores: false,
    endings: ['WITHDRAWN'],
    atUntil: 'BROKEN',
  },
  PROMISE_TO_PAY: {
    until: 'REQUIRED',
    amount: 'REQUIRED',
    ruling: false,
    restores: false,
    endings: ['WITHDRAWN'],
    atUntil: 'BROKEN',
  },
  HARDSHIP: {
    until: 'OPTIONAL',
    amount: 'NONE',
    ruling: false,
    restores: false,
    endings: ['WITHDRAWN'],
    atUntil: 'EXPIRED',
  },
  BANK_LATE: {
    until: 'OPTIONAL',
    amount: 'OPTIONAL',
    ruling: false,
    restores: false,
    endings: ['SETTLED', 'REJECTED', 'WITHDRAWN'],
    atUntil: 'EXPIRED',
  },
  DEPOSIT_UNDER_PROTEST: {
    until: 'NONE',
    amount: 'REQUIRED',
    ruling: false,
    restores: false,
    endings: ['UPHELD', 'REJECTED', 'WITHDRAWN'],
    atUntil: null,
  },
  GUARANTEE: {
    until: 'REQUIRED',
    amount: 'REQUIRED',
    ruling: false,
    restores: true,
    endings: ['SETTLED', 'WITHDRAWN'],
    atUntil: 'EXPIRED',
  },
  INVESTIGATION: {
    until: 'OPTIONAL',
    amount: 'NONE',
    ruling: false,
    restores: false,
    endings: ['UPHELD', 'REJECTED', 'WITHDRAWN'],
    atUntil: 'EXPIRED',
  },
};

/** A complaint is ruled on within so many working days (投诉3个工作日答复). */
export const RULING_WORKING_DAYS = 3;
/** An instalment may arrive so many days after its date: a transfer over a weekend takes that long. Relight's own rule. */
export const INSTALMENT_GRACE_DAYS = 3;
/** A plan longer than this is no plan; the database keeps at most as many rows. */
export const MAX_INSTALMENTS = 60;

/** Kinds whose end depends on money or on a date, so that it comes by itself. */
export const SELF_ENDING_KINDS: readonly HoldKind[] = HOLD_KINDS.filter((kind) => HOLD_RULES[kind].atUntil !== null);

/** Whether ending a hold so removes the cause of a cut: power that is off for debt comes back by itself. */
export const endingRestores = (outcome: HoldOutcome): boolean => outcome === 'UPHELD';

/** The local day by which a ruling is due: so many working days after the opening. An unknown calendar counts Monday to Friday. */
export function rulingDueOn(openedOn: LocalDate, isWorkday: (date: LocalDate) => boolean): LocalDate {
  let day = openedOn;
  for (let left = RULING_WORKING_DAYS; left > 0;) {
    day = addDays(day, 1);
    if (isWorkday(day)) left -= 1;
  }
  return day;
}

/** What is asked for when a hold is opened. Dates are local days, money minor units. */
export interface HoldTerms {
  readonly kind: HoldKind;
  readonly fromDate: LocalDate;
  readonly untilDate: LocalDate | null;
  readonly amountMinor: bigint | null;
  readonly instalments: readonly { readonly dueDate: LocalDate; readonly amountMinor: bigint }[];
}

/** The terms as they are kept: a date that was left open is filled in. */
export type SettledTerms = Pick<HoldTerms, 'untilDate' | 'amountMinor'>;

/**
 * Checks and completes the terms of a new hold. `maxDays` is the policy's longest for this kind (null: no bound), `overdueMinor` everything past
 * its due date, principal and late fees.
 */
export function settleTerms(
  terms: HoldTerms,
  known: { readonly today: LocalDate; readonly maxDays: number | null; readonly overdueMinor: bigint },
): SettledTerms | UserError {
  const rule = HOLD_RULES[terms.kind];
  if (terms.fromDate > known.today) {
    return new UserError(
      'HOLD_FROM_IN_FUTURE',
      'A hold begins today or earlier. Open it when it is needed.',
      'fromDate',
    );
  }
  const wrong = amountMistake(terms, rule.amount, known.overdueMinor) ?? planMistake(terms, known);
  if (wrong) return wrong;
  const isPlan = terms.kind === 'PAYMENT_PLAN';
  if (rule.until === 'NONE' && terms.untilDate !== null) {
    return new UserError(
      'HOLD_UNTIL_NOT_ALLOWED',
      `The last day of a ${terms.kind} is not stated: ${isPlan ? 'it is that of its last instalment' : 'a person ends it'}. Leave it out.`,
      'untilDate',
    );
  }
  const latest = known.maxDays === null ? null : addDays(known.today, known.maxDays);
  const untilDate = isPlan
    ? terms.instalments.at(-1)!.dueDate
    : (terms.untilDate ?? (rule.until === 'OPTIONAL' ? latest : null));
  if (rule.until === 'REQUIRED' && untilDate === null) {
    return new UserError('HOLD_UNTIL_NEEDED', `A ${terms.kind} needs its last day. State it.`, 'untilDate');
  }
  if (untilDate !== null && (untilDate < terms.fromDate || untilDate < known.today)) {
    return new UserError(
      'HOLD_UNTIL_BEFORE_FROM',
      `The last day ${untilDate} lies before the first, or in the past. State a later one.`,
      'untilDate',
    );
  }
  if (untilDate !== null && latest !== null && untilDate > latest) {
    return new UserError(
      'HOLD_TOO_LONG',
      `The policy allows a ${terms.kind} for at most ${known.maxDays} days: until ${latest}. Choose an earlier day.`,
      isPlan ? 'instalments' : 'untilDate',
    );
  }
  const amountMinor = isPlan ? sumOf(terms.instalments) : terms.amountMinor;
  return { untilDate, amountMinor };
}

function amountMistake(terms: HoldTerms, need: Need, overdueMinor: bigint): UserError | undefined {
  const field = 'amount';
  if (need === 'NONE') {
    return terms.amountMinor === null
      ? undefined
      : new UserError('HOLD_AMOUNT_NOT_ALLOWED', `A ${terms.kind} has no amount of its own. Leave it out.`, field);
  }
  if (terms.amountMinor === null) {
    return need === 'REQUIRED'
      ? new UserError('HOLD_AMOUNT_NEEDED', `A ${terms.kind} needs its amount. State it.`, field)
      : undefined;
  }
  const least = terms.kind === 'GUARANTEE' && overdueMinor > 0n ? overdueMinor : 1n;
  return terms.amountMinor < least
    ? new UserError(
        'HOLD_AMOUNT_TOO_SMALL',
        `The amount must be at least ${least} minor units${terms.kind === 'GUARANTEE' ? ': a guarantee covers what is overdue' : ''}.`,
        field,
      )
    : undefined;
}

const sumOf = (parts: readonly { readonly amountMinor: bigint }[]): bigint =>
  parts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

function planMistake(
  { kind, instalments }: HoldTerms,
  known: { readonly today: LocalDate; readonly overdueMinor: bigint },
): UserError | undefined {
  const field = 'instalments';
  const invalid = (message: string): UserError => new UserError('PLAN_INSTALMENTS_INVALID', message, field);
  if (kind !== 'PAYMENT_PLAN') {
    return instalments.length === 0 ? undefined : invalid('Only a payment plan has instalments. Leave them out.');
  }
  if (instalments.length === 0 || instalments.length > MAX_INSTALMENTS) {
    return invalid(`A payment plan has 1 to ${MAX_INSTALMENTS} instalments.`);
  }
  if (instalments.some(({ amountMinor }) => amountMinor <= 0n))
    return invalid('Each instalment needs an amount above zero.');
  const inOrder = instalments.every(
    ({ dueDate }, index) => dueDate > (instalments[index - 1]?.dueDate ?? '') && dueDate >= known.today,
  );
  if (!inOrder) return invalid('Instalments are due one after the other, from today on, each on a day of its own.');
  const sum = sumOf(instalments);
  if (sum === known.overdueMinor) return undefined;
  return new UserError(
    'PLAN_NOT_THE_DEBT',
    `The instalments sum to ${sum} minor units, and ${known.overdueMinor} are overdue. Make them equal.`,
    field,
  );
}
