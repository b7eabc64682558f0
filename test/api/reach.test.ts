import {
  placeCutRequest,
  placeDebtor,
  placeDistrict,
  placeHousehold,
  placeOutage,
  placeReadings,
  type District,
  type Household,
} from './support/fixtures.js';
import { globalId } from './support/global-ids.js';
import { listen, socketClient } from './support/sockets.js';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let hereDistrict: District;
let thereDistrict: District;
let own: Household;
let neighbour: Household;
let stranger: Household;
let customer: string;
let manager: string;
let staff: string;
const commands = new Map<Household, string>();
const interruptions = new Map<Household, string>();

beforeAll(async () => {
  api = await startTestApi();
  hereDistrict = await placeDistrict(api);
  thereDistrict = await placeDistrict(api);
  own = await placeDebtor(api, hereDistrict);
  neighbour = await placeDebtor(api, hereDistrict);
  stranger = await placeDebtor(api, thereDistrict);
  for (const home of [own, neighbour, stranger]) {
    commands.set(home, await placeCutRequest(api, home));
    interruptions.set(home, await placeOutage(api, home, 'CUSTOMER_REQUEST'));
    await placeReadings(api, home, 2);
  }
  customer = await api.token('CUSTOMER', { accountNumbers: [own.accountNumber] });
  manager = await api.token('DISTRICT_MANAGER', { districtCodes: [hereDistrict.code] });
  staff = await api.token('SUPERVISOR');
});
afterAll(() => api.stop());

/** Every way to one household by its numbers and ids. */
const EVERYTHING = `query ($account: String!, $point: String!, $serial: String!, $customer: ID!, $command: ID!, $bill: ID!, $district: String!) {
  account(accountNumber: $account) { id }
  servicePoint(servicePointNumber: $point) { id }
  meter(serial: $serial) { id }
  customer(id: $customer) { id }
  switchCommand(id: $command) { id }
  bill(id: $bill) { id }
  transformerDistrict(code: $district) { id }
  whyIsPowerOff(servicePointNumber: $point) { verdict }
  byAccount: whyIsPowerOff(accountNumber: $account) { verdict }
  commandsHere: switchCommands(first: 5, filter: { servicePointNumber: $point }) { edges { cursor } }
  workOrders(first: 5, filter: { servicePointNumber: $point }) { edges { cursor } }
}`;

async function look(token: string, home: Household): Promise<Record<string, boolean>> {
  const [bill] = await api.sql<{ id: string }>('SELECT id FROM bill WHERE account_id = $1 LIMIT 1', [home.accountId]);
  const { data, errors } = await api.ask(token, EVERYTHING, {
    account: home.accountNumber,
    point: home.servicePointNumber,
    serial: home.serial,
    customer: globalId('Customer', home.customerId),
    command: globalId('SwitchCommand', commands.get(home)!),
    bill: globalId('Bill', bill!.id),
    district: home.districtCode,
  });
  expect(errors).toBeUndefined();
  const { commandsHere, workOrders: _none, ...objects } = data as Record<string, { edges: [] }>;
  return {
    ...Object.fromEntries(Object.entries(objects).map(([name, value]) => [name, value !== null])),
    commandsHere: commandsHere!.edges.length > 0,
  };
}

/** What `node` gives for everything that hangs on a household. */
async function nodes(token: string, home: Household): Promise<string[]> {
  const rows = await api.sql<{ type: string; id: string }>(
    `SELECT 'Account' AS type, $1::text AS id UNION ALL SELECT 'Customer', $2 UNION ALL SELECT 'ServicePoint', $3 UNION ALL SELECT 'Meter', $4 UNION ALL SELECT 'MeterInstallation', $5
     UNION ALL SELECT 'Bill', id::text FROM bill WHERE account_id = $1::uuid UNION ALL SELECT 'SwitchCommand', id::text FROM switch_command WHERE account_id = $1::uuid
     UNION ALL SELECT 'Interruption', id::text FROM interruption WHERE account_id = $1::uuid UNION ALL SELECT 'LedgerEntry', id::text FROM ledger_entry WHERE debit_account_id = $1::uuid
     UNION ALL SELECT 'AuditEntry', id::text FROM audit_entry WHERE account_id = $1::uuid`,
    [home.accountId, home.customerId, home.servicePointId, home.meterId, home.installationId],
  );
  const seen = new Set<string>();
  for (const { type, id } of rows) {
    const { data } = await api.ask(token, `query ($id: ID!) { node(id: $id) { __typename } }`, {
      id: globalId(type, id),
    });
    if (data.node) seen.add(data.node.__typename as string);
  }
  return [...seen].sort();
}

