import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import { decideCompensation } from '../../src/flows/decide-compensation.js';
import { declareWrongfulCut } from '../../src/flows/declare-wrongful-cut.js';
import { endHold, expireHolds } from '../../src/flows/end-hold.js';
import { openHold } from '../../src/flows/open-hold.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { decideLateFeeWaiver, waiveLateFee, type WaiverRequest } from '../../src/flows/waive-late-fee.js';
import { UserError } from '../../src/platform/errors.js';
import { addDays } from '../../src/platform/local-date.js';
import { seededRandom } from '../../src/simulation/random.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { moneyFaults } from '../support/invariants.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff, meterObeys, pay, send } from './support/acts.js';
import { buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { feeEntriesOf, feesOf, morningOf, payOn, quote, storedLinesOf } from './support/late-fee-acts.js';
import { balanceOf, commandsOf, interruptionsOf, paymentStateOf, refusal } from './support/looks.js';
import { plainInForce } from '../support/policies.js';

const TODAY = '2026-03-10';
const SUPERVISOR = person('supervisor');
const OTHER = person('other-supervisor');

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({
    wire: false,
    plan: { metersPerDistrict: 1, months: 1 },
    lateFeeRule: CHINA_LATE_FEE_RULE,
  });
});
const faults = async (): Promise<string[]> => [
  ...(await ledgerFaults(relight.ctx.db)),
  ...(await auditFaults(relight.ctx.db)),
  ...(await moneyFaults((text, values) => relight.sql(text, values))),
];
afterEach(async () => expect(await faults()).toEqual([]));
afterAll(() => relight.stop());

interface Debt {
  readonly house: House;
  readonly billId: string;
}

/** A debt of 2,000 yuan due on 1 February, at two yuan a day, or of another sum. */
async function debt(totalMinor = 200_000n): Promise<Debt> {
  const house = await buildHouse(relight);
  return { house, billId: await issueBill(relight, house, totalMinor) };
}

const waive = (
  { billId }: Pick<Debt, 'billId'>,
  change: Partial<WaiverRequest> = {},
  actor = SUPERVISOR,
  day = TODAY,
) =>
  waiveLateFee(
    contextAt(relight, morningOf(day)),
    { billId, kind: 'BANK_LATE', evidence: 'letter 17', note: 'bank window down', idempotencyKey: newKey(), ...change },
    actor,
  );
const decide = (waiverId: string, granted: boolean, actor = OTHER) =>
  decideLateFeeWaiver(relight.ctx, { waiverId, granted, note: 'looked at', idempotencyKey: newKey() }, actor);
const reverse = (paymentId: string, day = TODAY) =>
  reversePayment(
    contextAt(relight, morningOf(day)),
    { paymentId, idempotencyKey: newKey(), reason: 'cheque bounced' },
    person('cashier'),
  );

/** Compensates a house that is cut off, so that credit which no payment brought pays what is open. */
async function payFromCredit(house: House, amountMinor: bigint): Promise<void> {
  const { servicePointId } = house;
  const words = { note: 'a test', idempotencyKey: newKey() };
  const cut = { servicePointId, cause: 'OTHER', evidence: 'complaint 17', ...words } as const;
  const { caseId } = await declareWrongfulCut(relight.ctx, cut, OTHER);
  await meterObeys(
    relight,
    house,
    (await send(relight)).find(({ serial }) => serial === house.serial)!,
  );
  const decision = { caseId, granted: true, amountMinor, ...words, idempotencyKey: newKey() };
  await decideCompensation(relight.ctx, decision, SUPERVISOR);
}

const THREE_DAYS = { fromDate: '2026-02-03', toDate: '2026-02-05' };

