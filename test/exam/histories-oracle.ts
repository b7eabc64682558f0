/**
 * Whether a cut for debt is lawful in China, by somebody who has read docs/dunning/policy.md and the law, and not the product's rules: a list of
 * happenings goes in, what stands in the way comes out, by the names that the documents give the checks.
 */
import { Book, graceDays, type BookedBill } from './histories-book.js';
import { noticesOf, type Told } from './histories-notices-told.js';
import { dayAt, isoWeekday, minuteAt, type Story } from './histories-story.js';
import { canStillPay, HOLIDAYS, MAKE_UP_DAYS, type Town } from './histories-town.js';

const MINUTE_MS = 60_000;

/** One cut that is to be judged. */
export interface Question {
  readonly installation: string;
  readonly by: string;
  readonly approvals: readonly { readonly by: string; readonly role: string }[];
  readonly size: number;
}

/** Everything that stands in the way of a cut for debt at this moment; nothing: it is lawful. */
export function objections(story: Story, town: Town, ms: number, question: Question): Set<string> {
  const found = new Set<string>();
  const demand = (code: string, met: boolean): void => void (met || found.add(code));
  const book = new Book(story, ms);
  const today = dayAt(ms);

  demand('KILL_SWITCH', !town.stopped);
  const installed = story.last('meter')!.installation;
  demand('METER_INSTALLED', installed !== null);
  demand('SAME_INSTALLATION', installed === question.installation);
  demand('NOT_ALREADY_OFF', !isOff(story));

  const debts = standsOn(book, today);
  if (story.prepaid) {
    demand('PREPAID_BALANCE', book.balance < 0n);
    demand('PREPAID_GRACE', book.lowMs !== null && ms - book.lowMs >= 30 * MINUTE_MS);
  } else {
    const old = book.unpaid.filter(({ due }) => today - due > 30);
    demand('OVERDUE_DEBT', old.length > 0);
    demand('READING_PROVEN', old.length === 0 || debts.length > 0);
    demand('MIN_DEBT', owed(debts) >= 1_000n);
    const days = graceDays(story, book, ms);
    demand('CREDIT_GRACE', days === 0 || owed(debts.filter(({ due }) => today - due > 30 + days)) >= 1_000n);
    const cause = story.last('cause')?.cause;
    demand('CAUSE_KNOWN', cause !== undefined);
    demand('CAUSE_ALLOWS', !['HARDSHIP', 'AWAY', 'TENANT', 'DISPUTE', 'BANK_LATE'].includes(cause ?? ''));
  }
  for (const code of unannounced(story, book, debts, ms)) found.add(code);

  demand(
    'CONTACT_REACHABLE',
    [story.mobile, story.landline, story.address].some(({ id }) => answers(story, id, today)),
  );
  const shields = protections(story, today);
  demand('NOT_PROTECTED', !shields.some((kind) => story.prepaid || kind !== 'IMPORTANT_USER'));
  demand('PROTECTION_ASKED', story.customerClass !== 'RESIDENTIAL' || story.last('asked') !== undefined);
  demand('NO_HOLD', openHolds(story).length === 0 && !isPaused(story, today));

  const others = question.approvals.filter(({ by, role }) => by !== question.by && role === 'SUPERVISOR');
  const persons = new Set(others.map(({ by }) => by)).size;
  const important = !story.prepaid && shields.includes('IMPORTANT_USER');
  const two = question.size >= 50 || important || (!story.prepaid && story.customerClass === 'INDUSTRIAL');
  demand('APPROVED', persons > 0);
  demand('TWO_PERSONS', !two || persons >= 2);

  demand('ALLOWED_DAY', isCutDay(today, story.prepaid));
  demand('ALLOWED_HOUR', minuteAt(ms) >= 9 * 60 && minuteAt(ms) < (story.prepaid ? 16 : 15) * 60);
  demand('PAYMENT_WINDOW', canStillPay(town, story.districtId, ms, story.prepaid));
  return found;
}

const owed = (bills: readonly BookedBill[]): bigint => bills.reduce((sum, { fen, paid }) => sum + fen - paid, 0n);

/** The bills that a cut would stand on: read, not estimated, and more than thirty days late. */
export const standsOn = (book: Book, today: number): BookedBill[] =>
  book.unpaid.filter(({ due, estimated }) => today - due > 30 && !estimated);

/** Off from the moment the order goes out until the meter has closed again. */
export const isOff = (story: Story): boolean => {
  const moves = story.events.filter(({ what }) => what === 'cut' || what === 'powered');
  return moves.at(-1)?.what === 'cut';
};

/** Holds that nobody has ended. */
export const openHolds = (story: Story) => {
  const ended = new Set(story.all('released').map(({ id }) => id));
  return story.all('held').filter(({ id }) => !ended.has(id));
};

function isPaused(story: Story, today: number): boolean {
  const last = story.events.findLast(({ what }) => what === 'paused' || what === 'resumed');
  return last?.what === 'paused' && last.until >= today;
}

/** When the last hold ended: by somebody, or by its last day, whichever came first. */
export function lastHoldEnd(story: Story, ms: number): number {
  const ends = story.all('held').map(({ id, until }) => {
    const ended = story.all('released').find((one) => one.id === id)?.ms;
    return ended ?? (until === null ? Infinity : startOf(until + 1));
  });
  return Math.max(-Infinity, ...ends.filter((end) => end <= ms));
}

