import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { ThresholdKind } from './threshold-policy.js';

/** A change of a threshold: asked for, approved by another person if it raises, in force from an instant on. Never edited. */
export const CutThresholdChangeEntity = defineEntity({
  name: 'CutThresholdChange',
  tableName: 'cut_threshold_change',
  properties: {
    id: p.uuid().primary(),
    kind: p.string().$type<ThresholdKind>(),
    value: p.bigint(),
    raises: p.boolean(),
    requestedBy: p.string(),
    requestedAt: p.datetime(),
    reason: p.string(),
    approvedBy: p.string().nullable(),
    approvedAt: p.datetime().nullable(),
    effectiveFrom: p.datetime().nullable(),
    withdrawnBy: p.string().nullable(),
    withdrawnAt: p.datetime().nullable(),
  },
});
export type CutThresholdChange = InferEntity<typeof CutThresholdChangeEntity>;
