import { draw, share, type RandomStream } from '../meter/random.js';
import type { UpKind } from '../wire/contract.js';
import type { FaultName } from './catalogue.js';
import type { FaultSpec, FaultTarget } from './fault-spec.js';

/** A fault in force. */
export interface ActiveFault extends FaultSpec {
  id: string;
}

/** What a fault may strike: a meter, with its own random stream. */
export interface FaultSubject extends RandomStream {
  readonly serial: string;
  readonly gateway: string;
}

/** What happens to one message on its way. */
export interface Passage {
  lost: boolean;
  /** Further deliveries beyond the first. */
  extraCopies: number;
  delayMs: number;
  /** Hold until the gateway's next message has gone, at most this long; 0 = do not hold. */
  holdMs: number;
}

const CLEAR: Readonly<Passage> = { lost: false, extraCopies: 0, delayMs: 0, holdMs: 0 };

const CUTS_SUPPLY: ReadonlySet<FaultName> = new Set<FaultName>(['outage', 'districtOutage']);
const WRONGS_CLOCK: ReadonlySet<FaultName> = new Set<FaultName>(['clockOffset', 'clockDrift']);

/** Faults in force at once: each message looks at all of them. */
export const MAX_FAULTS = 1000;

/**
 * The faults in force and the questions the simulator asks of them. Chance is drawn from the struck meter's own stream, and
 * only where a fault strikes: two runs with the same seed, faults and messages decide alike.
 */
export class FaultSet {
  #active: ActiveFault[] = [];
  #given = 0;
  /** Virtual time at which a fault came into force, ms: a drift grows from there. */
  readonly #sinceMs = new Map<string, number>();

  constructor(private readonly seed: number) {}

