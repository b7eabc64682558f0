/**
 * Whether a reading may be believed. Every reading is kept; one that is flagged unusable never reaches a bill. Values in, value out:
 * the caller looks up the neighbours and says what time it is.
 */

/** The register has 8 digits of 0.01 kWh (DL/T 645-2007, DI 00010000): after 999,999.99 kWh it shows zero again. */
export const REGISTER_MODULUS_WH = 1_000_000_000n;

/** One step of the register. Two readings of a meter at full load may differ by one step more than its power allows. */
export const REGISTER_STEP_WH = 10n;

/** A meter's clock may run ahead of ours by this much before its readings count as far-future. */
export const DEFAULT_FUTURE_TOLERANCE_MS = 15 * 60_000;

const HOUR_MS = 3_600_000n;

/** What can be wrong, or worth knowing, about a reading. */
export type ReadingFlag = 'BACKWARDS' | 'FAR_FUTURE' | 'IMPLAUSIBLE' | 'ROLLOVER';

/** What a register showed at an instant of the meter's clock. */
export interface RegisterReading {
  at: Date;
  /** Forward active energy register, Wh, below {@link REGISTER_MODULUS_WH}. */
  registerWh: bigint;
}

/** What is known when a reading arrives. */
export interface ReadingFacts {
  /** The latest usable reading of the same installation at or before the candidate. */
  previous?: RegisterReading;
  /** The earliest usable reading of the same installation after it, when the candidate arrives late. */
  next?: RegisterReading;
  candidate: RegisterReading;
  nowVirtual: Date;
  /** The most power the installation can draw, in whole watts. */
  maxPlausibleW: number;
  futureToleranceMs?: number;
}

/** The verdict; `reason` says it in words for whoever asks why a reading was not billed. */
export interface ReadingVerdict {
  flags: ReadingFlag[];
  usable: boolean;
  reason: string;
}

/** How two readings in a row relate. */
type Step = { kind: 'FORWARD' | 'ROLLOVER'; energyWh: bigint } | { kind: 'BACKWARDS' | 'TOO_FAST'; energyWh: bigint };

/**
 * Judges a reading against its neighbours.
 * - `FAR_FUTURE`: read later than now plus the tolerance; kept, not usable.
 * - `BACKWARDS`: below the reading before it, or above the one after it, and not explained by a rollover; not usable.
 * - `IMPLAUSIBLE`: more energy than the installation could draw in the time, or more than the register can show; not usable.
 * - `ROLLOVER`: the register passed 999,999.99 kWh between the readings; usable, {@link energyBetween} counts it right.
 * @throws RangeError when the neighbours are not in the order of time: then the caller looked up the wrong ones.
 */
export function judgeReading(facts: ReadingFacts): ReadingVerdict {
  const { previous, next, candidate, nowVirtual, maxPlausibleW } = facts;
  const futureToleranceMs = facts.futureToleranceMs ?? DEFAULT_FUTURE_TOLERANCE_MS;
  const flags = new Set<ReadingFlag>();
  const reasons: string[] = [];

  const aheadMs = candidate.at.getTime() - nowVirtual.getTime();
  if (aheadMs > futureToleranceMs) {
    flags.add('FAR_FUTURE');
    reasons.push(`read ${aheadMs} ms in the future, more than the ${futureToleranceMs} ms tolerated`);
  }
  if (candidate.registerWh < 0n || candidate.registerWh >= REGISTER_MODULUS_WH) {
    flags.add('IMPLAUSIBLE');
    reasons.push(`the register shows ${candidate.registerWh} Wh, beyond its 8 digits`);
    return { flags: [...flags], usable: false, reason: reasons.join('; ') };
  }
  const steps = [
    previous && { step: stepBetween(previous, candidate, maxPlausibleW), side: 'since the reading before' },
    next && { step: stepBetween(candidate, next, maxPlausibleW), side: 'until the reading after' },
  ];
  for (const { step, side } of steps.filter((one) => one !== undefined)) {
    if (step.kind === 'BACKWARDS') flags.add('BACKWARDS');
    if (step.kind === 'TOO_FAST') flags.add('IMPLAUSIBLE');
    if (step.kind === 'ROLLOVER') flags.add('ROLLOVER');
    reasons.push(describe(step, side, maxPlausibleW));
  }
  if (steps.every((one) => one === undefined)) reasons.push('first reading of the installation');
  const usable = !flags.has('FAR_FUTURE') && !flags.has('BACKWARDS') && !flags.has('IMPLAUSIBLE');
  return { flags: [...flags], usable, reason: reasons.join('; ') };
}

