import { statement } from '../platform/database.js';
import { Loop } from '../platform/loop.js';
import type { FlowContext } from './context.js';
import { dunAccounts } from './run-dunning.js';

/** Gathers what changed for so long, so that a storm of payments is looked at in groups. */
const GATHER_MS = 300;
const GROUP = 500;
/** What is changed beyond this while a group is looked at is left to the hourly run. */
const MOST_WAITING = 50_000;

// Ids of anything may be nudged; only accounts with something under way are looked at. The others the hourly run finds in time.
const CONCERNED = statement(
  'watch-dunning-concerned',
  `SELECT a.id FROM account a WHERE a.id = ANY($1::uuid[])
     AND (EXISTS (SELECT FROM notice n WHERE n.account_id = a.id AND n.state IN ('PREPARED', 'SENT'))
          OR EXISTS (SELECT FROM dunning_case k WHERE k.account_id = a.id AND k.closed_at IS NULL))`,
);

/** Looks at the ladder of those among these ids that are accounts with something under way: what the watch does with a group. */
export async function dunConcerned(ctx: FlowContext, ids: readonly string[]): Promise<void> {
  const concerned = await ctx.db.rows<{ id: string }>(CONCERNED, [ids]);
  await dunAccounts(
    ctx,
    concerned.map(({ id }) => id),
    ctx.clock.now(),
  );
}

/**
 * Looks at the ladder of accounts as soon as something about them changed: a payment takes back what it has answered, a service lets the
 * next step follow. Losing a nudge only delays that to the hourly run. Returns the way to stop it.
 */
export function watchDunning(ctx: FlowContext): { stop(): Promise<void> } {
  const waiting = new Set<string>();
  const loop = new Loop(
    'watch-dunning',
    async () => {
      await new Promise((resume) => setTimeout(resume, GATHER_MS));
      const ids = [...waiting].slice(0, GROUP);
      for (const id of ids) waiting.delete(id);
      if (ids.length > 0) await dunConcerned(ctx, ids);
      return waiting.size > 0 ? 0 : Infinity;
    },
    60_000,
    ctx.log,
  );
  const unlisten = ctx.nudges.listen('changed', (ids) => {
    if (waiting.size < MOST_WAITING) for (const id of ids) waiting.add(id);
    if (ids.length > 0) loop.wake();
  });
  return {
    async stop() {
      unlisten();
      await loop.stop();
    },
  };
}
