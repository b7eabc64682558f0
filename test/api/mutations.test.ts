import {
  placeBill,
  placeCutRequest,
  placeDebtor,
  placeDistrict,
  placeHousehold,
  placeOutage,
  type District,
} from './support/fixtures.js';
import { globalId } from './support/global-ids.js';
import { codesOf, startTestApi, userErrorsOf, type TestApi } from './support/test-api.js';

const RECORD = `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) {
  payment { id state amount { amount currency } credited { amount } account { accountNumber due { amount } } allocations { principal { amount } } } replayed restoreCommands { id operation state payment { id } } userErrors { code message field relatedId } } }`;
const RECORD_AT_BANK = `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { id state accountNumber amount { amount } } replayed userErrors { code message field } } }`;

let api: TestApi;
let district: District;
let counter: string;
let supervisor: string;
let hotline: string;

beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  counter = await api.token('COUNTER');
  supervisor = await api.token('SUPERVISOR');
  hotline = await api.token('HOTLINE');
});
afterAll(() => api.stop());

let keys = 0;
const key = (): string => `mutation-test-${(keys += 1)}`;
const payment = (accountNumber: string, amount: string, more: object = {}) => ({
  idempotencyKey: key(),
  accountNumber,
  amount: { amount, currency: 'CNY' },
  channel: 'COUNTER_CASH',
  ...more,
});
const rowsIn = async (table: string): Promise<bigint> =>
  (await api.sql<{ count: bigint }>(`SELECT count(*) AS count FROM ${table}`))[0]!.count;
