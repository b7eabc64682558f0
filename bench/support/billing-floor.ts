import { BILLED_UNTIL, PERIOD_TO } from './billing-world.js';

/**
 * The same amounts by one set-based statement: no page, no lock before reading, no audit, no idea of an estimate, a meter exchange, a
 * season, a change of price or a place that cannot be billed. Tiers of SHANDONG-RESIDENTIAL written in.
 */
export const FLOOR = `
  WITH tier (tier, low_wh, high_wh, price_micro) AS (VALUES
    (1, 0::bigint, 2520000::bigint, 546900::bigint), (2, 2520000, 4800000, 596900), (3, 4800000, 9223372036854775807, 846900)),
  used AS (
    SELECT sp.id AS point_id, a.id AS account_id, a.currency, a.credit_minor, b.billed_until, y.year_wh, r.energy_wh - i.installed_wh - b.billed_wh AS energy_wh
    FROM service_point sp
    JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
    JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL
    JOIN (SELECT service_point_id, max(period_to) AS billed_until, sum(energy_wh)::bigint AS billed_wh FROM bill GROUP BY service_point_id) b ON b.service_point_id = sp.id AND b.billed_until < '${PERIOD_TO}'
    JOIN (SELECT service_point_id, sum(energy_wh)::bigint AS year_wh FROM bill WHERE period_from >= '2026-01-01' GROUP BY service_point_id) y ON y.service_point_id = sp.id
    JOIN reading s ON s.meter_id = i.meter_id AND s.read_at = ('${BILLED_UNTIL}'::timestamp AT TIME ZONE 'Asia/Shanghai') AND s.usable AND s.quality = 'ACTUAL'
    JOIN reading r ON r.meter_id = i.meter_id AND r.read_at = ('${PERIOD_TO}'::timestamp AT TIME ZONE 'Asia/Shanghai') AND r.usable AND r.quality = 'ACTUAL'),
  numbered AS MATERIALIZED (SELECT u.*, uuidv7() AS bill_id FROM used u),
  priced AS MATERIALIZED (
    SELECT n.bill_id, t.tier, t.price_micro, e.wh, (2 * e.wh * t.price_micro + 10000000) / 20000000 AS minor,
           row_number() OVER (PARTITION BY n.bill_id ORDER BY t.tier) AS line_number
    FROM numbered n CROSS JOIN tier t
    CROSS JOIN LATERAL (SELECT least(n.year_wh + n.energy_wh, t.high_wh) - greatest(n.year_wh, t.low_wh) AS wh) e WHERE e.wh > 0),
  totals AS (SELECT n.*, coalesce(sum(p.minor), 0)::bigint AS total_minor FROM numbered n LEFT JOIN priced p USING (bill_id)
             GROUP BY n.bill_id, n.point_id, n.account_id, n.currency, n.credit_minor, n.billed_until, n.year_wh, n.energy_wh),
  issued AS (
    INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
    SELECT bill_id, account_id, point_id, billed_until, '${PERIOD_TO}', energy_wh, false, $1, $2, currency, total_minor, least(credit_minor, total_minor) FROM totals
    RETURNING id, account_id, currency, total_minor, paid_minor),
  lines AS (
    INSERT INTO bill_line (bill_id, line_number, kind, tariff_code, tier, energy_wh, unit_price_micro, amount_minor)
    SELECT bill_id, line_number, 'ENERGY', 'SHANDONG-RESIDENTIAL', tier, wh, price_micro, minor FROM priced),
  balances AS (
    UPDATE account a SET due_minor = a.due_minor + i.total_minor - i.paid_minor, credit_minor = a.credit_minor - i.paid_minor FROM issued i WHERE a.id = i.account_id AND i.total_minor > 0),
  allocated AS (
    INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at) SELECT NULL, id, paid_minor, 0, $1 FROM issued WHERE paid_minor > 0)
  INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id)
  SELECT $1, 'BILL', 'RECEIVABLE', account_id, 'REVENUE', NULL::uuid, total_minor, currency, id FROM issued WHERE total_minor > 0
  UNION ALL
  SELECT $1, 'CREDIT_APPLIED', 'CUSTOMER_CREDIT', account_id, 'RECEIVABLE', account_id, paid_minor, currency, id FROM issued WHERE paid_minor > 0`;