const ALL_NODES = [
  'Account',
  'AuditEntry',
  'Bill',
  'Customer',
  'Interruption',
  'LedgerEntry',
  'Meter',
  'MeterInstallation',
  'ServicePoint',
  'SwitchCommand',
];
const everywhere = (seen: boolean): object => ({
  account: seen,
  servicePoint: seen,
  meter: seen,
  customer: seen,
  switchCommand: seen,
  bill: seen,
  whyIsPowerOff: seen,
  byAccount: seen,
  commandsHere: seen,
});

test('a customer sees the own household by every way, and of another one nothing by any', async () => {
  expect(await look(customer, own)).toMatchObject({ ...everywhere(true), transformerDistrict: true });
  expect(await nodes(customer, own)).toEqual(ALL_NODES);
  for (const other of [neighbour, stranger]) {
    expect(await look(customer, other)).toMatchObject(everywhere(false));
    expect(await nodes(customer, other)).toEqual([]);
  }
  expect((await look(customer, stranger)).transformerDistrict).toBe(false);
});

test('a district manager sees the own district by every way, and of another one nothing by any', async () => {
  for (const home of [own, neighbour]) {
    expect(await look(manager, home)).toMatchObject({ ...everywhere(true), transformerDistrict: true });
    expect(await nodes(manager, home)).toEqual(ALL_NODES);
  }
  expect(await look(manager, stranger)).toMatchObject({ ...everywhere(false), transformerDistrict: false });
  expect(await nodes(manager, stranger)).toEqual([]);
  const gateways = await api.ask(
    manager,
    `{ a: gateway(gatewayNumber: "${hereDistrict.gatewayNumber}") { id } b: gateway(gatewayNumber: "${thereDistrict.gatewayNumber}") { id } }`,
  );
  expect([gateways.data.a !== null, gateways.data.b]).toEqual([true, null]);
});

test('lists hold what is within reach and nothing else', async () => {
  const LISTS = `{ accounts(first: 50) { edges { node { accountNumber } } } transformerDistricts(first: 50) { edges { node { code } } }
    switchCommands(first: 50) { edges { node { servicePoint { servicePointNumber } } } } }`;
  const list = async (token: string) => {
    const { data } = await api.ask(token, LISTS);
    return {
      accounts: data.accounts.edges.map((edge: { node: { accountNumber: string } }) => edge.node.accountNumber),
      districts: data.transformerDistricts.edges.map((edge: { node: { code: string } }) => edge.node.code),
      points: data.switchCommands.edges
        .map(
          (edge: { node: { servicePoint: { servicePointNumber: string } } }) =>
            edge.node.servicePoint.servicePointNumber,
        )
        .sort(),
    };
  };
  expect(await list(customer)).toEqual({
    accounts: [own.accountNumber],
    districts: [hereDistrict.code],
    points: [own.servicePointNumber],
  });
  expect(await list(manager)).toEqual({
    accounts: [own.accountNumber, neighbour.accountNumber],
    districts: [hereDistrict.code],
    points: [own.servicePointNumber, neighbour.servicePointNumber].sort(),
  });
  expect((await list(staff)).accounts).toHaveLength(3);
  const audit = await api.ask(manager, '{ auditEntries(first: 50) { edges { node { subjectId } } } }');
  const subjects = audit.data.auditEntries.edges.map((edge: { node: { subjectId: string } }) => edge.node.subjectId);
  expect(subjects).toContain(globalId('SwitchCommand', commands.get(neighbour)!));
  expect(subjects).not.toContain(globalId('SwitchCommand', commands.get(stranger)!));
});

test('a meter that moved on does not carry its new place to the old customer, nor its old one to the new', async () => {
  const before = await placeHousehold(api, hereDistrict);
  const after = await placeHousehold(api, thereDistrict);
  await api.sql(
    `UPDATE meter_installation SET removed_at = installed_at + interval '1 second' WHERE meter_id = ANY($1::uuid[])`,
    [[before.meterId, after.meterId]],
  );
  await api.sql(
    `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) VALUES (gen_random_uuid(), $1, $2, now(), 0)`,
    [before.meterId, after.servicePointId],
  );
  const first = await api.token('CUSTOMER', { accountNumbers: [before.accountNumber] });
  const second = await api.token('CUSTOMER', { accountNumbers: [after.accountNumber] });
  const PLACES = `query ($serial: String!) { meter(serial: $serial) { servicePoint { servicePointNumber } installations(first: 10) { edges { node { servicePoint { servicePointNumber } } } } } }`;
  expect((await api.ask(first, PLACES, { serial: before.serial })).data.meter).toBeNull();
  expect((await api.ask(second, PLACES, { serial: before.serial })).data.meter).toEqual({
    servicePoint: { servicePointNumber: after.servicePointNumber },
    installations: { edges: [{ node: { servicePoint: { servicePointNumber: after.servicePointNumber } } }] },
  });
  const history = await api.ask(
    first,
    `{ servicePoint(servicePointNumber: "${before.servicePointNumber}") { installations(first: 5) { edges { node { installedAt meter { serial } } } } } }`,
  );
  expect(history.data.servicePoint.installations.edges).toMatchObject([{ node: { meter: null } }]);
  const district = await api.ask(manager, PLACES, { serial: before.serial });
  expect(district.data.meter).toBeNull();
});

