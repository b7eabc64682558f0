import { CHECK_CODES } from '../../src/dunning/cut-checks.js';
import {
  placeBill,
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
import { codesOf, startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let district: District;
let debtor: Household;
let dark: Household;
let commandId: string;
let staff: string;

beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  debtor = await placeDebtor(api, district);
  dark = await placeDebtor(api, district);
  await placeOutage(api, dark);
  await placeReadings(api, debtor, 30);
  commandId = await placeCutRequest(api, debtor);
  staff = await api.token('SUPERVISOR');
});
afterAll(() => api.stop());

test('an account with everything that hangs on it', async () => {
  const { data, errors } = await api.ask(
    staff,
    `query ($n: String!) { account(accountNumber: $n) {
       id accountNumber currency standing due { amount currency } overdue { amount } credit { amount }
       customer { name customerClass contacts { kind value } protections { kind } accounts(first: 5) { edges { node { accountNumber } } } }
       district { code nextReadingDate nextSettlementDate }
       bills(first: 10) { edges { node { periodFrom dueDate energyWh total { amount } outstanding { amount } lines { tier unitPrice amount { amount } } } } }
       servicePoints(first: 2) { edges { node { servicePointNumber address dueSupply reportedSupply { state evidence { relayClosed heardAt } } meter { serial presence } openCommand { state } } } }
     } }`,
    { n: debtor.accountNumber },
  );
  expect(errors).toBeUndefined();
  expect(data.account).toMatchObject({
    id: globalId('Account', debtor.accountId),
    standing: 'IN_ARREARS',
    due: { amount: '114.69', currency: 'CNY' },
    overdue: { amount: '54.69' },
    credit: { amount: '0.00' },
    customer: {
      customerClass: 'RESIDENTIAL',
      protections: [],
      accounts: { edges: [{ node: { accountNumber: debtor.accountNumber } }] },
    },
    // Today is 10 March: the first of the month has passed, the fifteenth has not.
    district: { code: district.code, nextReadingDate: '2026-04-01', nextSettlementDate: '2026-03-15' },
  });
  expect(data.account.customer.contacts).toHaveLength(2);
  expect(data.account.bills.edges.map((edge: { node: { periodFrom: string } }) => edge.node.periodFrom)).toEqual([
    '2026-02-01',
    '2025-12-01',
  ]);
  expect(data.account.bills.edges[1].node).toMatchObject({
    energyWh: 100000,
    total: { amount: '54.69' },
    lines: [{ tier: 1, unitPrice: '0.546900', amount: { amount: '54.69' } }],
  });
  expect(data.account.servicePoints.edges[0].node).toMatchObject({
    dueSupply: 'ON',
    reportedSupply: {
      state: 'CONNECTED',
      evidence: { relayClosed: true, heardAt: expect.stringMatching(/^2026-03-10T02:00/) },
    },
    meter: { serial: debtor.serial, presence: 'ONLINE' },
    openCommand: { state: 'PENDING_APPROVAL' },
  });
});

test('why is my power off: reasons, amount, steps and what is under way, in one answer', async () => {
  const query = `query ($p: String, $a: String) { whyIsPowerOff(servicePointNumber: $p, accountNumber: $a) {
     verdict headline { zh en } dueSupply reportedSupply { state } reasons { reason since text { zh en } } amountToRestore { amount currency }
     steps { code text { en } } gatewayPresence command { state } workOrder { deadlineAt } servicePoint { servicePointNumber } } }`;
  const off = await api.ask(staff, query, { p: dark.servicePointNumber });
  expect(off.errors).toBeUndefined();
  expect(off.data.whyIsPowerOff).toHaveLength(1);
  expect(off.data.whyIsPowerOff[0]).toMatchObject({
    verdict: 'OFF_FOR_DEBT',
    dueSupply: 'OFF',
    reportedSupply: { state: 'DISCONNECTED' },
    reasons: [{ reason: 'ARREARS' }],
    amountToRestore: { amount: '54.69', currency: 'CNY' },
    gatewayPresence: 'ONLINE',
    command: null,
    workOrder: null,
  });
  expect(off.data.whyIsPowerOff[0].steps.map((step: { code: string }) => step.code)).toEqual(['PAY', 'WAIT']);

  const on = await api.ask(staff, query, { a: debtor.accountNumber });
  expect(on.data.whyIsPowerOff[0]).toMatchObject({ verdict: 'POWER_ON', command: { state: 'PENDING_APPROVAL' } });

  expect((await api.ask(staff, query, { p: '0000000000' })).data.whyIsPowerOff).toBeNull();
  expect(codesOf(await api.ask(staff, query, {}))).toEqual(['BAD_USER_INPUT']);
  expect(codesOf(await api.ask(staff, query, { p: dark.servicePointNumber, a: dark.accountNumber }))).toEqual([
    'BAD_USER_INPUT',
  ]);
});

