import { readFileSync } from 'node:fs';
import { packagePath } from '../package-root.js';
import type { LoadName } from '../wire/contract.js';
import { dayType, type Calendar, type LocalYear } from './calendar.js';

const QUARTERS = 96;
const DAY_TYPES = ['saturday', 'holiday', 'workday'] as const;

/** One day of a profile: energy weights per quarter-hour, and their running sum (97 entries, the last is the day's total). */
interface ShapeDay {
  weights: Float64Array;
  sums: Float64Array;
}

/** A local year of a profile: running sum of day totals. `total` is the year's; weights are integers, so sums are exact. */
interface ShapeYear {
  days: ShapeDay[];
  sums: Float64Array;
  total: number;
}

type ShapeTable = Record<LoadName, Record<(typeof DAY_TYPES)[number], string>[]>;

/** How much of its yearly energy a load has used, and how fast it is using it. */
export interface YearShare {
  /** The local year. */
  year: number;
  /** Part of that year's energy used by the instant, 0–1. */
  part: number;
  /** Part of the year's energy per millisecond. */
  ratePerMs: number;
  /** Length of the local year, ms. */
  yearMs: number;
}

/**
 * When energy is used over a year, from the BDEW profiles in `simulator/data`. Each local year is scaled to its own
 * calendar, so the sum over any year is exactly the annual energy, leap years included. Public holidays other than Sundays
 * count as the weekday they fall on. On the two days a year that have 23 or 25 hours the day's curve is stretched.
 */
export class LoadShape {
  readonly #days: ShapeDay[];
  readonly #years = new Map<number, ShapeYear>();

  constructor(
    readonly load: LoadName,
    private readonly calendar: Calendar,
  ) {
    const table = JSON.parse(readFileSync(packagePath('simulator', 'data', 'load-shapes.json'), 'utf8')) as ShapeTable;
    this.#days = table[load].flatMap((month) => DAY_TYPES.map((type) => shapeDay(month[type])));
  }

  /** Constant time: table look-ups only. */
  at(atMs: number): YearShare {
    const year = this.calendar.yearOf(atMs);
    const shape = this.#year(year);
    const index = this.calendar.dayIndexOf(year, atMs);
    const day = shape.days[index] as ShapeDay;
    const startMs = year.midnightsMs[index] as number;
    const quarterMs = ((year.midnightsMs[index + 1] as number) - startMs) / QUARTERS;
    const quarters = (atMs - startMs) / quarterMs;
    const quarter = Math.min(QUARTERS - 1, Math.floor(quarters));
    const weight = day.weights[quarter] as number;
    const used = (shape.sums[index] as number) + (day.sums[quarter] as number) + weight * (quarters - quarter);
    return {
      year: year.year,
      part: used / shape.total,
      ratePerMs: weight / quarterMs / shape.total,
      yearMs: (year.midnightsMs[year.dayCount] as number) - (year.midnightsMs[0] as number),
    };
  }

  #year(year: LocalYear): ShapeYear {
    let shape = this.#years.get(year.year);
    if (!shape) {
      shape = this.#build(year);
      this.#years.set(year.year, shape);
    }
    return shape;
  }

  #build(year: LocalYear): ShapeYear {
    const days: ShapeDay[] = [];
    const sums = new Float64Array(year.dayCount + 1);
    for (let index = 0; index < year.dayCount; index += 1) {
      const month = new Date((year.firstDay + index) * 86_400_000).getUTCMonth();
      const day = this.#days[month * DAY_TYPES.length + dayType(year.firstDay + index)] as ShapeDay;
      days.push(day);
      sums[index + 1] = (sums[index] as number) + (day.sums[QUARTERS] as number);
    }
    return { days, sums, total: sums[year.dayCount] as number };
  }
}

function shapeDay(row: string): ShapeDay {
  const weights = Float64Array.from(row.split(' '), Number);
  if (weights.length !== QUARTERS || weights.some((weight) => !(weight > 0))) {
    throw new Error(`simulator/data/load-shapes.json is damaged: a day needs ${QUARTERS} positive figures.`);
  }
  const sums = new Float64Array(QUARTERS + 1);
  weights.forEach((weight, quarter) => (sums[quarter + 1] = (sums[quarter] as number) + weight));
  return { weights, sums };
}
