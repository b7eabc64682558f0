/** Holds of every kind, opened, ended by a person, and ended by money or a date. */
import { amountsDue } from '../../src/billing/late-fees.js';
import { endHold, expireHolds } from '../../src/flows/end-hold.js';
import { openHold, type HoldOpening } from '../../src/flows/open-hold.js';
import { UserError } from '../../src/platform/errors.js';
import { newKey } from '../flow/support/houses.js';
import { CHINA } from '../support/policies.js';
import { person } from '../support/test-relight.js';
import { Book } from './histories-book.js';
import { openHolds } from './histories-oracle.js';
import { dateOf, dayAt, type Part, type Story } from './histories-story.js';
import type { Table } from './histories-table.js';

const CLERK = person('exam-clerk');
/** How long a hold lasts for which nobody said how long, days. */
const UNSAID_DAYS: Readonly<Record<string, number>> = { HARDSHIP: 180, BANK_LATE: 5 };
const OUTCOMES: Readonly<Record<string, readonly HoldOutcome[]>> = {
  DISPUTE: ['UPHELD', 'REJECTED', 'REJECTED', 'WITHDRAWN'],
  COMPLAINT: ['UPHELD', 'REJECTED', 'REJECTED', 'WITHDRAWN'],
  PAYMENT_PLAN: ['WITHDRAWN'],
  PROMISE_TO_PAY: ['WITHDRAWN'],
  HARDSHIP: ['WITHDRAWN'],
  BANK_LATE: ['SETTLED', 'REJECTED', 'WITHDRAWN'],
  DEPOSIT_UNDER_PROTEST: ['UPHELD', 'REJECTED', 'WITHDRAWN'],
  GUARANTEE: ['SETTLED', 'WITHDRAWN'],
  INVESTIGATION: ['UPHELD', 'REJECTED', 'WITHDRAWN', 'KEPT'],
};
type HoldOutcome = Parameters<typeof endHold>[1]['outcome'];

type Terms = Pick<HoldOpening, 'kind'> & {
  readonly until: number | null;
  readonly fen: bigint | null;
  readonly parts: Part[];
};

/** Sensible terms for most, and now and then some that must be refused. */
async function termsOf(table: Table, story: Story, ms: number): Promise<Terms> {
  const { dice } = story;
  const today = dayAt(ms);
  const rule = CHINA.find(({ paymentMode }) => (paymentMode === 'PREPAID') === story.prepaid)!.lateFee;
  const asked = { date: dateOf(today), rule, timeZone: 'Asia/Shanghai' };
  const dues = await amountsDue(table.relight.ctx.db, [story.accountId], asked);
  const late = dues.get(story.accountId)!.overdueMinor;
  const soon = today + 1 + dice.below(dice.chance(0.05) ? 40 : 12);
  const none = { until: null, fen: null, parts: [] };
  const half = late / 2n;
  switch (dice.below(9)) {
    case 0:
      return { ...none, kind: 'DISPUTE' };
    case 1:
      return { ...none, kind: 'COMPLAINT' };
    case 2: {
      const parts = [
        { due: today + 2, fen: half },
        { due: today + 8, fen: late - half },
      ];
      return { kind: 'PAYMENT_PLAN', until: null, fen: null, parts };
    }
    case 3:
      return { ...none, kind: 'PROMISE_TO_PAY', until: soon, fen: half + 1n };
    case 4:
      return { ...none, kind: 'HARDSHIP', until: dice.chance(0.7) ? soon : null };
    case 5:
      return { ...none, kind: 'BANK_LATE', until: dice.chance(0.5) ? today + dice.below(7) : null };
    case 6:
      return { ...none, kind: 'DEPOSIT_UNDER_PROTEST', fen: half + 1n };
    case 7:
      return { ...none, kind: 'GUARANTEE', until: soon, fen: late + 1n };
    default:
      return { ...none, kind: 'INVESTIGATION', until: dice.chance(0.7) ? soon : null };
  }
}

export async function openHoldOf(table: Table, story: Story, ms: number): Promise<void> {
  const { kind, until, fen, parts } = await termsOf(table, story, ms);
  const from = dayAt(ms) - (story.dice.chance(0.1) ? 2 : 0);
  const opening: HoldOpening = {
    accountId: story.accountId,
    kind,
    reason: 'exam',
    idempotencyKey: newKey(),
    fromDate: dateOf(from),
    ...(until === null ? {} : { untilDate: dateOf(until) }),
    ...(fen === null ? {} : { amountMinor: fen }),
    ...(parts.length === 0
      ? {}
      : { instalments: parts.map((part) => ({ dueDate: dateOf(part.due), amountMinor: part.fen })) }),
  };
  const done = await table.attempt(`hold ${kind} opened`, () => openHold(table.ctx(ms), opening, CLERK));
  if (done instanceof UserError) return;
  const unsaid = UNSAID_DAYS[kind] === undefined ? null : dayAt(ms) + UNSAID_DAYS[kind];
  const lasts = parts.at(-1)?.due ?? until ?? unsaid;
  story.add(ms, { what: 'held', id: done.holdId, kind, from, until: lasts, fen, parts });
}

export async function endHoldOf(table: Table, story: Story, ms: number): Promise<void> {
  const hold = story.dice.pick(openHolds(story));
  const outcome = story.dice.pick(OUTCOMES[hold.kind]!);
  const decision = { holdId: hold.id, outcome, note: 'exam', idempotencyKey: newKey() };
  const done = await table.attempt(`hold ended ${outcome}`, () => endHold(table.ctx(ms), decision, CLERK));
  if (!(done instanceof UserError)) story.add(ms, { what: 'released', id: hold.id, outcome, byItself: false });
}

/** Lets the product end what money or a date has ended. Returns the holds that it ended without either, in words. */
export async function endHoldsByThemselves(table: Table, ms: number): Promise<string[]> {
  const at = new Date(ms);
  await expireHolds(table.ctx(ms), at);
  await table.readFees();
  const ended = await table.sql<{ id: string; accountId: string; outcome: string }>(
    `SELECT id, account_id AS "accountId", outcome FROM hold WHERE closed_at = $1`,
    [at],
  );
  return ended.flatMap(({ id, accountId, outcome }) => {
    const story = table.byAccount.get(accountId);
    if (!story) return [];
    table.count(`hold ended by itself: ${outcome}`);
    const right = mayEndByItself(story, id, ms);
    story.add(ms, { what: 'released', id, outcome, byItself: true });
    return right ? [] : [`hold ${id} ended ${outcome} though neither money nor a date ended it\n${story.tell()}`];
  });
}

function mayEndByItself(story: Story, id: string, ms: number): boolean {
  const hold = story.all('held').find((one) => one.id === id)!;
  const today = dayAt(ms);
  if (hold.until !== null && hold.until < today) return true;
  const then = new Set(new Book(story, hold.ms).bills.map((bill) => bill.id));
  const book = new Book(story);
  if (book.bills.every((bill) => !then.has(bill.id) || bill.paid === bill.fen)) return true;
  const since = book.bills.filter((bill) => then.has(bill.id)).reduce((sum, bill) => sum + bill.paid, 0n);
  const before = new Book(story, hold.ms).bills.reduce((sum, bill) => sum + bill.paid, 0n);
  if (hold.kind !== 'PAYMENT_PLAN') return hold.fen !== null && since - before >= hold.fen;
  const all = hold.parts.reduce((sum, { fen }) => sum + fen, 0n);
  return since - before >= all || hold.parts.some(({ due }) => due + 3 < today);
}
