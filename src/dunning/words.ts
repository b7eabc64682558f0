/** Kinds of hold (暂缓): while one is open, no cut for debt. */
export const HOLD_KINDS = [
  'DISPUTE',
  'COMPLAINT',
  'PAYMENT_PLAN',
  'PROMISE_TO_PAY',
  'HARDSHIP',
  'BANK_LATE',
  'DEPOSIT_UNDER_PROTEST',
  'GUARANTEE',
  'INVESTIGATION',
] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];

/** Why a customer is in arrears (欠费原因), as a person found out. */
export const ARREARS_CAUSES = ['FORGOT', 'AWAY', 'TENANT', 'HARDSHIP', 'DISPUTE', 'BANK_LATE', 'MALICIOUS'] as const;
export type ArrearsCause = (typeof ARREARS_CAUSES)[number];

/** Credit rating (信誉度), best first; derived from history (credit-rating-policy.ts). */
export const CREDIT_RATINGS = ['A', 'B', 'C', 'D'] as const;
export type CreditRating = (typeof CREDIT_RATINGS)[number];

/** How a notice reaches somebody. */
export const NOTICE_CHANNELS = ['SMS', 'VOICE', 'APP', 'EMAIL', 'LETTER', 'VISIT'] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

/** What proves that a notice was served (送达证明). */
export const PROOF_KINDS = ['SIGNATURE', 'SEAL', 'RECEIPT', 'CALL_RECORD', 'PHOTO', 'DELIVERY_REPORT'] as const;
export type ProofKind = (typeof PROOF_KINDS)[number];

/** The life of a notice. WITHDRAWN: its debt was settled before it was served. */
export const NOTICE_STATES = ['PREPARED', 'SENT', 'SERVED', 'FAILED', 'WITHDRAWN'] as const;
export type NoticeState = (typeof NOTICE_STATES)[number];

/** Steps towards a cut; LAST_CALL is the word just before it. */
export const CUT_PURPOSES = ['REMINDER', 'DEMAND', 'CUT_NOTICE', 'LAST_CALL'] as const;
/** Messages about the way back to power. No hold, pause or hour of the night keeps them back. */
export const RESTORE_PURPOSES = ['RESTORE_BUTTON', 'RESTORE_CODE'] as const;
export type RestorePurpose = (typeof RESTORE_PURPOSES)[number];
/** What a notice is for. */
export const NOTICE_PURPOSES = [...CUT_PURPOSES, ...RESTORE_PURPOSES] as const;
export type NoticePurpose = (typeof NOTICE_PURPOSES)[number];