test('may this account be cut: every check with its evidence and clause, and the policy that asks', async () => {
  const query = `query ($a: String!, $at: DateTime) { canDisconnect(accountNumber: $a, at: $at) {
     servicePoint { servicePointNumber } policyCode policyVersion permitted at checks { code passed evidence clause } blocking { code } } }`;
  const { data, errors } = await api.ask(staff, query, { a: debtor.accountNumber });
  expect(errors).toBeUndefined();
  const [decision] = data.canDisconnect;
  expect(decision).toMatchObject({
    servicePoint: { servicePointNumber: debtor.servicePointNumber },
    policyCode: 'CHINA-POSTPAID',
    policyVersion: 1,
    permitted: false,
  });
  const codes = decision.checks.map((check: { code: string }) => check.code);
  expect(codes).toEqual(CHECK_CODES.filter((code) => codes.includes(code)));
  expect(codes).toEqual(expect.arrayContaining(['OVERDUE_DEBT', 'NOTICE_SERVED', 'NOT_PROTECTED', 'ALLOWED_HOUR']));
  expect(decision.blocking).toContainEqual({ code: 'APPROVED' });
  expect(decision.checks.every(({ evidence, clause }: Record<string, string>) => evidence && clause)).toBe(true);

  const atNight = await api.ask(staff, query, { a: debtor.accountNumber, at: '2026-03-10T15:00:00Z' });
  expect(atNight.data.canDisconnect[0].blocking).toContainEqual({ code: 'ALLOWED_HOUR' });
  expect((await api.ask(staff, query, { a: '0000000000' })).data.canDisconnect).toBeNull();
});

test('a switch command with its history', async () => {
  const { data, errors } = await api.ask(
    staff,
    `query ($id: ID!) { switchCommand(id: $id) { operation state reason requestedBy requestReason approvedBy sequence attempts evidence
       account { accountNumber } meter { serial } history(first: 10) { edges { node { act actorKind actor fromState toState reason at subjectId } } } } }`,
    { id: globalId('SwitchCommand', commandId) },
  );
  expect(errors).toBeUndefined();
  expect(data.switchCommand).toMatchObject({
    operation: 'CUT',
    state: 'PENDING_APPROVAL',
    reason: 'ARREARS',
    requestedBy: 'hotline-1',
    sequence: null,
    attempts: 0,
    meter: { serial: debtor.serial },
  });
  expect(data.switchCommand.history.edges[0].node).toMatchObject({
    act: 'switch-command.ordered',
    actorKind: 'PERSON',
    actor: 'hotline-1',
    toState: 'PENDING_APPROVAL',
    subjectId: globalId('SwitchCommand', commandId),
  });
});

test('the ledger statement shows what was owed and held after each entry', async () => {
  const bank = await api.token('BANK');
  const home = await placeHousehold(api, district);
  await placeBill(api, home, {
    totalMinor: 1_000,
    dueDate: '2026-04-25',
    periodFrom: '2026-01-01',
    periodTo: '2026-02-01',
  });
  const pay = `mutation ($i: RecordPaymentInput!) { recordPayment(input: $i) { payment { id state amount { amount } credited { amount } } userErrors { code } } }`;
  const paid = await api.ask(bank, pay, {
    i: {
      idempotencyKey: 'ledger-test-1',
      accountNumber: home.accountNumber,
      amount: { amount: '12.50', currency: 'CNY' },
      channel: 'BANK',
    },
  });
  expect(paid.data.recordPayment).toMatchObject({
    payment: { state: 'POSTED', amount: { amount: '12.50' }, credited: { amount: '2.50' } },
    userErrors: [],
  });

  const { data } = await api.ask(
    staff,
    `query ($n: String!) { account(accountNumber: $n) { ledger(first: 10) { edges { node { dueAfter { amount } creditAfter { amount } entry { kind amount { amount } debitCode creditCode payment { id } } } } }
       payments(first: 5) { edges { node { channel postedBy allocations { principal { amount } lateFee { amount } bill { billNumber } } reversal { reason } } } } } }`,
    { n: home.accountNumber },
  );
  expect(data.account.ledger.edges.map((edge: { node: object }) => edge.node)).toMatchObject([
    {
      dueAfter: { amount: '0.00' },
      creditAfter: { amount: '2.50' },
      entry: { kind: 'PAYMENT', amount: { amount: '2.50' }, debitCode: 'CASH', creditCode: 'CUSTOMER_CREDIT' },
    },
    {
      dueAfter: { amount: '0.00' },
      creditAfter: { amount: '0.00' },
      entry: { kind: 'PAYMENT', amount: { amount: '10.00' }, creditCode: 'RECEIVABLE' },
    },
    {
      dueAfter: { amount: '10.00' },
      creditAfter: { amount: '0.00' },
      entry: { kind: 'BILL', amount: { amount: '10.00' } },
    },
  ]);
  expect(data.account.payments.edges[0].node).toMatchObject({
    channel: 'BANK',
    postedBy: 'test-bank',
    allocations: [{ principal: { amount: '10.00' } }],
    reversal: null,
  });
});

