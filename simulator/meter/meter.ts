import type { LoadName, ManifestMeter } from '../wire/contract.js';
import { Columns, FLAG, NO_DAY } from './columns.js';
import type { RandomStream } from './random.js';
import type { RelayToggle } from './relay-log.js';

export { MAX_RELAY_LOG, type RelayToggle } from './relay-log.js';

/** Digits of a meter's number. */
const SERIAL_DIGITS = 12;

/**
 * One simulated meter: no timers and no closures, because a process holds a hundred thousand of them. It holds nothing itself but where
 * it stands in the fleet's columns, so an object of it stays small; there is one per meter, made with the fleet, so it may be a key of a
 * `Map`. Texts are made anew each time they are read. What happens to a meter is decided by pure functions beside this file; who calls
 * them lives in `run/`.
 */
export class Meter implements RandomStream {
  readonly #columns: Columns;
  /** Its place in the manifest, from 0. */
  readonly index: number;

  constructor(columns: Columns, index: number) {
    this.#columns = columns;
    this.index = index;
  }

  /** 12 digits. */
  get serial(): string {
    return String(this.#columns.serial[this.index]).padStart(SERIAL_DIGITS, '0');
  }

  get gateway(): string {
    const { gateways, gateway } = this.#columns;
    return gateways[gateway[this.index] as number] as string;
  }

  get load(): LoadName {
    return this.#flag(FLAG.commerce) ? 'commerce' : 'household';
  }

  /** Speaks DL/T 645 on the serial line of its gateway, which keeps the contract for it. */
  get dlt645(): boolean {
    return this.#flag(FLAG.dlt645);
  }

  /** DL/T 645: takes switches and clocks in ciphertext (PA 98H) only. */
  get cipher(): boolean {
    return this.#flag(FLAG.cipher);
  }

  get annualEnergyWh(): number {
    return this.#columns.annualEnergyWh[this.index] as number;
  }

  /** Individual part of the load curve and voltage, 32 bits drawn from the seed. */
  get variation(): number {
    return this.#columns.variation[this.index] as number;
  }

  /** The meter's own random stream. */
  get random(): number {
    return this.#columns.random[this.index] as number;
  }
  set random(word: number) {
    this.#columns.random[this.index] = word;
  }

  // Permanent memory: survives a reboot of the meter and, with a memory file, of the simulator.

  /** UUID in lower case; anything else is a RangeError. */
  get installation(): string {
    return this.#columns.installation.get(this.index);
  }
  set installation(uuid: string) {
    this.#columns.installation.set(this.index, uuid);
  }

  get lastSequence(): number {
    return this.#columns.lastSequence[this.index] as number;
  }
  set lastSequence(sequence: number) {
    this.#columns.lastSequence[this.index] = sequence;
  }

  /** Last accepted command (UUID); '' before the first. */
  get lastCommandId(): string {
    return this.#columns.lastCommandId.get(this.index);
  }
  set lastCommandId(uuid: string) {
    this.#columns.lastCommandId.set(this.index, uuid);
  }

  /** Contacts as they are. */
  get relayClosed(): boolean {
    return this.#flag(FLAG.relayClosed);
  }
  set relayClosed(on: boolean) {
    this.#setFlag(FLAG.relayClosed, on);
  }

  /** Contacts as the meter reports them; differs only under the fault `lyingRelay`. */
  get reportedClosed(): boolean {
    return this.#flag(FLAG.reportedClosed);
  }
  set reportedClosed(on: boolean) {
    this.#setFlag(FLAG.reportedClosed, on);
  }

  get armed(): boolean {
    return this.#flag(FLAG.armed);
  }
  set armed(on: boolean) {
    this.#setFlag(FLAG.armed, on);
  }

  /** 保电: refuses every cut. */
  get protected(): boolean {
    return this.#flag(FLAG.protected);
  }
  set protected(on: boolean) {
    this.#setFlag(FLAG.protected, on);
  }

  /** Register (Wh, with its fraction) at `baseAtMs`; it grows from there while power flows. */
  get baseWh(): number {
    return this.#columns.baseWh[this.index] as number;
  }
  set baseWh(wh: number) {
    this.#columns.baseWh[this.index] = wh;
  }

  get baseAtMs(): number {
    return this.#columns.baseAtMs[this.index] as number;
  }
  set baseAtMs(ms: number) {
    this.#columns.baseAtMs[this.index] = ms;
  }

  /** Last local day (since 1970-01-01) whose freeze was sent; NaN until the clock is known. */
  get frozenThroughDay(): number {
    const day = this.#columns.frozenThroughDay[this.index] as number;
    return day === NO_DAY ? Number.NaN : day;
  }
  set frozenThroughDay(day: number) {
    this.#columns.frozenThroughDay[this.index] = Number.isNaN(day) ? NO_DAY : day;
  }

  // Volatile memory: a reboot loses it.

  /** Sequence of the relay order not yet carried out; 0 when none. */
  get orderSequence(): number {
    return this.#columns.orderSequence[this.index] as number;
  }
  set orderSequence(sequence: number) {
    this.#columns.orderSequence[this.index] = sequence;
  }

  /** What that order is: where to … */
  get orderCloses(): boolean {
    return this.#flag(FLAG.orderCloses);
  }
  set orderCloses(on: boolean) {
    this.#setFlag(FLAG.orderCloses, on);
  }

  /** … and who gave it. */
  get orderCause(): RelayToggle['cause'] {
    return this.#flag(FLAG.orderByButton) ? 'button' : 'command';
  }
  set orderCause(cause: RelayToggle['cause']) {
    this.#setFlag(FLAG.orderByButton, cause === 'button');
  }

  /** Monotonic instant until which the meter says nothing (rebooting), ms. */
  get silentUntilMs(): number {
    return this.#columns.silentUntilMs[this.index] as number;
  }
  set silentUntilMs(ms: number) {
    this.#columns.silentUntilMs[this.index] = ms;
  }

  /** Monotonic instant of the last INVALID_COMMAND event, ms. */
  get invalidEventAtMs(): number {
    return this.#columns.invalidEventAtMs[this.index] as number;
  }
  set invalidEventAtMs(ms: number) {
    this.#columns.invalidEventAtMs[this.index] = ms;
  }

  /** Whether the supply side has power; false during the fault `outage`. */
  get supplied(): boolean {
    return this.#flag(FLAG.supplied);
  }
  set supplied(on: boolean) {
    this.#setFlag(FLAG.supplied, on);
  }

  /** Whether `frozenThroughDay` was begun by the machine's own time: a head-end's first clock message begins it again. */
  get freezeProvisional(): boolean {
    return this.#flag(FLAG.freezeProvisional);
  }
  set freezeProvisional(on: boolean) {
    this.#setFlag(FLAG.freezeProvisional, on);
  }

  /** The last movements of the relay, oldest first, as a list of its own; undefined before the first. */
  get relayLog(): RelayToggle[] | undefined {
    return this.#columns.relayLog.of(this.index);
  }

  /** Notes a movement of the relay; of the oldest the log forgets. */
  logToggle(toggle: RelayToggle): void {
    this.#columns.relayLog.add(this.index, toggle);
  }

  #flag(bit: number): boolean {
    return ((this.#columns.flags[this.index] as number) & bit) !== 0;
  }

  #setFlag(bit: number, on: boolean): void {
    const flags = this.#columns.flags[this.index] as number;
    this.#columns.flags[this.index] = on ? flags | bit : flags & ~bit;
  }
}

/** A meter on its own, as the manifest describes it, before anything happened to it. */
export const makeMeter = (entry: ManifestMeter, seed: number): Meter => new Meter(new Columns([entry], seed), 0);

/** A reboot: volatile memory is lost, so an order whose relay has not moved yet never moves it. */
export function forgetVolatile(meter: Meter): void {
  meter.orderSequence = 0;
  meter.invalidEventAtMs = Number.NEGATIVE_INFINITY;
}
