/** The database role of the guard where the product makes it, and in deploy/guard-role.sql. */
export const GUARD_ROLE = 'relight_guard';

/**
 * The tables the guard reads, and may read; nothing else. Names, contacts and addresses are not among them: it reads only these columns of
 * a table where some are named. A test compares deploy/guard-role.sql, another lets the role try to write everywhere.
 */
export const GUARD_TABLES: Readonly<Record<string, readonly string[]>> = {
  account: [],
  arrears_cause: [],
  bill: [],
  clock_state: [],
  contact: ['id', 'customer_id', 'kind', 'valid'],
  contact_proof: [],
  customer: ['id', 'customer_class', 'created_at', 'protection_asked_on'],
  cut_approval: [],
  cut_batch: [],
  dunning_pause: ['account_id', 'from_date', 'until_date', 'ended_on'],
  gateway: ['id', 'gateway_number', 'district_id'],
  hold: [],
  interruption: [],
  kill_switch: [],
  late_fee_waiver: [],
  ledger_entry: ['id', 'at', 'debit_account_id', 'credit_account_id', 'amount_minor'],
  meter: [],
  meter_installation: [],
  notice: [
    'id',
    'account_id',
    'anchor_bill_id',
    'copy_of_id',
    'step_code',
    'purpose',
    'state',
    'channel',
    'recipient',
    'created_at',
    'served_at',
    'failed_at',
    'failure_code',
    'proof_kind',
    'announced_cut_at',
  ],
  notice_bill: [],
  payment: [],
  payment_allocation: [],
  payment_channel: [],
  payment_reversal: ['payment_id', 'reversed_at'],
  plan_instalment: [],
  protection: [],
  service_point: ['id', 'service_point_number', 'account_id', 'district_id'],
  switch_command: [],
  transformer_district: ['id', 'code', 'weather_region'],
  weather_report: [],
};

/** The statements that let `role` read what the guard needs, in the order of the tables. Takes effect for whoever owns the tables. */
export const guardGrants = (role: string): string[] =>
  Object.entries(GUARD_TABLES).map(
    ([table, columns]) => `GRANT SELECT${columns.length > 0 ? ` (${columns.join(', ')})` : ''} ON ${table} TO ${role};`,
  );
