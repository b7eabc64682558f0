import { readFileSync } from 'node:fs';
import { FAULT_NAMES } from '../../simulator/faults/catalogue.js';
import { ATTACK_NAMES } from '../../simulator/head-end/attacks.js';
import { newCounters } from '../../simulator/run/counters.js';
import { packagePath } from '../../simulator/package-root.js';
import { readScenario } from '../../simulator/scenario/document.js';
import { problemText } from '../../simulator/scenario/problems.js';
import { durationMs, durationText, LocalTimes } from '../../simulator/scenario/scenario-time.js';
import { ACT_NAMES, EXPECTATION_NAMES } from '../../simulator/scenario/spec.js';
import { planOf, problemsOf, small } from './support/scenarios.js';

const told = (text: string): string[] => problemsOf(text).map((problem) => problemText('small.yaml', problem));

describe('a scenario file that is wrong', () => {
  test('an unknown key is told by name with its place and what would be right', () => {
    expect(told(small('timeline:\n  - at: 1m\n    fualt: { name: outage }'))).toEqual([
      expect.stringMatching(
        /^SCENARIO_UNKNOWN_KEY at small\.yaml:8:5 \(timeline\/0\/fualt\): there is no key "fualt" here; did you mean "fault"\?/,
      ),
    ]);
  });

  test('an unknown fault is told by name, with the nearest there is', () => {
    const [only, ...more] = told(small('timeline:\n  - at: 1m\n    fault: { name: stuckRely }'));
    expect(more).toEqual([]);
    expect(only).toMatch(
      /^SCENARIO_UNKNOWN_FAULT at small\.yaml:8:14 \(timeline\/0\/fault\/name\): there is no fault "stuckRely"/,
    );
    expect(only).toContain('did you mean "stuckRelay"?');
  });

  test.each([
    ['no YAML at all', 'name: [', 'SCENARIO_SYNTAX', 1],
    ['a key twice', small('timeline: []\nseed: 6'), 'SCENARIO_SYNTAX', 7],
    ['a missing key', 'name: small\nshows: x\nseed: 1\nfleet: {}\ntimeline: []', 'SCENARIO_MISSING_KEY', 1],
    ['a wrong length of time', small('timeline:\n  - at: soon\n    cut: {}'), 'SCENARIO_WRONG_VALUE', 7],
    ['a share above one', small('timeline:\n  - at: 1m\n    cut: { of: { share: 2 } }'), 'SCENARIO_WRONG_VALUE', 8],
    ['an act after the end', small('timeline:\n  - at: 31m\n    cut: {}'), 'SCENARIO_WRONG_TIME', 7],
    ['an act before the start', small('timeline:\n  - at: 2025-06-10T07:00\n    cut: {}'), 'SCENARIO_WRONG_TIME', 7],
    ['a day that does not exist', small('timeline:\n  - at: 2025-02-30T07:00\n    cut: {}'), 'SCENARIO_WRONG_TIME', 7],
    ['two acts at once', small('timeline:\n  - at: 1m\n    cut: {}\n    restore: {}'), 'SCENARIO_ONE_ACT', 7],
    [
      'an unknown group',
      small('timeline:\n  - at: 1m\n    cut: { of: { group: nobody } }'),
      'SCENARIO_UNKNOWN_NAME',
      8,
    ],
    [
      'an unknown meter',
      small("timeline:\n  - at: 1m\n    cut: { of: { meter: '100000000099' } }"),
      'SCENARIO_UNKNOWN_NAME',
      8,
    ],
    ['the end of no fault', small('timeline:\n  - at: 1m\n    endFault: storm'), 'SCENARIO_UNKNOWN_NAME', 8],
    [
      'orders nobody gave',
      small('timeline: []\nexpect:\n  - orders: { as: ghosts, verified: 1 }'),
      'SCENARIO_UNKNOWN_NAME',
      8,
    ],
    [
      'a parameter out of bounds',
      small('timeline:\n  - at: 1m\n    fault: { name: lossUp, parameters: { rate: 3 } }'),
      'SCENARIO_WRONG_FAULT',
      8,
    ],
    [
      'waiting at the end',
      small('timeline: []\nexpect:\n  - relays: { open: 0 }\n    within: 1m'),
      'SCENARIO_WRONG_TIME',
      9,
    ],
    ['no meters', small('timeline: []', '{ concentrators: 0 }'), 'SCENARIO_WRONG_FLEET', 4],
    [
      'another name than the file',
      small('timeline: []').replace('name: small', 'name: big'),
      'SCENARIO_WRONG_VALUE',
      1,
    ],
  ])('%s', (_, text, code, line) => {
    expect(problemsOf(text)).toEqual([expect.objectContaining({ code, line })]);
  });

  test('everything wrong is told in one go', () => {
    const text = small(
      'timeline:\n  - at: 1m\n    cut: { of: { share: 7 } }\n  - att: 2m\n    restore: {}\nexpects: []',
    );
    expect(problemsOf(text).map(({ code, path }) => `${code} ${path.join('/')}`)).toEqual(
      expect.arrayContaining([
        'SCENARIO_WRONG_VALUE timeline/0/cut/of/share',
        'SCENARIO_UNKNOWN_KEY timeline/1/att',
        'SCENARIO_MISSING_KEY timeline/1',
        'SCENARIO_UNKNOWN_KEY expects',
      ]),
    );
  });

  test('a file that is not there, and one that is right', () => {
    expect(() => readScenario('nowhere.yaml')).toThrow(/^SCENARIO_UNREADABLE at nowhere\.yaml: /);
    expect(problemsOf(small('timeline: []'))).toEqual([]);
  });
});

