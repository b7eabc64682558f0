import { moveNotices, lockNotices } from '../dunning/notices.js';
import { statement } from '../platform/database.js';
import { endCodesOfPoints, endOverdueCodes } from '../switching/restore-codes.js';
import { lockCommands } from '../switching/switch-commands.js';
import { applyMoves, type DecidedMove } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('watch-restore-means');
const GROUP = 500;

const NOT_DUE = statement(
  'watch-restore-means-not-due',
  `SELECT DISTINCT r.service_point_id AS id FROM restore_code r
   WHERE r.state = 'ISSUED' AND EXISTS (SELECT FROM interruption i WHERE i.service_point_id = r.service_point_id AND i.closed_at IS NULL)`,
);
// Told too late: the meter is not armed any more, or the code has ended.
const POINTLESS = statement(
  'watch-restore-means-pointless',
  `SELECT n.id FROM notice n WHERE n.command_id IS NOT NULL AND n.state = 'PREPARED' AND (
     (n.purpose = 'RESTORE_BUTTON' AND NOT EXISTS (SELECT FROM switch_command c WHERE c.id = n.command_id AND c.state = 'ARMED'))
     OR (n.restore_code_id IS NOT NULL AND NOT EXISTS (SELECT FROM restore_code r WHERE r.id = n.restore_code_id AND r.state = 'ISSUED')))
   ORDER BY n.id LIMIT ${GROUP}`,
);

/**
 * Ends restore codes whose time is over, and sends somebody where the meter is still not heard; ends those where power is not due any more;
 * takes back messages that nobody could follow. May run late or twice.
 */
export async function watchRestoreMeans(ctx: FlowContext, at: Date): Promise<void> {
  const by = { actor: ACTOR, at };
  await ctx.db.transaction('watch-restore-means', async (tx) => {
    const notDue = await tx.rows<{ id: string }>(NOT_DUE);
    await endCodesOfPoints(
      tx,
      notDue.map(({ id }) => id),
      { state: 'VOID', endedBy: 'NOT_DUE' },
      by,
    );
    const expired = await endOverdueCodes(tx, by);
    // Locks go commands first elsewhere; what is locked meanwhile by another is looked at by the wait on its own row.
    const commands = await lockCommands(
      tx,
      expired.map(({ commandId }) => commandId),
    );
    const moves = commands
      .filter(({ state, operation }) => operation === 'RESTORE' && (state === 'UNKNOWN' || state === 'QUEUED'))
      .map((command): DecidedMove => ({
        command,
        move: {
          to: 'FIELD_VISIT',
          code: 'CODE_EXPIRED',
          text: 'the restore code was not used in its time; bring power back on site',
        },
      }));
    await applyMoves(ctx, tx, moves, by);
    const pointless = await tx.rows<{ id: string }>(POINTLESS);
    const notices = (
      await lockNotices(
        tx,
        pointless.map(({ id }) => id),
      )
    ).filter(({ state }) => state === 'PREPARED');
    await moveNotices(
      tx,
      notices.map(({ id }) => ({
        id,
        from: 'PREPARED' as const,
        to: 'WITHDRAWN' as const,
        code: 'OVERTAKEN',
        reason: 'what it tells the customer to do helps no more',
      })),
      by,
    );
    const changed = moves.flatMap(({ command }) => [command.id, command.servicePointId]);
    if (changed.length > 0) tx.afterCommit(() => ctx.nudges.nudge('changed', changed));
  });
}
