import type { LocalDate } from '../platform/local-date.js';
import type { AccountFacts, NoticeFact } from './cut-facts.js';
import type { NoticePurpose } from './words.js';

/** How far dunning has come with an account (催费阶段), worst first. */
export const DUNNING_STAGES = [
  'CUT',
  'CUT_READY',
  'NOTICE_SERVED',
  'DEMANDED',
  'REMINDED',
  'OVERDUE',
  'DUE',
  'CLEAR',
] as const;
export type DunningStage = (typeof DUNNING_STAGES)[number];

/** Where one step of the ladder stands (步骤状态). */
export const LADDER_STEP_STATES = [
  'DONE',
  'DUE',
  'WAITING',
  'BLOCKED',
  'SKIPPED',
  'WITHDRAWN',
  'NEVER_ACTIONED',
  'PAUSED',
] as const;
export type LadderStepState = (typeof LADDER_STEP_STATES)[number];

/** Why a step stands where it stands. */
export const LADDER_REASONS = [
  'NOTHING_OWED',
  'BALANCE_ABOVE_LINE',
  'LOWER_LINE_REACHED',
  'OTHER_CLASS',
  'NOT_YET_DUE',
  'PREDECESSOR_NOT_SERVED',
  'NOTICE_UNDER_WAY',
  'NOTICE_FAILED',
  'DEBT_SETTLED',
  'DEBT_RENEWED',
  'ALREADY_CUT',
  'PAUSED',
  'HELD',
  'NO_REACHABLE_CONTACT',
  'PROTECTED',
  'CAUSE_FORBIDS_CUT',
  'DEBT_TOO_SMALL',
  'AMOUNT_CHANGED',
  'NOT_ACTED_ON',
] as const;
export type LadderReason = (typeof LADDER_REASONS)[number];

/** Failure of a notice that nobody acted on before its deadline. */
export const NEVER_ACTIONED = 'NEVER_ACTIONED';

/** A pause of the ladder (暂停催费) between local days, both included; `until` null: until it is ended. */
export interface DunningPauseFact {
  readonly from: LocalDate;
  readonly until: LocalDate | null;
  readonly reason: string;
}

/** What the ladder decides by: the facts of a cut, and what only a ladder asks for. */
export interface LadderFacts extends AccountFacts {
  readonly notices: readonly (NoticeFact & { readonly failureCode?: string | null })[];
  /** Prepaid: for each line of a BALANCE step that the balance is at or below, since when it has been. */
  readonly lowBalances?: readonly { readonly atOrBelowMinor: bigint; readonly since: Date }[];
  /** Power is off for this debt: nothing more is threatened. */
  readonly cutForDebt?: boolean;
}

/** One step as it stands at the moment of the question. */
export interface LadderStepView {
  readonly code: string;
  readonly purpose: NoticePurpose;
  /** The day it is due, or the earliest it can become due while its predecessor is open; null: nothing makes it due. */
  readonly dueOn: LocalDate | null;
  readonly state: LadderStepState;
  readonly reasonCode: LadderReason | null;
  /** The reason in words; null where the state says it all. */
  readonly reason: string | null;
  /** The notice that decided the state. */
  readonly noticeId: string | null;
  /** The bill whose dates the step follows; null for a prepaid balance. */
  readonly anchoredTo: string | null;
}

/** The whole ladder of an account at one moment. */
export interface Ladder {
  readonly stage: DunningStage;
  /** An open hold or pause keeps the ladder from going on; its words. */
  readonly held: string | null;
  readonly paused: string | null;
  /** The oldest unpaid bill. */
  readonly anchoredTo: string | null;
  readonly steps: readonly LadderStepView[];
  /** Passing time alone changes nothing before this instant; null: only an event does. */
  readonly nextAt: Date | null;
}
