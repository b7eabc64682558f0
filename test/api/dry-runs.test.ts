import { workDryRun } from '../../src/flows/make-dry-run.js';
import { placeDebtor, placeDistrict, type District } from './support/fixtures.js';
import { startTestApi, userErrorsOf, type TestApi } from './support/test-api.js';

const TODAY = '2026-03-10';
const RUN = `cutDryRun { id state origin scope forDate judgedFor considered permitted district { code }
  countsByBlockingCheck { code count alone }
  lines(first: 10) { edges { node { permitted blocking interruptionReason debt { amount currency } policyCode account { accountNumber } servicePoint { servicePointNumber }
    reasons { code passed evidence clause } } } }
  comparison { dayOver counts { category permitted outcome code count } } }`;
const START = `mutation ($i: StartCutDryRunInput!) { startCutDryRun(input: $i) { ${RUN} replayed userErrors { code field relatedId } } }`;
const FOUND = `query ($d: String!, $a: String) { cutDryRuns(first: 5, districtCode: $d, forDate: "${TODAY}", states: [DONE]) { edges { node {
  id considered permitted countsByBlockingCheck { code count alone }
  blocked: lines(first: 10, permitted: false, blockingCode: NOTICE_SERVED) { edges { node { account { accountNumber } reasons { code evidence } } } }
  one: lines(first: 10, accountNumber: $a) { edges { node { permitted account { accountNumber } } } }
  comparison { dayOver counts { category permitted outcome code count }
    lines(first: 1, categories: [NOT_CUT_OTHER]) { pageInfo { hasNextPage endCursor } edges { cursor node { category outcome code account { accountNumber } foreseen { permitted policyCode } } } } } } } } }`;

let api: TestApi;
let district: District;
let debtors: { accountNumber: string }[];
let keys = 0;
const key = () => `dry-run-key-${(keys += 1)}`;
const asked = (change: Record<string, unknown> = {}) => ({
  i: { idempotencyKey: key(), districtCode: district.code, forDate: TODAY, reason: 'before the proposal', ...change },
});

beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  debtors = [await placeDebtor(api, district), await placeDebtor(api, district)];
}, 60_000);
afterAll(() => api.stop());

test('a dry run is asked for, worked off, and read with its reasons and its comparison', async () => {
  const manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  const input = asked();
  const started = await api.ask(manager, START, input);
  expect(started.errors).toBeUndefined();
  const { cutDryRun } = started.data.startCutDryRun;
  expect(cutDryRun).toMatchObject({
    state: 'QUEUED',
    origin: 'REQUEST',
    scope: 'DISTRICT',
    forDate: TODAY,
    considered: 0,
    district: { code: district.code },
    comparison: null,
  });
  expect((await api.ask(manager, START, input)).data.startCutDryRun).toMatchObject({
    replayed: true,
    cutDryRun: { id: cutDryRun.id },
  });
  const another = await api.ask(manager, START, asked({ forDate: '2026-03-11' }));
  expect(userErrorsOf(another)).toMatchObject([{ code: 'DRY_RUN_OPEN', field: 'forDate', relatedId: cutDryRun.id }]);

  await workDryRun(api.flows);
  const auditor = await api.token('AUDITOR');
  const found = await api.ask(auditor, FOUND, { d: district.code, a: debtors[0]!.accountNumber });
  expect(found.errors).toBeUndefined();
  const [{ node }] = found.data.cutDryRuns.edges;
  expect(node).toMatchObject({ id: cutDryRun.id, considered: 2 });
  expect(node.one.edges).toMatchObject([{ node: { account: { accountNumber: debtors[0]!.accountNumber } } }]);
  expect(node.comparison.dayOver).toBe(false);
  const counted = node.comparison.counts.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
  expect(counted).toBe(2);
  expect(node).toMatchObject({ permitted: 2, countsByBlockingCheck: [], blocked: { edges: [] } });
  const { lines } = node.comparison;
  expect(lines.edges).toMatchObject([
    { node: { category: 'NOT_CUT_OTHER', outcome: 'NOT_PROPOSED', code: null, foreseen: { permitted: true } } },
  ]);
  const next = await api.ask(
    auditor,
    `query ($d: String!, $after: String) { cutDryRuns(first: 1, districtCode: $d) { edges { node { comparison { lines(first: 1, after: $after) { pageInfo { hasNextPage } edges { node { account { accountNumber } } } } } } } } }`,
    { d: district.code, after: lines.pageInfo.endCursor },
  );
  const page = next.data.cutDryRuns.edges[0].node.comparison.lines;
  expect(page.pageInfo.hasNextPage).toBe(false);
  const numbers = [lines.edges[0].node.account.accountNumber, page.edges[0].node.account.accountNumber];
  expect(numbers.toSorted()).toEqual(debtors.map(({ accountNumber }) => accountNumber).toSorted());
});

test('of the company is for those who see all of it; a district manager sees those of the own districts', async () => {
  const manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  const company = asked({ districtCode: undefined });
  expect(userErrorsOf(await api.ask(manager, START, company))).toMatchObject([
    { code: 'DISTRICT_NOT_FOUND', field: 'districtCode' },
  ]);
  const operations = await api.token('OPERATIONS');
  const started = await api.ask(operations, START, asked({ districtCode: undefined }));
  const { id } = started.data.startCutDryRun.cutDryRun;
  await workDryRun(api.flows);
  const node = `query ($id: ID!) { node(id: $id) { id ... on CutDryRun { scope state } } }`;
  expect((await api.ask(operations, node, { id })).data.node).toMatchObject({ scope: 'COMPANY', state: 'DONE' });
  expect((await api.ask(manager, node, { id })).data.node).toBeNull();
  const mine = await api.ask(manager, `{ cutDryRuns(first: 10) { edges { node { district { code } } } } }`);
  expect(mine.data.cutDryRuns.edges).toMatchObject([{ node: { district: { code: district.code } } }]);
  const stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [(await placeDistrict(api)).code] });
  const none = await api.ask(stranger, `{ cutDryRuns(first: 10) { edges { node { id } } } }`);
  expect(none.data.cutDryRuns.edges).toEqual([]);
});

test('is no business of the hotline, and made for a day within two weeks', async () => {
  const hotline = await api.token('HOTLINE');
  const refused = await api.ask(hotline, `{ cutDryRuns(first: 1) { edges { node { id } } } }`);
  expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  const auditor = await api.token('AUDITOR');
  expect((await api.ask(auditor, START, asked())).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  const supervisor = await api.token('SUPERVISOR');
  const late = await api.ask(supervisor, START, asked({ forDate: '2026-04-10' }));
  expect(userErrorsOf(late)).toMatchObject([{ code: 'PLANNED_DAY_OUT_OF_RANGE', field: 'forDate' }]);
});
