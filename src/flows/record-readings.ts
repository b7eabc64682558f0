import type { Tx } from '../platform/database.js';
import { localDate, startOfLocalDay, addDays } from '../platform/local-date.js';
import { judgeReading, withoutContradictedEstimates, type ReadingVerdict } from '../metering/reading-policy.js';
import { recordReadingFaults } from '../metering/reading-faults.js';
import {
  insertPeriodReadings,
  insertReadings,
  lockInstallationsOf,
  neighbouringReadings,
  storeDailyUsage,
  type InstallationSpan,
  type ReadingReport,
  type StoredReading,
  type UsageOfDay,
} from '../metering/readings.js';
import { noteNewestReadings, storeNextReadings } from '../metering/next-readings.js';
import { dailyUsage } from '../metering/usage-policy.js';
import { systemActor, type FlowContext } from './context.js';

/** More than any service point of the low-voltage network can draw (three phases of 100 A at 230 V, with room), W. */
const MAX_PLAUSIBLE_W = 150_000;

/** A reading that could not be kept as one, and why. */
export interface RefusedReading {
  readonly reading: ReadingReport;
  readonly code: 'NO_INSTALLATION' | 'READING_CONFLICT';
  readonly message: string;
}

/**
 * Records register readings, once each however often they are heard. Nearly all continue from the newest reading of their meter, and
 * one statement stores them; what is late, odd or first is judged one by one. Returns those that contradict a stored reading or belong
 * to no installation, for quarantine.
 */
export async function recordReadings(
  ctx: Pick<FlowContext, 'timeZone'>,
  tx: Tx,
  reports: readonly ReadingReport[],
  at: Date,
): Promise<RefusedReading[]> {
  if (reports.length === 0) return [];
  const left = await storeNextReadings(tx, reports, { at, timeZone: ctx.timeZone, maxPlausibleW: MAX_PLAUSIBLE_W });
  return recordReadingsOneByOne(ctx, tx, left, at);
}

/**
 * The same for any readings: judged against their neighbours (odd ones are kept and flagged, and nothing is built on them), stored in
 * one statement, and the local days they touch derived anew.
 */
export async function recordReadingsOneByOne(
  ctx: Pick<FlowContext, 'timeZone'>,
  tx: Tx,
  reports: readonly ReadingReport[],
  at: Date,
): Promise<RefusedReading[]> {
  if (reports.length === 0) return [];
  const zone = ctx.timeZone;
  const byMeter = Map.groupBy(reports, ({ meterId }) => meterId);
  const installations = Map.groupBy(await lockInstallationsOf(tx, [...byMeter.keys()]), ({ meterId }) => meterId);
  const around = await lookAround(tx, byMeter, zone);
  const fresh: StoredReading[] = [];
  const refused: RefusedReading[] = [];
  const days: UsageOfDay[] = [];
  for (const [meterId, own] of byMeter) {
    const { days: changed, known } = around.get(meterId)!;
    const judged = judgeMeter(own, known, installations.get(meterId) ?? [], at);
    fresh.push(...judged.fresh);
    refused.push(...judged.refused);
    days.push(...usageAround(judged.fresh, known, installations.get(meterId) ?? [], changed, zone));
  }
  await insertReadings(tx, fresh, at);
  await insertPeriodReadings(tx, fresh);
  await recordReadingFaults(tx, faultsOf(fresh), at, systemActor('record-readings'));
  await storeDailyUsage(tx, days);
  if (fresh.length > 0) await noteNewestReadings(tx, [...byMeter.keys()], zone);
  return refused;
}

/** What is wrong with these readings, as facts: those that cannot be believed (错抄), and estimates that somebody entered (估抄). */
const faultsOf = (fresh: readonly StoredReading[]) =>
  fresh
    .filter(({ usable, quality }) => !usable || quality === 'ESTIMATED')
    .map(({ installationId, readAt, energyWh, usable, flags }) =>
      usable
        ? ({ kind: 'ESTIMATED', installationId, readAt, energyWh, method: 'ENTERED' } as const)
        : ({ kind: 'WRONG', installationId, readAt, energyWh, reason: flags.join(', ') } as const),
    );

