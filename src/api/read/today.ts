import { addMonths, localDate, type LocalDate } from '../../platform/local-date.js';
import type { ApiContext } from '../context.js';

/** The local day it is now, by product time. */
export const today = ({ api }: ApiContext): LocalDate =>
  localDate(api.deps.flows.clock.now(), api.deps.flows.timeZone);

/** The next date with this day of the month, from `from` on (1 to 28, so that every month has it). */
export function nextMonthDay(from: LocalDate, dayOfMonth: number): LocalDate {
  const inThisMonth = `${from.slice(0, 8)}${String(dayOfMonth).padStart(2, '0')}`;
  return inThisMonth >= from ? inThisMonth : addMonths(inThisMonth, 1);
}
