import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { ContactMeans } from './standing.js';

export const FOLLOW_UP_STATES = ['OPEN', 'CLOSED'] as const;
export type FollowUpState = (typeof FOLLOW_UP_STATES)[number];

/** What a contact after a cut came to. */
export const FOLLOW_UP_OUTCOMES = ['REACHED', 'PROMISED_PAYMENT', 'DISPUTED', 'NEEDS_HELP', 'NOT_REACHED'] as const;
export type FollowUpOutcome = (typeof FOLLOW_UP_OUTCOMES)[number];

/** The customer is spoken to this long after the cut at the latest, and this long after each contact unless another time is named. Relight's own rule. */
export const FOLLOW_UP_EVERY_HOURS = 24;
/** A next contact further off than this is none. */
export const FOLLOW_UP_AT_MOST_DAYS = 14;

/** The named person who stays in touch with a customer from a cut for debt until power is back (停电后跟踪). */
export const FollowUpEntity = defineEntity({
  name: 'FollowUp',
  tableName: 'follow_up',
  properties: {
    id: p.uuid().primary(),
    interruptionId: p.uuid(),
    /** The cut. */
    commandId: p.uuid(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    owner: p.string(),
    state: p.string().$type<FollowUpState>(),
    openedAt: p.datetime(),
    /** When the customer is to be spoken to next; null once closed. */
    nextDueAt: p.datetime().nullable(),
    closedAt: p.datetime().nullable(),
    closingReason: p.string().nullable(),
  },
});
export type FollowUp = InferEntity<typeof FollowUpEntity>;

/** One contact with the customer after the cut. Never changed. */
export const FollowUpContactEntity = defineEntity({
  name: 'FollowUpContact',
  tableName: 'follow_up_contact',
  properties: {
    id: p.uuid().primary(),
    followUpId: p.uuid(),
    at: p.datetime(),
    means: p.string().$type<ContactMeans>(),
    outcome: p.string().$type<FollowUpOutcome>(),
    note: p.string(),
    recordedBy: p.string(),
    /** Somebody else than the owner stood in. */
    standIn: p.boolean(),
    nextDueAt: p.datetime(),
    recordedAt: p.datetime(),
  },
});
export type FollowUpContact = InferEntity<typeof FollowUpContactEntity>;
