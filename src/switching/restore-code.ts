import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const RESTORE_CODE_STATES = ['ISSUED', 'ACCEPTED', 'VOID', 'EXPIRED'] as const;
export type RestoreCodeState = (typeof RESTORE_CODE_STATES)[number];

/** What ended a code. */
export const RESTORE_CODE_ENDINGS = [
  'METER_EVENT',
  'METER_STATE',
  'FIELD_REPORT',
  'NEW_CODE',
  'LATER_ORDER',
  'NOT_DUE',
  'METER_EXCHANGED',
  'TIME',
] as const;
export type RestoreCodeEnding = (typeof RESTORE_CODE_ENDINGS)[number];

/** A one-time restore code (复电码) that was issued. Its digits are nowhere: they follow from the meter's key and the sequence. */
export const RestoreCodeEntity = defineEntity({
  name: 'RestoreCode',
  tableName: 'restore_code',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    meterId: p.uuid(),
    installationId: p.uuid(),
    commandId: p.uuid(),
    sequence: p.bigint(),
    state: p.string().$type<RestoreCodeState>(),
    /** PERSON: somebody issued it; NO_ANSWER: the meter was silent until the remote rung ended. */
    origin: p.string().$type<'PERSON' | 'NO_ANSWER'>(),
    issuedAt: p.datetime(),
    issuedBy: p.string(),
    reason: p.string(),
    expiresAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    endedBy: p.string().$type<RestoreCodeEnding>().nullable(),
    /** Codes that the meter refused meanwhile. */
    refusals: p.integer(),
  },
});
export type RestoreCode = InferEntity<typeof RestoreCodeEntity>;
