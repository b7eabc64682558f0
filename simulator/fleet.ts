import type { ActiveFault } from './faults/fault-set.js';
import { checkManifest } from './manifest.js';
import type { Meter, RelayToggle } from './meter/meter.js';
import { ConnectGate } from './run/connect-gate.js';
import { Gateway } from './run/gateway.js';
import { HeapScheduler } from './run/scheduler.js';
import { Simulation } from './run/simulation.js';
import type { PressOutcome } from './run/switchgear.js';
import { summarise, viewMeter, type FleetSummary, type MeterView } from './run/views.js';
import { VirtualClock } from './run/virtual-clock.js';
import { parseBrokerUrl, type Broker } from './wire/broker-url.js';
import { instantText, type FleetManifest } from './wire/contract.js';
import { gatewayPassword } from './wire/keys.js';

export type { ActiveFault, FleetManifest, FleetSummary, MeterView, PressOutcome, RelayToggle };

/** Everything but the first two has a default. */
export interface FleetOptions {
  /** The manifest (`schema/fleet.schema.json`). */
  fleet: unknown;
  /** `mqtt://host:port` or `mqtts://host:port`. */
  brokerUrl: string;
  /** PEM text of a private authority, for `mqtts`. */
  brokerCa?: string;
  /** Same seed, same fleet, same messages: same decisions. A whole number, default 1. */
  seed?: number;
  /** From an order to the movement of the contacts, real ms; default 20. With 0 the ack already shows the new state. */
  relayMs?: number;
  /** Faults from the start, as in a faults file. */
  faults?: readonly unknown[];
  /** File for the meters' permanent memory (sequence, relay, register); absent: they forget with the process. */
  stateFile?: string;
  /** Whether each meter says how it stands when its gateway connects; default true. */
  bootState?: boolean;
  /** Over how long the meters of one gateway do so, ms; default 2000. */
  spreadMs?: number;
  /** Most freeze messages of the fleet per second; default 2000. */
  freezesPerSecond?: number;
  /** MQTT keepalive, s; default 60. */
  keepaliveSeconds?: number;
  /** Most connections being opened at once; default 200. */
  maxOpening?: number;
  /** Receives what a person should know, one line at a time; default: nobody. */
  log?: (line: string) => void;
}

/** How far connecting has come. */
export interface FleetProgress {
  online: number;
  total: number;
  /** Why the last attempt that failed did so. */
  lastProblem: string | undefined;
}

/** A running fleet. Serials that do not exist give undefined (queries) or throw (acts). */
export interface RunningFleet {
  /** All gateways (but those a fault keeps offline) have been online once. Rejects when stopped before. */
  readonly ready: Promise<void>;
  /** Serials, in the manifest's order. */
  readonly meters: readonly string[];
  progress(): FleetProgress;
  summary(): FleetSummary;
  meter(serial: string): MeterView | undefined;
  /** The last toggles of a meter's contacts (at most 64), oldest first, each with the command that caused it. */
  relayHistory(serial: string): readonly RelayToggle[];
  /** The customer presses the button for `holdMs` (default 3000, the shortest that counts). */
  press(serial: string, holdMs?: number): PressOutcome;
  /** Gives a meter another installation id, as when it was moved to another premise. Forgotten with the process. */
  setInstallation(serial: string, installation: string): void;
  faults(): ActiveFault[];
  /** @throws FaultError with what to do. */
  addFault(fault: unknown): ActiveFault;
  removeFault(id: string): boolean;
  /** Virtual time, ms since 1970. */
  nowMs(): number;
  /** Presence offline, disconnect, close files. */
  stop(): Promise<void>;
}

/** Keepalives and time-outs of all connections. */
const TICK_EVERY_MS = 1_000;
const READY_CHECK_MS = 20;
/** Thousands of gateways may fail for several reasons at once; one line a second tells enough. */
const PROBLEM_LINE_EVERY_MS = 1_000;
/** Without a clock message this long after the first connection, the machine's own time is the fleet's. */
const OWN_TIME_AFTER_MS = 2_000;