/** Whole local days of one meter: from one midnight to another. */
export interface Days {
  readonly meterId: string;
  readonly low: Date;
  readonly high: Date;
}

/**
 * Around the new readings of each meter: the days that they can change, and what is stored of them. They change all days from the
 * reading before them to the reading after, since a midnight that was not read lies on the line between its neighbours.
 */
async function lookAround(
  tx: Tx,
  byMeter: ReadonlyMap<string, readonly ReadingReport[]>,
  zone: string,
): Promise<Map<string, { readonly days: Days; readonly known: readonly StoredReading[] }>> {
  const touched = [...byMeter].map(([meterId, own]) => ({ meterId, ...daysTouched(own, zone) }));
  const near = Map.groupBy(await neighbouringReadings(tx, touched), ({ meterId }) => meterId);
  const widened = touched.map((days) => widen(days, near.get(days.meterId) ?? [], zone));
  // Neighbours are nearly always read at midnight; where not, the other readings of their days count as well.
  const again = widened.filter(({ partial }) => partial);
  const far = Map.groupBy(again.length > 0 ? await neighbouringReadings(tx, again) : [], ({ meterId }) => meterId);
  return new Map(
    widened.map((days) => [days.meterId, { days, known: (days.partial ? far : near).get(days.meterId) ?? [] }]),
  );
}

/** From the beginning of the day that the first reading ends or lies in, to the end of the day of the last one. */
function daysTouched(readings: readonly ReadingReport[], zone: string): { low: Date; high: Date } {
  const times = readings.map(({ readAt }) => readAt.getTime());
  const firstDay = localDate(new Date(Math.min(...times) - 1), zone);
  const lastDay = localDate(new Date(Math.max(...times)), zone);
  return { low: startOfLocalDay(firstDay, zone), high: startOfLocalDay(addDays(lastDay, 1), zone) };
}

/** Widens the days to those of the stored readings before and after; `partial` when one of these was not read at midnight. */
function widen(days: Days, near: readonly StoredReading[], zone: string): Days & { readonly partial: boolean } {
  const before = near.find(({ readAt }) => readAt <= days.low)?.readAt;
  const after = near.findLast(({ readAt }) => readAt >= days.high)?.readAt;
  const midnightBefore = before && startOfLocalDay(localDate(before, zone), zone);
  const midnightAfter = after && startOfLocalDay(addDays(localDate(new Date(after.getTime() - 1), zone), 1), zone);
  return {
    meterId: days.meterId,
    low: midnightBefore ?? days.low,
    high: midnightAfter ?? days.high,
    partial: midnightBefore?.getTime() !== before?.getTime() || midnightAfter?.getTime() !== after?.getTime(),
  };
}

function judgeMeter(
  reports: readonly ReadingReport[],
  known: readonly StoredReading[],
  installations: readonly InstallationSpan[],
  at: Date,
): { fresh: StoredReading[]; refused: RefusedReading[] } {
  const fresh: StoredReading[] = [];
  const refused: RefusedReading[] = [];
  const timeline = [...known];
  for (const reading of [...reports].sort((a, b) => a.readAt.getTime() - b.readAt.getTime())) {
    const twins = timeline.filter(
      (other) => other.readAt.getTime() === reading.readAt.getTime() && other.quality === reading.quality,
    );
    if (twins.length > 0) {
      if (!twins.some(({ energyWh }) => energyWh === reading.energyWh)) {
        refused.push({
          reading,
          code: 'READING_CONFLICT',
          message: `another value (${twins[0]!.energyWh} Wh) is stored for this instant; have the meter checked`,
        });
      }
      continue;
    }
    const installation = installations.find(
      ({ installedAt, removedAt }) =>
        installedAt <= reading.readAt && (removedAt === null || reading.readAt <= removedAt),
    );
    if (!installation) {
      refused.push({
        reading,
        code: 'NO_INSTALLATION',
        message: 'the meter was installed nowhere at this instant; check the installation record',
      });
      continue;
    }
    const verdict = judgeAmong(reading, timeline, installation, at);
    const { flags, usable } = verdict;
    const stored = { ...reading, installationId: installation.id, revision: 0, flags, usable };
    fresh.push(stored);
    timeline.push(stored);
    timeline.sort((a, b) => a.readAt.getTime() - b.readAt.getTime());
  }
  return { fresh, refused };
}

