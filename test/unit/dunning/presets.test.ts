/** Parameters of presets that other parts decide by: the days of the ladder, weather, and what restores power. */
import { readProjectFile } from '../../support/source-files.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayByBill } from '../../../src/dunning/ladder-case-policy.js';
import { loadPolicyBook, PRESET_NAMES } from '../../../src/dunning/policy-book.js';
import { weatherVerdict } from '../../../src/dunning/weather-policy.js';
import type { WeatherReport } from '../../../src/dunning/weather.js';
import { presetPolicy } from './support/cuttable.js';

const POLICIES = PRESET_NAMES.flatMap((name) => loadPolicyBook(name).policies);
const policyOf = (code: string) => POLICIES.find((policy) => policy.code === code)!;

describe('the ladder of a bill read on 25 January and due on 12 February', () => {
  type Step = [policy: string, step: string, day: string, mandatory: boolean];
  const STEPS: Step[] = [
    ['CHINA-POSTPAID', 'DAY_5', '2026-01-30', false],
    ['CHINA-POSTPAID', 'DAY_10', '2026-02-04', false],
    ['CHINA-POSTPAID', 'DAY_20_OF_MONTH', '2026-01-20', false],
    ['CHINA-POSTPAID', 'ARREARS_NOTICE', '2026-02-01', true],
    ['CHINA-POSTPAID', 'CUT_NOTICE', '2026-03-11', true],
    ['NEW-YORK-RESIDENTIAL', 'REMINDER', '2026-02-17', false],
    ['NEW-YORK-RESIDENTIAL', 'FINAL_NOTICE', '2026-03-04', true],
    ['TEXAS', 'DISCONNECTION_NOTICE', '2026-02-13', true],
    ['UK-DOMESTIC', 'REMINDER', '2026-02-19', false],
    ['UK-DOMESTIC', 'DISCONNECTION_NOTICE', '2026-02-26', true],
    ['AUSTRALIA-SMALL-CUSTOMERS', 'REMINDER_NOTICE', '2026-02-13', true],
    ['AUSTRALIA-SMALL-CUSTOMERS', 'WARNING_NOTICE', '2026-02-27', true],
    ['INDIA-POSTPAID', 'CUT_NOTICE', '2026-02-13', true],
  ];
  test.each(STEPS)('%s: %s on %s', (code, name, day, mandatory) => {
    const step = policyOf(code).steps.find((one) => one.code === name)!;
    expect(dayByBill(step, { readingDate: '2026-01-25', dueDate: '2026-02-12' })).toBe(day);
    expect(step.mandatory).toBe(mandatory);
  });

  test.each([
    ['CHINA-COST-CONTROL', 'WARN_50', 5_000n, false],
    ['CHINA-COST-CONTROL', 'WARN_30', 3_000n, false],
    ['CHINA-COST-CONTROL', 'WARN_10', 1_000n, false],
    ['CHINA-COST-CONTROL', 'BELOW_ZERO', -1n, true],
    ['INDIA-UP-PREPAID', 'WARN_LOW', 10_000n, false],
    ['INDIA-UP-PREPAID', 'BALANCE_ZERO', 0n, true],
  ] as const)('%s: %s at a balance of %s or less', (code, name, atOrBelowMinor, mandatory) => {
    expect(policyOf(code).steps.find((one) => one.code === name)).toMatchObject({
      when: { from: 'BALANCE', atOrBelowMinor },
      mandatory,
    });
  });

  test('no step of a preset is without a row here', () => {
    expect(POLICIES.flatMap(({ steps }) => steps)).toHaveLength(STEPS.length + 6);
  });
});

