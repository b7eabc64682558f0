import type pg from 'pg';

/** Sizes of a world to be judged. */
export interface DryRunWorld {
  readonly accounts: number;
  readonly accountsPerDistrict: number;
}

/** A Tuesday without a holiday near it, and the evening before. */
export const FOR_DATE = '2026-07-14';
export const MADE_AT = new Date('2026-07-13T12:30:00Z');

/** A number from 0 to `below` that depends on account number n and on nothing else. */
const drawn = (salt: number, below: number): string =>
  `(('x' || substr(md5(n::text || '/${salt}'), 1, 8))::bit(32)::bigint % ${below})`;
const at = (day: string): string => `(${day})::timestamp AT TIME ZONE 'Asia/Shanghai'`;

const PLACES = (accounts: number, perDistrict: number): string =>
  `CREATE TEMP TABLE place AS SELECT n, (n - 1) / ${perDistrict} AS d, uuidv7() AS customer_id, uuidv7() AS account_id, uuidv7() AS point_id, uuidv7() AS meter_id,
     uuidv7() AS bill_id, uuidv7() AS young_id, ${drawn(1, 10)} = 0 AS prepaid, ${drawn(2, 100)} AS luck, ${drawn(3, 40_000)} + 800 AS owes,
     '2026-06-10'::date - ${drawn(4, 21)}::int AS due_date, ${drawn(5, 10)} < 4 AS owes_june, ${drawn(6, 100)} AS served, ${drawn(7, 100)} AS known, ${drawn(8, 100)} AS held
   FROM generate_series(1, ${accounts}) AS n`;

const CONNECTIONS = [
  `CREATE TEMP TABLE area AS SELECT d, uuidv7() AS district_id, uuidv7() AS gateway_id FROM (SELECT DISTINCT d FROM place) p`,
  `INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day, manager)
   SELECT district_id, 'BENCH-' || lpad(d::text, 4, '0'), 'bench', '95598', 1, 1, 'manager' FROM area`,
  `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256) SELECT gateway_id, '37' || lpad(d::text, 10, '0'), 'CONCENTRATOR', district_id, decode(repeat('00', 32), 'hex') FROM area`,
  `INSERT INTO customer (id, name, customer_class, created_at, protection_asked_on)
   SELECT customer_id, 'bench', CASE WHEN n % 12 = 0 THEN 'COMMERCIAL' ELSE 'RESIDENTIAL' END, '2023-01-01', CASE WHEN known < 92 THEN '2026-02-01'::date END FROM place`,
  `CREATE TEMP TABLE reach AS SELECT uuidv7() AS contact_id, n, customer_id, known, k FROM place, (VALUES (1), (2)) AS v (k)`,
  `INSERT INTO contact (id, customer_id, kind, value) SELECT contact_id, customer_id, CASE k WHEN 1 THEN 'MOBILE' ELSE 'LANDLINE' END, '1' || lpad(n::text, 10, k::text) FROM reach`,
  `INSERT INTO contact_proof (id, contact_id, at, outcome, how, recorded_at, recorded_by)
   SELECT uuidv7(), contact_id, t.at, CASE WHEN known < 88 THEN 'REACHED' ELSE 'NOT_REACHED' END, t.how, t.at, 'bench'
   FROM reach, (VALUES ('2026-06-20'::timestamptz, 'CALL'), ('2026-07-06', 'CALL'), ('2026-07-08', 'SMS_REPORT')) AS t (at, how) WHERE k = 1`,
  `INSERT INTO protection (id, customer_id, kind, valid_until, created_at)
   SELECT uuidv7(), customer_id, (ARRAY['LIFE_SUPPORT', 'MEDICAL', 'LONE_ELDERLY', 'INFANT', 'LOW_INCOME'])[1 + n % 5], '2027-01-01', '2026-02-01' FROM place WHERE held BETWEEN 20 AND 25`,
  `INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, due_minor, opened_at, payment_mode)
   SELECT account_id, lpad(n::text, 10, '0'), customer_id, district_id, 'CNY', 'SHANDONG-RESIDENTIAL', owes + CASE WHEN owes_june THEN 9000 ELSE 0 END, '2023-01-01',
          CASE WHEN prepaid THEN 'PREPAID' ELSE 'POSTPAID' END FROM place JOIN area USING (d)`,
  `INSERT INTO service_point (id, service_point_number, account_id, district_id, address) SELECT point_id, lpad(n::text, 10, '0'), account_id, district_id, 'bench' FROM place JOIN area USING (d)`,
  `INSERT INTO meter (id, serial, gateway_id, public_key, reported_relay) SELECT meter_id, lpad(n::text, 12, '0'), gateway_id, decode(repeat('11', 32), 'hex'), 'CLOSED' FROM place JOIN area USING (d)`,
  `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) SELECT uuidv7(), meter_id, point_id, '2023-01-01', 0 FROM place`,
];

