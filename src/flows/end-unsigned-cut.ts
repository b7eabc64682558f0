import { lockAccount } from '../accounts/accounts.js';
import { crashPoint } from '../platform/crash-points.js';
import { accountsOfCommands, lockCommands } from '../switching/switch-commands.js';
import { applyMoves } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('dispatch');

/**
 * The guard did not sign a cut that was marked SENT: nothing was published, so it is known not to have happened. It ends REJECTED with the
 * guard's reason, its own interruption is closed, and a restore that it had pushed aside is taken up again. If a payment was faster, the
 * command has ended already and stays as it is.
 */
export async function endUnsignedCut(
  ctx: FlowContext,
  commandId: string,
  refusal: { readonly code: 'GUARD_REFUSED' | 'GUARD_UNAVAILABLE'; readonly text: string },
): Promise<void> {
  crashPoint('dispatch/cut-refused');
  await ctx.db.transaction('end-unsigned-cut', async (tx) => {
    const [accountId] = await accountsOfCommands(tx, [commandId]);
    if (!accountId) return;
    await lockAccount(tx, accountId);
    const [command] = await lockCommands(tx, [commandId]);
    // UNKNOWN: the guard took so long that the meter is being asked meanwhile.
    if (command?.operation !== 'CUT' || (command.state !== 'SENT' && command.state !== 'UNKNOWN')) return;
    const text = `the guard did not sign the cut: ${refusal.text}; nothing was sent, request it anew if it is still right`;
    await applyMoves(ctx, tx, [{ command, move: { to: 'REJECTED', code: refusal.code, text } }], {
      actor: ACTOR,
      at: ctx.clock.now(),
    });
    tx.afterCommit(() => ctx.nudges.nudge('changed', [commandId, command.servicePointId]));
  });
  crashPoint('dispatch/cut-ended');
}
