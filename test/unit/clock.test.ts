import fc from 'fast-check';
import { productTimeMs, type ClockState } from '../../src/platform/clock.js';

const WALL = Date.UTC(2026, 6, 1, 12, 0, 0);
const VIRTUAL = Date.UTC(2026, 2, 10, 2, 0, 0);
const simulated = (scaleMillis: number): ClockState => ({
  mode: 'SIMULATED',
  version: 1n,
  virtualAt: new Date(VIRTUAL),
  wallAt: new Date(WALL),
  scaleMillis,
});

test.each<[what: string, scaleMillis: number, wallMs: number, productMs: number]>([
  ['real speed', 1_000, 60_000, 60_000],
  ['a day a second', 86_400_000, 1_000, 86_400_000],
  ['twice as fast', 2_000, 1_500, 3_000],
  ['half as fast', 500, 3_000, 1_500],
  ['standing still', 0, 3_600_000, 0],
  ['the slowest there is', 1, 1_000_000, 1_000],
  ['at the instant of the change', 86_400_000, 0, 0],
])('%s: %i thousandths, %i ms of wall time are %i ms of product time', (_what, scaleMillis, wallMs, productMs) => {
  expect(productTimeMs(simulated(scaleMillis), WALL + wallMs)).toBe(VIRTUAL + productMs);
});

test('in real mode product time is wall time, whatever the row says', () => {
  expect(productTimeMs({ ...simulated(86_400_000), mode: 'REAL' }, WALL + 1)).toBe(WALL + 1);
});

test('it never goes back while wall time goes on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000 }), fc.nat(1e9), fc.nat(1e9), (scaleMillis, a, b) => {
      const [earlier, later] = a < b ? [a, b] : [b, a];
      expect(productTimeMs(simulated(scaleMillis), WALL + later)).toBeGreaterThanOrEqual(
        productTimeMs(simulated(scaleMillis), WALL + earlier),
      );
    }),
  );
});

test('a change of speed does not jump: the new state begins where the old one stood', () => {
  const before = simulated(2_000);
  const changedAt = WALL + 12_345;
  const after: ClockState = {
    ...before,
    virtualAt: new Date(productTimeMs(before, changedAt)),
    wallAt: new Date(changedAt),
    scaleMillis: 60_000,
  };
  expect(productTimeMs(after, changedAt)).toBe(productTimeMs(before, changedAt));
});
