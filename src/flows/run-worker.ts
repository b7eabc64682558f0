import { Loop } from '../platform/loop.js';
import type { FlowContext } from './context.js';

/** Looks for runs this often by itself, wall ms: a nudge may be lost, and a process that died leaves its run behind. */
const LOOK_MS = 5_000;

/** Told between two pages of a run: true once the process wants to end. */
export interface StopSign {
  readonly stopped: boolean;
}

/** The sign of somebody who never asks to stop. */
export const NEVER: StopSign = { stopped: false };

/** Works off runs of one kind, one after the other, in the process that has the jobs. */
export class RunWorker {
  private readonly loop: Loop;
  private readonly unlisten: () => void;
  private readonly sign = { stopped: false };

  /**
   * @param topic of the nudge that says there is a run
   * @param work takes the oldest run and works it off; false when there was none
   */
  constructor(
    { nudges, log }: Pick<FlowContext, 'nudges' | 'log'>,
    topic: 'billing' | 'dry-runs',
    work: (stop: StopSign) => Promise<boolean>,
  ) {
    this.loop = new Loop(topic, async () => ((await work(this.sign)) ? 0 : LOOK_MS), LOOK_MS, log);
    this.unlisten = nudges.listen(topic, () => this.loop.wake());
  }

  start(): void {
    this.loop.wake();
  }

  /** Ends after the page under way; the run goes on in whichever process looks next. */
  async stop(): Promise<void> {
    this.sign.stopped = true;
    this.unlisten();
    await this.loop.stop();
  }
}
