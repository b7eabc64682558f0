import { dayNumber } from '../meter/calendar.js';
import type { Meter } from '../meter/meter.js';
import { ROUNDING_WH } from '../meter/physics.js';
import {
  instantText,
  type EventName,
  type ReadingCause,
  type Refusal,
  type StateCause,
  type SwitchCommand,
  type UpKind,
} from '../wire/contract.js';
import { canonicalJson, type ContractValue } from '../wire/canonical-json.js';
import { sealEnvelope } from '../wire/envelope.js';
import { isSilent, meterNowMs, type Context } from './context.js';
import type { Uplink } from './uplink.js';

/** A register at an instant. `at` is a contract instant by the meter's own clock. */
export interface ReadingEntry {
  at: string;
  energyWh: number;
  quality: 'actual' | 'estimated';
}

/** The answer to a command: accepted, accepted before (`duplicate`), or refused and why. */
export type Answer = { result: 'accepted'; duplicate?: true } | { result: 'refused'; refusal: Refusal };

/** `INVALID_COMMAND` events carry at most this much text. Source: event.schema.json. */
const MAX_DETAIL_CHARS = 256;

/** Words a meter says: makes its messages, signs those that are proof, and sends them up. A silent meter says nothing. */
export class Reporter {
  constructor(
    private readonly context: Context,
    private readonly uplink: Uplink,
  ) {}

  /** The answer to a switch command. A duplicate repeats the first answer's command, with the relay as it is now. */
  ack(meter: Meter, command: SwitchCommand, answer: Answer): void {
    this.#signed(meter, 'ack', () => ({
      v: 1,
      kind: 'ack',
      gateway: meter.gateway,
      meter: meter.serial,
      commandId: command.commandId,
      sequence: 'duplicate' in answer ? Math.min(command.sequence, meter.lastSequence) : command.sequence,
      ...answer,
      ...this.#standing(meter),
    }));
  }

  state(meter: Meter, cause: StateCause, requestId?: string): void {
    if (meter.dlt645) {
      if (cause === 'boot' || cause === 'periodic') this.context.spokesman.announce(meter, cause);
      return;
    }
    this.#signed(meter, 'state', () => ({
      v: 1,
      kind: 'state',
      gateway: meter.gateway,
      meter: meter.serial,
      cause,
      requestId,
      ...this.#standing(meter),
    }));
  }

  reading(meter: Meter, cause: ReadingCause, readings: ReadingEntry[], requestId?: string): void {
    this.#plain(meter, 'reading', {
      v: 1,
      kind: 'reading',
      gateway: meter.gateway,
      meter: meter.serial,
      cause,
      requestId,
      readings: readings.map((entry) => ({ ...entry })),
    });
  }

  /** The register now, answering a read request. */
  requestedReading(meter: Meter, requestId: string): void {
    const { physics, clock } = this.context;
    const at = instantText(meterNowMs(this.context, meter));
    const energyWh = physics.frozenWh(meter, clock.nowMs());
    this.reading(meter, 'requested', [{ at, energyWh, quality: 'actual' }], requestId);
  }

  /** Registers of past midnights, answering a read request; those before the meter's memory are left out. */
  requestedFreezes(meter: Meter, requestId: string, midnights: readonly string[]): void {
    const { physics, clocks } = this.context;
    const readings: ReadingEntry[] = [];
    for (const day of midnights) {
      const [year, month, date] = day.split('-').map(Number) as [number, number, number];
      const shownMs = physics.calendar.midnightMs(dayNumber(year, month, date));
      const wh = physics.pastWh(meter, shownMs - clocks.offsetMs(meter));
      const isPast = shownMs <= meterNowMs(this.context, meter);
      if (wh !== undefined && isPast) {
        readings.push({ at: instantText(shownMs), energyWh: Math.floor(wh + ROUNDING_WH), quality: 'actual' });
      }
    }
    if (readings.length > 0) this.reading(meter, 'requested', readings, requestId);
  }

  event(meter: Meter, event: EventName, detail?: string): void {
    if (isSilent(this.context, meter)) return;
    this.lastWord(meter, event, detail);
  }

  /** An event even from a meter that has just fallen silent: the last gasp. */
  lastWord(meter: Meter, event: EventName, detail?: string): void {
    if (meter.dlt645) {
      // A meter on a serial line has no way to speak of its own accord while its supply goes.
      if (event !== 'LAST_GASP') this.context.spokesman.tell(meter, event, detail);
      return;
    }
    const message = {
      v: 1,
      kind: 'event',
      gateway: meter.gateway,
      meter: meter.serial,
      event,
      at: instantText(meterNowMs(this.context, meter)),
      detail: detail?.slice(0, MAX_DETAIL_CHARS),
    };
    this.uplink.send(meter, 'event', canonicalJson(message));
  }

  #standing(meter: Meter): { [key: string]: string | number | boolean } {
    const { physics, clock } = this.context;
    return {
      relay: meter.reportedClosed ? 'closed' : 'open',
      armed: meter.armed,
      protected: meter.protected,
      lastSequence: meter.lastSequence,
      meterTime: instantText(meterNowMs(this.context, meter)),
      ...physics.measure(meter, clock.nowMs()),
    };
  }

  #signed(meter: Meter, kind: UpKind, message: () => ContractValue): void {
    if (isSilent(this.context, meter)) return;
    this.uplink.send(meter, kind, sealEnvelope(message(), meter.serial, this.context.keys.of(meter.serial)));
  }

  #plain(meter: Meter, kind: UpKind, message: ContractValue): void {
    if (isSilent(this.context, meter)) return;
    this.uplink.send(meter, kind, canonicalJson(message));
  }
}
