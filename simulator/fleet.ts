import type { ActiveFault } from './faults/fault-set.js';
import { checkManifest } from './manifest.js';
import type { Meter, RelayToggle } from './meter/meter.js';
import type { Gateway } from './run/gateway.js';
import { GatewaySet, type FleetProgress } from './run/gateway-set.js';
import { TelemetryLoad } from './load/telemetry-load.js';
import { checkLoad, LoadRunningError, type LoadRequest, type LoadView } from './load/load-request.js';
import { HeapScheduler } from './run/scheduler.js';
import type { CodeOutcome } from './run/restore-codes.js';
import { Simulation } from './run/simulation.js';
import type { PressOutcome } from './run/switchgear.js';
import { TimeGate } from './run/time-gate.js';
import {
  summarise,
  viewGateways,
  viewMeter,
  type FleetSummary,
  type GatewayView,
  type MeterView,
} from './run/views.js';
import type { FleetOptions, RunningFleet } from './running-fleet.js';
import type { FeedEvents, ScenarioProgress } from './run/feed.js';
import { VirtualClock } from './run/virtual-clock.js';
import { parseBrokerUrl, type Broker } from './wire/broker-url.js';
import { instantText, type FleetManifest } from './wire/contract.js';

export { LoadError } from './load/load-request.js';
export { ClockFollowedError } from './run/virtual-clock.js';
export type * from './running-fleet.js';

/** Keepalives and time-outs of all connections. */
const TICK_EVERY_MS = 1_000;
const READY_CHECK_MS = 20;
/** The retained clock message follows the subscription at once; this is for slow lines. */
const DEFAULT_CLOCK_WAIT_MS = 1_000;

/**
 * Builds a fleet and starts connecting it. Returns at once; wait for `ready` to have it connected.
 * @throws when the manifest, the broker address, a fault or the state file is wrong, in words for a person.
 */
