import { checkSwitch, guardFits } from '../meter/command-check.js';
import type { LineSide } from '../dlt645/line-side.js';
import type { Meter } from '../meter/meter.js';
import { instantMs, type ReadRequest, type SwitchCommand, type TimeOrder } from '../wire/contract.js';
import { openEnvelope, type SecondSignature } from '../wire/envelope.js';
import { firstProblem, isReadRequest, isSwitchCommand, isTimeOrder } from '../wire/schemas.js';
import { isSilent, meterNowMs, type Context } from './context.js';
import type { Reporter } from './reporter.js';
import type { Switchgear } from './switchgear.js';

/** A meter says INVALID_COMMAND at most this often. Source: schema/mqtt/README.md, step 1. */
const INVALID_EVENT_EVERY_MS = 60_000;

/** What comes down for meters: faults on the way, opening, checking, obeying, answering. */
export class Receiver {
  constructor(
    private readonly context: Context,
    private readonly reporter: Reporter,
    private readonly switchgear: Switchgear,
    private readonly lineSide: Pick<LineSide, 'receive'>,
  ) {}

  /**
   * A message for a meter behind a gateway. `acknowledge` (the PUBACK) is called once the meter has written what it must not
   * forget, or once it is certain that no meter will ever hear the message.
   */
  receive(gateway: string, serial: string, bytes: Buffer, acknowledge: () => void): void {
    const { meters, counters, faults, scheduler } = this.context;
    if (this.lineSide.receive(gateway, serial, bytes, acknowledge)) return;
    counters.received += 1;
    const meter = meters.get(serial);
    if (!meter || meter.gateway !== gateway) {
      counters.unroutable += 1;
      acknowledge();
      return;
    }
    const passage = faults.down(meter);
    if (passage.lost) {
      counters.unheard += 1;
      acknowledge();
      return;
    }
    const deliver = (): void => {
      for (let copy = 0; copy <= passage.extraCopies; copy += 1) this.#hear(meter, bytes);
      acknowledge();
    };
    if (passage.delayMs > 0) scheduler.after(passage.delayMs, deliver);
    else deliver();
  }

  #hear(meter: Meter, bytes: Buffer): void {
    if (isSilent(this.context, meter)) {
      this.context.counters.unheard += 1;
      return;
    }
    const opened = openEnvelope(bytes, this.context.ring);
    if (!opened.ok) {
      this.#invalid(meter, opened.problem);
      return;
    }
    const { message, second } = opened;
    if (isSwitchCommand(message)) {
      if (second !== 'none' && !guardFits(message)) this.#invalid(meter, 'a second signature stands on cuts only');
      else this.#switch(meter, message, second);
    } else if (isReadRequest(message)) {
      if (second !== 'none') this.#invalid(meter, 'a second signature stands on cuts only');
      else this.#read(meter, message);
    } else if (isTimeOrder(message)) {
      if (second !== 'none') this.#invalid(meter, 'a second signature stands on cuts only');
      else this.#time(meter, message);
    } else {
      const isSwitch = (message as { kind?: unknown }).kind === 'switch';
      if (isSwitch) isSwitchCommand(message);
      this.#invalid(meter, firstProblem(isSwitch ? isSwitchCommand : isReadRequest));
    }
  }

  #switch(meter: Meter, command: SwitchCommand, second: SecondSignature): void {
    const { counters, memory, faults } = this.context;
    const judged = checkSwitch(
      command,
      second,
      {
        serial: meter.serial,
        installation: meter.installation,
        lastSequence: meter.lastSequence,
        lastCommandId: meter.lastCommandId,
        relayClosed: meter.reportedClosed,
        protected: meter.protected,
      },
      meterNowMs(this.context, meter),
    );
    switch (judged.verdict) {
      case 'invalid':
        this.#invalid(meter, 'issuedAt or notAfter names no real instant');
        return;
      case 'duplicate':
        counters.duplicates += 1;
        this.reporter.ack(meter, command, { result: 'accepted', duplicate: true });
        return;
      case 'refused':
        counters.refused[judged.refusal] = (counters.refused[judged.refusal] ?? 0) + 1;
        this.reporter.ack(meter, command, { result: 'refused', refusal: judged.refusal });
        return;
      case 'accepted': {
        counters.accepted += 1;
        // Step 9: memory first, so that nothing that happens from here on can make the meter act on this twice.
        meter.lastSequence = command.sequence;
        meter.lastCommandId = command.commandId;
        memory.write(meter);
        const downMs = faults.rebootAfterAccept(meter);
        if (downMs !== undefined) {
          this.switchgear.reboot(meter, downMs);
          return;
        }
        const changed = this.switchgear.obey(meter, command);
        this.reporter.ack(meter, command, { result: 'accepted' });
        if (changed) this.reporter.state(meter, 'change');
      }
    }
  }

  /** A read request for another meter, or too late, is let pass in silence: the contract has no refusal for it. */
  #read(meter: Meter, request: ReadRequest): void {
    const notAfterMs = instantMs(request.notAfter);
    if (notAfterMs === undefined || instantMs(request.issuedAt) === undefined) {
      this.#invalid(meter, 'issuedAt or notAfter names no real instant');
      return;
    }
    if (request.meter !== meter.serial || meterNowMs(this.context, meter) > notAfterMs) {
      this.context.counters.readsIgnored += 1;
      return;
    }
    this.context.counters.reads += 1;
    if (request.what.includes('state')) this.reporter.state(meter, 'read', request.requestId);
    if (request.what.includes('reading')) this.reporter.requestedReading(meter, request.requestId);
    if (request.what.includes('freeze')) {
      this.reporter.requestedFreezes(meter, request.requestId, request.midnights ?? []);
    }
  }

  /**
   * Sets the clock, if the sequence is greater than the last: a meter whose clock is wrong cannot go by `notAfter`. The state that answers
   * shows time and sequence as they are then, set or not.
   */
  #time(meter: Meter, order: TimeOrder): void {
    const atMs = instantMs(order.at);
    if (atMs === undefined) {
      this.#invalid(meter, 'at names no real instant');
      return;
    }
    if (order.meter !== meter.serial) {
      this.context.counters.readsIgnored += 1;
      return;
    }
    if (order.sequence > meter.lastSequence) {
      meter.lastSequence = order.sequence;
      this.context.memory.write(meter);
      this.switchgear.setClock(meter, atMs);
    }
    this.reporter.state(meter, 'read', order.requestId);
  }

  #invalid(meter: Meter, problem: string): void {
    this.context.counters.invalid += 1;
    // Real time: with the simulation's clock stopped or racing, "once a minute" must still bound the traffic.
    const nowMs = this.context.scheduler.nowMs();
    if (nowMs - meter.invalidEventAtMs < INVALID_EVENT_EVERY_MS) return;
    meter.invalidEventAtMs = nowMs;
    this.reporter.event(meter, 'INVALID_COMMAND', problem);
  }
}
