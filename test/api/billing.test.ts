import { workBillingRun } from '../../src/flows/work-billing-run.js';
import { startOfLocalDay } from '../../src/platform/local-date.js';
import { placeDistrict, placeHousehold, type District, type Household } from './support/fixtures.js';
import { globalId } from './support/global-ids.js';
import { codesOf, startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let district: District;
let operations: string;
beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  operations = await api.token('OPERATIONS');
});
afterAll(() => api.stop());

let keys = 0;
const key = (): string => `billing-test-${(keys += 1)}`;

const START = `mutation ($i: StartBillingRunInput!) { startBillingRun(input: $i) {
  replayed billingRun { id state scope district { code } periodTo totalPoints issued } userErrors { code field } } }`;
const CORRECT = `mutation ($i: CorrectReadingInput!) { correctReading(input: $i) {
  replayed servicePoint { servicePointNumber } correctionBills { kind energyWh total { amount } corrects { id kind } lines { kind tier amount { amount } } }
  restoreCommands { id } userErrors { code field } } }`;

/** A household whose meter has been in place since the beginning of February. */
async function placeOlder(own: District): Promise<Household> {
  const home = await placeHousehold(api, own);
  await api.sql('UPDATE meter_installation SET installed_at = $2 WHERE service_point_id = $1', [
    home.servicePointId,
    startOfLocalDay('2026-02-01'),
  ]);
  return home;
}

/** Registers at local midnights, Wh, as they were stored. */
async function placeRegisters(home: Household, registers: Readonly<Record<string, number>>): Promise<void> {
  for (const [day, energyWh] of Object.entries(registers)) {
    await api.sql(
      `INSERT INTO reading (meter_id, installation_id, read_at, energy_wh, quality, cause, received_at)
       SELECT meter_id, id, $2, $3, 'ACTUAL', 'FREEZE', $2 FROM meter_installation WHERE service_point_id = $1 AND removed_at IS NULL`,
      [home.servicePointId, startOfLocalDay(day), energyWh],
    );
  }
}

test('a billing run is started, worked off, watched, and tells what it could not bill', async () => {
  const own = await placeDistrict(api);
  const billed = await placeOlder(own);
  await placeRegisters(billed, { '2026-03-01': 90_000 });
  const unread = await placeOlder(own);
  const input = {
    idempotencyKey: key(),
    districtCode: own.code,
    periodTo: '2026-03-01',
    reason: 'settlement of February',
  };
  const started = await api.ask(operations, START, { i: input });
  expect(started.data.startBillingRun).toMatchObject({
    replayed: false,
    billingRun: { state: 'QUEUED', scope: 'DISTRICT', district: { code: own.code }, totalPoints: null, issued: 0 },
    userErrors: [],
  });
  await workBillingRun(api.flows);
  const { id } = started.data.startBillingRun.billingRun;
  const watched = await api.ask(
    operations,
    `query ($id: ID!) { billingRun(id: $id) { state totalPoints donePoints issued skipped
       skips(first: 10) { edges { node { reason owner servicePoint { servicePointNumber } } } } }
     billingRuns(first: 5) { edges { node { id } } } billingSkips(first: 10, open: true) { edges { node { run { id } } } } }`,
    { id },
  );
  expect(watched.data.billingRun).toMatchObject({
    state: 'DONE',
    totalPoints: 2,
    donePoints: 2,
    issued: 1,
    skipped: 1,
  });
  expect(watched.data.billingRun.skips.edges[0].node).toMatchObject({ reason: 'NO_READING' });
  expect(watched.data.billingRuns.edges[0].node.id).toBe(id);
  expect(watched.data.billingSkips.edges).toEqual([{ node: { run: { id } } }]);
  expect((await api.ask(operations, START, { i: input })).data.startBillingRun).toMatchObject({ replayed: true });
  expect(unread.servicePointId).toBeTruthy();
});

test.each<[what: string, change: object, code: string, field: string]>([
  ['days that have not passed', { periodTo: '2026-03-11' }, 'PERIOD_NOT_OVER', 'periodTo'],
  ['a district that does not exist', { districtCode: 'NOWHERE-1' }, 'DISTRICT_NOT_FOUND', 'districtCode'],
  ['no reason', { reason: ' ' }, 'REASON_LENGTH', 'reason'],
])('a run over %s is refused by name', async (_what, change, code, field) => {
  const i = { idempotencyKey: key(), periodTo: '2026-03-01', reason: 'settlement', ...change };
  const answer = await api.ask(operations, START, { i });
  expect(answer.data.startBillingRun.userErrors).toEqual([{ code, field }]);
});

