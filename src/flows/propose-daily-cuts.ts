import { statement } from '../platform/database.js';
import { addDays, localDate, localTime, startOfLocalDay } from '../platform/local-date.js';
import { systemActor, type FlowContext } from './context.js';
import { proposeCuts } from './propose-cuts.js';

const ACTOR = systemActor('propose-cuts');
const HOUR_MS = 3_600_000;
/** Local hours [from, to) in which the day's cuts are proposed: before the people come who approve them. */
const PROPOSING = { fromHour: 7, toHour: 9 };

// A district that has had its batch of the day, whatever became of it, is not proposed again by itself.
const DISTRICTS = statement(
  'propose-daily-districts',
  `SELECT d.id FROM transformer_district d
   WHERE NOT EXISTS (SELECT FROM cut_batch b WHERE b.district_id = d.id AND b.planned_for = $1::date) ORDER BY d.code`,
);

/**
 * Proposes today's cuts, district by district, once a morning. Later in the day it leaves the matter to people: a proposal at noon would
 * find nobody who has the time to look at it.
 *
 * @returns how long until it has something to do again, ms of product time
 */
export async function proposeDailyCuts(ctx: FlowContext, at: Date): Promise<number> {
  const today = localDate(at, ctx.timeZone);
  const hour = Number(localTime(at, ctx.timeZone).slice(0, 2));
  if (hour >= PROPOSING.fromHour && hour < PROPOSING.toHour) {
    for (const { id } of await ctx.db.rows<{ id: string }>(DISTRICTS, [today])) {
      await proposeCuts(
        ctx,
        { districtId: id, plannedFor: today, note: 'daily proposal by the policy in force' },
        ACTOR,
      );
    }
  }
  const next = hour < PROPOSING.fromHour ? today : addDays(today, 1);
  return Math.max(
    HOUR_MS / 60,
    startOfLocalDay(next, ctx.timeZone).getTime() + PROPOSING.fromHour * HOUR_MS - at.getTime(),
  );
}
