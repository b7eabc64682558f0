import type { FaultName } from '../faults/catalogue.js';
import { FaultError, parseFault, type FaultSpec } from '../faults/fault-spec.js';
import { MAX_FAULTS, type ActiveFault } from '../faults/fault-set.js';
import { forgetVolatile, type Meter } from '../meter/meter.js';
import { draw } from '../meter/random.js';
import type { Crossed } from '../meter/wiring.js';
import type { Context } from './context.js';
import type { Freezes } from './freezes.js';
import type { Reporter } from './reporter.js';
import type { Switchgear } from './switchgear.js';

/** When many meters restart at once they come back one after the other, this far apart, ms. */
const REBOOT_SPACING_MS = 0.2;

/** Below this part of nominal the supply is out of bounds. Source: GB/T 12325 (single phase +7 %, −10 %). */
const LOW_VOLTAGE_FACTOR = 0.9;
/** Faults that change the course of many registers at once: freezes still owed are sent before. */
const REDIRECTS_REGISTERS: ReadonlySet<FaultName> = new Set<FaultName>(['outage', 'districtOutage']);

/** What a fault can do to gateways; they live with their sockets, elsewhere. */
export interface GatewaySwitch {
  has(gateway: string): boolean;
  /** Brings every gateway on or off line as the faults now say. */
  reconcile(): void;
}

/** Puts faults in force and ends them, and does at once what they do at once. */
export class FaultControl {
  /** Meters whose supply voltage is low. */
  readonly #low = new Set<Meter>();

  constructor(
    private readonly context: Context,
    private readonly switchgear: Switchgear,
    private readonly reporter: Reporter,
    private readonly freezes: Freezes,
    private readonly gateways: GatewaySwitch,
  ) {}

  /** Checks a fault and puts it in force. A `reboot` of `when: now` is over as soon as it is given. @throws FaultError */
  add(input: unknown): ActiveFault {
    const { faults, scheduler, meters } = this.context;
    const spec = parseFault(input);
    if (faults.list().length >= MAX_FAULTS) {
      throw new FaultError(`${MAX_FAULTS} faults are in force; remove one first.`);
    }
    if ('meter' in spec.target && !meters.has(spec.target.meter) && !this.gateways.has(spec.target.meter)) {
      throw new FaultError(`There is no meter ${spec.target.meter} in this fleet; list them with "meters".`);
    }
    if ('gateway' in spec.target && !this.gateways.has(spec.target.gateway)) {
      throw new FaultError(
        `There is no gateway ${spec.target.gateway} in this fleet; a meter's entry names its gateway.`,
      );
    }
    if (spec.name === 'crossWired') this.#checkPair(spec);
    if (REDIRECTS_REGISTERS.has(spec.name)) this.freezes.settleAll();
    const fault = faults.add(spec, this.context.clock.nowMs());
    if (fault.name === 'reboot' && fault.parameters.when === 'now') {
      this.#rebootNow(fault);
      faults.remove(fault.id);
      return fault;
    }
    if (fault.forMs !== undefined) scheduler.after(fault.forMs, () => this.remove(fault.id));
    this.#reconcile();
    this.context.feed.tell('fault', { fault, inForce: true });
    return fault;
  }

  /** Ends a fault; undefined when none of that id is in force. */
  remove(id: string): ActiveFault | undefined {
    const fault = this.context.faults.remove(id);
    if (fault) {
      this.#reconcile();
      this.context.feed.tell('fault', { fault, inForce: false });
    }
    return fault;
  }

  #rebootNow(fault: ActiveFault): void {
    let delayMs = fault.parameters.downMs as number;
    for (const meter of this.context.meters.values()) {
      if (!this.context.faults.strikes(fault, meter) || draw(meter) >= (fault.parameters.rate as number)) continue;
      this.switchgear.reboot(meter, delayMs);
      delayMs += REBOOT_SPACING_MS;
    }
  }

  #checkPair({ target, parameters }: FaultSpec): void {
    const partner = parameters.with as string;
    if (!('meter' in target)) {
      throw new FaultError('crossWired takes one meter as its target and its neighbour as with=<number>.');
    }
    if (!this.context.meters.has(partner) || partner === target.meter) {
      throw new FaultError(`with=${partner} is no other meter of this fleet; list them with "meters".`);
    }
  }

  /** Crosses what faults cross and straightens the rest; registers are settled before their course changes. */
  #rewire(): void {
    const { faults, meters, physics, clock } = this.context;
    const pairs = faults.list().flatMap(({ name, target, parameters }) => {
      const meter = name === 'crossWired' && 'meter' in target ? meters.get(target.meter) : undefined;
      const partner = meters.get(String(parameters.with));
      return meter && partner ? [{ meter, partner, crossed: parameters.wires as Crossed }] : [];
    });
    if (pairs.length === 0 && physics.wiring.straight) return;
    const concerned = new Set([
      ...physics.wiring.crossed(),
      ...pairs.flatMap(({ meter, partner }) => [meter, partner]),
    ]);
    for (const meter of concerned) {
      this.freezes.settle(meter);
      physics.rebase(meter, clock.nowMs());
    }
    physics.wiring.set(pairs);
  }

  /** Says when the supply of a meter falls below what is allowed, and when it is back. */
  #watchVoltage(meter: Meter): void {
    const low = meter.supplied && this.context.faults.supplyFactor(meter) < LOW_VOLTAGE_FACTOR;
    if (low === this.#low.has(meter)) return;
    if (low) this.#low.add(meter);
    else this.#low.delete(meter);
    if (low || meter.supplied) this.reporter.event(meter, low ? 'VOLTAGE_LOW' : 'VOLTAGE_NORMAL');
  }

  #reconcile(): void {
    const { faults, meters } = this.context;
    this.#rewire();
    // First: a concentrator that has its supply back must hear its meters come back.
    this.context.spokesman.reconcile();
    for (const meter of meters.values()) {
      const supplied = !faults.unsupplied(meter);
      if (meter.supplied && !supplied) this.#supplyLost(meter);
      else if (!meter.supplied && supplied) this.#supplyBack(meter);
      this.#watchVoltage(meter);
      this.switchgear.settle(meter);
    }
    this.gateways.reconcile();
  }

  #supplyLost(meter: Meter): void {
    const { physics, clock, memory } = this.context;
    physics.rebase(meter, clock.nowMs());
    meter.supplied = false;
    forgetVolatile(meter);
    memory.write(meter);
    this.reporter.lastWord(meter, 'LAST_GASP');
  }

  #supplyBack(meter: Meter): void {
    const { physics, clock, memory } = this.context;
    this.freezes.settle(meter);
    physics.rebase(meter, clock.nowMs());
    meter.supplied = true;
    memory.write(meter);
    this.reporter.event(meter, 'POWER_ON');
    this.reporter.state(meter, 'boot');
  }
}
