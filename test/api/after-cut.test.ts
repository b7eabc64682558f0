import { newId } from '../../src/platform/ids.js';
import { placeCutRequest, placeDebtor, placeDistrict, type District, type Household } from './support/fixtures.js';
import { globalId } from './support/global-ids.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let district: District;
let other: District;
let counter: string;
let hotline: string;
let supervisor: string;
let manager: string;
let stranger: string;
beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  other = await placeDistrict(api);
  counter = await api.token('COUNTER');
  hotline = await api.token('HOTLINE');
  supervisor = await api.token('SUPERVISOR');
  manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [other.code] });
});
afterAll(() => api.stop());

let keys = 0;
const key = (): string => `after-cut-${(keys += 1)}`;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;
async function dataOf(token: string, document: string, variables: Record<string, unknown> = {}): Promise<Json> {
  const { errors, data } = await api.ask(token, document, variables);
  expect(errors).toBeUndefined();
  return data;
}
const act = async (token: string, document: string, input: object): Promise<Json> =>
  Object.values(
    (await dataOf(token, document, { i: { idempotencyKey: key(), reason: 'in a test', ...input } })) as Json,
  )[0];

/** A household cut off for arrears, proven and followed up. */
async function cutHousehold(): Promise<{ home: Household; commandId: string; interruptionId: string }> {
  const home = await placeDebtor(api, district);
  const commandId = await placeCutRequest(api, home);
  const [interruptionId, followUpId, now] = [newId(), newId(), api.flows.clock.now()];
  for (const state of ['QUEUED', 'SENT', 'VERIFIED'])
    await api.sql(`UPDATE switch_command SET state = $2, sent_at = $3, ended_at = $4 WHERE id = $1`, [
      commandId,
      state,
      now,
      state === 'VERIFIED' ? now : null,
    ]);
  await api.sql(
    `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by, command_id, owner) VALUES ($1, $2, $3, 'ARREARS', $4, 'test', $5, 'manager-1')`,
    [interruptionId, home.servicePointId, home.accountId, now, commandId],
  );
  await api.sql(
    `INSERT INTO follow_up (id, interruption_id, command_id, account_id, service_point_id, owner, state, opened_at, next_due_at) VALUES ($1, $2, $3, $4, $5, 'manager-1', 'OPEN', $6, $6)`,
    [followUpId, interruptionId, commandId, home.accountId, home.servicePointId, now],
  );
  return { home, commandId, interruptionId };
}

const FOLLOW_UPS = `{ followUps(first: 50, state: OPEN, owner: "manager-1") { edges { node { id owner state nextDueAt contacts { outcome standIn recordedBy }
  account { accountNumber } interruption { owner followUp { id } } cut { operation rungs { rung } } } } } }`;
const RECORD = `mutation ($i: RecordFollowUpInput!) { recordFollowUp(input: $i) { followUp { contacts { means outcome note standIn recordedBy } } replayed userErrors { code field } } }`;
const PAY = `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { id verdicts { sameDay { outcome deadlineAt notOwedReason } withinSla { outcome } } }
  restoreCommands { id rungs { rung outcome openedAt deadlineAt means } } userErrors { code } } }`;
const DECLARE = `mutation ($i: DeclareWrongfulCutInput!) { declareWrongfulCut(input: $i) { compensationCase { id kind state cause declaredBy days proposed { amount } clause command { id } }
  restoreCommands { operation state } userErrors { code field relatedId } } }`;
const DECIDE = `mutation ($i: CompensationDecisionInput!) { decideCompensation(input: $i) { compensationCase { state granted { amount currency } decidedBy } userErrors { code field } } }`;
const CASES = `{ compensationCases(first: 50) { edges { node { kind state account { accountNumber } granted { amount } } } } }`;

test('the owner’s work list, and a contact by somebody who stands in', async () => {
  const { home } = await cutHousehold();
  const { followUps } = await dataOf(manager, FOLLOW_UPS);
  const { node } = followUps.edges.find((edge: Json) => edge.node.account.accountNumber === home.accountNumber);
  expect(node).toMatchObject({
    state: 'OPEN',
    contacts: [],
    interruption: { owner: 'manager-1', followUp: { id: node.id } },
    cut: { operation: 'CUT', rungs: null },
  });
  expect((await dataOf(stranger, FOLLOW_UPS)).followUps.edges).toEqual([]);
  const contact = { followUpId: node.id, means: 'CALL', outcome: 'NEEDS_HELP' };
  expect(await act(hotline, RECORD, contact)).toMatchObject({
    followUp: { contacts: [{ means: 'CALL', outcome: 'NEEDS_HELP', note: 'in a test', standIn: true }] },
    replayed: false,
    userErrors: [],
  });
  expect(await act(stranger, RECORD, contact)).toMatchObject({
    followUp: null,
    userErrors: [{ code: 'FOLLOW_UP_NOT_FOUND', field: 'followUpId' }],
  });
});

