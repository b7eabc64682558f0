import { summarise } from '../run/views.js';
import type { Broker } from '../wire/broker-url.js';
import { Stage } from './acts.js';
import { Judge, latencies, percentile, type Finding } from './expectations.js';
import type { Plan, PlannedAct } from './plan.js';
import { ScenarioError, type Problem } from './problems.js';
import type { ActReport, CheckReport, LawReport, OrderReport, RunReport } from './report.js';
import { lengthMs } from './scenario-time.js';
import { expectedBy, NETWORK_ACTS, ORDER_ACTS, ORDER_EXPECTATIONS, type ExpectationSpec } from './spec.js';
import { LAWS, type LawName } from './witness.js';
import { World } from './world.js';

/** How often something that may still become so is looked at, virtual ms. */
const LOOK_EVERY_MS = 250;
/** Over a real broker the fleet is given this long to connect before the timeline begins, ms. */
const CONNECT_WAIT_MS = 30_000;

/** How a scenario is run. */
export interface RunOptions {
  /** A real broker; absent: one inside this process, in virtual time. */
  broker?: Broker;
  /** Somebody else's head-end gives the orders: `forbid` those of the file, or `skip` them. Absent: the built-in one gives them. */
  foreignOrders?: 'forbid' | 'skip';
  recordPath?: string;
  log?: (line: string) => void;
  /** Told now and then how far the story is, 0–1. */
  progress?: (part: number) => void;
  signal?: AbortSignal;
}

/** Runs a scenario from its first act to its last expectation. @throws ScenarioError when it cannot be run this way */
export async function runScenario(plan: Plan, options: RunOptions = {}): Promise<RunReport> {
  const skipped = whatIsNotOurs(plan, options);
  return new Runner(plan, options, skipped).run();
}

/** Acts that cannot be done in this kind of run. @throws ScenarioError unless they may be skipped */
function whatIsNotOurs(plan: Plan, { broker, foreignOrders }: RunOptions): ReadonlySet<PlannedAct> {
  const orders = foreignOrders === undefined ? [] : plan.acts.filter(({ name }) => ORDER_ACTS.includes(name));
  const network = broker === undefined ? [] : plan.acts.filter(({ name }) => NETWORK_ACTS.includes(name));
  const problem = (code: Problem['code'], text: string) => (act: PlannedAct) => ({
    code,
    path: [act.path, act.name],
    text,
  });
  const forbidden = [
    ...(foreignOrders === 'forbid' ? orders : []).map(
      problem(
        'SCENARIO_ORDERS_NOT_OURS',
        'orders are given by somebody else’s head-end here; --skip-orders leaves them out.',
      ),
    ),
    ...network.map(problem('SCENARIO_NETWORK_NOT_OURS', 'the broker is not ours to break; run it without --broker.')),
  ];
  if (forbidden.length > 0) throw new ScenarioError(plan.file, forbidden);
  return new Set(orders);
}