describe('recordPayment', () => {
  test('a payment of everything overdue brings power back by itself, and the same key gives the same payment', async () => {
    const home = await placeDebtor(api, district);
    await placeOutage(api, home);
    const input = payment(home.accountNumber, '114.69');
    const first = await api.ask(counter, RECORD, { i: input });
    expect(first.errors).toBeUndefined();
    expect(first.data.recordPayment).toMatchObject({
      payment: {
        state: 'POSTED',
        amount: { amount: '114.69', currency: 'CNY' },
        credited: { amount: '0.00' },
        account: { due: { amount: '0.00' } },
      },
      replayed: false,
      restoreCommands: [
        { operation: 'RESTORE', state: 'QUEUED', payment: { id: first.data.recordPayment.payment.id } },
      ],
      userErrors: [],
    });
    const again = await api.ask(counter, RECORD, { i: input });
    expect(again.data.recordPayment).toMatchObject({
      payment: { id: first.data.recordPayment.payment.id },
      replayed: true,
      restoreCommands: [],
    });
    const other = await api.ask(counter, RECORD, { i: { ...input, amount: { amount: '1.00', currency: 'CNY' } } });
    expect(userErrorsOf(other)).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey', relatedId: first.data.recordPayment.payment.id },
    ]);
  });

  test('one key, 64 requests at once: one effect, 64 equal answers', async () => {
    const home = await placeHousehold(api, district);
    await placeBill(api, home, {
      totalMinor: 5_000,
      dueDate: '2026-03-25',
      periodFrom: '2026-02-01',
      periodTo: '2026-03-01',
    });
    const input = payment(home.accountNumber, '50.00');
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        api.ask(
          counter,
          `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { id state postedAt amount { amount } } userErrors { code } } }`,
          { i: input },
        ),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify([answer.data, answer.errors]))).size).toBe(1);
    expect(answers[0]!.data.recordPayment.userErrors).toEqual([]);
    expect(
      await api.sql(`SELECT count(*)::int AS count FROM payment WHERE account_number = $1`, [home.accountNumber]),
    ).toEqual([{ count: 1 }]);
  });

  test('money for an account nobody knows is kept in suspense, found there, and resolved', async () => {
    const home = await placeHousehold(api, district);
    const lost = await api.ask(counter, RECORD, { i: payment('9999999999', '20.00') });
    expect(lost.data.recordPayment).toMatchObject({ payment: { state: 'SUSPENSE', account: null }, userErrors: [] });
    const { id } = lost.data.recordPayment.payment as { id: string };
    const waiting = await api.ask(counter, `{ suspensePayments(first: 100) { edges { node { id } } } }`);
    expect(waiting.data.suspensePayments.edges).toContainEqual({ node: { id } });

    const resolve = `mutation ($i: ResolveSuspensePaymentInput!) { resolveSuspensePayment(input: $i) { payment { id state accountNumber amount { amount } } userErrors { code field } } }`;
    const input = {
      idempotencyKey: key(),
      paymentId: id,
      accountNumber: home.accountNumber,
      reason: 'payer showed the receipt',
    };
    const resolved = await api.ask(counter, resolve, { i: input });
    expect(resolved.data.resolveSuspensePayment).toMatchObject({
      payment: { state: 'POSTED', accountNumber: home.accountNumber, amount: { amount: '20.00' } },
      userErrors: [],
    });
    expect(
      (await api.ask(counter, `query ($id: ID!) { payment(id: $id) { state resolvedBy { id } } }`, { id })).data
        .payment,
    ).toEqual({
      state: 'RESOLVED',
      resolvedBy: { id: resolved.data.resolveSuspensePayment.payment.id },
    });
    expect(userErrorsOf(await api.ask(counter, resolve, { i: { ...input, idempotencyKey: key() } }))).toMatchObject([
      { code: 'NOT_IN_SUSPENSE', field: 'paymentId' },
    ]);
  });

  test.each([
    ['AMOUNT_OVER_PRECISE', 'amount.amount', { amount: { amount: '1.001', currency: 'CNY' } }],
    ['AMOUNT_ZERO', 'amount.amount', { amount: { amount: '0.00', currency: 'CNY' } }],
    ['AMOUNT_NEGATIVE', 'amount.amount', { amount: { amount: '-5.00', currency: 'CNY' } }],
    ['AMOUNT_NOT_A_NUMBER', 'amount.amount', { amount: { amount: 'NaN', currency: 'CNY' } }],
    ['AMOUNT_NOT_A_NUMBER', 'amount.amount', { amount: { amount: '1e3', currency: 'CNY' } }],
    ['AMOUNT_TOO_LARGE', 'amount.amount', { amount: { amount: '99999999999999.00', currency: 'CNY' } }],
    ['UNKNOWN_CURRENCY', 'amount.currency', { amount: { amount: '5.00', currency: 'ZZZ' } }],
    ['CURRENCY_MISMATCH', 'amount.currency', { amount: { amount: '5.00', currency: 'USD' } }],
    ['CHANNEL_NOT_ALLOWED', 'channel', { channel: 'BANK_FILE' }],
    ['IDEMPOTENCY_KEY_LENGTH', 'idempotencyKey', { idempotencyKey: 'short' }],
    ['TEXT_NOT_ALLOWED', 'idempotencyKey', { idempotencyKey: 'with a \u0000 inside' }],
    ['TEXT_TOO_LONG', 'reference', { reference: 'x'.repeat(129) }],
    ['TEXT_NOT_ALLOWED', 'reference', { reference: '\ud800' }],
    ['TEXT_TOO_LONG', 'accountNumber', { accountNumber: '1'.repeat(33) }],
    ['ACCOUNT_NUMBER_MISSING', 'accountNumber', { accountNumber: '  ' }],
  ])('%s at %s changes nothing', async (code, field, wrong) => {
    const home = await placeHousehold(api, district);
    const before = await rowsIn('payment');
    const answer = await api.ask(counter, RECORD, { i: { ...payment(home.accountNumber, '5.00'), ...wrong } });
    expect(userErrorsOf(answer)).toMatchObject([{ code, field }]);
    expect(answer.data.recordPayment).toMatchObject({ payment: null, replayed: null, restoreCommands: [] });
    expect(await rowsIn('payment')).toBe(before);
  });

  test.each([
    [{ amount: { amount: 5, currency: 'CNY' } }],
    [{ channel: 'BARTER' }],
    [{ valueDate: '2026-02-30' }],
    [{ more: 1 }],
    [{ amount: null }],
  ])('a value of the wrong type is refused by its type: %j', async (wrong) => {
    const answer = await api.ask(counter, RECORD, { i: { ...payment('3700000001', '5.00'), ...wrong } });
    expect([answer.status, codesOf(answer)]).toEqual([400, ['BAD_USER_INPUT']]);
  });

  test('a bank hands in payments and sees its own only', async () => {
    const home = await placeHousehold(api, district);
    const bank = await api.token('BANK', { subject: 'bank-a' });
    const other = await api.token('BANK', { subject: 'bank-b' });
    const paid = await api.ask(bank, RECORD_AT_BANK, { i: payment(home.accountNumber, '5.00', { channel: 'BANK' }) });
    expect(paid.data.recordPayment).toMatchObject({ payment: { state: 'POSTED' }, userErrors: [] });
    const look = `query ($id: ID!) { payment(id: $id) { state } node(id: $id) { id } }`;
    const { id } = paid.data.recordPayment.payment as { id: string };
    expect((await api.ask(bank, look, { id })).data).toEqual({ payment: { state: 'POSTED' }, node: { id } });
    expect((await api.ask(other, look, { id })).data).toEqual({ payment: null, node: null });
    // Asking for what it may not see refuses the whole request: the payment is not recorded without an answer.
    const before = await rowsIn('payment');
    const refused = await api.ask(bank, RECORD, { i: payment(home.accountNumber, '5.00', { channel: 'BANK' }) });
    expect([refused.status, codesOf(refused)]).toEqual([403, ['FORBIDDEN']]);
    expect(await rowsIn('payment')).toBe(before);
  });
});

