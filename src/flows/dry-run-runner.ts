import { Loop } from '../platform/loop.js';
import { workDryRun, type DryRunContext } from './make-dry-run.js';

/** Looks for runs this often by itself, wall ms: a nudge may be lost, and a process that died leaves its run behind. */
const LOOK_MS = 5_000;

/** Works off dry runs, one after the other, in the process that has the jobs. */
export class DryRunRunner {
  private readonly loop: Loop;
  private readonly unlisten: () => void;
  private readonly sign = { stopped: false };

  constructor(ctx: DryRunContext) {
    this.loop = new Loop('dry-runs', async () => ((await workDryRun(ctx, this.sign)) ? 0 : LOOK_MS), LOOK_MS, ctx.log);
    this.unlisten = ctx.nudges.listen('dry-runs', () => this.loop.wake());
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
