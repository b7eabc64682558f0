import { reversePayment } from '../../src/flows/reverse-payment.js';
import { resolveSuspense } from '../../src/flows/resolve-suspense.js';
import { postPayment } from '../../src/billing/payments.js';
import { newId } from '../../src/platform/ids.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import {
  balanceOf,
  buildDebtor,
  buildHouse,
  commandOf,
  commandsOf,
  cutOff,
  interruptionsOf,
  issueBill,
  isWaiting,
  newKey,
  pay,
  queueCut,
  refusal,
  send,
  type House,
} from './support/houses.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
});
afterAll(() => relight.stop());

const cashier = person('cashier');
const reverse = (paymentId: string, change: { idempotencyKey?: string; reason?: string } = {}) =>
  reversePayment(relight.ctx, { paymentId, idempotencyKey: newKey(), reason: 'cheque bounced', ...change }, cashier);
const resolve = (paymentId: string, house: Pick<House, 'accountNumber'>, change: { idempotencyKey?: string } = {}) =>
  resolveSuspense(
    relight.ctx,
    {
      paymentId,
      accountNumber: house.accountNumber,
      idempotencyKey: newKey(),
      reason: 'the payer named the account',
      ...change,
    },
    cashier,
  );
const stateOf = async (paymentId: string) =>
  (await relight.sql<{ state: string }>('SELECT state FROM payment WHERE id = $1', [paymentId]))[0]!.state;
/** Paid of each bill, oldest first. */
const paidOf = async (house: House) =>
  (
    await relight.sql<{ paid: bigint }>('SELECT paid_minor AS paid FROM bill WHERE account_id = $1 ORDER BY due_date', [
      house.accountId,
    ])
  ).map(({ paid }) => paid);
const entriesOf = (paymentId: string) =>
  relight
    .sql<{ entry: string }>(
      `SELECT kind || ': ' || debit_code || ' from ' || credit_code || ' ' || amount_minor AS entry FROM ledger_entry WHERE payment_id = $1 ORDER BY id`,
      [paymentId],
    )
    .then((rows) => rows.map(({ entry }) => entry));

