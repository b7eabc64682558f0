/**
 * Use per local day from register readings. Values in, value out, whole Wh: whatever is estimated inside, the days add up to the last
 * reading minus the first, so nothing is billed twice or lost.
 */
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { LocalDate } from '../platform/local-date.js';
import { energyBetween } from './reading-policy.js';
import type { RegisterReading } from './reading-policy.js';

/** One local day's use at one installation. */
export interface DailyUsage {
  date: LocalDate;
  energyWh: bigint;
  /**
   * `ACTUAL` when the meter was read at the very beginning and the very end of the day (or of the part of it in which the meter was
   * installed); otherwise `ESTIMATED`: spread evenly over time between two readings, or a day not complete.
   */
  quality: 'ACTUAL' | 'ESTIMATED';
}

/** A reading to derive use from. One that was itself estimated shapes the use, but makes no day actual. */
export interface UsageReading extends RegisterReading {
  estimated?: boolean;
}

/** Usable readings of one installation, in order of time, and when its meter came and went. */
export interface InstallationReadings {
  readings: readonly UsageReading[];
  timeZone: string;
  installedAt: Date;
  removedAt?: Date | null;
}

/** The register at an instant, counted from the first reading on and past any rollover. */
interface Point {
  atMs: number;
  energyWh: bigint;
  estimated: boolean;
}

/** An end of a day's usage: a midnight, the first reading or the last one. */
interface Boundary {
  atMs: number;
  energyWh: bigint;
  /** Truly read there, and the day's use begins or ends there: at a midnight, or when the meter was installed or removed. */
  exact: boolean;
}

/**
 * Use per local day, from the day of the first reading to the day of the last one. A day that ends exactly with the last reading is
 * complete; a last reading later in the day gives that day's use so far, as an estimate. Fewer than two readings give no days.
 *
 * A meter exchange is two installations: each is asked for by itself, their readings are never mixed, and the day of the exchange
 * appears in both.
 * @throws RangeError when readings are not in strictly rising time or lie outside the installation.
 */
export function dailyUsage(installation: InstallationReadings): DailyUsage[] {
  const { readings, timeZone } = installation;
  checkReadings(installation);
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last || readings.length === 1) return [];

  const boundaries = boundariesOf(cumulative(readings), installation);
  return boundaries.slice(1).map((end, index): DailyUsage => {
    const start = boundaries[index]!;
    return {
      date: localDate(new Date(start.atMs), timeZone),
      energyWh: end.energyWh - start.energyWh,
      quality: start.exact && end.exact ? 'ACTUAL' : 'ESTIMATED',
    };
  });
}

function checkReadings({ readings, installedAt, removedAt }: InstallationReadings): void {
  for (const [index, { at }] of readings.entries()) {
    const previous = readings[index - 1];
    if (previous && previous.at >= at) {
      throw new RangeError(`Readings must rise in time; ${at.toISOString()} comes after ${previous.at.toISOString()}.`);
    }
    if (at < installedAt || (removedAt && at > removedAt)) {
      throw new RangeError(
        `The reading at ${at.toISOString()} lies outside the installation (from ${installedAt.toISOString()} to ${removedAt?.toISOString() ?? 'now'}); ask for each installation by itself.`,
      );
    }
  }
}

function cumulative(readings: readonly UsageReading[]): Point[] {
  let energyWh = 0n;
  return readings.map((reading, index) => {
    const previous = readings[index - 1];
    if (previous) energyWh += energyBetween(previous, reading);
    return { atMs: reading.at.getTime(), energyWh, estimated: reading.estimated ?? false };
  });
}

/** The first point, every local midnight strictly between, and the last point. */
function boundariesOf(points: Point[], { timeZone, installedAt, removedAt }: InstallationReadings): Boundary[] {
  const first = points[0]!;
  const last = points.at(-1)!;
  const firstDate = localDate(new Date(first.atMs), timeZone);
  const startsWhole =
    first.atMs === installedAt.getTime() || first.atMs === startOfLocalDay(firstDate, timeZone).getTime();
  const boundaries: Boundary[] = [
    { atMs: first.atMs, energyWh: first.energyWh, exact: startsWhole && !first.estimated },
  ];

  let date = addDays(firstDate, 1);
  let midnightMs = startOfLocalDay(date, timeZone).getTime();
  let after = 1;
  while (midnightMs < last.atMs) {
    while (points[after]!.atMs < midnightMs) after += 1;
    const following = points[after]!;
    boundaries.push({
      atMs: midnightMs,
      energyWh: interpolate(points[after - 1]!, following, midnightMs),
      exact: following.atMs === midnightMs && !following.estimated,
    });
    date = addDays(date, 1);
    midnightMs = startOfLocalDay(date, timeZone).getTime();
  }
  const endsWhole = last.atMs === midnightMs || last.atMs === removedAt?.getTime();
  boundaries.push({ atMs: last.atMs, energyWh: last.energyWh, exact: endsWhole && !last.estimated });
  return boundaries;
}

/** Linear in time, rounded down to the Wh. What rounding leaves over falls to the following day, so differences add up exactly. */
function interpolate(before: Point, after: Point, atMs: number): bigint {
  const passedMs = BigInt(atMs - before.atMs);
  const wholeMs = BigInt(after.atMs - before.atMs);
  return before.energyWh + ((after.energyWh - before.energyWh) * passedMs) / wholeMs;
}
