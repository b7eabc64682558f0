import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import { ledgerFaults } from '../support/check-ledger.js';
import {
  placeBill,
  placeDebtor,
  placeDistrict,
  placeHousehold,
  placeOutage,
  type District,
} from './support/fixtures.js';
import { codesOf, startTestApi, type TestApi } from './support/test-api.js';

/** The test world's day: the debtor's older bill of 54.69 is 49 days late, 2.68 at 1‰; the other is not due. */
const TODAY = '2026-03-10';

let api: TestApi;
let district: District;
let counter: string;
let supervisor: string;
beforeAll(async () => {
  api = await startTestApi({ lateFeeRule: CHINA_LATE_FEE_RULE });
  district = await placeDistrict(api);
  counter = await api.token('COUNTER');
  supervisor = await api.token('SUPERVISOR');
});
afterEach(async () => expect(await ledgerFaults(api.flows.db)).toEqual([]));
afterAll(() => api.stop());

let keys = 0;
const newKey = () => `late-fee-key-${(keys += 1)}`;

const AMOUNT_DUE = `query ($n: String!, $on: Date) { account(accountNumber: $n) { due { amount } overdue { amount } amountDue(on: $on) { onDate total { amount currency } overdue { amount }
  bills { dueDate principal { amount } lateFee { amount } bill { id billNumber } lateFeeLines { kind fromDate toDate days ratePerMille base { amount } amount { amount } clause } } } } }`;
const PAY = `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { state } restoreCommands { id } userErrors { code } } }`;
const WAIVE = `mutation ($i: WaiveLateFeeInput!) { waiveLateFee(input: $i) { replayed restoreCommands { state } userErrors { code field } waiver { id kind state effect { amount } amount { amount } fromDate twoPersons bill { id } } } }`;
const DECIDE = `mutation ($i: LateFeeWaiverDecisionInput!) { decideLateFeeWaiver(input: $i) { userErrors { code field } waiver { state decidedBy } } }`;

const payment = (accountNumber: string, amount: string) => ({
  i: {
    idempotencyKey: newKey(),
    accountNumber,
    amount: { amount, currency: 'CNY' },
    channel: 'COUNTER_CASH',
  },
});
const waiver = (billId: string, change: object = {}) => ({
  i: {
    idempotencyKey: newKey(),
    billId,
    kind: 'BANK_LATE',
    evidence: 'letter 17',
    reason: 'bank window down',
    ...change,
  },
});

test('the counter sees every line before it takes money, and that much settles all', async () => {
  const home = await placeDebtor(api, district);
  const { data } = await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber });
  expect(data.account.due).toEqual({ amount: '114.69' });
  expect(data.account.overdue).toEqual({ amount: '57.37' });
  const { bills, ...due } = data.account.amountDue;
  expect(due).toEqual({
    onDate: TODAY,
    total: { amount: '117.37', currency: 'CNY' },
    overdue: { amount: '57.37' },
  });
  expect(bills[0]).toMatchObject({
    dueDate: '2026-01-20',
    principal: { amount: '54.69' },
    lateFee: { amount: '2.68' },
  });
  expect(bills[0].lateFeeLines).toEqual([
    {
      kind: 'DAILY',
      fromDate: '2026-01-21',
      toDate: TODAY,
      days: 49,
      ratePerMille: 1,
      base: { amount: '54.69' },
      amount: { amount: '2.68' },
      clause: CHINA_LATE_FEE_RULE.ratesPerMille.RESIDENTIAL.thisYear.clause,
    },
  ]);
  expect(bills[1]).toMatchObject({ lateFee: { amount: '0.00' }, lateFeeLines: [] });
  await api.ask(counter, PAY, payment(home.accountNumber, '117.37'));
  const after = await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber, on: '2027-01-01' });
  expect(after.data.account).toMatchObject({
    due: { amount: '0.00' },
    amountDue: { total: { amount: '0.00' }, bills: [] },
  });
});

test('a later day costs more, an earlier value date less', async () => {
  const home = await placeDebtor(api, district);
  const totalOn = async (on: string) =>
    (await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber, on })).data.account.amountDue.total.amount;
  expect([await totalOn('2026-01-20'), await totalOn('2026-01-21'), await totalOn('2026-04-10')]).toEqual([
    '114.69',
    '115.69',
    '120.07',
  ]);
});

