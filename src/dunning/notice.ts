import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { checkMoves, type Moves } from '../platform/state-machine.js';
import type { NoticeChannel, NoticePurpose, NoticeState, ProofKind } from './words.js';

/** The life of a notice; the database holds the same table and refuses any other move. */
export const NOTICE_MOVES = {
  // SERVED and FAILED from PREPARED: a person served it, or could not, without anything being sent.
  PREPARED: ['SENT', 'SERVED', 'FAILED', 'WITHDRAWN'],
  // Back to PREPARED: this channel failed, the next one is tried.
  SENT: ['SERVED', 'FAILED', 'PREPARED', 'WITHDRAWN'],
  SERVED: [],
  // A late proof is still a proof.
  FAILED: ['SERVED'],
  WITHDRAWN: [],
} as const satisfies Moves<NoticeState>;
checkMoves<NoticeState>('notice', NOTICE_MOVES, ['PREPARED']);

/** Whether the table allows the move. */
export const mayNoticeMove = (from: NoticeState, to: NoticeState): boolean =>
  (NOTICE_MOVES[from] as readonly NoticeState[]).includes(to);

export const NOTICE_RECIPIENTS = ['CUSTOMER', 'OWNER', 'NOMINATED_PERSON', 'AUTHORITY'] as const;
export type NoticeRecipient = (typeof NOTICE_RECIPIENTS)[number];

export const NOTICE_LANGUAGES = ['zh', 'en'] as const;
export type NoticeLanguage = (typeof NOTICE_LANGUAGES)[number];

/** A notice (通知) to one recipient, with its text as it was given. Amounts are minor units. */
export const NoticeEntity = defineEntity({
  name: 'Notice',
  tableName: 'notice',
  properties: {
    id: p.uuid().primary(),
    noticeNumber: p.bigint().autoincrement(),
    accountId: p.uuid(),
    caseId: p.uuid().nullable(),
    anchorBillId: p.uuid().nullable(),
    copyOfId: p.uuid().nullable(),
    stepCode: p.string().nullable(),
    purpose: p.string().$type<NoticePurpose>(),
    /** About the way back to power: the restore it belongs to, and the code it carries. */
    commandId: p.uuid().nullable(),
    restoreCodeId: p.uuid().nullable(),
    state: p.string().$type<NoticeState>(),
    channel: p.string().$type<NoticeChannel>(),
    recipient: p.string().$type<NoticeRecipient>(),
    contactId: p.uuid().nullable(),
    byGateway: p.boolean(),
    owner: p.string().nullable(),
    deadlineAt: p.datetime().nullable(),
    mandatory: p.boolean(),
    language: p.string().$type<NoticeLanguage>(),
    templateCode: p.string(),
    templateVersion: p.smallint(),
    body: p.text(),
    principalMinor: p.bigint(),
    lateFeeMinor: p.bigint(),
    balanceMinor: p.bigint(),
    currency: p.string(),
    policyCode: p.string(),
    policyVersion: p.integer(),
    routesLeft: p.array().$type<string[]>(),
    acceptedProofs: p.array().$type<ProofKind[]>(),
    announcedCutAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    sentAt: p.datetime().nullable(),
    servedAt: p.datetime().nullable(),
    failedAt: p.datetime().nullable(),
    withdrawnAt: p.datetime().nullable(),
    failureCode: p.string().nullable(),
    proofKind: p.string().$type<ProofKind>().nullable(),
    proofReference: p.string().nullable(),
    proofRecordedBy: p.string().nullable(),
    gatewayMessageId: p.string().nullable(),
    attempts: p.smallint(),
    attemptKey: p.smallint(),
    nextAttemptWallAt: p.datetime(),
  },
});
export type Notice = InferEntity<typeof NoticeEntity>;

/** A bill that a notice speaks of, with what it asked for then. */
export const NoticeBillEntity = defineEntity({
  name: 'NoticeBill',
  tableName: 'notice_bill',
  properties: {
    noticeId: p.uuid().primary(),
    billId: p.uuid().primary(),
    principalMinor: p.bigint(),
    lateFeeMinor: p.bigint(),
  },
});
export type NoticeBill = InferEntity<typeof NoticeBillEntity>;
