import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bookOf, documentOf, loadPolicyBook, PolicyError, PRESET_NAMES } from '../../../src/dunning/policy-book.js';
import { policiesOf } from '../../../src/dunning/policies-in-force.js';
import { dunningPolicySchema } from '../../../src/dunning/policy-schema.js';

const folder = mkdtempSync(join(tmpdir(), 'policy-book-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads the text as a policy file and gives the book, or the message that refuses it. */
function load(text: string, name = 'company.yaml') {
  const path = join(folder, name);
  writeFileSync(path, text);
  try {
    return loadPolicyBook(path);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.message.replaceAll(`${folder}/`, '');
  }
}
const laidOver = (lines: string) => `name: COMPANY\npolicies:\n  - extends: CHINA-POSTPAID\n${lines}`;

describe('presets', () => {
  test('are those of the design', () => {
    expect(PRESET_NAMES).toEqual(['CHINA', 'NEW_YORK', 'TEXAS', 'UK', 'AUSTRALIA', 'INDIA']);
  });

  test.each(PRESET_NAMES)('%s: every policy can be written as JSON and read again', (name) => {
    const book = loadPolicyBook(name);
    for (const policy of book.policies) expect(dunningPolicySchema.parse(jsonOf(policy))).toEqual(policy);
  });

  const jsonOf = (policy: Parameters<typeof documentOf>[0]): unknown => JSON.parse(JSON.stringify(documentOf(policy)));

  test('a policy is found by class and way of paying; where none fits there is none', () => {
    const inForce = (name: string) =>
      policiesOf(loadPolicyBook(name).policies.map((policy) => ({ policy, version: 1 })));
    const china = inForce('CHINA');
    expect(china.of('RESIDENTIAL', 'POSTPAID')?.policy.code).toBe('CHINA-POSTPAID');
    expect(china.of('INDUSTRIAL', 'PREPAID')?.policy.code).toBe('CHINA-COST-CONTROL');
    expect(inForce('NEW_YORK').of('INDUSTRIAL', 'POSTPAID')).toBeUndefined();
    expect(inForce('NEW_YORK').of('RESIDENTIAL', 'PREPAID')).toBeUndefined();
  });

  test('the law of New York, Texas, Britain, Australia and India is quoted where it was read', () => {
    const clauses = PRESET_NAMES.flatMap((name) => JSON.stringify(loadPolicyBook(name).policies.map(documentOf)));
    for (const text of clauses) expect(text).toContain('"verified":true');
  });
});

describe('a file', () => {
  test('lays its own figures over a preset', () => {
    const book = load(
      laidOver(`    code: HENAN-RESIDENTIAL
    customerClasses: [RESIDENTIAL]
    overdue:
      minDays: 45
      minDebtMinor: "50.00"
    calendar: { hours: { from: "10:00", to: "14:30" } }
`),
    );
    expect(typeof book).toBe('object');
    const [policy] = (book as ReturnType<typeof loadPolicyBook>).policies;
    expect(policy).toMatchObject({
      code: 'HENAN-RESIDENTIAL',
      customerClasses: ['RESIDENTIAL'],
      overdue: { minDays: 45, minDebtMinor: 5_000n, estimatedCounts: false },
      calendar: { hours: { from: '10:00', to: '14:30' }, weekdays: [1, 2, 3, 4] },
      notice: { minDays: 3, maxDays: 7 },
    });
  });

  test('may be JSON, with a whole policy and amounts in minor units', () => {
    const [policy] = loadPolicyBook('INDIA').policies;
    const book = load(JSON.stringify({ name: 'WHOLE', policies: [documentOf(policy!)] }), 'whole.json');
    expect((book as ReturnType<typeof loadPolicyBook>).policies).toEqual([policy]);
  });

  type Refusal = [what: string, text: string, message: string];
  test.each<Refusal>([
    [
      'an unknown key',
      laidOver('    minimumDays: 3\n'),
      'company.yaml: policies.0: minimumDays: is not known here; allowed: code, name, place',
    ],
    [
      'an unknown key further in',
      laidOver('    overdue: { minDay: 3 }\n'),
      'company.yaml: policies.0: overdue.minDay: is not known here; allowed: minDays, minDebtMinor',
    ],
    [
      'an unknown key of a list',
      laidOver('    holds: [{ kind: DISPUTE, days: 3, maxDays: null, clause: { text: x, verified: true } }]\n'),
      'holds.0.days: is not known here; allowed: kind, maxDays, clause',
    ],
    [
      'an unknown key of a choice',
      laidOver('    lastCall: { minutes: 3 }\n'),
      'lastCall.minutes: is not known here; allowed: minMinutes, maxMinutes, channels, proof, clause',
    ],
    [
      'an unknown key beside policies',
      'name: COMPANY\nbooks: []\npolicies: [{}]\n',
      'company.yaml: books: is not known here; allowed: name, policies',
    ],
    ['a key written twice', 'name: A\nname: B\npolicies: [{}]\n', 'Map keys must be unique'],
    ['no YAML', 'name: [\n', 'company.yaml: '],
    ['a list', '- 1\n', 'company.yaml: must hold name and policies.'],
    ['no policies', 'name: COMPANY\npolicies: []\n', 'company.yaml: policies: Too small'],
    [
      'a preset that does not exist',
      'name: COMPANY\npolicies: [{ extends: FRANCE }]\n',
      'policies.0: extends: no such policy; use one of CHINA-POSTPAID',
    ],
    [
      'an amount without quotes',
      laidOver('    overdue: { minDebtMinor: 10.00 }\n'),
      'company.yaml:4: minDebtMinor: write 10.00 in quotes for an amount of the currency',
    ],
    [
      'an amount with half a fen',
      laidOver('    overdue: { minDebtMinor: "10.005" }\n'),
      'overdue.minDebtMinor: "10.005" has more than 2 decimals',
    ],
    [
      'an amount that is a word',
      laidOver('    overdue: { minDebtMinor: much }\n'),
      '"much" is not a plain decimal number',
    ],
    [
      'a negative smallest debt',
      laidOver('    overdue: { minDebtMinor: -1 }\n'),
      'overdue.minDebtMinor: must not be negative',
    ],
    [
      'hours that are empty',
      laidOver('    calendar: { hours: { from: "15:00", to: "09:00" } }\n'),
      'calendar.hours: must begin before they end',
    ],
    [
      'a time that is none',
      laidOver('    calendar: { hours: { from: "9:00" } }\n'),
      'calendar.hours.from: must be a local time HH:MM',
    ],
    [
      'a day that does not exist',
      laidOver(
        '    seasons: [{ from: "02-30", to: "03-31", rule: PROHIBIT, contactHours: 0, protections: [], clause: { text: x, verified: true } }]\n',
      ),
      'seasons.0.from: must be a day MM-DD of the calendar',
    ],
    [
      'a season without a clause',
      laidOver('    seasons: [{ from: "02-28", to: "03-31", rule: PROHIBIT, contactHours: 0, protections: [] }]\n'),
      'seasons.0.clause',
    ],
    ['a zone that does not exist', laidOver('    timeZone: Asia/Peking2\n'), 'timeZone: is not a time zone'],
    [
      'a place whose holidays nobody knows',
      laidOver('    place: FR\n'),
      'place: must be a place whose holidays are known: CN',
    ],
    [
      'a currency nobody knows',
      laidOver('    currency: XYZ\n    lateFee: null\n'),
      'currency: is not a known currency',
    ],
    [
      'a window of notice that is empty',
      laidOver('    notice: { minDays: 8 }\n'),
      'notice.maxDays: must not be less than minDays',
    ],
    [
      'a last call after its window',
      laidOver('    lastCall: { minMinutes: 121 }\n'),
      'lastCall.maxMinutes: must not be less than minMinutes',
    ],
    [
      'a balance for who pays after the bill',
      laidOver(
        '    prepaid: { cutBelowMinor: 0, graceMinutes: 0, emergencyCreditMinor: 0, clause: { text: x, verified: true } }\n',
      ),
      'prepaid: goes with paymentMode PREPAID',
    ],
    ['no step', laidOver('    steps: []\n'), 'steps: Too small'],
    [
      'a hold named twice',
      laidOver('    holds: [&a { kind: DISPUTE, maxDays: null, clause: { text: x, verified: true } }, *a]\n'),
      'holds: names DISPUTE twice',
    ],
    [
      'two policies for the same customers',
      `${laidOver('    code: ONE\n')}  - extends: CHINA-POSTPAID\n    code: TWO\n    customerClasses: [INDUSTRIAL]\n`,
      'TWO and ONE are both for INDUSTRIAL, POSTPAID; only one may be.',
    ],
    ['two places', `${laidOver('    code: ONE\n')}  - extends: INDIA-UP-PREPAID\n`, 'place is IN-UP, but CN in ONE'],
    [
      'the same code twice',
      `${laidOver('    code: ONE\n')}  - extends: CHINA-COST-CONTROL\n    code: ONE\n`,
      'two policies have the same code',
    ],
  ])('is refused for %s', (_what, text, message) => {
    expect(load(text)).toContain(message);
  });

  test('that is not there, or no preset, is named', () => {
    expect(() => loadPolicyBook('FRANCE')).toThrow('FRANCE: no such preset; use one of CHINA, NEW_YORK');
    expect(() => loadPolicyBook('./nowhere.yaml')).toThrow('./nowhere.yaml: cannot be read (ENOENT)');
    expect(() => bookOf('EMPTY', [])).toThrow('holds none');
  });

  test('of any size is not read', () => {
    expect(load(`# ${'x'.repeat(1_000_001)}`)).toContain('is larger than 1000000 bytes');
  });
});

describe('a ladder', () => {
  const [china] = loadPolicyBook('CHINA').policies;
  const withSteps = (change: (steps: Record<string, unknown>[]) => unknown) => {
    const document = documentOf(china!) as { steps: Record<string, unknown>[] };
    return dunningPolicySchema
      .safeParse({ ...document, steps: change(document.steps) })
      .error?.issues.map(({ message }) => message);
  };

  test.each<[what: string, change: (steps: Record<string, unknown>[]) => unknown, message: RegExp]>([
    ['without a cut notice', (steps) => steps.slice(0, 4), /nobody is cut without one/],
    [
      'with a cut notice that may be left out',
      (steps) => steps.map((step) => ({ ...step, mandatory: false })),
      /must be mandatory/,
    ],
    ['with two cut notices', (steps) => [...steps, { ...steps[4], code: 'AGAIN' }], /more than one CUT_NOTICE/],
    ['with a mandatory step after the cut notice', (steps) => [steps[4], steps[3]], /the last mandatory step/],
    ['with days after the cut notice', (steps) => [{ ...steps[4], clearDays: 3 }], /notice.minDays rules there/],
    [
      'with a cut notice for some only',
      (steps) => [{ ...steps[4], customerClasses: ['INDUSTRIAL'] }],
      /it is for everybody/,
    ],
    ['with a step twice', (steps) => [steps[0], ...steps], /names DAY_5 twice/],
    ['with a step without a clause', (steps) => [{ ...steps[4], clause: undefined }], /expected object/],
    ['with a code in lower case', (steps) => [{ ...steps[4], code: 'cut-notice' }], /Invalid string/],
  ])('%s is refused', (_what, change, message) => {
    expect(withSteps(change)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });
});
