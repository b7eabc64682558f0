import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { supplyOfAccount, type SupplyFacts } from '../switching/supply.js';
import { UNSENT_STATES } from '../switching/switch-command.js';
import { lockOpenCommands, moveCommands } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import type { FlowContext } from './context.js';
import { announceSupplyRelease, restoreAfterDebt } from './release-supply.js';

/** Why cuts fall away: told by the command and in the audit. */
export interface Withdrawal {
  readonly at: Date;
  readonly actor: Actor;
  readonly reason: string;
  /** What stands at the command, e.g. HOLD_OPENED. */
  readonly code: string;
  /** The cause of the cut is gone: also power that is off for debt comes back. Otherwise only what is under way is undone. */
  readonly restores: boolean;
}

/**
 * A hold was opened, a protection recorded, or dunning paused: cuts for debt that were not sent are cancelled, and one that the meter may have heard is
 * answered by a restore with a higher sequence, since in doubt there is power. The account must be locked. Returns the ids of the
 * restores ordered.
 */
export async function withdrawDebtCuts(ctx: FlowContext, tx: Tx, accountId: string, by: Withdrawal): Promise<string[]> {
  const supply = await supplyOfAccount(tx, accountId);
  const cuts = supply.filter(
    ({ openCommand }) => openCommand?.operation === 'CUT' && DEBT_REASONS.includes(openCommand.reason),
  );
  const open = await lockOpenCommands(
    tx,
    cuts.flatMap(({ meterId }) => meterId ?? []),
  );
  const debtCuts = open.filter(({ operation, reason }) => operation === 'CUT' && DEBT_REASONS.includes(reason));
  const unsent = debtCuts.filter(({ state }) => UNSENT_STATES.includes(state));
  await moveCommands(
    tx,
    unsent.map(({ id, state }) => ({ id, from: state, to: 'CANCELLED' as const, code: by.code, text: by.reason })),
    by,
  );
  const cancelledIds = unsent.map(({ id }) => id);
  await resumeDisplacedRestores(ctx, tx, cancelledIds, by);
  const wasSent = ({ meterId }: SupplyFacts) =>
    debtCuts.some((command) => command.meterId === meterId && !cancelledIds.includes(command.id));
  const isOff = (point: SupplyFacts) => point.interruptions.some(({ reason }) => DEBT_REASONS.includes(reason));
  const concerned = supply.filter((point) => wasSent(point) || (by.restores && isOff(point)));
  const restoreIds =
    concerned.length === 0 ? [] : await restoreAfterDebt(ctx, tx, concerned, { ...by, paymentId: null });
  const pointIds = supply.map(({ servicePointId }) => servicePointId);
  announceSupplyRelease(ctx, tx, [accountId, ...pointIds], [...cancelledIds, ...restoreIds]);
  return restoreIds;
}
