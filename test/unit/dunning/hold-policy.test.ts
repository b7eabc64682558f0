import { HOLD_RULES, rulingDueOn, settleTerms, type HoldTerms } from '../../../src/dunning/hold-policy.js';
import { endingOf, type HoldFacts } from '../../../src/dunning/hold-ending-policy.js';
import { HOLD_KINDS } from '../../../src/dunning/words.js';
import { chineseHolidays } from '../../../src/platform/holidays.js';

const TODAY = '2026-03-10';
const known = { today: TODAY, maxDays: 30, overdueMinor: 10_000n };
const terms = (change: Partial<HoldTerms> & Pick<HoldTerms, 'kind'>): HoldTerms => ({
  fromDate: TODAY,
  untilDate: null,
  amountMinor: null,
  instalments: [],
  ...change,
});
const part = (dueDate: string, amountMinor: bigint) => ({ dueDate, amountMinor });
const plan = (...instalments: HoldTerms['instalments']) => terms({ kind: 'PAYMENT_PLAN', instalments });

describe('the terms of a hold', () => {
  test.each<[what: string, terms: HoldTerms, kept: { untilDate: string | null; amountMinor: bigint | null }]>([
    ['a dispute lasts until it is ruled on', terms({ kind: 'DISPUTE' }), { untilDate: null, amountMinor: null }],
    ['a dispute of an amount', terms({ kind: 'DISPUTE', amountMinor: 5n }), { untilDate: null, amountMinor: 5n }],
    [
      'hardship without a last day takes the longest',
      terms({ kind: 'HARDSHIP' }),
      { untilDate: '2026-04-09', amountMinor: null },
    ],
    [
      'hardship on the longest day',
      terms({ kind: 'HARDSHIP', untilDate: '2026-04-09' }),
      { untilDate: '2026-04-09', amountMinor: null },
    ],
    [
      'a promise for today',
      terms({ kind: 'PROMISE_TO_PAY', untilDate: TODAY, amountMinor: 1n }),
      { untilDate: TODAY, amountMinor: 1n },
    ],
    [
      'bank-late from days ago',
      terms({ kind: 'BANK_LATE', fromDate: '2026-03-06', untilDate: '2026-03-12' }),
      { untilDate: '2026-03-12', amountMinor: null },
    ],
    [
      'a guarantee of exactly what is overdue',
      terms({ kind: 'GUARANTEE', untilDate: '2026-03-20', amountMinor: 10_000n }),
      { untilDate: '2026-03-20', amountMinor: 10_000n },
    ],
    [
      'a plan ends with its last instalment',
      plan(part(TODAY, 4_000n), part('2026-04-09', 6_000n)),
      { untilDate: '2026-04-09', amountMinor: 10_000n },
    ],
    ['a plan of one instalment', plan(part('2026-03-11', 10_000n)), { untilDate: '2026-03-11', amountMinor: 10_000n }],
  ])('%s', (_what, given, kept) => {
    expect(settleTerms(given, known)).toEqual(kept);
  });

  test.each<[what: string, terms: HoldTerms, code: string, field: string]>([
    ['begins tomorrow', terms({ kind: 'HARDSHIP', fromDate: '2026-03-11' }), 'HOLD_FROM_IN_FUTURE', 'fromDate'],
    [
      'ends before it begins',
      terms({ kind: 'HARDSHIP', untilDate: '2026-03-09' }),
      'HOLD_UNTIL_BEFORE_FROM',
      'untilDate',
    ],
    [
      'ends before today',
      terms({ kind: 'BANK_LATE', fromDate: '2026-03-01', untilDate: '2026-03-09' }),
      'HOLD_UNTIL_BEFORE_FROM',
      'untilDate',
    ],
    ['lasts a day too long', terms({ kind: 'HARDSHIP', untilDate: '2026-04-10' }), 'HOLD_TOO_LONG', 'untilDate'],
    [
      'a dispute with a last day',
      terms({ kind: 'DISPUTE', untilDate: '2026-03-12' }),
      'HOLD_UNTIL_NOT_ALLOWED',
      'untilDate',
    ],
    ['a promise without a day', terms({ kind: 'PROMISE_TO_PAY', amountMinor: 1n }), 'HOLD_UNTIL_NEEDED', 'untilDate'],
    [
      'a promise without an amount',
      terms({ kind: 'PROMISE_TO_PAY', untilDate: TODAY }),
      'HOLD_AMOUNT_NEEDED',
      'amount',
    ],
    [
      'a promise of nothing',
      terms({ kind: 'PROMISE_TO_PAY', untilDate: TODAY, amountMinor: 0n }),
      'HOLD_AMOUNT_TOO_SMALL',
      'amount',
    ],
    ['a complaint with an amount', terms({ kind: 'COMPLAINT', amountMinor: 1n }), 'HOLD_AMOUNT_NOT_ALLOWED', 'amount'],
    [
      'a guarantee of less than the debt',
      terms({ kind: 'GUARANTEE', untilDate: TODAY, amountMinor: 9_999n }),
      'HOLD_AMOUNT_TOO_SMALL',
      'amount',
    ],
    ['a plan of nothing', plan(), 'PLAN_INSTALMENTS_INVALID', 'instalments'],
    ['a plan a fen short of the debt', plan(part('2026-03-20', 9_999n)), 'PLAN_NOT_THE_DEBT', 'instalments'],
    [
      'a plan a fen over the debt',
      plan(part('2026-03-20', 5_000n), part('2026-03-21', 5_001n)),
      'PLAN_NOT_THE_DEBT',
      'instalments',
    ],
    ['a plan that begins yesterday', plan(part('2026-03-09', 10_000n)), 'PLAN_INSTALMENTS_INVALID', 'instalments'],
    [
      'two instalments on a day',
      plan(part('2026-03-20', 5_000n), part('2026-03-20', 5_000n)),
      'PLAN_INSTALMENTS_INVALID',
      'instalments',
    ],
    [
      'an instalment of nothing',
      plan(part('2026-03-20', 10_000n), part('2026-03-21', 0n)),
      'PLAN_INSTALMENTS_INVALID',
      'instalments',
    ],
    ['a plan a day too long', plan(part('2026-04-10', 10_000n)), 'HOLD_TOO_LONG', 'instalments'],
    [
      'a plan with an amount of its own',
      { ...plan(part('2026-03-20', 10_000n)), amountMinor: 10_000n },
      'HOLD_AMOUNT_NOT_ALLOWED',
      'amount',
    ],
    [
      'a plan with a last day of its own',
      { ...plan(part('2026-03-20', 10_000n)), untilDate: '2026-03-20' },
      'HOLD_UNTIL_NOT_ALLOWED',
      'untilDate',
    ],
    [
      'instalments of a promise',
      terms({ kind: 'PROMISE_TO_PAY', untilDate: TODAY, amountMinor: 1n, instalments: [part(TODAY, 1n)] }),
      'PLAN_INSTALMENTS_INVALID',
      'instalments',
    ],
  ])('refused: %s', (_what, given, code, field) => {
    expect(settleTerms(given, known)).toMatchObject({ code, field });
  });

  test('61 instalments are no plan', () => {
    const many = Array.from({ length: 61 }, (_, index) =>
      part(`2027-${String(1 + (index % 12)).padStart(2, '0')}-${10 + Math.floor(index / 12)}`, 1n),
    );
    expect(settleTerms(plan(...many), known)).toMatchObject({ code: 'PLAN_INSTALMENTS_INVALID' });
  });

  test('where the policy sets no bound, none is kept', () => {
    const free = { ...known, maxDays: null };
    expect(settleTerms(terms({ kind: 'HARDSHIP' }), free)).toEqual({ untilDate: null, amountMinor: null });
    expect(settleTerms(terms({ kind: 'HARDSHIP', untilDate: '2027-03-10' }), free)).toMatchObject({
      untilDate: '2027-03-10',
    });
  });
});

