/** What goes onto the line first. Source: schema/mqtt/README.md ("restores before protection before time before cuts before reads"). */
export const PRIORITY = { restore: 0, protection: 1, time: 2, cut: 3, poll: 4, read: 5, background: 6 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/**
 * Jobs waiting at a concentrator; a polled proof overtakes what was asked for, and what nobody asked for comes last. More than
 * this and a new one is refused (OVERLOADED): at 2400 baud it is more than an hour's work.
 */
export const MAX_WAITING_JOBS = 20_000;

/** First in, first out, by class. */
export class JobQueue<T extends { priority: Priority }> {
  readonly #classes = Object.values(PRIORITY).map(() => ({ jobs: [] as T[], next: 0 }));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Jobs waiting in one class. */
  waiting(priority: Priority): number {
    const { jobs, next } = this.#classes[priority] as { jobs: T[]; next: number };
    return jobs.length - next;
  }

  get full(): boolean {
    return this.#size >= MAX_WAITING_JOBS;
  }

  put(job: T): void {
    this.#classes[job.priority]?.jobs.push(job);
    this.#size += 1;
  }

  /** A job of several frames goes back to the head of its class after each, so that anything more urgent comes between. */
  putBack(job: T): void {
    const line = this.#classes[job.priority] as { jobs: T[]; next: number };
    if (line.next > 0) {
      line.next -= 1;
      line.jobs[line.next] = job;
    } else {
      line.jobs.unshift(job);
    }
    this.#size += 1;
  }

  take(): T | undefined {
    for (const line of this.#classes) {
      const job = line.jobs[line.next];
      if (!job) continue;
      line.next += 1;
      if (line.next === line.jobs.length) {
        line.jobs = [];
        line.next = 0;
      } else if (line.next > 4_096) {
        line.jobs = line.jobs.slice(line.next);
        line.next = 0;
      }
      this.#size -= 1;
      return job;
    }
    return undefined;
  }

  /** Power was lost: nothing of it is in permanent memory. */
  clear(): void {
    for (const line of this.#classes) {
      line.jobs = [];
      line.next = 0;
    }
    this.#size = 0;
  }
}
