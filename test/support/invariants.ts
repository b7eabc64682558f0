import type { RelayToggle } from '../../simulator/fleet.js';

/** Runs one statement of a test. */
export type Sql = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

const list = (what: string, rows: readonly object[]): string[] =>
  rows.map(
    (row) =>
      `${what}: ${JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
  );

/**
 * What is wrong with the money, in words; empty when all is well: the balances of accounts, the amounts paid of bills and the credit
 * are what the ledger and the allocations say, and every payment is in the ledger once and whole.
 */
export async function moneyFaults(sql: Sql): Promise<string[]> {
  const accounts = await sql<object>(
    `SELECT a.account_number, a.due_minor, l.due AS ledger_due, a.credit_minor, l.credit AS ledger_credit FROM account a
     JOIN LATERAL (SELECT
         coalesce(sum(amount_minor) FILTER (WHERE debit_account_id = a.id AND debit_code = 'RECEIVABLE'), 0)
           - coalesce(sum(amount_minor) FILTER (WHERE credit_account_id = a.id AND credit_code = 'RECEIVABLE'), 0) AS due,
         coalesce(sum(amount_minor) FILTER (WHERE credit_account_id = a.id AND credit_code = 'CUSTOMER_CREDIT'), 0)
           - coalesce(sum(amount_minor) FILTER (WHERE debit_account_id = a.id AND debit_code = 'CUSTOMER_CREDIT'), 0) AS credit
       FROM ledger_entry e WHERE e.debit_account_id = a.id OR e.credit_account_id = a.id) l ON true
     WHERE a.due_minor <> l.due OR a.credit_minor <> l.credit`,
  );
  const bills = await sql<object>(
    `SELECT b.id, b.paid_minor, b.late_fee_paid_minor, p.principal, p.late_fee FROM bill b
     JOIN LATERAL (SELECT coalesce(sum(principal_minor), 0) AS principal, coalesce(sum(late_fee_minor), 0) AS late_fee
       FROM payment_allocation WHERE bill_id = b.id) p ON true
     WHERE b.paid_minor <> p.principal OR b.late_fee_paid_minor <> p.late_fee`,
  );
  const payments = await sql<object>(
    `SELECT p.id, p.state, p.amount_minor, e.total FROM payment p
     JOIN LATERAL (SELECT coalesce(sum(amount_minor) FILTER (WHERE reverses_entry_id IS NULL AND kind <> 'LATE_FEE_CREDITED'), 0) AS total
       FROM ledger_entry WHERE payment_id = p.id) e ON true
     WHERE e.total <> p.amount_minor`,
  );
  const dues = await sql<object>(
    `SELECT a.account_number, a.due_minor, b.open FROM account a
     JOIN LATERAL (SELECT coalesce(sum(total_minor + late_fee_minor - paid_minor - late_fee_paid_minor), 0) AS open
       FROM bill WHERE account_id = a.id) b ON true WHERE a.due_minor <> b.open`,
  );
  return [
    ...list('account and ledger differ', accounts),
    ...list('bill and allocations differ', bills),
    ...list('payment and ledger differ', payments),
    ...list('account and bills differ', dues),
  ];
}

/** Commands that have not ended, or whose history has a gap or does not lead to their state. */
export async function commandFaults(sql: Sql): Promise<string[]> {
  const open = await sql<object>(
    `SELECT m.serial, c.id, c.operation, c.state FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE c.ended_at IS NULL`,
  );
  const broken = await sql<object>(
    `SELECT m.serial, h.subject_id, h.from_state, h.to_state, h.before FROM (
       SELECT subject_id, from_state, to_state, lag(to_state) OVER (PARTITION BY subject_id ORDER BY id) AS before
       FROM audit_entry WHERE act IN ('switch-command.ordered', 'switch-command.moved')) h
     JOIN switch_command c ON c.id = h.subject_id JOIN meter m ON m.id = c.meter_id
     WHERE h.from_state IS DISTINCT FROM h.before`,
  );
  const differing = await sql<object>(
    `SELECT m.serial, c.id, c.state, h.to_state FROM switch_command c JOIN meter m ON m.id = c.meter_id
     LEFT JOIN LATERAL (SELECT to_state FROM audit_entry a WHERE a.subject_id = c.id AND a.act IN ('switch-command.ordered', 'switch-command.moved')
       ORDER BY a.id DESC LIMIT 1) h ON true
     WHERE h.to_state IS DISTINCT FROM c.state`,
  );
  const sequences = await sql<object>(
    `SELECT m.serial, c.id, c.sequence FROM switch_command c JOIN meter m ON m.id = c.meter_id
     WHERE EXISTS (SELECT FROM switch_command o WHERE o.meter_id = c.meter_id AND o.id < c.id AND o.sequence >= c.sequence)`,
  );
  // Its outcome is not known: only a restore with a higher sequence bars it for ever.
  const unanswered = await sql<object>(
    `SELECT m.serial, c.id, c.failure_code FROM switch_command c JOIN meter m ON m.id = c.meter_id
     WHERE c.operation = 'CUT' AND c.state = 'FAILED'
       AND NOT EXISTS (SELECT FROM switch_command r WHERE r.meter_id = c.meter_id AND r.operation = 'RESTORE' AND r.requested_at = c.ended_at)`,
  );
  return [
    ...list('sequence used before', sequences),
    ...list('cut of unknown outcome without a restore', unanswered),
    ...list('command without an end', open),
    ...list('history has a gap', broken),
    ...list('state and history differ', differing),
  ];
}

/**
 * Cuts that became SENT although what the account owed for more than 30 days had been paid. The order of the audit entries of one
 * account is the order in which its lock was taken. Reversed payments are not counted as paid.
 */
export async function cutsSentToPaid(sql: Sql, today: string, minDebtMinor: bigint): Promise<string[]> {
  const rows = await sql<object>(
    `SELECT m.serial, s.subject_id AS command, owed.minor FROM audit_entry s
     JOIN switch_command c ON c.id = s.subject_id AND c.operation = 'CUT' AND c.reason = 'ARREARS' JOIN meter m ON m.id = c.meter_id
     JOIN LATERAL (
       SELECT coalesce(sum(b.total_minor - coalesce((
           SELECT sum(a.principal_minor) FROM payment_allocation a JOIN payment p ON p.id = a.payment_id AND p.state = 'POSTED'
           JOIN audit_entry r ON r.subject_id = p.id AND r.act = 'payment.recorded' AND r.id < s.id
           WHERE a.bill_id = b.id), 0)), 0) AS minor
       FROM bill b WHERE b.account_id = s.account_id AND b.due_date < $1::date - 30) owed ON true
     WHERE s.act = 'switch-command.moved' AND s.to_state = 'SENT' AND owed.minor < $2`,
    [today, minDebtMinor],
  );
  return list('cut sent to a paid account', rows);
}

/** A service point as the exam sees it at the end. */
export interface FinalSupply {
  readonly serial: string;
  readonly accountNumber: string;
  readonly overdueMinor: bigint;
  readonly interruptions: string[];
  readonly workOrders: number;
  readonly reportedRelay: string | null;
}

/** Service points with their open reasons, overdue debt and open field work: of these meters, or all. `today` is a local day. */
export const finalSupplies = (sql: Sql, today: string, serials?: readonly string[]): Promise<FinalSupply[]> =>
  sql<FinalSupply>(
    `SELECT m.serial, a.account_number AS "accountNumber", m.reported_relay AS "reportedRelay",
       (SELECT coalesce(sum(total_minor + late_fee_minor - paid_minor - late_fee_paid_minor), 0)::bigint FROM bill b WHERE b.account_id = a.id AND b.due_date < $1::date) AS "overdueMinor",
       ARRAY(SELECT reason FROM interruption i WHERE i.service_point_id = sp.id AND i.closed_at IS NULL) AS interruptions,
       (SELECT count(*)::int FROM work_order w WHERE w.service_point_id = sp.id AND w.state = 'OPEN' AND w.kind = 'RESTORE_ON_SITE'
          AND w.owner <> '' AND w.deadline_at > w.opened_at) AS "workOrders"
     FROM service_point sp JOIN account a ON a.id = sp.account_id
     JOIN meter_installation x ON x.service_point_id = sp.id AND x.removed_at IS NULL JOIN meter m ON m.id = x.meter_id
     WHERE $2::text[] IS NULL OR m.serial = ANY($2) ORDER BY 1`,
    [today, serials ?? null],
  );

/**
 * Relays that do not stand as they must: closed exactly when no reason is open, and no debt reason open where nothing is overdue. A dark
 * house is excused only by open field work, and only where `fieldWorkExcuses`.
 */
export function supplyFaults(
  supplies: readonly FinalSupply[],
  isClosed: (serial: string) => boolean,
  fieldWorkExcuses: boolean,
): string[] {
  return supplies.flatMap((supply) => {
    const due = supply.interruptions.length === 0;
    const closed = isClosed(supply.serial);
    const faults: string[] = [];
    if (due && !closed && !(fieldWorkExcuses && supply.workOrders > 0))
      faults.push(...list('power is due and the relay is open', [supply]));
    if (!due && closed) faults.push(...list('power is not due and the relay is closed', [supply]));
    if (supply.overdueMinor === 0n && supply.interruptions.includes('ARREARS'))
      faults.push(...list('paid in full and still interrupted', [supply]));
    return faults;
  });
}

/** Ends that say for certain that nothing was done. */
const NOT_DONE = ['REJECTED', 'EXPIRED', 'CANCELLED'];

/** Movements of relays that no sent command explains, or of which one command has caused more than one. */
export async function toggleFaults(
  sql: Sql,
  histories: ReadonlyMap<string, readonly RelayToggle[]>,
): Promise<string[]> {
  const commands = new Map(
    (
      await sql<{ id: string; operation: string; attempts: number; serial: string; state: string }>(
        `SELECT c.id, c.operation, c.attempts, c.state, m.serial FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE m.serial = ANY($1::text[])`,
        [[...histories.keys()]],
      )
    ).map((command) => [command.id, command]),
  );
  const faults: string[] = [];
  for (const [serial, history] of histories) {
    const seen = new Set<string>();
    for (const toggle of history) {
      const command = commands.get(toggle.commandId);
      const wanted = toggle.to === 'open' ? 'CUT' : 'RESTORE';
      if (!command || command.serial !== serial || command.attempts < 1 || command.operation !== wanted) {
        faults.push(...list(`meter ${serial} moved without an order`, [toggle]));
      }
      if (command && NOT_DONE.includes(command.state))
        faults.push(...list(`meter ${serial} moved for a command that ended ${command.state}`, [toggle]));
      if (seen.has(toggle.commandId)) faults.push(...list(`meter ${serial} moved twice for one command`, [toggle]));
      seen.add(toggle.commandId);
    }
  }
  return faults;
}
