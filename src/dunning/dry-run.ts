import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { InterruptionReason } from '../switching/interruption.js';
import type { CutCheck, CutCheckCode } from './cut-checks.js';

export const CUT_DRY_RUN_STATES = ['QUEUED', 'RUNNING', 'DONE', 'FAILED'] as const;
export type CutDryRunState = (typeof CUT_DRY_RUN_STATES)[number];

/** A dry run (停电预演) of the cuts of a local day, over a district or the company: whoever owes something overdue, judged beforehand. */
export const CutDryRunEntity = defineEntity({
  name: 'CutDryRun',
  tableName: 'cut_dry_run',
  properties: {
    id: p.uuid().primary(),
    dryRunNumber: p.bigint().autoincrement(),
    /** REQUEST: asked for by a person. NIGHTLY: made by the schedule, once for each day. */
    origin: p.string().$type<'REQUEST' | 'NIGHTLY'>(),
    scope: p.string().$type<'DISTRICT' | 'COMPANY'>(),
    districtId: p.uuid().nullable(),
    /** Local day of the cuts. */
    forDate: p.date(),
    /** The instant of that day for which each account is judged. */
    judgedFor: p.datetime(),
    state: p.string().$type<CutDryRunState>(),
    considered: p.integer(),
    permitted: p.integer(),
    /** The last service point judged. */
    position: p.uuid().nullable(),
    requestedBy: p.string(),
    requestedAt: p.datetime(),
    reason: p.string(),
    startedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    failureText: p.string().nullable(),
    worker: p.uuid().nullable(),
    leaseWallAt: p.datetime().nullable(),
  },
});
export type CutDryRun = InferEntity<typeof CutDryRunEntity>;

/** What a dry run found about one service point: may be cut on that day, or what blocks it. Written once. */
export const CutDryRunLineEntity = defineEntity({
  name: 'CutDryRunLine',
  tableName: 'cut_dry_run_line',
  properties: {
    runId: p.uuid().primary(),
    servicePointId: p.uuid().primary(),
    accountId: p.uuid(),
    reason: p.string().$type<InterruptionReason>(),
    permitted: p.boolean(),
    /** Codes of the blocking checks, in the order of all checks. */
    blocking: p.array().$type<CutCheckCode[]>(),
    /** The same with evidence and clause. */
    reasons: p.json<CutCheck[]>(),
    /** Overdue, late fees included; paid ahead: what the balance is below zero. */
    debtMinor: p.bigint(),
    currency: p.string(),
    policyCode: p.string().nullable(),
    policyVersion: p.integer().nullable(),
  },
});
export type CutDryRunLine = InferEntity<typeof CutDryRunLineEntity>;
