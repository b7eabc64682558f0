/**
 * Thresholds on cuts (停电阈值), after the anomaly detection thresholds of the UK's smart meter network: how many cuts one person, one hour,
 * one day, one district may see, and which single cuts look wrong. Over a threshold a cut is not lost: it goes into quarantine, until a
 * second person releases or deletes it. Restores are never counted.
 */

/** What can be limited. `unit` tells how to read the value. */
export const CUT_THRESHOLDS = {
  OPERATOR_PER_DAY: {
    value: 50n,
    unit: 'cuts',
    reason: 'a stolen token must not darken more than one person can answer for in a day',
  },
  SYSTEM_PER_MINUTE: {
    value: 10n,
    unit: 'cuts',
    reason: 'a pace at which the kill switch still saves most; over it cuts wait their turn',
  },
  SYSTEM_PER_HOUR: { value: 200n, unit: 'cuts', reason: 'what a shift can follow up on and restore the same day' },
  SYSTEM_PER_DAY_PER_MILLE: {
    value: 5n,
    unit: 'thousandths of all installed meters',
    reason: 'no day may take more than this share of a city, and never less than 50 cuts are allowed',
  },
  DISTRICT_PERCENT_PER_HOUR: {
    value: 5n,
    unit: 'percent of the district',
    reason: 'no local blackout and no voltage swing behind one transformer; at least one cut an hour is allowed',
  },
  DEBT_MAX_MINOR: {
    value: 50_000_000n,
    unit: 'minor units',
    reason: 'a debt this large is more often a wrong reading than a debt',
  },
} as const;

export type ThresholdKind = keyof typeof CUT_THRESHOLDS;
export const THRESHOLD_KINDS = Object.keys(CUT_THRESHOLDS) as ThresholdKind[];

/** The values in force. */
export type Thresholds = Readonly<Record<ThresholdKind, bigint>>;

/** Cuts sent before this one, in windows that end now (product time). */
export interface CutCounts {
  /** By those who asked for or approved this one; the largest. */
  readonly operatorLastDay: number;
  readonly systemLastMinute: number;
  readonly systemLastHour: number;
  readonly systemLastDay: number;
  readonly districtLastHour: number;
  readonly districtPoints: number;
  readonly installedMeters: number;
}

/** What is looked at in one cut by itself. */
export interface CutValues {
  readonly debtMinor: bigint;
  /** Every bill that counts rests on an estimated reading. */
  readonly estimatedOnly: boolean;
}

/** A cut over a threshold: the pace holds it back, everything else puts it into quarantine. */
export interface Exceeded {
  readonly code: ThresholdKind | 'ESTIMATED_DEBT';
  readonly holdsBack: boolean;
  readonly evidence: string;
}

const MIN_PER_DAY = 50n;
const MIN_PER_DISTRICT_HOUR = 1n;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The largest number of cuts a day over the whole system. */
export const systemPerDay = (thresholds: Thresholds, installedMeters: number): bigint =>
  max(MIN_PER_DAY, (BigInt(installedMeters) * thresholds.SYSTEM_PER_DAY_PER_MILLE) / 1_000n);

/** The largest number of cuts an hour in a district. */
export const districtPerHour = (thresholds: Thresholds, districtPoints: number): bigint =>
  max(MIN_PER_DISTRICT_HOUR, (BigInt(districtPoints) * thresholds.DISTRICT_PERCENT_PER_HOUR) / 100n);

/**
 * The thresholds over which one more cut would be, those that lead to quarantine first. Set to zero, a threshold lets nothing through,
 * minimum or not.
 */
export function exceeded(counts: CutCounts, values: CutValues, thresholds: Thresholds): Exceeded[] {
  const limits: readonly [ThresholdKind, number, bigint, string][] = [
    ['SYSTEM_PER_HOUR', counts.systemLastHour, thresholds.SYSTEM_PER_HOUR, 'cuts in the last hour'],
    [
      'SYSTEM_PER_DAY_PER_MILLE',
      counts.systemLastDay,
      thresholds.SYSTEM_PER_DAY_PER_MILLE === 0n ? 0n : systemPerDay(thresholds, counts.installedMeters),
      'cuts in the last 24 hours',
    ],
    [
      'DISTRICT_PERCENT_PER_HOUR',
      counts.districtLastHour,
      thresholds.DISTRICT_PERCENT_PER_HOUR === 0n ? 0n : districtPerHour(thresholds, counts.districtPoints),
      'cuts in this district in the last hour',
    ],
    [
      'OPERATOR_PER_DAY',
      counts.operatorLastDay,
      thresholds.OPERATOR_PER_DAY,
      'cuts by the same person in the last 24 hours',
    ],
    // Last, because it only delays: what belongs into quarantine goes there at once.
    ['SYSTEM_PER_MINUTE', counts.systemLastMinute, thresholds.SYSTEM_PER_MINUTE, 'cuts in the last minute'],
  ];
  const counted = limits
    .filter(([, count, limit]) => BigInt(count) + 1n > limit)
    .map(([code, count, limit, what]): Exceeded => {
      return { code, holdsBack: code === 'SYSTEM_PER_MINUTE', evidence: `${count} ${what}, ${limit} allowed` };
    });
  return [...unlikely(values, thresholds), ...counted];
}

/** What is looked at in the cut itself. */
function unlikely(values: CutValues, thresholds: Thresholds): Exceeded[] {
  const found: Exceeded[] = [];
  if (values.debtMinor > thresholds.DEBT_MAX_MINOR) {
    const evidence = `a debt of ${values.debtMinor} minor units, over ${thresholds.DEBT_MAX_MINOR}: check the reading`;
    found.push({ code: 'DEBT_MAX_MINOR', holdsBack: false, evidence });
  }
  if (values.estimatedOnly)
    found.push({ code: 'ESTIMATED_DEBT', holdsBack: false, evidence: 'the debt rests on estimated readings alone' });
  return found;
}
