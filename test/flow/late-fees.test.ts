import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import type { FlowContext } from '../../src/flows/context.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { resolveSuspense } from '../../src/flows/resolve-suspense.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import type { Tx } from '../../src/platform/database.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { moneyFaults } from '../support/invariants.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff, pay } from './support/acts.js';
import { buildDebtor, buildHouse, buildThreeBills, issueBill, newKey, type House } from './support/houses.js';
import { feeEntriesOf, feesOf, morningOf, payOn, quote, storedLinesOf } from './support/late-fee-acts.js';
import { balanceOf, commandsOf, interruptionsOf, paidOf } from './support/looks.js';
import { plainInForce } from '../support/policies.js';

/** The test world's day. A debtor's 100 yuan fell due on 1 February: 37 days at 10 fen. */
const TODAY = '2026-03-10';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({
    wire: false,
    plan: { metersPerDistrict: 1, months: 1 },
    lateFeeRule: CHINA_LATE_FEE_RULE,
  });
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
  expect(await moneyFaults((text, values) => relight.sql(text, values))).toEqual([]);
});
afterAll(() => relight.stop());

const cashier = person('cashier');
const reverse = (paymentId: string, day: string) =>
  reversePayment(
    contextAt(relight, morningOf(day)),
    { paymentId, idempotencyKey: newKey(), reason: 'cheque bounced' },
    cashier,
  );

async function commercial(house: House): Promise<House> {
  await relight.sql(`UPDATE customer SET customer_class = 'COMMERCIAL' WHERE id = $1`, [house.customerId]);
  return house;
}

describe('a quote is what settles', () => {
  /** What happened before the customer comes to the counter. */
  const HISTORIES: readonly [what: string, tell: () => Promise<House>][] = [
    ['one overdue bill', () => buildDebtor(relight)],
    ['a bill so small that the minimum holds', () => buildDebtor(relight, 1n)],
    ['three bills, one of them not due', () => buildThreeBills(relight)],
    [
      'commercial, since last year',
      async () => {
        const house = await commercial(await buildHouse(relight));
        await issueBill(relight, house, 123_457n, { dueDate: '2025-12-30' });
        return house;
      },
    ],
    [
      'a part paid in time',
      async () => {
        const house = await buildDebtor(relight, 77_777n);
        await payOn(relight, house, '2026-01-20', 33_333n);
        return house;
      },
    ],
    [
      'parts paid late',
      async () => {
        const house = await buildThreeBills(relight);
        for (const [day, minor] of [
          ['2026-02-03', 2_000n],
          ['2026-02-25', 3_333n],
          ['2026-03-05', 1n],
        ] as const)
          await payOn(relight, house, day, minor);
        return house;
      },
    ],
    [
      'a payment that bounced',
      async () => {
        const house = await buildDebtor(relight);
        const { payment } = await payOn(relight, house, '2026-02-10', 10_090n);
        await reverse(payment.id, '2026-02-20');
        return house;
      },
    ],
    [
      'a part with an earlier value date',
      async () => {
        const house = await buildDebtor(relight, 50_000n);
        await payOn(relight, house, '2026-02-20', 10_000n);
        await payOn(relight, house, '2026-03-01', 20_000n, { valueDate: '2026-01-30' });
        return house;
      },
    ],
  ];
  const WHEN: readonly [what: string, day: string, valueDate: string][] = [
    ['today', TODAY, TODAY],
    ['in a year', '2027-03-10', '2027-03-10'],
    ['with the value date of the day before', TODAY, '2026-03-09'],
  ];
  test.each(HISTORIES.flatMap(([what, tell]) => WHEN.map((when) => [what, when[0], tell, when[1], when[2]] as const)))(
    '%s, paid %s',
    async (_what, _when, tell, day, valueDate) => {
      const house = await tell();
      const due = await quote(relight, house, valueDate);
      for (const { lateFeeTotalMinor, lines } of due.bills)
        expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(lateFeeTotalMinor);
      await payOn(relight, house, day, due.totalMinor - 1n, { valueDate });
      expect((await balanceOf(relight, house)).dueMinor).toBe(1n);
      await payOn(relight, house, day, 1n, { valueDate });
      expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
      expect((await quote(relight, house, '2030-01-01')).totalMinor).toBe(0n);
    },
  );

  test('it is itemised per bill', async () => {
    const house = await buildThreeBills(relight);
    const due = await quote(relight, house, TODAY);
    // 49 days at 10 fen; 18 days at 5 fen are below one yuan; not due.
    expect(due.bills.map(({ principalMinor, lateFeeMinor }) => [principalMinor, lateFeeMinor])).toEqual([
      [10_000n, 490n],
      [5_000n, 100n],
      [1n, 0n],
    ]);
    expect([due.totalMinor, due.overdueMinor]).toEqual([15_591n, 15_590n]);
  });
});

