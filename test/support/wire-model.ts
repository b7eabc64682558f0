import type { FlowContext } from '../../src/flows/context.js';
import type { Clock } from '../../src/platform/clock.js';
import { fleetManifest } from '../../src/simulation/fleet-manifest.js';
import { checkManifest } from '../../simulator/manifest.js';
import type { Meter } from '../../simulator/meter/meter.js';
import type { DownlinkKey } from '../../simulator/wire/contract.js';
import { draw, hash32, type RandomStream } from '../../simulator/meter/random.js';
import type { Scheduler } from '../../simulator/run/scheduler.js';
import { Reporter } from '../../simulator/run/reporter.js';
import { Simulation } from '../../simulator/run/simulation.js';
import { Uplink } from '../../simulator/run/uplink.js';
import { VirtualClock } from '../../simulator/run/virtual-clock.js';

/** Chance from a seed: the same seed, the same decisions. */
export class Dice implements RandomStream {
  random: number;

  constructor(seed: number) {
    this.random = hash32('dice', seed);
  }

  chance(probability: number): boolean {
    return draw(this) < probability;
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(draw(this) * bound);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** Product time that moves only when it is told to. Waits on the wire are real columns and are moved by SQL instead. */
export class SteppedClock implements Clock {
  readonly state;

  constructor(
    private nowMs: number,
    readonly startMs = nowMs,
  ) {
    this.state = {
      mode: 'SIMULATED',
      version: 1n,
      virtualAt: new Date(nowMs),
      wallAt: new Date(nowMs),
      scaleMillis: 1_000,
    } as const;
  }

  now = (): Date => new Date(this.nowMs);
  wallNow = (): Date => new Date();
  productMs = (wallMs: number): number => wallMs;
  reload = () => Promise.resolve(this.state);

  pass(ms: number): void {
    this.nowMs += ms;
  }

  backToStart(): void {
    this.nowMs = this.startMs;
  }
}

/** Delayed acts of the simulated meters (relays in motion, restarts), carried out when the test lets time pass. */
class StepScheduler implements Scheduler {
  #nowMs = 0;
  #tasks: { readonly dueMs: number; readonly run: () => void }[] = [];

  nowMs = (): number => this.#nowMs;

  after(delayMs: number, run: () => void): void {
    this.#tasks.push({ dueMs: this.#nowMs + delayMs, run });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#tasks.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#tasks = this.#tasks.filter(({ dueMs }) => dueMs > this.#nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs).forEach(({ run }) => run());
  }
}

/** A message under way. Topics are those of the contract; `serial` is the meter it is from or for. */
export interface Parcel {
  readonly serial: string;
  readonly topic: string;
  readonly bytes: Buffer;
}

export type Fate = 'delivered' | 'lost' | 'doubled' | 'held';

/** How often what happens to a message; the rest arrives once. Held messages wait until `releaseHeld`. */
export interface WireFaults {
  readonly lost: number;
  readonly doubled: number;
  readonly held: number;
}

/** From an order to the movement of the contacts, simulated ms. */
const RELAY_MS = 25;

/**
 * The wire between head-end and meters without sockets or time: what is under way lies in two heaps, and the test picks the next
 * message of all of them, so every order of arrival is possible. The meters are the simulator's own.
 */
export class WireModel {
  readonly down: Parcel[] = [];
  readonly up: Parcel[] = [];
  readonly simulation: Simulation;
  private readonly held: { readonly heap: Parcel[]; readonly parcel: Parcel }[] = [];
  private readonly scheduler = new StepScheduler();
  private readonly reporter: Reporter;

  private constructor(manifest: object, clock: Clock) {
    this.simulation = new Simulation({
      manifest: checkManifest(manifest),
      seed: 5,
      relayMs: RELAY_MS,
      spreadMs: 0,
      freezesPerSecond: 1_000,
      clock: new VirtualClock(() => clock.now().getTime()),
      scheduler: this.scheduler,
      publish: (_gateway, topic, payload) =>
        this.up.push({ serial: topic.split('/')[4]!, topic, bytes: Buffer.from(payload) }),
      hasRoom: () => true,
      gateways: { has: () => true, reconcile: () => undefined },
    });
    const { context } = this.simulation;
    this.reporter = new Reporter(context, new Uplink(context));
  }

  static async open(ctx: FlowContext, keys: readonly DownlinkKey[]): Promise<WireModel> {
    return new WireModel(await fleetManifest(ctx, keys), ctx.clock);
  }

  meter(serial: string): Meter {
    return this.simulation.meters.get(serial)!;
  }

  /** Takes one message at random out of a heap and decides what becomes of it; undefined when there is none. */
  take(heap: Parcel[], dice: Dice, faults: WireFaults): { parcel: Parcel; fate: Fate } | undefined {
    if (heap.length === 0) return undefined;
    const index = dice.below(heap.length);
    const parcel = heap[index]!;
    const chance = dice.below(1_000_000) / 1_000_000;
    if (chance < faults.doubled) return { parcel, fate: 'doubled' };
    heap.splice(index, 1);
    if (chance < faults.doubled + faults.lost) return { parcel, fate: 'lost' };
    if (chance < faults.doubled + faults.lost + faults.held) {
      this.held.push({ heap, parcel });
      return { parcel, fate: 'held' };
    }
    return { parcel, fate: 'delivered' };
  }

  /** Hands a message to its meter, which answers into the other heap. */
  deliverDown({ serial, topic, bytes }: Parcel): void {
    this.simulation.receiver.receive(topic.split('/')[2]!, serial, bytes, () => undefined);
  }

  /** What was held back is under way again: hours late. Returns how many there were. */
  releaseHeld(): number {
    const released = this.held.splice(0);
    for (const { heap, parcel } of released) heap.push(parcel);
    return released.length;
  }

  /** Lets relays move and restarts end. */
  pass(ms: number): void {
    this.scheduler.pass(ms);
  }

  /** The meter says how it stands, as after a reconnect of its gateway. */
  contact(serial: string): void {
    this.reporter.state(this.meter(serial), 'periodic');
  }

  reboot(serial: string, downMs: number): void {
    this.simulation.switchgear.reboot(this.meter(serial), downMs);
  }

  /** The customer presses the button long enough. */
  press(serial: string): void {
    this.simulation.switchgear.press(this.meter(serial), 3_000);
  }
}
