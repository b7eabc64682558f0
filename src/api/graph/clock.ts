import type { Clock } from '../../platform/clock.js';
import type { ProductClockType } from './types/operations.js';

const MILLIS = 1000;

/** The clock as the API shows it. */
export const clockNow = (clock: Clock): ProductClockType => ({
  mode: clock.state.mode,
  now: clock.now(),
  scale: clock.state.scaleMillis / MILLIS,
  version: clock.state.version,
});
