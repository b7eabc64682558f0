import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass, ProtectionKind } from '../accounts/customer.js';
import type { InterruptionReason } from '../switching/interruption.js';
import type { ArrearsCause, CreditRating, HoldKind, NoticePurpose, NoticeState, ProofKind } from './words.js';

/** What a rule outside this room found, e.g. weather or open payment channels. */
export interface Verdict {
  readonly passed: boolean;
  readonly evidence: string;
}

/** An unpaid bill as a decision sees it. Dates are local days. */
export interface DebtFact {
  readonly billId: string;
  readonly principalOutstandingMinor: bigint;
  /** Posted and computed to the day of the decision. */
  readonly lateFeeOutstandingMinor: bigint;
  readonly dueDate: string;
  /** Last day of the billed period, exclusive: the day its meter was read. */
  readonly readingDate: string;
  readonly estimated: boolean;
  /** A reversed payment brought the debt back at this instant: notices served before do not speak of it. */
  readonly reopenedAt: Date | null;
}

/** A notice on record, whatever became of it. */
export interface NoticeFact {
  readonly noticeId: string;
  /** Step of the ladder; null for a last call. */
  readonly stepCode: string | null;
  readonly purpose: NoticePurpose;
  readonly state: NoticeState;
  readonly createdAt: Date;
  readonly servedAt: Date | null;
  readonly failedAt: Date | null;
  /** Of a last call: the time told to the customer at which power goes off. Absent or null: it names none. */
  readonly announcedCutAt?: Date | null;
  readonly proofKind: ProofKind | null;
  /** A copy reached the authority. */
  readonly copiedToAuthority: boolean;
  readonly billIds: readonly string[];
}

/** Everything known about one account that the ladder and a cut decide by: rows as read, nothing concluded. */
export interface AccountFacts {
  readonly accountId: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly bills: readonly DebtFact[];
  /** Credit less everything due, minor units; below zero the customer owes. */
  readonly balanceMinor: bigint;
  /** Prepaid: since when the balance has been below the line of the cut; null: it is not, or nobody knows. */
  readonly belowLineSince: Date | null;
  readonly protections: readonly { readonly kind: ProtectionKind; readonly validUntil: string | null }[];
  /** Local day on which the customer was last asked about protections; null: never. */
  readonly protectionAskedOn: string | null;
  /** Open holds. `until` is the last local day, null: until ended; past it a hold holds until somebody has acted on its end. */
  readonly holds: readonly { readonly holdId: string; readonly kind: HoldKind; readonly until: string | null }[];
  /** The pause of dunning that covers this day; its `until` is the last local day, null: until resumed. Absent or null: there is none. */
  readonly pause?: { readonly until: string | null } | null;
  readonly notices: readonly NoticeFact[];
  /** Contacts proven reachable, and the last attempt to reach the customer in person or by voice. */
  readonly reachableContacts: number;
  readonly lastContactAttemptAt: Date | null;
  readonly creditRating: CreditRating;
  readonly arrearsCause: ArrearsCause | null;
}

/** Everything a decision about one cut needs, gathered under the account's lock. */
export interface CutFacts extends AccountFacts {
  readonly reason: InterruptionReason;
  readonly at: Date;
  readonly killSwitchEngaged: boolean;
  readonly installed: boolean;
  /** The command's installation is the one in place now; true when there is no command yet. */
  readonly sameInstallation: boolean;
  readonly openInterruptions: readonly InterruptionReason[];
  readonly reportedRelay: 'OPEN' | 'CLOSED' | null;
  /** The meter says that it refuses cuts itself (保电). Told with the evidence; it decides nothing. */
  readonly reportedProtected?: boolean;
  /** Nobody to begin with; the requester is not among them. */
  readonly approvals: readonly { readonly by: string; readonly role: string }[];
  readonly requestedBy: string | null;
  /** Cuts decided together with this one; 1 for a single cut. */
  readonly batchSize: number;
  readonly calendar: {
    /** False: nobody has published this year's holidays. */
    readonly covered: boolean;
    readonly holiday: string | null;
    readonly eve: boolean;
    /** A weekend day on which offices work. */
    readonly makeUpDay: boolean;
  };
  /** Null where the policy has no such rule. */
  readonly weather: Verdict | null;
  readonly paymentWindow: Verdict | null;
}
