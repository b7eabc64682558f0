import { workDryRun } from '../src/flows/make-dry-run.js';
import { schedulesOf } from '../src/flows/schedules.js';
import { dunConcerned } from '../src/flows/watch-dunning.js';
import { workBillingRun } from '../src/flows/work-billing-run.js';
import { statement } from '../src/platform/database.js';
import { addDays, localDate, localTime, startOfLocalDay } from '../src/platform/local-date.js';
import type { NudgeTopic } from '../src/platform/nudges.js';
import { ensureSchedules, runDueSchedules, type Schedule } from '../src/platform/schedules.js';
import { fleetManifest } from '../src/simulation/fleet-manifest.js';
import { Agenda } from './agenda.js';
import { Corrections } from './corrections.js';
import { Crews } from './crews.js';
import { Customers, type Happening } from './customers.js';
import { Field } from './field.js';
import { Office } from './office.js';
import type { Household } from './people.js';
import { Phones } from './phones.js';
import type { Scenario } from './scenario.js';
import { lookAtTables, type Stage } from './stage.js';
import { dayBegins } from './stepping-clock.js';
import { Waits } from './waits.js';
import { Wire } from './wire.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Local hours at which the product's hourly schedules get their turn: derived from facts, they may run late. */
const SCHEDULE_HOURS = [0, 8, 20];
/** And at which the ladders of whoever changed are looked at: the product gathers for moments, a story of seconds for hours. */
const WATCH_HOURS = [0, 8, 11, 14, 17, 20];
/** Days of the story after which tables have grown so much that PostgreSQL looks at them anew. */
const LOOKS = [0, 1, 2, 4, 8, 12, 20];
/** Ids looked at together after a step; as the product's watch does. */
const WATCH_GROUP = 500;
/** One instant settles in a few rounds; more would be a loop of the product, to be looked at. */
const MOST_ROUNDS = 50;

const NEW_BILLS = statement(
  'demo-player-new-bills',
  `SELECT a.account_number AS "accountNumber" FROM bill b JOIN account a ON a.id = b.account_id
   WHERE b.issued_at > $1 AND b.issued_at <= $2 AND b.corrects_bill_id IS NULL ORDER BY a.account_number`,
);
const BATCH_GOES_ON = statement(
  'demo-player-batch-goes-on',
  `SELECT EXISTS (SELECT FROM cut_batch WHERE ended_at IS NULL AND planned_for = $1 AND state IN ('APPROVED', 'RUNNING')) AS "goesOn"`,
);