  list(): ActiveFault[] {
    return [...this.#active];
  }

  /** Puts a checked fault in force. Ids count up (`f1`, `f2` …): part of what makes two runs alike. */
  add(spec: FaultSpec, sinceMs = 0): ActiveFault {
    this.#given += 1;
    const fault = { id: `f${this.#given}`, ...spec };
    this.#active = [...this.#active, fault];
    this.#sinceMs.set(fault.id, sinceMs);
    return fault;
  }

  /** Takes a fault out of force and returns it; undefined when there is none of that id. */
  remove(id: string): ActiveFault | undefined {
    const fault = this.#active.find((candidate) => candidate.id === id);
    this.#active = this.#active.filter((candidate) => candidate !== fault);
    this.#sinceMs.delete(id);
    return fault;
  }

  strikes(fault: ActiveFault, subject: FaultSubject): boolean {
    const { target } = fault;
    if ('all' in target) return true;
    if ('meter' in target) return target.meter === subject.serial;
    if ('share' in target) return share(`${fault.id}:${subject.serial}`, this.seed) < target.share;
    return this.#strikesGateway(fault.id, target, subject.gateway);
  }

  /** Whether `offline` takes down a gateway's own connection. A 4G meter is its own gateway. */
  gatewayOffline(gateway: string, ownMeter: FaultSubject | undefined): boolean {
    return this.#active.some((fault) => {
      if (fault.name !== 'offline') return false;
      if (ownMeter) return this.strikes(fault, ownMeter);
      return 'all' in fault.target || this.#strikesGateway(fault.id, fault.target, gateway);
    });
  }

  #strikesGateway(id: string, target: FaultTarget, gateway: string): boolean {
    if ('gateway' in target) return target.gateway === gateway;
    return 'gatewayShare' in target && share(`${id}:${gateway}`, this.seed) < target.gatewayShare;
  }

  #on(name: FaultName, subject: FaultSubject): ActiveFault | undefined {
    return this.#active.find((fault) => fault.name === name && this.strikes(fault, subject));
  }

  /**
   * Whether a meter is out of contact or without supply. A gateway that is itself offline silences nobody: its meters still
   * reach it, and what they send waits there.
   */
  silences(subject: FaultSubject): boolean {
    const ownGateway = subject.serial === subject.gateway;
    return this.#active.some((fault) => {
      const byGateway = ownGateway || !('meter' in fault.target || 'share' in fault.target);
      const silencing = CUTS_SUPPLY.has(fault.name) || (fault.name === 'offline' && !byGateway);
      return silencing && this.strikes(fault, subject);
    });
  }

  unsupplied(subject: FaultSubject): boolean {
    return this.#active.some((fault) => CUTS_SUPPLY.has(fault.name) && this.strikes(fault, subject));
  }

  /** Whether `districtOutage` takes a gateway's own supply. */
  gatewayUnsupplied(gateway: string): boolean {
    return this.#active.some((fault) => {
      if (fault.name !== 'districtOutage') return false;
      return 'all' in fault.target || this.#strikesGateway(fault.id, fault.target, gateway);
    });
  }

  /** What each fault adds to a clock by now (virtual time, ms), by the fault's id; they add up. */
  clockErrors(subject: FaultSubject, nowMs: number): [id: string, errorMs: number][] {
    const errors: [string, number][] = [];
    for (const fault of this.#active) {
      if (!WRONGS_CLOCK.has(fault.name) || !this.strikes(fault, subject)) continue;
      errors.push([
        fault.id,
        fault.name === 'clockOffset' ? this.#number(fault, 'offsetMs') : this.#drift(fault, subject, nowMs),
      ]);
    }
    return errors;
  }

  /** Whether any meter's clock is wrong, so that midnight is not the same for all. */
  get clocksDiffer(): boolean {
    return this.#active.some((fault) => WRONGS_CLOCK.has(fault.name));
  }

  /** How much longer a relay takes, ms. */
  slowRelayMs(subject: FaultSubject): number {
    const fault = this.#on('slowRelay', subject);
    return fault ? this.#number(fault, 'delayMs') : 0;
  }

  /** Part of the usual supply voltage that arrives. */
  supplyFactor(subject: FaultSubject): number {
    const fault = this.#on('brownOut', subject);
    return fault ? this.#number(fault, 'percent') / 100 : 1;
  }

  /** Voltage of the customer's own source on the load side, mV; 0 when there is none. */
  backfeedMv(subject: FaultSubject): number {
    const fault = this.#on('backfeed', subject);
    return fault ? this.#number(fault, 'voltageMv') : 0;
  }

  newFirmware(subject: FaultSubject): boolean {
    return this.#on('newFirmware', subject) !== undefined;
  }

  wrongPassword(subject: FaultSubject): boolean {
    return this.#on('wrongPassword', subject) !== undefined;
  }

  lineSilent(subject: FaultSubject): boolean {
    return this.#on('lineSilent', subject) !== undefined;
  }

  /** What becomes of one frame on the serial line of a meter. */
  lineNoise(subject: FaultSubject): 'flip' | 'lose' | 'cut' | undefined {
    const fault = this.#on('lineNoise', subject);
    if (!fault || !this.#chance(fault, subject)) return undefined;
    const { damage } = fault.parameters;
    if (damage !== 'any') return damage as 'flip' | 'lose' | 'cut';
    return (['flip', 'lose', 'cut'] as const)[Math.floor(draw(subject) * 3)];
  }

  /** As whose an answer of this concentrator goes out, if not as its own meter's. */
  lyingConcentrator(subject: FaultSubject): 'other' | 'unknown' | undefined {
    const fault = this.#on('lyingConcentrator', subject);
    return fault && this.#chance(fault, subject) ? (fault.parameters.as as 'other' | 'unknown') : undefined;
  }

  /** Whether a recorded message goes out again after this one. */
  replaysUp(subject: FaultSubject): boolean {
    const fault = this.#on('replayUp', subject);
    return fault !== undefined && this.#chance(fault, subject);
  }

  #drift(fault: ActiveFault, subject: FaultSubject, nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - (this.#sinceMs.get(fault.id) ?? nowMs));
    // Each clock its own rate within ±ppm, or all the same.
    const part =
      fault.parameters.rates === 'each' ? share(`${fault.id}:drift:${subject.serial}`, this.seed) * 2 - 1 : 1;
    return Math.round((elapsedMs * this.#number(fault, 'ppm') * part) / 1e6);
  }

  #number(fault: ActiveFault, parameter: string): number {
    return fault.parameters[parameter] as number;
  }

  /** What a relay does when ordered away from where it stands: moves, sticks, or sticks and reports otherwise. */
  relay(subject: FaultSubject, standsClosed: boolean): 'moves' | 'stuck' | 'lies' {
    const here = standsClosed ? 'closed' : 'open';
    for (const [name, outcome] of [['lyingRelay', 'lies'] as const, ['stuckRelay', 'stuck'] as const]) {
      const fault = this.#on(name, subject);
      if (fault && (fault.parameters.at === 'any' || fault.parameters.at === here)) return outcome;
    }
    return 'moves';
  }

  /** Restart time in ms when the meter restarts right after accepting a command, otherwise undefined. */
  rebootAfterAccept(subject: FaultSubject): number | undefined {
    const fault = this.#active.find(
      (candidate) =>
        candidate.name === 'reboot' && candidate.parameters.when === 'afterAccept' && this.strikes(candidate, subject),
    );
    return fault && this.#chance(fault, subject) ? (fault.parameters.downMs as number) : undefined;
  }

  /** Fate of a message to a meter. */
  down(subject: FaultSubject): Readonly<Passage> {
    return this.#passage(subject, 'down', undefined);
  }

  /** Fate of a message from a meter. */
  up(subject: FaultSubject, kind: UpKind): Readonly<Passage> {
    return this.#passage(subject, 'up', kind);
  }

  #passage(subject: FaultSubject, direction: 'up' | 'down', kind: UpKind | undefined): Readonly<Passage> {
    if (this.#active.length === 0) return CLEAR;
    const passage = { ...CLEAR };
    for (const fault of this.#active) {
      if (!concerns(fault, direction, kind) || !this.strikes(fault, subject)) continue;
      if (!this.#chance(fault, subject)) continue;
      if (fault.name === 'lossDown' || fault.name === 'lossUp') passage.lost = true;
      else if (fault.name === 'duplicate') passage.extraCopies += 1;
      else if (fault.name === 'lateAck') passage.delayMs += fault.parameters.afterMs as number;
      else if (fault.name === 'reorder') passage.holdMs = fault.parameters.windowMs as number;
      else if (fault.name === 'delay') passage.delayMs += delayOf(fault, subject);
    }
    return passage;
  }

  #chance(fault: ActiveFault, subject: FaultSubject): boolean {
    return draw(subject) < (fault.parameters.rate as number);
  }
}

function concerns(fault: ActiveFault, direction: 'up' | 'down', kind: UpKind | undefined): boolean {
  const { name, parameters } = fault;
  if (name === 'lossDown') return direction === 'down';
  if (name === 'delay' || name === 'duplicate') {
    return parameters.direction === direction && (direction === 'down' || ofKind(parameters.kind, kind));
  }
  if (direction === 'down') return false;
  if (name === 'lateAck') return kind === 'ack';
  return (name === 'lossUp' || name === 'reorder') && ofKind(parameters.kind, kind);
}

const ofKind = (wanted: number | string | undefined, kind: UpKind | undefined): boolean =>
  wanted === 'all' || wanted === kind;

function delayOf(fault: ActiveFault, subject: FaultSubject): number {
  const minMs = fault.parameters.minMs as number;
  return minMs + draw(subject) * ((fault.parameters.maxMs as number) - minMs);
}
