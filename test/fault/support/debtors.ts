import { approveSwitchCommand } from '../../../src/flows/decide-switch.js';
import { receivePayment, type PaymentInput } from '../../../src/flows/receive-payment.js';
import { requestCut } from '../../../src/flows/request-switch.js';
import { eventually } from '../../support/eventually.js';
import {
  commandFaults,
  cutsSentToPaid,
  finalSupplies,
  moneyFaults,
  supplyFaults,
  toggleFaults,
} from '../../support/invariants.js';
import { person, type TestRelight } from '../../support/test-relight.js';
import { serveCutNotice } from '../../flow/support/served-notice.js';
import { MIN_DEBT_MINOR } from '../../support/policies.js';

/** The local day of the simulated world. */
export const TODAY = '2026-03-10';

/** An account in arrears that may be cut. Amounts in fen. */
export interface Debtor {
  readonly accountNumber: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly meterId: string;
  readonly serial: string;
  readonly gateway: string;
  readonly overdueMinor: bigint;
}

/** Takes protections away, lets every meter restore directly, and lists the accounts in arrears. */
export async function makeDebtors(relight: TestRelight): Promise<Debtor[]> {
  await relight.sql(`DELETE FROM protection`);
  await relight.sql(`UPDATE meter SET reconnect_mode = 'DIRECT'`);
  return relight.sql<Debtor>(
    `SELECT a.account_number AS "accountNumber", a.id AS "accountId", sp.id AS "servicePointId", m.id AS "meterId", m.serial, g.gateway_number AS gateway,
       (SELECT sum(total_minor - paid_minor)::bigint FROM bill b WHERE b.account_id = a.id AND b.due_date < $1::date) AS "overdueMinor"
     FROM account a JOIN service_point sp ON sp.account_id = a.id JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL
     JOIN meter m ON m.id = i.meter_id JOIN gateway g ON g.id = m.gateway_id WHERE a.due_minor > 0 ORDER BY 1`,
    [TODAY],
  );
}

/** Orders and approves a cut; returns the command's id. Each call with the same `attempt` has the same keys. */
export async function orderCut(relight: TestRelight, debtor: Debtor, attempt = 1): Promise<string> {
  const key = `${debtor.serial}-${attempt}`;
  const request = {
    servicePointId: debtor.servicePointId,
    reason: 'ARREARS',
    note: 'unpaid',
  } as const;
  await serveCutNotice(relight, debtor);
  const { commandId } = await requestCut(
    relight.ctx,
    { ...request, idempotencyKey: `request-${key}` },
    person('clerk'),
  );
  await approveSwitchCommand(
    relight.ctx,
    { commandId, role: 'SUPERVISOR', idempotencyKey: `approve-${key}`, note: 'checked' },
    person('supervisor'),
  );
  return commandId;
}

/** Cuts these debtors and waits until every meter has proved it. */
export async function cutAll(relight: TestRelight, debtors: readonly Debtor[]): Promise<void> {
  const ids: string[] = [];
  for (const debtor of debtors) ids.push(await orderCut(relight, debtor));
  await eventually(
    `${ids.length} cuts are verified`,
    async () => (await countStates(relight, ids)).get('VERIFIED') === ids.length,
    120_000,
  );
}

/** State → how many of these commands are in it. */
export async function countStates(relight: TestRelight, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await relight.sql<{ state: string; n: number }>(
    `SELECT state, count(*)::int AS n FROM switch_command WHERE id = ANY($1::uuid[]) GROUP BY 1`,
    [ids],
  );
  return new Map(rows.map(({ state, n }) => [state, n]));
}

export const fullPayment = ({ accountNumber, overdueMinor }: Debtor): PaymentInput => ({
  idempotencyKey: `pay-${accountNumber}`,
  accountNumber,
  amountMinor: overdueMinor,
  currency: 'CNY',
  channel: 'BANK',
});

/** Pays what is overdue; returns the restore that this ordered, if it did. */
export async function payInFull(relight: TestRelight, debtor: Debtor): Promise<string | undefined> {
  return (await receivePayment(relight.ctx, fullPayment(debtor), person('bank'))).restoreCommandIds[0];
}

/** The newest command of a service point. */
export async function newestCommand(relight: TestRelight, debtor: Debtor) {
  const [command] = await relight.sql<{
    id: string;
    operation: string;
    state: string;
    code: string | null;
    attempts: number;
    reads: number;
    workOrderId: string | null;
  }>(
    `SELECT id, operation, state, failure_code AS code, attempts, reads, work_order_id AS "workOrderId" FROM switch_command
     WHERE service_point_id = $1 ORDER BY id DESC LIMIT 1`,
    [debtor.servicePointId],
  );
  return command;
}

/** Field work at a service point. */
export const workOrders = (relight: TestRelight, debtor: Debtor) =>
  relight.sql<{
    id: string;
    kind: string;
    state: string;
    owner: string;
    deadlineAt: Date;
    openedAt: Date;
    closedAt: Date | null;
    closingReason: string | null;
  }>(
    `SELECT id, kind, state, owner, deadline_at AS "deadlineAt", opened_at AS "openedAt", closed_at AS "closedAt", closing_reason AS "closingReason"
     FROM work_order WHERE service_point_id = $1 ORDER BY opened_at`,
    [debtor.servicePointId],
  );

/** Everything that is wrong at the end of a run with real parts; empty when all is well. */
export async function allFaults(relight: TestRelight, fieldWorkExcuses = false): Promise<string[]> {
  const supplies = await finalSupplies(relight.sql, TODAY);
  const histories = new Map(relight.fleet.meters.map((serial) => [serial, relight.fleet.relayHistory(serial)]));
  return [
    ...(await moneyFaults(relight.sql)),
    ...(await commandFaults(relight.sql)),
    ...(await cutsSentToPaid(relight.sql, TODAY, MIN_DEBT_MINOR)),
    ...(await toggleFaults(relight.sql, histories)),
    ...supplyFaults(supplies, (serial) => relight.fleet.meter(serial)!.relay === 'closed', fieldWorkExcuses),
  ];
}
