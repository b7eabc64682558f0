/** What is the same for everybody in an exam: the calendar on the wall, the counters, the app, the kill switch. */
import { dayAt, dayOf, isoWeekday, minuteAt } from './histories-story.js';

const range = (from: string, to: string): number[] => {
  const days: number[] = [];
  for (let day = dayOf(from); day <= dayOf(to); day += 1) days.push(day);
  return days;
};

/** Public holidays of China in 2026, as the State Council announced them, copied by hand. */
export const HOLIDAYS: ReadonlySet<number> = new Set([
  ...range('2026-01-01', '2026-01-03'),
  ...range('2026-02-15', '2026-02-23'),
  ...range('2026-04-04', '2026-04-06'),
  ...range('2026-05-01', '2026-05-05'),
  ...range('2026-06-19', '2026-06-21'),
  ...range('2026-09-25', '2026-09-27'),
  ...range('2026-10-01', '2026-10-07'),
]);
/** Weekend days of that year on which everybody works. */
export const MAKE_UP_DAYS: ReadonlySet<number> = new Set(
  ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'].map(dayOf),
);

/** Counters: Monday to Saturday, 08:30 to 17:30, no holidays. */
export const COUNTER = { opens: 8 * 60 + 30, closes: 17 * 60 + 30 };

/** The town as it stands; the exam changes it as it goes. */
export interface Town {
  stopped: boolean;
  /** Last closed day of a counter, by district. */
  readonly closedUntil: Map<string, number>;
  /** The app takes no payments. */
  appDown: boolean;
}

/** Whether somebody whose power goes off now has two hours left to pay before eight in the evening. Only who pays ahead is sent to the app. */
export function canStillPay(town: Town, districtId: string, ms: number, prepaid: boolean): boolean {
  const day = dayAt(ms);
  const minute = minuteAt(ms) + (ms % 60_000 === 0 ? 0 : 1);
  if (prepaid && !town.appDown && 20 * 60 - minute >= 120) return true;
  const counterOpen =
    isoWeekday(day) <= 6 && !HOLIDAYS.has(day) && (town.closedUntil.get(districtId) ?? -Infinity) < day;
  return counterOpen && COUNTER.closes - Math.max(minute, COUNTER.opens) >= 120;
}
