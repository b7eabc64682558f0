import type { Meter } from '../meter/meter.js';
import type { Context } from '../run/context.js';
import type { FramesAnswer } from '../wire/contract.js';
import type { JobQueue, Priority } from './job-queue.js';
import type { RelayWatch } from './relay-watch.js';
import type { SerialLine } from './serial-line.js';

/** One piece of work for the line. */
export interface Job {
  readonly priority: Priority;
  /** Uses the line for one exchange (or a few that belong together), then calls `done` once. */
  run(done: () => void): void;
}

/** What jobs find at their concentrator. */
export interface Desk {
  readonly context: Context;
  readonly line: SerialLine;
  readonly queue: JobQueue<Job>;
  readonly watch: RelayWatch;
  /** Every DL/T 645 meter on the line. */
  readonly meters: readonly Meter[];
  /** The concentrator's own clock, ms since 1970. */
  nowMs(): number;
  /** An answer for the head-end; who, when and at which sequence are added here. */
  answer(meter: Meter, answer: Omit<FramesAnswer, 'meter' | 'lastSequence' | 'at'>): void;
  /** A read was answered, or was not even the second time. */
  heard(meter: Meter, answered: boolean): void;
  /** First answer to the last switch of a meter, for duplicates. */
  readonly lastReplies: Map<Meter, string>;
  /** A switch is no longer waiting. */
  settled(commandId: string): void;
}
