import { forgetVolatile, type Meter, type RelayToggle } from '../meter/meter.js';
import type { SwitchCommand } from '../wire/contract.js';
import type { Context } from './context.js';
import type { Freezes } from './freezes.js';
import type { Reporter } from './reporter.js';

/** A press shorter than this does nothing (手动复电). Source: schema/mqtt/README.md. */
export const MIN_PRESS_MS = 3_000;

/** What pressing a meter's button did. */
export type PressOutcome = 'closing' | 'not-armed' | 'too-short' | 'no-supply' | 'restarting';

/** The moving parts of a meter: relay, arming and button. Reports every change of what the meter shows. */
export class Switchgear {
  constructor(
    private readonly context: Context,
    private readonly reporter: Reporter,
    private readonly freezes: Freezes,
  ) {}

  /**
   * Carries out an accepted command. The caller has written it to permanent memory. Returns whether what the meter shows
   * has changed already; a relay that needs time reports its change itself.
   */
  obey(meter: Meter, command: SwitchCommand): boolean {
    const before = shown(meter);
    if (command.operation === 'restore' && command.mode === 'arm') {
      // A closed relay has nothing to arm; a cut still pending is overtaken.
      meter.orderSequence = 0;
      meter.armed = !meter.reportedClosed;
      this.context.memory.write(meter);
    } else {
      this.#order(meter, command.operation === 'restore', 'command');
    }
    return before !== shown(meter);
  }

  /** The customer presses the button for `holdMs`. */
  press(meter: Meter, holdMs: number): PressOutcome {
    if (!meter.supplied) return 'no-supply';
    if (this.context.scheduler.nowMs() < meter.silentUntilMs) return 'restarting';
    if (holdMs < MIN_PRESS_MS) return 'too-short';
    this.reporter.event(meter, 'BUTTON', meter.armed ? 'close' : 'not armed');
    if (!meter.armed) return 'not-armed';
    const before = shown(meter);
    this.#order(meter, true, 'button');
    if (before !== shown(meter)) this.reporter.state(meter, 'change');
    return 'closing';
  }

  /** Restarts a meter: it forgets what is volatile, is silent for `downMs`, then says REBOOT and how it stands. */
  reboot(meter: Meter, downMs: number): void {
    const { scheduler } = this.context;
    forgetVolatile(meter);
    const untilMs = scheduler.nowMs() + downMs;
    meter.silentUntilMs = Math.max(meter.silentUntilMs, untilMs);
    scheduler.after(downMs, () => {
      if (scheduler.nowMs() < meter.silentUntilMs) return;
      this.reporter.event(meter, 'REBOOT');
      this.reporter.state(meter, 'boot');
    });
  }

  /** Carries out every order still under way, now: a simulator that ends must not leave relays half moved. */
  completeAll(): void {
    for (const meter of this.context.meters.values()) if (meter.orderSequence !== 0) this.#complete(meter);
  }

  /** A relay that lied shows its contacts again. Called when faults change. */
  settle(meter: Meter): void {
    if (meter.reportedClosed === meter.relayClosed) return;
    if (this.context.faults.relay(meter, meter.relayClosed) === 'lies') return;
    meter.reportedClosed = meter.relayClosed;
    this.reporter.state(meter, 'change');
  }

  #order(meter: Meter, close: boolean, cause: RelayToggle['cause']): void {
    const sequence = meter.lastSequence;
    if (this.context.relayMs <= 0) {
      meter.orderSequence = 0;
      this.#move(meter, close, cause);
      return;
    }
    // A cut takes the permission to close back at once; a button press keeps it until the contacts have moved.
    if (cause === 'command' && meter.armed) {
      meter.armed = false;
      this.context.memory.write(meter);
    }
    meter.orderSequence = sequence;
    meter.orderCloses = close;
    meter.orderCause = cause;
    this.context.scheduler.after(this.context.relayMs, () => {
      // Otherwise a newer order or a reboot has overtaken this one.
      if (meter.orderSequence === sequence) this.#complete(meter);
    });
  }

  #complete(meter: Meter): void {
    meter.orderSequence = 0;
    const before = shown(meter);
    this.#move(meter, meter.orderCloses, meter.orderCause);
    if (before !== shown(meter)) this.reporter.state(meter, 'change');
  }

  #move(meter: Meter, close: boolean, cause: RelayToggle['cause']): void {
    const { faults, physics, clock, counters, memory } = this.context;
    const outcome = meter.relayClosed === close ? 'moves' : faults.relay(meter, meter.relayClosed);
    if (outcome === 'moves' && meter.relayClosed !== close) {
      const atMs = clock.nowMs();
      // The register's past is about to be folded into its base, so freezes still owed are sent now.
      this.freezes.settle(meter);
      physics.rebase(meter, atMs);
      meter.relayClosed = close;
      counters.relayToggles += 1;
      const to = close ? 'closed' : 'open';
      meter.logToggle({ atMs, to, cause, sequence: meter.lastSequence, commandId: meter.lastCommandId });
    }
    meter.reportedClosed = outcome === 'lies' ? close : meter.relayClosed;
    meter.armed = false;
    memory.write(meter);
  }
}

/** What a meter shows of its switch, as one word, to see whether it changed. */
const shown = (meter: Meter): string => `${meter.reportedClosed}/${meter.armed}`;
