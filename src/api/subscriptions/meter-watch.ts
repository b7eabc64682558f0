import { statement, type Reader } from '../../platform/database.js';
import type { Logger } from '../../platform/log.js';
import type { Nudges } from '../../platform/nudges.js';
import { safeFacts } from '../errors.js';

/** Finds what a lost nudge did not: one look for all watched meters together. */
const SAFETY_POLL_MS = 5_000;

// What a meter reports by itself is no state change of ours and leaves no audit entry.
const REPORTED = statement(
  'api-meter-watch',
  `SELECT id, concat_ws(' ', reported_relay, reported_armed, reported_protected, reported_since) AS said FROM meter WHERE id = ANY($1::uuid[])`,
);

interface Watched {
  said: string | undefined;
  readonly onChange: Set<() => void>;
}

/** Tells subscriptions when a meter's reported supply changes, with one shared look at the database for all of them. */
export class MeterWatch {
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;
  private readonly stopListening: () => void;

  constructor(
    private readonly db: Reader,
    nudges: Pick<Nudges, 'listen'>,
    private readonly log: Logger,
  ) {
    this.stopListening = nudges.listen('changed', (ids) => this.nudged(ids));
  }

  /**
   * Calls `onChange` whenever the meter says something other than it did when this resolved. Resolves with the way to stop it.
   */
  async watch(meterId: string, onChange: () => void): Promise<() => void> {
    const entry = this.watched.get(meterId) ?? { said: undefined, onChange: new Set() };
    this.watched.set(meterId, entry);
    entry.onChange.add(onChange);
    this.timer ??= setInterval(() => void this.look([...this.watched.keys()]), SAFETY_POLL_MS);
    if (entry.said === undefined) await this.look([meterId]);
    return () => {
      entry.onChange.delete(onChange);
      if (entry.onChange.size === 0) this.watched.delete(meterId);
      if (this.watched.size === 0) this.rest();
    };
  }

  stop(): void {
    this.stopListening();
    this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private nudged(ids: readonly string[]): void {
    const meterIds = ids.filter((id) => this.watched.has(id));
    if (meterIds.length > 0) void this.look(meterIds);
  }

  private async look(meterIds: readonly string[]): Promise<void> {
    try {
      for (const { id, said } of await this.db.rows<{ id: string; said: string }>(REPORTED, [meterIds])) {
        const entry = this.watched.get(id);
        const before = entry?.said;
        if (!entry || before === said) continue;
        entry.said = said;
        // The first look is what later ones are compared with.
        if (before === undefined) continue;
        for (const onChange of entry.onChange) onChange();
      }
    } catch (error) {
      this.log.warn(safeFacts(error), 'watched meters could not be read; trying again');
    }
  }
}
