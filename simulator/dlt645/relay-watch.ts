import type { Meter } from '../meter/meter.js';
import type { Context } from '../run/context.js';
import { instantMs, type SwitchCommand } from '../wire/contract.js';
import { decodeFrame, FUNCTION, REPLY } from './frame.js';
import { STATUS_3 } from './switch-frame.js';

/** Between two reads of status word 3 after a switch, ms. Source: schema/mqtt/README.md. */
export const POLL_EVERY_MS = 5_000;
/** Longest watch over a switch that was answered, and over one that was not, ms. Source: schema/mqtt/README.md. */
export const MAX_WATCH_MS = 5 * 60_000;
export const SILENT_WATCH_MS = 20_000;
/** DI 04000503 as it stands in a frame. */
const STATUS_3_DI = '03050004';

/** Status word 3 out of an answer; undefined when these bytes are anything else. */
export function statusOf(reply: Uint8Array, serial: string): number | undefined {
  const frame = decodeFrame(reply);
  if (!frame || frame.address !== serial || frame.control !== (FUNCTION.read | REPLY)) return undefined;
  if (frame.data.length !== 6 || frame.data.toString('hex', 0, 4) !== STATUS_3_DI) return undefined;
  return frame.data.readUInt16LE(4);
}

/** Whether a status word shows what was ordered. */
export function shows(status: number, { operation, mode }: SwitchCommand): boolean {
  const open = (status & STATUS_3.open) !== 0;
  switch (operation) {
    case 'cut':
      return open;
    case 'restore':
      return mode === 'arm' ? (status & STATUS_3.toldOpen) === 0 : !open;
    case 'protect':
      return (status & STATUS_3.protected) !== 0 && !open;
    case 'unprotect':
      return (status & STATUS_3.protected) === 0;
  }
}

interface Watch {
  command: SwitchCommand;
  /** Whether the meter said 9CH: then a relay that does not follow has failed. */
  accepted: boolean;
  /** Monotonic, ms. */
  endMs: number;
  lastStatus: number | undefined;
}

/** What a watch asks of its concentrator. */
export interface Watcher {
  nowMs(): number;
  /** Puts a read of status word 3 into the queue. */
  poll(meter: Meter): void;
  relayFailed(meter: Meter, command: SwitchCommand): void;
}

/** After each switch: reads status word 3 every five seconds until it shows what was ordered, or time is up. */
export class RelayWatch {
  readonly #watches = new Map<Meter, Watch>();

  constructor(
    private readonly context: Context,
    private readonly watcher: Watcher,
  ) {}

  /** Begins after a switch was sent; a watch over an earlier one of the same meter ends. The caller reads the status at once. */
  begin(meter: Meter, command: SwitchCommand, answered: boolean, accepted: boolean): void {
    const nowMs = this.context.scheduler.nowMs();
    const endMs = nowMs + (answered ? MAX_WATCH_MS : SILENT_WATCH_MS);
    const watch = { command, accepted, endMs, lastStatus: undefined };
    this.#watches.set(meter, watch);
    this.#later(meter, watch);
  }

  /** A status word that was read. Returns whether it shows something new to somebody who watches. */
  saw(meter: Meter, status: number): boolean {
    const watch = this.#watches.get(meter);
    if (!watch) return true;
    const isNew = watch.lastStatus !== status;
    watch.lastStatus = status;
    if (shows(status, watch.command)) this.#watches.delete(meter);
    return isNew;
  }

  forget(): void {
    this.#watches.clear();
  }

  #later(meter: Meter, watch: Watch): void {
    this.context.scheduler.after(POLL_EVERY_MS, () => {
      if (this.#watches.get(meter) !== watch) return;
      const notAfterMs = instantMs(watch.command.notAfter) as number;
      if (this.context.scheduler.nowMs() >= watch.endMs || this.watcher.nowMs() > notAfterMs) {
        this.#watches.delete(meter);
        if (watch.accepted) this.watcher.relayFailed(meter, watch.command);
        return;
      }
      this.watcher.poll(meter);
      this.#later(meter, watch);
    });
  }
}
