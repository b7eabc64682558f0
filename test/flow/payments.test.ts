import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, buildThreeBills } from './support/houses.js';
import { balanceOf, commandOf, interruptionsOf, refusal, paidOf, entriesOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
});
afterAll(() => relight.stop());

describe('allocation', () => {
  test.each<[what: string, amountMinor: bigint, paid: bigint[], due: bigint, credit: bigint]>([
    ['one fen', 1n, [1n, 0n, 0n], 15_000n, 0n],
    ['a part of the oldest bill', 9_999n, [9_999n, 0n, 0n], 5_002n, 0n],
    ['the oldest bill', 10_000n, [10_000n, 0n, 0n], 5_001n, 0n],
    ['the oldest and one fen of the next', 10_001n, [10_000n, 1n, 0n], 5_000n, 0n],
    ['all but one fen', 15_000n, [10_000n, 5_000n, 0n], 1n, 0n],
    ['all', 15_001n, [10_000n, 5_000n, 1n], 0n, 0n],
    ['one fen too much', 15_002n, [10_000n, 5_000n, 1n], 0n, 1n],
    ['ten times too much', 150_010n, [10_000n, 5_000n, 1n], 0n, 135_009n],
  ])('%s', async (_what, amountMinor, paid, due, credit) => {
    const house = await buildThreeBills(relight);
    const { payment, replayed } = await pay(relight, house, amountMinor);
    expect({ state: payment.state, amount: payment.amountMinor, credited: payment.creditedMinor, replayed }).toEqual({
      state: 'POSTED',
      amount: amountMinor,
      credited: credit,
      replayed: false,
    });
    expect(await paidOf(relight, house)).toEqual(paid);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: due, creditMinor: credit });
  });

  test('part after part settles the same, to the fen', async () => {
    const house = await buildThreeBills(relight);
    for (const part of [3_333n, 3_333n, 3_334n, 4_999n, 2n]) await pay(relight, house, part);
    expect(await paidOf(relight, house)).toEqual([10_000n, 5_000n, 1n]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('an account without bills takes it all as credit', async () => {
    const house = await buildHouse(relight);
    await pay(relight, house, 777n);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 777n });
  });

  test('credit pays the next bill by itself, then the next', async () => {
    const house = await buildHouse(relight);
    const { payment } = await pay(relight, house, 1_500n);
    await issueBill(relight, house, 1_000n, {
      periodFrom: '2026-01-01',
      periodTo: '2026-02-01',
      dueDate: '2026-02-20',
    });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 500n });
    await issueBill(relight, house, 800n, { periodFrom: '2026-02-01', periodTo: '2026-03-01', dueDate: '2026-03-20' });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 300n, creditMinor: 0n });
    expect(await paidOf(relight, house)).toEqual([1_000n, 500n]);
    expect(await entriesOf(relight, payment.id)).toEqual(['PAYMENT: CASH from CUSTOMER_CREDIT 1500']);
  });

  test('the day of value is today in the company’s zone, or the one that was given', async () => {
    const house = await buildHouse(relight);
    expect((await pay(relight, house, 1n)).payment.valueDate).toBe('2026-03-10');
    expect((await pay(relight, house, 1n, { valueDate: '2026-03-02' })).payment.valueDate).toBe('2026-03-02');
  });

  test('another currency is refused, and nothing is kept', async () => {
    const house = await buildDebtor(relight);
    const idempotencyKey = newKey();
    expect(await refusal(pay(relight, house, 100n, { currency: 'USD', idempotencyKey }))).toBe('CURRENCY_MISMATCH');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 10_000n, creditMinor: 0n });
    // The refusal did not use up the key.
    expect((await pay(relight, house, 100n, { idempotencyKey })).replayed).toBe(false);
  });
});

describe('what a payment does to a cut', () => {
  test('a cut waiting for approval, or approved and not sent, is cancelled; nothing is restored, since nothing went off', async () => {
    const house = await buildDebtor(relight);
    const id = await queueCut(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(await commandOf(relight, id)).toMatchObject({ state: 'CANCELLED', failureCode: 'DEBT_SETTLED' });
    expect(restoreCommandIds).toEqual([]);
    expect(await send(relight)).toEqual([]);
  });

  test('a cut that was sent is superseded by a restore with a higher sequence', async () => {
    const house = await buildDebtor(relight);
    const id = await queueCut(relight, house);
    const [cut] = await send(relight);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(await commandOf(relight, id)).toMatchObject({ state: 'SUPERSEDED', supersededById: restoreCommandIds[0] });
    const [restore] = await send(relight);
    expect(restore).toMatchObject({ commandId: restoreCommandIds[0], operation: 'RESTORE' });
    expect(restore!.sequence > cut!.sequence).toBe(true);
  });

  test.each<[what: string, amountMinor: bigint, lit: boolean]>([
    ['one fen less than what is overdue leaves it dark', 14_999n, false],
    ['what is overdue is enough; a bill that is not due yet keeps nobody in the dark', 15_000n, true],
  ])('%s', async (_what, amountMinor, lit) => {
    const house = await buildThreeBills(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, amountMinor);
    expect(restoreCommandIds).toHaveLength(lit ? 1 : 0);
    expect(await interruptionsOf(relight, house)).toEqual(lit ? [] : ['ARREARS']);
  });

  test('a bill that is due today is not overdue yet', async () => {
    const house = await buildDebtor(relight);
    await issueBill(relight, house, 3_000n, {
      periodFrom: '2026-02-01',
      periodTo: '2026-03-01',
      dueDate: '2026-03-10',
    });
    await cutOff(relight, house);
    expect((await pay(relight, house, 10_000n)).restoreCommandIds).toHaveLength(1);
  });

  test('both service points of an account are lit by one payment', async () => {
    const first = await buildDebtor(relight, 10_000n);
    const second = await buildHouse(relight, { accountOf: first });
    await cutOff(relight, first);
    await cutOff(relight, second);
    const { restoreCommandIds } = await pay(relight, first, 10_000n);
    expect(restoreCommandIds).toHaveLength(2);
    expect([await interruptionsOf(relight, first), await interruptionsOf(relight, second)]).toEqual([[], []]);
  });
});
