import { requestCut } from '../../../src/flows/request-switch.js';
import { newId } from '../../../src/platform/ids.js';
import type { TestApi } from './test-api.js';
import { statementOf } from '../../flow/support/houses.js';
import { serveCutNotice } from '../../flow/support/served-notice.js';

/** A household on record: everything an API test asks about. */
export interface Household {
  readonly customerId: string;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly servicePointId: string;
  readonly servicePointNumber: string;
  readonly meterId: string;
  readonly serial: string;
  readonly installationId: string;
  readonly districtId: string;
  readonly districtCode: string;
}

/** A transformer district with its gateway. */
export interface District {
  readonly id: string;
  readonly code: string;
  readonly gatewayId: string;
  readonly gatewayNumber: string;
}

let number = 0;
const next = (): number => (number += 1);
const digits = (value: number, width: number): string => String(value).padStart(width, '0');

export async function placeDistrict(api: TestApi): Promise<District> {
  const n = next();
  const district = {
    id: newId(),
    code: `TD-${digits(n, 4)}`,
    gatewayId: newId(),
    gatewayNumber: `3701${digits(n, 8)}`,
  };
  await api.sql(
    `INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day, manager) VALUES ($1, $2, $3, '0531-95598', 1, 15, $4)`,
    [district.id, district.code, `台区 ${n}`, `manager-${n}`],
  );
  await api.sql(
    `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256, online, online_since) VALUES ($1, $2, 'CONCENTRATOR', $3, sha256('x'), true, $4)`,
    [district.gatewayId, district.gatewayNumber, district.id, api.flows.clock.now()],
  );
  return district;
}

/** Puts a household on record: customer, two contacts, account, service point, meter reporting its relay closed. */
export async function placeHousehold(api: TestApi, district: District): Promise<Household> {
  const n = next();
  const home: Household = {
    customerId: newId(),
    accountId: newId(),
    accountNumber: `37${digits(n, 8)}`,
    servicePointId: newId(),
    servicePointNumber: `38${digits(n, 8)}`,
    meterId: newId(),
    serial: `3702${digits(n, 8)}`,
    installationId: newId(),
    districtId: district.id,
    districtCode: district.code,
  };
  const now = api.flows.clock.now();
  await api.sql(
    `WITH c AS (INSERT INTO customer (id, name, customer_class, id_document, protection_asked_on, created_at) VALUES ($1, $2, 'RESIDENTIAL', '370102190001010000', '2026-01-05', $3) RETURNING id),
       k AS (INSERT INTO contact (id, customer_id, kind, value) SELECT gen_random_uuid(), id, kind, value FROM c, (VALUES ('MOBILE', '13800000000'), ('LANDLINE', '053100000000')) v (kind, value) RETURNING id),
       a AS (INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, opened_at) SELECT $4, $5, c.id, $6, 'CNY', 'SHANDONG-RESIDENTIAL', $3 FROM c RETURNING id)
     INSERT INTO service_point (id, service_point_number, account_id, district_id, address) SELECT $7, $8, a.id, $6, $9 FROM a, k LIMIT 1`,
    [
      home.customerId,
      `用户${n}`,
      now,
      home.accountId,
      home.accountNumber,
      district.id,
      home.servicePointId,
      home.servicePointNumber,
      `经十路 ${n} 号`,
    ],
  );
  await api.sql(
    `WITH m AS (INSERT INTO meter (id, serial, gateway_id, public_key, reported_relay, reported_since, reported_at, reported_meter_at) VALUES ($1, $2, $3, sha256('k'), 'CLOSED', $4, $4, $4) RETURNING id)
     INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) SELECT $5, m.id, $6, $4, 0 FROM m`,
    [home.meterId, home.serial, district.gatewayId, now, home.installationId, home.servicePointId],
  );
  return home;
}

