import { lockAccount, type LockedAccount } from '../accounts/accounts.js';
import { recordReadingFaults } from '../metering/reading-faults.js';
import {
  insertReadings,
  lockInstallationsOf,
  neighbouringReadings,
  storeDailyUsage,
  type InstallationSpan,
  type StoredReading,
} from '../metering/readings.js';
import { noteNewestReadings } from '../metering/next-readings.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { assert, UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { billedUse, rebill, type Rebilled } from './rebill.js';
import { judgeAmong, usageOf } from './record-readings.js';
import { announceSupplyRelease } from './release-supply.js';

/** A stored reading that was wrong, and what the register truly showed. */
export interface ReadingCorrection {
  readonly meterId: string;
  readonly readAt: Date;
  /** The true register, Wh. */
  readonly energyWh: bigint;
  readonly reason: string;
  /** What proves it: a photo, a field report. */
  readonly evidence: string;
  readonly idempotencyKey: string;
}

const POINT = statement(
  'correct-reading-point',
  `SELECT i.service_point_id AS "servicePointId", sp.account_id AS "accountId" FROM meter_installation i JOIN service_point sp ON sp.id = i.service_point_id
   WHERE i.meter_id = $1 AND i.installed_at <= $2 AND (i.removed_at IS NULL OR i.removed_at >= $2) ORDER BY i.installed_at DESC LIMIT 1`,
);

/**
 * Corrects a reading (错抄更正). The stored one stays as it is and counts no more: the true value is stored beside it as the next
 * revision, and the correction as a fact. Readings that were not believed because of the wrong one are judged again, the days it
 * touched are derived anew, and the bills computed from it are corrected ({@link rebill}), all in one transaction.
 *
 * @throws UserError READING_NOT_FOUND, READING_UNCHANGED, READING_IMPLAUSIBLE, TOO_MANY_BILLS, IDEMPOTENCY_KEY_REUSED
 */
export async function correctReading(
  ctx: FlowContext,
  correction: ReadingCorrection,
  actor: Actor,
): Promise<Rebilled & { readonly servicePointId: string; readonly replayed: boolean }> {
  const { meterId, readAt, energyWh, reason, evidence } = correction;
  return ctx.db.transaction('correct-reading', async (tx) => {
    const at = ctx.clock.now();
    const content = { meterId, readAt: readAt.toISOString(), energyWh, reason, evidence };
    return once(tx, { key: correction.idempotencyKey, act: 'correct-reading', content, at }, async () => {
      const [point] = await tx.rows<{ servicePointId: string; accountId: string }>(POINT, [meterId, readAt]);
      if (!point) throw notFound();
      const account = await lockAccount(tx, point.accountId);
      assert(account, `service point ${point.servicePointId} has no account`);
      return correctLocked(ctx, tx, { account, servicePointId: point.servicePointId }, correction, at, actor);
    });
  });
}

async function correctLocked(
  ctx: FlowContext,
  tx: Tx,
  { account, servicePointId }: { readonly account: LockedAccount; readonly servicePointId: string },
  correction: ReadingCorrection,
  at: Date,
  actor: Actor,
): Promise<Rebilled & { servicePointId: string }> {
  const { meterId, readAt, reason, evidence } = correction;
  const installations = await lockInstallationsOf(tx, [meterId]);
  const day = localDate(readAt, ctx.timeZone);
  const span = {
    meterId,
    low: startOfLocalDay(addDays(day, -1), ctx.timeZone),
    high: startOfLocalDay(addDays(day, 1), ctx.timeZone),
  };
  const old = wrongReading(await neighbouringReadings(tx, [span]), correction);
  const installation = installations.find(({ id }) => id === old.installationId)!;
  const known = await allAround(tx, old, installation);
  const corrected = correctedReading(old, known, installation, correction.energyWh, at);
  const billedBefore = await billedUse(ctx, tx, servicePointId);

  const others = known.map((other) => (isSameInstant(other, old) ? { ...other, usable: false } : other));
  const believed = believedAgain(inOrder([...others, corrected]), installation, at);
  await insertReadings(tx, [corrected, ...believed], at);
  const { installationId } = old;
  const fault = { kind: 'CORRECTED', installationId, readAt, reason, evidence } as const;
  await recordReadingFaults(tx, [{ ...fault, energyWh: corrected.energyWh, earlierWh: old.energyWh }], at, actor);
  const timeline = inOrder([...others, corrected, ...believed]);
  await storeDailyUsage(tx, usageOf(timeline, installation, daysAround(timeline, old, ctx.timeZone), ctx.timeZone));
  await noteNewestReadings(tx, [meterId], ctx.timeZone);
  const rebilled = await rebill(ctx, tx, account, billedBefore, { at, actor, reason });
  await recordAudit(tx, at, actor, [
    {
      act: 'reading.corrected',
      subjectType: 'ServicePoint',
      subjectId: servicePointId,
      accountId: account.id,
      servicePointId,
      reason,
      detail: {
        meterId,
        readAt,
        earlierWh: String(old.energyWh),
        energyWh: String(corrected.energyWh),
        believedAgain: believed.length,
        correctionBills: rebilled.correctionBillIds.length,
      },
    },
  ]);
  announceSupplyRelease(ctx, tx, [servicePointId, account.id], rebilled.restoreCommandIds);
  return { servicePointId, ...rebilled };
}