class Runner {
  readonly #world: World;
  readonly #stage: Stage;
  readonly #judge: Judge;
  readonly #acts: ActReport[] = [];
  readonly #checks: CheckReport[] = [];
  readonly #begunMs = performance.now();
  /** Session time at which the timeline begins, ms: 0 in virtual time, once connected over a real broker. */
  #startMs = 0;

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly skipped: ReadonlySet<PlannedAct>,
  ) {
    const speed = options.broker && plan.speed === Number.POSITIVE_INFINITY ? 1 : plan.speed;
    // Over a real broker other people's clock messages speak of the machine's own time.
    const originMs = options.broker ? Date.now() : plan.settings.originMs;
    this.#world = new World({
      name: plan.spec.name,
      manifest: plan.manifest,
      settings: { ...plan.settings, originMs },
      network: plan.network,
      headEnd: options.foreignOrders ? undefined : plan.headEnd,
      startsAtMs: plan.startsAtMs,
      broker: options.broker,
      speed,
      recordPath: options.recordPath,
      // In virtual time broken connections are part of the story.
      log: options.broker && options.log,
    });
    this.#stage = new Stage(plan, this.#world);
    this.#judge = new Judge(plan, this.#world);
  }

  async run(): Promise<RunReport> {
    const world = this.#world;
    let failed: unknown;
    try {
      world.start();
      if (this.options.broker) await this.#connected();
      this.#startMs = this.options.broker ? world.nowMs() : 0;
      const endMs = this.#startMs + this.plan.durationMs;
      for (const act of this.plan.acts) {
        const atMs = this.#startMs + act.atMs;
        world.time.scheduler.after(atMs - world.nowMs(), () => {
          try {
            this.#perform(act, atMs);
          } catch (error) {
            failed ??= error;
          }
        });
      }
      await world.runTo(endMs, () => this.#breathe(endMs) || failed !== undefined);
      if (failed !== undefined) throw failed as Error;
      this.options.signal?.throwIfAborted();
      this.#endChecks(endMs);
      return this.#report(await world.end());
    } catch (error) {
      await world.end();
      throw error;
    }
  }

  #breathe(endMs: number): boolean {
    this.options.progress?.((this.#world.nowMs() - this.#startMs) / (endMs - this.#startMs));
    return this.options.signal?.aborted === true;
  }

  async #connected(): Promise<void> {
    const world = this.#world;
    const ready = (): boolean => world.gateways.allHaveBeenOnline && world.session.timeKnown;
    await world.runTo(CONNECT_WAIT_MS, () => ready() || this.options.signal?.aborted === true);
    this.options.signal?.throwIfAborted();
    if (ready()) return;
    const { online, total, lastProblem } = world.gateways.progress();
    throw new Error(`Only ${online} of ${total} gateways reached the broker${lastProblem ? `: ${lastProblem}` : ''}.`);
  }

  #perform(act: PlannedAct, atMs: number): void {
    if (act.name === 'expect') {
      for (const [index, entry] of (act.body as ExpectationSpec[]).entries()) {
        this.#expect(entry, `${act.path}/expect/${index}`, atMs);
      }
      return;
    }
    const done = this.skipped.has(act) ? 'left out: orders are somebody else’s' : this.#stage.perform(act);
    this.#acts.push({ atMs: act.atMs, at: this.plan.times.text(this.#world.virtualMs()), what: done, note: act.note });
  }

  #expect(entry: ExpectationSpec, path: string, fromMs: number): void {
    const world = this.#world;
    if (this.options.foreignOrders && ORDER_EXPECTATIONS.includes(expectedBy(entry) ?? 'relays')) return;
    const findings = this.#judge.judge(entry, path);
    const nowMs = world.nowMs();
    const passed = findings.every((finding) => finding.passed);
    if (!passed && entry.within && nowMs - fromMs < lengthMs(entry.within)) {
      world.time.scheduler.after(LOOK_EVERY_MS, () => this.#expect(entry, path, fromMs));
      return;
    }
    const tookMs = entry.within ? nowMs - fromMs : undefined;
    for (const finding of findings) this.#check(finding, entry, path, fromMs, tookMs);
  }

  #check(finding: Finding, entry: ExpectationSpec, path: string, fromMs: number, tookMs: number | undefined): void {
    const at = this.plan.times.text(this.#world.virtualMs());
    this.#checks.push({
      ...finding,
      atMs: fromMs - this.#startMs,
      at,
      path,
      note: entry.note,
      within: entry.within,
      tookMs,
    });
  }

  #endChecks(endMs: number): void {
    for (const [index, entry] of (this.plan.spec.expect ?? []).entries()) this.#expect(entry, `expect/${index}`, endMs);
    this.#world.witness.look();
  }

  #report(digest: { outputs: number; sha256: string }): RunReport {
    const world = this.#world;
    const wallMs = performance.now() - this.#begunMs;
    const laws = this.#laws();
    const { spec } = this.plan;
    return {
      scenario: spec.name,
      shows: spec.shows,
      file: this.plan.file,
      seed: this.plan.settings.seed,
      passed: [...this.#checks, ...laws].every(({ passed }) => passed),
      network: this.options.broker ? 'broker' : 'virtual',
      orders: this.options.foreignOrders ? 'other' : 'own',
      meters: world.session.simulation.meters.size,
      gateways: world.gateways.byId.size,
      startsAt: this.plan.times.text(this.plan.startsAtMs),
      virtualMs: this.plan.durationMs,
      wallMs: Math.round(wallMs),
      speed: Math.round(this.plan.durationMs / wallMs),
      acts: this.#acts,
      checks: this.#checks.sort((a, b) => a.atMs - b.atMs),
      laws,
      orderReports: this.#orders(),
      summary: summarise(world.session.simulation.context, world.gateways.byId),
      digest,
    };
  }

  #laws(): LawReport[] {
    const { breaches } = this.#world.witness;
    return (Object.keys(LAWS) as LawName[]).map((law) => {
      const breach = breaches.get(law);
      return {
        law,
        text: LAWS[law],
        passed: breach === undefined,
        breaches: breach?.count ?? 0,
        told: breach?.told ?? [],
      };
    });
  }

  #orders(): OrderReport[] {
    const orders = this.#world.headEnd?.orders ?? [];
    return [...new Set(orders.map(({ label }) => label))].map((label) => {
      const those = orders.filter((order) => order.label === label);
      const states: Record<string, number> = {};
      for (const { state } of those) states[state] = (states[state] ?? 0) + 1;
      const taken = latencies(those, 'verified');
      return {
        label,
        given: those.length,
        states,
        verifiedMs: {
          p50: percentile(taken, 0.5),
          p95: percentile(taken, 0.95),
          p99: percentile(taken, 0.99),
          max: taken.at(-1),
        },
      };
    });
  }
}