/** Plays a scenario on its stage, instant by instant, in an order that depends on the scenario alone. */
export class Player {
  readonly agenda = new Agenda();
  readonly field: Field;
  private readonly waits: Waits;
  private readonly wire: Wire;
  private readonly phones: Phones;
  private readonly office: Office;
  private readonly customers: Customers;
  private readonly crews: Crews;
  private readonly byNumber: ReadonlyMap<string, Household>;
  private readonly schedules: readonly Schedule[];
  private readonly nudged = new Map<NudgeTopic, Set<string>>();
  private failure: unknown;
  private billsSeenTo: Date;
  private batchLookMs = Infinity;
  /** Steps taken, for whoever measures. */
  steps = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly scenario: Scenario,
    readonly households: readonly Household[],
    manifest: unknown,
  ) {
    const { ctx, headEndKey, guard } = stage;
    this.byNumber = new Map(households.map((household) => [household.accountNumber, household]));
    this.billsSeenTo = stage.startsAt;
    this.field = new Field(ctx, scenario, this.agenda, headEndKey, manifest);
    this.waits = new Waits(ctx);
    this.wire = new Wire(ctx, this.field, headEndKey, guard, this.waits, (number) => this.hear(number, 'CUT'));
    this.customers = new Customers(ctx, scenario, this.agenda);
    const unreachable = new Set(
      households.filter((household) => household.unreachable).map(({ accountNumber }) => accountNumber),
    );
    this.phones = new Phones(ctx, scenario, unreachable, (number, step) => this.hear(number, step as Happening));
    const corrections = new Corrections(ctx, scenario, this.field, households);
    this.office = new Office(ctx, scenario, this.agenda, this.byNumber, {
      served: (number, step) => this.hear(number, step as Happening),
      correct: (household) => corrections.correct(household),
    });
    this.crews = new Crews(ctx, scenario, this.agenda, this.field, households);
    this.schedules = schedulesOf(ctx).map((schedule) => ({ ...schedule, run: (at) => this.guarded(schedule, at) }));
    for (const topic of ['commands', 'changed', 'notices', 'dry-runs', 'billing'] as const) this.listen(topic);
  }

  static async open(stage: Stage, scenario: Scenario, households: readonly Household[]): Promise<Player> {
    const { headEndKey, guard, ctx } = stage;
    const manifest = await fleetManifest(ctx, [
      { kid: headEndKey.kid, role: 'head-end', x: headEndKey.x },
      { ...guard.key, role: 'guard' },
    ]);
    return new Player(stage, scenario, households, manifest);
  }

  /** Plays every day; `onDay` is called at the end of each. @throws whatever the product throws: a story does not go on over an error */
  async play(onDay: (day: string) => Promise<void>): Promise<void> {
    const { ctx } = this.stage;
    await ensureSchedules(ctx, this.schedules);
    this.field.tellTime(this.stage.clock.told);
    this.crews.begin();
    this.field.begin();
    for (let nth = 0; nth < this.scenario.days; nth += 1) {
      const day = addDays(this.scenario.starts, nth);
      this.office.planDay(day);
      if (LOOKS.includes(nth)) await lookAtTables(ctx.db);
      await this.playUntil(startOfLocalDay(addDays(day, 1), ctx.timeZone).getTime());
      await onDay(day);
    }
  }

  private async playUntil(endMs: number): Promise<void> {
    for (let nowMs = this.nowMs; ; nowMs = this.nowMs) {
      await this.settle(nowMs);
      const nextMs = Math.min(this.agenda.nextMs, this.waits.nextMs, this.batchLookMs, this.nextWatchMs(nowMs));
      if (nextMs >= endMs) {
        await dayBegins(this.stage.ctx, new Date(endMs));
        this.field.tellTime(this.stage.clock.told);
        return;
      }
      await this.stage.clock.stepTo(new Date(nextMs));
      this.field.tellTime(this.stage.clock.told);
    }
  }

  /** Everything that happens at one instant, until nothing more does. */
  private async settle(nowMs: number): Promise<void> {
    this.steps += 1;
    const { ctx } = this.stage;
    const begunWall = ctx.clock.wallNow();
    const wholeHour = this.isHour(nowMs, SCHEDULE_HOURS);
    const watching = this.isHour(nowMs, WATCH_HOURS);
    if (wholeHour) this.field.freeze();
    const waited = this.waits.nextMs <= nowMs;
    let switched = waited;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      await this.agenda.work(nowMs);
      const heard = await this.field.takeIn();
      if (heard > 0) await this.crews.look();
      if (round === 0) await this.runSchedules(wholeHour, watching);
      const wire = this.taken('commands').size > 0 || (round === 0 && waited);
      if (wire) await this.wire.work(nowMs);
      // What a meter said may have sent its restore back into the queue.
      else if (heard > 0) await this.wire.restores();
      switched ||= wire || heard > 0;
      if (this.taken('notices').size > 0) await this.phones.work();
      if (round === 0 && wholeHour) await this.hourly();
      await this.workRuns();
      if (watching) await this.watch();
      if (this.agenda.nextMs > nowMs && !this.pending) break;
      if (round === MOST_ROUNDS - 1) throw new Error(`${new Date(nowMs).toISOString()} does not settle`);
    }
    if (switched) await this.waits.gather(begunWall, nowMs);
    await this.lookAtBatches(nowMs);
  }

  private isHour(atMs: number, hours: readonly number[]): boolean {
    const time = localTime(new Date(atMs), this.stage.ctx.timeZone);
    return time.slice(3, 5) === '00' && atMs % MINUTE_MS === 0 && hours.includes(Number(time.slice(0, 2)));
  }

  private nextWatchMs(nowMs: number): number {
    let atMs = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;
    while (!this.isHour(atMs, WATCH_HOURS)) atMs += HOUR_MS;
    return atMs;
  }

  /** Hourly schedules have their hours; what is due by the minute is looked at in every step, and nobody waits all day for the reconciler. */
  private async runSchedules(hourly: boolean, watching: boolean): Promise<void> {
    const isDue = ({ name, everyMs }: Schedule) => everyMs < HOUR_MS || (watching && name === 'reconcile-supply');
    const due = hourly ? this.schedules : this.schedules.filter(isDue);
    await runDueSchedules(this.stage.ctx, due);
    if (this.failure) throw this.failure as Error;
  }

  private async guarded(schedule: Schedule, at: Date): Promise<void | number> {
    try {
      return await schedule.run(at);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private async hourly(): Promise<void> {
    const { ctx } = this.stage;
    await this.phones.work();
    await this.phones.giveUp();
    const now = ctx.clock.now();
    const bills = await ctx.db.rows<{ accountNumber: string }>(NEW_BILLS, [this.billsSeenTo, now]);
    this.billsSeenTo = now;
    for (const { accountNumber } of bills) this.hear(accountNumber, 'BILL');
  }

  private async workRuns(): Promise<void> {
    const { ctx } = this.stage;
    if (this.taken('dry-runs').size > 0) while (await workDryRun(ctx));
    if (this.taken('billing').size > 0) while (await workBillingRun(ctx));
  }

  /** The ladder of whoever changed is looked at again, as the product's watch does. */
  private async watch(): Promise<void> {
    const ids = [...this.taken('changed')].sort();
    for (let from = 0; from < ids.length; from += WATCH_GROUP)
      await dunConcerned(this.stage.ctx, ids.slice(from, from + WATCH_GROUP));
  }

  /** While a batch of today is being worked off its schedule is due every minute. */
  private async lookAtBatches(nowMs: number): Promise<void> {
    const { ctx } = this.stage;
    const at = new Date(nowMs);
    const time = localTime(at, ctx.timeZone);
    this.batchLookMs = Infinity;
    if (time < '08:30' || time > '15:00') return;
    const [row] = await ctx.db.rows<{ goesOn: boolean }>(BATCH_GOES_ON, [localDate(at, ctx.timeZone)]);
    // While its cuts are under way their own waits wake the story.
    if (row!.goesOn && this.waits.nextMs === Infinity) this.batchLookMs = nowMs + MINUTE_MS;
  }

  private hear(accountNumber: string, happening: Happening): void {
    this.customers.hear(this.byNumber.get(accountNumber)!, happening);
  }

  private listen(topic: NudgeTopic): void {
    const ids = new Set<string>();
    this.nudged.set(topic, ids);
    this.stage.ctx.nudges.listen(topic, (some) => {
      // A nudge without ids says: look.
      for (const id of some.length > 0 ? some : ['']) ids.add(id);
    });
  }

  private get pending(): boolean {
    return [...this.nudged].some(([topic, ids]) => topic !== 'changed' && ids.size > 0);
  }

  private taken(topic: NudgeTopic): ReadonlySet<string> {
    const ids = this.nudged.get(topic)!;
    const taken = new Set([...ids].filter((id) => id !== '' || topic !== 'changed'));
    ids.clear();
    return taken;
  }

  private get nowMs(): number {
    return this.stage.ctx.clock.now().getTime();
  }
}
