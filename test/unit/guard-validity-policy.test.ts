import { validityProblem } from '../../src/guard/validity-policy.js';

const NOW = Date.parse('2026-03-10T02:00:00.000Z');
const MINUTE = 60_000;
const problem = (issuedIn: number, endsIn: number, scaleMillis = 1_000): string | undefined =>
  validityProblem({ issuedAt: new Date(NOW + issuedIn), notAfter: new Date(NOW + endsIn) }, new Date(NOW), scaleMillis);

test.each([
  ['ten minutes from now', 0, 10 * MINUTE, 1_000],
  ['fifteen minutes, the most', 0, 15 * MINUTE, 1_000],
  ['one millisecond left', -9 * MINUTE, 1, 1_000],
  ['issued a minute ahead of our clock', MINUTE, 11 * MINUTE, 1_000],
  ['hours, where an hour passes in a second', 0, 18 * 60 * MINUTE, 3_600_000],
  ['with a clock that stands still', 0, 10 * MINUTE, 0],
])('sane: %s', (_, issuedIn, endsIn, scale) => {
  expect(problem(issuedIn, endsIn, scale)).toBeUndefined();
});

test.each([
  ['expired just now', -MINUTE, 0, 1_000, /expired/],
  ['ends before it begins', 5 * MINUTE, 4 * MINUTE, 1_000, /before it was issued/],
  ['issued in the future', MINUTE + 1, 10 * MINUTE, 1_000, /future/],
  ['a millisecond too long', 0, 15 * MINUTE + 1, 1_000, /longer/],
  ['long since issued, long still to go', -20 * MINUTE, 10 * MINUTE, 1_000, /longer/],
  ['hours, under a clock of real speed', 0, 2 * 60 * MINUTE, 1_000, /longer/],
  ['days, where an hour passes in a second', 0, 48 * 60 * MINUTE, 3_600_000, /longer/],
])('not sane: %s', (_, issuedIn, endsIn, scale, words) => {
  expect(problem(issuedIn, endsIn, scale)).toMatch(words);
});
