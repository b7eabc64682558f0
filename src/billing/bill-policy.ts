import { energyBetween } from '../metering/reading-policy.js';
import type { RegisterAround } from './billing-facts.js';

/** A register value at the edge of a billing period. */
export interface EdgeRegister {
  readonly energyWh: bigint;
  readonly estimated: boolean;
}

/**
 * The register at an instant: read exactly then; or on a straight line between the readings around it; or, after the last reading,
 * carried on at the pace since the installation began (estimated reading, 估抄); undefined before any reading. Whole Wh, rounded down,
 * so that an estimate never bills more than the line says.
 */
export function registerAt(
  instant: Date,
  around: RegisterAround,
  installed: { readonly at: Date; readonly energyWh: bigint },
): EdgeRegister | undefined {
  if (around.beforeAt === null || around.beforeWh === null) {
    return instant <= installed.at ? { energyWh: installed.energyWh, estimated: false } : undefined;
  }
  const before = { at: around.beforeAt, registerWh: around.beforeWh };
  if (before.at.getTime() === instant.getTime())
    return { energyWh: before.registerWh, estimated: around.beforeQuality === 'ESTIMATED' };
  const after =
    around.afterAt !== null && around.afterWh !== null ? { at: around.afterAt, registerWh: around.afterWh } : undefined;
  const [from, to] = after ? [before, after] : [{ at: installed.at, registerWh: installed.energyWh }, before];
  const spanMs = BigInt(to.at.getTime() - from.at.getTime());
  const paceWh = spanMs > 0n ? energyBetween(from, to) : 0n;
  const elapsedMs = BigInt(instant.getTime() - before.at.getTime());
  return { energyWh: before.registerWh + (spanMs > 0n ? (paceWh * elapsedMs) / spanMs : 0n), estimated: true };
}
