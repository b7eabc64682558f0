import { statement } from '../platform/database.js';
import { LIMITS } from '../platform/limits.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import { recordReadingFaults } from '../metering/reading-faults.js';
import {
  fillGaps,
  findGaps,
  giveUpGaps,
  lastScannedMidnight,
  noteScanned,
  type GapPage,
} from '../metering/reading-gaps.js';
import { systemActor, type FlowContext } from './context.js';

/** Freezes of a city come in over a while, and late ones by themselves; a midnight is looked through after this, ms of product time. */
const GRACE_MS = 2 * 3_600_000;
/** After a pause of the schedule no more midnights than this are looked through: older ones are beyond asking. */
const MAX_MIDNIGHTS = 31;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Keeps the book of missing midnights: ends those that have come or never will (the latter are faults of reading, 漏抄), and looks once
 * through every midnight that has passed. The first run begins with the newest: what was before the product is nobody's gap.
 */
export async function findReadingGaps(ctx: FlowContext, at: Date): Promise<void> {
  await endGaps(ctx, at);
  const last = await lastScannedMidnight(ctx.db);
  for (const midnight of midnightsToScan(last, at, ctx.timeZone)) await scan(ctx, midnight, at);
}

/** Local days whose midnight is to be looked through, in order. */
export function midnightsToScan(last: Date | undefined, at: Date, timeZone: string): string[] {
  const newest = localDate(new Date(at.getTime() - GRACE_MS), timeZone);
  const oldest = addDays(newest, 1 - MAX_MIDNIGHTS);
  const next = last === undefined ? newest : addDays(localDate(last, timeZone), 1);
  const days: string[] = [];
  for (let day = next > oldest ? next : oldest; day <= newest; day = addDays(day, 1)) days.push(day);
  return days;
}

async function scan(ctx: FlowContext, midnight: string, at: Date): Promise<void> {
  const midnightAt = startOfLocalDay(midnight, ctx.timeZone);
  let found = 0;
  let after: string | null = NO_ID;
  while (after !== null) {
    const of: GapPage = { midnightAt, midnight, after };
    const page = await ctx.db.transaction('find-reading-gaps', (tx) => findGaps(tx, of, at));
    found += page.found;
    after = page.looked === LIMITS.readingGapPage.value ? page.last : null;
  }
  // Only now: a scan that broke off is begun again, and finds no gap twice.
  await ctx.db.transaction('note-gap-scan', (tx) => noteScanned(tx, midnightAt, at));
  if (found > 0) ctx.log.info({ midnight, missing: found }, 'midnight registers are missing; their meters are asked');
}

async function endGaps(ctx: FlowContext, at: Date): Promise<void> {
  const limit = LIMITS.readingGapPage.value;
  let ended: number;
  do ended = await ctx.db.transaction('fill-gaps', (tx) => fillGaps(tx, at, limit));
  while (ended === limit);
  do {
    ended = await ctx.db.transaction('give-up-gaps', async (tx) => {
      const given = await giveUpGaps(tx, at, limit);
      await recordReadingFaults(
        tx,
        given.map(({ installationId, midnightAt, attempts }) => ({
          kind: 'MISSED' as const,
          installationId,
          readAt: midnightAt,
          reason: `the midnight register did not come; the meter was asked ${attempts} times`,
        })),
        at,
        systemActor('find-reading-gaps'),
      );
      return given.length;
    });
  } while (ended === limit);
}

const DROP = statement(
  'telemetry-drop-history',
  `SELECT drop_meter_history('meter_event', $1::date) || drop_meter_history('meter_state', $1::date) AS dropped`,
);

/** Forgets events and states of meters older than so many whole months; by default nothing is forgotten, and readings never are. */
export async function dropMeterHistory(ctx: FlowContext, keepMonths: number, at: Date): Promise<void> {
  const [year, month] = localDate(at, 'UTC').split('-').map(Number) as [number, number];
  const before = new Date(Date.UTC(year, month - 1 - keepMonths, 1)).toISOString().slice(0, 10);
  const [row] = await ctx.db.rows<{ dropped: string[] }>(DROP, [before]);
  if (row!.dropped.length > 0)
    ctx.log.info(
      { partitions: row!.dropped },
      'old events and states of meters were dropped, as METER_HISTORY_MONTHS says',
    );
}
