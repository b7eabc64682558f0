/** Orders to set one clock before somebody has to go there: date and time are two. */
export const MAX_CLOCK_ORDERS = 4;
/** Questions for one clock likewise. */
export const MAX_CLOCK_QUESTIONS = 8;
/** A clock off by no more than this was set, ms: it tells whole seconds, and the order took its time on the wire. */
export const CLOCK_SET_MS = 60_000;

/** What is known of a clock that was found wrong. */
export interface ClockFacts {
  /** As read since the last order; null: not read since. */
  readonly offsetMs: number | null;
  readonly questions: number;
  readonly attempts: number;
  /** The meter refuses our password: no order to set anything may go there. */
  readonly credentialsRefused: boolean;
  /** How far a wire may put it off, ms of product time. */
  readonly wireMs: number;
}

/** What to do about it next. */
export type ClockDecision =
  | { readonly act: 'ask' }
  | { readonly act: 'set'; readonly offsetMs: number }
  | { readonly act: 'end'; readonly state: 'VERIFIED' | 'GIVEN_UP'; readonly text: string };

/** Read, set, read again: never believed without a reading, never set without one. Pure. */
export function decideClock({ offsetMs, questions, attempts, credentialsRefused, wireMs }: ClockFacts): ClockDecision {
  const giveUp = (text: string): ClockDecision => ({ act: 'end', state: 'GIVEN_UP', text });
  if (offsetMs === null)
    return questions < MAX_CLOCK_QUESTIONS
      ? { act: 'ask' }
      : giveUp(`the clock could not be read in ${questions} questions`);
  if (Math.abs(offsetMs) <= Math.max(CLOCK_SET_MS, wireMs))
    return { act: 'end', state: 'VERIFIED', text: `read again, it is right to ${Math.abs(offsetMs)} ms` };
  if (credentialsRefused) return giveUp('the meter refuses our password, so its clock cannot be set from here');
  return attempts < MAX_CLOCK_ORDERS
    ? { act: 'set', offsetMs }
    : giveUp(`after ${attempts} orders to set it the clock is still off by ${Math.round(offsetMs / 1_000)} s`);
}