describe('a ruling is due in three working days', () => {
  test.each([
    ['Tuesday', '2026-03-10', '2026-03-13'],
    ['Friday: the weekend does not count', '2026-03-13', '2026-03-18'],
    ['the day before the Spring Festival', '2026-02-13', '2026-02-25'],
    ['Friday before a make-up Saturday', '2026-02-27', '2026-03-03'],
  ])('opened on a %s', (_what, openedOn, dueOn) => {
    expect(rulingDueOn(openedOn, (date) => chineseHolidays.isWorkday(date))).toBe(dueOn);
  });
});

const facts = (change: Partial<HoldFacts> & Pick<HoldFacts, 'kind'>): HoldFacts => ({
  untilDate: '2026-03-20',
  amountMinor: 10_000n,
  owedMinor: 10_000n,
  payments: [],
  instalments: [],
  ...change,
});
const paid = (on: string, amountMinor: bigint) => ({ on, amountMinor });
const INSTALMENTS = [part('2026-03-12', 4_000n), part('2026-03-20', 6_000n)];
const planned = (change: Partial<HoldFacts>) => facts({ kind: 'PAYMENT_PLAN', instalments: INSTALMENTS, ...change });

describe('what ends a hold by itself', () => {
  test.each<[what: string, facts: HoldFacts, today: string, outcome: string | undefined]>([
    ['a plan before its first date', planned({}), '2026-03-11', undefined],
    ['a plan within the grace', planned({}), '2026-03-15', undefined],
    ['a plan after the grace', planned({}), '2026-03-16', 'BROKEN'],
    [
      'a plan paid on the last day of the grace',
      planned({ payments: [paid('2026-03-15', 4_000n)], owedMinor: 6_000n }),
      '2026-03-16',
      undefined,
    ],
    [
      'a plan paid a day after the grace',
      planned({ payments: [paid('2026-03-16', 4_000n)], owedMinor: 6_000n }),
      '2026-03-16',
      'BROKEN',
    ],
    [
      'a plan paid a fen too little',
      planned({ payments: [paid('2026-03-12', 3_999n)], owedMinor: 6_001n }),
      '2026-03-16',
      'BROKEN',
    ],
    [
      'a plan paid in parts',
      planned({ payments: [paid('2026-03-11', 1_000n), paid('2026-03-14', 3_000n)], owedMinor: 6_000n }),
      '2026-03-16',
      undefined,
    ],
    ['a plan paid ahead', planned({ payments: [paid('2026-03-10', 9_999n)], owedMinor: 1n }), '2026-03-23', undefined],
    [
      'a plan whose second instalment fails',
      planned({ payments: [paid('2026-03-10', 9_999n)], owedMinor: 1n }),
      '2026-03-24',
      'BROKEN',
    ],
    ['a plan paid whole', planned({ payments: [paid('2026-03-10', 10_000n)], owedMinor: 55n }), '2026-03-12', 'KEPT'],
    ['a plan whose debt is gone', planned({ owedMinor: 0n }), '2026-03-12', 'KEPT'],
    ['a plan whose payment bounced', planned({ payments: [paid('2026-03-11', 0n)] }), '2026-03-16', 'BROKEN'],

    ['a promise on its last day', facts({ kind: 'PROMISE_TO_PAY' }), '2026-03-20', undefined],
    ['a promise a day later', facts({ kind: 'PROMISE_TO_PAY' }), '2026-03-21', 'BROKEN'],
    [
      'a promise paid',
      facts({ kind: 'PROMISE_TO_PAY', payments: [paid('2026-03-20', 10_000n)], owedMinor: 1n }),
      '2026-03-21',
      'KEPT',
    ],
    [
      'a promise paid too late',
      facts({ kind: 'PROMISE_TO_PAY', payments: [paid('2026-03-21', 10_000n)], owedMinor: 1n }),
      '2026-03-21',
      'BROKEN',
    ],
    [
      'a promise paid in part',
      facts({ kind: 'PROMISE_TO_PAY', payments: [paid('2026-03-12', 9_999n)], owedMinor: 1n }),
      '2026-03-21',
      'BROKEN',
    ],

    ['bank-late while the money is on its way', facts({ kind: 'BANK_LATE' }), '2026-03-20', undefined],
    [
      'bank-late, the money came',
      facts({ kind: 'BANK_LATE', payments: [paid('2026-03-11', 10_000n)], owedMinor: 5n }),
      '2026-03-12',
      'SETTLED',
    ],
    [
      'bank-late without an amount, the debt is gone',
      facts({ kind: 'BANK_LATE', amountMinor: null, owedMinor: 0n }),
      '2026-03-12',
      'SETTLED',
    ],
    [
      'bank-late without an amount, some money came',
      facts({ kind: 'BANK_LATE', amountMinor: null, payments: [paid('2026-03-11', 1n)] }),
      '2026-03-12',
      undefined,
    ],
    ['bank-late, the money never came', facts({ kind: 'BANK_LATE' }), '2026-03-21', 'EXPIRED'],

    [
      'a guarantee while it lasts',
      facts({ kind: 'GUARANTEE', payments: [paid('2026-03-11', 10_000n)], owedMinor: 5n }),
      '2026-03-20',
      undefined,
    ],
    ['a guarantee, the debt is gone', facts({ kind: 'GUARANTEE', owedMinor: 0n }), '2026-03-12', 'SETTLED'],
    ['a guarantee that runs out', facts({ kind: 'GUARANTEE' }), '2026-03-21', 'EXPIRED'],

    ['hardship while it lasts, whatever is paid', facts({ kind: 'HARDSHIP', owedMinor: 0n }), '2026-03-20', undefined],
    ['hardship that runs out', facts({ kind: 'HARDSHIP' }), '2026-03-21', 'EXPIRED'],
    ['hardship without a last day', facts({ kind: 'HARDSHIP', untilDate: null }), '2030-01-01', undefined],
    ['an investigation that runs out', facts({ kind: 'INVESTIGATION' }), '2026-03-21', 'EXPIRED'],

    ['a dispute, years later', facts({ kind: 'DISPUTE', untilDate: null, owedMinor: 0n }), '2030-01-01', undefined],
    ['a complaint, years later', facts({ kind: 'COMPLAINT', untilDate: null }), '2030-01-01', undefined],
    [
      'a deposit under protest, years later',
      facts({ kind: 'DEPOSIT_UNDER_PROTEST', untilDate: null }),
      '2030-01-01',
      undefined,
    ],
  ])('%s', (_what, given, today, outcome) => {
    expect(endingOf(given, today)?.outcome).toBe(outcome);
  });
});

test('each kind can be ended by a person, and only a guarantee brings back power when it is opened', () => {
  for (const kind of HOLD_KINDS) expect([kind, HOLD_RULES[kind].endings.length > 0]).toEqual([kind, true]);
  expect(HOLD_KINDS.filter((kind) => HOLD_RULES[kind].restores)).toEqual(['GUARANTEE']);
});
