import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';

/** One fact of the month, as the report keeps it: when by the product's clock, what, and with which amount, evidence or reason. */
export interface Fact {
  readonly accountNumber: string;
  readonly at: Date;
  readonly what: string;
  readonly detail: string;
}

/** Facts of a span of time, told by their own tables; no ids and nothing of the machine's clock. `$1` from, `$2` to (not included). */
const FACTS = statement(
  'demo-timeline-facts',
  `WITH fact AS (
     SELECT b.account_id, b.issued_at AS at, CASE WHEN b.corrects_bill_id IS NULL THEN 'bill' ELSE 'correction of a bill' END AS what,
            b.total_minor || ' for ' || b.energy_wh || ' Wh, due ' || b.due_date || CASE WHEN b.estimated THEN ', estimated' ELSE '' END AS detail FROM bill b
     UNION ALL SELECT account_id, posted_at, 'payment', amount_minor || ' ' || channel || CASE state WHEN 'POSTED' THEN '' ELSE ' ' || state END FROM payment
     UNION ALL SELECT e.debit_account_id, e.at, 'late fee', e.amount_minor::text FROM ledger_entry e WHERE e.kind = 'LATE_FEE'
     UNION ALL SELECT e.credit_account_id, e.at, 'late fee waived', e.amount_minor::text FROM ledger_entry e WHERE e.kind = 'LATE_FEE_REVERSED'
     UNION ALL SELECT account_id, created_at, 'notice prepared', coalesce(step_code, purpose) FROM notice
     UNION ALL SELECT account_id, served_at, 'notice served', concat_ws(' ', coalesce(step_code, purpose), channel, proof_kind) FROM notice WHERE served_at IS NOT NULL
     UNION ALL SELECT account_id, failed_at, 'notice failed', concat_ws(' ', coalesce(step_code, purpose), channel, failure_code) FROM notice WHERE failed_at IS NOT NULL
     UNION ALL SELECT account_id, withdrawn_at, 'notice withdrawn', concat_ws(' ', coalesce(step_code, purpose), failure_code) FROM notice WHERE withdrawn_at IS NOT NULL
     UNION ALL SELECT k.account_id, k.closed_at, 'step not taken', o.step_code || ' ' || o.state || ' ' || o.reason_code
       FROM ladder_step_outcome o JOIN dunning_case k ON k.id = o.case_id WHERE k.closed_at IS NOT NULL
     UNION ALL SELECT account_id, opened_at, 'hold', kind FROM hold
     UNION ALL SELECT account_id, closed_at, 'hold ended', kind || ' ' || outcome FROM hold WHERE closed_at IS NOT NULL
     UNION ALL SELECT account_id, requested_at, lower(operation) || CASE operation WHEN 'CUT' THEN ' proposed' ELSE ' ordered' END, reason FROM switch_command
     UNION ALL SELECT account_id, sent_at, lower(operation) || ' sent', 'attempt ' || attempts FROM switch_command WHERE sent_at IS NOT NULL
     UNION ALL SELECT account_id, ended_at, lower(operation) || ' ended', concat_ws(' ', state, CASE WHEN state <> 'VERIFIED' THEN failure_code END)
       FROM switch_command WHERE ended_at IS NOT NULL
     UNION ALL SELECT account_id, opened_at, 'power no longer due', reason FROM interruption
     UNION ALL SELECT account_id, closed_at, 'power due', reason FROM interruption WHERE closed_at IS NOT NULL
     UNION ALL SELECT account_id, opened_at, 'work order', kind FROM work_order
     UNION ALL SELECT account_id, closed_at, 'work order closed', kind || ' ' || state FROM work_order WHERE closed_at IS NOT NULL
     UNION ALL SELECT sp.account_id, f.recorded_at, 'reading corrected', f.earlier_wh || ' Wh to ' || f.energy_wh || ' Wh'
       FROM reading_fault f JOIN meter_installation i ON i.id = f.installation_id JOIN service_point sp ON sp.id = i.service_point_id WHERE f.kind = 'CORRECTED')
   SELECT a.account_number AS "accountNumber", f.at, f.what, f.detail FROM fact f JOIN account a ON a.id = f.account_id
   WHERE f.at >= $1 AND f.at < $2 ORDER BY a.account_number, f.at, f.what COLLATE "C", f.detail COLLATE "C"`,
);

/** Everything that happened to accounts from an instant until before another, by account and time. */
export const factsBetween = (ctx: Pick<FlowContext, 'db'>, from: Date, to: Date): Promise<Fact[]> =>
  ctx.db.rows<Fact>(FACTS, [from, to]);
