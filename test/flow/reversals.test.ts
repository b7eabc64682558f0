import { reversePayment } from '../../src/flows/reverse-payment.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, pay, send } from './support/acts.js';
import { buildHouse, issueBill, newKey, buildThreeBills } from './support/houses.js';
import {
  balanceOf,
  commandOf,
  commandsOf,
  interruptionsOf,
  refusal,
  paymentStateOf,
  paidOf,
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

describe('a reversal', () => {
  test('opens the debt again, with its old due dates, and cuts nobody', async () => {
    const house = await buildThreeBills(relight);
    const cut = await cutOff(relight, house);
    const { payment } = await pay(relight, house, 15_101n);
    await reverse(payment.id);
    expect(await paymentStateOf(relight, payment.id)).toBe('REVERSED');
    expect(await paidOf(relight, house)).toEqual([0n, 0n, 0n]);
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
    const house = await buildThreeBills(relight);
    const { payment } = await pay(relight, house, 15_002n);
    await reverse(payment.id);
    expect(await entriesOf(relight, payment.id)).toEqual([
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
    const house = await buildThreeBills(relight);
    const { payment: first } = await pay(relight, house, 4_000n);
    await pay(relight, house, 8_000n);
    await reverse(first.id);
    expect(await paidOf(relight, house)).toEqual([6_000n, 2_000n, 0n]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 7_001n, creditMinor: 0n });
  });

  test('happens once: same key, first answer; another key, refused', async () => {
    const house = await buildThreeBills(relight);
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
    const house = await buildThreeBills(relight);
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

  test('of nothing is refused', async () => {
    expect(await refusal(reverse('00000000-0000-7000-8000-00000000dead'))).toBe('PAYMENT_NOT_FOUND');
  });
});