test('a district manager sees the runs over the own district, and may start none', async () => {
  const i = { idempotencyKey: key(), districtCode: district.code, periodTo: '2026-03-01', reason: 'settlement' };
  await placeHousehold(api, district);
  const { id } = (await api.ask(operations, START, { i })).data.startBillingRun.billingRun;
  await workBillingRun(api.flows);
  const manager = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  const other = await placeDistrict(api);
  const stranger = await api.token('DISTRICT_MANAGER', { districtCodes: [other.code] });
  const query =
    'query ($id: ID!) { billingRun(id: $id) { id } billingRuns(first: 9) { edges { node { id } } } billingSkips(first: 9) { edges { node { owner } } } }';
  const seen = await api.ask(manager, query, { id });
  expect(seen.data.billingRun).toEqual({ id });
  expect(seen.data.billingRuns.edges).toEqual([{ node: { id } }]);
  expect((await api.ask(stranger, query, { id })).data).toEqual({
    billingRun: null,
    billingRuns: { edges: [] },
    billingSkips: { edges: [] },
  });
  expect(codesOf(await api.ask(manager, START, { i }))).toEqual(['FORBIDDEN']);
});

test('a wrong reading is corrected: the readings, the fault and the correction bill can all be asked for', async () => {
  const home = await placeOlder(district);
  await placeRegisters(home, { '2026-03-01': 90_000 });
  const start = { idempotencyKey: key(), districtCode: district.code, periodTo: '2026-03-01', reason: 'settlement' };
  await api.ask(operations, START, { i: start });
  await workBillingRun(api.flows);
  const [meter] = await api.sql<{ serial: string; energyWh: bigint }>(
    `SELECT m.serial, b.energy_wh AS "energyWh" FROM meter m JOIN meter_installation i ON i.meter_id = m.id JOIN bill b ON b.service_point_id = i.service_point_id WHERE i.service_point_id = $1`,
    [home.servicePointId],
  );
  const i = {
    idempotencyKey: key(),
    meterSerial: meter!.serial,
    readAt: startOfLocalDay('2026-03-01').toISOString(),
    energyWh: 89_000,
    evidence: 'photo 4',
    reason: 'one digit misread',
  };
  const corrected = (await api.ask(operations, CORRECT, { i })).data.correctReading;
  expect(corrected.userErrors).toEqual([]);
  expect(corrected.correctionBills).toMatchObject([
    { kind: 'CORRECTION', energyWh: -1_000, corrects: { kind: 'REGULAR' } },
  ]);
  const point = await api.ask(
    operations,
    `query ($id: ID!) { node(id: $id) { ... on ServicePoint { readings(first: 9) { edges { node { energyWh usable revision } } }
       readingFaults(first: 9) { edges { node { kind energyWh earlierEnergyWh evidence } } } } } }`,
    { id: globalId('ServicePoint', home.servicePointId) },
  );
  expect(point.data.node.readings.edges.map(({ node }: { node: object }) => node)).toEqual([
    { energyWh: 89_000, usable: true, revision: 1 },
    { energyWh: 90_000, usable: false, revision: 0 },
  ]);
  expect(point.data.node.readingFaults.edges).toEqual([
    { node: { kind: 'CORRECTED', energyWh: 89_000, earlierEnergyWh: 90_000, evidence: 'photo 4' } },
  ]);
  const again = { ...i, idempotencyKey: key() };
  expect((await api.ask(operations, CORRECT, { i: again })).data.correctReading.userErrors).toEqual([
    { code: 'READING_UNCHANGED', field: 'energyWh' },
  ]);
});

test('the next settlement dates follow the district and how often the account is settled', async () => {
  const home = await placeHousehold(api, district);
  const [account] = await api.sql<{ number: string }>('SELECT account_number AS number FROM account WHERE id = $1', [
    home.accountId,
  ]);
  await api.sql('UPDATE transformer_district SET settlement_day = 12 WHERE code = $1', [district.code]);
  const dates = `query ($n: String!) { account(accountNumber: $n) { settlementsPerMonth nextSettlementDates(count: 4)
    district { nextSettlementDate nextSettlementDates(count: 2) } } }`;
  const before = await api.ask(operations, dates, { n: account!.number });
  expect(before.data.account).toEqual({
    settlementsPerMonth: 1,
    nextSettlementDates: ['2026-03-12', '2026-04-12', '2026-05-12', '2026-06-12'],
    district: { nextSettlementDate: '2026-03-12', nextSettlementDates: ['2026-03-12', '2026-04-12'] },
  });
  const SET = `mutation ($i: SetSettlementCycleInput!) { setSettlementCycle(input: $i) { account { settlementsPerMonth nextSettlementDates(count: 3) } userErrors { code field } } }`;
  const i = { idempotencyKey: key(), accountNumber: account!.number, settlementsPerMonth: 2, reason: 'unstable use' };
  expect((await api.ask(operations, SET, { i })).data.setSettlementCycle).toEqual({
    account: { settlementsPerMonth: 2, nextSettlementDates: ['2026-03-12', '2026-03-26', '2026-04-12'] },
    userErrors: [],
  });
  const tooOften = { ...i, idempotencyKey: key(), settlementsPerMonth: 7 };
  expect((await api.ask(operations, SET, { i: tooOften })).data.setSettlementCycle.userErrors).toEqual([
    { code: 'SETTLEMENTS_OUT_OF_RANGE', field: 'settlementsPerMonth' },
  ]);
});
