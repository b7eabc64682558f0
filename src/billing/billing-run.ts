import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const BILLING_RUN_STATES = ['QUEUED', 'RUNNING', 'DONE', 'FAILED'] as const;
export type BillingRunState = (typeof BILLING_RUN_STATES)[number];

/** A billing run (核算批次) over a district or the company: every service point is billed up to the local day `periodTo`, exclusive. */
export const BillingRunEntity = defineEntity({
  name: 'BillingRun',
  tableName: 'billing_run',
  properties: {
    id: p.uuid().primary(),
    /** REQUEST: asked for by a person. SETTLEMENT: made by the calendar of a district. */
    origin: p.string().$type<'REQUEST' | 'SETTLEMENT'>(),
    scope: p.string().$type<'DISTRICT' | 'COMPANY'>(),
    districtId: p.uuid().nullable(),
    periodTo: p.date(),
    state: p.string().$type<BillingRunState>(),
    /** Service points to look at; null until it was counted. */
    totalPoints: p.integer().nullable(),
    donePoints: p.integer(),
    issued: p.integer(),
    skipped: p.integer(),
    /** The last service point before which all are done. */
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
export type BillingRun = InferEntity<typeof BillingRunEntity>;

/** Why a service point could not be billed: no tariff valid on every day; no register known well enough; tariff in another currency. */
export const SKIP_REASONS = ['NO_TARIFF', 'NO_READING', 'CURRENCY_DIFFERS'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A service point that runs could not bill, from the first that could not to the one that can. Somebody owns it. */
export const BillingSkipEntity = defineEntity({
  name: 'BillingSkip',
  tableName: 'billing_skip',
  properties: {
    id: p.uuid().primary(),
    servicePointId: p.uuid(),
    accountId: p.uuid(),
    periodTo: p.date(),
    reason: p.string().$type<SkipReason>(),
    owner: p.string(),
    since: p.datetime(),
    lastSeenAt: p.datetime(),
    runId: p.uuid().nullable(),
    resolvedAt: p.datetime().nullable(),
  },
});
export type BillingSkip = InferEntity<typeof BillingSkipEntity>;