describe('weather', () => {
  const AT = new Date('2026-01-20T16:00:00Z');
  const hours = (count: number) => new Date(AT.getTime() + count * 3_600_000);
  const region = 'TX-TRAVIS';
  const observed = (maxMilliC: number): WeatherReport => ({
    kind: 'OBSERVED',
    region,
    issuedAt: hours(-8),
    date: '2026-01-19',
    minMilliC: -20_000,
    maxMilliC,
  });
  const forecast = (maxMilliC: number): WeatherReport => ({
    kind: 'FORECAST',
    region,
    issuedAt: hours(-1),
    from: AT,
    to: hours(24),
    minMilliC: -20_000,
    maxMilliC,
  });
  const alert = (kind: 'HEAT' | 'COLD' | 'STORM' | 'NONE', issued: number, until = issued + 6): WeatherReport => ({
    kind: 'ALERT',
    region,
    issuedAt: hours(issued),
    alert: kind,
    from: hours(issued),
    to: hours(until),
  });
  const quiet = [alert('NONE', -49), alert('NONE', -25), alert('NONE', -1)];
  const mild = [observed(10_000), forecast(12_000)];

  test.each<[policy: string, what: string, reports: WeatherReport[], passed: boolean]>([
    ['TEXAS', 'mild and quiet', [...mild, ...quiet], true],
    ['TEXAS', 'yesterday at 0 °C and no more than 0 °C to come', [observed(0), forecast(0), ...quiet], false],
    ['TEXAS', 'yesterday at 0.1 °C', [observed(100), forecast(0), ...quiet], true],
    ['TEXAS', '0.1 °C to come', [observed(0), forecast(100), ...quiet], true],
    ['TEXAS', 'a heat advisory now', [...mild, alert('NONE', -49), alert('NONE', -25), alert('HEAT', -1)], false],
    [
      'TEXAS',
      'a heat advisory two days ago',
      [...mild, alert('HEAT', -49), alert('NONE', -25), alert('NONE', -1)],
      false,
    ],
    ['TEXAS', 'a heat advisory three days ago', [...mild, alert('HEAT', -73), ...quiet], true],
    ['TEXAS', 'a storm warning', [...mild, ...quiet, alert('STORM', -1)], true],
    ['TEXAS', 'nothing known', [], false],
    ['AUSTRALIA-SMALL-CUSTOMERS', 'quiet', quiet, true],
    ['AUSTRALIA-SMALL-CUSTOMERS', 'heat', [...quiet, alert('HEAT', -1)], false],
    ['AUSTRALIA-SMALL-CUSTOMERS', 'a storm', [...quiet, alert('STORM', -1)], false],
  ])('%s, %s', (code, _what, reports, passed) => {
    const { weather, timeZone } = policyOf(code);
    expect(weatherVerdict(reports, weather!, AT, timeZone)).toMatchObject({ passed });
  });
});

test.each([
  ['CHINA-POSTPAID', { threshold: 'FULL', includeLateFees: true, slaMinutes: 1_440, sameDay: true }],
  ['CHINA-COST-CONTROL', { threshold: 'BALANCE_ABOVE_ZERO', slaMinutes: 1_440, sameDay: true }],
  ['NEW-YORK-RESIDENTIAL', { threshold: 'FULL', includeLateFees: false, slaMinutes: 1_440 }],
  ['INDIA-UP-PREPAID', { threshold: 'BALANCE_ABOVE_ZERO', slaMinutes: 120 }],
])('%s restores by %j', (code, reconnect) => expect(policyOf(code).reconnect).toMatchObject(reconnect));

test('only China computes late fees here, and only in its own currency', () => {
  expect(POLICIES.filter(({ lateFee }) => lateFee).map(({ code }) => code)).toEqual([
    'CHINA-POSTPAID',
    'CHINA-COST-CONTROL',
  ]);
  expect(presetPolicy('CHINA', 'CHINA-POSTPAID').lateFee?.currency).toBe('CNY');
});

test('the file that the documentation shows can be loaded', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(readProjectFile('docs/dunning/policy.md'))?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'policy-example-'));
  try {
    writeFileSync(join(folder, 'henan.yaml'), yaml);
    const [households, others, prepaid] = loadPolicyBook(join(folder, 'henan.yaml')).policies;
    expect(households).toMatchObject({
      code: 'HENAN-RESIDENTIAL',
      overdue: { minDebtMinor: 5_000n },
      notice: { minDays: 7 },
    });
    expect(others).toMatchObject({ lastCall: { minMinutes: 60, maxMinutes: 120 } });
    expect(prepaid?.code).toBe('CHINA-COST-CONTROL');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
