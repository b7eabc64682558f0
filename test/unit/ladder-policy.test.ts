import { dunningPolicySchema, type DunningPolicy } from '../../src/dunning/policy-schema.js';
import { chinaCostControl, chinaPostpaid } from '../../src/dunning/presets/china.js';
import { ladderFor } from '../../src/dunning/ladder-policy.js';
import type { DunningPauseFact, LadderFacts } from '../../src/dunning/ladder.js';
import { bill, debtor, failed, look, notice, on, served, type NoticeOf } from './support/ladder-facts.js';

const CHINA = dunningPolicySchema.parse(chinaPostpaid);
const PREPAID = dunningPolicySchema.parse(chinaCostControl);

/** Steps 1 to n as they are served when everything goes by the book. */
const BOOK: readonly NoticeOf[] = [
  served('DAY_5', '2026-03-10', { proofKind: null }),
  served('DAY_10', '2026-03-15', { proofKind: null }),
  served('DAY_20_OF_MONTH', '2026-03-20', { proofKind: null }),
  served('ARREARS_NOTICE', '2026-04-01'),
  served('CUT_NOTICE', '2026-04-22', { purpose: 'CUT_NOTICE' }),
];
const upTo = (count: number) => BOOK.slice(0, count);

interface Row {
  readonly what: string;
  readonly on: string;
  readonly facts?: Partial<LadderFacts>;
  readonly policy?: DunningPolicy;
  readonly pauses?: readonly DunningPauseFact[];
  readonly is: string;
}
const row = (what: string, day: string, is: string, rest: Partial<Row> = {}): Row => ({ what, on: day, is, ...rest });
const paid = { bills: [], balanceMinor: 0n } satisfies Partial<LadderFacts>;
const B2 = bill({ billId: 'B2', readingDate: '2026-04-05', dueDate: '2026-04-25' });
const both = ['B1', 'B2'];

describe('the ladder of a month', () => {
  const ROWS: readonly Row[] = [
    row('the day of the reading', '2026-03-05', 'DUE wwwww'),
    row('four days after it', '2026-03-09', 'DUE wwwww'),
    row('five days after it', '2026-03-10', 'DUE Uwwww'),
    row('nobody ran anything for a week', '2026-03-17', 'DUE Uwwww'),
    row('step 1 sent', '2026-03-10', 'REMINDED Dwwww', { facts: { notices: upTo(1) } }),
    row('nine days after the reading', '2026-03-14', 'REMINDED Dwwww', { facts: { notices: upTo(1) } }),
    row('ten days after the reading', '2026-03-15', 'REMINDED DUwww', { facts: { notices: upTo(1) } }),
    row('the 19th', '2026-03-19', 'REMINDED DDwww', { facts: { notices: upTo(2) } }),
    row('the 20th', '2026-03-20', 'REMINDED DDUww', { facts: { notices: upTo(2) } }),
    row('the last day of the month', '2026-03-31', 'DEMANDED DDDww', { facts: { notices: upTo(3) } }),
    row('the first of the next', '2026-04-01', 'DEMANDED DDDUw', { facts: { notices: upTo(3) } }),
    row('27 days overdue less one', '2026-04-20', 'DEMANDED DDDDw', { facts: { notices: upTo(4) } }),
    row('27 days overdue', '2026-04-21', 'DEMANDED DDDDU', { facts: { notices: upTo(4) } }),
    row('the cut notice served', '2026-04-22', 'NOTICE_SERVED DDDDD', { facts: { notices: BOOK } }),
    row('30 days overdue', '2026-04-24', 'NOTICE_SERVED DDDDD', { facts: { notices: BOOK } }),
    row('31 days overdue, three days after the notice', '2026-04-25', 'CUT_READY DDDDD', { facts: { notices: BOOK } }),
    row('seven days after the notice', '2026-04-29', 'CUT_READY DDDDD', { facts: { notices: BOOK } }),
    row('eight days: the notice has lapsed', '2026-04-30', 'DEMANDED DDDDU', { facts: { notices: BOOK } }),
    row('cut', '2026-04-26', 'CUT DDDDD', { facts: { notices: BOOK, cutForDebt: true } }),
    row('cut for long: no notice again', '2026-06-26', 'CUT DDDDD', { facts: { notices: BOOK, cutForDebt: true } }),
    row('cut before anything was told', '2026-04-26', 'CUT wwwww', { facts: { cutForDebt: true } }),
    row('overdue, nothing told', '2026-03-26', 'OVERDUE Uwwww'),
    row('the due date itself', '2026-03-25', 'DUE Uwwww'),
    row('paid', '2026-04-26', 'CLEAR wwwww', { facts: paid }),
    row('only a late fee left', '2026-04-26', 'OVERDUE wwwww', {
      facts: { bills: [bill({ principalOutstandingMinor: 0n, lateFeeOutstandingMinor: 80n })] },
    }),
    row('only a late fee left, not yet due', '2026-03-20', 'DUE wwwww', {
      facts: { bills: [bill({ principalOutstandingMinor: 0n, lateFeeOutstandingMinor: 80n })] },
    }),
  ];
  test.each(ROWS)('$what ($on): $is', check);
});

