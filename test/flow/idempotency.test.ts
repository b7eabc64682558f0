import { receivePayment, type PaymentInput } from '../../src/flows/receive-payment.js';
import { once } from '../../src/platform/idempotency.js';
import { UserError } from '../../src/platform/errors.js';
import { eventually } from '../support/eventually.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, pay } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { balanceOf, isWaiting, refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
});
afterAll(() => relight.stop());

const app = person('app');
const inputFor = (house: Pick<House, 'accountNumber'>, change: Partial<PaymentInput> = {}): PaymentInput => ({
  idempotencyKey: newKey(),
  accountNumber: house.accountNumber,
  amountMinor: 6_000n,
  currency: 'CNY',
  channel: 'BANK',
  reference: 'TX-1',
  valueDate: '2026-03-10',
  ...change,
});
const paymentsUnder = (key: string) => relight.sql('SELECT id FROM payment WHERE idempotency_key = $1', [key]);

describe('one key, one effect, for ever', () => {
  test.each<[what: string, house: () => Promise<Pick<House, 'accountNumber'>>]>([
    ['an account in arrears, cut off', async () => cutHouse()],
    ['an unknown account', () => Promise.resolve({ accountNumber: '1234567890' })],
  ])('64 requests at once for %s', async (_what, houseOf) => {
    const house = await houseOf();
    const input = inputFor(house);
    const receipts = await Promise.all(Array.from({ length: 64 }, () => receivePayment(relight.ctx, input, app)));
    expect(new Set(receipts.map(({ payment }) => JSON.stringify(payment, withBigInts))).size).toBe(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await paymentsUnder(input.idempotencyKey)).toHaveLength(1);
    const entries = await relight.sql<{ sum: bigint }>(
      'SELECT sum(amount_minor)::bigint AS sum FROM ledger_entry WHERE payment_id = $1',
      [receipts[0]!.payment.id],
    );
    expect(entries[0]!.sum).toBe(6_000n);
    const restores = await relight.sql('SELECT id FROM switch_command WHERE payment_id = $1', [
      receipts[0]!.payment.id,
    ]);
    expect(restores).toHaveLength(receipts.flatMap(({ restoreCommandIds }) => restoreCommandIds).length);
  });

  test('two banks that number alike are not taken for one', async () => {
    const house = await buildDebtor(relight, 6_000n);
    const input = inputFor(house);
    await receivePayment(relight.ctx, input, app);
    await expect(receivePayment(relight.ctx, input, person('another-bank'))).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      detail: undefined,
    });
  });

  test('a repeat after everything has changed is still the first answer', async () => {
    const house = await buildDebtor(relight, 6_000n);
    const input = inputFor(house);
    const first = await receivePayment(relight.ctx, input, app);
    await pay(relight, house, 1n);
    const again = await receivePayment(relight.ctx, input, app);
    expect(again).toEqual({ payment: first.payment, replayed: true, restoreCommandIds: [] });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 1n });
  });

  test('money in suspense stays there for its key, also once the account exists', async () => {
    const input = inputFor({ accountNumber: '9999999999' });
    const first = await receivePayment(relight.ctx, input, app);
    const house = await buildHouse(relight);
    await relight.sql('UPDATE account SET account_number = $1 WHERE id = $2', ['9999999999', house.accountId]);
    const again = await receivePayment(relight.ctx, input, app);
    expect([again.payment.id, again.payment.state, again.replayed]).toEqual([first.payment.id, 'SUSPENSE', true]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });
});

