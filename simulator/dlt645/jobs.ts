import type { Meter } from '../meter/meter.js';
import {
  instantMs,
  type FramesCause,
  type Refusal,
  type FramesRefusal,
  type SwitchCommand,
  type TimeOrder,
} from '../wire/contract.js';
import type { Desk, Job } from './desk.js';
import { decodeFrame, encodeFrame, FUNCTION, REPLY } from './frame.js';
import { PRIORITY, type Priority } from './job-queue.js';
import { statusOf } from './relay-watch.js';
import { STATUS_3 } from './switch-frame.js';

const STATUS_3_DATA = Buffer.from('03050004', 'hex');
const always = (): boolean => true;
const isTrue = (found: boolean | undefined): boolean => found === true;

/** The frame that reads status word 3 of a meter. */
export const statusRead = (serial: string): Buffer => encodeFrame(serial, FUNCTION.read, STATUS_3_DATA);

const PRIORITY_OF = {
  cut: PRIORITY.cut,
  restore: PRIORITY.restore,
  protect: PRIORITY.protection,
  unprotect: PRIORITY.protection,
} as const;

/** Reads registers one frame a turn; answers when the last has come, or when the meter is silent. */
export class ReadJob implements Job {
  #next = 0;
  readonly #replies: string[] = [];

  constructor(
    private readonly desk: Desk,
    private readonly meter: Meter,
    private readonly frames: readonly Buffer[],
    readonly priority: Priority,
    private readonly about: { cause: FramesCause; requestId?: string },
    private readonly ended: (answered: boolean) => void = () => undefined,
  ) {}