/** The newest revision of the reading that is to be corrected. */
function wrongReading(near: readonly StoredReading[], { readAt, energyWh }: ReadingCorrection): StoredReading {
  const old = near.findLast((other) => other.quality === 'ACTUAL' && other.readAt.getTime() === readAt.getTime());
  if (!old) throw notFound();
  if (old.energyWh === energyWh && old.usable) {
    throw new UserError(
      'READING_UNCHANGED',
      'This is the value that counts already. Nothing needs to be corrected.',
      'energyWh',
    );
  }
  return old;
}

const notFound = (): UserError =>
  new UserError(
    'READING_NOT_FOUND',
    'This meter has no reading at that very instant. Look at the readings of the service point, and give the instant as it stands there.',
    'readAt',
  );

const isSameInstant = (one: StoredReading, other: StoredReading): boolean =>
  one.quality === other.quality && one.readAt.getTime() === other.readAt.getTime();

const inOrder = (readings: readonly StoredReading[]): StoredReading[] =>
  [...readings].sort((a, b) => a.readAt.getTime() - b.readAt.getTime());

const AMONG = statement(
  'correct-reading-among',
  `WITH edge AS (
     SELECT (SELECT max(read_at) FROM reading WHERE meter_id = $1 AND installation_id = $2 AND read_at < $3 AND usable AND quality = 'ACTUAL') AS low,
            (SELECT min(read_at) FROM reading WHERE meter_id = $1 AND installation_id = $2 AND read_at > $3 AND usable AND quality = 'ACTUAL') AS high)
   SELECT r.meter_id AS "meterId", r.installation_id AS "installationId", r.read_at AS "readAt", r.energy_wh AS "energyWh", r.quality, r.cause, r.flags, r.revision,
          r.usable AND r.revision = max(r.revision) FILTER (WHERE r.usable) OVER (PARTITION BY r.read_at, r.quality) AS usable
   FROM edge, reading r WHERE r.meter_id = $1 AND r.installation_id = $2 AND r.read_at >= coalesce(edge.low, '-infinity') AND r.read_at <= coalesce(edge.high, 'infinity')
   ORDER BY r.read_at, r.quality, r.revision LIMIT 5000`,
);

/** All readings of the installation from the last good one before the wrong one to the first good one after it. */
const allAround = (tx: Tx, old: StoredReading, installation: InstallationSpan): Promise<StoredReading[]> =>
  tx.rows<StoredReading>(AMONG, [old.meterId, installation.id, old.readAt]);

/** The true value as the next revision; it must fit the good readings around it. */
function correctedReading(
  old: StoredReading,
  known: readonly StoredReading[],
  installation: InstallationSpan,
  energyWh: bigint,
  at: Date,
): StoredReading {
  const others = known.filter((other) => !isSameInstant(other, old));
  const candidate = { ...old, energyWh, cause: 'MANUAL' as const };
  const { usable, flags, reason } = judgeAmong(candidate, others, installation, at);
  if (!usable) {
    throw new UserError(
      'READING_IMPLAUSIBLE',
      `The corrected value does not fit the readings around it: ${reason}. Check it, or correct the other reading first.`,
      'energyWh',
    );
  }
  return { ...candidate, revision: old.revision + 1, flags, usable };
}

/** Readings that were not believed because of the wrong one, and now are: each as its own next revision. */
function believedAgain(timeline: readonly StoredReading[], installation: InstallationSpan, at: Date): StoredReading[] {
  const believed: StoredReading[] = [];
  const newest = new Map(timeline.map((reading) => [`${reading.readAt.getTime()} ${reading.quality}`, reading]));
  for (const reading of newest.values()) {
    if (reading.usable) continue;
    const { usable, flags } = judgeAmong(reading, inOrder([...timeline, ...believed]), installation, at);
    if (usable) believed.push({ ...reading, revision: reading.revision + 1, flags, usable });
  }
  return believed;
}

/** The days from the good reading before to the good reading after, or to the end of what is known. */
function daysAround(timeline: readonly StoredReading[], old: StoredReading, zone: string): { low: Date; high: Date } {
  const low = timeline[0]!.readAt < old.readAt ? timeline[0]!.readAt : old.readAt;
  const last = timeline.at(-1)!.readAt;
  return {
    low: startOfLocalDay(localDate(low, zone), zone),
    high: startOfLocalDay(addDays(localDate(last, zone), 1), zone),
  };
}
