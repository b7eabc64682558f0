import type { Meter, MeterInstallation } from '../../metering/meter.js';
import type { ReportedSupplyType } from '../graph/types/metering.js';
import type { GatewayPresence } from './explain-power-policy.js';
import type { Scope } from './scope.js';

/** The installation in place at a service point the viewer has been shown. */
export async function installationNow(scope: Scope, servicePointId: string): Promise<MeterInstallation | null> {
  return (await scope.related('installationOfServicePointNow', servicePointId))[0] ?? null;
}

/** The meter in place at a service point the viewer has been shown. */
export async function meterNow(scope: Scope, servicePointId: string): Promise<Meter | null> {
  const installation = await installationNow(scope, servicePointId);
  return scope.find('Meter', installation?.meterId);
}

/** The meter's own latest word as the API shows it; UNKNOWN where there is no meter or it never spoke. */
export function reportedSupplyOf(meter: Meter | null): ReportedSupplyType {
  if (!meter?.reportedRelay || !meter.reportedAt) return { state: 'UNKNOWN', since: null, evidence: null };
  return {
    state: meter.reportedRelay === 'CLOSED' ? 'CONNECTED' : meter.reportedArmed ? 'ARMED' : 'DISCONNECTED',
    since: meter.reportedSince ?? null,
    evidence: {
      heardAt: meter.reportedAt,
      meterAt: meter.reportedMeterAt ?? null,
      relayClosed: meter.reportedRelay === 'CLOSED',
      armed: meter.reportedArmed,
      protected: meter.reportedProtected,
      supplyVoltageMv: meter.supplyVoltageMv ?? null,
      loadVoltageMv: meter.loadVoltageMv ?? null,
      powerW: meter.powerW ?? null,
    },
  };
}

/** Presence as a word: offline is a fact about the connection, never about the supply. */
export const presenceOf = (gateway: { readonly online?: boolean | null } | null): GatewayPresence =>
  gateway?.online === true ? 'ONLINE' : gateway?.online === false ? 'OFFLINE' : 'UNKNOWN';
