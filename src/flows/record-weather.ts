import { clearWeatherReports, insertWeatherReports, type StoredWeather } from '../dunning/weather-reports.js';
import type { RejectedWeather, WeatherBatch, WeatherReport, WeatherSource } from '../dunning/weather.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { LIMITS } from '../platform/limits.js';
import type { Schedule } from '../platform/schedules.js';
import { systemActor, type FlowContext } from './context.js';

/** What became of reports handed in. */
export interface WeatherRecorded {
  /** New on record. */
  readonly recordedCount: number;
  /** On record before, word for word. */
  readonly knownCount: number;
}

/**
 * Records what a weather service said (气象信息入库), all of it or nothing. The same report may come again; another temperature for the same
 * period and time of issue is refused, because somebody may have been cut by the first.
 *
 * @throws UserError TOO_MANY_WEATHER_REPORTS, WEATHER_REPORT_CONFLICT, IDEMPOTENCY_KEY_REUSED
 */
export async function recordWeatherReports(
  ctx: FlowContext,
  request: { readonly reports: readonly WeatherReport[]; readonly note: string; readonly idempotencyKey: string },
  actor: Actor,
): Promise<WeatherRecorded & { readonly replayed: boolean }> {
  const { reports, note, idempotencyKey: key } = request;
  const most = LIMITS.weatherReports.value;
  if (reports.length > most)
    throw new UserError('TOO_MANY_WEATHER_REPORTS', `Send at most ${most} reports at a time.`, 'reports');
  return ctx.db.transaction('record-weather', async (tx) => {
    const at = ctx.clock.now();
    const content = { note, reports: JSON.stringify(reports) };
    return once(tx, { key, act: 'record-weather', content, at }, async () => {
      const { recordedIds, conflicts } = await recordWeather(tx, reports, at, actor, note);
      const [first] = conflicts;
      if (first !== undefined) throw new UserError('WEATHER_REPORT_CONFLICT', CONFLICT, `reports.${first}`);
      return { recordedCount: recordedIds.length, knownCount: reports.length - recordedIds.length };
    });
  });
}

const CONFLICT =
  'This report is on record with other temperatures. A correction carries a later issuedAt: send it with the time at which it was issued.';

async function recordWeather(
  tx: Tx,
  reports: readonly WeatherReport[],
  at: Date,
  actor: Actor,
  reason: string,
): Promise<StoredWeather> {
  const stored = await insertWeatherReports(tx, reports, at, actor.id);
  const [subjectId] = stored.recordedIds;
  if (subjectId !== undefined) {
    const regions = [...new Set(reports.map(({ region }) => region))].sort();
    const detail = { recordedCount: stored.recordedIds.length, regions };
    await recordAudit(tx, at, actor, [
      { act: 'weather.record', subjectType: 'WeatherReport', subjectId, reason, detail },
    ]);
  }
  return stored;
}

/** How often a source is asked, product ms. */
const EVERY_MS = 5 * 60_000;
/** Batches taken in one run; the rest waits for the next, so that other schedules get their turn. */
const MOST_BATCHES = 100;

/** Takes what a source has, batch by batch. What cannot be used is named, counted and kept with the batch, and the rest is recorded. */
export const weatherSchedule = (ctx: FlowContext, source: WeatherSource): Schedule => ({
  name: 'read-weather',
  everyMs: EVERY_MS,
  run: () => readWeather(ctx, source),
});

/** One run of the schedule. */
export async function readWeather(ctx: FlowContext, source: WeatherSource): Promise<void> {
  for (let count = 0; count < MOST_BATCHES; count += 1) {
    const batch = await source.next();
    if (!batch) return;
    const rejected = [...batch.rejected, ...(await recordBatch(ctx, batch))].sort((a, b) => a.line - b.line);
    if (rejected.length > 0)
      ctx.log.warn(
        { batch: batch.name, lines: rejected.length, first: rejected[0] },
        'weather that could not be used is kept beside its file, each line with its reason',
      );
    await batch.done(rejected);
  }
}

async function recordBatch(ctx: FlowContext, batch: WeatherBatch): Promise<RejectedWeather[]> {
  const rejected: RejectedWeather[] = [];
  const size = LIMITS.weatherReports.value;
  for (let from = 0; from < batch.reports.length; from += size) {
    const group = batch.reports.slice(from, from + size);
    const { conflicts } = await ctx.db.transaction('record-weather', (tx) =>
      recordWeather(
        tx,
        group.map(({ report }) => report),
        ctx.clock.now(),
        systemActor('read-weather'),
        batch.name,
      ),
    );
    rejected.push(...conflicts.map((index) => ({ line: group[index]!.line, reason: CONFLICT })));
  }
  return rejected;
}

/** Removes reports that no decision reads any more. */
export const clearWeather = (ctx: FlowContext, at: Date): Promise<void> => clearWeatherReports(ctx.db, at);