describe('same key, other content: a named conflict, and nothing happens', () => {
  test.each<[field: string, change: Partial<PaymentInput>]>([
    ['one fen more', { amountMinor: 6_001n }],
    ['another channel', { channel: 'COUNTER_CASH' }],
    ['another reference', { reference: 'TX-2' }],
    ['no reference', { reference: null }],
    ['another day of value', { valueDate: '2026-03-09' }],
    ['no day of value', { valueDate: undefined }],
  ])('%s', async (_field, change) => {
    const house = await buildDebtor(relight, 6_000n);
    const input = inputFor(house);
    const { payment } = await receivePayment(relight.ctx, input, app);
    const error = await receivePayment(relight.ctx, { ...input, ...change }, app).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      field: 'idempotencyKey',
      detail: { paymentId: payment.id },
    });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });

  test('handed in by somebody else: two banks may number alike', async () => {
    const house = await buildDebtor(relight, 6_000n);
    const input = inputFor(house);
    await receivePayment(relight.ctx, input, person('bank-a'));
    const error = await receivePayment(relight.ctx, input, person('bank-b')).catch((reason: unknown) => reason);
    // Whose payment it was is nobody else's business.
    expect(error).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', detail: undefined });
  });

  test('another account, one after the other and at once', async () => {
    const [a, b] = [await buildDebtor(relight, 6_000n), await buildDebtor(relight, 6_000n)];
    const input = inputFor(a);
    await receivePayment(relight.ctx, input, app);
    expect(await refusal(receivePayment(relight.ctx, { ...input, accountNumber: b.accountNumber }, app))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    for (let round = 0; round < 10; round += 1) {
      const key = newKey();
      const outcomes = await Promise.allSettled(
        [a, b].map(({ accountNumber }) =>
          receivePayment(relight.ctx, inputFor({ accountNumber }, { idempotencyKey: key }), app),
        ),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await paymentsUnder(key)).toHaveLength(1);
    }
  });
});

describe('different keys', () => {
  test('payments at once for one account are all posted, none lost, none allocated twice', async () => {
    const house = await buildDebtor(relight, 20_000n);
    const receipts = await Promise.all(Array.from({ length: 40 }, (_, i) => pay(relight, house, BigInt(1_000 + i))));
    const paid = receipts.reduce((sum, { payment }) => sum + payment.amountMinor, 0n);
    expect(receipts.every(({ replayed }) => !replayed)).toBe(true);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: paid - 20_000n });
  });

  test('two payments at once that together clear the debt order one restore', async () => {
    const house = await cutHouse();
    const receipts = await Promise.all([pay(relight, house, 3_000n), pay(relight, house, 3_000n)]);
    expect(receipts.flatMap(({ restoreCommandIds }) => restoreCommandIds)).toHaveLength(1);
  });
});

describe('the key of an act by a person', () => {
  const at = new Date(Date.UTC(2026, 2, 10));
  const act = (key: string, content: Record<string, string>, work: () => Promise<{ id: string }>, name = 'test-act') =>
    relight.ctx.db.transaction('test-once', (tx) => once(tx, { key, act: name, content, at }, work));

  test('works once, and gives the first result again', async () => {
    const key = newKey();
    let times = 0;
    const work = () => Promise.resolve({ id: `result-${(times += 1)}` });
    expect(await act(key, { a: '1' }, work)).toEqual({ id: 'result-1', replayed: false });
    expect(await act(key, { a: '1' }, work)).toEqual({ id: 'result-1', replayed: true });
    expect(times).toBe(1);
  });

  test('is refused for other content and for another act', async () => {
    const key = newKey();
    const work = () => Promise.resolve({ id: 'x' });
    await act(key, { a: '1' }, work);
    expect(await refusal(act(key, { a: '2' }, work))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await refusal(act(key, { a: '1' }, work, 'another-act'))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('is not used up by a refusal', async () => {
    const key = newKey();
    expect(await refusal(act(key, { a: '1' }, () => Promise.reject(new UserError('NOT_NOW', 'Later.'))))).toBe(
      'NOT_NOW',
    );
    expect(await act(key, { a: '1' }, () => Promise.resolve({ id: 'x' }))).toEqual({ id: 'x', replayed: false });
  });

  test('makes a second request wait for the first', async () => {
    const key = newKey();
    let second: ReturnType<typeof act> | undefined;
    const first = await act(key, { a: '1' }, async () => {
      second = act(key, { a: '1' }, () => Promise.resolve({ id: 'second' }));
      await eventually('the second request waits', () => isWaiting(relight));
      return { id: 'first' };
    });
    expect(first).toEqual({ id: 'first', replayed: false });
    expect(await second).toEqual({ id: 'first', replayed: true });
  });
});

const withBigInts = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

async function cutHouse(): Promise<House> {
  const house = await buildDebtor(relight, 6_000n);
  await cutOff(relight, house);
  return house;
}