  run(done: () => void): void {
    const { desk, meter } = this;
    desk.line.exchange(meter, this.frames[this.#next] as Buffer, always, (reply) => {
      this.#next += 1;
      desk.heard(meter, reply !== undefined);
      if (reply) this.#replies.push(reply.toString('hex'));
      if (reply && this.#next < this.frames.length) {
        desk.queue.putBack(this);
      } else {
        // What did come of several frames is an answer, though the last was not heard.
        const outcome = this.#replies.length > 0 ? 'answered' : 'silent';
        desk.answer(meter, { ...this.about, outcome, frames: this.#replies });
        this.ended(reply !== undefined);
      }
      done();
    });
  }
}

/** Reads status word 3 unasked and tells it when it is news. */
export class PollJob implements Job {
  readonly priority = PRIORITY.poll;

  constructor(
    private readonly desk: Desk,
    private readonly meter: Meter,
  ) {}

  run(done: () => void): void {
    poll(this.desk, this.meter, done);
  }
}

function poll(desk: Desk, meter: Meter, done: () => void): void {
  desk.line.exchange(meter, statusRead(meter.serial), always, (reply) => {
    desk.heard(meter, reply !== undefined);
    if (reply) {
      const status = statusOf(reply, meter.serial);
      // Bytes that are no status word are told as they came, too: the head-end sees the noise.
      const news = status === undefined || desk.watch.saw(meter, status);
      if (news) desk.answer(meter, { cause: 'poll', outcome: 'answered', frames: [reply.toString('hex')] });
    }
    done();
  });
}

/** One order to a relay or its protection, when its turn on the line has come. */
export class SwitchJob implements Job {
  readonly priority: Priority;

  constructor(
    private readonly desk: Desk,
    private readonly meter: Meter,
    private readonly command: SwitchCommand,
  ) {
    this.priority = PRIORITY_OF[command.operation];
  }

  run(done: () => void): void {
    const end = (): void => {
      this.desk.settled(this.command.commandId);
      done();
    };
    const late = this.#late();
    if (late) {
      this.#refuse(late, end);
    } else if (this.command.expectedRelay === 'any') {
      this.#send(end);
    } else {
      this.#readFirst(end);
    }
  }

  /** Held against memory again: newer orders may have gone before it, or its time may be up. */
  #late(): Refusal | FramesRefusal | undefined {
    const { command, meter, desk } = this;
    if (command.sequence <= meter.lastSequence) return 'SUPERSEDED';
    return desk.nowMs() > (instantMs(command.notAfter) as number) ? 'EXPIRED' : undefined;
  }

  /** Step 7 (and 8, as far as it shows) goes by status word 3. */
  #readFirst(end: () => void): void {
    const { desk, meter, command } = this;
    desk.line.exchange(meter, statusRead(meter.serial), always, (reply) => {
      desk.heard(meter, reply !== undefined);
      const status = reply && statusOf(reply, meter.serial);
      if (status === undefined) {
        // Not known, so nothing is ordered; the sequence is not taken.
        const frames = reply ? [reply.toString('hex')] : [];
        desk.answer(meter, { ...this.#about(), outcome: 'silent', frames });
        end();
        return;
      }
      const open = (status & STATUS_3.open) !== 0;
      if (open !== (command.expectedRelay === 'open')) this.#refuse('UNEXPECTED_RELAY', end, reply);
      else if (command.operation === 'cut' && (status & STATUS_3.protected) !== 0)
        this.#refuse('PROTECTED', end, reply);
      else {
        // At 0 baud others were served while this one was read.
        const late = this.#late();
        if (late) this.#refuse(late, end);
        else this.#send(end);
      }
    });
  }

  #send(end: () => void): void {
    const { desk, meter, command } = this;
    const { counters, memory } = desk.context;
    // Step 9: memory before the first byte is on the line.
    meter.lastSequence = command.sequence;
    meter.lastCommandId = command.commandId;
    memory.write(meter);
    desk.lastReplies.delete(meter);
    counters.accepted += 1;
    const isLast = (): boolean => meter.lastSequence === command.sequence;
    const mayRepeat = (): boolean => isLast() && desk.nowMs() <= (instantMs(command.notAfter) as number);
    desk.line.exchange(meter, Buffer.from(command.frame as string, 'hex'), mayRepeat, (reply) => {
      desk.heard(meter, reply !== undefined);
      const frames = reply ? [reply.toString('hex')] : [];
      if (reply && isLast()) desk.lastReplies.set(meter, frames[0] as string);
      desk.answer(meter, { ...this.#about(), outcome: reply ? 'answered' : 'silent', frames });
      if (!isLast()) {
        end();
        return;
      }
      const accepted = reply && decodeFrame(reply)?.control === (FUNCTION.switch | REPLY);
      desk.watch.begin(meter, command, reply !== undefined, isTrue(accepted));
      // "At once": in the same turn, so that the proof does not wait behind other meters.
      poll(desk, meter, end);
    });
  }

  #refuse(refusal: Refusal | FramesRefusal, end: () => void, reply?: Buffer): void {
    const { counters } = this.desk.context;
    counters.refused[refusal] = (counters.refused[refusal] ?? 0) + 1;
    const frames = reply ? [reply.toString('hex')] : [];
    this.desk.answer(this.meter, { ...this.#about(), outcome: 'refused', refusal, frames });
    end();
  }

  #about(): { cause: 'switch'; commandId: string; sequence: number } {
    return { cause: 'switch', commandId: this.command.commandId, sequence: this.command.sequence };
  }
}

/** A command that was accepted before: its first answer again, and the relay as it is now. */
export class DuplicateJob implements Job {
  readonly priority = PRIORITY.poll;

  constructor(
    private readonly desk: Desk,
    private readonly meter: Meter,
    private readonly command: SwitchCommand,
  ) {}

  run(done: () => void): void {
    const { desk, meter, command } = this;
    desk.line.exchange(meter, statusRead(meter.serial), always, (reply) => {
      desk.heard(meter, reply !== undefined);
      const frames = [desk.lastReplies.get(meter), reply?.toString('hex')].filter((hex) => hex !== undefined);
      const { commandId } = command;
      const outcome = frames.length > 0 ? 'answered' : 'silent';
      const sequence = Math.min(command.sequence, meter.lastSequence);
      desk.answer(meter, { cause: 'switch', commandId, sequence, outcome, duplicate: true, frames });
      done();
    });
  }
}

/** Sets a clock. */
export class TimeJob implements Job {
  readonly priority = PRIORITY.time;

  constructor(
    private readonly desk: Desk,
    private readonly meter: Meter,
    private readonly order: TimeOrder,
    private readonly frame: { bytes: Buffer; broadcast: boolean },
  ) {}

  run(done: () => void): void {
    const { desk, meter, order, frame } = this;
    const about = { cause: 'time', requestId: order.requestId, sequence: order.sequence } as const;
    const refusal =
      order.sequence <= meter.lastSequence
        ? 'SUPERSEDED'
        : desk.nowMs() > (instantMs(order.notAfter) as number)
          ? 'EXPIRED'
          : undefined;
    if (refusal) {
      desk.answer(meter, { ...about, outcome: 'refused', refusal, frames: [] });
      done();
      return;
    }
    meter.lastSequence = order.sequence;
    desk.context.memory.write(meter);
    if (frame.broadcast) {
      desk.line.broadcast(desk.meters, frame.bytes, () => {
        // Nobody answers a broadcast: it was sent, and that is all that can be said.
        desk.answer(meter, { ...about, outcome: 'answered', frames: [] });
        done();
      });
      return;
    }
    const isLast = (): boolean => meter.lastSequence === order.sequence;
    desk.line.exchange(meter, frame.bytes, isLast, (reply) => {
      desk.heard(meter, reply !== undefined);
      const frames = reply ? [reply.toString('hex')] : [];
      desk.answer(meter, { ...about, outcome: reply ? 'answered' : 'silent', frames });
      done();
    });
  }
}