describe('a waiver', () => {
  test('of a fee that was not entered yet makes the quote smaller, and that is all', async () => {
    const { house, billId } = await debt();
    const before = await quote(relight, house, TODAY);
    const { state, restoreCommandIds } = await waive({ billId }, THREE_DAYS);
    expect([state, restoreCommandIds]).toEqual(['GRANTED', []]);
    expect((await quote(relight, house, TODAY)).totalMinor).toBe(before.totalMinor - 600n);
    expect(await feeEntriesOf(relight, house)).toEqual([]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 200_000n, creditMinor: 0n });
  });

  test('of an entered fee reverses the entry and enters what is left, with its lines', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 1n);
    await waive({ billId }, THREE_DAYS);
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 2000', 'LATE_FEE_REVERSED 2000', 'LATE_FEE 1400']);
    expect((await storedLinesOf(relight, house)).slice(1)).toEqual([
      'DAILY 2026-02-02 2026-02-02 1 200000 1 200',
      'WAIVED 2026-02-03 2026-02-05 3 200000 1 0',
      'DAILY 2026-02-06 2026-02-11 6 200000 1 1200',
    ]);
    expect(await feesOf(relight, house)).toEqual(['1400/0']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 201_399n, creditMinor: 0n });
  });

  test('of a paid fee makes it credit, taken from the payments that paid it, the latest first', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 200_500n);
    await payOn(relight, house, '2026-02-12', 1_500n);
    await waive({ billId }, { amountMinor: 1_800n });
    expect(await feeEntriesOf(relight, house)).toEqual([
      'LATE_FEE 2000',
      'LATE_FEE_REVERSED 2000',
      'LATE_FEE 200',
      'LATE_FEE_CREDITED 1500',
      'LATE_FEE_CREDITED 300',
    ]);
    expect(await feesOf(relight, house)).toEqual(['200/200']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 1_800n });
  });

  test('of a paid fee, then the payment bounces: debt and what is left of the fee are open, the credit is gone', async () => {
    const { house, billId } = await debt();
    const { payment } = await payOn(relight, house, '2026-02-11', 202_000n);
    await waive({ billId }, THREE_DAYS);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 600n });
    await reverse(payment.id);
    expect(await paymentStateOf(relight, payment.id)).toBe('REVERSED');
    expect(await feesOf(relight, house)).toEqual(['1400/0']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 201_400n, creditMinor: 0n });
  });

  test('of a fee paid from credit makes it credit again, and no payment is changed for it', async () => {
    const { house, billId } = await debt();
    await cutOff(relight, house);
    const { payment } = await pay(relight, house, 200_500n);
    await payFromCredit(house, 7_000n);
    expect(await feesOf(relight, house)).toEqual(['7400/7400']);
    await waive({ billId }, { amountMinor: 1_800n });
    expect(await feeEntriesOf(relight, house)).toEqual([
      'LATE_FEE 7400',
      'LATE_FEE_REVERSED 7400',
      'LATE_FEE 5600',
      'LATE_FEE_CREDITED 500',
      'LATE_FEE_CREDITED 1300',
    ]);
    expect(
      await relight.sql(
        `SELECT payment_id AS "paymentId", late_fee_minor AS minor FROM payment_allocation WHERE bill_id = $1 AND late_fee_minor < 0 ORDER BY id`,
        [billId],
      ),
    ).toEqual([
      { paymentId: payment.id, minor: -500n },
      { paymentId: null, minor: -1_300n },
    ]);
    expect(await feesOf(relight, house)).toEqual(['5600/5600']);
    // A hundred of the first credit was left.
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 1_900n });
  });

  test('of all days leaves no fee', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 200_000n);
    await waive({ billId }, { fromDate: '2026-01-01', toDate: TODAY });
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 2000', 'LATE_FEE_REVERSED 2000']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('brings down a fee that a payment with an earlier value date made groundless', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 1_000n, { valueDate: '2026-02-11' });
    await payOn(relight, house, '2026-02-12', 199_000n, { valueDate: '2026-02-01' });
    expect(await feesOf(relight, house)).toEqual(['2000/0']);
    await waive({ billId }, { fromDate: '2026-02-02', toDate: '2026-02-11' });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('of the last that was overdue brings the power back in its own transaction', async () => {
    const { house, billId } = await debt(10_000n);
    await cutOff(relight, house);
    expect((await pay(relight, house, 10_000n)).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    const { restoreCommandIds } = await waive({ billId }, { kind: 'HARDSHIP', amountMinor: 370n });
    expect(restoreCommandIds).toHaveLength(1);
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
  });

  test('that leaves something overdue brings nothing back', async () => {
    const { house, billId } = await debt(10_000n);
    await cutOff(relight, house);
    await pay(relight, house, 10_000n);
    expect((await waive({ billId }, { amountMinor: 369n })).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
  });

  test('happens once under its key', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 1n);
    const idempotencyKey = newKey();
    const first = await waive({ billId }, { amountMinor: 500n, idempotencyKey });
    const again = await waive({ billId }, { amountMinor: 500n, idempotencyKey });
    expect(again).toEqual({ ...first, replayed: true });
    expect(await feesOf(relight, house)).toEqual(['1500/0']);
    expect(await refusal(waive({ billId }, { amountMinor: 501n, idempotencyKey }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('and payments at once: the books agree', async () => {
    const { house, billId } = await debt();
    await payOn(relight, house, '2026-02-11', 1n);
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => [
        waive({ billId }, { amountMinor: 100n }),
        payOn(relight, house, TODAY, BigInt(1_000 + n)),
      ]).flat(),
    );
    expect(await faults()).toEqual([]);
    await payOn(relight, house, TODAY, (await quote(relight, house, TODAY)).totalMinor);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });
});

describe('of a bank that was late', () => {
  /** A debt whose bank was late from the first day, paid on the eleventh. */
  async function lateBank(): Promise<Debt & { readonly holdId: string }> {
    const owed = await debt();
    const { holdId } = await openHold(
      contextAt(relight, morningOf('2026-02-10')),
      {
        accountId: owed.house.accountId,
        kind: 'BANK_LATE',
        reason: 'bank window down',
        evidence: 'letter 17',
        fromDate: '2026-02-02',
        idempotencyKey: newKey(),
      },
      SUPERVISOR,
    );
    await payOn(relight, owed.house, '2026-02-11', 200_000n);
    return { ...owed, holdId };
  }
  const settle = (holdId: string) =>
    endHold(
      contextAt(relight, morningOf('2026-02-12')),
      { holdId, outcome: 'SETTLED', note: 'the bank admits it', idempotencyKey: newKey() },
      SUPERVISOR,
    );

  test('one bill that fails stops neither the end of its hold nor the other bills, and is done by a later run', async () => {
    const bad = await lateBank();
    const good = await lateBank();
    const rule = (sql: string) => relight.sql(`ALTER TABLE late_fee_waiver ${sql}`);
    await rule(`ADD CONSTRAINT test_refuses CHECK (bill_id <> '${bad.billId}' AND bill_id <> '${good.billId}')`);
    try {
      for (const { holdId, house } of [bad, good]) {
        expect((await settle(holdId)).restoreCommandIds).toEqual([]);
        expect(await feesOf(relight, house)).toEqual(['2000/0']);
      }
      await rule(`DROP CONSTRAINT test_refuses, ADD CONSTRAINT test_refuses CHECK (bill_id <> '${bad.billId}')`);
      await expireHolds(contextAt(relight, morningOf('2026-02-13')), new Date(morningOf('2026-02-13')));
      expect(await feesOf(relight, bad.house)).toEqual(['2000/0']);
      expect(await feesOf(relight, good.house)).toEqual(['0/0']);
    } finally {
      await rule('DROP CONSTRAINT test_refuses');
    }
    await expireHolds(contextAt(relight, morningOf('2026-02-14')), new Date(morningOf('2026-02-14')));
    expect(await feesOf(relight, bad.house)).toEqual(['0/0']);
  });
});

describe('is refused, and nothing changes:', () => {
  test.each<[what: string, change: Partial<WaiverRequest>, code: string]>([
    ['neither days nor amount', {}, 'WAIVER_FORM'],
    ['both', { ...THREE_DAYS, amountMinor: 1n }, 'WAIVER_FORM'],
    ['half of the days', { fromDate: '2026-02-03' }, 'WAIVER_FORM'],
    ['half of the days and an amount', { toDate: '2026-02-03', amountMinor: 1n }, 'WAIVER_FORM'],
    ['days in the wrong order', { fromDate: '2026-02-05', toDate: '2026-02-03' }, 'WAIVER_DAYS'],
    ['days to come', { fromDate: '2026-03-01', toDate: '2026-03-11' }, 'WAIVER_DAYS'],
    ['days before the due date', { fromDate: '2026-01-01', toDate: '2026-02-01' }, 'NOTHING_TO_WAIVE'],
    ['more than the fee to date', { amountMinor: 7_401n }, 'WAIVER_TOO_LARGE'],
    ['of no bill', { ...THREE_DAYS, billId: '00000000-0000-7000-8000-00000000dead' }, 'BILL_NOT_FOUND'],
  ])('%s', async (_what, change, code) => {
    const { house, billId } = await debt();
    const before = await quote(relight, house, TODAY);
    expect(await refusal(waive({ billId }, change))).toBe(code);
    expect(await quote(relight, house, TODAY)).toEqual(before);
    expect(await relight.sql(`SELECT FROM late_fee_waiver WHERE bill_id = $1`, [billId])).toEqual([]);
  });

  test('a bill in time, and one whose days are waived already', async () => {
    const { house } = await debt();
    const inTime = await issueBill(relight, house, 100n, {
      periodFrom: '2026-02-01',
      periodTo: '2026-03-01',
      dueDate: '2026-04-01',
    });
    expect(await refusal(waive({ billId: inTime }, { fromDate: '2026-03-01', toDate: TODAY }))).toBe(
      'NOTHING_TO_WAIVE',
    );
    const other = await debt();
    await waive(other, THREE_DAYS);
    expect(await refusal(waive(other, THREE_DAYS))).toBe('NOTHING_TO_WAIVE');
  });

  test('where no rule is in force', async () => {
    const { billId } = await debt();
    const ctx = { ...relight.ctx, policies: plainInForce() };
    const request = { billId, kind: 'OTHER', evidence: 'none', note: 'none', idempotencyKey: newKey() } as const;
    expect(await refusal(waiveLateFee(ctx, { ...request, amountMinor: 1n }, SUPERVISOR))).toBe('NOTHING_TO_WAIVE');
  });
});

/** Ten thousand yuan: ten yuan a day, and the limit of one person is a hundred. */
const largeDebt = () => debt(1_000_000n);
const daysFrom = (fromDate: string, count: number) => ({ fromDate, toDate: addDays(fromDate, count - 1) });

describe('above the limit', () => {
  test.each([
    [10, 'GRANTED'],
    [11, 'REQUESTED'],
  ])('%i days at ten yuan are %s', async (count, state) => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1n);
    expect((await waive({ billId }, daysFrom('2026-02-02', count))).state).toBe(state);
    const left = state === 'GRANTED' ? 19_000 - count * 1_000 : 19_000;
    expect(await feesOf(relight, house)).toEqual([`${left}/0`]);
  });

  test('another person grants, and only then it is done', async () => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1_000_000n);
    const { waiverId } = await waive({ billId }, { amountMinor: 19_000n });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 19_000n, creditMinor: 0n });
    expect(await refusal(decide(waiverId, true, SUPERVISOR))).toBe('WAIVER_BY_REQUESTER');
    expect((await decide(waiverId, true)).state).toBe('GRANTED');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
    expect(await refusal(decide(waiverId, true))).toBe('WAIVER_DECIDED');
  });

  test('what was paid before the grant becomes credit by it', async () => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1_000_000n);
    const { waiverId } = await waive({ billId }, { amountMinor: 19_000n });
    await pay(relight, house, 19_000n);
    await decide(waiverId, true);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 19_000n });
  });

  test('refused by another, or withdrawn by whoever asked, it changes nothing', async () => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1n);
    for (const actor of [OTHER, SUPERVISOR]) {
      const { waiverId } = await waive({ billId }, daysFrom('2026-02-02', 19));
      expect((await decide(waiverId, false, actor)).state).toBe('REFUSED');
    }
    expect(await feesOf(relight, house)).toEqual(['19000/0']);
  });

  test('in small steps it is above the limit too', async () => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1n);
    expect((await waive({ billId }, { amountMinor: 6_000n })).state).toBe('GRANTED');
    expect((await waive({ billId }, { amountMinor: 4_000n })).state).toBe('GRANTED');
    expect((await waive({ billId }, { amountMinor: 1n })).state).toBe('REQUESTED');
    expect(await feesOf(relight, house)).toEqual(['9000/0']);
  });

  test('two who grant at once: one does', async () => {
    const { house, billId } = await largeDebt();
    await payOn(relight, house, '2026-02-20', 1n);
    const { waiverId } = await waive({ billId }, { amountMinor: 15_000n });
    const outcomes = await Promise.allSettled([decide(waiverId, true), decide(waiverId, true, person('third'))]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await feesOf(relight, house)).toEqual(['4000/0']);
  });

  test('no such waiver', async () => {
    expect(await refusal(decide('00000000-0000-7000-8000-00000000dead', true))).toBe('WAIVER_NOT_FOUND');
  });
});

