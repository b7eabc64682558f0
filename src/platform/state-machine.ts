import { AssertionError } from './errors.js';

/** For each state the states it may move to; an empty list is an end. */
export type Moves<State extends string> = Readonly<Record<State, readonly State[]>>;

/**
 * Checks a transition table when the program starts.
 *
 * @throws AssertionError when a target is not a state, or a state can be reached from none of `starts`
 */
export function checkMoves<State extends string>(name: string, moves: Moves<State>, starts: readonly State[]): void {
  const reached = new Set<State>(starts);
  const queue = [...starts];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const next of moves[state] ?? []) {
      if (!(next in moves)) throw new AssertionError(`${name}: ${state} moves to ${next}, which is not a state`);
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
    }
  }
  const unreached = (Object.keys(moves) as State[]).filter((state) => !reached.has(state));
  if (unreached.length > 0) throw new AssertionError(`${name}: no way leads to ${unreached.join(', ')}`);
}
