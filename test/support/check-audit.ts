import { statement, type Reader } from '../../src/platform/database.js';

// Late evidence is kept beside a command that has ended; it is no change of state.
const AUDIT_FAULTS = statement(
  'check-audit-faults',
  `WITH subject AS (
     SELECT 'SwitchCommand' AS type, id, state FROM switch_command
     UNION ALL SELECT 'Payment', id, state FROM payment
     UNION ALL SELECT 'WorkOrder', id, state FROM work_order
     UNION ALL SELECT 'Interruption', id, CASE WHEN closed_at IS NULL THEN reason END FROM interruption
     UNION ALL SELECT 'Bill', id, 'ISSUED' FROM bill
     UNION ALL SELECT 'LateFeeWaiver', id, state FROM late_fee_waiver
     UNION ALL SELECT 'FollowUp', id, state FROM follow_up
     UNION ALL SELECT 'CompensationCase', id, state FROM compensation_case
     UNION ALL SELECT 'RestoreBreach', id, CASE WHEN accepted_by_customer THEN 'ACCEPTED' WHEN NOT accepted_by_customer THEN 'NOT_ACCEPTED'
       WHEN explanation IS NOT NULL THEN 'EXPLAINED' ELSE 'RECORDED' END FROM restore_breach
     UNION ALL SELECT 'MeterInstallation', id, CASE WHEN removed_at IS NULL THEN 'INSTALLED' ELSE 'REMOVED' END FROM meter_installation),
   entry AS (
     SELECT e.*, lag(to_state) OVER w AS previous, row_number() OVER w AS position, lead(id) OVER w AS following
     FROM audit_entry e WHERE act <> 'switch-command.late-evidence' AND subject_type IN (SELECT type FROM subject)
     WINDOW w AS (PARTITION BY subject_type, subject_id ORDER BY id)),
   told AS (SELECT act || ' (' || coalesce(from_state, '-') || ' → ' || coalesce(to_state, '-') || ')' AS text, e.* FROM entry e)
   SELECT type || ' ' || s.id || ' has no audit entry' AS fault FROM subject s WHERE NOT EXISTS (SELECT FROM entry e WHERE e.subject_type = s.type AND e.subject_id = s.id)
   UNION ALL SELECT t.subject_type || ' ' || t.subject_id || ' begins with ' || t.text FROM told t WHERE position = 1 AND from_state IS NOT NULL
   UNION ALL SELECT t.subject_type || ' ' || t.subject_id || ': ' || t.text || ' follows ' || coalesce(previous, '-') FROM told t WHERE position > 1 AND from_state IS DISTINCT FROM previous
   UNION ALL SELECT t.subject_type || ' ' || t.subject_id || ' is ' || coalesce(s.state, 'ended') || ', its last entry is ' || t.text
     FROM told t JOIN subject s ON s.type = t.subject_type AND s.id = t.subject_id WHERE following IS NULL AND t.to_state IS DISTINCT FROM s.state
   UNION ALL SELECT t.subject_type || ' ' || t.subject_id || ': ' || t.text || ' says neither why nor on what evidence' FROM told t WHERE reason IS NULL AND detail = '{}'
   UNION ALL SELECT t.subject_type || ' ' || t.subject_id || ': ' || t.text || ' is about nothing on record' FROM told t WHERE NOT EXISTS (SELECT FROM subject s WHERE s.type = t.subject_type AND s.id = t.subject_id)`,
);

/**
 * Every state change of a command, payment, work order, interruption, bill or installation that the audit does not tell exactly once,
 * from its beginning to its present state, in words; empty when all is well.
 */
export const auditFaults = async (reader: Reader): Promise<string[]> =>
  (await reader.rows<{ fault: string }>(AUDIT_FAULTS)).map(({ fault }) => fault);
