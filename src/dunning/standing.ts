import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { ArrearsCause } from './words.js';

/** What became of an attempt to reach a customer. */
export const CONTACT_OUTCOMES = ['REACHED', 'NOT_REACHED', 'WRONG_PERSON', 'INVALID'] as const;
export type ContactOutcome = (typeof CONTACT_OUTCOMES)[number];

/** How it was tried. */
export const CONTACT_MEANS = ['CALL', 'SMS_REPORT', 'VISIT', 'LETTER'] as const;
export type ContactMeans = (typeof CONTACT_MEANS)[number];

/** One attempt to reach a customer at one contact (联系记录). Never changed. */
export const ContactProofEntity = defineEntity({
  name: 'ContactProof',
  tableName: 'contact_proof',
  properties: {
    id: p.uuid().primary(),
    contactId: p.uuid(),
    at: p.datetime(),
    outcome: p.string().$type<ContactOutcome>(),
    how: p.string().$type<ContactMeans>(),
    /** Number of the call record, the delivery report or the signed slip. */
    reference: p.string().nullable(),
    recordedAt: p.datetime(),
    recordedBy: p.string(),
  },
});
export type ContactProof = InferEntity<typeof ContactProofEntity>;

/** Why an account is in arrears, as a person found out (欠费原因). The latest counts; the others are its history. */
export const ArrearsCauseEntity = defineEntity({
  name: 'ArrearsCause',
  tableName: 'arrears_cause',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    cause: p.string().$type<ArrearsCause>(),
    foundAt: p.datetime(),
    foundBy: p.string(),
    note: p.string(),
    evidence: p.string().nullable(),
  },
});
