import { createHash } from 'node:crypto';
import { LIMITS } from '../../src/platform/limits.js';
import { loginsFrom } from '../../src/embedded/gateway-login.js';
import { placeDistrict, placeHousehold, type District } from './support/fixtures.js';
import { startTestApi, type Answer, type TestApi } from './support/test-api.js';

const GATEWAY = `mutation ($i: RegisterGatewayInput!) { registerGateway(input: $i) {
  gateway { gatewayNumber kind presence district { code } } password replayed userErrors { code field message } } }`;
const RENEW = `mutation ($i: RenewGatewayPasswordInput!) { renewGatewayPassword(input: $i) {
  gateway { gatewayNumber } password replayed userErrors { code field } } }`;
const METER = `mutation ($i: RegisterMeterInput!) { registerMeter(input: $i) {
  meter { serial reconnectMode gateway { gatewayNumber } reportedSupply { state } } replayed userErrors { code field message } } }`;
const INSTALL = `mutation ($i: InstallMeterInput!) { installMeter(input: $i) {
  installation { installedEnergyWh meter { serial } servicePoint { servicePointNumber } } restoreCommands { operation state } replayed userErrors { code field } } }`;
const EXCHANGE = `mutation ($i: ExchangeMeterInput!) { exchangeMeter(input: $i) {
  installation { installedEnergyWh meter { serial } } restoreCommands { operation state mode } replayed userErrors { code field } } }`;

/** The `x` of a key nobody has to sign with here. */
const PUBLIC_KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';

let api: TestApi;
let district: District;
let operations: string;
let number = 990_000_000_000;
let keys = 0;
beforeAll(async () => {
  api = await startTestApi();
  district = await placeDistrict(api);
  operations = await api.token('OPERATIONS');
});
afterAll(() => api.stop());

const next = (): string => String((number += 1));
const base = () => ({ idempotencyKey: `devices-test-${(keys += 1)}`, reason: 'a meter of our own' });
const answerOf = (answer: Answer, field: string) => {
  expect(answer.errors).toBeUndefined();
  return answer.data[field];
};
const act = async (query: string, field: string, input: object) =>
  answerOf(await api.ask(operations, query, { i: input }), field);
const gatewayInput = (more: object = {}) => ({
  ...base(),
  gatewayNumber: next(),
  kind: 'CONCENTRATOR',
  districtCode: district.code,
  ...more,
});
const registerGateway = async (more: object = {}): Promise<string> =>
  (await act(GATEWAY, 'registerGateway', gatewayInput(more))).gateway.gatewayNumber;
const meterInput = (gatewayNumber: string, more: object = {}) => ({
  ...base(),
  serial: next(),
  gatewayNumber,
  reconnectMode: 'DIRECT',
  publicKey: PUBLIC_KEY,
  ...more,
});
const registerMeter = async (gatewayNumber: string, more: object = {}): Promise<string> =>
  (await act(METER, 'registerMeter', meterInput(gatewayNumber, more))).meter.serial;
const login = (username: string, password: string) =>
  loginsFrom(api.flows.db, { username: 'head-end', password: 'of no use here' })(username, password);

test('a gateway gets its password once, may log in with it, and a repeat has none to give', async () => {
  const input = gatewayInput({ publicKey: PUBLIC_KEY });
  const { gatewayNumber } = input;
  const first = await act(GATEWAY, 'registerGateway', input);
  expect(first).toMatchObject({
    gateway: { gatewayNumber, kind: 'CONCENTRATOR', presence: 'UNKNOWN', district: { code: district.code } },
    replayed: false,
    userErrors: [],
  });
  expect(await login(gatewayNumber, first.password)).toEqual({ kind: 'gateway', gateway: gatewayNumber });
  expect(await act(GATEWAY, 'registerGateway', input)).toMatchObject({ password: null, replayed: true });
  expect(await login(gatewayNumber, first.password)).toEqual({ kind: 'gateway', gateway: gatewayNumber });
  expect(
    await api.sql(`SELECT encode(public_key, 'base64') AS key FROM gateway WHERE gateway_number = $1`, [gatewayNumber]),
  ).toEqual([{ key: Buffer.from(PUBLIC_KEY, 'base64url').toString('base64') }]);

  const renewed = await act(RENEW, 'renewGatewayPassword', { ...base(), gatewayNumber });
  expect(await login(gatewayNumber, renewed.password)).not.toBeNull();
  expect(await login(gatewayNumber, first.password)).toBeNull();
});

