import type { ActiveFault, FaultSet } from '../faults/fault-set.js';
import type { Meter, RelayToggle } from '../meter/meter.js';
import { EventScheduler } from '../run/event-scheduler.js';
import type { CodeOutcome } from '../run/restore-codes.js';
import { Simulation } from '../run/simulation.js';
import type { PressOutcome } from '../run/switchgear.js';
import { TimeGate } from '../run/time-gate.js';
import { VirtualClock } from '../run/virtual-clock.js';
import type { FleetManifest } from '../wire/contract.js';
import type { Input } from './inputs.js';

/** How soon announcements and freezes that have begun go on, ms. */
const BUSY_MS = 25;
/** How soon it is noticed that a day has ended, ms. A day is 86,400 looks, which cost nothing beside what the meters say. */
const IDLE_MS = 1_000;

/** What decides a run, besides its manifest and its inputs. All of it is kept in a recording. */
export interface SessionSettings {
  seed: number;
  /** From an order to the movement of the contacts, ms. */
  relayMs: number;
  /** Over how long the meters of a gateway announce themselves, ms. */
  spreadMs: number;
  freezesPerSecond: number;
  /** How long a head-end's clock is waited for after the first connection, ms. */
  clockWaitMs: number;
  /** Whether meters say how they stand when their gateway connects. */
  bootState: boolean;
  /** The wall clock's reading at session time 0, ms since 1970. */
  originMs: number;
}

export const DEFAULT_SETTINGS: Omit<SessionSettings, 'seed' | 'originMs'> = {
  relayMs: 20,
  spreadMs: 2_000,
  freezesPerSecond: 2_000,
  clockWaitMs: 1_000,
  bootState: true,
};

/** What a session tells those around it. */
export interface SessionListener {
  publish(gateway: string, topic: string, payload: string): void;
  toggled(meter: Meter, toggle: RelayToggle): void;
  /** Whether a gateway can take more of what can wait. */
  hasRoom(gateway: string): boolean;
  /** Faults changed: gateways may have to go on or off line. What follows comes back as inputs. */
  reconcile(faults: FaultSet): void;
  /** An input is about to be acted on; called once for each, in their order. */
  taken?(nowMs: number, input: Input): void;
}

/** What an act gave back. */
export type Answer = ActiveFault | PressOutcome | CodeOutcome | boolean | undefined;

/**
 * A simulation whose every influence is an `Input` at an instant. Time is discrete: it stands still within a turn, timers run at the
 * instant they were due however late their owner comes, and always before an input of the same or a later instant. So the same
 * manifest, settings and inputs give the same bytes, at any speed, over any network.
 */
export class Session {
  readonly simulation: Simulation;
  readonly clock: VirtualClock;
  readonly online = new Set<string>();
  readonly #scheduler = new EventScheduler();
  readonly #time = new TimeGate();
  readonly #behind = new Map<string, Meter[]>();
  /** Inputs that came out of a turn; they wait until it has ended. */
  #waiting: { input: Input; acknowledge: () => void }[] = [];
  #inTurn = false;
  #anyOnline = false;
  #pumpMs = Number.POSITIVE_INFINITY;
  #published = 0;

