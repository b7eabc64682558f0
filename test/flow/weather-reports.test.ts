import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWeatherDirectory } from '../../src/app-weather.js';
import { weatherFactsOf } from '../../src/dunning/weather-reports.js';
import type { WeatherReport } from '../../src/dunning/weather.js';
import { clearWeather, readWeather, recordWeatherReports } from '../../src/flows/record-weather.js';
import { setWeatherRegion } from '../../src/flows/set-weather-region.js';
import { LIMITS } from '../../src/platform/limits.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildDistrict, newKey } from './support/houses.js';
import { refusal } from './support/looks.js';

let relight: TestRelight;
let dir: string;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relight-weather-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => relight.stop());

let regions = 0;
const newRegion = (): string => `R-${(regions += 1)}`;
const AT = new Date('2026-03-10T02:00:00Z');
const hours = (count: number): Date => new Date(AT.getTime() + count * 3_600_000);
const observed = (
  region: string,
  change: Partial<Extract<WeatherReport, { kind: 'OBSERVED' }>> = {},
): WeatherReport => ({
  kind: 'OBSERVED',
  region,
  issuedAt: hours(-3),
  date: '2026-03-09',
  minMilliC: -4_000,
  maxMilliC: 6_000,
  ...change,
});
const forecast = (
  region: string,
  change: Partial<Extract<WeatherReport, { kind: 'FORECAST' }>> = {},
): WeatherReport => ({
  kind: 'FORECAST',
  region,
  issuedAt: hours(-2),
  from: hours(-2),
  to: hours(22),
  minMilliC: -4_000,
  maxMilliC: 6_000,
  ...change,
});
const alert = (region: string, change: Partial<Extract<WeatherReport, { kind: 'ALERT' }>> = {}): WeatherReport => ({
  kind: 'ALERT',
  region,
  issuedAt: hours(-1),
  from: hours(-1),
  to: hours(5),
  alert: 'NONE',
  ...change,
});
const record = (reports: WeatherReport[], idempotencyKey = newKey()) =>
  recordWeatherReports(relight.ctx, { reports, note: 'bulletin', idempotencyKey }, person('weather-feed'));
const setRegion = (districtId: string, region: string | null) =>
  setWeatherRegion(relight.ctx, { districtId, region, note: 'new map', idempotencyKey: newKey() }, person('operator'));
const districtIn = async (region: string): Promise<string> => {
  const districtId = await buildDistrict(relight);
  await setRegion(districtId, region);
  return districtId;
};
const factsOf = async (districtId: string, at = AT): Promise<readonly WeatherReport[]> =>
  (await weatherFactsOf(relight.ctx.db, [districtId], at)).get(districtId)!;
const countOf = async (region: string): Promise<bigint> =>
  (await relight.sql<{ count: bigint }>(`SELECT count(*) FROM weather_report WHERE region = $1`, [region]))[0]!.count;

