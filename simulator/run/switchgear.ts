import { forgetVolatile, type Meter, type RelayToggle } from '../meter/meter.js';
import type { SwitchCommand } from '../wire/contract.js';
import { meterNowMs, type Context } from './context.js';
import type { Freezes } from './freezes.js';
import type { Reporter } from './reporter.js';

/** A press shorter than this does nothing (手动复电). Source: schema/mqtt/README.md. */
export const MIN_PRESS_MS = 3_000;

/** An armed meter waits this long for its button, by its own clock. Source: schema/mqtt/README.md, Arming and protection. */
export const ARMED_MS = 24 * 3_600_000;

/** What pressing a meter's button did. */
export type PressOutcome = 'closing' | 'not-armed' | 'too-short' | 'no-supply' | 'restarting';

/** The moving parts of a meter: relay, arming and button. Reports every change of what the meter shows. */
export class Switchgear {
  /** By the meter's own clock: since when it has been armed. */
  readonly #armedAtMs = new Map<Meter, number>();

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
    const { operation, mode } = command;
    if (operation === 'cut') return this.act(meter, 'open');
    if (operation === 'restore') return this.act(meter, mode === 'arm' ? 'arm' : 'close');
    return this.act(meter, operation);
  }

  /** Does one thing to the relay, its arming or its protection. Returns whether what the meter shows has changed already. */
  act(meter: Meter, what: 'open' | 'close' | 'arm' | 'protect' | 'unprotect'): boolean {
    const before = shown(meter);
    switch (what) {
      case 'open':
      case 'close':
        this.#order(meter, what === 'close', 'command');
        break;
      case 'arm':
        // A closed relay has nothing to arm; a cut still pending is overtaken.
        meter.orderSequence = 0;
        meter.armed = !meter.reportedClosed;
        this.context.memory.write(meter);
        if (meter.armed) this.#startArming(meter);
        break;
      case 'protect':
        meter.protected = true;
        this.#order(meter, true, 'command');
        this.context.memory.write(meter);
        break;
      case 'unprotect':
        meter.protected = false;
        this.context.memory.write(meter);
        break;
    }
    return before !== shown(meter);
  }

  /** A meter that moves by itself, or because its customer stands before it, closes now. Reports the change. */
  closeByHand(meter: Meter): void {
    const before = shown(meter);
    this.#order(meter, true, 'button');
    if (before !== shown(meter)) this.#report(meter, 'button');
  }

  /** After something a DL/T 645 meter did by itself: once its relay has had its time, it raises its event flag. */
  showChange(meter: Meter): void {
    const waitMs = this.#relayMs(meter);
    if (waitMs > 0) this.context.scheduler.after(waitMs, () => this.context.spokesman.changed(meter));
    else this.context.spokesman.changed(meter);
  }

  /** Sets the meter's own clock. */
  setClock(meter: Meter, shownMs: number): void {
    this.context.clocks.set(meter, shownMs);
    if (meter.armed) this.#endArming(meter);
  }

  /** Meters that were armed when the simulator ended wait a day from when the time is known again. */
  resumeArming(): void {
    for (const meter of this.context.meters.values())
      if (meter.armed && !this.#armedAtMs.has(meter)) this.#startArming(meter);
  }

  /** The customer presses the button for `holdMs`. */
  press(meter: Meter, holdMs: number): PressOutcome {
    if (!meter.supplied) return 'no-supply';
    if (this.context.scheduler.nowMs() < meter.silentUntilMs) return 'restarting';
    if (holdMs < MIN_PRESS_MS) return 'too-short';
    this.reporter.event(meter, 'BUTTON', meter.armed ? 'close' : 'not armed');
    if (!meter.armed) return 'not-armed';
    this.closeByHand(meter);
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
    // Never 0: that means no order at all.
    const sequence = Math.max(1, meter.lastSequence);
    const relayMs = this.#relayMs(meter);
    if (relayMs <= 0) {
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
    this.context.scheduler.after(relayMs, () => {
      // Otherwise a newer order or a reboot has overtaken this one.
      if (meter.orderSequence === sequence) this.#complete(meter);
    });
  }

  #complete(meter: Meter): void {
    meter.orderSequence = 0;
    const before = shown(meter);
    const cause = meter.orderCause;
    this.#move(meter, meter.orderCloses, cause);
    if (before !== shown(meter)) this.#report(meter, cause);
  }

  /** A meter without messages of its own is looked at when it moved without an order; else its concentrator looks anyway. */
  #report(meter: Meter, cause: RelayToggle['cause']): void {
    if (!meter.dlt645) this.reporter.state(meter, 'change');
    else if (cause === 'button') this.context.spokesman.changed(meter);
  }

  #relayMs(meter: Meter): number {
    return this.context.relayMs + this.context.faults.slowRelayMs(meter);
  }

  #startArming(meter: Meter): void {
    const atMs = meterNowMs(this.context, meter);
    this.#armedAtMs.set(meter, atMs);
    this.context.timers.after(ARMED_MS, () => {
      if (this.#armedAtMs.get(meter) === atMs) this.#endArming(meter);
    });
  }

  /** Ends an arming whose day is over by the meter's own clock; otherwise looks again when it should be. */
  #endArming(meter: Meter): void {
    const atMs = this.#armedAtMs.get(meter);
    if (atMs === undefined) return;
    if (!meter.armed) {
      this.#armedAtMs.delete(meter);
      return;
    }
    const leftMs = atMs + ARMED_MS - meterNowMs(this.context, meter);
    if (leftMs > 0) {
      this.context.timers.after(leftMs, () => {
        if (this.#armedAtMs.get(meter) === atMs) this.#endArming(meter);
      });
      return;
    }
    this.#armedAtMs.delete(meter);
    meter.armed = false;
    this.context.memory.write(meter);
    this.reporter.event(meter, 'ARM_EXPIRED');
    if (meter.dlt645) this.context.spokesman.changed(meter);
    else this.reporter.state(meter, 'change');
  }

  #move(meter: Meter, close: boolean, cause: RelayToggle['cause']): void {
    const { faults, physics, clock, counters, memory, feed } = this.context;
    const outcome = meter.relayClosed === close ? 'moves' : faults.relay(meter, meter.relayClosed);
    if (outcome === 'moves' && meter.relayClosed !== close) {
      const atMs = clock.nowMs();
      // The register's past is about to be folded into its base, so freezes still owed are sent now.
      this.freezes.settle(meter);
      physics.rebase(meter, atMs);
      // Crossed with a neighbour, these contacts may lie in that one's circuit.
      const partner = physics.wiring.partnerOf(meter);
      if (partner) {
        this.freezes.settle(partner);
        physics.rebase(partner, atMs);
      }
      meter.relayClosed = close;
      counters.relayToggles += 1;
      const to = close ? 'closed' : 'open';
      const toggle = { atMs, to, cause, sequence: meter.lastSequence, commandId: meter.lastCommandId } as const;
      meter.logToggle(toggle);
      this.context.onToggle?.(meter, toggle);
      if (feed.hasListeners('relay')) feed.tell('relay', { meter: meter.serial, gateway: meter.gateway, ...toggle });
    }
    meter.reportedClosed = outcome === 'lies' ? close : meter.relayClosed;
    meter.armed = false;
    memory.write(meter);
  }
}

/** What a meter shows of its switch, as one word, to see whether it changed. */
const shown = (meter: Meter): string => `${meter.reportedClosed}/${meter.armed}/${meter.protected}`;
