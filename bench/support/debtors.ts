import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { formatAmount } from '../../src/platform/money.js';
import { changeOf, HttpConnection } from './http-connection.js';
import { quotesOf } from './quotes.js';
import type { RunningRelight } from './relight.js';
import { until } from './until.js';

/** An account in arrears. `due`: what it has to pay today, late fees included, in major units as the API takes it. */
export interface Debtor {
  readonly accountNumber: string;
  readonly servicePointNumber: string;
  readonly due: string;
}

/** A debtor whose meter is off, and the command that did it. */
export interface CutDebtor extends Debtor {
  readonly commandId: string;
}

const CUTS_AT_ONCE = 4;
const CUT_TIMEOUT_MS = 120_000;

const REQUEST = `mutation ($input: RequestCutInput!) { change: requestCut(input: $input) { switchCommand { id } userErrors { code message } } }`;
const APPROVE = `mutation ($input: SwitchDecisionInput!) { change: approveSwitchCommand(input: $input) { switchCommand { id } userErrors { code message } } }`;

/**
 * Accounts in arrears whose meters close by themselves and whose customers nobody protects.
 * @throws Error when this world has fewer than `wanted`
 */
export async function debtorsOf(database: pg.Client, databaseUrl: string, wanted: number): Promise<Debtor[]> {
  const { rows } = await database.query<Omit<Debtor, 'due'>>(
    `SELECT a.account_number AS "accountNumber", sp.service_point_number AS "servicePointNumber"
     FROM account a JOIN service_point sp ON sp.account_id = a.id JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL
       JOIN meter m ON m.id = i.meter_id
     WHERE a.due_minor > 0 AND m.reconnect_mode = 'DIRECT' AND NOT EXISTS (SELECT FROM protection p WHERE p.customer_id = a.customer_id)
     ORDER BY 1 LIMIT $1`,
    [wanted],
  );
  if (rows.length < wanted) throw new Error(`this world has ${rows.length} meters to cut, the bench needs ${wanted}`);
  const quotes = await quotesOf(
    databaseUrl,
    rows.map(({ accountNumber }) => accountNumber),
  );
  return rows.map((row) => ({ ...row, due: formatAmount(quotes.get(row.accountNumber)!, 'CNY') }));
}

/** Four days before the simulated present, in the afternoon: inside the lawful three to seven. */
const NOTICE_SERVED_AT = '2026-03-06T06:00:00Z';

/** Puts on record what a cut needs and the bench does not measure: every notice served, and thresholds that let all cuts through. */
async function prepareForCuts(database: pg.Client, debtors: readonly Debtor[]): Promise<void> {
  await database.query(
    `WITH made AS (
       INSERT INTO notice (id, account_id, step_code, purpose, state, channel, recipient, by_gateway, owner, mandatory, language, template_code, template_version, body,
         principal_minor, late_fee_minor, balance_minor, currency, policy_code, policy_version, created_at, sent_at, served_at, proof_kind, proof_reference, proof_recorded_by)
       SELECT gen_random_uuid(), a.id, 'CUT_NOTICE', 'CUT_NOTICE', 'SERVED', 'VISIT', 'CUSTOMER', false, 'bench', true, 'zh', 'CUT_NOTICE', 1, '停电通知书', 0, 0, 0, 'CNY',
         'CHINA-POSTPAID', 1, $2, $2, $2, 'SIGNATURE', 'bench slip', 'bench' FROM account a WHERE a.account_number = ANY($1::text[])
       RETURNING id, account_id)
     INSERT INTO notice_bill (notice_id, bill_id, principal_minor, late_fee_minor)
     SELECT m.id, b.id, b.total_minor - b.paid_minor, 0 FROM made m JOIN bill b ON b.account_id = m.account_id WHERE b.paid_minor < b.total_minor`,
    [debtors.map(({ accountNumber }) => accountNumber), NOTICE_SERVED_AT],
  );
  await database.query(
    `INSERT INTO cut_threshold_change (id, kind, value, raises, requested_by, requested_at, reason, effective_from)
     SELECT gen_random_uuid(), kind, 1000000000000, false, 'bench', '2020-01-01', 'bench', '2020-01-01'
     FROM unnest(ARRAY['OPERATOR_PER_DAY', 'SYSTEM_PER_MINUTE', 'SYSTEM_PER_HOUR', 'SYSTEM_PER_DAY_PER_MILLE', 'DISTRICT_PERCENT_PER_HOUR', 'DEBT_MAX_MINOR']) AS kind`,
  );
}

/** Cuts each of them lawfully through the API, asked for by one person and approved by another, until every meter has proven it. */
export async function cutThroughApi(
  relight: RunningRelight,
  database: pg.Client,
  debtors: readonly Debtor[],
  progress: (done: number) => void,
): Promise<CutDebtor[]> {
  const clerk = await relight.token({ subject: 'bench-clerk', role: 'SUPERVISOR' });
  const approver = await relight.token({ subject: 'bench-approver', role: 'SUPERVISOR' });
  await prepareForCuts(database, debtors);
  const left = [...debtors];
  await Promise.all(
    Array.from({ length: CUTS_AT_ONCE }, async () => {
      const asking = await HttpConnection.open(relight.url, clerk);
      const approving = await HttpConnection.open(relight.url, approver);
      for (let debtor = left.shift(); debtor; debtor = left.shift()) {
        const { servicePointNumber } = debtor;
        const input = {
          idempotencyKey: randomUUID(),
          servicePointNumber,
          interruptionReason: 'ARREARS',
          reason: 'bench',
        };
        const { switchCommand } = changeOf<{ switchCommand: { id: string } }>(await asking.post(REQUEST, { input }));
        changeOf(
          await approving.post(APPROVE, {
            input: { idempotencyKey: randomUUID(), switchCommandId: switchCommand.id, reason: 'bench' },
          }),
        );
        progress(debtors.length - left.length);
      }
      asking.close();
      approving.close();
    }),
  );
  const cuts = new Map<string, string>();
  await until(
    'every cut is VERIFIED',
    async () => {
      const { rows } = await database.query<{ servicePointNumber: string; id: string }>(
        `SELECT sp.service_point_number AS "servicePointNumber", c.id FROM switch_command c JOIN service_point sp ON sp.id = c.service_point_id
       WHERE c.operation = 'CUT' AND c.state = 'VERIFIED'`,
      );
      for (const { servicePointNumber, id } of rows) cuts.set(servicePointNumber, id);
      return debtors.every(({ servicePointNumber }) => cuts.has(servicePointNumber));
    },
    { timeoutMs: CUT_TIMEOUT_MS, everyMs: 200 },
  );
  return debtors.map((debtor) => ({ ...debtor, commandId: cuts.get(debtor.servicePointNumber)! }));
}
