import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { checkMoves, type Moves } from '../platform/state-machine.js';

/** The life of a batch of cuts; the database holds the same table and refuses any other move. */
export const CUT_BATCH_MOVES = {
  PENDING_APPROVAL: ['APPROVED', 'ABORTED', 'EXPIRED', 'DONE'],
  APPROVED: ['RUNNING', 'ABORTED', 'EXPIRED', 'DONE'],
  RUNNING: ['PAUSED', 'DONE', 'ABORTED', 'EXPIRED'],
  PAUSED: ['RUNNING', 'ABORTED', 'EXPIRED', 'DONE'],
  DONE: [],
  ABORTED: [],
  EXPIRED: [],
} as const satisfies Moves<string>;

export type CutBatchState = keyof typeof CUT_BATCH_MOVES;
export const CUT_BATCH_STATES = Object.keys(CUT_BATCH_MOVES) as CutBatchState[];
checkMoves<CutBatchState>('cut batch', CUT_BATCH_MOVES, ['PENDING_APPROVAL']);

/** Cuts of one district for one day (停电批次), approved together and released in growing steps. */
export const CutBatchEntity = defineEntity({
  name: 'CutBatch',
  tableName: 'cut_batch',
  properties: {
    id: p.uuid().primary(),
    batchNumber: p.bigint().autoincrement(),
    districtId: p.uuid(),
    /** Local day. */
    plannedFor: p.date(),
    state: p.string().$type<CutBatchState>(),
    /** The named person who follows every customer of the batch up. */
    owner: p.string(),
    proposedBy: p.string(),
    proposedAt: p.datetime(),
    reason: p.string(),
    size: p.integer(),
    /** Steps of the ramp released so far. */
    rampStep: p.smallint(),
    endedAt: p.datetime().nullable(),
    endingCode: p.string().nullable(),
    endingText: p.string().nullable(),
  },
});
export type CutBatch = InferEntity<typeof CutBatchEntity>;

/** Somebody's approval of a command or of a batch: a fact, never changed. */
export const CutApprovalEntity = defineEntity({
  name: 'CutApproval',
  tableName: 'cut_approval',
  properties: {
    id: p.uuid().primary(),
    commandId: p.uuid().nullable(),
    batchId: p.uuid().nullable(),
    approvedBy: p.string(),
    role: p.string(),
    approvedAt: p.datetime(),
    note: p.string(),
  },
});
export type CutApproval = InferEntity<typeof CutApprovalEntity>;
