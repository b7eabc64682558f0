import { productTimeMs, type ClockState } from '../platform/clock.js';
import { statement, type Reader } from '../platform/database.js';
import { GuardRefusal } from './refusal.js';

/** The database's and the guard's machine may differ by this much; a clock that is further off is not believed, ms. */
const MAX_SKEW_MS = 60_000;

/** Time as the guard goes by: product time, the machine's, and how fast the one runs by the other. */
export interface GuardTime {
  readonly at: Date;
  readonly machineAt: Date;
  /** Product milliseconds per wall second. */
  readonly scaleMillis: number;
}

const READ = statement(
  'guard-clock',
  `SELECT mode, version, virtual_at AS "virtualAt", wall_at AS "wallAt", scale_millis AS "scaleMillis", clock_timestamp() AS "databaseAt"
   FROM clock_state`,
);

/**
 * Reads the time for one decision. With real customers it is the guard's own machine's, and the database has no say in it but to agree; in
 * simulation it is the shared clock's, which testers set and scale.
 * @throws GuardRefusal CLOCK when the clocks disagree or are not of the expected kind
 */
export async function readGuardTime(reader: Reader, simulation: boolean, machineAt: Date): Promise<GuardTime> {
  const [state] = await reader.rows<ClockState & { databaseAt: Date }>(READ);
  if (!state) throw new GuardRefusal('CLOCK', 'the product has no clock yet');
  if (state.mode === 'SIMULATED' && !simulation)
    throw new GuardRefusal(
      'CLOCK',
      'the database speaks of a simulated clock, and this guard was started for real customers',
    );
  const skewMs = Math.abs(state.databaseAt.getTime() - machineAt.getTime());
  if (skewMs > MAX_SKEW_MS)
    throw new GuardRefusal(
      'CLOCK',
      `the clocks of guard and database differ by ${Math.round(skewMs / 1_000)} s; put them right`,
    );
  const at = new Date(productTimeMs(state, machineAt.getTime()));
  if (Number.isNaN(at.getTime())) throw new GuardRefusal('CLOCK', 'the shared clock shows no time');
  return { at, machineAt, scaleMillis: state.mode === 'REAL' ? 1_000 : state.scaleMillis };
}
