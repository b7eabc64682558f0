/**
 * Keeps the tables honest: every parameter of every preset is changed a little, in each direction, and some row must come to another verdict.
 * A parameter that no row notices is one whose boundary nobody has tested.
 */
import { blockers, cutChecks } from '../../../src/dunning/cut-policy.js';
import type { DunningPolicy } from '../../../src/dunning/policy-schema.js';
import type { Table } from './support/cuttable.js';
import { mutationsOf } from './support/mutations.js';
import { TABLES } from './tables/index.js';

/** Changes that make no difference, and why. */
const NO_DIFFERENCE: readonly (readonly [change: RegExp, why: string])[] = [
  [/: steps: without (DAY|REMINDER$|WARN)/, 'a step that is not mandatory decides no cut'],
  [/minDebtMinor: 0 → 1/, 'a cut needs a debt of one minor unit, whatever stands here'],
  [/^(CHINA-COST-CONTROL|INDIA-UP-PREPAID): overdue\./, 'what is paid ahead is decided by the balance'],
  [/seasons\.\d+\.contactHours: 0 → 1/, 'a season that prohibits asks for no contact'],
  [
    /^NEW-YORK-RESIDENTIAL: seasons\.1\.(from: 04-16 → 04-15|to: 10-31 → 11-01)/,
    'the other season begins and ends there',
  ],
  [/^CHINA-POSTPAID: notice\.copyToAuthority: without IMPORTANT_USER/, 'extra steps ask for the copy too'],
  [
    /^UK-DOMESTIC: seasons\.\d\.protections: with (LONE_ELDERLY|MEDICAL|INFANT|DISABLED)/,
    'the other season of the same days is theirs',
  ],
  [/steps\.\d+\.customerClasses: with RESIDENTIAL/, 'the customers of the tables are households'],
];

const verdict = ({ base, rows }: Table, row: number, policy: DunningPolicy): string =>
  blockers(cutChecks({ ...base, ...rows[row]?.[1] }, policy))
    .map(({ code }) => code)
    .join();

/** 5, 6, 4, 7, 3, …: all of 0 to `length` - 1, those near `start` first. */
const outwardFrom = (start: number, length: number): number[] =>
  Array.from({ length }, (_one, index) => index).sort((one, other) => Math.abs(one - start) - Math.abs(other - start));

test.each(TABLES)('$policy.code: every change of a parameter changes some verdict', (table) => {
  const before = table.rows.map((_row, index) => verdict(table, index, table.policy));
  const mutations = mutationsOf(table.policy).filter(
    ({ what }) => !NO_DIFFERENCE.some(([change]) => change.test(`${table.policy.code}: ${what}`)),
  );
  expect(mutations.length).toBeGreaterThan(50);
  // Neighbouring parameters are noticed by neighbouring rows: looking there first saves most of the work.
  let noticedBy: number | undefined = 0;
  const unnoticed: string[] = [];
  for (const { what, policy } of mutations) {
    noticedBy = outwardFrom(noticedBy ?? 0, before.length).find((row) => verdict(table, row, policy) !== before[row]);
    if (noticedBy === undefined) unnoticed.push(what);
  }
  // Add a row on the boundary of the parameter, on both sides.
  expect(unnoticed).toEqual([]);
});
