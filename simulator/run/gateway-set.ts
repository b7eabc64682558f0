import type { FaultSet } from '../faults/fault-set.js';
import type { Meter } from '../meter/meter.js';
import type { Broker } from '../wire/broker-url.js';
import type { FleetManifest } from '../wire/contract.js';
import { gatewayPassword } from '../wire/keys.js';
import { ConnectGate } from './connect-gate.js';
import { Gateway, type GatewayOptions } from './gateway.js';
import type { Scheduler } from './scheduler.js';

/** Thousands of gateways may fail for several reasons at once; one line a second tells enough. */
const PROBLEM_LINE_EVERY_MS = 1_000;

/** How far connecting has come. */
export interface FleetProgress {
  online: number;
  total: number;
  /** Why the last attempt that failed did so. */
  lastProblem: string | undefined;
}

/** What all gateways of a fleet have in common. */
export interface GatewaySetOptions {
  manifest: FleetManifest;
  meters: ReadonlyMap<string, Meter>;
  broker: Broker;
  seed: number;
  scheduler: Scheduler;
  keepaliveSeconds: number;
  /** Most connections being opened at once. */
  maxOpening: number;
  log: (line: string) => void;
  nowMs: GatewayOptions['nowMs'];
  onDown: GatewayOptions['onDown'];
  onClock: GatewayOptions['onClock'];
  onOnline: GatewayOptions['onOnline'];
  onOffline(gateway: Gateway): void;
  onAcknowledged: GatewayOptions['onAcknowledged'];
  onOverflow: GatewayOptions['onOverflow'];
  makeLink?: GatewayOptions['makeLink'];
}

/** The gateways of a fleet. */
export class GatewaySet {
  readonly byId: ReadonlyMap<string, Gateway>;
  readonly #options: Omit<GatewaySetOptions, 'manifest'>;
  #lastProblem: string | undefined;
  #lastProblemMs = Number.NEGATIVE_INFINITY;

  constructor({ manifest, ...options }: GatewaySetOptions) {
    this.#options = options;
    const { meters } = options;
    const { keySeed } = manifest;
    const connectGate = new ConnectGate(options.maxOpening);
    const behind = new Map<string, Meter[]>(manifest.gateways.map(({ gateway }) => [gateway, []]));
    for (const meter of meters.values()) behind.get(meter.gateway)?.push(meter);
    this.byId = new Map(
      manifest.gateways.map(({ gateway }) => [
        gateway,
        this.#build(gateway, behind.get(gateway) ?? [], keySeed, connectGate),
      ]),
    );
  }

  connect(): void {
    for (const gateway of this.byId.values()) gateway.connect();
  }

  /** Keepalives and time-outs of all connections; call it about once a second. */
  tick(): void {
    for (const gateway of this.byId.values()) gateway.tick();
  }

  progress(): FleetProgress {
    let online = 0;
    for (const gateway of this.byId.values()) if (gateway.state === 'online') online += 1;
    return { online, total: this.byId.size, lastProblem: this.#lastProblem };
  }

  /** Messages of all gateways that the broker has not acknowledged yet. */
  get pending(): number {
    let pending = 0;
    for (const gateway of this.byId.values()) pending += gateway.pending;
    return pending;
  }

  /** Whether every gateway, but those a fault keeps offline, has been online once. */
  get allHaveBeenOnline(): boolean {
    for (const gateway of this.byId.values()) {
      if (!gateway.everOnline && gateway.state !== 'suspended') return false;
    }
    return true;
  }

  /** Brings every gateway on or off line as the faults now say. */
  reconcile(faults: FaultSet): void {
    for (const gateway of this.byId.values()) {
      const ownMeter = gateway.meters[0]?.serial === gateway.id ? gateway.meters[0] : undefined;
      const unsupplied = faults.gatewayUnsupplied(gateway.id);
      if (unsupplied) gateway.lastGasp();
      else if (faults.gatewayOffline(gateway.id, ownMeter)) gateway.suspend();
      else gateway.resume();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.byId.values(), (gateway) => gateway.stop()));
  }

  #build(gateway: string, meters: readonly Meter[], keySeed: string, connectGate: ConnectGate): Gateway {
    const options = this.#options;
    return new Gateway({
      gateway,
      meters,
      broker: options.broker,
      password: gatewayPassword(keySeed, gateway),
      keepaliveSeconds: options.keepaliveSeconds,
      seed: options.seed,
      scheduler: options.scheduler,
      connectGate,
      makeLink: options.makeLink,
      nowMs: options.nowMs,
      onDown: options.onDown,
      onClock: options.onClock,
      onOnline: options.onOnline,
      onOffline: (offline, reason) => this.#offline(offline, reason),
      onAcknowledged: options.onAcknowledged,
      onOverflow: options.onOverflow,
    });
  }

  #offline(gateway: Gateway, reason: string): void {
    this.#options.onOffline(gateway);
    if (gateway.state === 'suspended') return;
    const nowMs = this.#options.scheduler.nowMs();
    if (reason !== this.#lastProblem && nowMs - this.#lastProblemMs >= PROBLEM_LINE_EVERY_MS) {
      this.#lastProblemMs = nowMs;
      this.#options.log(`gateway ${gateway.id}: ${reason}; trying again`);
    }
    this.#lastProblem = reason;
  }
}
