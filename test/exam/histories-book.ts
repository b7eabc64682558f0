/** What an account owes, kept by the exam's own book: bills and payments one after the other, oldest due first, the rest is credit. */
import { dayAt, type Dated, type Story } from './histories-story.js';

export interface BookedBill {
  readonly id: string;
  readonly due: number;
  readonly readOn: number;
  readonly fen: bigint;
  readonly estimated: boolean;
  paid: bigint;
  /** Late fees entered, and what is paid of them. They never lead to a cut. */
  fee: bigint;
  feePaid: bigint;
  /** A reversed payment opened it again. */
  reopenedMs: number | null;
  /** Value day of the money that paid it last, and the day on which credit paid some of it. */
  paidOn: number | null;
  readonly creditedOn: number | null;
}

type Part = 'paid' | 'feePaid';

interface BookedPayment {
  readonly id: string;
  readonly valueDay: number;
  readonly fen: bigint;
  readonly shares: { bill: BookedBill; part: Part; fen: bigint }[];
  toCredit: bigint;
}

/** The book at one moment. `lowMs`: since when the balance has been below zero. */
export class Book {
  readonly bills: BookedBill[] = [];
  readonly payments: BookedPayment[] = [];
  credit = 0n;
  lowMs: number | null = null;

  constructor(story: Story, untilMs = Infinity) {
    for (const event of story.events) {
      if (event.ms > untilMs) continue;
      this.enter(event);
      if (this.balance >= 0n) this.lowMs = null;
      else this.lowMs ??= event.ms;
    }
  }

  /** Credit less everything due. */
  get balance(): bigint {
    return this.bills.reduce((sum, bill) => sum - open(bill, 'paid') - open(bill, 'feePaid'), this.credit);
  }

  /** Oldest due first. */
  get unpaid(): BookedBill[] {
    return this.bills.filter(({ fen, paid }) => paid < fen).sort((a, b) => a.due - b.due);
  }

  /** Everything unpaid, fees included. */
  get owed(): bigint {
    return this.bills.reduce((sum, bill) => sum + open(bill, 'paid') + open(bill, 'feePaid'), 0n);
  }

  private enter(event: Dated): void {
    if (event.what === 'billed') {
      const { id, due, readOn, fen, estimated } = event;
      const paid = this.credit < fen ? this.credit : fen;
      this.credit -= paid;
      const paidOn = paid > 0n ? dayAt(event.ms) : null;
      this.bills.push({
        id,
        due,
        readOn,
        fen,
        estimated,
        paid,
        fee: 0n,
        feePaid: 0n,
        reopenedMs: null,
        paidOn,
        creditedOn: paidOn,
      });
    }
    if (event.what === 'paid') this.settle(event.id, event.fen, event.valueDay, dayAt(event.ms));
    if (event.what === 'fee') this.charge(event.bill, event.fen);
    if (event.what === 'reversed') this.takeBack(event.id, event.ms);
  }

  /** What is overdue first, then the rest; of each the principal, oldest first, before any late fee. */
  private settle(id: string, fen: bigint, valueDay: number, today: number): void {
    const payment: BookedPayment = { id, valueDay, fen, shares: [], toCredit: fen };
    const oldest = this.bills.toSorted((a, b) => a.due - b.due);
    for (const late of [true, false])
      for (const part of ['paid', 'feePaid'] as const)
        for (const bill of oldest.filter(({ due }) => due < today === late)) {
          const share = least(payment.toCredit, open(bill, part));
          if (share === 0n) continue;
          bill[part] += share;
          if (part === 'paid') bill.paidOn = Math.max(bill.paidOn ?? valueDay, valueDay);
          payment.shares.push({ bill, part, fen: share });
          payment.toCredit -= share;
        }
    this.credit += payment.toCredit;
    this.payments.push(payment);
  }

