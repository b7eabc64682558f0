import { FaultError, parseFault, type FaultTarget } from '../faults/fault-spec.js';
import { ATTACK_NAMES } from '../head-end/attacks.js';
import { HEAD_END_DEFAULTS, type HeadEndSettings } from '../head-end/head-end.js';
import type { FleetManifest } from '../wire/contract.js';
import { planFleet } from './plan-fleet.js';
import type { ScenarioDocument } from './document.js';
import { ScenarioError, type Path, type Problem, type ProblemCode } from './problems.js';
import { DEFAULT_SETTINGS, type SessionSettings } from './session.js';
import { lengthMs, LocalTimes } from './scenario-time.js';
import {
  actOf,
  ACT_NAMES,
  expectedBy,
  EXPECTATION_NAMES,
  type ActName,
  type Acts,
  type ActSpec,
  type ExpectationSpec,
  type ScenarioSpec,
  type Target,
} from './spec.js';
import { TargetError, Targets } from './targets.js';
import type { NetworkModel } from './virtual-broker.js';

/** An act at its instant, checked; `path` is its place in the file. */
export interface PlannedAct<Name extends ActName = ActName> {
  atMs: number;
  name: Name;
  body: Acts[Name];
  note?: string;
  path: string;
}

/** A scenario that can be run: nothing in it is unknown, everything has its instant. */
export interface Plan {
  spec: ScenarioSpec;
  file: string;
  manifest: FleetManifest;
  settings: SessionSettings;
  network: NetworkModel;
  headEnd: HeadEndSettings;
  startsAtMs: number;
  durationMs: number;
  speed: number;
  acts: PlannedAct[];
  targets: Targets;
  times: LocalTimes;
  /** Faults of each fault act, ready to be given to the simulation; by the act's path. */
  faults: ReadonlyMap<string, { name: string; target: FaultTarget; parameters: object; forMs?: number }[]>;
}

/** How a run may differ from its file. */
export interface PlanOverrides {
  seed?: number;
  speed?: number;
  manifest?: FleetManifest;
}

/** Checks what a schema cannot (times, names, faults, meters) and gives everything its instant. @throws ScenarioError */
export function planScenario(document: ScenarioDocument, overrides: PlanOverrides = {}): Plan {
  return new Planner(document, overrides).plan();
}

class Planner {
  readonly #problems: Problem[] = [];
  readonly #spec: ScenarioSpec;
  readonly #faults = new Map<string, { name: string; target: FaultTarget; parameters: object; forMs?: number }[]>();
  readonly #faultNames = new Set<string>();
  readonly #orderNames = new Set<string>();
  #targets!: Targets;
  #times!: LocalTimes;
  #startsAtMs = 0;
  #durationMs = 0;

  constructor(
    private readonly document: ScenarioDocument,
    private readonly overrides: PlanOverrides,
  ) {
    this.#spec = document.spec;
  }

  plan(): Plan {
    const { overrides } = this;
    const spec = this.#spec;
    const seed = overrides.seed ?? spec.seed;
    this.#planTime();
    const manifest = overrides.manifest ?? this.#fleet(seed);
    this.#targets = new Targets(manifest, seed, spec.groups ?? {});
    for (const name of Object.keys(spec.groups ?? {})) this.#resolve({ group: name }, ['groups', name]);
    const acts = spec.timeline.flatMap((entry, index) => this.#act(entry, ['timeline', index]));
    acts.sort((a, b) => a.atMs - b.atMs);
    this.#expectations(spec.expect ?? [], ['expect'], true);
    this.#end();
    const { meters = {}, headEnd = {}, network = {}, time } = spec;
    return {
      spec,
      file: this.document.file,
      manifest,
      settings: {
        ...DEFAULT_SETTINGS,
        seed,
        originMs: this.#startsAtMs,
        ...(meters.relayDelay && { relayMs: lengthMs(meters.relayDelay) }),
        ...(meters.spread && { spreadMs: lengthMs(meters.spread) }),
        ...(meters.bootState !== undefined && { bootState: meters.bootState }),
        ...(meters.freezesPerSecond && { freezesPerSecond: meters.freezesPerSecond }),
      },
      network: {
        minMs: lengthMs(network.latency?.min ?? '20ms'),
        maxMs: lengthMs(network.latency?.max ?? '200ms'),
        loss: network.loss ?? 0,
        resendMs: lengthMs(network.resend ?? '1s'),
        acceptsPerSecond: network.acceptsPerSecond ?? 500,
      },
      headEnd: {
        perSecond: headEnd.perSecond ?? HEAD_END_DEFAULTS.perSecond,
        askAfterMs: headEnd.askAfter ? lengthMs(headEnd.askAfter) : HEAD_END_DEFAULTS.askAfterMs,
        validForMs: headEnd.validFor ? lengthMs(headEnd.validFor) : HEAD_END_DEFAULTS.validForMs,
      },
      startsAtMs: this.#startsAtMs,
      durationMs: this.#durationMs,
      speed: overrides.speed ?? (typeof time.speed === 'number' ? time.speed : Number.POSITIVE_INFINITY),
      acts,
      targets: this.#targets,
      times: this.#times,
      faults: this.#faults,
    };
  }

  #problem(code: ProblemCode, path: Path, text: string): void {
    this.#problems.push(this.document.place({ code, path, text }));
  }

  #end(): void {
    if (this.#problems.length > 0) throw new ScenarioError(this.document.file, this.#problems);
  }

