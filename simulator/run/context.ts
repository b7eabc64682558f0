import type { FaultSet } from '../faults/fault-set.js';
import type { Meter } from '../meter/meter.js';
import type { MeterSet } from '../meter/meter-set.js';
import type { Physics } from '../meter/physics.js';
import type { MeterKeys, TrustedKey } from '../wire/keys.js';
import type { Counters } from './counters.js';
import type { PermanentMemory } from './memory-file.js';
import type { Scheduler } from './scheduler.js';
import type { VirtualClock } from './virtual-clock.js';

/** What every part of a running fleet shares. */
export interface Context {
  clock: VirtualClock;
  scheduler: Scheduler;
  faults: FaultSet;
  physics: Physics;
  memory: PermanentMemory;
  counters: Counters;
  keys: MeterKeys;
  ring: ReadonlyMap<string, TrustedKey>;
  meters: MeterSet;
  /** From an order to the movement of the contacts, real ms; 0 = at once. */
  relayMs: number;
  /** Hands a finished message to a gateway, which keeps it until the broker has it. */
  publish(gateway: string, topic: string, payload: string): void;
}

/** The meter's own clock: the virtual time, and its error under `clockOffset`. ms since 1970. */
export const meterNowMs = (context: Context, meter: Meter): number =>
  context.clock.nowMs() + context.faults.clockOffsetMs(meter);

/** Whether the meter neither hears nor speaks: restarting, out of contact or without supply. */
export const isSilent = (context: Context, meter: Meter): boolean =>
  context.scheduler.nowMs() < meter.silentUntilMs || context.faults.silences(meter);
