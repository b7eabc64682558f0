import { placeDistrict, type District } from './support/fixtures.js';
import { startTestApi, type Answer, type TestApi } from './support/test-api.js';

const SET = `mutation ($i: SetPaymentChannelInput!) { setPaymentChannel(input: $i) {
  paymentChannel { code name kind hours { weekday opens closes } openOnHolidays closedFrom closedUntil downSince changedAt } replayed userErrors { code field message } } }`;
const CHANNELS = `query ($d: String!, $after: String) { paymentChannels(districtCode: $d, first: 2, after: $after) {
  edges { node { code kind downSince } } pageInfo { hasNextPage endCursor } } }`;
const RECORD = `mutation ($i: RecordWeatherReportsInput!) { recordWeatherReports(input: $i) { recordedCount knownCount replayed userErrors { code field message } } }`;
const REPORTS = `query ($r: String!) { weatherReports(region: $r, first: 10) { edges { node { kind region issuedAt date from to minMilliC maxMilliC alert recordedBy } } } }`;
const REGION = `mutation ($i: SetWeatherRegionInput!) { setWeatherRegion(input: $i) { transformerDistrict { code weatherRegion } replayed userErrors { code field } } }`;

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
const key = (): string => `outside-test-${(keys += 1)}`;
const channel = (more: object = {}) => ({
  idempotencyKey: key(),
  reason: 'a new counter',
  code: 'COUNTER-1',
  name: '历下营业厅',
  kind: 'COUNTER',
  districtCode: district.code,
  hours: [{ weekday: 1, opens: '08:30', closes: '17:30' }],
  openOnHolidays: false,
  ...more,
});
const answerOf = (answer: Answer, field: string): Record<string, unknown> => {
  expect(answer.errors).toBeUndefined();
  return (answer.data as Record<string, Record<string, unknown>>)[field]!;
};
const set = async (input: object) => answerOf(await api.ask(operations, SET, { i: input }), 'setPaymentChannel');
const record = async (reports: object[], more: object = {}) =>
  answerOf(
    await api.ask(operations, RECORD, { i: { idempotencyKey: key(), reason: 'hourly feed', reports, ...more } }),
    'recordWeatherReports',
  );

const FORECAST = {
  kind: 'FORECAST',
  region: 'TD',
  issuedAt: '2026-03-10T00:00:00.000Z',
  from: '2026-03-10T00:00:00.000Z',
  to: '2026-03-11T00:00:00.000Z',
  minMilliC: -3_000,
  maxMilliC: 2_500,
};

test('a payment channel is set, paged through with those for everybody, and hidden from other districts', async () => {
  const input = channel();
  expect(await set(input)).toMatchObject({
    paymentChannel: { code: 'COUNTER-1', hours: input.hours, downSince: null, closedFrom: null },
    replayed: false,
    userErrors: [],
  });
  expect(await set(input)).toMatchObject({ replayed: true });
  await set(channel({ code: 'APP', kind: 'APP', districtCode: null, downSince: '2026-03-10T01:00:00Z' }));
  await set(channel({ code: 'BANK-1', kind: 'BANK' }));
  const other = await placeDistrict(api);
  const customer = await api.token('DISTRICT_MANAGER', { districtCodes: [district.code] });
  const first = answerOf(await api.ask(customer, CHANNELS, { d: district.code }), 'paymentChannels');
  expect(first).toMatchObject({
    edges: [
      { node: { code: 'APP', kind: 'APP', downSince: '2026-03-10T01:00:00.000Z' } },
      { node: { code: 'BANK-1' } },
    ],
    pageInfo: { hasNextPage: true },
  });
  const { endCursor } = first['pageInfo'] as { endCursor: string };
  expect(
    answerOf(await api.ask(customer, CHANNELS, { d: district.code, after: endCursor }), 'paymentChannels'),
  ).toMatchObject({ edges: [{ node: { code: 'COUNTER-1' } }], pageInfo: { hasNextPage: false } });
  expect(answerOf(await api.ask(customer, CHANNELS, { d: other.code }), 'paymentChannels')['edges']).toEqual([]);
  expect(answerOf(await api.ask(operations, CHANNELS, { d: other.code }), 'paymentChannels')['edges']).toHaveLength(1);
});