  /** A fee is entered, or waived; what was paid of a waived one becomes credit. */
  private charge(id: string, fen: bigint): void {
    const bill = this.bills.find((one) => one.id === id)!;
    bill.fee += fen;
    for (const payment of this.payments.toReversed())
      for (const share of payment.shares) {
        if (share.bill !== bill || share.part !== 'feePaid' || bill.feePaid <= bill.fee) continue;
        const freed = least(share.fen, bill.feePaid - bill.fee);
        bill.feePaid -= freed;
        share.fen -= freed;
        payment.toCredit += freed;
        this.credit += freed;
      }
  }

  private takeBack(id: string, ms: number): void {
    const payment = this.payments.find((one) => one.id === id)!;
    for (const { bill, part, fen } of payment.shares) {
      bill[part] -= fen;
      if (part === 'paid') bill.reopenedMs = ms;
    }
    this.credit -= payment.toCredit;
    this.payments.splice(this.payments.indexOf(payment), 1);
    for (const { bill } of payment.shares) {
      const others = this.payments.filter(({ shares }) =>
        shares.some((share) => share.bill === bill && share.part === 'paid'),
      );
      const days = [...others.map(({ valueDay }) => valueDay), ...(bill.creditedOn === null ? [] : [bill.creditedOn])];
      bill.paidOn = days.length > 0 ? Math.max(...days) : null;
    }
  }
}

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);
const open = (bill: BookedBill, part: Part): bigint =>
  part === 'paid' ? bill.fen - bill.paid : bill.fee - bill.feePaid;

const LONG_AGO = 730;
const YEAR = 365;
const BANKS = ['COUNTER_CHEQUE', 'BANK', 'BANK_FILE'];

/**
 * Days of grace that a good name grants before a cut: ten to the best (A), five to the middling (B), none to anybody who has given a reason. All
 * happens within two years here, so only what is within one is told apart.
 */
export function graceDays(story: Story, book: Book, ms: number): number {
  const today = dayAt(ms);
  const past = book.bills.filter(({ due }) => due < today && due >= today - LONG_AGO);
  const excused = story.all('released').flatMap(({ id, outcome, ms: endMs }) => {
    const hold = story.all('held').find((one) => one.id === id)!;
    const counts = outcome === 'UPHELD' || (hold.kind === 'BANK_LATE' && outcome === 'SETTLED');
    return counts ? [{ from: hold.from, to: Math.max(dayAt(endMs), hold.from) }] : [];
  });
  const late = (due: number, end: number): number =>
    end > due && !excused.some(({ from, to }) => from <= end && to >= due) ? end - due : 0;
  const settled = past
    .filter(({ fen, paid }) => paid === fen)
    .map(({ due, paidOn }) => ({ due, late: late(due, paidOn ?? due) }));
  const unpaid = past.filter(({ fen, paid }) => paid < fen).map(({ due }) => late(due, today));
  const recent = settled.filter(({ due }) => due >= today - YEAR);
  const lately = recent.filter((bill) => bill.late >= 1 && bill.late <= 30).length;
  const bounced = story
    .all('reversed')
    .filter(({ id }) => BANKS.includes(story.all('paid').find((one) => one.id === id)!.channel));
  const spoilt =
    provenCuts(story) > 0 ||
    story.all('released').some(({ outcome }) => outcome === 'BROKEN') ||
    bounced.length >= 2 ||
    recent.some((bill) => bill.late > 30) ||
    settled.filter((bill) => bill.late > 30).length >= 3 ||
    lately >= 6 ||
    unpaid.length >= 2 ||
    unpaid.some((days) => days >= 91);
  if (spoilt) return 0;
  const middling = bounced.length >= 1 || settled.some((bill) => bill.late > 30) || lately > 1 || settled.length < 6;
  return middling ? 5 : 10;
}

/** Cuts that the meter has proven, those upheld as a mistake left out. */
function provenCuts(story: Story): number {
  const upheld = story.all('released').filter(({ outcome }) => outcome === 'UPHELD');
  return story.all('proven').filter(({ command }) => {
    const cut = story.all('cut').find((one) => one.command === command)!;
    const back = story.all('powered').find(({ ms }) => ms >= cut.ms)?.ms ?? Infinity;
    return !upheld.some(({ id, ms }) => ms >= cut.ms && story.all('held').find((one) => one.id === id)!.ms <= back);
  }).length;
}