/**
 * Builds a fleet and starts connecting it. Returns at once; wait for `ready` to have it connected.
 * @throws when the manifest, the broker address, a fault or the state file is wrong, in words for a person.
 */
export async function startFleet(options: FleetOptions): Promise<RunningFleet> {
  const manifest = checkManifest(options.fleet);
  const fleet = new Fleet(manifest, options);
  try {
    for (const fault of options.faults ?? []) fleet.addFault(fault);
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  fleet.start();
  return fleet;
}

class Fleet implements RunningFleet {
  readonly ready: Promise<void>;
  readonly meters: readonly string[];
  readonly #clock = new VirtualClock();
  readonly #scheduler = new HeapScheduler();
  readonly #gateways = new Map<string, Gateway>();
  readonly #simulation: Simulation;
  #settleReady!: { resolve: () => void; reject: (reason: Error) => void };
  #lastProblem: string | undefined;
  #lastProblemMs = Number.NEGATIVE_INFINITY;
  #anyOnline = false;
  #stopping: Promise<void> | undefined;

  constructor(
    manifest: FleetManifest,
    private readonly options: FleetOptions,
  ) {
    // First, so that a wrong address leaves no file open.
    const broker = { ...parseBrokerUrl(options.brokerUrl), ca: options.brokerCa };
    this.meters = manifest.meters.map((entry) => entry.meter);
    this.#simulation = new Simulation({
      manifest,
      seed: options.seed ?? 1,
      relayMs: options.relayMs ?? 20,
      spreadMs: options.spreadMs ?? 2_000,
      freezesPerSecond: options.freezesPerSecond ?? 2_000,
      memoryPath: options.stateFile,
      clock: this.#clock,
      scheduler: this.#scheduler,
      publish: (gateway, topic, payload) => this.#gateways.get(gateway)?.publish(topic, payload),
      hasRoom: (gateway) => this.#gateways.get(gateway)?.hasRoom ?? false,
      gateways: {
        has: (gateway) => this.#gateways.has(gateway),
        reconcile: () => this.#reconcileGateways(),
      },
    });
    this.#buildGateways(manifest, broker);
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    // Whoever does not wait for `ready` need not hear of its rejection.
    this.ready.catch(() => undefined);
  }

  start(): void {
    for (const gateway of this.#gateways.values()) gateway.connect();
    this.#simulation.run();
    this.#every(TICK_EVERY_MS, () => {
      for (const gateway of this.#gateways.values()) gateway.tick();
      return true;
    });
    this.#every(READY_CHECK_MS, () => !this.#isReady());
  }

  progress(): FleetProgress {
    let online = 0;
    for (const gateway of this.#gateways.values()) if (gateway.state === 'online') online += 1;
    return { online, total: this.#gateways.size, lastProblem: this.#lastProblem };
  }

  summary(): FleetSummary {
    return summarise(this.#simulation.context, this.#gateways);
  }

  meter(serial: string): MeterView | undefined {
    const meter = this.#simulation.meters.get(serial);
    return meter && viewMeter(this.#simulation.context, this.#gateways.get(meter.gateway), meter);
  }

  relayHistory(serial: string): readonly RelayToggle[] {
    return [...(this.#simulation.meters.get(serial)?.relayLog ?? [])];
  }

  press(serial: string, holdMs = 3_000): PressOutcome {
    return this.#simulation.switchgear.press(this.#known(serial), holdMs);
  }

  setInstallation(serial: string, installation: string): void {
    this.#known(serial).installation = installation;
  }

  faults(): ActiveFault[] {
    return this.#simulation.context.faults.list();
  }

  addFault(fault: unknown): ActiveFault {
    return this.#simulation.faultControl.add(fault);
  }

  removeFault(id: string): boolean {
    return this.#simulation.faultControl.remove(id) !== undefined;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#simulation.switchgear.completeAll();
    this.#scheduler.stop();
    await Promise.all(Array.from(this.#gateways.values(), (gateway) => gateway.stop()));
    this.#simulation.context.memory.close();
    this.#settleReady.reject(new Error('The fleet was stopped before it was ready.'));
  }

  #known(serial: string): Meter {
    const meter = this.#simulation.meters.get(serial);
    if (!meter) throw new Error(`There is no meter ${serial} in this fleet.`);
    return meter;
  }

  #buildGateways(manifest: FleetManifest, broker: Broker): void {
    const { options } = this;
    const connectGate = new ConnectGate(options.maxOpening ?? 200);
    const behind = new Map<string, Meter[]>(manifest.gateways.map(({ gateway }) => [gateway, []]));
    for (const meter of this.#simulation.meters.values()) behind.get(meter.gateway)?.push(meter);
    for (const { gateway: id } of manifest.gateways) {
      const gateway = new Gateway({
        gateway: id,
        meters: behind.get(id) ?? [],
        broker,
        password: gatewayPassword(manifest.keySeed, id),
        keepaliveSeconds: options.keepaliveSeconds ?? 60,
        seed: options.seed ?? 1,
        scheduler: this.#scheduler,
        connectGate,
        nowMs: () => this.#clock.nowMs(),
        onDown: (from, serial, payload, acknowledge) =>
          this.#simulation.receiver.receive(from.id, serial, payload, acknowledge),
        onClock: (from, payload) => this.#clockMessage(from, payload),
        onOnline: (online, first) => this.#online(online, first),
        onOffline: (offline, reason) => this.#offline(offline, reason),
        onOverflow: () => (this.#simulation.context.counters.overflowed += 1),
      });
      this.#gateways.set(id, gateway);
    }
  }

  #clockMessage(gateway: Gateway, payload: Buffer): void {
    const wasFollowed = this.#clock.followed;
    const changed = this.#simulation.clockFollower.hear(gateway.id, payload);
    if (changed && !wasFollowed) this.options.log?.(`time follows the head-end: ${instantText(this.#clock.nowMs())}`);
  }

  #online(gateway: Gateway, first: boolean): void {
    if (this.options.bootState ?? true) {
      this.#simulation.announcer.begin(gateway.id, gateway.meters, first ? 'boot' : 'periodic');
    }
    if (this.#anyOnline) return;
    this.#anyOnline = true;
    this.#scheduler.after(OWN_TIME_AFTER_MS, () => {
      if (!this.#clock.followed) this.#simulation.freezes.begin();
    });
  }

  #offline(gateway: Gateway, reason: string): void {
    this.#simulation.announcer.cancel(gateway.id);
    if (gateway.state === 'suspended') return;
    const nowMs = this.#scheduler.nowMs();
    if (reason !== this.#lastProblem && nowMs - this.#lastProblemMs >= PROBLEM_LINE_EVERY_MS) {
      this.#lastProblemMs = nowMs;
      this.options.log?.(`gateway ${gateway.id}: ${reason}; trying again`);
    }
    this.#lastProblem = reason;
  }

  #reconcileGateways(): void {
    const { faults } = this.#simulation.context;
    for (const gateway of this.#gateways.values()) {
      const ownMeter = gateway.meters[0]?.serial === gateway.id ? gateway.meters[0] : undefined;
      if (faults.gatewayOffline(gateway.id, ownMeter)) gateway.suspend();
      else gateway.resume();
    }
  }

  #isReady(): boolean {
    for (const gateway of this.#gateways.values()) {
      if (!gateway.everOnline && gateway.state !== 'suspended') return false;
    }
    this.#settleReady.resolve();
    return true;
  }

  /** Repeats until `act` says false or the fleet stops. */
  #every(periodMs: number, act: () => boolean): void {
    this.#scheduler.after(periodMs, () => {
      if (act()) this.#every(periodMs, act);
    });
  }
}