/** Three bills of 100.00, 50.00 and 0.01 yuan, due in January, February and April: only the first two are overdue on 10 March. */
async function threeBills(): Promise<House> {
  const house = await buildHouse(relight);
  await issueBill(relight, house, 1n, { periodFrom: '2026-02-01', periodTo: '2026-03-01', dueDate: '2026-04-01' });
  await issueBill(relight, house, 10_000n, { periodFrom: '2025-12-01', periodTo: '2026-01-01', dueDate: '2026-01-20' });
  await issueBill(relight, house, 5_000n, { periodFrom: '2026-01-01', periodTo: '2026-02-01', dueDate: '2026-02-20' });
  return house;
}

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
    const house = await threeBills();
    const { payment, replayed } = await pay(relight, house, amountMinor);
    expect({ state: payment.state, amount: payment.amountMinor, credited: payment.creditedMinor, replayed }).toEqual({
      state: 'POSTED',
      amount: amountMinor,
      credited: credit,
      replayed: false,
    });
    expect(await paidOf(house)).toEqual(paid);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: due, creditMinor: credit });
  });

  test('part after part settles the same, to the fen', async () => {
    const house = await threeBills();
    for (const part of [3_333n, 3_333n, 3_334n, 4_999n, 2n]) await pay(relight, house, part);
    expect(await paidOf(house)).toEqual([10_000n, 5_000n, 1n]);
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
    expect(await paidOf(house)).toEqual([1_000n, 500n]);
    expect(await entriesOf(payment.id)).toEqual(['PAYMENT: CASH from CUSTOMER_CREDIT 1500']);
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

describe('money for an unknown account', () => {
  const UNKNOWN = { accountNumber: '1234567890' };

  test('is kept in suspense', async () => {
    const { payment, restoreCommandIds } = await pay(relight, UNKNOWN, 4_200n);
    expect(payment).toMatchObject({
      state: 'SUSPENSE',
      accountId: null,
      accountNumber: '1234567890',
      creditedMinor: 4_200n,
    });
    expect(restoreCommandIds).toEqual([]);
    expect(await entriesOf(payment.id)).toEqual(['PAYMENT: CASH from SUSPENSE 4200']);
  });

  test('finds its account, and brings back the light', async () => {
    const house = await buildDebtor(relight, 4_000n);
    await cutOff(relight, house);
    const { payment: held } = await pay(relight, UNKNOWN, 4_200n, {
      channel: 'BANK',
      reference: 'TX-9',
      valueDate: '2026-03-09',
    });
    const { payment, restoreCommandIds } = await resolve(held.id, house);
    expect(payment).toMatchObject({
      state: 'POSTED',
      accountId: house.accountId,
      amountMinor: 4_200n,
      channel: 'BANK',
      reference: 'TX-9',
      valueDate: '2026-03-09',
      creditedMinor: 200n,
    });
    expect(await stateOf(held.id)).toBe('RESOLVED');
    expect(await entriesOf(payment.id)).toEqual([
      'SUSPENSE_RESOLVED: SUSPENSE from RECEIVABLE 4000',
      'SUSPENSE_RESOLVED: SUSPENSE from CUSTOMER_CREDIT 200',
    ]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    expect((await commandOf(relight, restoreCommandIds[0]!)).paymentId).toBe(payment.id);
    expect(await interruptionsOf(relight, house)).toEqual([]);
  });

  test('is resolved once: the same key again is the first answer, another key is refused', async () => {
    const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    const idempotencyKey = newKey();
    const first = await resolve(held.id, house, { idempotencyKey });
    const again = await resolve(held.id, house, { idempotencyKey });
    expect([again.replayed, again.payment.id]).toEqual([true, first.payment.id]);
    expect(await refusal(resolve(held.id, house))).toBe('NOT_IN_SUSPENSE');
    expect(await refusal(resolve(held.id, other, { idempotencyKey }))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 100n });
  });

  test('two clerks resolve it to two accounts at once: one of them does', async () => {
    const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    const outcomes = await Promise.allSettled([resolve(held.id, house), resolve(held.id, other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const credits = [(await balanceOf(relight, house)).creditMinor, (await balanceOf(relight, other)).creditMinor];
    expect(credits.reduce((a, b) => a + b)).toBe(100n);
  });

  test('under a key that a payment to another account takes meanwhile is refused by name', async () => {
    const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    const idempotencyKey = newKey();
    let resolving: Promise<string> | undefined;
    await relight.ctx.db.transaction('test-take-key', async (tx) => {
      const row = {
        idempotencyKey,
        contentSha256: Buffer.alloc(32),
        accountNumber: other.accountNumber,
        amountMinor: 1n,
        currency: 'CNY',
        channel: 'BANK' as const,
        reference: null,
        valueDate: '2026-03-10',
      };
      await postPayment(
        tx,
        { ...row, id: newId(), accountId: other.accountId, allocations: [], creditMinor: 1n, source: 'CASH' },
        relight.ctx.clock.now(),
        cashier,
      );
      resolving = refusal(resolve(held.id, house, { idempotencyKey }));
      await eventually('the resolution waits for the key', () => isWaiting(relight));
    });
    expect(await resolving).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await stateOf(held.id)).toBe('SUSPENSE');
  });

  test('is refused to an unknown account, a missing payment, another currency', async () => {
    const house = await buildHouse(relight);
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    const { payment: dollars } = await pay(relight, UNKNOWN, 100n, { currency: 'USD' });
    expect(await refusal(resolve(held.id, UNKNOWN))).toBe('ACCOUNT_NOT_FOUND');
    expect(await refusal(resolve('00000000-0000-7000-8000-00000000dead', house))).toBe('PAYMENT_NOT_FOUND');
    expect(await refusal(resolve(dollars.id, house))).toBe('CURRENCY_MISMATCH');
    expect(await stateOf(held.id)).toBe('SUSPENSE');
  });

  test('can be sent back: a reversal out of suspense', async () => {
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    expect((await reverse(held.id)).payment.state).toBe('REVERSED');
    expect(await refusal(resolve(held.id, await buildHouse(relight)))).toBe('NOT_IN_SUSPENSE');
  });
});

describe('a reversal', () => {
  test('opens the debt again, with its old due dates, and cuts nobody', async () => {
    const house = await threeBills();
    const cut = await cutOff(relight, house);
    const { payment } = await pay(relight, house, 15_101n);
    await reverse(payment.id);
    expect(await stateOf(payment.id)).toBe('REVERSED');
    expect(await paidOf(house)).toEqual([0n, 0n, 0n]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 15_001n, creditMinor: 0n });
    const dueDates = await relight.sql<{ d: string }>(
      'SELECT due_date AS d FROM bill WHERE account_id = $1 ORDER BY 1',
      [house.accountId],
    );
    expect(dueDates.map(({ d }) => d)).toEqual(['2026-01-20', '2026-02-20', '2026-04-01']);
    // The restore that the payment ordered goes on: no interruption is opened, no cut ordered.
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    expect((await commandOf(relight, cut)).state).toBe('VERIFIED');
    expect((await send(relight)).map(({ operation }) => operation)).toEqual(['RESTORE']);
  });

  test('mirrors each entry, naming it', async () => {
    const house = await threeBills();
    const { payment } = await pay(relight, house, 15_002n);
    await reverse(payment.id);
    expect(await entriesOf(payment.id)).toEqual([
      'PAYMENT: CASH from RECEIVABLE 10000',
      'PAYMENT: CASH from RECEIVABLE 5000',
      'PAYMENT: CASH from RECEIVABLE 1',
      'PAYMENT: CASH from CUSTOMER_CREDIT 1',
      'REVERSAL: RECEIVABLE from CASH 10000',
      'REVERSAL: RECEIVABLE from CASH 5000',
      'REVERSAL: RECEIVABLE from CASH 1',
      'REVERSAL: CUSTOMER_CREDIT from CASH 1',
    ]);
  });

  test('leaves other payments alone', async () => {
    const house = await threeBills();
    const { payment: first } = await pay(relight, house, 4_000n);
    await pay(relight, house, 8_000n);
    await reverse(first.id);
    expect(await paidOf(house)).toEqual([6_000n, 2_000n, 0n]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 7_001n, creditMinor: 0n });
  });

  test('happens once: same key, first answer; another key, refused', async () => {
    const house = await threeBills();
    const { payment } = await pay(relight, house, 100n);
    const idempotencyKey = newKey();
    expect((await reverse(payment.id, { idempotencyKey })).replayed).toBe(false);
    const again = await reverse(payment.id, { idempotencyKey });
    expect([again.replayed, again.payment.state]).toEqual([true, 'REVERSED']);
    expect(await refusal(reverse(payment.id))).toBe('PAYMENT_ALREADY_REVERSED');
    expect(await refusal(reverse(payment.id, { idempotencyKey, reason: 'another reason' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  test('thirty-two at once with different keys: one effect', async () => {
    const house = await threeBills();
    const { payment } = await pay(relight, house, 100n);
    const outcomes = await Promise.allSettled(Array.from({ length: 32 }, () => reverse(payment.id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 15_001n, creditMinor: 0n });
  });

  test('one key for two payments at once: one is reversed, the other refused by name', async () => {
    const [a, b] = [await buildHouse(relight), await buildHouse(relight)];
    const [one, other] = [await pay(relight, a, 100n), await pay(relight, b, 100n)];
    const idempotencyKey = newKey();
    const outcomes = await Promise.allSettled([
      reverse(one.payment.id, { idempotencyKey }),
      reverse(other.payment.id, { idempotencyKey }),
    ]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  test('is refused when the credit it gave was spent on a later bill', async () => {
    const house = await buildHouse(relight);
    const { payment } = await pay(relight, house, 1_000n);
    await issueBill(relight, house, 1n);
    expect(await refusal(reverse(payment.id))).toBe('CREDIT_SPENT');
    // Credit is one pot: new credit covers it.
    await pay(relight, house, 1n);
    expect((await reverse(payment.id)).payment.state).toBe('REVERSED');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('of money that came out of suspense puts it back there, to be resolved again', async () => {
    const [wrong, right] = [await buildHouse(relight), await buildDebtor(relight, 500n)];
    const { payment: held } = await pay(relight, { accountNumber: '1234567890' }, 500n);
    const { payment: mistaken } = await resolve(held.id, wrong);
    expect(await refusal(reverse(held.id))).toBe('PAYMENT_RESOLVED');
    await reverse(mistaken.id, { reason: 'the wrong account' });
    expect([await stateOf(held.id), await stateOf(mistaken.id)]).toEqual(['SUSPENSE', 'REVERSED']);
    expect(await balanceOf(relight, wrong)).toEqual({ dueMinor: 0n, creditMinor: 0n });
    const { payment } = await resolve(held.id, right);
    expect([await stateOf(held.id), payment.state]).toEqual(['RESOLVED', 'POSTED']);
    expect(await balanceOf(relight, right)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('of nothing is refused', async () => {
    expect(await refusal(reverse('00000000-0000-7000-8000-00000000dead'))).toBe('PAYMENT_NOT_FOUND');
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
    const house = await threeBills();
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, amountMinor);
    expect(restoreCommandIds).toHaveLength(lit ? 1 : 0);
    expect(await interruptionsOf(relight, house)).toEqual(lit ? [] : ['ARREARS']);
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
