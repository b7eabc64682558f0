import { Calendar, dayNumber } from '../meter/calendar.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)/g;
const DURATION = /^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$/;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/;
const CLOCK = /^(\d{2}):(\d{2})(?::(\d{2}))?$/;
const DAY_MS = 86_400_000;

/** Milliseconds of `1h30m`, `500ms`, …; undefined when it is no length of time. */
export function durationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let sumMs = 0;
  for (const [, value, unit] of text.matchAll(PART)) sumMs += Number(value) * (UNITS[unit as string] as number);
  return sumMs;
}

/** A length of time whose shape the schema has checked. */
export const lengthMs = (text: string): number => durationMs(text) ?? 0;

/** `1 h 30 min` and the like, for people: the two largest units that say something. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const whole = Math.round(ms / (ms < 60_000 ? 100 : 1_000)) * (ms < 60_000 ? 100 : 1_000);
  const parts: string[] = [];
  let rest = whole;
  for (const [unitMs, unit] of [
    [DAY_MS, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const) {
    if (rest >= unitMs) parts.push(`${Math.floor(rest / unitMs)} ${unit}`);
    rest %= unitMs;
  }
  if (rest > 0) parts.push(`${rest / 1_000} s`);
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** Local times of a zone. */
export class LocalTimes {
  readonly #calendar: Calendar;

  /** @throws RangeError when the zone is no IANA name. */
  constructor(timezone: string) {
    this.#calendar = new Calendar(timezone);
  }

  /** The instant of a local date and time, ms since 1970; undefined when there is no such date. */
  instantMs(text: string): number | undefined {
    const match = LOCAL.exec(text);
    if (!match) return undefined;
    const [year, month, day, hour, minute, second = 0] = match
      .slice(1)
      .map((part) => (part ? Number(part) : undefined));
    const number = dayNumber(year as number, month as number, day as number);
    const back = new Date(number * DAY_MS);
    if (back.getUTCMonth() + 1 !== month || back.getUTCDate() !== day || !isTime(hour, minute, second))
      return undefined;
    return this.#atMs(number, hour as number, minute as number, second);
  }

  /** The first instant from `fromMs` on at which clocks show `HH:MM[:SS]`; undefined when they never do. */
  nextMs(text: string, fromMs: number): number | undefined {
    const match = CLOCK.exec(text);
    if (!match) return undefined;
    const [hour, minute, second = 0] = match.slice(1).map((part) => (part ? Number(part) : undefined));
    if (!isTime(hour, minute, second)) return undefined;
    const today = this.#calendar.dayOf(fromMs);
    const todayMs = this.#atMs(today, hour as number, minute as number, second);
    return todayMs >= fromMs ? todayMs : this.#atMs(today + 1, hour as number, minute as number, second);
  }

  /** `2025-06-10 12:00:00`, local. */
  text(atMs: number): string {
    const day = this.#calendar.dayOf(atMs);
    const restS = Math.floor((atMs - this.#calendar.midnightMs(day)) / 1_000);
    const two = (value: number): string => String(value).padStart(2, '0');
    const clock = [restS / 3_600, (restS / 60) % 60, restS % 60].map((value) => two(Math.floor(value))).join(':');
    return `${new Date(day * DAY_MS).toISOString().slice(0, 10)} ${clock}`;
  }

  /** Hours count from midnight, so on the two days a year of a changing clock they may be one off. */
  #atMs(day: number, hour: number, minute: number, second: number): number {
    return this.#calendar.midnightMs(day) + ((hour * 60 + minute) * 60 + second) * 1_000;
  }
}

const isTime = (hour = 99, minute = 99, second = 99): boolean => hour < 24 && minute < 60 && second < 60;
