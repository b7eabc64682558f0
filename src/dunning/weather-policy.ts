import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { Verdict } from './cut-facts.js';
import type { Clause, DunningPolicy } from './policy-schema.js';
import type { WeatherReport } from './weather.js';

/** What a policy says about the weather. */
export type WeatherRule = NonNullable<DunningPolicy['weather']>;

type Observed = Extract<WeatherReport, { kind: 'OBSERVED' }>;
type Forecast = Extract<WeatherReport, { kind: 'FORECAST' }>;
type Alert = Extract<WeatherReport, { kind: 'ALERT' }>;

const HOUR_MS = 3_600_000;

const celsius = (milliC: number): string => `${milliC / 1_000} °C`;
const passes = (evidence: string): Verdict => ({ passed: true, evidence });
const blocks = (evidence: string): Verdict => ({ passed: false, evidence });

/**
 * Whether the weather allows a cut at `at`. The model is Texas, PUCT § 25.483(j): no cut where the day before never got above freezing and
 * is forecast not to for the next 24 hours, nor while a heat advisory stands or stood in the two days before. Facts that are missing
 * or stale block: in doubt a cut does not happen. What was issued after `at` is not known yet.
 *
 * @param reports of the one region the district lies in, in any order
 */
export function weatherVerdict(
  reports: readonly WeatherReport[],
  rule: WeatherRule,
  at: Date,
  timeZone: string,
): Verdict & { readonly clause: Clause } {
  const known = reports.filter(({ issuedAt }) => issuedAt <= at);
  const findings: Verdict[] = [];
  if (rule.coldC !== null || rule.heatC !== null) findings.push(...temperatureFindings(known, rule, at, timeZone));
  if (rule.alerts.length > 0) findings.push(alertFinding(known, rule, at, timeZone));
  const blocking = findings.filter(({ passed }) => !passed);
  const told = blocking.length > 0 ? blocking : findings;
  return {
    passed: blocking.length === 0,
    evidence: told.map(({ evidence }) => evidence).join('; ') || 'the policy has no bound for the weather',
    clause: rule.clause,
  };
}

function temperatureFindings(
  known: readonly WeatherReport[],
  rule: WeatherRule,
  at: Date,
  timeZone: string,
): Verdict[] {
  const until = new Date(at.getTime() + rule.horizonHours * HOUR_MS);
  const forecast = newestForecast(known);
  const problem = problemOf(forecast, rule, at, until);
  const findings: Verdict[] = [];
  if (rule.coldC !== null) {
    const yesterday = addDays(localDate(at, timeZone), -1);
    const observed = newestObservation(known, yesterday);
    if (!observed) findings.push(blocks(`nobody has reported the temperature of ${yesterday}`));
    else if (!problem) findings.push(coldFinding(observed, forecast, rule.coldC, rule.horizonHours, at, until));
  }
  if (problem) findings.push(blocks(problem));
  else if (rule.heatC !== null) findings.push(heatFinding(forecast, rule.heatC, rule.horizonHours, at, until));
  return findings;
}

/** The periods of the forecast issued last: it replaces every earlier one. */
function newestForecast(known: readonly WeatherReport[]): Forecast[] {
  const forecasts = known.filter((report): report is Forecast => report.kind === 'FORECAST');
  const newestMs = Math.max(...forecasts.map(({ issuedAt }) => issuedAt.getTime()));
  return forecasts
    .filter(({ issuedAt }) => issuedAt.getTime() === newestMs)
    .sort((a, b) => a.from.getTime() - b.from.getTime());
}

/** Of several observations of one day the one issued last. */
const newestObservation = (known: readonly WeatherReport[], date: string): Observed | undefined =>
  known
    .filter((report): report is Observed => report.kind === 'OBSERVED' && report.date === date)
    .sort((a, b) => b.issuedAt.getTime() - a.issuedAt.getTime())[0];

