import { placeDebtor, placeDistrict, placeOutage, type District } from './support/fixtures.js';
import { startTestApi, type TestApi } from './support/test-api.js';

const OPEN = `mutation ($i: OpenHoldInput!) { openHold(input: $i) { hold { id kind outcome amount { amount } instalments { dueDate amount { amount } } account { accountNumber } }
  replayed restoreCommands { operation state } userErrors { code field relatedId } } }`;
const END = `mutation ($i: EndHoldInput!) { endHold(input: $i) { hold { id outcome closingReason } restoreCommands { operation state } userErrors { code field } } }`;
const STANDING = `query ($n: String!) { account(accountNumber: $n) { holds(first: 5) { edges { node { id kind outcome } } }
  customerStanding { creditRating ratingReasons { code allows evidence } arrearsCause reachableContacts landlineOnly contacts { kind verdict } lastContactProof lastContactAttemptAt protectionAskedOn heldUntil }
  customer { protections { kind validUntil proofVerifiedAt endedAt } } } }`;
const HOLDS = `query ($f: HoldFilter) { holds(first: 50, filter: $f) { edges { node { id kind rulingOwner rulingDueAt account { accountNumber } } } } }`;

let api: TestApi;
let district: District;
let other: District;
let hotline: string;
let manager: string;
let stranger: string;
beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  other = await placeDistrict(api);
  hotline = await api.token('HOTLINE');
  manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [other.code] });
});
afterAll(() => api.stop());

let keys = 0;
const opening = (accountNumber: string, more: object) => ({
  idempotencyKey: `hold-test-${(keys += 1)}`,
  accountNumber,
  reason: 'the customer called',
  ...more,
});
const ending = (holdId: string, outcome: string) => ({
  idempotencyKey: `hold-test-${(keys += 1)}`,
  holdId,
  outcome,
  reason: 'ruled on',
});
const answerOf = async (token: string, document: string, input: object) => {
  const { errors, data } = await api.ask(token, document, { i: input });
  expect(errors).toBeUndefined();
  return Object.values(data)[0] as any; // eslint-disable-line @typescript-eslint/no-explicit-any
};

