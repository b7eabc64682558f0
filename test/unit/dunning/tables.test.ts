import { blockers, CHECK_CODES, cutChecks } from '../../../src/dunning/cut-policy.js';
import { loadPolicyBook, PRESET_NAMES } from '../../../src/dunning/policy-book.js';
import { TABLES } from './tables/index.js';

describe.each(TABLES)('$policy.code', ({ policy, base, rows }) => {
  test.each(rows)('%s', (_what, change, blocks) => {
    const checks = cutChecks({ ...base, ...change }, policy);
    const found = blockers(checks);
    expect(Object.fromEntries(found.map(({ code, evidence }) => [code, evidence]))).toEqual(
      Object.fromEntries(Object.entries(blocks).map(([code, evidence]) => [code, expect.stringContaining(evidence)])),
    );
    // Told in one order, each once, each with its evidence and its clause.
    const order = checks.map(({ code }) => CHECK_CODES.indexOf(code));
    expect(order).toEqual([...new Set(order)].sort((one, other) => one - other));
    expect(checks.filter(({ evidence, clause }) => evidence === '' || clause === '')).toEqual([]);
  });
});

test('every preset has its table, and together they have 400 rows or more', () => {
  const codes = PRESET_NAMES.flatMap((name) => loadPolicyBook(name).policies.map(({ code }) => code));
  expect(TABLES.map(({ policy }) => policy.code).sort()).toEqual(codes.sort());
  expect(TABLES.reduce((sum, { rows }) => sum + rows.length, 0)).toBeGreaterThanOrEqual(400);
});

test('no table tells the same row twice', () => {
  for (const { policy, rows } of TABLES) {
    const names = rows.map(([what]) => what);
    expect([policy.code, names.filter((name, index) => names.indexOf(name) !== index)]).toEqual([policy.code, []]);
  }
});