/** An unpaid bill of `totalMinor` fen, due on `dueDate`, with its ledger entry. */
export async function placeBill(
  api: TestApi,
  home: Household,
  bill: { totalMinor: number; dueDate: string; periodFrom: string; periodTo: string },
): Promise<string> {
  const id = newId();
  await api.sql(
    `WITH b AS (INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor)
       VALUES ($1, $2, $3, $4, $5, 100000, false, $6, $7, 'CNY', $8) RETURNING *),
     l AS (INSERT INTO bill_line (bill_id, line_number, kind, tariff_code, tier, energy_wh, unit_price_micro, amount_minor) SELECT id, 1, 'ENERGY', 'SHANDONG-RESIDENTIAL', 1, 100000, 546900, total_minor FROM b),
     u AS (UPDATE account SET due_minor = due_minor + $8 WHERE id = $2)
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, amount_minor, currency, bill_id) SELECT $6, 'BILL', 'RECEIVABLE', $2, 'REVENUE', $8, 'CNY', id FROM b`,
    [
      id,
      home.accountId,
      home.servicePointId,
      bill.periodFrom,
      bill.periodTo,
      api.flows.clock.now(),
      bill.dueDate,
      bill.totalMinor,
    ],
  );
  return id;
}

/** A household more than a month behind: two bills, the older one due on 20 January. */
export async function placeDebtor(api: TestApi, district: District): Promise<Household> {
  const home = await placeHousehold(api, district);
  await placeBill(api, home, {
    totalMinor: 5_469,
    dueDate: '2026-01-20',
    periodFrom: '2025-12-01',
    periodTo: '2026-01-01',
  });
  await placeBill(api, home, {
    totalMinor: 6_000,
    dueDate: '2026-03-25',
    periodFrom: '2026-02-01',
    periodTo: '2026-03-01',
  });
  const sql = <Row>(text: string, values?: readonly unknown[]) => api.flows.db.rows<Row>(statementOf(text), values);
  await serveCutNotice({ sql }, home);
  return home;
}

/** Asks for a lawful cut for arrears; it waits for approval. Returns the command's id. */
export async function placeCutRequest(api: TestApi, home: Household): Promise<string> {
  const { commandId } = await requestCut(
    api.flows,
    {
      servicePointId: home.servicePointId,
      reason: 'ARREARS',
      idempotencyKey: `cut-${home.servicePointNumber}`,
      note: 'two reminders, notice served',
    },
    { kind: 'PERSON', id: 'hotline-1' },
  );
  return commandId;
}

/** The power is off for arrears, as after a verified cut. Returns the interruption's id. */
export async function placeOutage(api: TestApi, home: Household, reason = 'ARREARS'): Promise<string> {
  const id = newId();
  const now = api.flows.clock.now();
  await api.sql(
    `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by) VALUES ($1, $2, $3, $4, $5, 'test')`,
    [id, home.servicePointId, home.accountId, reason, now],
  );
  await api.sql(`UPDATE meter SET reported_relay = 'OPEN', reported_since = $2, reported_at = $2 WHERE id = $1`, [
    home.meterId,
    now,
  ]);
  return id;
}

/** Readings and daily usage of `days` days before the start of the test world. */
export async function placeReadings(api: TestApi, home: Household, days: number): Promise<void> {
  await api.sql(
    `INSERT INTO reading (meter_id, installation_id, read_at, energy_wh, quality, cause, received_at)
     SELECT $1, $2, $3::timestamptz - d * interval '1 day', 100000 - d * 1000, 'ACTUAL', 'FREEZE', $3 FROM generate_series(0, $4::int - 1) d`,
    [home.meterId, home.installationId, api.flows.clock.now(), days],
  );
  await api.sql(
    `INSERT INTO daily_usage (installation_id, usage_date, energy_wh, quality) SELECT $1, ($2::timestamptz - d * interval '1 day')::date, 1000 + d, 'ACTUAL' FROM generate_series(1, $3::int) d`,
    [home.installationId, api.flows.clock.now(), days],
  );
}