describe('late, failed and forgotten', () => {
  const LATE = { bills: [bill({ readingDate: '2026-03-25', dueDate: '2026-04-14' })] };
  const lateStep1 = served('DAY_5', '2026-03-30', { proofKind: null });
  const ROWS: readonly Row[] = [
    row('late reading: the 20th is past, but step 1 comes first', '2026-03-26', 'DUE wwwww', { facts: LATE }),
    row('late reading: step 3 does not go before step 2', '2026-03-31', 'REMINDED Dwwww', {
      facts: { ...LATE, notices: [lateStep1] },
    }),
    row('late reading: step 2 ten days after it', '2026-04-04', 'REMINDED DUwww', {
      facts: { ...LATE, notices: [lateStep1] },
    }),
    row('late reading: step 3 follows at once', '2026-04-05', 'REMINDED DDUww', {
      facts: { ...LATE, notices: [lateStep1, served('DAY_10', '2026-04-05', { proofKind: null })] },
    }),
    row('prepared', '2026-03-10', 'DUE wwwww', { facts: { notices: [notice('DAY_5', '2026-03-10')] } }),
    row('sent, not served', '2026-03-12', 'DUE wwwww', {
      facts: { notices: [notice('DAY_5', '2026-03-10', { state: 'SENT' })] },
    }),
    row('a reminder failed: the next goes on', '2026-03-15', 'DUE sUwww', {
      facts: { notices: [failed('DAY_5', '2026-03-10')] },
    }),
    row('nobody went there before the deadline', '2026-04-01', 'REMINDED DDnUw', {
      facts: { notices: [...upTo(2), failed('DAY_20_OF_MONTH', '2026-03-20', { failureCode: 'NEVER_ACTIONED' })] },
    }),
    row('a mandatory notice failed: it blocks', '2026-04-21', 'DEMANDED DDDBw', {
      facts: { notices: [...upTo(3), failed('ARREARS_NOTICE', '2026-04-01')] },
    }),
    row('and was prepared again', '2026-04-21', 'DEMANDED DDDww', {
      facts: { notices: [...upTo(3), failed('ARREARS_NOTICE', '2026-04-01'), notice('ARREARS_NOTICE', '2026-04-03')] },
    }),
    row('and was served then', '2026-04-21', 'DEMANDED DDDDU', {
      facts: { notices: [...upTo(3), failed('ARREARS_NOTICE', '2026-04-01'), served('ARREARS_NOTICE', '2026-04-03')] },
    }),
    row('a failure after the service undoes it', '2026-04-21', 'DEMANDED DDDBw', {
      facts: { notices: [...upTo(4), failed('ARREARS_NOTICE', '2026-04-05')] },
    }),
    row('the cut notice failed', '2026-04-25', 'DEMANDED DDDDB', {
      facts: { notices: [...upTo(4), failed('CUT_NOTICE', '2026-04-22', { purpose: 'CUT_NOTICE' })] },
    }),
    row('a proof that the step does not accept', '2026-04-02', 'DEMANDED DDDUw', {
      facts: { notices: [...upTo(3), served('ARREARS_NOTICE', '2026-04-01', { proofKind: 'PHOTO' })] },
    }),
    row('no proof at all', '2026-04-02', 'DEMANDED DDDUw', {
      facts: { notices: [...upTo(3), served('ARREARS_NOTICE', '2026-04-01', { proofKind: null })] },
    }),
    row('a notice from before its own day spoke of another debt', '2026-03-10', 'DUE Uwwww', {
      facts: { notices: [served('DAY_5', '2026-03-09', { proofKind: null })] },
    }),
    row('a notice withdrawn does not count', '2026-03-11', 'DUE Uwwww', {
      facts: { notices: [notice('DAY_5', '2026-03-10', { state: 'WITHDRAWN' })] },
    }),
    row('cut notice served late: the first window has lapsed, the second carries', '2026-05-06', 'CUT_READY DDDDD', {
      facts: { notices: [...BOOK, served('CUT_NOTICE', '2026-05-02', { purpose: 'CUT_NOTICE' })] },
    }),
    row('settled while something is under way', '2026-03-26', 'CLEAR xwwww', {
      facts: { ...paid, notices: [notice('DAY_5', '2026-03-10', { state: 'SENT' })] },
    }),
  ];
  test.each(ROWS)('$what ($on): $is', check);
});