  constructor(
    manifest: FleetManifest,
    private readonly settings: SessionSettings,
    private readonly listener: SessionListener,
  ) {
    const { seed, relayMs, spreadMs, freezesPerSecond, originMs } = settings;
    this.clock = new VirtualClock(() => Math.floor(originMs + this.#scheduler.nowMs()));
    const gateways = new Set(manifest.gateways.map(({ gateway }) => gateway));
    this.simulation = new Simulation({
      manifest,
      seed,
      relayMs,
      spreadMs,
      freezesPerSecond,
      clock: this.clock,
      scheduler: this.#scheduler,
      publish: (gateway, topic, payload) => {
        this.#published += 1;
        listener.publish(gateway, topic, payload);
      },
      onToggle: (meter, toggle) => listener.toggled(meter, toggle),
      hasRoom: (gateway) => this.online.has(gateway) && listener.hasRoom(gateway),
      gateways: {
        has: (gateway) => gateways.has(gateway),
        reconcile: () => listener.reconcile(this.simulation.context.faults),
      },
    });
    for (const gateway of gateways) this.#behind.set(gateway, []);
    for (const meter of this.simulation.meters.values()) this.#behind.get(meter.gateway)?.push(meter);
  }

  /** Session time, ms from its start. */
  nowMs(): number {
    return this.#scheduler.nowMs();
  }

  /** When the next timer is due, ms; Infinity when none is. */
  get nextMs(): number {
    return this.#scheduler.nextMs;
  }

  /** Whether meters know what time it is. */
  get timeKnown(): boolean {
    return this.#time.known;
  }

  /** Runs every timer due up to an instant, each at its own, and goes on to that instant. */
  advance(nowMs: number): void {
    // Within a turn time stands still, whoever asks.
    if (this.#inTurn) return;
    while (this.#scheduler.nextMs <= nowMs) {
      this.#turn(() => this.#scheduler.runInstant());
      this.#settleWaiting();
    }
    this.#scheduler.goTo(nowMs);
  }

  /**
   * Acts on an input. What comes out of another turn (a gateway that a fault takes offline) waits for that turn's end, and then
   * has no answer. `acknowledge` is called once a message need not be kept for the meter any more (its PUBACK).
   * @throws FaultError for a fault that cannot be.
   */
  input(nowMs: number, input: Input, acknowledge: () => void = () => undefined): Answer {
    if (this.#inTurn) {
      this.#waiting.push({ input, acknowledge });
      return undefined;
    }
    const answer = this.#take(nowMs, input, acknowledge);
    this.#settleWaiting();
    return answer;
  }

  #settleWaiting(): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#take(this.nowMs(), next.input, next.acknowledge);
    }
  }

  #take(nowMs: number, input: Input, acknowledge: () => void): Answer {
    this.advance(nowMs);
    this.listener.taken?.(this.nowMs(), input);
    return this.#turn(() => this.#act(input, acknowledge));
  }

  #turn<T>(run: () => T): T {
    this.#inTurn = true;
    try {
      return run();
    } finally {
      this.#inTurn = false;
    }
  }

  #act(input: Input, acknowledge: () => void): Answer {
    const { receiver, faultControl, switchgear } = this.simulation;
    switch (input.kind) {
      case 'down':
        this.#time.whenKnown(() => receiver.receive(input.gateway, input.to, input.payload, acknowledge));
        return undefined;
      case 'clock':
        if (this.simulation.clockFollower.hear(input.gateway, input.payload)) this.#timeKnown();
        return undefined;
      case 'online':
        this.#connected(input.gateway, input.first);
        return undefined;
      case 'offline':
        this.online.delete(input.gateway);
        this.simulation.announcer.cancel(input.gateway);
        return undefined;
      case 'fault':
        return faultControl.add(input.fault);
      case 'endFault':
        return faultControl.remove(input.id) !== undefined;
      case 'press':
        return switchgear.press(this.#meter(input.meter), input.holdMs);
      case 'code':
        return this.simulation.codes.enter(this.#meter(input.meter), input.code);
      case 'installation':
        this.#meter(input.meter).installation = input.installation;
        return undefined;
      case 'end':
        return undefined;
    }
  }

  #connected(gateway: string, first: boolean): void {
    this.online.add(gateway);
    this.#time.whenKnown(() => {
      if (!this.online.has(gateway) || !this.settings.bootState) return;
      this.simulation.announcer.begin(gateway, this.#behind.get(gateway) ?? [], first ? 'boot' : 'periodic');
      this.#pumpWithin(BUSY_MS);
    });
    if (this.#anyOnline) return;
    this.#anyOnline = true;
    this.#scheduler.after(this.settings.clockWaitMs, () => {
      if (!this.clock.followed) this.simulation.freezes.begin();
      this.#timeKnown();
    });
  }

  #timeKnown(): void {
    this.#time.open();
    this.#pumpWithin(BUSY_MS);
  }

  #pumpWithin(delayMs: number): void {
    const dueMs = this.nowMs() + delayMs;
    if (dueMs >= this.#pumpMs) return;
    this.#pumpMs = dueMs;
    this.#scheduler.after(delayMs, () => {
      // Otherwise an earlier look has taken this one's place.
      if (this.#pumpMs !== dueMs) return;
      this.#pumpMs = Number.POSITIVE_INFINITY;
      const before = this.#published;
      this.simulation.pump();
      this.#pumpWithin(this.#published > before || this.#busy ? BUSY_MS : IDLE_MS);
    });
  }

  /** Whether something that was begun wants to go on soon. */
  get #busy(): boolean {
    return this.simulation.announcer.busy || this.simulation.lineSide.busy;
  }

  #meter(serial: string): Meter {
    const meter = this.simulation.meters.get(serial);
    if (!meter) throw new Error(`There is no meter ${serial} in this fleet.`);
    return meter;
  }
}
