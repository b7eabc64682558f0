import { lockAccount } from '../accounts/accounts.js';
import { accountsOfCommands, lockCommands } from '../switching/switch-commands.js';
import { applyMoves } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('dispatch');

/**
 * A command that was marked SENT cannot be written for its meter: nothing was published, so it is known not to have happened, and trying again would end the
 * same way. A restore ends in field work, a cut REJECTED, with the code and text that say what to put right.
 */
export async function endUnsendable(ctx: FlowContext, commandId: string, code: string, text: string): Promise<void> {
  await ctx.db.transaction('end-unsendable', async (tx) => {
    const [accountId] = await accountsOfCommands(tx, [commandId]);
    if (!accountId) return;
    await lockAccount(tx, accountId);
    const [command] = await lockCommands(tx, [commandId]);
    if (command?.state !== 'SENT' && command?.state !== 'UNKNOWN') return;
    const to = command.operation === 'RESTORE' ? 'FIELD_VISIT' : 'REJECTED';
    await applyMoves(ctx, tx, [{ command, move: { to, code, text } }], { actor: ACTOR, at: ctx.clock.now() });
    tx.afterCommit(() => ctx.nudges.nudge('changed', [commandId, command.servicePointId]));
  });
}