describe('payments, reversals and a second bill', () => {
  const reopened = { bills: [bill({ reopenedAt: on('2026-04-10', 9) })] };
  const ROWS: readonly Row[] = [
    row('part was paid: notices stand', '2026-04-25', 'CUT_READY DDDDD', {
      facts: { bills: [bill({ principalOutstandingMinor: 5_000n })], notices: BOOK },
    }),
    row('part was paid, what is left is too little to cut for', '2026-04-25', 'NOTICE_SERVED DDDDD', {
      facts: { bills: [bill({ principalOutstandingMinor: 999n })], notices: BOOK },
    }),
    row('too little from the start: no cut is announced', '2026-04-21', 'DEMANDED DDDDB', {
      facts: { bills: [bill({ principalOutstandingMinor: 999n })], notices: upTo(4) },
    }),
    row('one fen more, and it is', '2026-04-21', 'DEMANDED DDDDU', {
      facts: { bills: [bill({ principalOutstandingMinor: 1_000n })], notices: upTo(4) },
    }),
    row('a reversed payment: everything is told anew', '2026-04-10', 'OVERDUE Uwwww', {
      facts: { ...reopened, notices: upTo(4) },
    }),
    row('told anew after the reversal', '2026-04-11', 'REMINDED DUwww', {
      facts: { ...reopened, notices: [...upTo(4), served('DAY_5', '2026-04-10', { proofKind: null })] },
    }),
    row('made at the very instant of the reversal counts', '2026-04-11', 'REMINDED DUwww', {
      facts: {
        ...reopened,
        notices: [
          notice('DAY_5', '2026-04-10', {
            state: 'SERVED',
            createdAt: on('2026-04-10', 9),
            servedAt: on('2026-04-10', 9),
          }),
        ],
      },
    }),
    row('what was under way when it was reversed is not waited for', '2026-04-11', 'OVERDUE Uwwww', {
      facts: { ...reopened, notices: [notice('DAY_5', '2026-03-10', { state: 'SENT' })] },
    }),
    row('a second bill: the older one leads', '2026-04-12', 'DEMANDED DDDDw', {
      facts: { bills: [B2, bill()], notices: upTo(4) },
    }),
    row('the older one paid: the second leads, by its own dates', '2026-04-12', 'DUE Uwwww', {
      facts: { bills: [B2], notices: upTo(4) },
    }),
    row('before its first day', '2026-04-09', 'DUE wwwww', { facts: { bills: [B2], notices: upTo(4) } }),
    row('a notice that named both, given on its day or later, counts', '2026-04-12', 'REMINDED Dwwww', {
      facts: { bills: [B2], notices: [served('DAY_5', '2026-04-11', { proofKind: null, billIds: both })] },
    }),
    row('a notice that named both before its day does not', '2026-04-12', 'DUE Uwwww', {
      facts: { bills: [B2], notices: [served('DAY_5', '2026-04-06', { proofKind: null, billIds: both })] },
    }),
    row('the second counts too, and the arrears notice never named it', '2026-05-26', 'NOTICE_SERVED DDDUD', {
      facts: {
        bills: [bill(), B2],
        notices: [...upTo(4), served('CUT_NOTICE', '2026-05-24', { purpose: 'CUT_NOTICE', billIds: both })],
      },
    }),
    row('named: and the notice of the cut follows it', '2026-05-28', 'DEMANDED DDDDU', {
      facts: {
        bills: [bill(), B2],
        notices: [
          ...upTo(4),
          served('CUT_NOTICE', '2026-05-24', { purpose: 'CUT_NOTICE', billIds: both }),
          served('ARREARS_NOTICE', '2026-05-27', { billIds: both }),
        ],
      },
    }),
    row('the second came back by a reversal after it was named: it is demanded anew', '2026-05-26', 'DEMANDED DDDUw', {
      facts: {
        bills: [bill(), { ...B2, reopenedAt: on('2026-05-25', 9) }],
        notices: [
          ...upTo(3),
          served('ARREARS_NOTICE', '2026-05-20', { billIds: both }),
          served('CUT_NOTICE', '2026-05-22', { purpose: 'CUT_NOTICE', billIds: both }),
        ],
      },
    }),
    row('the second does not count yet: nothing is told again', '2026-05-25', 'CUT_READY DDDDD', {
      facts: {
        bills: [bill(), B2],
        notices: [...upTo(4), served('CUT_NOTICE', '2026-05-20', { purpose: 'CUT_NOTICE' })],
      },
    }),
    row('two bills of one due date: the smaller id leads', '2026-03-10', 'REMINDED Dwwww', {
      facts: { bills: [bill({ billId: 'B9' }), bill()], notices: upTo(1) },
    }),
  ];
  test.each(ROWS)('$what ($on): $is', check);
});

