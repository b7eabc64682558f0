const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a civil date (proleptic Gregorian). `month` is 1–12. */
export const dayNumber = (year: number, month: number, day: number): number =>
  Math.floor(Date.UTC(year, month - 1, day) / DAY_MS);

/** 0 Saturday, 1 holiday (Sunday), 2 working day: the day types of the load profiles. */
export function dayType(day: number): 0 | 1 | 2 {
  const weekday = (((day + 4) % 7) + 7) % 7; // 1970-01-01 was a Thursday (4)
  return weekday === 6 ? 0 : weekday === 0 ? 1 : 2;
}

/** One local year: its midnights as instants. `midnightsMs` has one more entry than the year has days. */
export interface LocalYear {
  year: number;
  firstDay: number;
  dayCount: number;
  midnightsMs: Float64Array;
}

/**
 * Local days of one time zone. Looking up an instant is a table access: the zone's rules are asked once per local year, not
 * once per reading.
 */
export class Calendar {
  readonly #years = new Map<number, LocalYear>();
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError when the zone is no IANA name. */
  constructor(readonly timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The local year an instant lies in. */
  yearOf(atMs: number): LocalYear {
    const guess = new Date(atMs).getUTCFullYear();
    const year = this.year(guess);
    if (atMs < (year.midnightsMs[0] as number)) return this.year(guess - 1);
    if (atMs >= (year.midnightsMs[year.dayCount] as number)) return this.year(guess + 1);
    return year;
  }

  /** Index of the local day within its year: 0 is 1 January. */
  dayIndexOf(year: LocalYear, atMs: number): number {
    const midnights = year.midnightsMs;
    let index = Math.min(year.dayCount - 1, Math.max(0, Math.floor((atMs - (midnights[0] as number)) / DAY_MS)));
    // A change of summer time moves later midnights by an hour, so the guess is off by at most one.
    if (atMs < (midnights[index] as number)) index -= 1;
    else if (atMs >= (midnights[index + 1] as number)) index += 1;
    return index;
  }

  /** Local day (days since 1970-01-01) an instant lies in. */
  dayOf(atMs: number): number {
    const year = this.yearOf(atMs);
    return year.firstDay + this.dayIndexOf(year, atMs);
  }

  /** Instant at which a local day begins. */
  midnightMs(day: number): number {
    const year = this.year(new Date(day * DAY_MS).getUTCFullYear());
    return year.midnightsMs[day - year.firstDay] as number;
  }

  year(number: number): LocalYear {
    let year = this.#years.get(number);
    if (!year) {
      year = this.#build(number);
      this.#years.set(number, year);
    }
    return year;
  }

  #build(year: number): LocalYear {
    const firstDay = dayNumber(year, 1, 1);
    const dayCount = dayNumber(year + 1, 1, 1) - firstDay;
    const midnightsMs = new Float64Array(dayCount + 1);
    for (let index = 0; index <= dayCount; index += 1) {
      const localMs = (firstDay + index) * DAY_MS;
      // Twice: the offset at the guessed instant may differ from the one at the midnight itself.
      const guessMs = localMs - this.#offsetMs(localMs);
      midnightsMs[index] = localMs - this.#offsetMs(guessMs);
    }
    return { year, firstDay, dayCount, midnightsMs };
  }

  /** Local time minus UTC at an instant. */
  #offsetMs(atMs: number): number {
    const part = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(atMs)) {
      if (type in part) part[type as keyof typeof part] = Number(value);
    }
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - atMs;
  }
}