test.each(Array.from({ length: 24 }, (_, seed) => seed))(
  'whatever happened (seed %i): the books agree, the quote settles all, and nothing grows after',
  async (seed) => {
    const random = seededRandom(seed);
    const below = (most: number) => Math.floor(random() * most);
    const house = await buildHouse(relight);
    const bills: string[] = [];
    for (const [n, periodFrom] of ['2025-11-01', '2025-12-01', '2026-01-01'].slice(below(3)).entries()) {
      const dueDate = addDays('2025-12-20', n * 20 + below(15));
      const on = { periodFrom, periodTo: addDays(periodFrom, 28), dueDate };
      bills.push(await issueBill(relight, house, BigInt(1 + below(400_000)), on));
    }
    const payments: string[] = [];
    let day = '2025-12-25';
    for (let step = 0; step < 10; step += 1) {
      day = addDays(day, below(12));
      const kind = below(4);
      const { totalMinor } = await quote(relight, house, day);
      if (kind <= 1) {
        const valueDate = addDays(day, -below(6));
        const paid = await payOn(relight, house, day, 1n + (totalMinor * BigInt(below(70))) / 100n, { valueDate });
        payments.push(paid.payment.id);
      } else if (kind === 2 && payments.length > 0) {
        await reverse(payments[below(payments.length)]!, day).catch(expectRefusal);
      } else {
        const fromDate = addDays(day, -below(20));
        const change = below(2) === 0 ? { fromDate, toDate: day } : { amountMinor: BigInt(1 + below(500)) };
        await waive({ billId: bills[below(bills.length)]! }, change, SUPERVISOR, day).catch(expectRefusal);
      }
    }
    expect(await faults()).toEqual([]);
    const last = addDays(day, below(400));
    const { totalMinor } = await quote(relight, house, last);
    if (totalMinor > 0n) await payOn(relight, house, last, totalMinor);
    expect((await balanceOf(relight, house)).dueMinor).toBe(0n);
    expect((await quote(relight, house, addDays(last, 100))).totalMinor).toBe(0n);
  },
);

/** A history is drawn without looking: what cannot be done is refused by name. */
function expectRefusal(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
}
