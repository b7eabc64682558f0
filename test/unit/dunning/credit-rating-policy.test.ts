import { rateCredit, type CreditHistory, type RatingReasonCode } from '../../../src/dunning/credit-rating-policy.js';
import type { CreditRating } from '../../../src/dunning/words.js';

/** Two years of bills, all paid on time, a customer for three years: nothing speaks against it. */
const GOOD: CreditHistory = {
  settled12: 12,
  settled24: 24,
  late12: 0,
  late24: 0,
  veryLate12: 0,
  veryLate24: 0,
  worstLateDays24: 0,
  openOverdue: 0,
  openOverdueDays: 0,
  cuts24: 0,
  brokenPromises24: 0,
  bouncedPayments24: 0,
  customerYears: 3,
};
const NOTHING = { settled12: 0, settled24: 0, customerYears: 0 };

describe('credit rating (信誉度)', () => {
  test.each<[what: string, history: Partial<CreditHistory>, rating: CreditRating, reasons: RatingReasonCode[]]>([
    ['all on time', {}, 'A', ['PAID_ON_TIME']],
    ['all on time for five years', { customerYears: 5 }, 'A', ['PAID_ON_TIME', 'LOYAL']],
    ['all on time, a day short of five years', { customerYears: 4 }, 'A', ['PAID_ON_TIME']],

    ['never billed', NOTHING, 'B', ['NEVER_BILLED']],
    ['never billed, for six years', { ...NOTHING, customerYears: 6 }, 'B', ['NEVER_BILLED', 'LOYAL']],
    [
      'the first bill is open past its due date',
      { ...NOTHING, openOverdue: 1, openOverdueDays: 37 },
      'B',
      ['SHORT_HISTORY'],
    ],
    ['one bill settled', { ...NOTHING, settled12: 1, settled24: 1 }, 'B', ['SHORT_HISTORY', 'PAID_ON_TIME']],
    ['five bills settled', { settled12: 5, settled24: 5 }, 'B', ['SHORT_HISTORY', 'PAID_ON_TIME']],
    ['six bills settled', { settled12: 6, settled24: 6 }, 'A', ['PAID_ON_TIME']],
    ['six bills settled, none of them in the last year', { settled12: 0, settled24: 6 }, 'A', []],

    ['one late bill is forgiven', { late12: 1, late24: 1 }, 'A', ['PAID_ON_TIME']],
    ['two are not', { late12: 2, late24: 2 }, 'B', ['LATE_BILLS', 'PAID_ON_TIME']],
    ['two are, of a loyal customer', { late12: 2, late24: 2, customerYears: 5 }, 'A', ['PAID_ON_TIME', 'LOYAL']],
    [
      'three are not, even of a loyal one',
      { late12: 3, late24: 3, customerYears: 9 },
      'B',
      ['LATE_BILLS', 'PAID_ON_TIME', 'LOYAL'],
    ],
    ['five late bills', { late12: 5, late24: 5 }, 'B', ['LATE_BILLS', 'PAID_ON_TIME']],
    ['six late bills', { late12: 6, late24: 6 }, 'C', ['LATE_BILLS', 'PAID_ON_TIME']],
    ['every bill late', { late12: 12, late24: 24 }, 'C', ['LATE_BILLS']],
    ['late bills of the year before only', { late12: 0, late24: 12 }, 'A', ['PAID_ON_TIME']],

    [
      'a very late bill this year',
      { veryLate12: 1, veryLate24: 1, worstLateDays24: 31 },
      'C',
      ['VERY_LATE_BILLS', 'PAID_ON_TIME'],
    ],
    ['two', { veryLate12: 2, veryLate24: 2 }, 'C', ['VERY_LATE_BILLS', 'PAID_ON_TIME']],
    ['three', { veryLate12: 3, veryLate24: 3 }, 'D', ['VERY_LATE_BILLS', 'PAID_ON_TIME']],
    ['one, of the year before', { veryLate24: 1 }, 'B', ['VERY_LATE_BILLS', 'PAID_ON_TIME']],
    ['two, of the year before', { veryLate24: 2 }, 'B', ['VERY_LATE_BILLS', 'PAID_ON_TIME']],
    ['three, of the year before', { veryLate24: 3 }, 'C', ['VERY_LATE_BILLS', 'PAID_ON_TIME']],
    [
      'loyalty does not forgive it',
      { veryLate12: 1, veryLate24: 1, customerYears: 20 },
      'C',
      ['VERY_LATE_BILLS', 'PAID_ON_TIME', 'LOYAL'],
    ],

    ['the debt that is demanded is no history', { openOverdue: 1, openOverdueDays: 90 }, 'A', ['PAID_ON_TIME']],
    [
      'unless it is older than 90 days',
      { openOverdue: 1, openOverdueDays: 91 },
      'C',
      ['DEBT_PILES_UP', 'PAID_ON_TIME'],
    ],
    ['up to 180 days', { openOverdue: 1, openOverdueDays: 180 }, 'C', ['DEBT_PILES_UP', 'PAID_ON_TIME']],
    ['older than 180 days', { openOverdue: 1, openOverdueDays: 181 }, 'D', ['DEBT_PILES_UP', 'PAID_ON_TIME']],
    ['two bills open', { openOverdue: 2, openOverdueDays: 40 }, 'C', ['DEBT_PILES_UP', 'PAID_ON_TIME']],
    ['three bills open', { openOverdue: 3, openOverdueDays: 70 }, 'C', ['DEBT_PILES_UP', 'PAID_ON_TIME']],
    ['four bills open', { openOverdue: 4, openOverdueDays: 90 }, 'D', ['DEBT_PILES_UP', 'PAID_ON_TIME']],
    [
      'nothing ever paid, two bills open',
      { ...NOTHING, openOverdue: 2, openOverdueDays: 45 },
      'C',
      ['DEBT_PILES_UP', 'SHORT_HISTORY'],
    ],

    ['one cut', { cuts24: 1 }, 'C', ['CUT_BEFORE', 'PAID_ON_TIME']],
    ['two cuts', { cuts24: 2 }, 'D', ['CUT_BEFORE', 'PAID_ON_TIME']],
    ['one broken promise', { brokenPromises24: 1 }, 'C', ['BROKEN_PROMISES', 'PAID_ON_TIME']],
    ['two broken promises', { brokenPromises24: 2 }, 'D', ['BROKEN_PROMISES', 'PAID_ON_TIME']],
    ['one bounced payment', { bouncedPayments24: 1 }, 'B', ['BOUNCED_PAYMENTS', 'PAID_ON_TIME']],
    ['two bounced payments', { bouncedPayments24: 2 }, 'C', ['BOUNCED_PAYMENTS', 'PAID_ON_TIME']],
    ['three bounced payments', { bouncedPayments24: 3 }, 'D', ['BOUNCED_PAYMENTS', 'PAID_ON_TIME']],

    [
      'the worst decides: late and bounced',
      { late12: 2, late24: 2, bouncedPayments24: 2 },
      'C',
      ['BOUNCED_PAYMENTS', 'LATE_BILLS', 'PAID_ON_TIME'],
    ],
    [
      'the worst decides: cut and very late',
      { cuts24: 2, veryLate12: 1, veryLate24: 1 },
      'D',
      ['CUT_BEFORE', 'VERY_LATE_BILLS', 'PAID_ON_TIME'],
    ],
    [
      'a short and bad history',
      { settled12: 2, settled24: 2, late12: 2, late24: 2 },
      'B',
      ['LATE_BILLS', 'SHORT_HISTORY'],
    ],
    ['everything at once', { cuts24: 3, brokenPromises24: 2, bouncedPayments24: 4, veryLate12: 4, veryLate24: 6, late12: 6, late24: 8, openOverdue: 5, openOverdueDays: 200 }, 'D', ['CUT_BEFORE', 'BROKEN_PROMISES', 'BOUNCED_PAYMENTS', 'VERY_LATE_BILLS', 'LATE_BILLS', 'DEBT_PILES_UP', 'PAID_ON_TIME']], // prettier-ignore
  ])('%s', (_what, history, rating, reasons) => {
    const rated = rateCredit({ ...GOOD, ...history });
    expect([rated.rating, rated.reasons.map(({ code }) => code)]).toEqual([rating, reasons]);
  });

  test('each reason names the best rating it allows, and what it rests on', () => {
    const { reasons } = rateCredit({ ...GOOD, cuts24: 1, late12: 2, late24: 3 });
    expect(reasons).toEqual([
      { code: 'CUT_BEFORE', allows: 'C', evidence: 'cut for debt 1 times in 24 months' },
      {
        code: 'LATE_BILLS',
        allows: 'B',
        evidence: 'paid 1 to 30 days late: 2 of 12 bills in 12 months, 1 forgiven',
      },
      { code: 'PAID_ON_TIME', allows: 'A', evidence: '10 of 12 bills of the last 12 months paid on time' },
    ]);
  });
});
