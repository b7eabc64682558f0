import type pg from 'pg';

/** Sizes of a world to be billed. */
export interface BillingWorld {
  readonly accounts: number;
  readonly accountsPerDistrict: number;
}

/** Billed already up to here, and read at midnight of both. */
export const BILLED_UNTIL = '2026-06-01';
export const PERIOD_TO = '2026-07-01';

const midnight = (day: string): string => `('${day}'::timestamp AT TIME ZONE 'Asia/Shanghai')`;

/** A number from 0 to `below` that depends on account number $n and on nothing else. */
const drawn = (salt: number, below: number): string =>
  `(('x' || substr(md5(n::text || '/${salt}'), 1, 8))::bit(32)::bigint % ${below})`;

/**
 * Accounts with one meter each, read at the beginning and the end of June, billed for January to May; a tenth holds credit. What was used
 * lies in all three tiers of the year and across their limits. Made by set-based SQL, since ten minutes of flows would measure nothing.
 */
export const worldStatements = ({ accounts, accountsPerDistrict }: BillingWorld): string[] => [
  `SELECT ensure_reading_partitions('2026-01-01', '2026-07-01')`,
  `CREATE TEMP TABLE place AS SELECT n, (n - 1) / ${accountsPerDistrict} AS d, uuidv7() AS customer_id, uuidv7() AS account_id, uuidv7() AS point_id, uuidv7() AS meter_id, uuidv7() AS installation_id,
     uuidv7() AS bill_id, ${drawn(1, 5_200_000)} AS before_wh, ${drawn(2, 900_000)} AS june_wh, ${drawn(3, 10)} = 0 AS has_credit FROM generate_series(1, ${accounts}) AS n`,
  `CREATE TEMP TABLE area AS SELECT d, uuidv7() AS district_id, uuidv7() AS gateway_id FROM (SELECT DISTINCT d FROM place) p`,
  `INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day, manager)
   SELECT district_id, 'BENCH-' || lpad(d::text, 4, '0'), 'bench', '95598', 1, 1, 'manager' FROM area`,
  `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256) SELECT gateway_id, '37' || lpad(d::text, 10, '0'), 'CONCENTRATOR', district_id, decode(repeat('00', 32), 'hex') FROM area`,
  `INSERT INTO customer (id, name, customer_class, created_at) SELECT customer_id, 'bench', 'RESIDENTIAL', '2026-01-01' FROM place`,
  `INSERT INTO contact (id, customer_id, kind, value) SELECT uuidv7(), customer_id, 'MOBILE', '1' || lpad(n::text, 10, k::text) FROM place, (VALUES (1), (2)) AS v (k)`,
  `INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, credit_minor, opened_at)
   SELECT account_id, lpad(n::text, 10, '0'), customer_id, district_id, 'CNY', 'SHANDONG-RESIDENTIAL', CASE WHEN has_credit THEN 5000 ELSE 0 END, '2026-01-01' FROM place JOIN area USING (d)`,
  `INSERT INTO service_point (id, service_point_number, account_id, district_id, address) SELECT point_id, lpad(n::text, 10, '0'), account_id, district_id, 'bench' FROM place JOIN area USING (d)`,
  `INSERT INTO meter (id, serial, gateway_id, public_key) SELECT meter_id, lpad(n::text, 12, '0'), gateway_id, decode(repeat('11', 32), 'hex') FROM place JOIN area USING (d)`,
  `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) SELECT installation_id, meter_id, point_id, ${midnight('2026-01-01')}, 0 FROM place`,
  `INSERT INTO reading (meter_id, installation_id, read_at, energy_wh, quality, cause, received_at)
   SELECT meter_id, installation_id, r.read_at, r.wh, 'ACTUAL', 'FREEZE', r.read_at FROM place,
     LATERAL (VALUES (${midnight('2026-01-01')}, 0::bigint), (${midnight(BILLED_UNTIL)}, before_wh), (${midnight(PERIOD_TO)}, before_wh + june_wh)) AS r (read_at, wh)`,
  // What was paid is not measured: earlier bills are settled, and the credit is there.
  `INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor)
   SELECT bill_id, account_id, point_id, '2026-01-01', '${BILLED_UNTIL}', before_wh, false, '2026-06-01', '2026-06-21', 'CNY', 0 FROM place`,
  `INSERT INTO ledger_entry (at, kind, debit_code, credit_code, credit_account_id, amount_minor, currency) SELECT '2026-06-01', 'PAYMENT', 'CASH', 'CUSTOMER_CREDIT', account_id, 5000, 'CNY' FROM place WHERE has_credit`,
];

/** Makes the world in a migrated database, and leaves it analysed. */
export async function buildWorld(client: pg.Client, world: BillingWorld): Promise<void> {
  await client.query('BEGIN');
  for (const text of worldStatements(world)) await client.query(text);
  await client.query('COMMIT');
  await client.query('VACUUM ANALYZE');
}

/** What was billed in a database, so that two can be compared to the fen: bills, lines, ledger and balances, in order, as one hash each. */
export const BILLED = `
  SELECT (SELECT count(*)::int FROM bill WHERE period_to = '${PERIOD_TO}') AS bills,
    (SELECT sum(total_minor)::text FROM bill WHERE period_to = '${PERIOD_TO}') AS "totalMinor",
    (SELECT md5(string_agg(concat_ws(' ', s.service_point_number, b.period_from, b.period_to, b.energy_wh, b.estimated, b.due_date, b.total_minor, b.paid_minor), '|' ORDER BY s.service_point_number))
     FROM bill b JOIN service_point s ON s.id = b.service_point_id WHERE b.period_to = '${PERIOD_TO}') AS "billHash",
    (SELECT md5(string_agg(concat_ws(' ', s.service_point_number, l.line_number, l.tariff_code, l.tier, l.energy_wh, l.unit_price_micro, l.amount_minor), '|' ORDER BY s.service_point_number, l.line_number))
     FROM bill_line l JOIN bill b ON b.id = l.bill_id JOIN service_point s ON s.id = b.service_point_id) AS "lineHash",
    (SELECT md5(string_agg(concat_ws(' ', a.account_number, e.kind, e.debit_code, e.credit_code, e.amount_minor), '|' ORDER BY a.account_number, e.kind, e.debit_code, e.amount_minor))
     FROM ledger_entry e JOIN account a ON a.id = coalesce(e.debit_account_id, e.credit_account_id)) AS "ledgerHash",
    (SELECT md5(string_agg(concat_ws(' ', account_number, due_minor, credit_minor), '|' ORDER BY account_number)) FROM account) AS "balanceHash"`;
