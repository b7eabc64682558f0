import type { FlowContext } from '../src/flows/context.js';
import { systemActor } from '../src/flows/context.js';
import { setClock } from '../src/flows/set-clock.js';
import { ProductClock, type Clock, type ClockState } from '../src/platform/clock.js';
import { statement, type Database } from '../src/platform/database.js';

const ACTOR = systemActor('demo');
/** The clock is opened a little earlier and then set: what the machine spends on opening it must not show. */
const LEAD_MS = 60_000;

const STEP = statement(
  'demo-clock-step',
  `UPDATE clock_state SET version = version + 1, virtual_at = $1, wall_at = $2`,
);

/**
 * The product's own clock, standing still between steps. Waits of the wire pass with product time (see waits.ts), so a wall second
 * is told as a product second, and nobody has just moved the clock: what meters owe has arrived when a schedule looks.
 */
export class SteppingClock implements Clock {
  private constructor(
    private readonly db: Database,
    private readonly product: ProductClock,
  ) {}

  /** Opens the clock of an empty database so that it stands still. */
  static async open(db: Database, startsAt: Date): Promise<SteppingClock> {
    return new SteppingClock(db, await ProductClock.open(db, new Date(startsAt.getTime() - LEAD_MS)));
  }

  now(): Date {
    return this.product.now();
  }

  wallNow(): Date {
    return this.product.wallNow();
  }

  productMs(wallMs: number): number {
    return wallMs;
  }

  get state(): ClockState {
    return { ...this.product.state, wallAt: new Date(0) };
  }

  /** The state as it stands, for the meters. */
  get told(): ClockState {
    return this.product.state;
  }

  /** A step within a day: the same row that a change of the clock writes, a thousand times a month, and so without an entry of its own. */
  async stepTo(at: Date): Promise<void> {
    await this.db.rows(STEP, [at, this.product.wallNow()]);
    await this.product.reload();
  }

  async reload(): Promise<ClockState> {
    return this.product.reload();
  }
}

/** Stops the clock and sets it to the first instant of the story. */
export async function stopClockAt(ctx: FlowContext, startsAt: Date): Promise<void> {
  await setClock(ctx, { scaleMillis: 0, note: 'the story goes step by step' }, ACTOR);
  await dayBegins(ctx, startsAt);
}

/** A new day of the story, set as a tester would set it, and on record. */
export async function dayBegins(ctx: FlowContext, at: Date): Promise<void> {
  if (at > ctx.clock.now()) await setClock(ctx, { at, note: 'the next day of the story' }, ACTOR);
}