describe('reports', () => {
  test('come back as they were handed in', async () => {
    const region = newRegion();
    const district = await districtIn(region);
    const reports = [observed(region), forecast(region), alert(region), alert(region, { alert: 'HEAT' })];
    expect(await record(reports)).toEqual({ recordedCount: 4, knownCount: 0, replayed: false });
    const facts = await factsOf(district);
    expect(facts).toHaveLength(4);
    expect(facts).toEqual(expect.arrayContaining(reports));
  });

  test('are stored once however often they come, also twice in one message', async () => {
    const region = newRegion();
    expect(await record([observed(region), observed(region)])).toMatchObject({ recordedCount: 1, knownCount: 1 });
    expect(await record([observed(region), forecast(region)])).toMatchObject({ recordedCount: 1, knownCount: 1 });
    const key = newKey();
    await record([alert(region)], key);
    expect(await record([alert(region)], key)).toEqual({ recordedCount: 1, knownCount: 0, replayed: true });
    expect(await countOf(region)).toBe(3n);
  });

  test('that come at the same time from two feeds are stored once', async () => {
    const region = newRegion();
    const forward = Array.from({ length: 50 }, (_, hour) =>
      forecast(region, { from: hours(hour), to: hours(hour + 1) }),
    );
    const counts = await Promise.all([record(forward), record(forward.toReversed())]);
    expect(counts.reduce((sum, { recordedCount }) => sum + recordedCount, 0)).toBe(50);
    expect(await countOf(region)).toBe(50n);
  });

  test.each<[what: string, other: (region: string) => WeatherReport]>([
    ['another high', (region) => observed(region, { maxMilliC: 6_001 })],
    ['another low', (region) => observed(region, { minMilliC: -4_001 })],
  ])('with %s are refused whole, and the first word stands', async (_what, other) => {
    const region = newRegion();
    await record([observed(region)]);
    expect(await refusal(record([alert(region), other(region)]))).toBe('WEATHER_REPORT_CONFLICT');
    expect(await countOf(region)).toBe(1n);
    await record([observed(region, { maxMilliC: 9_000, issuedAt: hours(-1) })]);
    expect(await countOf(region)).toBe(2n);
  });

  test('are bounded in number', async () => {
    const region = newRegion();
    const most = LIMITS.weatherReports.value;
    const many = Array.from({ length: most + 1 }, (_, n) => alert(region, { issuedAt: new Date(AT.getTime() + n) }));
    expect(await refusal(record(many))).toBe('TOO_MANY_WEATHER_REPORTS');
    expect(await record(many.slice(1))).toMatchObject({ recordedCount: most });
  });

  test('leave one audit entry for what was handed in together, and none when nothing was new', async () => {
    const region = newRegion();
    await record([observed(region), forecast(region)]);
    await record([observed(region)]);
    const entries = await relight.sql(
      `SELECT actor, reason, detail FROM audit_entry WHERE act = 'weather.record' AND detail->'regions' ? $1`,
      [region],
    );
    expect(entries).toEqual([
      { actor: 'weather-feed', reason: 'bulletin', detail: { recordedCount: 2, regions: [region] } },
    ]);
  });
});

describe('facts of many districts', () => {
  test('are those of each region, shared by the districts in it, empty where nobody reports', async () => {
    const [region, other] = [newRegion(), newRegion()];
    const [first, second, elsewhere, silent] = [
      await districtIn(region),
      await districtIn(region),
      await districtIn(other),
      await districtIn(newRegion()),
    ];
    await record([observed(region), observed(other, { maxMilliC: 1 })]);
    const facts = await weatherFactsOf(relight.ctx.db, [first!, second!, elsewhere!, silent!], AT);
    expect([facts.get(first!), facts.get(second!)]).toEqual([[observed(region)], [observed(region)]]);
    expect(facts.get(elsewhere!)).toEqual([observed(other, { maxMilliC: 1 })]);
    expect(facts.get(silent!)).toEqual([]);
  });

  test('know only what had been issued, and of forecasts the one issued last', async () => {
    const region = newRegion();
    const district = await districtIn(region);
    const [old, next] = [forecast(region, { issuedAt: hours(-8) }), forecast(region, { issuedAt: hours(1) })];
    await record([old, forecast(region), next]);
    expect(await factsOf(district)).toEqual([forecast(region)]);
    expect(await factsOf(district, hours(-7))).toEqual([old]);
    expect(await factsOf(district, hours(1))).toEqual([next]);
    expect(await factsOf(district, hours(-9))).toEqual([]);
  });

  test('reach back a week, by what was issued or by what it speaks of', async () => {
    const region = newRegion();
    const district = await districtIn(region);
    const [before, within] = [
      alert(region, { issuedAt: hours(-24 * 8 - 6), from: hours(-24 * 8 - 6), to: hours(-24 * 8) }),
      alert(region, { issuedAt: hours(-24 * 8 - 6), from: hours(-24 * 8 - 6), to: hours(-24 * 8 + 1) }),
    ];
    await record([before, within]);
    expect(await factsOf(district)).toEqual([within]);
  });

  test('a district without a region of its own takes its code up to the last hyphen', async () => {
    const district = await buildDistrict(relight);
    const region = 'TEST';
    await record([alert(region)]);
    expect(await factsOf(district)).toEqual([alert(region)]);
    await setRegion(district, 'ELSEWHERE');
    expect(await factsOf(district)).toEqual([]);
    await setRegion(district, null);
    expect(await factsOf(district)).toEqual([alert(region)]);
    const entries = await relight.sql(
      `SELECT from_state AS "from", to_state AS "to" FROM audit_entry WHERE act = 'weather-region.set' AND subject_id = $1 ORDER BY id`,
      [district],
    );
    expect(entries).toEqual([
      { from: 'TEST', to: 'ELSEWHERE' },
      { from: 'ELSEWHERE', to: 'TEST' },
    ]);
  });

  test('a region in small letters is refused', async () => {
    expect(await refusal(setRegion(await buildDistrict(relight), 'travis'))).toBe('WEATHER_REGION');
  });
});

