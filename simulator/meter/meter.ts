import type { LoadName, ManifestMeter } from '../wire/contract.js';
import { hash32, type RandomStream } from './random.js';

/** Toggles remembered per meter; older ones are forgotten. Enough for a long test, bounded for a long run. */
export const MAX_RELAY_LOG = 64;

/** One movement of a relay, and the accepted command that caused it. */
export interface RelayToggle {
  /** Virtual time, ms since 1970. */
  atMs: number;
  to: 'open' | 'closed';
  cause: 'command' | 'button';
  sequence: number;
  commandId: string;
}

/**
 * One simulated meter: plain fields, no timers and no closures, because a process holds many thousands of them. What
 * happens to it is decided by pure functions beside this file; who calls them is `run/engine.ts`.
 */
export interface Meter extends RandomStream {
  readonly serial: string;
  readonly gateway: string;
  readonly load: LoadName;
  readonly annualEnergyWh: number;
  /** Individual part of the load curve and voltage, 32 bits drawn from the seed. */
  readonly variation: number;
  readonly protected: boolean;

  // Permanent memory: survives a reboot of the meter and, with a memory file, of the simulator.
  installation: string;
  lastSequence: number;
  /** Last accepted command; '' before the first. */
  lastCommandId: string;
  /** Contacts as they are. */
  relayClosed: boolean;
  /** Contacts as the meter reports them; differs only under the fault `lyingRelay`. */
  reportedClosed: boolean;
  armed: boolean;
  /** Register (Wh, with its fraction) at `baseAtMs`; it grows from there while power flows. */
  baseWh: number;
  baseAtMs: number;
  /** Last local day whose freeze was sent; NaN until the clock is known. */
  frozenThroughDay: number;

  // Volatile memory: a reboot loses it.
  /** Sequence of the relay order not yet carried out; 0 when none. */
  orderSequence: number;
  /** What that order is: where to, and who gave it. */
  orderCloses: boolean;
  orderCause: RelayToggle['cause'];
  /** Monotonic instant until which the meter says nothing (rebooting), ms. */
  silentUntilMs: number;
  /** Monotonic instant of the last INVALID_COMMAND event, ms. */
  invalidEventAtMs: number;
  /** Whether the supply side has power; false during the fault `outage`. */
  supplied: boolean;
  relayLog: RelayToggle[] | undefined;
}

/** A meter as the manifest describes it, before anything happened to it. */
export function makeMeter(entry: ManifestMeter, seed: number): Meter {
  const closed = entry.relay === 'closed';
  return {
    serial: entry.meter,
    gateway: entry.gateway,
    load: entry.load,
    annualEnergyWh: entry.annualEnergyWh,
    variation: hash32(`variation:${entry.meter}`, seed),
    protected: entry.protected ?? false,
    random: hash32(`meter:${entry.meter}`, seed),
    installation: entry.installation,
    lastSequence: entry.lastSequence,
    lastCommandId: '',
    relayClosed: closed,
    reportedClosed: closed,
    armed: false,
    baseWh: entry.registerWh,
    baseAtMs: Date.parse(entry.registerAt),
    frozenThroughDay: Number.NaN,
    orderSequence: 0,
    orderCloses: false,
    orderCause: 'command',
    silentUntilMs: Number.NEGATIVE_INFINITY,
    invalidEventAtMs: Number.NEGATIVE_INFINITY,
    supplied: true,
    relayLog: undefined,
  };
}

/** Appends to the meter's bounded relay log. */
export function logToggle(meter: Meter, toggle: RelayToggle): void {
  meter.relayLog ??= [];
  if (meter.relayLog.length >= MAX_RELAY_LOG) meter.relayLog.shift();
  meter.relayLog.push(toggle);
}

/** A reboot: volatile memory is lost, so an order whose relay has not moved yet never moves it. */
export function forgetVolatile(meter: Meter): void {
  meter.orderSequence = 0;
  meter.invalidEventAtMs = Number.NEGATIVE_INFINITY;
}