/** Seven months settled, on time or late; one bill overdue for five weeks or more, in part paid by some; for some a young one beside it. */
const MONEY = [
  `CREATE TEMP TABLE settled AS SELECT n, account_id, point_id, uuidv7() AS bill_id, uuidv7() AS payment_id, m::date AS period_from, (m + interval '1 month')::date AS period_to,
     (m + interval '1 month 20 days')::date AS due_date, 6000 + ${drawn(9, 9000)} AS total,
     (m + interval '1 month 18 days')::date + (CASE WHEN (n + extract(month FROM m)::int) % 10 < 7 THEN 0 WHEN luck < 70 THEN 6 ELSE 25 END) AS paid_on
   FROM place, generate_series('2025-10-01'::timestamp, '2026-04-01', '1 month') AS m`,
  `INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
   SELECT bill_id, account_id, point_id, period_from, period_to, 100000, false, ${at('period_to')}, due_date, 'CNY', total, total FROM settled`,
  `INSERT INTO payment (id, idempotency_key, content_sha256, account_id, account_number, amount_minor, currency, channel, value_date, posted_at, posted_by, state)
   SELECT payment_id, payment_id::text, '', account_id, lpad(n::text, 10, '0'), total, 'CNY', 'MOBILE_APP', paid_on, ${at("paid_on + time '10:00'")}, 'bench', 'POSTED' FROM settled`,
  `INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at) SELECT payment_id, bill_id, total, 0, ${at("paid_on + time '10:00'")} FROM settled`,
  `INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
   SELECT bill_id, account_id, point_id, '2026-05-01', '2026-06-01', 100000, luck >= 97, ${at('due_date - 20')}, CASE WHEN luck BETWEEN 90 AND 94 THEN '2026-06-25' ELSE due_date END, 'CNY',
          owes + CASE WHEN luck < 8 THEN 2500 ELSE 0 END, CASE WHEN luck < 8 THEN 2500 ELSE 0 END FROM place`,
  `CREATE TEMP TABLE part AS SELECT n, account_id, bill_id, uuidv7() AS payment_id FROM place WHERE luck < 8`,
  `INSERT INTO payment (id, idempotency_key, content_sha256, account_id, account_number, amount_minor, currency, channel, value_date, posted_at, posted_by, state)
   SELECT payment_id, payment_id::text, '', account_id, lpad(n::text, 10, '0'), 2500, 'CNY', 'COUNTER_CASH', '2026-06-20', ${at("'2026-06-20 10:00'")}, 'bench', 'POSTED' FROM part`,
  `INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at) SELECT payment_id, bill_id, 2500, 0, ${at("'2026-06-20 10:00'")} FROM part`,
  `INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor)
   SELECT young_id, account_id, point_id, '2026-06-01', '2026-07-01', 100000, false, ${at("'2026-07-01'")}, '2026-07-10', 'CNY', 9000 FROM place WHERE owes_june`,
  `INSERT INTO late_fee_waiver (id, bill_id, account_id, kind, state, amount_minor, effect_minor, evidence, reason, two_persons, requested_at, requested_by, decided_at, decided_by)
   SELECT uuidv7(), bill_id, account_id, 'OTHER', 'GRANTED', 100, 100, 'letter', 'goodwill', false, '2026-07-01', 'bench', '2026-07-01', 'bench' FROM place WHERE luck = 50`,
  // The balance of those who pay ahead is followed through the ledger.
  `INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, amount_minor, currency, bill_id)
   SELECT b.issued_at, 'BILL', 'RECEIVABLE', b.account_id, 'REVENUE', b.total_minor, 'CNY', b.id FROM bill b JOIN place USING (account_id) WHERE prepaid ORDER BY b.issued_at`,
];