/**
 * Energy between two readings of one register in a row, in Wh, counting at most one rollover.
 * Only for readings judged usable: the register of such a pair falls only when it rolled over.
 */
export function energyBetween(earlier: RegisterReading, later: RegisterReading): bigint {
  const energyWh = later.registerWh - earlier.registerWh;
  return energyWh < 0n ? energyWh + REGISTER_MODULUS_WH : energyWh;
}

/** A reading among others of one installation; one that was estimated gives way to those that were read. */
export interface ReadingInTime extends RegisterReading {
  readonly estimated?: boolean;
}

/**
 * The readings without those estimates that a register truly read has proved wrong: an estimate must lie between the actual readings
 * around it, and not below an estimate before it. Readings in order of time, one per instant, those actually read judged usable.
 */
export function withoutContradictedEstimates<Reading extends ReadingInTime>(readings: readonly Reading[]): Reading[] {
  const kept: Reading[] = [];
  let lastActual: Reading | undefined;
  for (const [index, reading] of readings.entries()) {
    if (!reading.estimated) {
      lastActual = reading;
      kept.push(reading);
      continue;
    }
    const before = kept.at(-1);
    const nextActual = readings.slice(index + 1).find(({ estimated }) => !estimated);
    const forward = (from: RegisterReading | undefined, to: RegisterReading | undefined): boolean =>
      !from || !to || energyBetween(from, to) < REGISTER_MODULUS_WH / 2n;
    const withinActual =
      !lastActual || !nextActual || energyBetween(lastActual, reading) <= energyBetween(lastActual, nextActual);
    if (withinActual && forward(before, reading) && forward(reading, nextActual)) kept.push(reading);
  }
  return kept;
}

function stepBetween(earlier: RegisterReading, later: RegisterReading, maxPlausibleW: number): Step {
  const elapsedMs = later.at.getTime() - earlier.at.getTime();
  if (elapsedMs < 0) {
    throw new RangeError(
      `Readings must be judged against neighbours in time order; ${earlier.at.toISOString()} is not before ${later.at.toISOString()}.`,
    );
  }
  const possible = (energyWh: bigint): boolean =>
    (energyWh - REGISTER_STEP_WH) * HOUR_MS <= BigInt(maxPlausibleW) * BigInt(elapsedMs);
  const energyWh = later.registerWh - earlier.registerWh;
  if (energyWh >= 0n) return { kind: possible(energyWh) ? 'FORWARD' : 'TOO_FAST', energyWh };
  const wrappedWh = energyWh + REGISTER_MODULUS_WH;
  // After years without a reading almost any fall could be a rollover; beyond half the register it is taken for a reading gone wrong.
  const rolledOver = possible(wrappedWh) && wrappedWh < REGISTER_MODULUS_WH / 2n;
  return rolledOver ? { kind: 'ROLLOVER', energyWh: wrappedWh } : { kind: 'BACKWARDS', energyWh };
}

function describe({ kind, energyWh }: Step, side: string, maxPlausibleW: number): string {
  if (kind === 'BACKWARDS') return `the register falls by ${-energyWh} Wh ${side}`;
  if (kind === 'TOO_FAST') return `${energyWh} Wh ${side} is more than ${maxPlausibleW} W can draw in the time`;
  return `${energyWh} Wh ${side}${kind === 'ROLLOVER' ? ', over the end of the register' : ''}`;
}
