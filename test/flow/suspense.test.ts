import { reversePayment } from '../../src/flows/reverse-payment.js';
import { resolveSuspense } from '../../src/flows/resolve-suspense.js';
import { postPayment } from '../../src/billing/payments.js';
import { newId } from '../../src/platform/ids.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, pay } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import {
  balanceOf,
  commandOf,
  commandsOf,
  interruptionsOf,
  isWaiting,
  refusal,
  paymentStateOf,
  entriesOf,
} from './support/looks.js';

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
    expect(await entriesOf(relight, payment.id)).toEqual(['PAYMENT: CASH from SUSPENSE 4200']);
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
    expect(await paymentStateOf(relight, held.id)).toBe('RESOLVED');
    expect(await entriesOf(relight, payment.id)).toEqual([
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
        {
          ...row,
          id: newId(),
          accountId: other.accountId,
          allocations: [],
          charges: [],
          lateFeeRule: null,
          creditMinor: 1n,
          source: 'CASH',
        },
        relight.ctx.clock.now(),
        cashier,
      );
      resolving = refusal(resolve(held.id, house, { idempotencyKey }));
      await eventually('the resolution waits for the key', () => isWaiting(relight));
    });
    expect(await resolving).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await paymentStateOf(relight, held.id)).toBe('SUSPENSE');
  });

  test('is refused to an unknown account, a missing payment, another currency', async () => {
    const house = await buildHouse(relight);
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    const { payment: dollars } = await pay(relight, UNKNOWN, 100n, { currency: 'USD' });
    expect(await refusal(resolve(held.id, UNKNOWN))).toBe('ACCOUNT_NOT_FOUND');
    expect(await refusal(resolve('00000000-0000-7000-8000-00000000dead', house))).toBe('PAYMENT_NOT_FOUND');
    expect(await refusal(resolve(dollars.id, house))).toBe('CURRENCY_MISMATCH');
    expect(await paymentStateOf(relight, held.id)).toBe('SUSPENSE');
  });

  test('can be sent back: a reversal out of suspense', async () => {
    const { payment: held } = await pay(relight, UNKNOWN, 100n);
    expect((await reverse(held.id)).payment.state).toBe('REVERSED');
    expect(await refusal(resolve(held.id, await buildHouse(relight)))).toBe('NOT_IN_SUSPENSE');
  });

  test('comes back into suspense when its posting is reversed, to be resolved again', async () => {
    const [wrong, right] = [await buildHouse(relight), await buildDebtor(relight, 500n)];
    const { payment: held } = await pay(relight, { accountNumber: '1234567890' }, 500n);
    const { payment: mistaken } = await resolve(held.id, wrong);
    expect(await refusal(reverse(held.id))).toBe('PAYMENT_RESOLVED');
    await reverse(mistaken.id, { reason: 'the wrong account' });
    expect([await paymentStateOf(relight, held.id), await paymentStateOf(relight, mistaken.id)]).toEqual([
      'SUSPENSE',
      'REVERSED',
    ]);
    expect(await balanceOf(relight, wrong)).toEqual({ dueMinor: 0n, creditMinor: 0n });
    const { payment } = await resolve(held.id, right);
    expect([await paymentStateOf(relight, held.id), payment.state]).toEqual(['RESOLVED', 'POSTED']);
    expect(await balanceOf(relight, right)).toEqual({ dueMinor: 0n, creditMinor: 0n });
  });
});