describe('pauses, holds and who may not be threatened', () => {
  const PAUSE = { from: '2026-03-09', until: '2026-03-12', reason: 'moving house' };
  const hold = (until: string | null) => [{ holdId: 'H1', kind: 'DISPUTE' as const, until }];
  const shield = (kind: 'MEDICAL' | 'IMPORTANT_USER', validUntil: string | null) => ({
    protections: [{ kind, validUntil }],
    notices: upTo(4),
  });
  const graceA = { creditRating: 'A' as const, notices: upTo(4) };
  const ROWS: readonly Row[] = [
    row('paused over the due day', '2026-03-10', 'DUE Pwwww', { pauses: [PAUSE] }),
    row('the last day of the pause', '2026-03-12', 'DUE Pwwww', { pauses: [PAUSE] }),
    row('the day after: due, not shifted', '2026-03-13', 'DUE Uwwww', { pauses: [PAUSE] }),
    row('before it falls due a pause is not seen', '2026-03-09', 'DUE wwwww', { pauses: [PAUSE] }),
    row('a pause to come', '2026-03-10', 'DUE Uwwww', { pauses: [{ ...PAUSE, from: '2026-03-11' }] }),
    row('a pause without an end', '2026-09-01', 'OVERDUE Pwwww', { pauses: [{ ...PAUSE, until: null }] }),
    row('what is served stays served', '2026-03-15', 'REMINDED DPwww', {
      facts: { notices: upTo(1) },
      pauses: [{ ...PAUSE, until: null }],
    }),
    row('a dispute holds back', '2026-03-10', 'DUE Pwwww', { facts: { holds: hold(null) } }),
    row('a hold past its day holds until somebody ended it', '2026-03-10', 'DUE Pwwww', {
      facts: { holds: hold('2026-03-08') },
    }),
    row('a hold that the policy does not know', '2026-03-10', 'DUE Uwwww', {
      facts: { holds: hold(null) },
      policy: { ...CHINA, holds: [] },
    }),
    row('nobody reachable: the first step goes out', '2026-03-10', 'DUE Uwwww', { facts: { reachableContacts: 0 } }),
    row('nobody reachable: no second message into the void', '2026-03-15', 'REMINDED DBwww', {
      facts: { reachableContacts: 0, notices: upTo(1) },
    }),
    row('nobody reachable: somebody goes there', '2026-03-20', 'REMINDED DDUww', {
      facts: { reachableContacts: 0, notices: upTo(2) },
    }),
    row('nobody reachable: no cut is announced', '2026-04-21', 'DEMANDED DDDDB', {
      facts: { reachableContacts: 0, notices: upTo(4) },
    }),
    row('nobody reachable, and the policy does not mind', '2026-03-15', 'REMINDED DUwww', {
      facts: { reachableContacts: 0, notices: upTo(1) },
      policy: { ...CHINA, standing: { ...CHINA.standing, reachableContact: false } },
    }),
    row('a patient is not threatened', '2026-04-21', 'DEMANDED DDDDB', { facts: shield('MEDICAL', null) }),
    row('on the last day of the certificate', '2026-04-21', 'DEMANDED DDDDB', {
      facts: shield('MEDICAL', '2026-04-21'),
    }),
    row('the day after it', '2026-04-21', 'DEMANDED DDDDU', { facts: shield('MEDICAL', '2026-04-20') }),
    row('an important user is told, with a copy', '2026-04-21', 'DEMANDED DDDDU', {
      facts: shield('IMPORTANT_USER', null),
    }),
    row('hardship forbids the announcement', '2026-04-21', 'DEMANDED DDDDB', {
      facts: { arrearsCause: 'HARDSHIP', notices: upTo(4) },
    }),
    row('malice does not', '2026-04-21', 'DEMANDED DDDDU', { facts: { arrearsCause: 'MALICIOUS', notices: upTo(4) } }),
    row('rating A: announced ten days later', '2026-04-30', 'DEMANDED DDDDw', { facts: graceA }),
    row('rating A: and then it is', '2026-05-01', 'DEMANDED DDDDU', { facts: graceA }),
    row('rating A: served, but the debt does not count yet', '2026-05-04', 'NOTICE_SERVED DDDDD', {
      facts: { ...graceA, notices: [...upTo(4), served('CUT_NOTICE', '2026-04-29', { purpose: 'CUT_NOTICE' })] },
    }),
    row('rating A: it counts', '2026-05-05', 'CUT_READY DDDDD', {
      facts: { ...graceA, notices: [...upTo(4), served('CUT_NOTICE', '2026-04-29', { purpose: 'CUT_NOTICE' })] },
    }),
    row('a step for companies only', '2026-03-15', 'DUE sUwww', {
      policy: {
        ...CHINA,
        steps: CHINA.steps.map((step) => (step.code === 'DAY_5' ? { ...step, customerClasses: ['INDUSTRIAL'] } : step)),
      },
    }),
  ];
  test.each(ROWS)('$what ($on): $is', check);
});

