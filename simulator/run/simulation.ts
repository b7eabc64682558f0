import { FaultSet } from '../faults/fault-set.js';
import { LineSide } from '../dlt645/line-side.js';
import { DEFAULT_TIMEZONE } from '../manifest.js';
import { Calendar } from '../meter/calendar.js';
import { MeterSet } from '../meter/meter-set.js';
import { Physics } from '../meter/physics.js';
import type { FleetManifest } from '../wire/contract.js';
import { keyRing, MeterKeys } from '../wire/keys.js';
import { Announcer } from './announcer.js';
import { ClockFollower } from './clock-follower.js';
import { noSpokesman, type Context } from './context.js';
import { newCounters } from './counters.js';
import { Feed } from './feed.js';
import { FaultControl, type GatewaySwitch } from './fault-control.js';
import { Freezes } from './freezes.js';
import { MeterClocks } from './meter-clocks.js';
import { RestoreCodes } from './restore-codes.js';
import { MemoryFile, noMemory } from './memory-file.js';
import { Receiver } from './receiver.js';
import { Reporter } from './reporter.js';
import type { Scheduler } from './scheduler.js';
import { Switchgear } from './switchgear.js';
import { Uplink } from './uplink.js';
import { VirtualTimers } from './virtual-timers.js';
import type { VirtualClock } from './virtual-clock.js';

/** Work done in one go before the event loop gets its turn, ms. */
const PUMP_BUDGET_MS = 10;
/** Pause when the budget was used up: commands come in between. */
const PUMP_BUSY_MS = 4;
const PUMP_IDLE_MS = 25;

export interface SimulationOptions {
  /** Already checked (`checkManifest`). */
  manifest: FleetManifest;
  seed: number;
  /** From an order to the movement of the contacts, real ms; 0 = at once, and then the ack already shows it. */
  relayMs: number;
  /** Over how long the meters of a gateway announce themselves after it connected, ms. */
  spreadMs: number;
  /** Bound on freeze messages of the whole fleet, per second. */
  freezesPerSecond: number;
  /** File for the meters' permanent memory; absent: they forget with the process. */
  memoryPath?: string;
  clock: VirtualClock;
  scheduler: Scheduler;
  publish(gateway: string, topic: string, payload: string): void;
  onToggle?: Context['onToggle'];
  /** Whether a gateway can take more of what can wait. */
  hasRoom(gateway: string): boolean;
  gateways: GatewaySwitch;
}

/** All meters of a fleet and what happens to them; knows no sockets. Parts are public: they are its interface. */
export class Simulation {
  readonly meters: MeterSet;
  readonly context: Context;
  readonly reporter: Reporter;
  readonly receiver: Receiver;
  readonly switchgear: Switchgear;
  readonly lineSide: LineSide;
  readonly codes: RestoreCodes;
  readonly freezes: Freezes;
  readonly announcer: Announcer;
  readonly clockFollower: ClockFollower;
  readonly faultControl: FaultControl;
  readonly #freezesPerSecond: number;
  #freezeAllowance = 0;
  #lastPumpMs: number;

  /** Takes what it needs and keeps no hold of the manifest, which is many times the size of the meters made from it. */
  constructor(options: SimulationOptions) {
    const { manifest, seed } = options;
    this.#freezesPerSecond = options.freezesPerSecond;
    this.meters = new MeterSet(manifest.meters, seed);
    const memory = options.memoryPath ? MemoryFile.open(options.memoryPath, manifest.keySeed, this.meters) : noMemory;
    const faults = new FaultSet(seed);
    this.context = {
      clock: options.clock,
      scheduler: options.scheduler,
      faults,
      physics: new Physics(new Calendar(manifest.timezone ?? DEFAULT_TIMEZONE), faults),
      clocks: new MeterClocks(options.clock, faults),
      timers: new VirtualTimers(options.clock),
      master: manifest.keySeed,
      spokesman: noSpokesman,
      memory,
      counters: newCounters(),
      feed: new Feed(),
      keys: new MeterKeys(manifest.keySeed),
      ring: keyRing(manifest.downlinkKeys),
      meters: this.meters,
      relayMs: options.relayMs,
      publish: options.publish,
      onToggle: options.onToggle,
    };
    const uplink = new Uplink(this.context);
    const reporter = new Reporter(this.context, uplink);
    this.reporter = reporter;
    this.freezes = new Freezes(this.context, reporter, options.hasRoom);
    this.switchgear = new Switchgear(this.context, reporter, this.freezes);
    this.lineSide = new LineSide(this.context, uplink, this.switchgear, manifest, seed);
    this.context.spokesman = this.lineSide;
    this.receiver = new Receiver(this.context, reporter, this.switchgear, this.lineSide);
    this.codes = new RestoreCodes(this.context, reporter, this.switchgear);
    this.announcer = new Announcer(this.context, reporter, options.spreadMs, options.hasRoom);
    this.clockFollower = new ClockFollower(this.context, this.freezes);
    this.faultControl = new FaultControl(this.context, this.switchgear, reporter, this.freezes, options.gateways);
    this.#lastPumpMs = options.scheduler.nowMs();
  }

  /** Starts saying what is due unasked (announcements, freezes), until the scheduler stops. */
  run(): void {
    const busy = this.pump();
    this.context.scheduler.after(busy ? PUMP_BUSY_MS : PUMP_IDLE_MS, () => this.run());
  }

  /** One round: announcements first, then freezes within their rate. Returns whether time ran out before the work did. */
  pump(): boolean {
    const { scheduler } = this.context;
    const freezesPerSecond = this.#freezesPerSecond;
    const startMs = scheduler.nowMs();
    const earned = ((startMs - this.#lastPumpMs) * freezesPerSecond) / 1000;
    this.#freezeAllowance = Math.min(freezesPerSecond, this.#freezeAllowance + earned);
    this.#lastPumpMs = startMs;
    const mayGoOn = (): boolean => scheduler.nowMs() - startMs < PUMP_BUDGET_MS;
    this.context.timers.work();
    this.announcer.work(mayGoOn);
    this.lineSide.work(mayGoOn);
    this.#freezeAllowance -= this.freezes.work(Math.floor(this.#freezeAllowance), mayGoOn);
    return !mayGoOn();
  }
}
