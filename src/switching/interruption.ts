import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Why power is off. A payment closes ARREARS and PREPAID_EXHAUSTED only; it never brings back a supply cut for safety. */
export const INTERRUPTION_REASONS = [
  'ARREARS',
  'PREPAID_EXHAUSTED',
  'SAFETY',
  'THEFT',
  'CUSTOMER_REQUEST',
  'VACANT',
] as const;
export type InterruptionReason = (typeof INTERRUPTION_REASONS)[number];

/** The reasons that money alone removes. */
export const DEBT_REASONS: readonly InterruptionReason[] = ['ARREARS', 'PREPAID_EXHAUSTED'];

/** Danger to people and proven theft: cut at once and reported afterwards, without approval (供电营业规则 art. 67). */
export const URGENT_REASONS: readonly InterruptionReason[] = ['SAFETY', 'THEFT'];

/** A reason for a service point to be without power. Power is due exactly when none is open. */
export const InterruptionEntity = defineEntity({
  name: 'Interruption',
  tableName: 'interruption',
  properties: {
    id: p.uuid().primary(),
    servicePointId: p.uuid(),
    accountId: p.uuid(),
    reason: p.string().$type<InterruptionReason>(),
    openedAt: p.datetime(),
    openedBy: p.string(),
    evidence: p.json<Record<string, unknown>>(),
    /** The cut that carried it out, if a command did. */
    commandId: p.uuid().nullable(),
    /** The named person who follows the customer up. */
    owner: p.string().nullable(),
    closedAt: p.datetime().nullable(),
    closedBy: p.string().nullable(),
    closingReason: p.string().nullable(),
  },
});
export type Interruption = InferEntity<typeof InterruptionEntity>;
