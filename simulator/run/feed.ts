import type { ActiveFault } from '../faults/fault-set.js';
import type { RelayToggle } from '../meter/meter.js';

/** How far a scenario is. */
export interface ScenarioProgress {
  /** Name of the scenario. */
  scenario: string;
  /** Steps done, and steps in all. */
  step: number;
  steps: number;
  /** What is going on, for a person. */
  text: string;
  outcome: 'running' | 'passed' | 'failed';
}

/** What happens in a fleet that somebody may want to hear at once. */
export interface FeedEvents {
  /** The contacts of a meter moved. */
  relay: RelayToggle & { meter: string; gateway: string };
  /** A fault came into force or ended. */
  fault: { fault: ActiveFault; inForce: boolean };
  scenario: ScenarioProgress;
}

type Listener<Kind extends keyof FeedEvents> = (event: FeedEvents[Kind]) => void;

/** Tells listeners what happens in a fleet, at once and in order. Costs nothing while nobody listens. */
export class Feed {
  readonly #listeners: { [Kind in keyof FeedEvents]: Set<Listener<Kind>> } = {
    relay: new Set(),
    fault: new Set(),
    scenario: new Set(),
  };

  /** Returns how to stop listening. Listeners must not throw. */
  on<Kind extends keyof FeedEvents>(kind: Kind, listener: Listener<Kind>): () => void {
    this.#listeners[kind].add(listener);
    return () => void this.#listeners[kind].delete(listener);
  }

  /** Whether telling is worth making the event. */
  hasListeners(kind: keyof FeedEvents): boolean {
    return this.#listeners[kind].size > 0;
  }

  tell<Kind extends keyof FeedEvents>(kind: Kind, event: FeedEvents[Kind]): void {
    for (const listener of this.#listeners[kind]) listener(event);
  }
}
