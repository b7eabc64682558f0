/** Whether a restore closes the relay, or arms the meter so that the customer presses the button (手动复电). */
import type { CustomerClass } from '../accounts/customer.js';
import type { ReconnectModeReason } from '../switching/switch-command.js';
import type { DunningPolicy } from './policy-schema.js';

/** What is known of a supply that is to come back. Instants are product time. */
export interface ReconnectFacts {
  /** What the meter is set up for. */
  readonly meterMode: 'DIRECT' | 'ARM';
  readonly customerClass: CustomerClass;
  /** Since when its relay is open; null: it is not, or nobody knows. */
  readonly offSince: Date | null;
  /** Behind the relay while it is open, mV; null: not measured, or the relay is not open. */
  readonly openLoadVoltageMv: number | null;
}

/** The decision with the strongest reason for it. `visit`: somebody has to look at the installation. */
export interface ReconnectMode {
  readonly mode: 'DIRECT' | 'ARM';
  readonly reason: ReconnectModeReason;
  readonly evidence: string;
  readonly visit: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * Decides how power comes back, for each order anew: what was true of the last one (a generator that ran, a month in the dark) need not be of this.
 * Where no policy applies only the meter's own setting does. Pure.
 */
export function decideReconnectMode(
  facts: ReconnectFacts,
  arming: DunningPolicy['arming'] | undefined,
  now: Date,
): ReconnectMode {
  const armed = (reason: ReconnectModeReason, evidence: string, visit = false): ReconnectMode => ({
    mode: 'ARM',
    reason,
    evidence,
    visit,
  });
  const { meterMode, customerClass, offSince, openLoadVoltageMv } = facts;
  if (arming && openLoadVoltageMv !== null && openLoadVoltageMv >= arming.backfeedVolts * 1_000)
    return armed(
      'BACKFEED',
      `${(openLoadVoltageMv / 1_000).toFixed(1)} V behind the open relay (from ${arming.backfeedVolts} V on something feeds in): ${arming.clause.text}`,
      true,
    );
  if (meterMode === 'ARM') return armed('METER', 'the meter is set up for its button');
  if (arming?.customerClasses.includes(customerClass))
    return armed('CUSTOMER_CLASS', `${customerClass} is armed: ${arming.clause.text}`);
  const offHours = offSince === null ? null : Math.floor((now.getTime() - offSince.getTime()) / HOUR_MS);
  if (arming && arming.offHours !== null && offHours !== null && offHours >= arming.offHours)
    return armed('LONG_OFF', `off for ${offHours} hours (from ${arming.offHours} on): ${arming.clause.text}`);
  return {
    mode: 'DIRECT',
    reason: 'NO_REASON_TO_ARM',
    evidence: offHours === null ? 'not known to be off' : `off for ${offHours} hours, nothing feeds in`,
    visit: false,
  };
}