describe('a prepaid balance', () => {
  const at = (balanceMinor: bigint, change: Partial<LadderFacts> = {}): Partial<LadderFacts> => ({
    paymentMode: 'PREPAID',
    bills: [],
    balanceMinor,
    belowLineSince: balanceMinor < 0n ? on('2026-03-10', 9) : null,
    lowBalances: [5_000n, 3_000n, 1_000n, -1n]
      .filter((line) => balanceMinor <= line)
      .map((atOrBelowMinor) => ({ atOrBelowMinor, since: on('2026-03-10', 9) })),
    ...change,
  });
  const none = { proofKind: null, billIds: [] };
  const told = served('BELOW_ZERO', '2026-03-10', { billIds: [], proofKind: 'DELIVERY_REPORT', purpose: 'CUT_NOTICE' });
  const prepaid = (what: string, day: string, is: string, facts: Partial<LadderFacts>): Row =>
    row(what, day, is, { facts, policy: PREPAID });
  const ROWS: readonly Row[] = [
    prepaid('well filled', '2026-03-10', 'CLEAR wwww', at(5_001n)),
    prepaid('at 50 yuan', '2026-03-10', 'DUE Uwww', at(5_000n)),
    prepaid(
      'told at 50',
      '2026-03-10',
      'REMINDED Dwww',
      at(4_000n, { notices: [served('WARN_50', '2026-03-10', none)] }),
    ),
    prepaid('at 30: only that is told', '2026-03-10', 'DUE sUww', at(3_000n)),
    prepaid('at 10', '2026-03-10', 'DUE ssUw', at(1_000n)),
    prepaid('at zero', '2026-03-10', 'DUE ssUw', at(0n)),
    prepaid('below zero', '2026-03-10', 'OVERDUE sssU', at(-1n)),
    prepaid('told, grace over', '2026-03-10', 'CUT_READY sssD', at(-1n, { notices: [told] })),
    prepaid('told a week ago', '2026-03-17', 'CUT_READY sssD', at(-1n, { notices: [told] })),
    prepaid('told eight days ago', '2026-03-18', 'OVERDUE sssU', at(-1n, { notices: [told] })),
    prepaid(
      'told before it last fell',
      '2026-03-10',
      'OVERDUE sssU',
      at(-1n, { notices: [{ ...told, createdAt: on('2026-03-09') }] }),
    ),
    prepaid(
      'warned before it last fell',
      '2026-03-10',
      'DUE Uwww',
      at(5_000n, { notices: [served('WARN_50', '2026-03-09', none)] }),
    ),
    prepaid(
      'nobody knows since when',
      '2026-03-10',
      'OVERDUE sssU',
      at(-1n, { lowBalances: [], belowLineSince: null, notices: [told] }),
    ),
    prepaid(
      'topped up while a warning is on its way',
      '2026-03-10',
      'CLEAR xwww',
      at(6_000n, { notices: [notice('WARN_50', '2026-03-10', { state: 'SENT', billIds: [] })] }),
    ),
    prepaid('cut', '2026-03-11', 'CUT sssD', at(-500n, { notices: [told], cutForDebt: true })),
    prepaid(
      'held',
      '2026-03-10',
      'OVERDUE sssP',
      at(-1n, { holds: [{ holdId: 'H1', kind: 'COMPLAINT', until: null }] }),
    ),
  ];
  test.each(ROWS)('$what ($on): $is', check);
});

