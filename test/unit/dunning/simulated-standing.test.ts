import { drawStanding } from '../../../src/simulation/place-standing.js';

const accounts = Array.from({ length: 2_000 }, (_, index) => ({
  accountNumber: `37${String(index + 1).padStart(8, '0')}`,
  inArrears: index % 10 === 0,
}));
const drawn = (seed: number) => accounts.map((account) => drawStanding({ seed }, account));

describe('how simulated customers stand', () => {
  test('the same seed gives the same standing, another seed another', () => {
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(8)).not.toEqual(drawn(7));
  });

  test('most were asked and are reached, a few are not; only debtors have causes and holds', () => {
    const all = drawn(7);
    const share = (count: number) => count / all.length;
    const asked = share(all.filter((one) => one.asked).length);
    const reached = share(all.filter(({ contact }) => contact === 'REACHED').length);
    for (const one of [asked, reached]) {
      expect(one).toBeGreaterThan(0.88);
      expect(one).toBeLessThan(0.99);
    }
    const debtors = all.filter((_, index) => accounts[index]!.inArrears);
    const others = all.filter((_, index) => !accounts[index]!.inArrears);
    expect(others.filter(({ cause, hold }) => cause ?? hold)).toEqual([]);
    expect(debtors.filter(({ cause }) => cause).length).toBeGreaterThan(debtors.length / 2);
    const held = debtors.filter(({ hold }) => hold).length;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(debtors.length / 5);
  });
});
