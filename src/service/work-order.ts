import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const WORK_ORDER_KINDS = ['RESTORE_ON_SITE', 'INSPECT_RELAY', 'CHECK_INSTALLATION'] as const;
export type WorkOrderKind = (typeof WORK_ORDER_KINDS)[number];

/** Field work (工单) with an owner and a deadline. */
export const WorkOrderEntity = defineEntity({
  name: 'WorkOrder',
  tableName: 'work_order',
  properties: {
    id: p.uuid().primary(),
    workOrderNumber: p.bigint().autoincrement(),
    kind: p.string().$type<WorkOrderKind>(),
    state: p.string().$type<'OPEN' | 'DONE' | 'WITHDRAWN'>(),
    servicePointId: p.uuid(),
    accountId: p.uuid(),
    commandId: p.uuid().nullable(),
    owner: p.string(),
    reason: p.string(),
    openedAt: p.datetime(),
    deadlineAt: p.datetime(),
    closedAt: p.datetime().nullable(),
    closingReason: p.string().nullable(),
  },
});
export type WorkOrder = InferEntity<typeof WorkOrderEntity>;
