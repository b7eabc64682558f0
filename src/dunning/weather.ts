import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { z } from 'zod';
import { isLocalDate } from '../platform/local-date.js';

/** What a weather report tells (气象信息). */
export const WEATHER_REPORT_KINDS = ['OBSERVED', 'FORECAST', 'ALERT'] as const;
export type WeatherReportKind = (typeof WEATHER_REPORT_KINDS)[number];

/** What an alert warns of (气象预警). NONE: the service says that no alert is in force, which silence does not. */
export const WEATHER_ALERT_KINDS = ['HEAT', 'COLD', 'STORM', 'NONE'] as const;
export type WeatherAlertKind = (typeof WEATHER_ALERT_KINDS)[number];

/** A weather report as it is stored; which columns are filled depends on its kind. Never changed: a correction is issued later. */
export const WeatherReportEntity = defineEntity({
  name: 'WeatherReport',
  tableName: 'weather_report',
  properties: {
    id: p.uuid().primary(),
    region: p.string(),
    kind: p.string().$type<WeatherReportKind>(),
    alertKind: p.string().$type<WeatherAlertKind>().nullable(),
    observedOn: p.date().nullable(),
    periodFrom: p.datetime().nullable(),
    periodTo: p.datetime().nullable(),
    issuedAt: p.datetime(),
    minMilliC: p.integer().nullable(),
    maxMilliC: p.integer().nullable(),
    receivedAt: p.datetime(),
    /** Subject of whoever handed it in, or the name of the feed. */
    recordedBy: p.string(),
  },
});
export type WeatherReportRow = InferEntity<typeof WeatherReportEntity>;

/** The weather region of a district: the one named for it, or its own code up to the last hyphen. */
export const weatherRegionOf = ({
  code,
  weatherRegion,
}: {
  readonly code: string;
  readonly weatherRegion?: string | null;
}): string => weatherRegion ?? code.replace(/-[^-]*$/, '');

/** No place on earth was ever colder or hotter, thousandths of a degree Celsius: what lies outside was sent in another unit. */
const milliC = z.int().min(-95_000).max(60_000);
const instant = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);
const HOUR_MS = 3_600_000;
/** The longest period one report may speak of. */
const MAX_PERIOD_MS = 31 * 24 * HOUR_MS;

const common = {
  /** Code of the weather region: a county, a warning zone. */
  region: z.string().regex(/^[A-Z0-9-]{1,32}$/, { error: 'must be 1 to 32 capital letters, digits or hyphens' }),
  /** When the weather service said it. */
  issuedAt: instant,
};
const temperatures = { minMilliC: milliC, maxMilliC: milliC };
const period = { from: instant, to: instant };

/** A weather report from outside: a line of a file, or an input of the API. An unknown key is refused. */
export const weatherReportSchema = z
  .discriminatedUnion('kind', [
    /** Lowest and highest temperature of a local day that is over. */
    z.strictObject({
      kind: z.literal('OBSERVED'),
      ...common,
      date: z.string().refine(isLocalDate, { error: 'must be a calendar date YYYY-MM-DD' }),
      ...temperatures,
    }),
    /** Lowest and highest temperature expected from … to. The periods of one forecast carry the same `issuedAt`. */
    z.strictObject({ kind: z.literal('FORECAST'), ...common, ...period, ...temperatures }),
    z.strictObject({ kind: z.literal('ALERT'), ...common, alert: z.enum(WEATHER_ALERT_KINDS), ...period }),
  ])
  .superRefine((report, context) => {
    const refuse = (message: string, path: string) => context.addIssue({ code: 'custom', message, path: [path] });
    if (report.kind !== 'ALERT' && report.minMilliC > report.maxMilliC)
      refuse('must not be below minMilliC', 'maxMilliC');
    if (report.kind === 'OBSERVED') return;
    const lengthMs = report.to.getTime() - report.from.getTime();
    if (lengthMs <= 0) refuse('must be later than from', 'to');
    if (lengthMs > MAX_PERIOD_MS) refuse('must be at most 31 days after from', 'to');
  });

/** A checked weather report. */
export type WeatherReport = z.output<typeof weatherReportSchema>;

/** A line or message of a weather service that could not be used, and why. */
export interface RejectedWeather {
  /** Which one, counted from 1. */
  readonly line: number;
  readonly reason: string;
}

/** A piece of what a weather service has sent: a file, say. */
export interface WeatherBatch {
  readonly name: string;
  /** With the line each came from. */
  readonly reports: readonly { readonly line: number; readonly report: WeatherReport }[];
  readonly rejected: readonly RejectedWeather[];
  /** Called once everything usable is stored: the batch does not come again, and what was rejected is kept where people look. */
  done(rejected: readonly RejectedWeather[]): Promise<void>;
}

/** Where weather comes from. Reports may come twice: each is stored once. */
export interface WeatherSource {
  /** The next batch that has come, or undefined when there is none. */
  next(): Promise<WeatherBatch | undefined>;
}