describe('a directory of reports', () => {
  const line = (report: WeatherReport): string => `${JSON.stringify(report)}\n`;
  const read = () => readWeather(relight.ctx, openWeatherDirectory(dir));
  const rejectedIn = (file: string): unknown[] =>
    readFileSync(join(dir, file), 'utf8')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as unknown);

  test('is read file by file; what was taken is set aside', async () => {
    const region = newRegion();
    const district = await districtIn(region);
    writeFileSync(join(dir, '1.jsonl'), line(observed(region)) + line(forecast(region)));
    writeFileSync(join(dir, '2.jsonl'), `${line(alert(region))}\n`);
    writeFileSync(join(dir, '3.jsonl.part'), 'not whole yet');
    await read();
    expect(await factsOf(district)).toHaveLength(3);
    expect(readdirSync(dir).sort()).toEqual(['1.jsonl.done', '2.jsonl.done', '3.jsonl.part']);
  });

  test('a line that cannot be used is named with its number and reason, and the others are recorded', async () => {
    const region = newRegion();
    await record([observed(region)]);
    const conflict = line(observed(region, { maxMilliC: 1 })).trim();
    writeFileSync(join(dir, 'a.jsonl'), line(forecast(region)));
    appendFileSync(join(dir, 'a.jsonl'), 'what?\n{"kind":"GUESS"}\n');
    appendFileSync(join(dir, 'a.jsonl'), `${conflict}\n${line(alert(region))}`);
    await read();
    expect(await countOf(region)).toBe(3n);
    expect(rejectedIn('a.jsonl.rejected')).toEqual([
      { line: 2, reason: 'not JSON', text: 'what?' },
      { line: 3, reason: expect.stringContaining('kind') as string, text: '{"kind":"GUESS"}' },
      { line: 4, reason: expect.stringContaining('later issuedAt') as string, text: conflict },
    ]);
    expect(readdirSync(dir).sort()).toEqual(['a.jsonl.done', 'a.jsonl.rejected']);
  });

  test('a file that comes again adds nothing', async () => {
    const region = newRegion();
    for (const name of ['x.jsonl', 'y.jsonl']) writeFileSync(join(dir, name), line(observed(region)));
    await read();
    expect(await countOf(region)).toBe(1n);
  });

  test('more lines than one group takes are all recorded', async () => {
    const region = newRegion();
    const count = LIMITS.weatherReports.value * 2 + 1;
    const lines = Array.from({ length: count }, (_, n) =>
      line(alert(region, { issuedAt: new Date(AT.getTime() + n) })),
    );
    writeFileSync(join(dir, 'many.jsonl'), lines.join(''));
    await read();
    expect(await countOf(region)).toBe(BigInt(count));
  });

  test('an empty directory is nothing', async () => {
    await read();
    expect(readdirSync(dir)).toEqual([]);
  });
});

test('reports that no decision reads any more are removed after 400 days', async () => {
  const region = newRegion();
  await record([observed(region)]);
  const [row] = await relight.sql<{ receivedAt: Date }>(
    `SELECT received_at AS "receivedAt" FROM weather_report WHERE region = $1`,
    [region],
  );
  const lastKept = row!.receivedAt.getTime() + 400 * 86_400_000;
  await clearWeather(relight.ctx, new Date(lastKept));
  expect(await countOf(region)).toBe(1n);
  await clearWeather(relight.ctx, new Date(lastKept + 1));
  expect(await countOf(region)).toBe(0n);
});
