import type { LockedAccount } from '../accounts/accounts.js';
import { openBills } from '../billing/bills.js';
import { mayReconnect } from '../dunning/reconnect-policy.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { crashPoint } from '../platform/crash-points.js';
import { newId } from '../platform/ids.js';
import { localDate } from '../platform/local-date.js';
import { closeInterruptions } from '../switching/interruptions.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { supplyOfAccount, type SupplyFacts } from '../switching/supply.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { lockOpenCommands, moveCommands, type CommandMove } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';
import { isMetered, orderRestoresAt } from './order-restores.js';

const MONEY = statement(
  'release-supply-money',
  `SELECT a.credit_minor - a.due_minor AS "balanceMinor",
          (SELECT min((i.evidence->>'debtMinor')::bigint) FROM interruption i
           WHERE i.account_id = a.id AND i.closed_at IS NULL AND i.evidence ? 'debtMinor') AS "debtAtCutMinor"
   FROM account a WHERE a.id = $1`,
);

/**
 * What a payment does to the supply, in the payment's own transaction and under the account's lock. If enough is paid, as
 * the policy means it: cuts for debt that were not sent are cancelled, those that were are superseded by a restore with a higher sequence,
 * debt interruptions are closed, and a restore is ordered wherever no other reason keeps the power off.
 *
 * Returns the ids of the restores ordered.
 */
export async function releaseSupply(
  ctx: FlowContext,
  tx: Tx,
  account: LockedAccount,
  paymentId: string | null,
  at: Date,
  actor: Actor,
): Promise<string[]> {
  const supply = await supplyOfAccount(tx, account.id);
  const concerned = supply.filter(
    ({ openCommand, interruptions }) =>
      (openCommand?.operation === 'CUT' && DEBT_REASONS.includes(openCommand.reason)) ||
      interruptions.some(({ reason }) => DEBT_REASONS.includes(reason)),
  );
  if (concerned.length === 0) return [];
  const reconnect = ctx.policies.of(account.customerClass, account.paymentMode)?.policy.reconnect;
  const bills = await openBills(tx, account.id);
  const [money] = await tx.rows<{ balanceMinor: bigint; debtAtCutMinor: bigint | null }>(MONEY, [account.id]);
  if (!mayReconnect({ bills, ...money! }, reconnect, localDate(at, ctx.timeZone))) return [];
  const reason =
    reconnect?.threshold === 'BALANCE_ABOVE_ZERO' ? 'the balance is above zero' : 'nothing is overdue any more';
  return restoreAfterDebt(ctx, tx, concerned, { paymentId, at, actor, reason });
}

/** Withdraws debt cuts, closes debt interruptions and orders the restores that follow. The account must be locked. */
export async function restoreAfterDebt(
  ctx: FlowContext,
  tx: Tx,
  concerned: readonly SupplyFacts[],
  by: {
    readonly paymentId: string | null;
    readonly at: Date;
    readonly actor: Actor;
    readonly reason: string;
    /** What stands at the cuts that fall away; DEBT_SETTLED unless something else removed their cause. */
    readonly code?: string;
  },
): Promise<string[]> {
  const meterIds = concerned.flatMap(({ meterId }) => meterId ?? []);
  const commands = (await lockOpenCommands(tx, meterIds)).filter(
    ({ operation, reason }) => operation === 'CUT' && DEBT_REASONS.includes(reason),
  );
  const closed = await closeInterruptions(
    tx,
    concerned.flatMap(({ interruptions }) =>
      interruptions.filter(({ reason }) => DEBT_REASONS.includes(reason)).map(({ id }) => id),
    ),
    by,
  );
  const points = concerned.filter(isMetered).filter((point) => {
    const wasSent = commands.some(({ meterId, state }) => meterId === point.meterId && !UNSENT_STATES.includes(state));
    const wasOff = closed.some(({ servicePointId }) => servicePointId === point.servicePointId);
    return (wasSent || wasOff) && point.interruptions.every(({ reason }) => DEBT_REASONS.includes(reason));
  });
  const restoreIds = new Map(points.map(({ meterId }) => [meterId, newId()]));
  await moveCommands(
    tx,
    commands.map((command): CommandMove => {
      const unsent = UNSENT_STATES.includes(command.state);
      return {
        id: command.id,
        from: command.state,
        to: unsent ? 'CANCELLED' : 'SUPERSEDED',
        code: by.code ?? 'DEBT_SETTLED',
        text: by.reason,
        supersededById: unsent ? undefined : restoreIds.get(command.meterId),
      };
    }),
    by,
  );
  return orderRestoresAt(ctx, tx, points, by, restoreIds);
}

/** Wakes the dispatcher and the watchers once the money is safe. */
export function announceSupplyRelease(
  ctx: FlowContext,
  tx: Tx,
  subjectIds: readonly string[],
  commandIds: readonly string[],
): void {
  tx.afterCommit(() => {
    if (commandIds.length > 0) ctx.nudges.nudge('commands');
    ctx.nudges.nudge('changed', [...subjectIds, ...commandIds]);
    crashPoint('receive-payment/nudged');
  });
}
