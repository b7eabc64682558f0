import type { FaultSubject } from '../faults/fault-set.js';
import { hash32 } from '../meter/random.js';
import type { Meter } from '../meter/meter.js';

/** A concentrator as faults and chance see it: a device of its own, beside its meters. */
export class Member implements FaultSubject {
  random: number;
  readonly gateway: string;

  constructor(
    readonly serial: string,
    readonly meters: readonly Meter[],
    seed: number,
  ) {
    this.gateway = serial;
    this.random = hash32(`concentrator:${serial}`, seed);
  }
}
