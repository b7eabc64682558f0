import type { FaultSet } from '../faults/fault-set.js';
import type { Meter } from '../meter/meter.js';
import type { MeterSet } from '../meter/meter-set.js';
import type { RelayToggle } from '../meter/relay-log.js';
import type { Physics } from '../meter/physics.js';
import type { MeterKeys, TrustedKey } from '../wire/keys.js';
import type { EventName } from '../wire/contract.js';
import type { Counters } from './counters.js';
import type { Feed } from './feed.js';
import type { MeterClocks } from './meter-clocks.js';
import type { PermanentMemory } from './memory-file.js';
import type { Scheduler } from './scheduler.js';
import type { VirtualClock } from './virtual-clock.js';
import type { VirtualTimers } from './virtual-timers.js';

/** Speaks for meters that have no messages of their own (DL/T 645): their concentrators. */
export interface Spokesman {
  /** Says how a meter stands, when its line has time. */
  announce(meter: Meter, cause: 'boot' | 'periodic'): void;
  /** A meter has moved by itself (button, code, a time that ran out). */
  changed(meter: Meter): void;
  tell(meter: Meter, event: EventName, detail?: string): void;
  /** Faults have changed: concentrators lose their supply, or have it back. */
  reconcile(): void;
}

/** Until the concentrators are there. */
export const noSpokesman: Spokesman = {
  announce: () => undefined,
  changed: () => undefined,
  tell: () => undefined,
  reconcile: () => undefined,
};

/** What every part of a running fleet shares. */
export interface Context {
  clock: VirtualClock;
  scheduler: Scheduler;
  faults: FaultSet;
  physics: Physics;
  memory: PermanentMemory;
  counters: Counters;
  feed: Feed;
  keys: MeterKeys;
  ring: ReadonlyMap<string, TrustedKey>;
  meters: MeterSet;
  /** Clocks of meters and concentrators. */
  clocks: MeterClocks;
  timers: VirtualTimers;
  /** Where the secrets of meters come from: the manifest's `keySeed`. */
  master: string;
  spokesman: Spokesman;
  /** From an order to the movement of the contacts, real ms; 0 = at once. */
  relayMs: number;
  /** Hands a finished message to a gateway, which keeps it until the broker has it. */
  publish(gateway: string, topic: string, payload: string): void;
  /** Told of every movement of contacts; for those who watch or record. */
  onToggle?(meter: Meter, toggle: RelayToggle): void;
}

/** The meter's own clock, ms since 1970: the virtual time, and how far it is off. */
export const meterNowMs = (context: Context, meter: Meter): number =>
  context.clock.nowMs() + context.clocks.offsetMs(meter);

/** Whether the meter neither hears nor speaks: restarting, out of contact or without supply. */
export const isSilent = (context: Context, meter: Meter): boolean =>
  context.scheduler.nowMs() < meter.silentUntilMs || context.faults.silences(meter);