test('what is told to bring the power back brings it back', async () => {
  const home = await placeDebtor(api, district);
  await placeOutage(api, home);
  const why = await api.ask(
    await api.token('HOTLINE'),
    `query ($n: String) { whyIsPowerOff(accountNumber: $n) { amountToRestore { amount } } }`,
    { n: home.accountNumber },
  );
  const { amount } = why.data.whyIsPowerOff[0].amountToRestore;
  expect(amount).toBe('57.37');
  const paid = await api.ask(counter, PAY, payment(home.accountNumber, amount));
  expect(paid.data.recordPayment.restoreCommands).toHaveLength(1);
});

test('each fen of a charged fee is explained in the statement, and on the bill for any day', async () => {
  const home = await placeDebtor(api, district);
  await api.ask(counter, PAY, payment(home.accountNumber, '54.69'));
  const { data } = await api.ask(
    counter,
    `query ($n: String!) { account(accountNumber: $n) {
       ledger(first: 10) { edges { node { entry { kind amount { amount } lateFeeLines { amount { amount } days base { amount } } } } } }
       bills(first: 5) { edges { node { lateFee { amount } lateFeePaid { amount } lateFeeTo(date: "2026-06-01") { onDate total { amount } notCharged { amount } lines { kind amount { amount } } } } } } } }`,
    { n: home.accountNumber },
  );
  const entries = data.account.ledger.edges.map((edge: { node: { entry: unknown } }) => edge.node.entry);
  expect(entries).toContainEqual({
    kind: 'LATE_FEE',
    amount: { amount: '2.68' },
    lateFeeLines: [{ amount: { amount: '2.68' }, days: 49, base: { amount: '54.69' } }],
  });
  expect(entries).toContainEqual({ kind: 'PAYMENT', amount: { amount: '54.69' }, lateFeeLines: [] });
  expect(data.account.bills.edges[1].node).toEqual({
    lateFee: { amount: '2.68' },
    lateFeePaid: { amount: '0.00' },
    lateFeeTo: {
      onDate: '2026-06-01',
      total: { amount: '2.68' },
      notCharged: { amount: '0.00' },
      lines: [{ kind: 'DAILY', amount: { amount: '2.68' } }],
    },
  });
});

test('a supervisor waives, a paid fee becomes credit', async () => {
  const home = await placeDebtor(api, district);
  const { data } = await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber });
  const billId = data.account.amountDue.bills[0].bill.id;
  await api.ask(counter, PAY, payment(home.accountNumber, '117.37'));
  const waived = await api.ask(supervisor, WAIVE, waiver(billId, { fromDate: '2026-01-21', toDate: '2026-01-30' }));
  expect(waived.data.waiveLateFee).toMatchObject({
    replayed: false,
    restoreCommands: [],
    userErrors: [],
    waiver: {
      kind: 'BANK_LATE',
      state: 'GRANTED',
      effect: { amount: '0.55' },
      amount: null,
      fromDate: '2026-01-21',
      twoPersons: false,
      bill: { id: billId },
    },
  });
  const account = await api.ask(
    counter,
    `query ($n: String!) { account(accountNumber: $n) { credit { amount } bills(first: 5) { edges { node { lateFeeWaivers { kind evidence requestedBy } } } } } }`,
    { n: home.accountNumber },
  );
  expect(account.data.account.credit.amount).toBe('0.55');
  expect(account.data.account.bills.edges[1].node.lateFeeWaivers).toEqual([
    { kind: 'BANK_LATE', evidence: 'letter 17', requestedBy: 'test-supervisor' },
  ]);
});

