import type { Meter } from '../meter/meter.js';
import type { Context } from './context.js';
import type { Reporter } from './reporter.js';

interface Announcement {
  meters: readonly Meter[];
  cause: 'boot' | 'periodic';
  next: number;
  startMs: number;
}

/**
 * After a gateway has connected each meter behind it says how it stands: cause boot the first time, periodic after a
 * reconnect (the meters did not restart). Spread over time, because every gateway of a fleet may connect at once.
 */
export class Announcer {
  readonly #open = new Map<string, Announcement>();

  constructor(
    private readonly context: Context,
    private readonly reporter: Reporter,
    private readonly spreadMs: number,
    private readonly hasRoom: (gateway: string) => boolean,
  ) {}

  /** Whether any announcement is still to be made. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  /** Starts (or starts again) the announcements of one gateway. */
  begin(gateway: string, meters: readonly Meter[], cause: Announcement['cause']): void {
    this.#open.set(gateway, { meters, cause, next: 0, startMs: this.context.scheduler.nowMs() });
  }

  /** A gateway that lost its connection announces again when it is back. */
  cancel(gateway: string): void {
    this.#open.delete(gateway);
  }

  /** Says what is due, while `mayGoOn`. */
  work(mayGoOn: () => boolean): void {
    const nowMs = this.context.scheduler.nowMs();
    for (const [gateway, announcement] of this.#open) {
      const { meters, startMs, cause } = announcement;
      const part = this.spreadMs > 0 ? Math.min(1, (nowMs - startMs) / this.spreadMs) : 1;
      const due = Math.ceil(meters.length * part);
      while (announcement.next < due && mayGoOn() && this.hasRoom(gateway)) {
        this.reporter.state(meters[announcement.next] as Meter, cause);
        announcement.next += 1;
      }
      if (announcement.next >= meters.length) this.#open.delete(gateway);
    }
  }
}