const startOf = (day: number): number => day * 1_440 * MINUTE_MS - 480 * MINUTE_MS;

/** Kinds of protection in force; an important user (重要用户) paid after the bill stays one past any date. */
export function protections(story: Story, today: number): string[] {
  const until = new Map<string, number | null>();
  for (const event of story.events) {
    if (event.what === 'protected') until.set(event.kind, event.until);
    if (event.what === 'unprotected') until.delete(event.kind);
  }
  return [...until]
    .filter(([kind, day]) => day === null || day >= today || (kind === 'IMPORTANT_USER' && !story.prepaid))
    .map(([kind]) => kind);
}

/** Whether somebody is reached at a contact: so said the last who knew, not longer than a year ago, and not three in a row in vain since. */
function answers(story: Story, contact: string, today: number): boolean {
  const tries = story
    .all('tried')
    .filter((one) => one.contact === contact)
    .sort((a, b) => a.whenMs - b.whenMs);
  let good = false;
  let misses = 0;
  let reachedOn = 0;
  for (const { outcome, whenMs } of tries) {
    misses = outcome === 'NOT_REACHED' ? misses + 1 : 0;
    if (outcome === 'REACHED') reachedOn = dayAt(whenMs);
    if (outcome === 'REACHED' || outcome === 'WRONG_PERSON' || outcome === 'INVALID') good = outcome === 'REACHED';
  }
  return good && misses < 3 && today - reachedOn <= 365;
}

interface Subject {
  /** Null: no bill in particular. */
  readonly id: string | null;
  readonly sinceMs: number;
}

/** What is wanting of demand, notice and last call. */
function unannounced(story: Story, book: Book, debts: readonly BookedBill[], ms: number): string[] {
  const told = noticesOf(story, ms);
  const heldMs = lastHoldEnd(story, ms);
  const today = dayAt(ms);
  const wanting: string[] = [];
  // What a notice must speak of: every bill that counts since it was last opened; paid ahead, the balance since it fell.
  const subjects: Subject[] = story.prepaid
    ? [{ id: null, sinceMs: book.lowMs ?? -Infinity }]
    : debts.map(({ id, reopenedMs }): Subject => ({ id, sinceMs: reopenedMs ?? -Infinity }));
  if (subjects.length === 0) subjects.push({ id: null, sinceMs: -Infinity });
  const step = story.prepaid ? 'BELOW_ZERO' : 'CUT_NOTICE';
  const [least, most] = story.prepaid ? [0, 7] : [3, 7];
  const about = ({ id, sinceMs }: Subject, code: string): Told[] =>
    standing(told.filter((one) => one.step === code && one.madeMs >= sinceMs && (id === null || one.bills.has(id))));
  const carrying = (subject: Subject): Told[] =>
    about(subject, step).filter(
      ({ madeMs, servedMs }) =>
        madeMs >= heldMs && today - dayAt(servedMs!) >= least && today - dayAt(servedMs!) <= most,
    );
  const notices = subjects.map(carrying);
  if (notices.some((list) => list.length === 0)) wanting.push('NOTICE_SERVED');
  if (!story.prepaid) {
    const demanded = subjects.every((subject, place) => {
      const demands = about(subject, 'ARREARS_NOTICE').map(({ servedMs }) => dayAt(servedMs!));
      if (demands.length === 0) return false;
      // Where there is no notice yet, nothing was served too early.
      return (
        notices[place]!.length === 0 || notices[place]!.some(({ servedMs }) => dayAt(servedMs!) >= Math.min(...demands))
      );
    });
    if (!demanded) wanting.push('MANDATORY_NOTICES');
    const important = protections(story, today).includes('IMPORTANT_USER');
    if (important && !notices.every((list) => list.some(({ copied }) => copied))) wanting.push('COPY_TO_AUTHORITY');
  }
  const sinceMs = Math.max(heldMs, ...subjects.map((subject) => subject.sinceMs));
  const call = told
    .filter(({ step: code, state, madeMs }) => code === 'LAST_CALL' && state !== 'WITHDRAWN' && madeMs >= sinceMs)
    .reduce<Told | undefined>((newest, one) => (newest && newest.madeMs > one.madeMs ? newest : one), undefined);
  const calledMs = call?.state === 'SERVED' ? ms - call.servedMs! : Infinity;
  if (calledMs < 30 * MINUTE_MS || calledMs > 120 * MINUTE_MS) wanting.push('LAST_CALL');
  return wanting;
}

/** Services that no later failure has put in doubt. */
function standing(notices: readonly Told[]): Told[] {
  const failedMs = Math.max(
    -Infinity,
    ...notices.flatMap(({ state, failedMs: at }) => (state === 'FAILED' ? [at!] : [])),
  );
  return notices.filter(({ state, servedMs }) => state === 'SERVED' && servedMs! > failedMs);
}

/** Monday to Thursday after the bill; Monday to Friday and working weekends paid ahead; never on a holiday or its eve. */
export function isCutDay(day: number, prepaid: boolean): boolean {
  if (HOLIDAYS.has(day) || HOLIDAYS.has(day + 1)) return false;
  if (prepaid && MAKE_UP_DAYS.has(day)) return true;
  return isoWeekday(day) <= (prepaid ? 5 : 4);
}
