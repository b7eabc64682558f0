import { runBatches } from '../../src/flows/run-batches.js';
import { openPaymentChannels } from '../../src/simulation/open-channels.js';
import { placeDebtor, placeDistrict, type District } from './support/fixtures.js';
import { startTestApi, userErrorsOf, type TestApi } from './support/test-api.js';

const BATCH = `cutBatch { id state size owner plannedFor rampStep approvals { approvedBy role } switchCommands(first: 5) { edges { node { state owner policyCode batch { id } } } } }`;
const mutation = (name: string, input: string, fields: string) =>
  `mutation ($i: ${input}!) { ${name}(input: $i) { ${fields} replayed userErrors { code field relatedId } } }`;
const PROPOSE = mutation('proposeCuts', 'ProposeCutsInput', BATCH);
const decide = (name: string) => mutation(name, 'CutBatchDecisionInput', BATCH);
const CHANGE = `cutThresholdChange { id kind value raises approvedBy effectiveFrom withdrawnBy }`;

let api: TestApi;
let district: District;
let keys = 0;
const key = () => `cut-control-${(keys += 1)}`;

beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  await openPaymentChannels(
    api.flows,
    { id: district.id, code: district.code, name: 'test' },
    { kind: 'PERSON', id: 'test' },
  );
  await placeDebtor(api, district);
  await placeDebtor(api, district);
}, 60_000);
afterAll(() => api.stop());

describe('a batch through the API', () => {
  test('is proposed, approved by another person, paused, resumed and aborted', async () => {
    const manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
    const supervisor = await api.token('SUPERVISOR');
    const today = '2026-03-10';
    const input = { idempotencyKey: key(), districtCode: district.code, plannedFor: today, reason: 'unpaid for long' };
    const proposed = await api.ask(manager, PROPOSE, { i: input });
    expect(proposed.errors).toBeUndefined();
    const { cutBatch } = proposed.data.proposeCuts;
    expect(cutBatch).toMatchObject({ state: 'PENDING_APPROVAL', size: 2, plannedFor: today, rampStep: 0 });
    expect(cutBatch.switchCommands.edges).toHaveLength(2);
    expect(cutBatch.switchCommands.edges[0].node).toMatchObject({
      state: 'PENDING_APPROVAL',
      policyCode: 'CHINA-POSTPAID',
      batch: { id: cutBatch.id },
    });
    const again = await api.ask(manager, PROPOSE, { i: input });
    expect(again.data.proposeCuts).toMatchObject({ replayed: true, cutBatch: { id: cutBatch.id } });
    const another = await api.ask(manager, PROPOSE, { i: { ...input, idempotencyKey: key() } });
    expect(userErrorsOf(another)).toMatchObject([{ code: 'BATCH_OPEN', relatedId: cutBatch.id }]);

    const decision = () => ({ idempotencyKey: key(), cutBatchId: cutBatch.id as string, reason: 'looked at it' });
    const own = await api.ask(manager, decide('approveCutBatch'), { i: decision() });
    expect(userErrorsOf(own)).toMatchObject([{ code: 'APPROVAL_BY_REQUESTER', field: 'cutBatchId' }]);
    const approved = await api.ask(supervisor, decide('approveCutBatch'), { i: decision() });
    expect(approved.data.approveCutBatch.cutBatch).toMatchObject({
      state: 'APPROVED',
      approvals: [{ role: 'SUPERVISOR' }],
    });

    await runBatches(api.flows, api.flows.clock.now());
    const hotline = await api.token('HOTLINE');
    const paused = await api.ask(hotline, decide('pauseCutBatch'), { i: decision() });
    expect(paused.data.pauseCutBatch.cutBatch).toMatchObject({ state: 'PAUSED', rampStep: 1 });
    const resumed = await api.ask(supervisor, decide('resumeCutBatch'), { i: decision() });
    expect(resumed.data.resumeCutBatch.cutBatch).toMatchObject({ state: 'RUNNING' });
    const aborted = await api.ask(hotline, decide('abortCutBatch'), { i: decision() });
    expect(aborted.data.abortCutBatch.cutBatch).toMatchObject({ state: 'ABORTED' });
    const list = await api.ask(
      supervisor,
      `{ cutBatches(first: 5, states: [ABORTED]) { edges { node { id endingText district { code } history(first: 9) { edges { node { act } } } } } } }`,
    );
    expect(list.data.cutBatches.edges).toMatchObject([
      { node: { id: cutBatch.id, district: { code: district.code } } },
    ]);
  });

  test('of another district is not within the reach of a district manager', async () => {
    const [row] = await api.sql<{ id: string }>(`SELECT id FROM cut_batch LIMIT 1`);
    const stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [(await placeDistrict(api)).code] });
    const { data } = await api.ask(stranger, `{ cutBatches(first: 5) { edges { node { id } } } }`);
    expect([row!.id, data.cutBatches.edges]).toEqual([expect.any(String), []]);
  });
});