function check({ on: day, facts, policy = CHINA, pauses = [], is }: Row): void {
  const all = debtor(facts);
  const ladder = ladderFor(all, policy, on(day), pauses);
  expect(look(ladder)).toBe(is);
  // The order of rows does not matter, and asking twice gives the same.
  const turned = {
    ...all,
    bills: all.bills.toReversed(),
    notices: all.notices.toReversed(),
    holds: all.holds.toReversed(),
  };
  expect(ladderFor(turned, policy, on(day), pauses.toReversed())).toEqual(ladder);
  // Every step that is held up says why.
  for (const { state, reason, reasonCode } of ladder.steps)
    expect([state, reason !== null && reasonCode !== null]).toEqual([state, state !== 'DONE' && state !== 'DUE']);
}

describe('own days of calendar steps', () => {
  const DAYS: readonly [reading: string, monthsLater: number, day: number, due: string][] = [
    ['2026-01-31', 0, 31, '2026-01-31'],
    ['2026-01-31', 1, 31, '2026-02-28'],
    ['2028-01-31', 1, 31, '2028-02-29'],
    ['2026-02-28', 0, 30, '2026-02-28'],
    ['2026-03-31', 1, 31, '2026-04-30'],
    ['2026-12-05', 1, 1, '2027-01-01'],
    ['2026-12-31', 2, 30, '2027-02-28'],
    ['2027-01-01', 13, 29, '2028-02-29'],
    ['2026-05-01', 0, 20, '2026-05-20'],
    ['2026-05-31', 24, 31, '2028-05-31'],
  ];
  test.each(DAYS)('read on %s, %d months later on day %d: %s', (readingDate, monthsLater, day, due) => {
    const [first] = CHINA.steps;
    const policy = {
      ...CHINA,
      steps: [{ ...first!, when: { from: 'CALENDAR' as const, monthsLater, day } }, ...CHINA.steps.slice(1)],
    };
    const facts = debtor({ bills: [bill({ readingDate, dueDate: '2030-01-01' })] });
    expect(ladderFor(facts, policy, on('2026-01-01')).steps[0]!.dueOn).toBe(due);
  });
});

