import { dunAccounts } from '../../src/flows/run-dunning.js';
import { placeBill, placeDistrict, placeHousehold, type District, type Household } from './support/fixtures.js';
import { startTestApi, TEST_START, type TestApi } from './support/test-api.js';

const LADDER = `query ($n: String!) { account(accountNumber: $n) { dunning { stage held paused nextAt policyCode policyVersion anchorBill { dueDate }
  steps { code name { en zh } purpose state dueOn reasonCode reason notice { state } } }
  notices(first: 5) { edges { node { id noticeNumber stepCode state channel owner mandatory acceptedProofs amount { amount currency } proofKind proofReference account { accountNumber } } } }
  untakenSteps(first: 5) { edges { node { stepCode state reasonCode anchorBill { id } } } } } }`;
const WORK = `query ($f: NoticeFilter) { notices(first: 50, filter: $f) { edges { node { id stepCode account { accountNumber } } } } }`;
const SERVE = `mutation ($i: ServeNoticeInput!) { serveNotice(input: $i) { notice { state proofKind proofReference } replayed userErrors { code field } } }`;
const RENEW = `mutation ($i: RenewNoticeInput!) { renewNotice(input: $i) { notice { state } userErrors { code field } } }`;
const REPORT = `mutation ($i: ReportDeliveryInput!) { reportDelivery(input: $i) { notice { state } userErrors { code field } } }`;
const PAUSE = `mutation ($i: PauseDunningInput!) { pauseDunning(input: $i) { account { dunning { paused steps { state } } } replayed userErrors { code field } } }`;
const RESUME = `mutation ($i: ResumeDunningInput!) { resumeDunning(input: $i) { account { dunning { paused } } userErrors { code field } } }`;
const NODE = `query ($id: ID!) { node(id: $id) { __typename id } }`;

let api: TestApi;
let district: District;
let manager: string;
let stranger: string;
let hotline: string;
beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  const other = await placeDistrict(api);
  hotline = await api.token('HOTLINE');
  manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [other.code] });
});
afterAll(() => api.stop());

let keys = 0;
const act = async (token: string, document: string, input: object) => {
  const { errors, data } = await api.ask(token, document, {
    i: { idempotencyKey: `dunning-test-${(keys += 1)}`, reason: 'as the reader says', ...input },
  });
  expect(errors).toBeUndefined();
  return Object.values(data)[0] as any; // eslint-disable-line @typescript-eslint/no-explicit-any
};
const ladderOf = async (token: string, home: Household) =>
  (await api.ask(token, LADDER, { n: home.accountNumber })).data.account;
const work = async (token: string, filter: object): Promise<string[]> => {
  const { data } = await api.ask(token, WORK, { f: filter });
  const edges = data.notices.edges as { readonly node: { readonly account: { readonly accountNumber: string } } }[];
  return edges.map(({ node }) => node.account.accountNumber);
};

/** A household overdue since 20 January, to which nothing was told yet. */
async function debtor(): Promise<Household> {
  const home = await placeHousehold(api, district);
  await placeBill(api, home, {
    totalMinor: 5_469,
    dueDate: '2026-01-20',
    periodFrom: '2025-12-01',
    periodTo: '2026-01-01',
  });
  return home;
}

/** A debtor whose cut notice is to be served by the district's manager. */
async function announced(): Promise<Household> {
  const home = await debtor();
  await dunAccounts(api.flows, [home.accountId], TEST_START);
  return home;
}