describe('thresholds through the API', () => {
  const change = (kind: string, value: number) => ({ idempotencyKey: key(), kind, value, reason: 'a test of limits' });
  const REQUEST = mutation('changeCutThreshold', 'ChangeCutThresholdInput', CHANGE);
  const APPROVE = mutation('approveCutThresholdChange', 'CutThresholdDecisionInput', CHANGE);
  const WITHDRAW = mutation('withdrawCutThresholdChange', 'CutThresholdDecisionInput', CHANGE);
  const now = async (token: string, kind: string): Promise<number> =>
    (await api.ask(token, '{ cutThresholds { kind value unit reason } }')).data.cutThresholds.find(
      (one: { kind: string }) => one.kind === kind,
    ).value;

  test('lower: at once, by one person', async () => {
    const one = await api.token('SUPERVISOR', { subject: 'one' });
    const lowered = await api.ask(one, REQUEST, { i: change('OPERATOR_PER_DAY', 5) });
    expect(lowered.data.changeCutThreshold.cutThresholdChange).toMatchObject({ raises: false, approvedBy: null });
    expect(await now(one, 'OPERATOR_PER_DAY')).toBe(5);
    const same = await api.ask(one, REQUEST, { i: change('OPERATOR_PER_DAY', 5) });
    expect(userErrorsOf(same)).toMatchObject([{ code: 'THRESHOLD_UNCHANGED' }]);
  });

  test('higher: two people and 24 hours; withdrawn it never holds', async () => {
    const one = await api.token('SUPERVISOR', { subject: 'one' });
    const two = await api.token('SUPERVISOR', { subject: 'two' });
    const asked = await api.ask(one, REQUEST, { i: change('SYSTEM_PER_HOUR', 900) });
    const { id } = asked.data.changeCutThreshold.cutThresholdChange;
    expect(asked.data.changeCutThreshold.cutThresholdChange).toMatchObject({ raises: true, effectiveFrom: null });
    const decision = () => ({ idempotencyKey: key(), cutThresholdChangeId: id as string, reason: 'looked at it' });
    expect(userErrorsOf(await api.ask(one, APPROVE, { i: decision() }))).toMatchObject([
      { code: 'APPROVAL_BY_REQUESTER', field: 'cutThresholdChangeId' },
    ]);
    const approved = await api.ask(two, APPROVE, { i: decision() });
    const from = Date.parse(approved.data.approveCutThresholdChange.cutThresholdChange.effectiveFrom as string);
    expect(from - api.flows.clock.now().getTime()).toBeGreaterThan(23.9 * 3_600_000);
    expect(await now(one, 'SYSTEM_PER_HOUR')).toBe(200);
    expect(userErrorsOf(await api.ask(two, APPROVE, { i: decision() }))).toMatchObject([
      { code: 'THRESHOLD_CHANGE_DECIDED' },
    ]);
    const withdrawn = await api.ask(one, WITHDRAW, { i: decision() });
    expect(withdrawn.data.withdrawCutThresholdChange.cutThresholdChange).toMatchObject({ withdrawnBy: 'one' });
  });

  test('nobody but a supervisor changes them', async () => {
    const operations = await api.token('OPERATIONS');
    const { errors } = await api.ask(operations, REQUEST, { i: change('SYSTEM_PER_HOUR', 1) });
    expect(errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
  });
});

test('the policies that decide are on record, with their version and every clause', async () => {
  const auditor = await api.token('AUDITOR');
  const { data, errors } = await api.ask(auditor, '{ dunningPolicies { code version inForce inForceFrom document } }');
  expect(errors).toBeUndefined();
  expect(data.dunningPolicies).toMatchObject([
    { code: 'CHINA-COST-CONTROL', version: 1, inForce: true },
    { code: 'CHINA-POSTPAID', version: 1, inForce: true },
  ]);
  expect(data.dunningPolicies[1].document.overdue).toMatchObject({ minDays: 31, clause: { verified: true } });
});