export async function startFleet(options: FleetOptions): Promise<RunningFleet> {
  // The manifest is many times the size of the meters made from it: nothing that lives on may hold it.
  const { fleet: manifest, ...others } = options;
  const fleet = new Fleet(checkManifest(manifest), others);
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
  readonly #clock = new VirtualClock();
  readonly #scheduler = new HeapScheduler();
  readonly #time = new TimeGate();
  readonly #gateways: GatewaySet;
  readonly #simulation: Simulation;
  #settleReady!: { resolve: () => void; reject: (reason: Error) => void };
  #anyOnline = false;
  #load: TelemetryLoad | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    manifest: FleetManifest,
    private readonly options: Omit<FleetOptions, 'fleet'>,
  ) {
    // First, so that a wrong address leaves no file open.
    const broker = { ...parseBrokerUrl(options.brokerUrl), ca: options.brokerCa };
    this.#simulation = new Simulation({
      manifest,
      seed: options.seed ?? 1,
      relayMs: options.relayMs ?? 20,
      spreadMs: options.spreadMs ?? 2_000,
      freezesPerSecond: options.freezesPerSecond ?? 2_000,
      memoryPath: options.stateFile,
      clock: this.#clock,
      scheduler: this.#scheduler,
      publish: (gateway, topic, payload) => this.#gateways.byId.get(gateway)?.publish(topic, payload),
      hasRoom: (gateway) => this.#gateways.byId.get(gateway)?.hasRoom ?? false,
      gateways: {
        has: (gateway) => this.#gateways.byId.has(gateway),
        reconcile: () => this.#gateways.reconcile(this.#simulation.context.faults),
      },
    });
    this.#gateways = this.#buildGateways(manifest, broker);
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    this.ready.catch(() => undefined);
  }

  start(): void {
    this.#gateways.connect();
    this.#time.whenKnown(() => this.#simulation.switchgear.resumeArming());
    this.#simulation.run();
    this.#every(TICK_EVERY_MS, () => {
      this.#gateways.tick();
      return true;
    });
    this.#every(READY_CHECK_MS, () => {
      if (!this.#time.known || !this.#gateways.allHaveBeenOnline) return true;
      this.#settleReady.resolve();
      return false;
    });
  }

  get meters(): readonly string[] {
    return [...this.#simulation.meters.keys()];
  }

  get meterCount(): number {
    return this.#simulation.meters.size;
  }

  page(first: number, after?: string): MeterView[] | undefined {
    const { meters } = this.#simulation;
    const last = after === undefined ? undefined : meters.get(after);
    if (after !== undefined && !last) return undefined;
    const start = last ? last.index + 1 : 0;
    const views: MeterView[] = [];
    for (let index = start; index < Math.min(meters.size, start + first); index += 1) {
      views.push(this.#view(meters.at(index) as Meter));
    }
    return views;
  }

  progress(): FleetProgress {
    return this.#gateways.progress();
  }

  summary(): FleetSummary {
    return summarise(this.#simulation.context, this.#gateways.byId);
  }

  meter(serial: string): MeterView | undefined {
    const meter = this.#simulation.meters.get(serial);
    return meter && this.#view(meter);
  }

  relayHistory(serial: string): readonly RelayToggle[] {
    return [...(this.#simulation.meters.get(serial)?.relayLog ?? [])];
  }

  press(serial: string, holdMs = 3_000): PressOutcome {
    return this.#simulation.switchgear.press(this.#known(serial), holdMs);
  }

  enterCode(serial: string, code: string): CodeOutcome {
    return this.#simulation.codes.enter(this.#known(serial), code);
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

  get timeScaleMillis(): number {
    return this.#clock.scaleMillis;
  }

  setTimeScale(scaleMillis: number): void {
    this.#clock.setOwn(scaleMillis);
  }

  gateways(): GatewayView[] {
    return viewGateways(this.#gateways.byId);
  }

  on<Kind extends keyof FeedEvents>(kind: Kind, listener: (event: FeedEvents[Kind]) => void): () => void {
    return this.#simulation.context.feed.on(kind, listener);
  }

  startLoad(request: LoadRequest): LoadView {
    if (this.#load?.running) throw new LoadRunningError();
    const { context, reporter } = this.#simulation;
    const hasRoom = (gateway: string): boolean => this.#gateways.byId.get(gateway)?.hasRoom ?? false;
    const world = { context, reporter, hasRoom, pending: () => this.#gateways.pending };
    this.#load = new TelemetryLoad(world, checkLoad(request));
    return this.#load.view();
  }

  stopLoad(): LoadView | undefined {
    this.#load?.stop();
    return this.#load?.view();
  }

  load(): LoadView | undefined {
    return this.#load?.view();
  }

  reportScenario(progress: ScenarioProgress): void {
    this.#simulation.context.feed.tell('scenario', progress);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#simulation.switchgear.completeAll();
    this.#scheduler.stop();
    await this.#gateways.stop();
    this.#simulation.context.memory.close();
    this.#settleReady.reject(new Error('The fleet was stopped before it was ready.'));
  }

  #view(meter: Meter): MeterView {
    return viewMeter(this.#simulation.context, this.#gateways.byId.get(meter.gateway), meter);
  }

  #known(serial: string): Meter {
    const meter = this.#simulation.meters.get(serial);
    if (!meter) throw new Error(`There is no meter ${serial} in this fleet.`);
    return meter;
  }

  #buildGateways(manifest: FleetManifest, broker: Broker): GatewaySet {
    const { options } = this;
    const { receiver, announcer, context, meters } = this.#simulation;
    return new GatewaySet({
      manifest,
      meters,
      broker,
      seed: options.seed ?? 1,
      scheduler: this.#scheduler,
      keepaliveSeconds: options.keepaliveSeconds ?? 60,
      maxOpening: options.maxOpening ?? 200,
      log: options.log ?? (() => undefined),
      nowMs: () => this.#clock.nowMs(),
      onDown: (from, serial, payload, acknowledge) =>
        this.#time.whenKnown(() => receiver.receive(from.id, serial, payload, acknowledge)),
      onClock: (from, payload) => this.#clockMessage(from, payload),
      onOnline: (gateway, first) => this.#online(gateway, first),
      onOffline: (gateway) => announcer.cancel(gateway.id),
      onAcknowledged: (afterMs) => this.#load?.acknowledged(afterMs),
      onOverflow: () => (context.counters.overflowed += 1),
    });
  }

  #clockMessage(gateway: Gateway, payload: Buffer): void {
    const wasFollowed = this.#clock.followed;
    if (!this.#simulation.clockFollower.hear(gateway.id, payload)) return;
    if (!wasFollowed) this.options.log?.(`time follows the head-end: ${instantText(this.#clock.nowMs())}`);
    this.#time.open();
  }

  #online(gateway: Gateway, first: boolean): void {
    this.#time.whenKnown(() => {
      if (gateway.state !== 'online' || !(this.options.bootState ?? true)) return;
      this.#simulation.announcer.begin(gateway.id, gateway.meters, first ? 'boot' : 'periodic');
    });
    if (this.#anyOnline) return;
    this.#anyOnline = true;
    this.#scheduler.after(this.options.clockWaitMs ?? DEFAULT_CLOCK_WAIT_MS, () => {
      if (!this.#clock.followed) this.#ownTime();
      this.#time.open();
    });
  }

  /** No head-end sets the time, so far: it is the fleet's own. */
  #ownTime(): void {
    const { timeScaleMillis, startAtMs } = this.options;
    if (timeScaleMillis !== undefined || startAtMs !== undefined)
      this.#clock.setOwn(timeScaleMillis ?? 1_000, startAtMs);
    this.#simulation.freezes.begin();
  }

  /** Repeats until `act` says false or the fleet stops. */
  #every(periodMs: number, act: () => boolean): void {
    this.#scheduler.after(periodMs, () => act() && this.#every(periodMs, act));
  }
}
