import type { DebtFact } from '../../../src/dunning/cut-facts.js';
import type { Ladder, LadderFacts } from '../../../src/dunning/ladder.js';
import { startOfLocalDay } from '../../../src/platform/local-date.js';
import type { ProofKind } from '../../../src/dunning/words.js';

const HOUR_MS = 3_600_000;

/** An instant at an hour of a local day in China. */
export const on = (day: string, hour = 12): Date => new Date(startOfLocalDay(day).getTime() + hour * HOUR_MS);

/** A bill read on 5 March 2026 and due on 25 March, 100 yuan. */
export const bill = (change: Partial<DebtFact> = {}): DebtFact => ({
  billId: 'B1',
  principalOutstandingMinor: 10_000n,
  lateFeeOutstandingMinor: 0n,
  dueDate: '2026-03-25',
  readingDate: '2026-03-05',
  estimated: false,
  reopenedAt: null,
  ...change,
});

export type NoticeOf = LadderFacts['notices'][number];
let made = 0;

/** A notice of a step about some bills, made at 10 o'clock of a day. */
export const notice = (stepCode: string | null, createdOn: string, change: Partial<NoticeOf> = {}): NoticeOf => ({
  noticeId: `N${String((made += 1)).padStart(6, '0')}`,
  stepCode,
  purpose: stepCode === null ? 'LAST_CALL' : 'DEMAND',
  state: 'PREPARED',
  createdAt: on(createdOn, 10),
  servedAt: null,
  failedAt: null,
  failureCode: null,
  proofKind: null,
  copiedToAuthority: false,
  billIds: ['B1'],
  ...change,
});

/** A notice served at 11 o'clock of the day on which it was made, or of another. */
export const served = (
  stepCode: string,
  createdOn: string,
  change: Partial<NoticeOf> & { servedOn?: string; proofKind?: ProofKind | null } = {},
): NoticeOf => {
  const { servedOn = createdOn, ...rest } = change;
  return notice(stepCode, createdOn, { state: 'SERVED', servedAt: on(servedOn, 11), proofKind: 'SIGNATURE', ...rest });
};

/** A notice that failed at 11 o'clock of the day on which it was made. */
export const failed = (stepCode: string, createdOn: string, change: Partial<NoticeOf> = {}): NoticeOf =>
  notice(stepCode, createdOn, { state: 'FAILED', failedAt: on(createdOn, 11), failureCode: 'NOT_SERVED', ...change });

/** A household in arrears with one bill, reachable, of middling rating, that forgot to pay. */
export const debtor = (change: Partial<LadderFacts> = {}): LadderFacts => ({
  accountId: 'A1',
  customerClass: 'RESIDENTIAL',
  paymentMode: 'POSTPAID',
  bills: [bill()],
  balanceMinor: -10_000n,
  belowLineSince: null,
  protections: [],
  protectionAskedOn: '2026-01-01',
  holds: [],
  notices: [],
  reachableContacts: 1,
  lastContactAttemptAt: null,
  creditRating: 'C',
  arrearsCause: 'FORGOT',
  ...change,
});

const LETTER = {
  DONE: 'D',
  DUE: 'U',
  WAITING: 'w',
  BLOCKED: 'B',
  SKIPPED: 's',
  WITHDRAWN: 'x',
  NEVER_ACTIONED: 'n',
  PAUSED: 'P',
} as const;

/** Stage and one letter a step: 'REMINDED DDUww'. */
export const look = ({ stage, steps }: Ladder): string =>
  `${stage} ${steps.map(({ state }) => LETTER[state]).join('')}`;