describe('lists', () => {
  test('pages follow each other without gap or repeat, in both kinds of order', async () => {
    const serials: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 10; page += 1) {
      const { data } = await api.ask(
        staff,
        `query ($p: String!, $after: String) { servicePoint(servicePointNumber: $p) { readings(first: 7, after: $after) { edges { cursor node { readAt energyWh } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } } }`,
        {
          p: debtor.servicePointNumber,
          after,
        },
      );
      const { edges, pageInfo } = data.servicePoint.readings;
      serials.push(...edges.map((edge: { node: { readAt: string } }) => edge.node.readAt));
      expect(pageInfo).toMatchObject({
        hasPreviousPage: page > 0,
        startCursor: edges[0].cursor,
        endCursor: edges.at(-1).cursor,
      });
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
    }
    expect(serials).toHaveLength(30);
    expect(new Set(serials).size).toBe(30);
    expect([...serials].sort().reverse()).toEqual(serials);
  });

  test('a span of time narrows readings and daily usage', async () => {
    const { data } = await api.ask(
      staff,
      `query ($p: String!) { servicePoint(servicePointNumber: $p) {
         readings(first: 100, from: "2026-03-05T00:00:00Z", until: "2026-03-08T00:00:00Z") { edges { node { readAt } } }
         dailyUsage(first: 100, from: "2026-03-01", until: "2026-03-04") { edges { node { usageDate energyWh quality } } } } }`,
      { p: debtor.servicePointNumber },
    );
    expect(data.servicePoint.readings.edges).toHaveLength(3);
    expect(
      data.servicePoint.dailyUsage.edges.map((edge: { node: { usageDate: string } }) => edge.node.usageDate),
    ).toEqual(['2026-03-03', '2026-03-02', '2026-03-01']);
  });

  test('accounts are narrowed by district, standing and supply', async () => {
    const numbers = async (filter: object) => {
      const { data, errors } = await api.ask(
        staff,
        `query ($f: AccountFilter) { accounts(first: 100, filter: $f) { edges { node { accountNumber } } } }`,
        { f: filter },
      );
      expect(errors).toBeUndefined();
      return data.accounts.edges.map(
        (edge: { node: { accountNumber: string } }) => edge.node.accountNumber,
      ) as string[];
    };
    expect(await numbers({ districtCode: district.code, dueSupply: 'OFF' })).toEqual([dark.accountNumber]);
    expect(await numbers({ reportedSupply: 'DISCONNECTED' })).toEqual([dark.accountNumber]);
    expect(await numbers({ standing: 'IN_ARREARS' })).toEqual([debtor.accountNumber, dark.accountNumber]);
    expect(await numbers({ standing: 'CLEAR' })).not.toContain(debtor.accountNumber);
    expect(await numbers({ standing: 'IN_ARREARS', dueSupply: 'ON', reportedSupply: 'CONNECTED' })).toEqual([
      debtor.accountNumber,
    ]);
    expect(await numbers({ districtCode: 'NOWHERE' })).toEqual([]);
  });

  test('commands, work orders and audit entries are narrowed by place', async () => {
    const { data, errors } = await api.ask(
      staff,
      `query ($p: String!) {
         switchCommands(first: 10, filter: { servicePointNumber: $p, states: [PENDING_APPROVAL], operation: CUT }) { edges { node { id } } }
         workOrders(first: 10, filter: { state: OPEN, servicePointNumber: $p }) { edges { node { id } } }
         auditEntries(first: 10, filter: { servicePointNumber: $p }) { edges { node { act } } } }`,
      { p: debtor.servicePointNumber },
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      switchCommands: { edges: [{ node: { id: globalId('SwitchCommand', commandId) } }] },
      workOrders: { edges: [] },
      auditEntries: { edges: [{ node: { act: 'switch-command.ordered' } }] },
    });
  });

  test('quarantine shows the raw bytes', async () => {
    await api.sql(
      `INSERT INTO uplink_quarantine (topic, payload, payload_bytes, code, message, received_at) VALUES ('relight/v1/x/up', '\\x00ff', 2, 'NOT_JSON', 'no JSON', now())`,
    );
    const { data } = await api.ask(
      await api.token('AUDITOR'),
      `{ quarantine(first: 5, code: "NOT_JSON") { edges { node { number topic payloadBase64 payloadBytes code } } } }`,
    );
    expect(data.quarantine.edges[0].node).toMatchObject({
      payloadBase64: 'AP8=',
      payloadBytes: 2,
      code: 'NOT_JSON',
      topic: 'relight/v1/x/up',
    });
  });
});

