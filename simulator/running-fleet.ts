import type { ActiveFault } from './faults/fault-set.js';
import type { LoadRequest, LoadView } from './load/load-request.js';
import type { RelayToggle } from './meter/meter.js';
import type { FeedEvents, ScenarioProgress } from './run/feed.js';
import type { FleetProgress } from './run/gateway-set.js';
import type { CodeOutcome } from './run/restore-codes.js';
import type { PressOutcome } from './run/switchgear.js';
import type { FleetSummary, GatewayView, MeterView } from './run/views.js';

export type {
  ActiveFault,
  CodeOutcome,
  FeedEvents,
  FleetProgress,
  FleetSummary,
  GatewayView,
  LoadRequest,
  LoadView,
  MeterView,
  PressOutcome,
  RelayToggle,
  ScenarioProgress,
};
export type { LoadKind } from './load/load-request.js';
export type { FleetManifest } from './wire/contract.js';

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
  /**
   * How long to wait for a head-end's clock after the first connection before the machine's own time is the fleet's, ms;
   * default 1000. Until then meters neither hear nor speak.
   */
  clockWaitMs?: number;
  /** Speed of the fleet's own time as long as no head-end sets it, virtual ms per real second; default 1000 (real speed). */
  timeScaleMillis?: number;
  /** Virtual time at which the fleet's own time begins, ms since 1970; default the machine's. */
  startAtMs?: number;
  /** MQTT keepalive, s; default 60. */
  keepaliveSeconds?: number;
  /** Most connections being opened at once; default 200. */
  maxOpening?: number;
  /** Receives what a person should know, one line at a time; default: nobody. */
  log?: (line: string) => void;
}

/** A running fleet. Serials that do not exist give undefined (queries) or throw (acts). */
export interface RunningFleet {
  /** All gateways (but those a fault keeps offline) have been online and the time is known. Rejects when stopped before. */
  readonly ready: Promise<void>;
  /** Serials, in the manifest's order: a list made anew each time. */
  readonly meters: readonly string[];
  readonly meterCount: number;
  /** At most `first` meters that come after one (absent: from the start), in the manifest's order; undefined when there is no such one. */
  page(first: number, after?: string): MeterView[] | undefined;
  progress(): FleetProgress;
  summary(): FleetSummary;
  meter(serial: string): MeterView | undefined;
  /** The last toggles of a meter's contacts (at most 64), oldest first, each with the command that caused it. */
  relayHistory(serial: string): readonly RelayToggle[];
  /** The customer presses the button for `holdMs` (default 3000, the shortest that counts). */
  press(serial: string, holdMs?: number): PressOutcome;
  /** The customer types a restore code (16 digits). */
  enterCode(serial: string, code: string): CodeOutcome;
  /** Gives a meter another installation id, as when it was moved to another premise. Forgotten with the process. */
  setInstallation(serial: string, installation: string): void;
  faults(): ActiveFault[];
  /** @throws FaultError with what to do. */
  addFault(fault: unknown): ActiveFault;
  removeFault(id: string): boolean;
  /** Virtual time, ms since 1970. */
  nowMs(): number;
  /** Speed of the time, virtual ms per real second. */
  readonly timeScaleMillis: number;
  /** Changes the speed of the fleet's own time. @throws ClockFollowedError when a head-end sets the time; RangeError outside 0 … 100,000,000. */
  setTimeScale(scaleMillis: number): void;
  /** The gateways as they stand, in the manifest's order. */
  gateways(): GatewayView[];
  /** Tells what happens as it happens. Returns how to stop. */
  on<Kind extends keyof FeedEvents>(kind: Kind, listener: (event: FeedEvents[Kind]) => void): () => void;
  /** Makes the meters speak, and measures the broker's PUBACKs. @throws LoadError when one runs already or the request is wrong. */
  startLoad(request: LoadRequest): LoadView;
  /** Ends the load; what it handed over is still acknowledged. Undefined when there was none. */
  stopLoad(): LoadView | undefined;
  /** The load that runs, or ran last. */
  load(): LoadView | undefined;
  /** A scenario run on this fleet tells how far it is; whoever watches the fleet hears it. */
  reportScenario(progress: ScenarioProgress): void;
  /** Presence offline, disconnect, close files. */
  stop(): Promise<void>;
}
