import type { Database } from './database.js';
import { statement } from './database.js';

/** The `clock_state` row. */
export interface ClockState {
  readonly mode: 'REAL' | 'SIMULATED';
  /** Grows by one with every change. */
  readonly version: bigint;
  readonly virtualAt: Date;
  readonly wallAt: Date;
  /** Product milliseconds per wall second: 1000 is real speed, 0 stands still. */
  readonly scaleMillis: number;
}

/** The only source of "now". Waits on a wire use the wall clock; everything a rule speaks of uses product time. */
export interface Clock {
  now(): Date;
  wallNow(): Date;
  /** How much product time passes in `wallMs` at the present speed. */
  productMs(wallMs: number): number;
  readonly state: ClockState;
  /** Reads the shared clock again, after somebody moved it. */
  reload(): Promise<ClockState>;
}

const SELECT_CLOCK = statement(
  'clock-select',
  `SELECT mode, version, virtual_at AS "virtualAt", wall_at AS "wallAt", scale_millis AS "scaleMillis" FROM clock_state`,
);
const INSERT_CLOCK = statement(
  'clock-insert',
  `INSERT INTO clock_state (mode, virtual_at, wall_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
);

/** Product time at wall time `wallAtMs` under `state`. */
export const productTimeMs = (state: ClockState, wallAtMs: number): number =>
  state.mode === 'REAL'
    ? wallAtMs
    : state.virtualAt.getTime() + ((wallAtMs - state.wallAt.getTime()) * state.scaleMillis) / 1000;

/** The process's view of the shared clock; `reload` after another process changed it. */
export class ProductClock implements Clock {
  private constructor(
    private readonly db: Database,
    private current: ClockState,
  ) {}

  /**
   * Opens the clock. The first start decides its mode: `simulatedFrom` is the first product instant of a simulated world.
   * @throws Error when a simulated world is opened in real mode: its dates would be taken for real ones
   */
  static async open(db: Database, simulatedFrom: Date | undefined): Promise<ProductClock> {
    const wallAt = new Date();
    await db.rows(INSERT_CLOCK, [simulatedFrom ? 'SIMULATED' : 'REAL', simulatedFrom ?? wallAt, wallAt]);
    const [state] = await db.rows<ClockState>(SELECT_CLOCK);
    if (!simulatedFrom && state!.mode === 'SIMULATED') {
      throw new Error(
        'This database holds a simulated world, and SIMULATION is off. Use another database, or start with SIMULATION=1.',
      );
    }
    if (simulatedFrom && state!.mode === 'REAL') {
      throw new Error(
        'This database holds real data, and SIMULATION=1 would let its clock be moved. Use another database, or start with SIMULATION=0.',
      );
    }
    return new ProductClock(db, state!);
  }

  get state(): ClockState {
    return this.current;
  }

  now(): Date {
    return new Date(productTimeMs(this.current, Date.now()));
  }

  wallNow(): Date {
    return new Date();
  }

  productMs(wallMs: number): number {
    return this.current.mode === 'REAL' ? wallMs : (wallMs * this.current.scaleMillis) / 1000;
  }

  async reload(): Promise<ClockState> {
    const [state] = await this.db.rows<ClockState>(SELECT_CLOCK);
    this.current = state!;
    return this.current;
  }
}
