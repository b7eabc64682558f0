import type { Meter } from '../meter/meter.js';
import { restoreCode, restoreCodeKey } from '../wire/secrets.js';
import { meterNowMs, type Context } from './context.js';
import type { Reporter } from './reporter.js';
import type { Switchgear } from './switchgear.js';

/** A code may belong to any of this many sequences after the last. Source: schema/mqtt/README.md, Restore code. */
const SEQUENCES_TRIED = 20;
/** After this many wrong codes in a row none is taken for `BLOCKED_MS`, by the meter's own clock. */
const MAX_WRONG_CODES = 5;
const BLOCKED_MS = 15 * 60_000;

/** What typing a code into a meter did. */
export type CodeOutcome = 'closing' | 'refused' | 'blocked' | 'no-supply' | 'restarting';

/** Restore codes (复电码) typed into meters that no message reaches. */
export class RestoreCodes {
  readonly #wrong = new Map<Meter, { count: number; blockedUntilMs: number }>();

  constructor(
    private readonly context: Context,
    private readonly reporter: Reporter,
    private readonly switchgear: Switchgear,
  ) {}

  /** The customer types a code of 16 digits. One that fits voids every order before it, and closes the relay. */
  enter(meter: Meter, code: string): CodeOutcome {
    if (!meter.supplied) return 'no-supply';
    if (this.context.scheduler.nowMs() < meter.silentUntilMs) return 'restarting';
    const nowMs = meterNowMs(this.context, meter);
    const wrong = this.#wrong.get(meter) ?? { count: 0, blockedUntilMs: Number.NEGATIVE_INFINITY };
    if (nowMs < wrong.blockedUntilMs) return 'blocked';
    const sequence = this.#sequenceOf(meter, code);
    if (sequence === undefined) {
      const count = wrong.count + 1;
      const blocks = count >= MAX_WRONG_CODES;
      this.#wrong.set(meter, blocks ? { count: 0, blockedUntilMs: nowMs + BLOCKED_MS } : { ...wrong, count });
      this.reporter.event(meter, 'CODE_REFUSED', blocks ? 'no codes for 15 minutes' : undefined);
      return 'refused';
    }
    this.#wrong.delete(meter);
    // Memory first, so that the code never works again. No order before it may be answered as if it were the last.
    meter.lastSequence = sequence;
    meter.lastCommandId = '';
    this.context.memory.write(meter);
    this.reporter.event(meter, 'CODE_ACCEPTED');
    this.switchgear.closeByHand(meter);
    return 'closing';
  }

  #sequenceOf(meter: Meter, code: string): number | undefined {
    const key = restoreCodeKey(this.context.master, meter.serial);
    const { serial, installation, lastSequence } = meter;
    for (let sequence = lastSequence + 1; sequence <= lastSequence + SEQUENCES_TRIED; sequence += 1) {
      if (restoreCode(key, serial, installation, sequence) === code) return sequence;
    }
    return undefined;
  }
}
