import { mkdirSync } from 'node:fs';
import { appendFile, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  weatherReportSchema,
  type RejectedWeather,
  type WeatherBatch,
  type WeatherReport,
  type WeatherSource,
} from './dunning/weather.js';
import type { FlowContext } from './flows/context.js';
import { weatherSchedule } from './flows/record-weather.js';
import type { Schedule } from './platform/schedules.js';

/** Ten days of hourly forecasts for a thousand regions stay below; a larger file is a mistake. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Weather from a directory: files `*.jsonl`, one report a line, moved into it whole by whatever fetches them. A file that was taken is
 * renamed to `*.jsonl.done`; lines that could not be used stand in `*.jsonl.rejected` with number, reason and text.
 */
export function openWeatherDirectory(dir: string): WeatherSource {
  mkdirSync(dir, { recursive: true });
  return {
    async next() {
      const [name] = (await readdir(dir)).filter((file) => file.endsWith('.jsonl')).sort();
      return name === undefined ? undefined : readBatch(join(dir, name), name);
    },
  };
}

async function readBatch(path: string, name: string): Promise<WeatherBatch> {
  const { size } = await stat(path);
  const lines = size > MAX_FILE_BYTES ? [] : (await readFile(path, 'utf8')).split('\n');
  const reports: { line: number; report: WeatherReport }[] = [];
  const rejected: RejectedWeather[] = [];
  if (size > MAX_FILE_BYTES)
    rejected.push({ line: 1, reason: `the file has ${size} bytes, at most ${MAX_FILE_BYTES} are read; split it` });
  lines.forEach((text, index) => {
    if (text.trim() === '') return;
    const line = index + 1;
    const read = readLine(text);
    if (typeof read === 'string') rejected.push({ line, reason: read });
    else reports.push({ line, report: read });
  });
  return {
    name,
    reports,
    rejected,
    async done(all) {
      const kept = all.map(({ line, reason }) => JSON.stringify({ line, reason, text: lines[line - 1] ?? null }));
      if (kept.length > 0) await appendFile(`${path}.rejected`, `${kept.join('\n')}\n`);
      await rename(path, `${path}.done`);
    },
  };
}

/** The report on a line, or why there is none. */
function readLine(text: string): WeatherReport | string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const parsed = weatherReportSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'report'}: ${message}`).join('; ');
}

/** The schedule that reads a directory, if there is one. */
export const weatherSchedules = (dir: string | undefined, ctx: FlowContext): Schedule[] =>
  dir === undefined ? [] : [weatherSchedule(ctx, openWeatherDirectory(dir))];