test('no password is stored, neither with the gateway nor in the audit nor with the answer that is kept', async () => {
  const input = gatewayInput();
  const { password } = await act(GATEWAY, 'registerGateway', input);
  const rows = await api.sql(
    `SELECT g::text || coalesce(string_agg(a::text, ' '), '') || (SELECT string_agg(k::text, ' ') FROM request_key k) AS everything
     FROM gateway g LEFT JOIN audit_entry a ON a.subject_id = g.id WHERE g.gateway_number = $1 GROUP BY g.*`,
    [input.gatewayNumber],
  );
  const everything = String(rows[0]!['everything']);
  expect(everything).toContain(createHash('sha256').update(password).digest('hex'));
  expect(everything).toContain('gateway.registered');
  expect(everything).not.toContain(password);
});

test('a meter is registered, installed where none is, and a restore is ordered since power is due', async () => {
  const gatewayNumber = await registerGateway();
  const input = meterInput(gatewayNumber);
  expect(await act(METER, 'registerMeter', input)).toMatchObject({
    meter: { serial: input.serial, gateway: { gatewayNumber }, reportedSupply: { state: 'UNKNOWN' } },
    replayed: false,
  });
  const house = await vacantPoint();
  const install = { ...base(), servicePointNumber: house, serial: input.serial, installedEnergyWh: 12_000 };
  const installed = {
    installation: {
      installedEnergyWh: 12_000,
      meter: { serial: input.serial },
      servicePoint: { servicePointNumber: house },
    },
    restoreCommands: [{ operation: 'RESTORE', state: 'QUEUED' }],
    replayed: false,
    userErrors: [],
  };
  expect(await act(INSTALL, 'installMeter', install)).toEqual(installed);
  expect(await act(INSTALL, 'installMeter', install)).toEqual({ ...installed, replayed: true });
  const other = await registerMeter(gatewayNumber);
  const again = { ...base(), servicePointNumber: house, serial: other, installedEnergyWh: 0 };
  expect(await act(INSTALL, 'installMeter', again)).toMatchObject({
    userErrors: [{ code: 'SERVICE_POINT_HAS_METER', field: 'servicePointNumber' }],
  });
  const elsewhere = (await placeHousehold(api, district)).servicePointNumber;
  for (const servicePointNumber of [house, elsewhere]) {
    const twice = {
      ...base(),
      servicePointNumber,
      serial: input.serial,
      installedEnergyWh: 0,
      removedEnergyWh: 13_000,
    };
    expect(await act(EXCHANGE, 'exchangeMeter', twice)).toMatchObject({
      userErrors: [{ code: 'METER_IN_USE', field: 'serial' }],
    });
  }
  const exchange = { ...again, ...base(), removedEnergyWh: 13_000 };
  expect(await act(EXCHANGE, 'exchangeMeter', exchange)).toMatchObject({
    installation: { installedEnergyWh: 0, meter: { serial: other } },
    restoreCommands: [{ operation: 'RESTORE', state: 'QUEUED', mode: 'DIRECT' }],
    userErrors: [],
  });
});