test('reversing a payment opens the debt again', async () => {
  const home = await placeDebtor(api, district);
  const paid = await api.ask(counter, RECORD, { i: payment(home.accountNumber, '60.00') });
  const reverse = `mutation ($i: ReversePaymentInput!) { reversePayment(input: $i) { payment { id state reversal { reason reversedBy } allocations { principal { amount } } account { due { amount } } } replayed userErrors { code field } } }`;
  const input = { idempotencyKey: key(), paymentId: paid.data.recordPayment.payment.id, reason: 'cheque bounced' };
  const reversed = await api.ask(supervisor, reverse, { i: input });
  expect(reversed.data.reversePayment).toMatchObject({
    payment: {
      state: 'REVERSED',
      reversal: { reason: 'cheque bounced', reversedBy: 'test-supervisor' },
      account: { due: { amount: '114.69' } },
    },
    replayed: false,
    userErrors: [],
  });
  expect((await api.ask(supervisor, reverse, { i: input })).data.reversePayment).toMatchObject({
    payment: { state: 'REVERSED' },
    replayed: true,
  });
  expect(userErrorsOf(await api.ask(supervisor, reverse, { i: { ...input, idempotencyKey: key() } }))).toMatchObject([
    { code: 'PAYMENT_ALREADY_REVERSED', field: 'paymentId' },
  ]);
  expect(
    userErrorsOf(await api.ask(supervisor, reverse, { i: { ...input, idempotencyKey: key(), paymentId: 'nothing' } })),
  ).toMatchObject([{ code: 'PAYMENT_NOT_FOUND', field: 'paymentId' }]);
  expect(
    userErrorsOf(await api.ask(supervisor, reverse, { i: { ...input, idempotencyKey: key(), reason: ' x ' } })),
  ).toMatchObject([{ code: 'REASON_LENGTH', field: 'reason' }]);
});

