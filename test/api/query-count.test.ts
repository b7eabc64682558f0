import { placeBill, placeDistrict, placeHousehold, type District } from './support/fixtures.js';
import { startTestApi, type TestApi } from './support/test-api.js';

/** One page of accounts with what a console shows of each. */
const CONSOLE = `query ($first: Int!) { accounts(first: $first) { edges { node {
  accountNumber overdue { amount }
  customer { name }
  servicePoints(first: 2) { edges { node { servicePointNumber dueSupply reportedSupply { state } openCommand { state } meter { serial presence } } } }
  bills(first: 3) { edges { node { total { amount } lines { tier } allocations { payment { channel } } } } }
  payments(first: 3) { edges { node { amount { amount } } } }
} } pageInfo { hasNextPage } } }`;

let api: TestApi;
let district: District;
let staff: string;

beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  for (let i = 0; i < 50; i += 1) {
    const home = await placeHousehold(api, district);
    await placeBill(api, home, {
      totalMinor: 1_000 + i,
      dueDate: '2026-03-01',
      periodFrom: '2026-01-01',
      periodTo: '2026-02-01',
    });
  }
  staff = await api.token('HOTLINE');
  // The first use of a pool asks the database about itself.
  await api.ask(staff, CONSOLE, { first: 1 });
});
afterAll(() => api.stop());

async function statementsFor(first: number): Promise<number> {
  api.statementsSince();
  const { data, errors } = await api.ask(staff, CONSOLE, { first });
  expect(errors).toBeUndefined();
  expect(data.accounts.edges).toHaveLength(first);
  expect(data.accounts.edges[0].node.servicePoints.edges).toHaveLength(1);
  expect(data.accounts.edges[0].node.bills.edges[0].node.lines).toHaveLength(1);
  return api.statementsSince();
}

test('the number of statements depends on the shape of a query, not on how many rows it meets', async () => {
  const forTwo = await statementsFor(2);
  const forFifty = await statementsFor(50);
  expect(forFifty).toBe(forTwo);
  // accounts, overdue, customers, service points, bills, payments, lines, allocations, interruptions, installations, meters, commands, gateways.
  expect(forFifty).toBeLessThanOrEqual(14);
});

test('the same holds for a viewer whose rows are checked one by one', async () => {
  staff = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  const forTwo = await statementsFor(2);
  const forFifty = await statementsFor(50);
  expect(forFifty).toBe(forTwo);
  expect(forFifty).toBeLessThanOrEqual(20);
});

test('a payment over HTTP sends nothing beyond its own transaction', async () => {
  const counter = await api.token('COUNTER');
  const pay = (key: string) =>
    api.ask(
      counter,
      `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { id state amount { amount currency } postedAt } replayed userErrors { code } } }`,
      {
        i: {
          idempotencyKey: key,
          accountNumber: '9000000000',
          amount: { amount: '1.00', currency: 'CNY' },
          channel: 'COUNTER_CASH',
        },
      },
    );
  await pay('count-first');
  api.statementsSince();
  const { data } = await pay('count-second');
  expect(data.recordPayment.payment.state).toBe('SUSPENSE');
  // The transaction runs on a connection of its own, which this does not count.
  expect(api.statementsSince()).toBe(0);
});