test('a DL/T 645 meter has no key, and needs a concentrator that has one', async () => {
  const dlt645 = { codec: 'DLT645', securityClass: 'CIPHER' };
  const silent = await registerGateway();
  const refusal = async (gatewayNumber: string, more: object) =>
    (await act(METER, 'registerMeter', meterInput(gatewayNumber, more))).userErrors;
  expect(await refusal(silent, { ...dlt645, publicKey: null })).toMatchObject([{ code: 'GATEWAY_WITHOUT_KEY' }]);
  const signing = await registerGateway({ publicKey: PUBLIC_KEY });
  expect(await refusal(signing, dlt645)).toMatchObject([{ code: 'PUBLIC_KEY_NOT_USED', field: 'publicKey' }]);
  expect(await refusal(signing, { publicKey: null })).toMatchObject([
    { code: 'PUBLIC_KEY_MISSING', field: 'publicKey' },
  ]);
  const serials = [0, 1].map(() => registerMeter(signing, { ...dlt645, publicKey: null }));
  const rows = await api.sql<{ key: string }>(
    `SELECT codec, security_class AS class, encode(public_key, 'hex') AS key FROM meter WHERE serial = ANY($1::text[])`,
    [await Promise.all(serials)],
  );
  expect(rows).toMatchObject([
    { codec: 'DLT645', class: 'CIPHER' },
    { codec: 'DLT645', class: 'CIPHER' },
  ]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(2);
});

test('a gateway carries 2,000 meters and not one more', async () => {
  const gatewayNumber = await registerGateway();
  await api.sql(
    `INSERT INTO meter (id, serial, gateway_id, public_key)
     SELECT gen_random_uuid(), (800000000000 + n)::text, g.id, decode(repeat('11', 32), 'hex')
     FROM gateway g, generate_series(1, $2::int) n WHERE g.gateway_number = $1`,
    [gatewayNumber, LIMITS.metersPerGateway.value - 1],
  );
  await registerMeter(gatewayNumber);
  expect(await act(METER, 'registerMeter', meterInput(gatewayNumber))).toMatchObject({
    meter: null,
    userErrors: [{ code: 'GATEWAY_FULL', field: 'gatewayNumber' }],
  });
});

test.each<[what: string, more: object, error: { code: string; field: string }]>([
  ['eleven digits', { gatewayNumber: '12345678901' }, { code: 'GATEWAY_NUMBER', field: 'gatewayNumber' }],
  ['a district there is not', { districtCode: 'NOWHERE' }, { code: 'DISTRICT_NOT_FOUND', field: 'districtCode' }],
  ['a key that is too short', { publicKey: 'AAAA' }, { code: 'PUBLIC_KEY', field: 'publicKey' }],
  ['a padded key', { publicKey: `${PUBLIC_KEY}=` }, { code: 'PUBLIC_KEY', field: 'publicKey' }],
])('a gateway with %s is refused', async (_what, more, error) => {
  const answer = await act(GATEWAY, 'registerGateway', gatewayInput(more));
  expect(answer).toMatchObject({ gateway: null, password: null, userErrors: [error] });
});

test('a number that is taken is refused, for a gateway as for a meter', async () => {
  const gatewayNumber = await registerGateway();
  expect(await act(GATEWAY, 'registerGateway', gatewayInput({ gatewayNumber }))).toMatchObject({
    password: null,
    userErrors: [{ code: 'GATEWAY_EXISTS', field: 'gatewayNumber' }],
  });
  const serial = await registerMeter(gatewayNumber);
  expect(await act(METER, 'registerMeter', meterInput(gatewayNumber, { serial }))).toMatchObject({
    userErrors: [{ code: 'METER_EXISTS', field: 'serial' }],
  });
});

test.each<[what: string, more: object, error: { code: string; field: string }]>([
  ['letters in its serial', { serial: '37020000000A' }, { code: 'METER_SERIAL', field: 'serial' }],
  ['the number of everybody', { serial: '999999999999' }, { code: 'METER_SERIAL', field: 'serial' }],
  ['a gateway there is not', { gatewayNumber: '000000000000' }, { code: 'GATEWAY_NOT_FOUND', field: 'gatewayNumber' }],
  ['a key that is no key', { publicKey: 'no key' }, { code: 'PUBLIC_KEY', field: 'publicKey' }],
])('a meter with %s is refused', async (_what, more, error) => {
  const gatewayNumber = await registerGateway();
  expect(await act(METER, 'registerMeter', meterInput(gatewayNumber, more))).toMatchObject({
    meter: null,
    userErrors: [error],
  });
});

test('a 4G meter is its own gateway, and nobody else is behind it', async () => {
  const gatewayNumber = await registerGateway({ kind: 'METER' });
  expect(await act(METER, 'registerMeter', meterInput(gatewayNumber))).toMatchObject({
    userErrors: [{ code: 'GATEWAY_SERVES_ITSELF', field: 'gatewayNumber' }],
  });
  expect(await registerMeter(gatewayNumber, { serial: gatewayNumber })).toBe(gatewayNumber);
});

test('registers below zero, and meters and places there are not, are refused', async () => {
  const gatewayNumber = await registerGateway();
  const serial = await registerMeter(gatewayNumber);
  const house = await vacantPoint();
  const good = { servicePointNumber: house, serial, installedEnergyWh: 0 };
  const refusal = async (more: object) =>
    (await act(INSTALL, 'installMeter', { ...base(), ...good, ...more })).userErrors;
  expect(await refusal({ installedEnergyWh: -1 })).toEqual([{ code: 'REGISTER_NEGATIVE', field: 'installedEnergyWh' }]);
  expect(await refusal({ serial: '999999999999' })).toEqual([{ code: 'METER_NOT_FOUND', field: 'serial' }]);
  expect(await refusal({ servicePointNumber: '9999999999' })).toEqual([
    { code: 'SERVICE_POINT_NOT_FOUND', field: 'servicePointNumber' },
  ]);
  expect((await act(EXCHANGE, 'exchangeMeter', { ...base(), ...good, removedEnergyWh: 0 })).userErrors).toEqual([
    { code: 'NO_METER', field: 'servicePointNumber' },
  ]);
});

const CLEAR = `mutation ($i: ClearRefusedCredentialsInput!) { clearRefusedCredentials(input: $i) {
  meter { serial credentialsRefusedAt } restoreCommands { state } replayed userErrors { code field } } }`;

test('a meter that has refused our password is freed again by a supervisor', async () => {
  const gatewayNumber = await registerGateway({ publicKey: PUBLIC_KEY });
  const serial = await registerMeter(gatewayNumber, { codec: 'DLT645', publicKey: null });
  const supervisor = await api.token('SUPERVISOR');
  const clear = async (input: object) =>
    answerOf(await api.ask(supervisor, CLEAR, { i: input }), 'clearRefusedCredentials');
  expect(await clear({ ...base(), serial })).toMatchObject({
    meter: null,
    userErrors: [{ code: 'CREDENTIALS_NOT_REFUSED', field: 'serial' }],
  });
  await api.sql(`UPDATE meter SET credentials_refused_at = now() WHERE serial = $1`, [serial]);
  const input = { ...base(), serial, reason: 'the password was set anew on site' };
  const freed = { meter: { serial, credentialsRefusedAt: null }, restoreCommands: [], userErrors: [] };
  expect(await clear(input)).toEqual({ ...freed, replayed: false });
  expect(await clear(input)).toEqual({ ...freed, replayed: true });
  expect(
    await api.sql(`SELECT reason FROM audit_entry WHERE act = 'meter.credentials-cleared' AND actor <> ''`),
  ).toEqual([{ reason: 'the password was set anew on site' }]);
  const forbidden = await api.ask(operations, CLEAR, { i: input });
  expect(forbidden.errors).toHaveLength(1);
});

test('the key ring for a meter can be asked for by everybody inside', async () => {
  const answer = await api.ask(await api.token('AUDITOR'), `{ downlinkKeys { kid role publicKey } }`);
  expect(answer.data).toEqual({
    downlinkKeys: [{ kid: 'head-end-test', role: 'HEAD_END', publicKey: 'A'.repeat(43) }],
  });
});

/** A service point whose meter was taken off. */
async function vacantPoint(): Promise<string> {
  const house = await placeHousehold(api, district);
  await api.sql(
    `UPDATE meter_installation SET removed_at = installed_at + interval '1 second', removed_wh = installed_wh WHERE id = $1`,
    [house.installationId],
  );
  return house.servicePointNumber;
}