  #planTime(): void {
    const { start, duration, timezone = 'Asia/Shanghai' } = this.#spec.time;
    try {
      this.#times = new LocalTimes(timezone);
    } catch {
      this.#problem('SCENARIO_WRONG_TIME', ['time', 'timezone'], `${timezone} is no time zone; use an IANA name.`);
      this.#end();
    }
    const startsAtMs = this.#times.instantMs(start);
    if (startsAtMs === undefined) {
      this.#problem('SCENARIO_WRONG_TIME', ['time', 'start'], `${start} is no date and time that exists.`);
    }
    this.#startsAtMs = startsAtMs ?? 0;
    this.#durationMs = lengthMs(duration);
  }

  #fleet(seed: number): FleetManifest {
    try {
      return planFleet(this.#spec, seed, this.document.file, this.#startsAtMs);
    } catch (error) {
      this.#problem('SCENARIO_WRONG_FLEET', ['fleet'], (error as Error).message);
      this.#end();
      throw error;
    }
  }

  #act(entry: ActSpec, path: Path): PlannedAct[] {
    const given = ACT_NAMES.filter((name) => entry[name] !== undefined);
    const name = actOf(entry);
    if (given.length !== 1 || !name) {
      const text = `exactly one act stands beside at; ${given.length === 0 ? `one of ${ACT_NAMES.join(', ')}` : `these are ${given.join(' and ')}: make ${given.length} entries`}.`;
      this.#problem('SCENARIO_ONE_ACT', path, text);
      return [];
    }
    const atMs = this.#instant(entry.at, [...path, 'at']);
    this.#body(name, entry, [...path, name]);
    const { every = '0s', times = 1 } = entry.repeat ?? {};
    const lastMs = atMs + (times - 1) * lengthMs(every);
    if (lastMs > this.#durationMs) {
      const text = `this is ${lastMs - this.#durationMs} ms after the end (time.duration ${this.#spec.time.duration}).`;
      this.#problem('SCENARIO_WRONG_TIME', [...path, entry.repeat ? 'repeat' : 'at'], text);
      return [];
    }
    const body = entry[name] as Acts[ActName];
    return Array.from({ length: times }, (_, index) => ({
      atMs: atMs + index * lengthMs(every),
      name,
      body,
      note: entry.note,
      path: path.join('/'),
    }));
  }

  /** Session time of an instant, ms. */
  #instant(at: string, path: Path): number {
    if (/[a-z]$/.test(at)) return lengthMs(at);
    const instantMs = at.includes('T') ? this.#times.instantMs(at) : this.#times.nextMs(at, this.#startsAtMs);
    if (instantMs === undefined || instantMs < this.#startsAtMs) {
      const text = `${at} is ${instantMs === undefined ? 'no time that exists' : 'before time.start'}.`;
      this.#problem('SCENARIO_WRONG_TIME', path, text);
      return 0;
    }
    return instantMs - this.#startsAtMs;
  }

  #body(name: ActName, entry: ActSpec, path: Path): void {
    if (name === 'expect') {
      this.#expectations(entry.expect ?? [], path, false);
    } else if (name === 'endFault') {
      if (!this.#faultNames.has(entry.endFault as string)) {
        const text = `no fault above was given the name ${JSON.stringify(entry.endFault)}; name one with as.`;
        this.#problem('SCENARIO_UNKNOWN_NAME', path, text);
      }
    } else if (name === 'fault') {
      this.#fault(entry.fault as Acts['fault'], path);
    } else {
      const body = entry[name] as { of?: Target; as?: string; kind?: string };
      if (body.of) this.#resolve(body.of, [...path, 'of']);
      if (body.as) this.#orderNames.add(body.as);
      if (name === 'attack') for (const kind of ATTACK_NAMES) this.#orderNames.add(kind);
    }
  }

  #fault(fault: Acts['fault'], path: Path): void {
    const act = path.slice(0, -1).join('/');
    try {
      const targets = this.#targets.forFaults(fault.of, act);
      const forMs = fault.for === undefined ? {} : { forMs: lengthMs(fault.for) };
      const parameters = fault.parameters ?? {};
      const faults = targets.map((target) => ({ name: fault.name, target, parameters, ...forMs }));
      for (const one of faults.slice(0, 1)) parseFault(one);
      this.#faults.set(act, faults);
    } catch (error) {
      if (error instanceof TargetError) this.#problem('SCENARIO_UNKNOWN_NAME', [...path, 'of'], error.message);
      else if (error instanceof FaultError) this.#problem('SCENARIO_WRONG_FAULT', path, error.message);
      else throw error;
    }
    if (fault.as) this.#faultNames.add(fault.as);
  }

  #resolve(target: Target, path: Path): void {
    try {
      this.#targets.resolve(target, path.join('/'));
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      this.#problem('SCENARIO_UNKNOWN_NAME', path, error.message);
    }
  }

  #expectations(entries: readonly ExpectationSpec[], path: Path, atEnd: boolean): void {
    for (const [index, entry] of entries.entries()) {
      const at = [...path, index];
      const given = EXPECTATION_NAMES.filter((name) => entry[name] !== undefined);
      const name = expectedBy(entry);
      if (given.length !== 1 || !name) {
        this.#problem(
          'SCENARIO_ONE_ACT',
          at,
          `exactly one expectation an entry; one of ${EXPECTATION_NAMES.join(', ')}.`,
        );
        continue;
      }
      if (atEnd && entry.within) {
        this.#problem(
          'SCENARIO_WRONG_TIME',
          [...at, 'within'],
          'at the end there is no later; expect it in the timeline.',
        );
      }
      const body = entry[name] as { of?: Target; as?: string };
      if (body.of) this.#resolve(body.of, [...at, name, 'of']);
      if (body.as !== undefined && !this.#orderNames.has(body.as)) {
        const text = `no order act above is called ${JSON.stringify(body.as)}; name one with as.`;
        this.#problem('SCENARIO_UNKNOWN_NAME', [...at, name, 'as'], text);
      }
    }
  }
}