/** Five steps of the ladder for the overdue bill, holds, causes. */
const DUNNING = [
  `CREATE TEMP TABLE told AS SELECT uuidv7() AS notice_id, account_id, p.bill_id, s.*, served FROM place p,
     (VALUES ('DAY_5', 'REMINDER', 'SMS', '2026-06-06'::date, 0), ('DAY_10', 'REMINDER', 'VOICE', '2026-06-11', 0), ('DAY_20_OF_MONTH', 'DEMAND', 'VOICE', '2026-06-20', 0),
             ('ARREARS_NOTICE', 'DEMAND', 'VISIT', '2026-07-01', 6), ('CUT_NOTICE', 'CUT_NOTICE', 'VISIT', '2026-07-09', 14)) AS s (step, purpose, channel, day, failing)
   WHERE NOT prepaid
   UNION ALL SELECT uuidv7(), account_id, NULL, s.*, served FROM place, (VALUES ('BELOW_ZERO', 'CUT_NOTICE', 'SMS', '2026-07-10'::date, 20)) AS s (step, purpose, channel, day, failing) WHERE prepaid`,
  `INSERT INTO notice (id, account_id, anchor_bill_id, step_code, purpose, state, channel, recipient, by_gateway, owner, mandatory, language, template_code, template_version, body,
     principal_minor, late_fee_minor, balance_minor, currency, policy_code, policy_version, created_at, sent_at, served_at, failed_at, failure_code, proof_kind, proof_reference)
   SELECT notice_id, account_id, bill_id, step, purpose, CASE WHEN served < failing THEN 'FAILED' ELSE 'SERVED' END, channel, 'CUSTOMER', false, 'manager', true, 'zh', step, 1, '催费通知',
     0, 0, 0, 'CNY', 'CHINA-POSTPAID', 1, ${at('day')}, ${at('day')}, CASE WHEN served >= failing THEN ${at("day + time '15:00'")} END, CASE WHEN served < failing THEN ${at("day + time '15:00'")} END,
     CASE WHEN served < failing THEN 'NOT_SERVED' END, CASE channel WHEN 'VISIT' THEN 'SIGNATURE' WHEN 'SMS' THEN 'DELIVERY_REPORT' ELSE 'CALL_RECORD' END, 'bench' FROM told`,
  `INSERT INTO notice_bill (notice_id, bill_id, principal_minor, late_fee_minor) SELECT notice_id, bill_id, 0, 0 FROM told WHERE bill_id IS NOT NULL`,
  `INSERT INTO hold (id, account_id, kind, reason, opened_at, opened_by, from_date, until_date)
   SELECT uuidv7(), account_id, (ARRAY['DISPUTE', 'PROMISE_TO_PAY', 'COMPLAINT', 'HARDSHIP'])[1 + n % 4], 'bench', '2026-07-05', 'bench', '2026-07-05', CASE n % 4 WHEN 1 THEN '2026-07-18'::date END
   FROM place WHERE held < 5`,
  `INSERT INTO hold (id, account_id, kind, reason, opened_at, opened_by, from_date, until_date, closed_at, closed_by, ended_on, outcome)
   SELECT uuidv7(), account_id, 'PROMISE_TO_PAY', 'bench', '2026-03-05', 'bench', '2026-03-05', '2026-03-15', '2026-03-16', 'bench', '2026-03-16', CASE n % 3 WHEN 0 THEN 'BROKEN' ELSE 'KEPT' END
   FROM place WHERE held BETWEEN 5 AND 12`,
  `INSERT INTO arrears_cause (id, account_id, cause, found_at, found_by, note)
   SELECT uuidv7(), account_id, CASE WHEN luck < 85 THEN 'FORGOT' ELSE (ARRAY['AWAY', 'TENANT', 'HARDSHIP', 'MALICIOUS'])[1 + n % 4] END, '2026-07-02', 'bench', 'bench' FROM place WHERE known < 90`,
];

/** Makes the world in a migrated database, and leaves it analysed. Set-based SQL: hours of flows would measure nothing. */
export async function buildDebtors(client: pg.Client, world: DryRunWorld): Promise<void> {
  await client.query('BEGIN');
  for (const text of [PLACES(world.accounts, world.accountsPerDistrict), ...CONNECTIONS, ...MONEY, ...DUNNING])
    await client.query(text);
  await client.query('COMMIT');
  await client.query('VACUUM ANALYZE');
}
