import { EventScheduler } from '../run/event-scheduler.js';
import { HeapScheduler, type Scheduler } from '../run/scheduler.js';
import type { Session } from './session.js';

/** Between two looks at whether somebody wants to end, and at the progress, ms of real time. */
const BREATHE_MS = 50;

/** Drives a session and what is around it through time. */
export interface OuterTime {
  readonly scheduler: Scheduler;
  /** Goes on until an instant of the session. Returns early when `stop` says so, which is asked now and then. */
  runTo(session: Session, untilMs: number, stop: () => boolean): Promise<void>;
  close(): void;
}

/** Discrete time for everything: nothing waits unless `speed` (virtual ms per real ms) is finite. */
export class VirtualTime implements OuterTime {
  readonly scheduler = new EventScheduler();
  #begunAtMs: number | undefined;

  constructor(private readonly speed: number) {}

  async runTo(session: Session, untilMs: number, stop: () => boolean): Promise<void> {
    const { scheduler } = this;
    this.#begunAtMs ??= performance.now() - scheduler.nowMs() / this.speed;
    let breathedMs = performance.now();
    for (;;) {
      const nextMs = Math.min(session.nextMs, scheduler.nextMs);
      const nowMs = performance.now();
      const aheadMs = Math.min(nextMs, untilMs) / this.speed - (nowMs - this.#begunAtMs);
      if (aheadMs > 1 || nowMs - breathedMs > BREATHE_MS) {
        await pause(Math.min(BREATHE_MS, Math.max(0, aheadMs)));
        breathedMs = performance.now();
        if (stop()) return;
        if (aheadMs > 1) continue;
      }
      if (nextMs > untilMs) break;
      // Timers of the meters before anything of the same instant from outside: the rule a replay goes by too.
      if (session.nextMs <= scheduler.nextMs) {
        scheduler.goTo(session.nextMs);
        session.advance(session.nextMs);
      } else {
        scheduler.runNext();
      }
    }
    scheduler.goTo(untilMs);
    session.advance(untilMs);
  }

  close(): void {
    return undefined;
  }
}

/** The machine's time, `speed` times as fast; for real brokers. */
export class RealTime implements OuterTime {
  readonly #heap = new HeapScheduler();
  readonly #begunAtMs = performance.now();
  readonly scheduler: Scheduler;

  constructor(speed: number) {
    this.scheduler = {
      // Whole microseconds: enough, and shorter in a recording.
      nowMs: () => Math.round((performance.now() - this.#begunAtMs) * speed * 1000) / 1000,
      after: (delayMs, run) => this.#heap.after(delayMs / speed, run),
    };
  }

  async runTo(session: Session, untilMs: number, stop: () => boolean): Promise<void> {
    while (this.scheduler.nowMs() < untilMs && !stop()) {
      session.advance(this.scheduler.nowMs());
      const restMs = Math.min(session.nextMs, untilMs) - this.scheduler.nowMs();
      await pause(Math.min(BREATHE_MS / 10, Math.max(1, restMs)));
    }
    session.advance(this.scheduler.nowMs());
  }

  close(): void {
    this.#heap.stop();
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
