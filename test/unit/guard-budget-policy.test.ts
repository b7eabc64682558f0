import { defaultBudget, readBudget } from '../../src/guard/budget.js';
import { budgetRefusal, type CutBudget, type SignedCut } from '../../src/guard/budget-policy.js';
import { Dice } from '../support/wire-model.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 100 * DAY;

const WIDE: CutBudget = {
  cutsPerMinute: 1_000,
  cutsPerHour: 1_000,
  cutsPerDay: 1_000,
  cutsPerDistrictPerHour: 1_000,
  cutsPerRequesterPerDay: 1_000,
  urgentCutsPerMinute: 1_000,
  urgentCutsPerHour: 1_000,
  urgentCutsPerDay: 1_000,
  urgentCutsPerRequesterPerDay: 1_000,
};
const cut = (change: Partial<SignedCut> = {}): SignedCut => ({
  atMs: NOW,
  district: 'D1',
  requester: 'clerk',
  urgent: false,
  ...change,
});

describe('the budget of the guard', () => {
  const windows: [keyof CutBudget, number, Partial<SignedCut>][] = [
    ['cutsPerMinute', MINUTE, {}],
    ['cutsPerHour', HOUR, {}],
    ['cutsPerDay', DAY, {}],
    ['cutsPerDistrictPerHour', HOUR, {}],
    ['cutsPerRequesterPerDay', DAY, {}],
    ['urgentCutsPerMinute', MINUTE, { urgent: true }],
    ['urgentCutsPerHour', HOUR, { urgent: true }],
    ['urgentCutsPerDay', DAY, { urgent: true }],
    ['urgentCutsPerRequesterPerDay', DAY, { urgent: true }],
  ];

  test.each(windows)('%s: full at its limit, free exactly one window later', (scope, windowMs, kind) => {
    const budget = { ...WIDE, [scope]: 2 };
    const signed = [cut({ ...kind, atMs: NOW - windowMs + 1 }), cut({ ...kind, atMs: NOW - 1 })];
    expect(budgetRefusal(signed, cut(kind), NOW, budget)).toEqual({ scope, limit: 2, waitMs: 1 });
    expect(budgetRefusal(signed, cut(kind), NOW + 1, budget)).toBeUndefined();
    expect(budgetRefusal(signed.slice(1), cut(kind), NOW, budget)).toBeUndefined();
  });

  test.each(windows)('%s: a limit of zero is never free', (scope, _, kind) => {
    expect(budgetRefusal([], cut(kind), NOW, { ...WIDE, [scope]: 0 })).toEqual({ scope, limit: 0, waitMs: undefined });
  });

  test('another district, another person, and cuts for danger do not use up the same window', () => {
    const signed = [cut(), cut({ urgent: true })];
    const only = (scope: keyof CutBudget) => ({ ...WIDE, [scope]: 1 });
    expect(budgetRefusal(signed, cut({ district: 'D2' }), NOW, only('cutsPerDistrictPerHour'))).toBeUndefined();
    expect(budgetRefusal(signed, cut({ requester: 'other' }), NOW, only('cutsPerRequesterPerDay'))).toBeUndefined();
    expect(budgetRefusal([cut({ urgent: true })], cut(), NOW, only('cutsPerMinute'))).toBeUndefined();
    expect(budgetRefusal([cut()], cut({ urgent: true }), NOW, only('urgentCutsPerMinute'))).toBeUndefined();
  });

  test('of several full windows the one that frees last is told', () => {
    const budget = { ...WIDE, cutsPerMinute: 1, cutsPerDay: 1 };
    expect(budgetRefusal([cut()], cut(), NOW, budget)).toMatchObject({ scope: 'cutsPerDay', waitMs: DAY });
  });

  test('what was signed later than now counts: a clock that went back gives nothing back', () => {
    expect(budgetRefusal([cut({ atMs: NOW + HOUR })], cut(), NOW, { ...WIDE, cutsPerMinute: 1 })).toBeDefined();
  });

  test('whatever is asked when, no sliding window ever holds more than its limit', () => {
    const SEED = 41;
    const dice = new Dice(SEED);
    const budget = { ...defaultBudget(0), cutsPerMinute: 3, cutsPerHour: 20, cutsPerDistrictPerHour: 7 };
    const signed: SignedCut[] = [];
    let atMs = NOW;
    for (let asked = 0; asked < 6_000; asked += 1) {
      atMs += dice.below(dice.pick([1, 2_000, 40_000, 400_000]));
      const wanted = { district: `D${dice.below(4)}`, requester: `P${dice.below(3)}`, urgent: dice.chance(0.2) };
      if (!budgetRefusal(signed, wanted, atMs, budget)) signed.push({ ...wanted, atMs });
    }
    expect(signed.length).toBeGreaterThan(200);
    const most = (windowMs: number, of: (one: SignedCut) => string | undefined): number =>
      Math.max(
        ...signed.map((last) => {
          const within = signed.filter((one) => one.atMs > last.atMs - windowMs && one.atMs <= last.atMs);
          return within.filter((one) => of(one) !== undefined && of(one) === of(last)).length;
        }),
      );
    const ordinary = (one: SignedCut) => (one.urgent ? undefined : 'all');
    const found = {
      cutsPerMinute: most(MINUTE, ordinary),
      cutsPerHour: most(HOUR, ordinary),
      cutsPerDay: most(DAY, ordinary),
      cutsPerDistrictPerHour: most(HOUR, (one) => (one.urgent ? undefined : one.district)),
      cutsPerRequesterPerDay: most(DAY, (one) => (one.urgent ? undefined : one.requester)),
      urgentCutsPerDay: most(DAY, (one) => (one.urgent ? 'all' : undefined)),
    };
    const over = Object.entries(found).filter(([scope, count]) => count > budget[scope as keyof CutBudget]);
    expect({ SEED, over }).toEqual({ SEED, over: [] });
  });
});

describe('the settings of the budget', () => {
  const none = '/nowhere/budget.json';
  test('the defaults: 50 a day, or 0.5 % of the meters that the setting states', () => {
    expect(readBudget(undefined, none)).toEqual(defaultBudget(0));
    expect(defaultBudget(0)).toMatchObject({ cutsPerMinute: 10, cutsPerDay: 50, cutsPerRequesterPerDay: 50 });
    expect(defaultBudget(10_199).cutsPerDay).toBe(50);
    expect(defaultBudget(10_200).cutsPerDay).toBe(51);
    expect(readBudget('{"meters": 1000000, "cutsPerMinute": 40}', none)).toMatchObject({
      cutsPerMinute: 40,
      cutsPerDay: 5_000,
      cutsPerHour: 2_500,
    });
  });

  test.each([
    ['nonsense', /not JSON/],
    ['[]', /no budget/],
    ['{"cutsPerMinuet": 5}', /cutsPerMinuet/],
    ['{"cutsPerMinute": -1}', /whole number|cutsPerMinute/],
    ['{"cutsPerMinute": 1.5}', /cutsPerMinute/],
    ['{"cutsPerMinute": "9"}', /cutsPerMinute/],
    ['{"cutsPerDay": 1e9}', /cutsPerDay/],
  ])('%s is refused in words', (text, words) => {
    expect(() => readBudget(text, none)).toThrow(words);
  });
});