test('acts reach no further than the eye: out of reach is not found, and nothing happens', async () => {
  const acts = [
    [
      'requestRestore',
      'RequestRestoreInput',
      { servicePointNumber: stranger.servicePointNumber },
      'SERVICE_POINT_NOT_FOUND',
    ],
    [
      'requestCut',
      'RequestCutInput',
      { servicePointNumber: stranger.servicePointNumber, interruptionReason: 'SAFETY' },
      'SERVICE_POINT_NOT_FOUND',
    ],
    [
      'openInterruption',
      'OpenInterruptionInput',
      { servicePointNumber: stranger.servicePointNumber, interruptionReason: 'SAFETY' },
      'SERVICE_POINT_NOT_FOUND',
    ],
    [
      'closeInterruption',
      'CloseInterruptionInput',
      { interruptionId: globalId('Interruption', interruptions.get(stranger)!) },
      'INTERRUPTION_NOT_FOUND',
    ],
    [
      'cancelSwitchCommand',
      'SwitchDecisionInput',
      { switchCommandId: globalId('SwitchCommand', commands.get(stranger)!) },
      'COMMAND_NOT_FOUND',
    ],
  ] as const;
  const [before] = await api.sql('SELECT count(*) AS count FROM audit_entry');
  for (const [name, type, input, code] of acts) {
    const { data } = await api.ask(
      manager,
      `mutation ($i: ${type}!) { ${name}(input: $i) { userErrors { code message } } }`,
      { i: { ...input, idempotencyKey: `reach-${name}`, reason: 'not mine' } },
    );
    expect([name, data[name].userErrors[0].code]).toEqual([name, code]);
    expect(data[name].userErrors[0].message).not.toContain('reach');
  }
  expect(await api.sql('SELECT count(*) AS count FROM audit_entry')).toEqual([before]);
});

test('subscriptions reach no further than the eye', async () => {
  const client = socketClient(api, customer);
  const COMMAND = 'subscription ($id: ID!) { switchCommandChanged(id: $id) { switchCommand { state } } }';
  const SUPPLY = 'subscription ($n: String!) { supplyChanged(servicePointNumber: $n) { servicePoint { dueSupply } } }';
  const hear = async (query: string, variables: Record<string, unknown>) => {
    const listening = listen(client, query, variables);
    const first = await listening.next();
    listening.stop();
    return first;
  };
  expect(await hear(COMMAND, { id: globalId('SwitchCommand', commands.get(own)!) })).toMatchObject({
    data: { switchCommandChanged: { switchCommand: { state: 'PENDING_APPROVAL' } } },
  });
  expect(await hear(COMMAND, { id: globalId('SwitchCommand', commands.get(neighbour)!) })).toEqual({
    error: 'NOT_FOUND',
  });
  expect(await hear(SUPPLY, { n: own.servicePointNumber })).toMatchObject({
    data: { supplyChanged: { servicePoint: { dueSupply: 'OFF' } } },
  });
  expect(await hear(SUPPLY, { n: stranger.servicePointNumber })).toEqual({ error: 'NOT_FOUND' });
  await client.dispose();
});

test('the board of a district manager counts the own district', async () => {
  const board = async (token: string) =>
    (await api.ask(token, '{ operationsBoard { openCommands { state count } quarantinedMessages } }')).data
      .operationsBoard;
  const waiting = ({ openCommands }: { openCommands: { state: string; count: number }[] }) =>
    openCommands.find(({ state }) => state === 'PENDING_APPROVAL')!.count;
  expect([waiting(await board(manager)), waiting(await board(staff))]).toEqual([2, 3]);
  expect([(await board(manager)).quarantinedMessages, (await board(staff)).quarantinedMessages]).toEqual([null, 0]);
});