/** Why a forecast cannot be relied on; undefined when it is fresh and leaves no gap before `until`. */
function problemOf(forecast: readonly Forecast[], rule: WeatherRule, at: Date, until: Date): string | undefined {
  const [first] = forecast;
  if (!first) return 'no forecast is on record';
  const ageMs = at.getTime() - first.issuedAt.getTime();
  if (ageMs > rule.staleAfterHours * HOUR_MS)
    return `the forecast of ${first.issuedAt.toISOString()} is older than ${rule.staleAfterHours} h`;
  let covered = at;
  for (const { from, to } of forecast) if (from <= covered && to > covered) covered = to;
  return covered >= until
    ? undefined
    : `the forecast of ${first.issuedAt.toISOString()} says nothing about ${covered.toISOString()}, within the next ${rule.horizonHours} h`;
}

/** Only a period that lies wholly within the horizon proves warmth: the high of a longer one may fall outside it. */
function coldFinding(
  observed: Observed,
  forecast: readonly Forecast[],
  coldC: number,
  horizonHours: number,
  at: Date,
  until: Date,
): Verdict {
  const boundMilliC = Math.round(coldC * 1_000);
  const high = `${observed.region}: high of ${observed.date} was ${celsius(observed.maxMilliC)}`;
  if (observed.maxMilliC > boundMilliC) return passes(`${high}, above ${celsius(boundMilliC)}`);
  const inside = forecast.filter(({ from, to }) => from >= at && to <= until).map(({ maxMilliC }) => maxMilliC);
  return inside.some((maxMilliC) => maxMilliC > boundMilliC)
    ? passes(`${high}, but ${celsius(Math.max(...inside))} is forecast within ${horizonHours} h`)
    : blocks(`${high}, and nothing above ${celsius(boundMilliC)} is sure within the next ${horizonHours} h`);
}

/** Any period that touches the horizon counts. */
function heatFinding(
  forecast: readonly Forecast[],
  heatC: number,
  horizonHours: number,
  at: Date,
  until: Date,
): Verdict {
  const boundMilliC = Math.round(heatC * 1_000);
  const touching = forecast.filter(({ from, to }) => from < until && to > at);
  const highest = Math.max(...touching.map(({ maxMilliC }) => maxMilliC));
  const text = `${forecast[0]!.region}: up to ${celsius(highest)} is forecast within ${horizonHours} h`;
  return highest >= boundMilliC
    ? blocks(`${text}, the bound is ${celsius(boundMilliC)}`)
    : passes(`${text}, below ${celsius(boundMilliC)}`);
}

/**
 * Every local day from the look-back to today must be known: at least one bulletin was issued on it or speaks of it, and that of today is
 * fresh. A day counts as one of alert when an alert was issued on it or stood during any part of it.
 */
function alertFinding(known: readonly WeatherReport[], rule: WeatherRule, at: Date, timeZone: string): Verdict {
  const bulletins = known.filter((report): report is Alert => report.kind === 'ALERT');
  const today = localDate(at, timeZone);
  const newestMs = Math.max(...bulletins.map(({ issuedAt }) => issuedAt.getTime()));
  const unknown: string[] = [];
  for (let back = rule.alertLookbackDays; back >= 0; back -= 1) {
    const day = addDays(today, -back);
    const ofDay = bulletins.filter((bulletin) => speaksOf(bulletin, day, timeZone));
    const alert = ofDay.find(({ alert: kind }) => (rule.alerts as readonly string[]).includes(kind));
    if (alert) return blocks(`${alert.region}: ${alert.alert} alert on ${day}, issued ${alert.issuedAt.toISOString()}`);
    if (ofDay.length === 0) unknown.push(day);
  }
  if (unknown.length > 0) return blocks(`nobody has reported whether there was an alert on ${unknown.join(', ')}`);
  if (at.getTime() - newestMs > rule.staleAfterHours * HOUR_MS)
    return blocks(
      `the last word on alerts is older than ${rule.staleAfterHours} h: ${new Date(newestMs).toISOString()}`,
    );
  return passes(
    `${bulletins[0]!.region}: no ${rule.alerts.join(', ')} alert since ${addDays(today, -rule.alertLookbackDays)}`,
  );
}

function speaksOf({ issuedAt, from, to }: Alert, day: string, timeZone: string): boolean {
  if (localDate(issuedAt, timeZone) === day) return true;
  return from < startOfLocalDay(addDays(day, 1), timeZone) && to > startOfLocalDay(day, timeZone);
}
