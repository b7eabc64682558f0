import { crashPoint } from '../platform/crash-points.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { decideAttention } from '../switching/attention-policy.js';
import { claimOverdue, type ReadOrder } from '../switching/dispatch.js';
import { lockCommands } from '../switching/switch-commands.js';
import { applyMoves, type DecidedMove } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { nextRungs, type EndedRung } from './next-rungs.js';

const ACTOR = systemActor('attend-commands');

/**
 * Silence has lasted too long for some open commands: the meter is asked (returned as read orders, to be published now that the
 * commit has happened), or, at the end of the remote rung, the command ends and field work begins. Returns also how many
 * commands were looked at: as many as the limit means there are more.
 */
export async function attendCommands(ctx: FlowContext): Promise<{ reads: ReadOrder[]; attended: number }> {
  const result = await ctx.db.transaction('attend-commands', async (tx) => {
    const claimed = await claimOverdue(tx, LIMITS.dispatchGroup.value);
    if (claimed.length === 0) return { reads: [], attended: 0 };
    crashPoint('attend/claimed');
    const reads: ReadOrder[] = [];
    const commands = await lockCommands(
      tx,
      claimed.map(({ id }) => id),
    );
    const wallNow = ctx.clock.wallNow();
    const ended: EndedRung[] = [];
    const by = { actor: ACTOR, at: ctx.clock.now() };
    const decided = commands.flatMap((command): DecidedMove[] => {
      const { gatewayNumber, serial, codec, clockInDoubt, interrupted } = claimed.find(({ id }) => id === command.id)!;
      const decision = decideAttention({ ...command, interrupted }, wallNow, ctx.timings);
      if (decision.act === 'end' && decision.to === 'FIELD_VISIT') {
        const { code } = decision;
        ended.push({ command, code, end: code === 'ARM_EXPIRED' ? 'ARM_EXPIRED' : 'SILENCE' });
        return [];
      }
      if (decision.act === 'end') return [{ command, move: decision }];
      const requestId = newId();
      reads.push({ requestId, gatewayNumber, serial, codec, clockInDoubt });
      const move = {
        to: decision.to,
        waitMs: decision.waitMs,
        reads: command.reads + 1,
        readRequestId: requestId,
        reason: 'no word from the meter in time: it is asked',
      };
      return [{ command, move }];
    });
    decided.push(...(await nextRungs(ctx, tx, ended, by)));
    await applyMoves(ctx, tx, decided, by);
    const changed = decided.flatMap(({ command }) => [command.id, command.servicePointId]);
    tx.afterCommit(() => ctx.nudges.nudge('changed', changed));
    return { reads, attended: claimed.length };
  });
  if (result.attended > 0) crashPoint('attend/committed');
  return result;
}