describe('switching', () => {
  const CUT = `mutation ($i: RequestCutInput!) { requestCut(input: $i) { switchCommand { id state operation requestedBy requestReason } replayed userErrors { code field message relatedId } } }`;
  const DECIDE = (name: string) =>
    `mutation ($i: SwitchDecisionInput!) { ${name}(input: $i) { switchCommand { id state approvedBy failureCode } replayed userErrors { code field } } }`;
  const cut = (servicePointNumber: string, more: object = {}) => ({
    idempotencyKey: key(),
    servicePointNumber,
    interruptionReason: 'ARREARS',
    reason: 'two reminders unanswered',
    ...more,
  });

  test('a cut is asked for, approved by another person, and a duplicate names the first', async () => {
    const home = await placeDebtor(api, district);
    const asked = await api.ask(hotline, CUT, { i: cut(home.servicePointNumber) });
    expect(asked.data.requestCut).toMatchObject({
      switchCommand: {
        state: 'PENDING_APPROVAL',
        operation: 'CUT',
        requestedBy: 'test-hotline',
        requestReason: 'two reminders unanswered',
      },
      replayed: false,
      userErrors: [],
    });
    const { id } = asked.data.requestCut.switchCommand as { id: string };
    expect(userErrorsOf(await api.ask(hotline, CUT, { i: cut(home.servicePointNumber) }))).toMatchObject([
      { code: 'COMMAND_OPEN', field: 'servicePointNumber', relatedId: id },
    ]);

    const ownApproval = await api.token('SUPERVISOR', { subject: 'test-hotline' });
    const decision = { idempotencyKey: key(), switchCommandId: id, reason: 'file checked' };
    expect(userErrorsOf(await api.ask(ownApproval, DECIDE('approveSwitchCommand'), { i: decision }))).toMatchObject([
      { code: 'APPROVAL_BY_REQUESTER', field: 'switchCommandId' },
    ]);
    const approved = await api.ask(supervisor, DECIDE('approveSwitchCommand'), {
      i: { ...decision, idempotencyKey: key() },
    });
    expect(approved.data.approveSwitchCommand).toMatchObject({
      switchCommand: { id, state: 'QUEUED', approvedBy: 'test-supervisor' },
      userErrors: [],
    });
    const cancelled = await api.ask(hotline, DECIDE('cancelSwitchCommand'), {
      i: { idempotencyKey: key(), switchCommandId: id, reason: 'customer is on the way' },
    });
    expect(cancelled.data.cancelSwitchCommand).toMatchObject({ switchCommand: { state: 'CANCELLED' }, userErrors: [] });
  });

  test.each([
    ['SERVICE_POINT_NOT_FOUND', 'servicePointNumber', { servicePointNumber: '0000000000' }],
    ['REASON_LENGTH', 'reason', { reason: '' }],
  ])('%s', async (code, field, wrong) => {
    const home = await placeDebtor(api, district);
    expect(userErrorsOf(await api.ask(hotline, CUT, { i: cut(home.servicePointNumber, wrong) }))).toMatchObject([
      { code, field },
    ]);
  });

  test('a restore needs power to be due; closing the reason orders it', async () => {
    const home = await placeHousehold(api, district);
    const interruptionId = globalId('Interruption', await placeOutage(api, home, 'SAFETY'));
    const RESTORE = `mutation ($i: RequestRestoreInput!) { requestRestore(input: $i) { switchCommand { id operation state } userErrors { code field } } }`;
    const ask = () =>
      api.ask(hotline, RESTORE, {
        i: { idempotencyKey: key(), servicePointNumber: home.servicePointNumber, reason: 'customer called' },
      });
    expect(userErrorsOf(await ask())).toMatchObject([{ code: 'SUPPLY_INTERRUPTED', field: 'servicePointNumber' }]);
    const CLOSE = `mutation ($i: CloseInterruptionInput!) { closeInterruption(input: $i) { interruption { id closedAt closedBy closingReason } restoreCommands { id operation state } userErrors { code } } }`;
    const closed = await api.ask(supervisor, CLOSE, {
      i: { idempotencyKey: key(), interruptionId, reason: 'cable mended' },
    });
    expect(closed.data.closeInterruption).toMatchObject({
      interruption: { id: interruptionId, closedBy: 'test-supervisor', closingReason: 'cable mended' },
      restoreCommands: [{ operation: 'RESTORE', state: 'QUEUED' }],
      userErrors: [],
    });
    const followed = await ask();
    expect(followed.data.requestRestore.switchCommand.id).toBe(closed.data.closeInterruption.restoreCommands[0].id);
  });

  test('a reason for power to be off is stated by a person; debt is not', async () => {
    const home = await placeHousehold(api, district);
    const OPEN = `mutation ($i: OpenInterruptionInput!) { openInterruption(input: $i) { interruption { reason openedBy servicePoint { dueSupply openInterruptions { reason } } } restoreCommands { id } userErrors { code field } } }`;
    const input = {
      idempotencyKey: key(),
      servicePointNumber: home.servicePointNumber,
      interruptionReason: 'SAFETY',
      reason: 'burnt terminal seen on site',
    };
    expect((await api.ask(supervisor, OPEN, { i: input })).data.openInterruption).toMatchObject({
      interruption: {
        reason: 'SAFETY',
        openedBy: 'test-supervisor',
        servicePoint: { dueSupply: 'OFF', openInterruptions: [{ reason: 'SAFETY' }] },
      },
      restoreCommands: [],
      userErrors: [],
    });
    expect(
      userErrorsOf(
        await api.ask(supervisor, OPEN, { i: { ...input, idempotencyKey: key(), interruptionReason: 'ARREARS' } }),
      ),
    ).toMatchObject([{ code: 'DEBT_NEEDS_A_CUT', field: 'interruptionReason' }]);
    expect(userErrorsOf(await api.ask(supervisor, OPEN, { i: { ...input, idempotencyKey: key() } }))).toMatchObject([
      { code: 'INTERRUPTION_OPEN', field: 'interruptionReason' },
    ]);
  });

  test('staff engage the kill switch, a supervisor releases it', async () => {
    const SET = `mutation ($i: SetKillSwitchInput!) { setKillSwitch(input: $i) { killSwitch { engaged setBy reason since } userErrors { code } } }`;
    const input = (engaged: boolean) => ({ idempotencyKey: key(), engaged, reason: 'drill' });
    expect((await api.ask(hotline, SET, { i: input(true) })).data.setKillSwitch).toMatchObject({
      killSwitch: { engaged: true, setBy: 'test-hotline', reason: 'drill' },
      userErrors: [],
    });
    const refused = await api.ask(hotline, SET, { i: input(false) });
    expect(codesOf(refused)).toEqual(['FORBIDDEN']);
    expect((await api.ask(supervisor, `{ killSwitch { engaged setBy } }`)).data.killSwitch).toEqual({
      engaged: true,
      setBy: 'test-hotline',
    });
    expect((await api.ask(supervisor, SET, { i: input(false) })).data.setKillSwitch.killSwitch.engaged).toBe(false);
  });

  test('CUT_BLOCKED names every check that blocks', async () => {
    const home = await placeHousehold(api, district);
    expect(userErrorsOf(await api.ask(hotline, CUT, { i: cut(home.servicePointNumber) }))).toMatchObject([
      {
        code: 'CUT_BLOCKED',
        field: 'servicePointNumber',
        message: expect.stringContaining('NOTICE_SERVED') as unknown,
      },
    ]);
  });

  test('an approval that comes after the payment finds nothing to approve', async () => {
    const home = await placeDebtor(api, district);
    const id = globalId('SwitchCommand', await placeCutRequest(api, home));
    await api.ask(counter, RECORD, { i: payment(home.accountNumber, '114.69') });
    expect(
      userErrorsOf(
        await api.ask(supervisor, DECIDE('approveSwitchCommand'), {
          i: { idempotencyKey: key(), switchCommandId: id, reason: 'late' },
        }),
      ),
    ).toMatchObject([{ code: 'NOT_WAITING_FOR_APPROVAL' }]);
  });
});

