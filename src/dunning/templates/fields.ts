import type { LocalDate } from '../../platform/local-date.js';
import type { CUT_PURPOSES } from '../words.js';

/** Everything a notice may say. Amounts are minor units of `currency`. */
export interface NoticeFields {
  readonly purpose: (typeof CUT_PURPOSES)[number];
  /** Paid ahead: the notice speaks of a balance and not of bills. */
  readonly prepaid: boolean;
  /** What the step of the ladder is called, in the language of the notice; null for a last call. */
  readonly title: string | null;
  readonly customerName: string;
  readonly accountNumber: string;
  readonly address: string;
  /** Phone of the district (it belongs to the district, not to a person). */
  readonly servicePhone: string;
  /** The local day of the notice. */
  readonly issuedOn: LocalDate;
  readonly currency: string;
  readonly bills: readonly NoticeBillField[];
  readonly principalMinor: bigint;
  readonly lateFeeMinor: bigint;
  /** Prepaid: the balance; below zero the customer owes. */
  readonly balanceMinor: bigint;
  /** Last local day to pay in time; null: now. */
  readonly payBy: LocalDate | null;
  /** No cut before this local day and time 'HH:MM'; for CUT_NOTICE and LAST_CALL. */
  readonly cutNotBefore: { readonly day: LocalDate; readonly time: string } | null;
  /** What brings power back. */
  readonly restore: {
    readonly threshold: 'FULL' | 'PERCENT' | 'BALANCE_ABOVE_ZERO';
    readonly percent: number;
    readonly sameDay: boolean;
    readonly withinHours: number;
  };
  /** Quoted only where it was read in the rule's own text. */
  readonly clause: { readonly text: string; readonly verified: boolean };
  /** True for a copy to somebody other than the customer. */
  readonly copy: boolean;
}

/** Only a rule of others that was read in its own text is quoted to a customer; what the company asks of itself is not law. */
export const quotable = ({ clause }: NoticeFields): boolean => clause.verified && !clause.text.startsWith('Relight:');

/** One bill as a notice itemises it. */
export interface NoticeBillField {
  readonly periodFrom: LocalDate;
  /** Exclusive. */
  readonly periodTo: LocalDate;
  readonly dueDate: LocalDate;
  readonly principalMinor: bigint;
  readonly lateFeeMinor: bigint;
}

/** The words of one language: one function for each part of a notice. */
export interface NoticeWords {
  readonly version: number;
  readonly heading: (fields: NoticeFields) => string;
  readonly amount: (fields: NoticeFields) => readonly string[];
  readonly deadline: (fields: NoticeFields) => string;
  readonly howToPay: (fields: NoticeFields) => string;
  readonly restore: (fields: NoticeFields) => string;
  readonly object: (fields: NoticeFields) => string;
  readonly clause: (fields: NoticeFields) => string;
}
