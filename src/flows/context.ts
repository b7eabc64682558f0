import type { PoliciesInForce } from '../dunning/policies-in-force.js';
import type { Actor } from '../platform/audit.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/log.js';
import type { MeterSecretsSource } from '../metering/meter-secrets.js';
import type { Nudges } from '../platform/nudges.js';
import type { HolidayCalendar } from '../platform/holidays.js';
import type { SwitchTimings } from '../switching/switch-timings.js';

/** What every flow works with: handed in, never looked up. */
export interface FlowContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly nudges: Nudges;
  readonly log: Logger;
  /** The company's own: a rule's date is the local calendar day of this zone. */
  readonly timeZone: string;
  /** The calendar on the company's wall. */
  readonly holidays: HolidayCalendar;
  /** What decides about notices and cuts, by class of customer and way of paying. */
  readonly policies: PoliciesInForce;
  readonly timings: SwitchTimings;
  /** Secrets shared with meters; absent: there are no restore codes, and no DL/T 645 meter can be spoken to. */
  readonly meterSecrets?: MeterSecretsSource;
}

/** The system itself as an actor, by the name of the flow. */
export const systemActor = (flow: string): Actor => ({ kind: 'SYSTEM', id: flow });
