import { statement, type Reader } from '../src/platform/database.js';

// One row is one balanced pair, so a half entry cannot exist; what can go wrong is a cached sum, a forgotten side, a wrong account.
const LEDGER_FAULTS = statement(
  'ledger-faults',
  `WITH posting AS (
     SELECT id, kind, debit_code AS code, debit_account_id AS account_id, amount_minor AS minor, currency, bill_id, payment_id FROM ledger_entry
     UNION ALL
     SELECT id, kind, credit_code, credit_account_id, -amount_minor, currency, bill_id, payment_id FROM ledger_entry),
   account_sum AS (
     SELECT a.id, a.account_number, a.due_minor, a.credit_minor, coalesce(p.receivable, 0) AS receivable, coalesce(p.credit, 0) AS credit,
            coalesce((SELECT sum(total_minor - paid_minor + late_fee_minor - late_fee_paid_minor) FROM bill b WHERE b.account_id = a.id), 0) AS open_bills
     FROM account a LEFT JOIN (
       SELECT account_id, sum(minor) FILTER (WHERE code = 'RECEIVABLE') AS receivable, -sum(minor) FILTER (WHERE code = 'CUSTOMER_CREDIT') AS credit
       FROM posting GROUP BY account_id) p ON p.account_id = a.id),
   bill_sum AS (
     SELECT b.*, (SELECT coalesce(sum(amount_minor), 0) FROM bill_line l WHERE l.bill_id = b.id) AS lines,
            (SELECT coalesce(sum(principal_minor), 0) FROM payment_allocation x WHERE x.bill_id = b.id) AS allocated,
            (SELECT coalesce(sum(late_fee_minor), 0) FROM payment_allocation x WHERE x.bill_id = b.id) AS late_fee_allocated,
            coalesce(p.receivable, 0) AS receivable
     FROM bill b LEFT JOIN (SELECT bill_id, sum(minor) AS receivable FROM posting WHERE code = 'RECEIVABLE' GROUP BY bill_id) p ON p.bill_id = b.id),
   payment_sum AS (
     SELECT p.*, coalesce(e.entered, 0) AS entered,
            (SELECT coalesce(sum(principal_minor + late_fee_minor), 0) FROM payment_allocation x WHERE x.payment_id = p.id) AS allocated,
            p.id IN (SELECT resolved_by_payment_id FROM payment WHERE resolved_by_payment_id IS NOT NULL) AS from_suspense
     FROM payment p LEFT JOIN (
       SELECT payment_id, sum(amount_minor) AS entered FROM ledger_entry WHERE kind NOT IN ('REVERSAL', 'LATE_FEE_CREDITED') GROUP BY payment_id) e ON e.payment_id = p.id),
   late_fee AS (
     SELECT e.id, e.kind, e.amount_minor, e.bill_id, (SELECT kind FROM ledger_entry o WHERE o.id = e.reverses_entry_id) AS reversed_kind,
            (SELECT coalesce(sum(amount_minor), 0) FROM late_fee_line l WHERE l.entry_id = e.id) AS lines,
            EXISTS (SELECT FROM late_fee_line l JOIN late_fee_line m ON m.entry_id = l.entry_id AND m.line_number > l.line_number
                    WHERE l.entry_id = e.id AND l.days IS NOT NULL AND m.days IS NOT NULL AND m.from_date <= l.to_date) AS charged_twice
     FROM ledger_entry e WHERE e.kind LIKE 'LATE_FEE%'),
   bill_late_fee AS (
     SELECT b.bill_number, b.late_fee_minor,
            coalesce(f.entered, 0) AS entered,
            EXISTS (SELECT FROM late_fee_waiver w WHERE w.bill_id = b.id AND w.account_id <> b.account_id) AS foreign_waiver
     FROM bill b LEFT JOIN (
       SELECT bill_id, sum(CASE kind WHEN 'LATE_FEE' THEN amount_minor WHEN 'LATE_FEE_REVERSED' THEN -amount_minor ELSE 0 END) AS entered
       FROM late_fee GROUP BY bill_id) f ON f.bill_id = b.id)
   SELECT 'postings in ' || currency || ' sum to ' || sum(minor) AS fault FROM posting GROUP BY currency HAVING sum(minor) <> 0
   UNION ALL SELECT 'account ' || account_number || ' says due ' || due_minor || ', its ledger says ' || receivable FROM account_sum WHERE due_minor <> receivable
   UNION ALL SELECT 'account ' || account_number || ' says due ' || due_minor || ', its bills say ' || open_bills FROM account_sum WHERE due_minor <> open_bills
   UNION ALL SELECT 'account ' || account_number || ' says credit ' || credit_minor || ', its ledger says ' || credit FROM account_sum WHERE credit_minor <> credit
   UNION ALL SELECT 'bill ' || bill_number || ' is ' || total_minor || ', its lines are ' || lines FROM bill_sum WHERE total_minor <> lines
   UNION ALL SELECT 'bill ' || bill_number || ' says paid ' || paid_minor || ', allocations say ' || allocated FROM bill_sum WHERE paid_minor <> allocated
   UNION ALL SELECT 'bill ' || bill_number || ' says late fee paid ' || late_fee_paid_minor || ', allocations say ' || late_fee_allocated FROM bill_sum WHERE late_fee_paid_minor <> late_fee_allocated
   UNION ALL SELECT 'bill ' || bill_number || ' leaves ' || (total_minor + late_fee_minor - paid_minor - late_fee_paid_minor) || ' open, its ledger ' || receivable
     FROM bill_sum WHERE receivable <> total_minor + late_fee_minor - paid_minor - late_fee_paid_minor
   UNION ALL SELECT 'payment ' || id || ' is ' || amount_minor || ', its entries are ' || entered FROM payment_sum WHERE entered <> amount_minor
   UNION ALL SELECT 'payment ' || id || ' is ' || state || ' and settles ' || allocated || ' with ' || credited_minor || ' to credit' FROM payment_sum
     WHERE (state = 'POSTED' AND allocated + credited_minor <> amount_minor) OR (state <> 'POSTED' AND allocated <> 0)
   UNION ALL SELECT 'payment ' || payment_id || ' is reversed, and ' || code || ' keeps ' || sum(minor) FROM posting
     WHERE payment_id IN (SELECT id FROM payment WHERE state = 'REVERSED') GROUP BY payment_id, code, account_id HAVING sum(minor) <> 0
   UNION ALL SELECT 'suspense in ' || currency || ' is ' || sum(held) || ', payments in suspense are ' || sum(waiting) FROM (
       SELECT currency, -minor AS held, 0 AS waiting FROM posting WHERE code = 'SUSPENSE'
       UNION ALL SELECT currency, 0, amount_minor FROM payment WHERE state = 'SUSPENSE') s GROUP BY currency HAVING sum(held) <> sum(waiting)
   UNION ALL SELECT 'cash in ' || currency || ' is ' || sum(held) || ', payments that stand are ' || sum(received) FROM (
       SELECT currency, minor AS held, 0 AS received FROM posting WHERE code = 'CASH'
       UNION ALL SELECT currency, 0, amount_minor FROM payment_sum WHERE state <> 'REVERSED' AND NOT from_suspense) s GROUP BY currency HAVING sum(held) <> sum(received)
   UNION ALL SELECT 'late fee entry ' || id || ' is ' || amount_minor || ', its lines are ' || lines FROM late_fee WHERE kind = 'LATE_FEE' AND lines <> amount_minor
   UNION ALL SELECT 'late fee entry ' || id || ' charges a day twice' FROM late_fee WHERE charged_twice
   UNION ALL SELECT 'late fee entry ' || id || ' is ' || kind || ' and reverses ' || coalesce(reversed_kind, 'nothing') FROM late_fee
     WHERE (kind = 'LATE_FEE_REVERSED') <> (reversed_kind IS NOT NULL) OR reversed_kind <> 'LATE_FEE'
   UNION ALL SELECT 'late fee line of entry ' || entry_id || ', which is none of its bill' FROM late_fee_line l
     WHERE NOT EXISTS (SELECT FROM late_fee f WHERE f.id = l.entry_id AND f.kind = 'LATE_FEE' AND f.bill_id = l.bill_id)
   UNION ALL SELECT 'bill ' || bill_number || ' says late fee ' || late_fee_minor || ', its ledger says ' || entered FROM bill_late_fee WHERE late_fee_minor <> entered
   UNION ALL SELECT 'bill ' || bill_number || ' has a waiver of another account' FROM bill_late_fee WHERE foreign_waiver
   UNION ALL SELECT 'compensation case ' || c.id || ' grants ' || c.granted_minor || ', its entry is ' || e.kind || ' ' || e.debit_code || ' ' || e.credit_code || ' ' || e.amount_minor
     FROM compensation_case c JOIN ledger_entry e ON e.id = c.ledger_entry_id
     WHERE (e.kind, e.debit_code, e.credit_code, e.amount_minor, e.credit_account_id, e.currency)
       <> ('COMPENSATION', 'COMPENSATION', 'CUSTOMER_CREDIT', c.granted_minor, c.account_id, c.currency)
   UNION ALL SELECT 'compensation entry ' || id || ' belongs to no case' FROM ledger_entry e
     WHERE (e.kind = 'COMPENSATION' OR 'COMPENSATION' IN (e.debit_code, e.credit_code))
       AND NOT EXISTS (SELECT FROM compensation_case c WHERE c.ledger_entry_id = e.id)
   UNION ALL SELECT 'entry ' || p.id || ' is in ' || p.currency || ', its account in ' || a.currency FROM posting p JOIN account a ON a.id = p.account_id WHERE a.currency <> p.currency
   UNION ALL SELECT 'entry ' || e.id || ' does not mirror entry ' || o.id FROM ledger_entry e JOIN ledger_entry o ON o.id = e.reverses_entry_id
     WHERE (e.debit_code, e.credit_code, e.amount_minor, e.currency) <> (o.credit_code, o.debit_code, o.amount_minor, o.currency)
        OR (e.debit_account_id, e.credit_account_id) IS DISTINCT FROM (o.credit_account_id, o.debit_account_id)`,
);

/**
 * Every way in which the ledger of a database contradicts itself, the cached sums or the payments, in words; empty when all is well.
 * Use it after anything that moves money: `expect(await ledgerFaults(db)).toEqual([])`.
 */
export const ledgerFaults = async (reader: Reader): Promise<string[]> =>
  (await reader.rows<{ fault: string }>(LEDGER_FAULTS)).map(({ fault }) => fault);
