import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { checkMoves, type Moves } from '../platform/state-machine.js';
import type { InterruptionReason } from './interruption.js';

export type SwitchOperation = 'CUT' | 'RESTORE';

/** The life of a switch command; the database holds the same table and refuses any other move. */
export const SWITCH_COMMAND_MOVES = {
  PENDING_APPROVAL: ['QUEUED', 'CANCELLED', 'EXPIRED', 'QUARANTINED'],
  QUARANTINED: ['QUEUED', 'CANCELLED', 'EXPIRED'],
  // VERIFIED from QUEUED: the meter is seen to be in the wanted state before anything was sent.
  QUEUED: ['SENT', 'CANCELLED', 'SUPERSEDED', 'EXPIRED', 'QUARANTINED', 'FIELD_VISIT', 'VERIFIED'],
  // Back to QUEUED: the meter refused for a reason that a new order mends (sequence, its clock).
  SENT: ['ACCEPTED', 'ARMED', 'VERIFIED', 'REJECTED', 'UNKNOWN', 'QUEUED', 'SUPERSEDED', 'FAILED', 'FIELD_VISIT'],
  ACCEPTED: ['ARMED', 'VERIFIED', 'UNKNOWN', 'SUPERSEDED', 'FAILED', 'FIELD_VISIT'],
  // Back to QUEUED: nobody pressed the button in time; it is armed once more.
  ARMED: ['VERIFIED', 'QUEUED', 'UNKNOWN', 'SUPERSEDED', 'FAILED', 'FIELD_VISIT'],
  UNKNOWN: ['ACCEPTED', 'ARMED', 'VERIFIED', 'REJECTED', 'QUEUED', 'SUPERSEDED', 'EXPIRED', 'FAILED', 'FIELD_VISIT'],
  VERIFIED: [],
  REJECTED: [],
  CANCELLED: [],
  SUPERSEDED: [],
  EXPIRED: [],
  FAILED: [],
  FIELD_VISIT: [],
} as const satisfies Moves<string>;

export type SwitchCommandState = keyof typeof SWITCH_COMMAND_MOVES;
export const SWITCH_COMMAND_STATES = Object.keys(SWITCH_COMMAND_MOVES) as SwitchCommandState[];
checkMoves<SwitchCommandState>('switch command', SWITCH_COMMAND_MOVES, ['PENDING_APPROVAL', 'QUEUED', 'QUARANTINED']);

/** States in which a command holds its meter: at most one command per meter is in one of them. */
export const OPEN_STATES = SWITCH_COMMAND_STATES.filter((state) => SWITCH_COMMAND_MOVES[state].length > 0);
/** Open states before anything was sent: such a command can be cancelled with no trace at the meter. */
export const UNSENT_STATES: readonly SwitchCommandState[] = ['PENDING_APPROVAL', 'QUARANTINED', 'QUEUED'];
/** Open states in which the meter may have heard the command. */
export const SENT_STATES: readonly SwitchCommandState[] = ['SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN'];

/** Whether the table allows the move. */
export const mayMove = (from: SwitchCommandState, to: SwitchCommandState): boolean =>
  (SWITCH_COMMAND_MOVES[from] as readonly string[]).includes(to);

/** Lower goes first: a restore is never behind a cut. */
export const PRIORITY: Readonly<Record<SwitchOperation, number>> = { RESTORE: 10, CUT: 50 };

/** Why a restore closes the relay or arms the meter. The strongest reason that holds is told. */
export const RECONNECT_MODE_REASONS = ['NO_REASON_TO_ARM', 'METER', 'CUSTOMER_CLASS', 'LONG_OFF', 'BACKFEED'] as const;
export type ReconnectModeReason = (typeof RECONNECT_MODE_REASONS)[number];

/** One order to one relay, bound to account, service point, meter and installation. */
export const SwitchCommandEntity = defineEntity({
  name: 'SwitchCommand',
  tableName: 'switch_command',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    meterId: p.uuid(),
    installationId: p.uuid(),
    operation: p.string().$type<SwitchOperation>(),
    mode: p.string().$type<'DIRECT' | 'ARM'>(),
    /** Why a restore is direct or armed; null: a cut. */
    modeReason: p.string().$type<ReconnectModeReason>().nullable(),
    modeEvidence: p.string().nullable(),
    rearms: p.smallint(),
    reason: p.string().$type<InterruptionReason>(),
    state: p.string().$type<SwitchCommandState>(),
    priority: p.smallint(),
    evidence: p.json<Record<string, unknown>>(),
    requestedBy: p.string(),
    requestedAt: p.datetime(),
    requestedWallAt: p.datetime(),
    requestReason: p.string(),
    paymentId: p.uuid().nullable(),
    approvedBy: p.string().nullable(),
    approvedAt: p.datetime().nullable(),
    sequence: p.bigint().nullable(),
    notAfter: p.datetime().nullable(),
    attempts: p.smallint(),
    reads: p.smallint(),
    contradictions: p.smallint(),
    readRequestId: p.uuid().nullable(),
    attentionWallAt: p.datetime(),
    giveUpWallAt: p.datetime(),
    sentAt: p.datetime().nullable(),
    acceptedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    endedWallAt: p.datetime().nullable(),
    failureCode: p.string().nullable(),
    failureText: p.string().nullable(),
    supersededById: p.uuid().nullable(),
    workOrderId: p.uuid().nullable(),
    batchId: p.uuid().nullable(),
    /** The named person who follows the customer up after the cut. */
    owner: p.string().nullable(),
    /** Product time announced to the customer: a cut is not sent before. */
    notBefore: p.datetime().nullable(),
    policyCode: p.string().nullable(),
    policyVersion: p.integer().nullable(),
    /** Who let a quarantined cut go on. */
    releasedBy: p.string().nullable(),
  },
});
export type SwitchCommand = InferEntity<typeof SwitchCommandEntity>;