/**
 * Judges a reading among the stored ones of its installation. One that was read is held against what was read alone: an estimate
 * proves nothing against it, and gives way.
 */
export function judgeAmong(
  reading: ReadingReport,
  timeline: readonly StoredReading[],
  installation: InstallationSpan,
  at: Date,
): ReadingVerdict {
  const proving = timeline.filter(
    ({ usable, installationId, quality }) =>
      usable && installationId === installation.id && (quality === 'ACTUAL' || reading.quality === 'ESTIMATED'),
  );
  const previous = proving.findLast((other) => other.readAt <= reading.readAt);
  const next = proving.find((other) => other.readAt > reading.readAt);
  const { installedAt, installedWh, removedAt, removedWh } = installation;
  const removed = removedAt && removedWh !== null ? { at: removedAt, registerWh: removedWh } : undefined;
  return judgeReading({
    previous: previous
      ? { at: previous.readAt, registerWh: previous.energyWh }
      : { at: installedAt, registerWh: installedWh },
    next: next ? { at: next.readAt, registerWh: next.energyWh } : removed,
    candidate: { at: reading.readAt, registerWh: reading.energyWh },
    nowVirtual: at,
    maxPlausibleW: MAX_PLAUSIBLE_W,
  });
}

/** Derives the days that the fresh readings change; the day of an installation's first reading only if it is known from its beginning. */
function usageAround(
  fresh: readonly StoredReading[],
  known: readonly StoredReading[],
  installations: readonly InstallationSpan[],
  { low, high }: Days,
  zone: string,
): UsageOfDay[] {
  return installations.flatMap((installation) =>
    fresh.some(({ usable, installationId }) => usable && installationId === installation.id)
      ? usageOf([...known, ...fresh], installation, { low, high }, zone)
      : [],
  );
}

/** The days of an installation from one midnight to another, derived from these readings; odd and superseded ones play no part. */
export function usageOf(
  among: readonly StoredReading[],
  installation: InstallationSpan,
  { low, high }: Pick<Days, 'low' | 'high'>,
  zone: string,
): UsageOfDay[] {
  const [from, until] = [localDate(low, zone), localDate(high, zone)];
  const readings = withoutContradictedEstimates(
    actualFirst(among.filter(({ usable, installationId }) => usable && installationId === installation.id)).map(
      ({ readAt, energyWh, quality }) => ({ at: readAt, registerWh: energyWh, estimated: quality === 'ESTIMATED' }),
    ),
  );
  const first = readings[0];
  if (!first) return [];
  const firstDay = localDate(first.at, zone);
  const firstDayWhole =
    startOfLocalDay(firstDay, zone).getTime() === first.at.getTime() || installation.installedAt >= first.at;
  const { installedAt, removedAt } = installation;
  return dailyUsage({ readings, timeZone: zone, installedAt, removedAt })
    .filter(({ date }) => date >= from && date < until && (firstDayWhole || date > firstDay))
    .map((day) => ({ ...day, installationId: installation.id }));
}

/** In order of time, one per instant; an actual reading replaces an estimate of the same instant. */
function actualFirst(readings: readonly StoredReading[]): StoredReading[] {
  const byInstant = new Map<number, StoredReading>();
  for (const reading of readings) {
    const other = byInstant.get(reading.readAt.getTime());
    if (!other || other.quality === 'ESTIMATED') byInstant.set(reading.readAt.getTime(), reading);
  }
  return [...byInstant.values()].sort((a, b) => a.readAt.getTime() - b.readAt.getTime());
}
