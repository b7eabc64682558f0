import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** A case of arrears (欠费案): from the first step due on a bill until that bill no longer leads. No decision is taken by it. */
export const DunningCaseEntity = defineEntity({
  name: 'DunningCase',
  tableName: 'dunning_case',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    anchorBillId: p.uuid().nullable(),
    openedAt: p.datetime(),
    closedAt: p.datetime().nullable(),
  },
});
export type DunningCase = InferEntity<typeof DunningCaseEntity>;

/** Why a step of a case was not taken (未执行原因). Never changed. */
export const LadderStepOutcomeEntity = defineEntity({
  name: 'LadderStepOutcome',
  tableName: 'ladder_step_outcome',
  properties: {
    id: p.uuid().primary(),
    caseId: p.uuid(),
    accountId: p.uuid(),
    anchorBillId: p.uuid().nullable(),
    stepCode: p.string(),
    state: p.string().$type<'SKIPPED' | 'WITHDRAWN' | 'NEVER_ACTIONED'>(),
    reasonCode: p.string(),
    reason: p.string(),
    at: p.datetime(),
  },
});
export type LadderStepOutcome = InferEntity<typeof LadderStepOutcomeEntity>;

/** A pause of the ladder (暂停催费) between local days, both included; from `endedOn` on it holds nothing back. */
export const DunningPauseEntity = defineEntity({
  name: 'DunningPause',
  tableName: 'dunning_pause',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    reason: p.string(),
    fromDate: p.date(),
    untilDate: p.date().nullable(),
    pausedAt: p.datetime(),
    pausedBy: p.string(),
    endedOn: p.date().nullable(),
    endedAt: p.datetime().nullable(),
    endedBy: p.string().nullable(),
    endingReason: p.string().nullable(),
  },
});
export type DunningPause = InferEntity<typeof DunningPauseEntity>;