test('a payment answers with its verdicts, and its restore with its rungs', async () => {
  const { home } = await cutHousehold();
  const answer = await act(counter, PAY, {
    reason: undefined,
    accountNumber: home.accountNumber,
    amount: { amount: '1000.00', currency: 'CNY' },
    channel: 'COUNTER_CASH',
  });
  expect(answer).toMatchObject({
    payment: {
      verdicts: {
        sameDay: { outcome: 'PENDING', deadlineAt: '2026-03-10T16:00:00.000Z', notOwedReason: null },
        withinSla: { outcome: 'PENDING' },
      },
    },
    restoreCommands: [{ rungs: [{ rung: 'ORDER', outcome: 'WAITING', means: null }] }],
    userErrors: [],
  });
  const own = await api.token('CUSTOMER', { accountNumbers: [home.accountNumber] });
  const document = `query ($id: ID!) { payment(id: $id) { verdicts { sameDay { outcome } } restoreBreaches { kind } } }`;
  expect(await dataOf(own, document, { id: answer.payment.id })).toEqual({
    payment: { verdicts: { sameDay: { outcome: 'PENDING' } }, restoreBreaches: [] },
  });
});

test('a wrongful cut is declared by one person and compensated by another; the customer sees it, and no neighbour does', async () => {
  const { home, commandId } = await cutHousehold();
  const evidence = 'complaint 17';
  const named = { switchCommandId: globalId('SwitchCommand', commandId), cause: 'PROTECTED', evidence };
  const both = { ...named, servicePointNumber: home.servicePointNumber };
  expect((await act(hotline, DECLARE, both)).userErrors).toMatchObject([
    { code: 'CUT_NOT_FOUND', field: 'switchCommandId' },
  ]);
  const declared = await act(hotline, DECLARE, named);
  expect(declared).toMatchObject({
    compensationCase: {
      kind: 'WRONGFUL_CUT',
      state: 'OPEN',
      cause: 'PROTECTED',
      days: 1,
      proposed: null,
      clause: null,
    },
    restoreCommands: [{ operation: 'RESTORE', state: 'QUEUED' }],
    userErrors: [],
  });
  expect((await act(hotline, DECLARE, named)).userErrors).toEqual([
    { code: 'WRONGFUL_CUT_DECLARED', field: 'switchCommandId', relatedId: declared.compensationCase.id },
  ]);
  const decision = { compensationCaseId: declared.compensationCase.id, granted: true };
  const amount = { amount: '20.00', currency: 'CNY' };
  expect((await act(supervisor, DECIDE, { ...decision, amount })).userErrors).toMatchObject([
    { code: 'POWER_NOT_BACK', field: 'compensationCaseId' },
  ]);
  await api.sql(
    `UPDATE switch_command SET state = 'VERIFIED', ended_at = $2 WHERE service_point_id = $1 AND operation = 'RESTORE'`,
    [home.servicePointId, api.flows.clock.now()],
  );
  expect((await act(supervisor, DECIDE, decision)).userErrors).toMatchObject([
    { code: 'COMPENSATION_AMOUNT', field: 'amount' },
  ]);
  const foreign = { ...decision, amount: { amount: '20.00', currency: 'USD' } };
  expect((await act(supervisor, DECIDE, foreign)).userErrors[0]).toMatchObject({ field: 'amount.currency' });
  expect(await act(supervisor, DECIDE, { ...decision, amount })).toMatchObject({
    compensationCase: { state: 'GRANTED', granted: amount },
    userErrors: [],
  });
  const own = await api.token('CUSTOMER', { accountNumbers: [home.accountNumber] });
  const neighbour = await api.token('CUSTOMER', { accountNumbers: [(await placeDebtor(api, district)).accountNumber] });
  const seen = { kind: 'WRONGFUL_CUT', state: 'GRANTED', account: { accountNumber: home.accountNumber } };
  expect((await dataOf(own, CASES)).compensationCases.edges).toMatchObject([{ node: seen }]);
  expect((await dataOf(neighbour, CASES)).compensationCases.edges).toEqual([]);
  expect((await dataOf(stranger, CASES)).compensationCases.edges).toEqual([]);
});

test('the figures of a period, by district and within reach', async () => {
  await cutHousehold();
  const document = `query ($d: String) { cutRate(from: "2026-03-01", to: "2026-03-31", districtCode: $d) { cutPoints billedPoints rate }
    switchLatencies(from: "2026-03-10", to: "2026-03-10", districtCode: $d) { cuts { count medianSeconds } restores { count } restoresOwed sameDayShare withinSlaShare } }`;
  const own = await dataOf(manager, document);
  expect(own.switchLatencies.cuts.count).toBeGreaterThan(0);
  expect(own.cutRate.cutPoints).toBeGreaterThan(0);
  expect(await dataOf(manager, document, { d: district.code })).toEqual(own);
  expect(await dataOf(stranger, document)).toMatchObject({
    cutRate: { cutPoints: 0 },
    switchLatencies: { restoresOwed: 0, sameDayShare: null },
  });
  expect(await dataOf(stranger, document, { d: district.code })).toEqual({ cutRate: null, switchLatencies: null });
  const backwards = await api.ask(manager, `{ cutRate(from: "2026-03-02", to: "2026-03-01") { rate } }`);
  expect(backwards.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});