test('above the limit it waits in the list for another supervisor', async () => {
  const home = await placeHousehold(api, district);
  const on = { dueDate: '2026-01-20', periodFrom: '2025-12-01', periodTo: '2026-01-01' };
  await placeBill(api, home, { totalMinor: 500_000, ...on });
  const { data } = await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber });
  const billId = data.account.amountDue.bills[0].bill.id;
  const asked = await api.ask(supervisor, WAIVE, waiver(billId, { amount: { amount: '100.01', currency: 'CNY' } }));
  const { id: waiverId, state } = asked.data.waiveLateFee.waiver;
  expect(state).toBe('REQUESTED');
  const list = await api.ask(supervisor, `{ lateFeeWaivers(first: 5, state: REQUESTED) { edges { node { id } } } }`);
  expect(list.data.lateFeeWaivers.edges).toEqual([{ node: { id: waiverId } }]);
  const decision = (granted: boolean) => ({
    i: { idempotencyKey: newKey(), waiverId, granted, reason: 'looked at the letter' },
  });
  const own = await api.ask(supervisor, DECIDE, decision(true));
  expect(own.data.decideLateFeeWaiver.userErrors).toEqual([{ code: 'WAIVER_BY_REQUESTER', field: 'waiverId' }]);
  const other = await api.token('SUPERVISOR', { subject: 'another-supervisor' });
  const granted = await api.ask(other, DECIDE, decision(true));
  expect(granted.data.decideLateFeeWaiver).toEqual({
    userErrors: [],
    waiver: { state: 'GRANTED', decidedBy: 'another-supervisor' },
  });
});

test.each<[what: string, change: object, code: string, field: string]>([
  ['neither days nor amount', {}, 'WAIVER_FORM', 'fromDate'],
  ['an amount of nothing', { amount: { amount: '0.00', currency: 'CNY' } }, 'AMOUNT_ZERO', 'amount.amount'],
  ['another currency', { amount: { amount: '1.00', currency: 'USD' } }, 'CURRENCY_MISMATCH', 'amount.currency'],
  ['no evidence', { evidence: ' x ', fromDate: TODAY, toDate: TODAY }, 'EVIDENCE_LENGTH', 'evidence'],
  ['no reason', { reason: '', fromDate: TODAY, toDate: TODAY }, 'REASON_LENGTH', 'reason'],
  ['days to come', { fromDate: TODAY, toDate: '2026-03-11' }, 'WAIVER_DAYS', 'toDate'],
  ['no such bill', { billId: 'QmlsbDox', fromDate: TODAY, toDate: TODAY }, 'BILL_NOT_FOUND', 'billId'],
])('is refused by name: %s', async (_what, change, code, field) => {
  const home = await placeDebtor(api, district);
  const { data } = await api.ask(counter, AMOUNT_DUE, { n: home.accountNumber });
  const answer = await api.ask(supervisor, WAIVE, waiver(data.account.amountDue.bills[0].bill.id, change));
  expect(answer.data.waiveLateFee.userErrors).toEqual([{ code, field }]);
});

test('nobody else waives; a bank sees amounts and no bills', async () => {
  expect(codesOf(await api.ask(counter, WAIVE, waiver('QmlsbDox')))).toEqual(['FORBIDDEN']);
  const home = await placeDebtor(api, district);
  const bank = await api.token('BANK');
  const amount = `query ($n: String!) { account(accountNumber: $n) { amountDue { total { amount } } } }`;
  expect((await api.ask(bank, amount, { n: home.accountNumber })).data.account.amountDue.total.amount).toBe('117.37');
  expect(codesOf(await api.ask(bank, AMOUNT_DUE, { n: home.accountNumber }))).toEqual(['FORBIDDEN']);
});

test('the number of statements depends on the shape of a query, not on how many accounts it meets', async () => {
  const own = await placeDistrict(api);
  for (let i = 0; i < 20; i += 1) await placeDebtor(api, own);
  const manager = await api.token('DISTRICT_MANAGER', { districtCodes: [own.code] });
  const LIST = `query ($first: Int!) { accounts(first: $first) { edges { node { overdue { amount } amountDue { total { amount } bills { lateFeeLines { amount { amount } } bill { billNumber } } }
    bills(first: 2) { edges { node { lateFeeTo(date: "2026-05-01") { total { amount } } lateFeeWaivers { kind } } } } } } } }`;
  const statementsFor = async (first: number): Promise<number> => {
    api.statementsSince();
    const { data, errors } = await api.ask(manager, LIST, { first });
    expect(errors).toBeUndefined();
    expect(data.accounts.edges).toHaveLength(first);
    expect(data.accounts.edges[0].node.amountDue.bills).toHaveLength(2);
    return api.statementsSince();
  };
  await statementsFor(1);
  const forTwo = await statementsFor(2);
  expect(await statementsFor(20)).toBe(forTwo);
  // reach, accounts, amounts due (they hold what is overdue too), bills, late fees of bills, waivers, and bills and accounts found by id.
  expect(forTwo).toBeLessThanOrEqual(10);
});
