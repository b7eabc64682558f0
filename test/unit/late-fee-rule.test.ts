import { LATE_FEE_PARAMETERS, lateFeeRuleSchema } from '../../src/billing/late-fee-rule.js';
import { CHINA_LATE_FEE_RULE, CHINA_LATE_FEE_RULE_DOCUMENT } from '../../src/billing/late-fee-rules/china.js';

const document = CHINA_LATE_FEE_RULE_DOCUMENT;
const rate = { perMille: 1, clause: 'clause' };
const { RESIDENTIAL, ...withoutResidential } = document.ratesPerMille;
const source = { document: 'contract', clause: null, verified: true };

test.each<[what: string, change: object, says: RegExp]>([
  ['an unknown key', { perDay: 1 }, /perDay/],
  ['a class without rates', { ratesPerMille: withoutResidential }, /RESIDENTIAL/],
  ['an unknown class', { ratesPerMille: { ...document.ratesPerMille, SHIP: RESIDENTIAL } }, /SHIP/],
  [
    'a rate for one year only',
    { ratesPerMille: { ...document.ratesPerMille, RESIDENTIAL: { thisYear: rate } } },
    /earlierYear/,
  ],
  [
    'a rate without a clause',
    {
      ratesPerMille: {
        ...document.ratesPerMille,
        RESIDENTIAL: { thisYear: rate, earlierYear: { perMille: 1, clause: '' } },
      },
    },
    /clause/,
  ],
  [
    'a rate below zero',
    {
      ratesPerMille: {
        ...document.ratesPerMille,
        RESIDENTIAL: { thisYear: rate, earlierYear: { ...rate, perMille: -1 } },
      },
    },
    /perMille/,
  ],
  [
    'a rate of the wrong unit',
    {
      ratesPerMille: {
        ...document.ratesPerMille,
        RESIDENTIAL: { thisYear: rate, earlierYear: { ...rate, perMille: 51 } },
      },
    },
    /perMille/,
  ],
  [
    'a fraction of a per mille',
    {
      ratesPerMille: {
        ...document.ratesPerMille,
        RESIDENTIAL: { thisYear: rate, earlierYear: { ...rate, perMille: 0.5 } },
      },
    },
    /perMille/,
  ],
  ['a minimum below zero', { minimumMinor: -1 }, /minimumMinor/],
  ['half a fen', { minimumMinor: 0.5 }, /minimumMinor/],
  ['a cap of nothing', { capPermille: 0 }, /capPermille/],
  ['a cap of the wrong unit', { capPermille: 10_001 }, /capPermille/],
  ['a grace below zero', { graceDays: -1 }, /graceDays/],
  ['more grace than a year', { graceDays: 366 }, /graceDays/],
  ['an unknown rounding', { roundingMode: 'HALF_EVEN' }, /roundingMode/],
  ['an unknown currency', { currency: 'ZZZ' }, /currency/],
  ['a code in lower case', { code: 'cn-1996' }, /code/],
  ['no sources', { sources: [] }, /sources/],
  [
    'a parameter without a source',
    { sources: [{ ...source, parameters: LATE_FEE_PARAMETERS.slice(1) }] },
    /ratesPerMille/,
  ],
  [
    'a parameter with two sources',
    { sources: [{ ...source, parameters: [...LATE_FEE_PARAMETERS, 'graceDays'] }] },
    /exactly once/,
  ],
  [
    'an unverified source without a note',
    { sources: [{ ...source, verified: false, parameters: LATE_FEE_PARAMETERS }] },
    /uncertain/,
  ],
])('a rule is refused for %s', (_what, change, says) => {
  const parsed = lateFeeRuleSchema.safeParse({ ...document, ...change });
  expect(parsed.success).toBe(false);
  expect(JSON.stringify(parsed.error!.issues)).toMatch(says);
});

test.each<[what: string, change: object]>([
  ['as it is', {}],
  [
    'with no fee for a class',
    {
      ratesPerMille: {
        ...document.ratesPerMille,
        RESIDENTIAL: { thisYear: { ...rate, perMille: 0 }, earlierYear: { ...rate, perMille: 50 } },
      },
    },
  ],
  ['without a minimum', { minimumMinor: 0 }],
  ['with the lowest cap', { capPermille: 1 }],
  ['with the highest cap', { capPermille: 10_000 }],
  ['with a year of grace', { graceDays: 365 }],
])('a rule is taken %s', (_what, change) => {
  expect(lateFeeRuleSchema.safeParse({ ...document, ...change }).success).toBe(true);
});

test('the rule of China says of each parameter where it comes from, and what is not verified', () => {
  const verified = CHINA_LATE_FEE_RULE.sources.flatMap((one) => (one.verified ? one.parameters : []));
  expect(verified.sort()).toEqual(['graceDays', 'minimumMinor', 'ratesPerMille']);
  const { RESIDENTIAL: residential, COMMERCIAL, INDUSTRIAL, TEMPORARY } = CHINA_LATE_FEE_RULE.ratesPerMille;
  expect([residential.thisYear.perMille, residential.earlierYear.perMille]).toEqual([1, 1]);
  for (const { thisYear, earlierYear } of [COMMERCIAL, INDUSTRIAL, TEMPORARY])
    expect([thisYear.perMille, earlierYear.perMille]).toEqual([2, 3]);
  expect([CHINA_LATE_FEE_RULE.minimumMinor, CHINA_LATE_FEE_RULE.capPermille]).toEqual([100n, null]);
});