test.each<[what: string, more: object, error: { code: string; field: string }]>([
  ['an unknown district', { districtCode: 'NOWHERE' }, { code: 'DISTRICT_NOT_FOUND', field: 'districtCode' }],
  [
    'hours over midnight',
    { hours: [{ weekday: 1, opens: '20:00', closes: '02:00' }] },
    { code: 'PAYMENT_CHANNEL_HOURS', field: 'hours.0' },
  ],
  ['a name too long', { name: 'x'.repeat(201) }, { code: 'TEXT_TOO_LONG', field: 'name' }],
  ['no name', { name: '' }, { code: 'PAYMENT_CHANNEL_NAME', field: 'name' }],
  ['a NUL in the code', { code: 'A\u0000B' }, { code: 'PAYMENT_CHANNEL_CODE', field: 'code' }],
  ['no reason', { reason: ' ' }, { code: 'REASON_LENGTH', field: 'reason' }],
])('a channel with %s is refused', async (_what, more, error) => {
  expect(await set(channel({ code: 'REFUSED', ...more }))).toMatchObject({ paymentChannel: null, userErrors: [error] });
});

test('weather is recorded and read back, newest first', async () => {
  const observed = {
    kind: 'OBSERVED',
    region: 'TD',
    issuedAt: '2026-03-10T00:30:00.000Z',
    date: '2026-03-09',
    minMilliC: 0,
    maxMilliC: 1,
  };
  const alert = {
    kind: 'ALERT',
    region: 'TD',
    issuedAt: '2026-03-10T01:00:00.000Z',
    from: FORECAST.from,
    to: FORECAST.to,
    alert: 'NONE',
  };
  expect(await record([FORECAST, observed, alert])).toEqual({
    recordedCount: 3,
    knownCount: 0,
    replayed: false,
    userErrors: [],
  });
  expect(await record([FORECAST])).toMatchObject({ recordedCount: 0, knownCount: 1 });
  const absent = {
    date: null,
    from: null,
    to: null,
    minMilliC: null,
    maxMilliC: null,
    alert: null,
    recordedBy: 'test-operations',
  };
  const { edges } = answerOf(await api.ask(operations, REPORTS, { r: 'TD' }), 'weatherReports') as {
    edges: { node: object }[];
  };
  expect(edges.map(({ node }) => node)).toEqual([
    { ...absent, ...alert },
    { ...absent, ...observed },
    { ...absent, ...FORECAST },
  ]);
  expect(answerOf(await api.ask(operations, REPORTS, { r: "td'" }), 'weatherReports')).toEqual({ edges: [] });
});

test.each<[what: string, report: object, error: { code: string; field: string }]>([
  [
    'a field of another kind',
    { ...FORECAST, date: '2026-03-09' },
    { code: 'WEATHER_REPORT_INVALID', field: 'reports.1' },
  ],
  ['no end', { ...FORECAST, to: null }, { code: 'WEATHER_REPORT_INVALID', field: 'reports.1.to' }],
  ['Fahrenheit', { ...FORECAST, maxMilliC: 80_000 }, { code: 'WEATHER_REPORT_INVALID', field: 'reports.1.maxMilliC' }],
  [
    'a region in small letters',
    { ...FORECAST, region: 'td' },
    { code: 'WEATHER_REPORT_INVALID', field: 'reports.1.region' },
  ],
  [
    'another temperature than on record',
    { ...FORECAST, maxMilliC: 2_501 },
    { code: 'WEATHER_REPORT_CONFLICT', field: 'reports.1' },
  ],
])('a report with %s is refused, and with it the whole', async (_what, report, error) => {
  await record([FORECAST]);
  const fresh = { ...FORECAST, region: 'TD-FRESH' };
  expect(await record([fresh, report])).toMatchObject({ recordedCount: null, userErrors: [error] });
  expect(answerOf(await api.ask(operations, REPORTS, { r: 'TD-FRESH' }), 'weatherReports')).toEqual({ edges: [] });
});

test('a district lies in the region of its code until another is set', async () => {
  const input = { idempotencyKey: key(), reason: 'on the border', districtCode: district.code, region: 'HILLS' };
  expect(answerOf(await api.ask(operations, REGION, { i: input }), 'setWeatherRegion')).toEqual({
    transformerDistrict: { code: district.code, weatherRegion: 'HILLS' },
    replayed: false,
    userErrors: [],
  });
  const back = { ...input, idempotencyKey: key(), region: null };
  expect(answerOf(await api.ask(operations, REGION, { i: back }), 'setWeatherRegion')).toMatchObject({
    transformerDistrict: { weatherRegion: 'TD' },
  });
  const wrong = { ...input, idempotencyKey: key(), region: 'the hills' };
  expect(answerOf(await api.ask(operations, REGION, { i: wrong }), 'setWeatherRegion')).toMatchObject({
    transformerDistrict: null,
    userErrors: [{ code: 'WEATHER_REGION', field: 'region' }],
  });
});