describe('due days and the next change', () => {
  const dueDays = (facts: Partial<LadderFacts>, day: string) =>
    ladderFor(debtor(facts), CHINA, on(day)).steps.map(({ dueOn }) => dueOn);

  test('what is not served yet may be due at the earliest after what comes before it', () => {
    expect(dueDays({}, '2026-03-05')).toEqual(['2026-03-10', '2026-03-15', '2026-03-20', '2026-04-01', '2026-04-21']);
    expect(dueDays({ bills: [bill({ readingDate: '2026-03-25', dueDate: '2026-04-14' })] }, '2026-03-26')).toEqual([
      '2026-03-30',
      '2026-04-04',
      '2026-04-04',
      '2026-04-04',
      '2026-05-11',
    ]);
  });

  test('behind a blocked step nothing has a day', () => {
    expect(dueDays({ notices: [...upTo(3), failed('ARREARS_NOTICE', '2026-04-01')] }, '2026-04-02').at(-1)).toBeNull();
  });

  test('clear days count from the service, not from the day of the step', () => {
    const policy = {
      ...CHINA,
      steps: CHINA.steps.map((step) => ({ ...step, clearDays: step.code === 'DAY_5' ? 8 : 0 })),
    };
    const facts = debtor({ notices: [served('DAY_5', '2026-03-11', { proofKind: null })] });
    const state = (day: string) => ladderFor(facts, policy, on(day)).steps[1]!.state;
    expect([state('2026-03-18'), state('2026-03-19')]).toEqual(['WAITING', 'DUE']);
  });

  test.each<[string, Partial<LadderFacts>, string, string | null]>([
    ['the next step', {}, '2026-03-05', '2026-03-10'],
    ['the bill falls due', { notices: upTo(3) }, '2026-03-21', '2026-03-26'],
    ['the arrears notice', { notices: upTo(3) }, '2026-03-26', '2026-04-01'],
    ['the window of the cut opens', { notices: BOOK }, '2026-04-24', '2026-04-25'],
    ['the notice lapses', { notices: BOOK }, '2026-04-26', '2026-04-30'],
    ['nothing is owed', paid, '2026-04-26', null],
  ])('nextAt: %s', (_what, facts, day, expected) => {
    const { nextAt } = ladderFor(debtor(facts), CHINA, on(day));
    expect(nextAt).toEqual(expected === null ? null : on(expected, 0));
  });

  test('nothing changes by time alone before nextAt', () => {
    const shape = (facts: LadderFacts, day: Date) => {
      const { nextAt: _next, ...rest } = ladderFor(facts, CHINA, day);
      return rest;
    };
    for (let count = 0; count <= BOOK.length; count += 1) {
      const facts = debtor({ notices: upTo(count), protections: [{ kind: 'MEDICAL', validUntil: '2026-04-20' }] });
      for (
        let now = on('2026-03-01', 0), ends = on('2026-05-15', 0);
        now < ends;
        now = new Date(now.getTime() + 86_400_000)
      ) {
        const { nextAt } = ladderFor(facts, CHINA, now);
        const before = new Date((nextAt ?? on('2027-01-01')).getTime() - 1);
        expect(shape(facts, before)).toEqual(shape(facts, now));
      }
    }
  });
});
