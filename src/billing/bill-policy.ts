import { energyBetween, REGISTER_MODULUS_WH } from '../metering/reading-policy.js';
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

/**
 * What is left to bill: all that was used since the first installation less all that was billed. So the next bill makes up for an
 * estimate, and one that was too high leaves nothing to bill until use has caught up with it.
 *
 * @param usedWh sum over the installations of register at the end minus register at the beginning, each counted modulo its size
 */
export function energyToBill(usedWh: bigint, billedWh: bigint): bigint {
  // No estimate is wrong by half a register: falling so far behind the bills means that a register has turned over since.
  let totalWh = usedWh;
  while (totalWh + REGISTER_MODULUS_WH / 2n < billedWh) totalWh += REGISTER_MODULUS_WH;
  return totalWh > billedWh ? totalWh - billedWh : 0n;
}