describe('the ladder and its notices', () => {
  test('a manager sees what to serve in the own district, serves it, and the ladder says so', async () => {
    const home = await announced();
    const before = await ladderOf(manager, home);
    expect(before.dunning).toMatchObject({ held: null, paused: null, policyCode: 'CHINA-POSTPAID', policyVersion: 1 });
    const open = { byGateway: false, states: ['PREPARED'], districtCode: district.code };
    const [notice] = before.notices.edges.map(({ node }: { node: object }) => node);
    expect(notice).toMatchObject({ stepCode: 'CUT_NOTICE', state: 'PREPARED', channel: 'VISIT', mandatory: true });
    expect(await work(manager, open)).toContain(home.accountNumber);
    expect(await work(stranger, { states: ['PREPARED'] })).toEqual([]);
    const input = {
      noticeId: notice.id,
      accountNumber: home.accountNumber,
      outcome: 'SERVED',
      proofKind: 'SIGNATURE',
      proofReference: 'slip 9',
      at: api.flows.clock.now().toISOString(),
    };
    expect(await act(stranger, SERVE, input)).toMatchObject({
      userErrors: [{ code: 'NOTICE_NOT_FOUND', field: 'noticeId' }],
    });
    expect(await act(manager, SERVE, { ...input, accountNumber: '3799999999' })).toMatchObject({
      notice: null,
      userErrors: [{ code: 'NOTICE_OF_ANOTHER_ACCOUNT', field: 'accountNumber' }],
    });
    expect(await act(manager, SERVE, { ...input, proofKind: 'PHOTO' })).toMatchObject({
      userErrors: [{ code: 'PROOF_NOT_ACCEPTED', field: 'proofKind' }],
    });
    expect(await act(manager, SERVE, input)).toMatchObject({
      notice: { state: 'SERVED', proofKind: 'SIGNATURE', proofReference: 'slip 9' },
      replayed: false,
      userErrors: [],
    });
    expect((await ladderOf(manager, home)).dunning).toMatchObject({
      stage: 'NOTICE_SERVED',
      steps: [{ code: 'CUT_NOTICE', state: 'DONE', reasonCode: null, notice: { state: 'SERVED' } }],
    });
    expect(await work(manager, open)).not.toContain(home.accountNumber);
    expect((await api.ask(manager, NODE, { id: notice.id })).data.node).toEqual({
      __typename: 'Notice',
      id: notice.id,
    });
    expect((await api.ask(stranger, NODE, { id: notice.id })).data.node).toBeNull();
  });

  test('a customer sees the own ladder and the text, and not who serves it', async () => {
    const home = await announced();
    const customer = await api.token('CUSTOMER', { accountNumbers: [home.accountNumber] });
    const query = (fields: string) =>
      `query ($n: String!) { account(accountNumber: $n) { dunning { stage } notices(first: 1) { edges { node { ${fields} } } } } }`;
    const own = await api.ask(customer, query('body announcedCutAt'), { n: home.accountNumber });
    expect(own.data.account.notices.edges[0].node.body).toContain(home.accountNumber);
    expect((await api.ask(customer, query('owner'), { n: home.accountNumber })).errors![0]!.extensions).toMatchObject({
      code: 'FORBIDDEN',
    });
    const auditor = await api.token('AUDITOR');
    expect((await api.ask(auditor, query('body'), { n: home.accountNumber })).errors![0]!.extensions).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('what could not be served goes its next way, then blocks, and is prepared again', async () => {
    const home = await announced();
    const fail = async () => {
      const [{ node }] = (await ladderOf(manager, home)).notices.edges;
      const at = api.flows.clock.now().toISOString();
      return act(manager, SERVE, { noticeId: node.id, accountNumber: home.accountNumber, outcome: 'FAILED', at });
    };
    expect(await fail()).toMatchObject({ notice: { state: 'PREPARED' } });
    expect((await ladderOf(manager, home)).notices.edges[0].node).toMatchObject({ channel: 'LETTER' });
    expect(await fail()).toMatchObject({ notice: { state: 'FAILED' } });
    const blocked = await ladderOf(manager, home);
    expect(blocked.dunning.steps[0]).toMatchObject({ state: 'BLOCKED', reasonCode: 'NOTICE_FAILED' });
    const noticeId = blocked.notices.edges[0].node.id as string;
    expect(await act(manager, RENEW, { noticeId })).toMatchObject({ notice: { state: 'PREPARED' }, userErrors: [] });
    expect(await act(manager, RENEW, { noticeId })).toMatchObject({ userErrors: [{ code: 'NOTICE_NOT_FAILED' }] });
  });

  test('paused and resumed by the desk, with its reason', async () => {
    const home = await debtor();
    const pause = { accountNumber: home.accountNumber, days: 10 };
    expect(await act(hotline, PAUSE, pause)).toMatchObject({
      account: { dunning: { paused: 'paused to 2026-03-19: as the reader says', steps: [{ state: 'PAUSED' }] } },
    });
    expect(await act(hotline, PAUSE, pause)).toMatchObject({ userErrors: [{ code: 'PAUSE_OVERLAPS', field: 'days' }] });
    expect(await act(hotline, RESUME, { accountNumber: home.accountNumber })).toMatchObject({
      account: { dunning: { paused: null } },
    });
    expect(await act(hotline, RESUME, { accountNumber: home.accountNumber })).toMatchObject({
      userErrors: [{ code: 'NOT_PAUSED', field: 'accountNumber' }],
    });
    expect(await act(hotline, PAUSE, { ...pause, accountNumber: '3799999999' })).toMatchObject({
      userErrors: [{ code: 'ACCOUNT_NOT_FOUND', field: 'accountNumber' }],
    });
  });

  test('delivery reports are for OPERATIONS alone', async () => {
    const input = { messageId: 'unknown.1', outcome: 'DELIVERED' };
    const report = async (token: string) => api.ask(token, REPORT, { i: input });
    expect((await report(hotline)).errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN' });
    expect((await report(await api.token('OPERATIONS'))).data.reportDelivery).toMatchObject({
      notice: null,
      userErrors: [{ code: 'MESSAGE_UNKNOWN', field: 'messageId' }],
    });
  });
});
