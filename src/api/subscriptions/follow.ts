import type { AuditEntryRow } from '../../platform/audit-entry.js';
import type { ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { isVisible } from '../read/visible.js';
import { positionOf } from './change-feed.js';
import type { Follower, Keeping, Subject } from './follower.js';
import { isAfter, parseResumeToken, toResumeToken, type Position } from './position.js';
import { isGiven } from '../given.js';

/** What happened between two events. */
export interface Change {
  readonly resumeToken: string;
  readonly entries: readonly AuditEntryRow[];
  readonly leftOut: number;
}

/** How a subscription follows its subject. */
export interface Following<Event> {
  readonly subject: Subject;
  readonly keeping: Keeping;
  /** Least time between two events. */
  readonly leastMs?: number;
  /** Looks at how things are after this long without any entry. */
  readonly idleMs?: number;
  /**
   * How things are now, as an event. Null: nothing worth telling (allowed only when there are no entries).
   * Called with fresh reads.
   */
  show(change: Change): Promise<Event | null>;
  /** Other reasons to look than audit entries; returns the way to stop. */
  alsoWatch?(touch: () => void): Promise<() => void>;
}

/**
 * Follows a subject: first how things are now (with what was missed since `resumeAfter`), then every change, until the client or
 * the server ends it. Each entry is delivered exactly once, in order.
 *
 * @throws ApiError RESUME_TOKEN_INVALID, RESUME_TOO_FAR_BACK; later, from the stream, SUBSCRIPTION_TOO_SLOW
 */
export async function follow<Event>(
  ctx: ApiContext,
  resumeAfter: string | null | undefined,
  following: Following<Event>,
): Promise<AsyncIterableIterator<Event>> {
  const { feed, deps } = ctx.api;
  const after = !isGiven(resumeAfter) ? undefined : parseResumeToken(resumeAfter);
  const follower = await feed.join(following.subject, following.keeping);
  try {
    const missed = after
      ? await feed.between(following.subject, after, follower.from, deps.limits.subscriptionBacklog.value)
      : [];
    const start = after && isAfter(after, follower.from) ? after : follower.from;
    return closable(events(ctx, follower, following, { start, missed }), follower);
  } catch (error) {
    follower.close();
    throw error;
  }
}

async function* events<Event>(
  ctx: ApiContext,
  follower: Follower,
  following: Following<Event>,
  { start, missed }: { readonly start: Position; readonly missed: readonly AuditEntryRow[] },
): AsyncGenerator<Event> {
  const stopWatching = await following.alsoWatch?.(() => follower.touch());
  let position = start;
  let entries = missed;
  let leftOut = 0;
  try {
    for (;;) {
      ctx.scope.renew();
      const visible = await visibleEntries(ctx, entries);
      const event = await following.show({ resumeToken: toResumeToken(position), entries: visible, leftOut });
      if (event !== null) yield event;
      await follower.pause(following.leastMs ?? 0);
      await follower.changed(following.idleMs);
      if (follower.closed) return;
      const gathered = follower.take();
      if (gathered.tooSlow) throw tooSlow();
      // A token from a process that had read further than this one: what it covers was delivered there.
      entries = gathered.entries.filter((entry) => isAfter(positionOf(entry), position));
      leftOut = gathered.leftOut;
      const last = entries.at(-1);
      if (last) position = positionOf(last);
    }
  } finally {
    stopWatching?.();
    follower.close();
  }
}

/** A viewer bound to districts or accounts hears only of what is within reach. */
async function visibleEntries(
  { scope }: ApiContext,
  entries: readonly AuditEntryRow[],
): Promise<readonly AuditEntryRow[]> {
  if ((await scope.reach()).kind === 'ALL') return entries;
  const visible = await Promise.all(entries.map((entry) => isVisible(scope, 'AuditEntry', entry)));
  return entries.filter((_entry, index) => visible[index]);
}

/** `return()` of a generator waits for its running step, which may sleep for ever: closing the follower wakes it. */
function closable<Event>(generator: AsyncGenerator<Event>, follower: Follower): AsyncIterableIterator<Event> {
  const end = (): Promise<IteratorResult<Event>> => {
    follower.close();
    return generator.return(undefined);
  };
  return {
    next: () => generator.next(),
    return: end,
    throw: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const tooSlow = (): ApiError =>
  new ApiError(
    'SUBSCRIPTION_TOO_SLOW',
    'Events came faster than this connection took them. Subscribe again with the last `resumeToken`.',
  );