describe('a payment', () => {
  test('enters the fee to the day, line by line, and settles the principal first', async () => {
    const house = await buildDebtor(relight);
    await pay(relight, house, 10_100n);
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 370']);
    expect(await storedLinesOf(relight, house)).toEqual(['DAILY 2026-02-02 2026-03-10 37 10000 1 370']);
    expect(await paidOf(relight, house)).toEqual([10_000n]);
    expect(await feesOf(relight, house)).toEqual(['370/100']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 270n, creditMinor: 0n });
    const [bill] = await relight.sql<{ acts: string[] }>(
      `SELECT array_agg(act ORDER BY id) AS acts FROM audit_entry WHERE account_id = $1 AND subject_type = 'Bill'`,
      [house.accountId],
    );
    expect(bill!.acts).toEqual(['bill.issued', 'late-fee.charged']);
    // Nothing is left that could grow.
    expect((await quote(relight, house, '2028-03-10')).totalMinor).toBe(270n);
  });

  test('after another tells what had been charged before', async () => {
    const house = await buildDebtor(relight);
    await payOn(relight, house, '2026-02-05', 4_000n);
    await payOn(relight, house, '2026-02-21', 1_000n);
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 100', 'LATE_FEE 36']);
    expect(await storedLinesOf(relight, house)).toEqual([
      'DAILY 2026-02-02 2026-02-05 4 10000 1 40',
      'MINIMUM 2026-02-02 2026-02-05 - - - 60',
      'DAILY 2026-02-02 2026-02-05 4 10000 1 40',
      'DAILY 2026-02-06 2026-02-21 16 6000 1 96',
      'POSTED 2026-02-01 2026-02-21 - - - -100',
    ]);
  });

  test('twice on one day is charged once', async () => {
    const house = await buildDebtor(relight);
    await pay(relight, house, 1n);
    await pay(relight, house, 1n);
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 370']);
  });

  test('enters the fee of every overdue bill, also of those it does not reach', async () => {
    const house = await buildThreeBills(relight);
    await pay(relight, house, 1n);
    expect(await feesOf(relight, house)).toEqual(['490/0', '100/0', '0/0']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 15_590n, creditMinor: 0n });
  });

  test('on the due date bears none, and the day after one day', async () => {
    const [inTime, late] = [await buildDebtor(relight, 200_000n), await buildDebtor(relight, 200_000n)];
    await payOn(relight, inTime, '2026-02-01', 200_000n);
    await payOn(relight, late, '2026-02-02', 200_200n);
    expect([await feesOf(relight, inTime), await feesOf(relight, late)]).toEqual([['0/0'], ['200/200']]);
  });

  test('with a value date counts by it, but never by a day to come', async () => {
    const [before, ahead] = [await buildDebtor(relight, 200_000n), await buildDebtor(relight, 200_000n)];
    await payOn(relight, before, TODAY, 200_000n, { valueDate: '2026-02-01' });
    expect(await balanceOf(relight, before)).toEqual({ dueMinor: 0n, creditMinor: 0n });
    await payOn(relight, ahead, '2026-02-11', 100_000n, { valueDate: '2026-02-20' });
    expect(await feesOf(relight, ahead)).toEqual(['2000/0']);
    expect((await quote(relight, ahead, '2026-02-12')).bills[0]!.lateFeeTotalMinor).toBe(2_100n);
  });

  test('with a value date before an earlier entry leaves that entry as it is', async () => {
    const house = await buildDebtor(relight, 200_000n);
    await payOn(relight, house, '2026-02-11', 1n);
    await payOn(relight, house, '2026-02-12', 199_999n, { valueDate: '2026-02-01' });
    expect(await feesOf(relight, house)).toEqual(['2000/0']);
    const [bill] = (await quote(relight, house, TODAY)).bills;
    // By the facts of now only one fen was late, for which the minimum holds.
    expect(bill!.lines.map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
      ['DAILY', 0n],
      ['MINIMUM', 100n],
      ['POSTED', 1_900n],
    ]);
  });

  test('that is repeated under its key later enters nothing more', async () => {
    const house = await buildThreeBills(relight);
    const idempotencyKey = newKey();
    await payOn(relight, house, TODAY, 100n, { idempotencyKey });
    expect((await payOn(relight, house, '2026-04-10', 100n, { idempotencyKey })).replayed).toBe(true);
    expect(await feesOf(relight, house)).toEqual(['490/0', '100/0', '0/0']);
  });

  test('of thirty at once: each day is charged once', async () => {
    const house = await buildDebtor(relight, 200_000n);
    await Promise.all(Array.from({ length: 30 }, () => pay(relight, house, 1_000n)));
    expect(await feeEntriesOf(relight, house)).toEqual(['LATE_FEE 7400']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 177_400n, creditMinor: 0n });
  });

  test('sends three statements, and one more when a bill is overdue', async () => {
    const [overdue, inTime] = [await buildThreeBills(relight), await buildHouse(relight)];
    await issueBill(relight, inTime, 100n, { dueDate: '2026-04-01' });
    expect(await statementsOf(overdue)).toBe(4);
    expect(await statementsOf(inTime)).toBe(3);
  });

  test('without a rule bears no fee', async () => {
    const house = await buildDebtor(relight);
    const ctx: FlowContext = { ...relight.ctx, policies: plainInForce() };
    const input = { idempotencyKey: newKey(), accountNumber: house.accountNumber, currency: 'CNY' } as const;
    await receivePayment(ctx, { ...input, amountMinor: 10_000n, channel: 'BANK' }, cashier);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('out of suspense bears the fee of the day on which the money came', async () => {
    const house = await buildDebtor(relight, 200_000n);
    const unknown = { ...house, accountNumber: '0000000017' };
    const { payment } = await payOn(relight, unknown, '2026-02-03', 200_400n);
    await resolveSuspense(
      relight.ctx,
      { paymentId: payment.id, accountNumber: house.accountNumber, idempotencyKey: newKey(), reason: 'typing error' },
      cashier,
    );
    expect(await feesOf(relight, house)).toEqual(['400/400']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });
});

describe('a reversal', () => {
  test('leaves the fees that were entered; later ones run on from the day after', async () => {
    const house = await buildDebtor(relight, 200_000n);
    const { payment } = await payOn(relight, house, '2026-02-11', 202_000n);
    await reverse(payment.id, '2026-02-20');
    expect(await feesOf(relight, house)).toEqual(['2000/0']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 202_000n, creditMinor: 0n });
    const feeOn = async (day: string) => (await quote(relight, house, day)).bills[0]!.lateFeeTotalMinor;
    expect([await feeOn('2026-02-20'), await feeOn('2026-02-21'), await feeOn('2026-03-02')]).toEqual([
      2_000n,
      2_200n,
      4_000n,
    ]);
  });
});

describe('power', () => {
  test('comes back when what is overdue is paid, fees included, though a later bill is open', async () => {
    const house = await buildThreeBills(relight);
    await cutOff(relight, house);
    const { overdueMinor } = await quote(relight, house, TODAY);
    expect((await pay(relight, house, overdueMinor - 1n)).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    expect((await pay(relight, house, 1n)).restoreCommandIds).toHaveLength(1);
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 1n, creditMinor: 0n });
  });
});

/** Round trips of one payment between BEGIN and COMMIT. */
async function statementsOf(house: House): Promise<number> {
  let count = 0;
  const { db } = relight.ctx;
  const counting = Object.create(db) as typeof db;
  counting.transaction = (name, work) =>
    db.transaction(name, (tx) =>
      work({
        ...tx,
        rows: (...args: Parameters<Tx['rows']>) => {
          count += 1;
          return tx.rows(...args);
        },
      } as Tx),
    );
  const input = { idempotencyKey: newKey(), accountNumber: house.accountNumber, amountMinor: 1n, currency: 'CNY' };
  await receivePayment({ ...relight.ctx, db: counting }, { ...input, channel: 'BANK' }, cashier);
  return count;
}