test('a tester moves the clock, forward only and one way at a time', async () => {
  const tester = await api.token('TESTER');
  const SET = `mutation ($i: SetClockInput!) { setClock(input: $i) { clock { now scale version } userErrors { code field } } }`;
  const set = (change: object) => api.ask(tester, SET, { i: { reason: 'test', ...change } });
  const before = await api.ask(tester, '{ clock { now version } }');
  const moved = await set({ advanceSeconds: 3600 });
  expect(Date.parse(moved.data.setClock.clock.now) - Date.parse(before.data.clock.now)).toBeGreaterThanOrEqual(
    3_600_000,
  );
  expect(moved.data.setClock.clock.version).toBe((before.data.clock.version as number) + 1);
  expect(userErrorsOf(await set({}))).toMatchObject([{ code: 'ONE_CLOCK_CHANGE' }]);
  expect(userErrorsOf(await set({ scale: 2, advanceSeconds: 1 }))).toMatchObject([{ code: 'ONE_CLOCK_CHANGE' }]);
  expect(userErrorsOf(await set({ at: '2020-01-01T00:00:00Z' }))).toMatchObject([
    { code: 'CLOCK_GOES_BACK', field: 'at' },
  ]);
  expect(userErrorsOf(await set({ scale: -1 }))).toMatchObject([{ code: 'OUT_OF_RANGE', field: 'scale' }]);
});
