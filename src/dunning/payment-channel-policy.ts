import type { HolidayCalendar } from '../platform/holidays.js';
import { localDate, localTime, weekday, yearOf } from '../platform/local-date.js';
import type { Verdict } from './cut-facts.js';
import { ONLINE_KINDS, type OpeningHours, type PaymentChannelFact } from './payment-channel.js';
import type { Clause, DunningPolicy } from './policy-schema.js';

/** What a policy says about paying before the evening, with the place it says it for. */
export type PaymentWindowRule = NonNullable<DunningPolicy['paymentWindow']> & {
  readonly timeZone: string;
  readonly calendar: HolidayCalendar;
};

/** Channels named in the evidence of a refusal; the rest is counted. */
const MOST_NAMED = 5;
const MINUTES_OF_HOUR = 60;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * MINUTES_OF_HOUR + Number(time.slice(3, 5));
const timeOf = (minutes: number): string =>
  [Math.floor(minutes / MINUTES_OF_HOUR), minutes % MINUTES_OF_HOUR]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');

/** The local moment of the question; a minute that has begun no longer counts as time to pay. */
interface Moment {
  readonly date: string;
  readonly weekday: number;
  readonly minute: number;
  readonly evening: number;
  /** Null: nobody has published this year's holidays. */
  readonly holiday: boolean | null;
}

/**
 * Whether somebody whose power goes off at `at` could still pay today: one channel must be open for at least `minOpenMinutes` before
 * `untilTime`, breaks left out. A channel of which it is doubtful whether it opens (a year whose holidays nobody knows) counts as closed.
 *
 * @param channels those of the district and those for everybody, in any order
 */
export function paymentWindow(
  channels: readonly PaymentChannelFact[],
  at: Date,
  rule: PaymentWindowRule,
): Verdict & { readonly clause: Clause } {
  const moment = momentOf(at, rule);
  const judged = channels.map((channel) => ({ channel, ...openMinutes(channel, at, moment, rule) }));
  const [best] = judged.toSorted((a, b) => b.minutes - a.minutes || (a.channel.code < b.channel.code ? -1 : 1));
  const { minOpenMinutes, untilTime, clause } = rule;
  if (best && best.minutes >= minOpenMinutes) {
    const evidence = `${labelOf(best.channel)} is open for ${best.minutes} min before ${untilTime}, until ${best.until}; ${minOpenMinutes} are needed`;
    return { passed: true, evidence, clause };
  }
  const reasons = judged.map(
    ({ channel, minutes, reason }) => `${labelOf(channel)}: ${reason ?? `${minutes} min left before ${untilTime}`}`,
  );
  const more = reasons.length > MOST_NAMED ? `; and ${reasons.length - MOST_NAMED} more` : '';
  const evidence = `nowhere ${minOpenMinutes} min to pay before ${untilTime}: ${reasons.toSorted().slice(0, MOST_NAMED).join('; ') || 'no payment channel is on record'}${more}`;
  return { passed: false, evidence, clause };
}

const labelOf = ({ code, kind }: PaymentChannelFact): string => `${kind} ${code}`;

function momentOf(at: Date, { timeZone, calendar, untilTime }: PaymentWindowRule): Moment {
  const date = localDate(at, timeZone);
  const time = localTime(at, timeZone);
  const wholeMinute = time.endsWith(':00') && at.getTime() % 1_000 === 0;
  return {
    date,
    weekday: weekday(date),
    minute: minutesOf(time) + (wholeMinute ? 0 : 1),
    evening: minutesOf(untilTime),
    holiday: calendar.coversYear(yearOf(date)) ? calendar.isHoliday(date) : null,
  };
}

interface Opening {
  readonly minutes: number;
  /** The last minute at which one can pay, 'HH:MM'. */
  readonly until?: string;
  /** Why it does not count at all. */
  readonly reason?: string;
}

function openMinutes(channel: PaymentChannelFact, at: Date, moment: Moment, rule: PaymentWindowRule): Opening {
  const reason = closedBecause(channel, at, moment, rule);
  if (reason) return { minutes: 0, reason };
  const today = merged(channel.hours.filter((hours) => hours.weekday === moment.weekday));
  const left = today
    .map(({ from, to }) => ({ from: Math.max(from, moment.minute), to: Math.min(to, moment.evening) }))
    .filter(({ from, to }) => to > from);
  if (left.length === 0)
    return { minutes: 0, reason: today.length === 0 ? 'closed on this weekday' : 'closed by then' };
  return {
    minutes: left.reduce((sum, { from, to }) => sum + to - from, 0),
    until: timeOf(Math.max(...left.map(({ to }) => to))),
  };
}

function closedBecause(
  { kind, downSince, closedFrom, closedUntil, openOnHolidays }: PaymentChannelFact,
  at: Date,
  { date, holiday }: Moment,
  { countOnline }: PaymentWindowRule,
): string | undefined {
  if (ONLINE_KINDS.includes(kind) && !countOnline) return 'online, does not count';
  if (downSince && downSince <= at) return `out of order since ${downSince.toISOString()}`;
  if (closedFrom && closedFrom <= date && (!closedUntil || closedUntil >= date))
    return `closed from ${closedFrom}${closedUntil ? ` to ${closedUntil}` : ' on'}`;
  if (openOnHolidays || holiday === false) return undefined;
  return holiday ? 'closed on this holiday' : "nobody knows this year's holidays";
}

/** Opening hours of one day as minutes, those that overlap or touch made one. */
function merged(hours: readonly OpeningHours[]): { from: number; to: number }[] {
  const sorted = hours
    .map(({ opens, closes }) => ({ from: minutesOf(opens), to: minutesOf(closes) }))
    .sort((a, b) => a.from - b.from);
  const result: { from: number; to: number }[] = [];
  for (const one of sorted) {
    const last = result.at(-1);
    if (last && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else result.push({ ...one });
  }
  return result;
}