describe('times', () => {
  test.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1.5s', 1_500],
    ['90', undefined],
    ['m5', undefined],
  ])('%s', (text, ms) => expect(durationMs(text)).toBe(ms));

  test.each([
    [740, '740 ms'],
    [21_840, '21.8 s'],
    [60_000, '1 min'],
    [5_400_000, '1 h 30 min'],
    [93_784_000, '1 d 2 h'],
  ])('%d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));

  test('local instants, and the next time of day', () => {
    const times = new LocalTimes('Asia/Kolkata');
    const noon = times.instantMs('2020-08-12T12:00');
    expect(noon).toBe(Date.parse('2020-08-12T06:30:00Z'));
    expect(times.nextMs('11:00', noon as number)).toBe(Date.parse('2020-08-13T05:30:00Z'));
    expect(times.nextMs('12:00', noon as number)).toBe(noon);
    expect(times.text(noon as number)).toBe('2020-08-12 12:00:00');
    expect(times.nextMs('24:00', 0)).toBeUndefined();
  });

  test('a local time of the timeline is the first after the start', () => {
    const plan = planOf(
      small('timeline:\n  - at: 08:20\n    cut: {}\n  - at: 10m\n    repeat: { every: 5m, times: 3 }\n    read: {}'),
    );
    expect(plan.acts.map(({ atMs, name }) => `${name} ${atMs / 60_000}`)).toEqual([
      'read 10',
      'read 15',
      'cut 20',
      'read 20',
    ]);
  });
});

describe('the schema says what the code knows', () => {
  interface Part {
    enum?: string[];
    properties?: Record<string, Part>;
    description?: string;
  }
  const schema = JSON.parse(readFileSync(packagePath('schema', 'scenario.schema.json'), 'utf8')) as Part & {
    $defs: Record<string, Part>;
  };
  const keys = (part: Part | undefined): string[] => Object.keys(part?.properties ?? {});
  const act = schema.$defs['act']?.properties ?? {};
  const expectation = schema.$defs['expectation']?.properties ?? {};

  test('faults, attacks, acts, expectations and counters', () => {
    // Add a new one to schema/scenario.schema.json (and docs/scenarios.md) too.
    expect(act['fault']?.properties?.['name']?.enum).toEqual([...FAULT_NAMES]);
    expect(act['attack']?.properties?.['kind']?.enum).toEqual([...ATTACK_NAMES]);
    expect(keys(schema.$defs['act'])).toEqual(['at', 'note', 'repeat', ...ACT_NAMES]);
    expect(keys(schema.$defs['expectation'])).toEqual(['note', 'within', ...EXPECTATION_NAMES]);
    const counted = Object.entries(newCounters()).filter(([, value]) => typeof value === 'number');
    expect(keys(expectation['counters'])).toEqual(counted.map(([name]) => name));
  });

  test('every key is described there and documented', () => {
    const documentation = readFileSync(packagePath('docs', 'scenarios.md'), 'utf8');
    const silent: string[] = [];
    const undocumented: string[] = [];
    const walk = (part: Part, path: string): void => {
      for (const [key, value] of Object.entries(part.properties ?? {})) {
        if (!value.description && !('$ref' in value)) silent.push(`${path}/${key}`);
        if (!documentation.includes(`\`${key}\``)) undocumented.push(`${path}/${key}`);
        walk(value, `${path}/${key}`);
      }
    };
    walk(schema, '');
    for (const [name, part] of Object.entries(schema.$defs)) walk(part, name);
    expect(silent).toEqual([]);
    expect(undocumented).toEqual([]);
  });
});