describe('holds', () => {
  test('a dispute is opened by the desk, listed for those who must rule, and upheld by a manager of the district', async () => {
    const home = await placeDebtor(api, district);
    await placeOutage(api, home);
    const opened = await answerOf(hotline, OPEN, opening(home.accountNumber, { kind: 'DISPUTE' }));
    expect(opened).toMatchObject({ hold: { kind: 'DISPUTE', outcome: null }, restoreCommands: [], userErrors: [] });
    const again = await answerOf(hotline, OPEN, opening(home.accountNumber, { kind: 'DISPUTE' }));
    expect(again).toMatchObject({
      hold: null,
      userErrors: [{ code: 'HOLD_OVERLAPS', field: 'kind', relatedId: opened.hold.id }],
    });

    const listed = async (token: string) => {
      const { data } = await api.ask(token, HOLDS, {
        f: { open: true, kind: 'DISPUTE', rulingDueBefore: '2099-01-01T00:00:00Z' },
      });
      return data.holds.edges.map(({ node }: { node: { id: string } }) => node.id);
    };
    expect(await listed(manager)).toEqual([opened.hold.id]);
    expect(await listed(stranger)).toEqual([]);

    expect(await answerOf(stranger, END, ending(opened.hold.id, 'UPHELD'))).toMatchObject({
      userErrors: [{ code: 'HOLD_NOT_FOUND' }],
    });
    const refused = await api.ask(hotline, END, { i: ending(opened.hold.id, 'UPHELD') });
    expect(refused.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    expect(await answerOf(manager, END, ending(opened.hold.id, 'UPHELD'))).toMatchObject({
      hold: { outcome: 'UPHELD', closingReason: 'ruled on' },
      restoreCommands: [{ operation: 'RESTORE', state: 'QUEUED' }],
      userErrors: [],
    });
  });

  test('a plan must be what is overdue, in the currency of the account', async () => {
    const home = await placeDebtor(api, district);
    const { data } = await api.ask(
      hotline,
      `query ($n: String!) { account(accountNumber: $n) { overdue { amount } } }`,
      { n: home.accountNumber },
    );
    const overdue = data.account.overdue.amount as string;
    const plan = (amount: string, currency = 'CNY') =>
      opening(home.accountNumber, {
        kind: 'PAYMENT_PLAN',
        instalments: [{ dueDate: dayFromNow(5), amount: { amount, currency } }],
      });
    expect(await answerOf(hotline, OPEN, plan('0.01'))).toMatchObject({
      userErrors: [{ code: 'PLAN_NOT_THE_DEBT', field: 'instalments' }],
    });
    expect(await answerOf(hotline, OPEN, plan(overdue, 'USD'))).toMatchObject({
      userErrors: [{ code: 'CURRENCY_MISMATCH' }],
    });
    expect(await answerOf(hotline, OPEN, plan(overdue))).toMatchObject({
      hold: {
        kind: 'PAYMENT_PLAN',
        amount: { amount: overdue },
        instalments: [{ dueDate: dayFromNow(5), amount: { amount: overdue } }],
      },
    });
  });
});

/** The local day in China so many days from the product's now. */
const dayFromNow = (days: number): string =>
  new Date(api.flows.clock.now().getTime() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

describe('standing', () => {
  test('contacts, cause and protections are recorded and told', async () => {
    const home = await placeDebtor(api, district);
    const { data: before } = await api.ask(hotline, STANDING, { n: home.accountNumber });
    expect(before.account.customerStanding).toMatchObject({
      arrearsCause: null,
      reachableContacts: 0,
      lastContactProof: null,
    });
    const { data: file } = await api.ask(
      hotline,
      `query ($n: String!) { account(accountNumber: $n) { customer { contacts { kind value } } } }`,
      { n: home.accountNumber },
    );
    const contact = file.account.customer.contacts[0];
    const record = (name: string, type: string, input: object) =>
      answerOf(
        hotline,
        `mutation ($i: ${type}!) { ${name}(input: $i) { account { accountNumber } replayed userErrors { code field } } }`,
        opening(home.accountNumber, input),
      );
    expect(
      await record('recordContactProof', 'RecordContactProofInput', { contact, outcome: 'REACHED', how: 'CALL' }),
    ).toMatchObject({ userErrors: [] });
    expect(
      await record('recordContactProof', 'RecordContactProofInput', {
        contact: { ...contact, value: '10000' },
        outcome: 'REACHED',
        how: 'CALL',
      }),
    ).toMatchObject({
      account: null,
      userErrors: [{ code: 'CONTACT_NOT_FOUND', field: 'contact' }],
    });
    expect(await record('recordArrearsCause', 'RecordArrearsCauseInput', { cause: 'TENANT' })).toMatchObject({
      userErrors: [],
    });
    const answers = [
      { kind: 'INFANT', protects: true, proof: 'birth certificate' },
      { kind: 'MEDICAL', protects: false },
    ];
    expect(await record('recordProtectionInquiry', 'RecordProtectionInquiryInput', { answers })).toMatchObject({
      userErrors: [],
    });

    const { data: after } = await api.ask(hotline, STANDING, { n: home.accountNumber });
    expect(after.account.customerStanding).toMatchObject({
      arrearsCause: 'TENANT',
      reachableContacts: 1,
      protectionAskedOn: dayFromNow(0),
    });
    expect(after.account.customerStanding.lastContactProof).not.toBeNull();
    expect(after.account.customer.protections).toMatchObject([{ kind: 'INFANT', endedAt: null }]);

    const END_PROTECTION = `mutation ($i: EndProtectionInput!) { endProtection(input: $i) { userErrors { code } } }`;
    expect(await answerOf(manager, END_PROTECTION, opening(home.accountNumber, { kind: 'INFANT' }))).toEqual({
      userErrors: [],
    });
    expect(await answerOf(manager, END_PROTECTION, opening(home.accountNumber, { kind: 'INFANT' }))).toEqual({
      userErrors: [{ code: 'PROTECTION_NOT_FOUND' }],
    });
  });
});