describe('node', () => {
  test('finds every kind of object again by its id', async () => {
    const ids = {
      Account: debtor.accountId,
      Customer: debtor.customerId,
      ServicePoint: debtor.servicePointId,
      Meter: debtor.meterId,
      MeterInstallation: debtor.installationId,
      TransformerDistrict: district.id,
      Gateway: district.gatewayId,
      SwitchCommand: commandId,
    };
    for (const [type, id] of Object.entries(ids)) {
      const { data, errors } = await api.ask(staff, `query ($id: ID!) { node(id: $id) { __typename id } }`, {
        id: globalId(type, id),
      });
      expect(errors).toBeUndefined();
      expect(data.node).toEqual({ __typename: type, id: globalId(type, id) });
    }
    const [entry] = await api.sql<{ id: bigint }>('SELECT id FROM ledger_entry ORDER BY id LIMIT 1');
    const { data } = await api.ask(
      staff,
      `query ($id: ID!) { node(id: $id) { ... on LedgerEntry { id kind amount { amount } } } }`,
      { id: globalId('LedgerEntry', entry!.id) },
    );
    expect(data.node).toMatchObject({ kind: 'BILL' });
  });

  test.each([
    '',
    'nonsense',
    globalId('Account', '1'),
    globalId('LedgerEntry', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'),
    globalId('Nothing', '1'),
    globalId('Account', '00000000-0000-0000-0000-000000000000'),
    'A'.repeat(5000),
    '\u0000',
    '\ud800',
  ])('an id that names nothing is null, not an error (%#)', async (id) => {
    expect(
      await api.ask(
        staff,
        `query ($id: ID!, $text: String!) { node(id: $id) { id } account(accountNumber: $text) { id } bill(id: $id) { id } meter(serial: $text) { id } }`,
        { id, text: id },
      ),
    ).toMatchObject({
      status: 200,
      data: { node: null, account: null, bill: null, meter: null },
    });
  });
});

test('the board counts what is under way and what does not agree', async () => {
  const lonely = await placeHousehold(api, district);
  await api.sql(`UPDATE meter SET reported_relay = 'OPEN' WHERE id = $1`, [lonely.meterId]);
  await api.sql(`UPDATE gateway SET online = false WHERE id = $1`, [district.gatewayId]);
  const { data, errors } = await api.ask(
    staff,
    `{ operationsBoard { openCommands { state count } oldestRestoreAgeSeconds openWorkOrders overdueWorkOrders gatewaysOffline gatewaysNeverHeard darkThoughDue litThoughNotDue quarantinedMessages killSwitchEngaged } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.operationsBoard).toMatchObject({
    oldestRestoreAgeSeconds: null,
    openWorkOrders: 0,
    gatewaysOffline: 1,
    gatewaysNeverHeard: 0,
    darkThoughDue: 1,
    litThoughNotDue: 0,
    killSwitchEngaged: false,
  });
  expect(data.operationsBoard.openCommands).toContainEqual({ state: 'PENDING_APPROVAL', count: 1 });
  await api.sql(`UPDATE gateway SET online = true WHERE id = $1`, [district.gatewayId]);
});

test('limits, clock, kill switch and viewer', async () => {
  const { data, errors } = await api.ask(
    staff,
    `{ limits { name value unit reason } clock { mode now scale version } killSwitch { engaged since setBy reason } viewer { subject roles accountNumbers expiresAt } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.limits).toContainEqual(expect.objectContaining({ name: 'pageSize', value: 100, unit: 'nodes' }));
  expect(data.clock).toMatchObject({ mode: 'SIMULATED', scale: 1 });
  expect(data.killSwitch).toEqual({ engaged: false, since: null, setBy: null, reason: null });
  expect(data.viewer).toMatchObject({ subject: 'test-supervisor', roles: ['SUPERVISOR'], accountNumbers: [] });
});
