import type { Logger } from './log.js';

/**
 * Work that is woken, and looks by itself now and then: a wake-up that comes while it runs makes it run again. An error is logged
 * and the work tried again after a pause; nothing but {@link stop} ends it.
 */
export class Loop {
  private running: Promise<void> | undefined;
  private woken = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param work does what there is to do and returns how long it may sleep, ms (0: again at once)
   * @param maxSleepMs the slow look that makes a lost wake-up harmless
   */
  constructor(
    private readonly name: string,
    private readonly work: () => Promise<number>,
    private readonly maxSleepMs: number,
    private readonly log: Logger,
  ) {}

  wake(): void {
    this.woken = true;
    if (!this.stopped) this.running ??= this.run();
  }

  /** Lets the present round finish, then no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    let sleepMs = 0;
    do {
      this.woken = false;
      try {
        sleepMs = await this.work();
      } catch (error) {
        this.log.error({ err: error, loop: this.name }, 'a round failed; it is tried again');
        sleepMs = 500;
        await new Promise((resume) => setTimeout(resume, 100));
      }
    } while ((this.woken || sleepMs <= 0) && !this.stopped);
    this.running = undefined;
    if (!this.stopped) this.timer = setTimeout(() => this.wake(), Math.min(sleepMs, this.maxSleepMs));
  }
}
