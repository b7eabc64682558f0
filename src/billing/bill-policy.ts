import { energyBetween, REGISTER_MODULUS_WH, withoutContradictedEstimates } from '../metering/reading-policy.js';
import type { EstimateMethod, TouPeriod } from '../metering/reading.js';
import type { InstallationToBill, NearbyEstimate, PeriodRegisters, RegisterAround } from './register-facts.js';

export type { InstallationToBill, PeriodRegisters } from './register-facts.js';

/** A register value at the edge of a billing period. `method` says how an estimated one came about. */
export interface EdgeRegister {
  readonly energyWh: bigint;
  readonly estimated: boolean;
  readonly method?: EstimateMethod;
}

/** Looks up the register of an installation at an instant; undefined when it is not known well enough even for an estimate. */
export type RegisterOn = (installation: InstallationToBill, instant: Date) => EdgeRegister | undefined;

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
  if (before.at.getTime() === instant.getTime()) {
    return around.beforeQuality === 'ESTIMATED'
      ? { energyWh: before.registerWh, estimated: true, method: 'ENTERED' }
      : { energyWh: before.registerWh, estimated: false };
  }
  const after =
    around.afterAt !== null && around.afterWh !== null ? { at: around.afterAt, registerWh: around.afterWh } : undefined;
  const [from, to] = after ? [before, after] : [{ at: installed.at, registerWh: installed.energyWh }, before];
  const spanMs = BigInt(to.at.getTime() - from.at.getTime());
  const paceWh = spanMs > 0n ? energyBetween(from, to) : 0n;
  const elapsedMs = BigInt(instant.getTime() - before.at.getTime());
  return {
    energyWh: before.registerWh + (spanMs > 0n ? (paceWh * elapsedMs) / spanMs : 0n),
    estimated: true,
    method: after ? 'INTERPOLATED' : 'EXTRAPOLATED',
  };
}

/** The readings around an instant when estimates count as well: those between the actual ones that these do not prove wrong. */
export function aroundWithEstimates(
  instant: Date,
  actual: RegisterAround,
  estimates: readonly NearbyEstimate[],
): RegisterAround {
  const end = (at: Date | null, registerWh: bigint | null) =>
    at !== null && registerWh !== null ? [{ at, registerWh, estimated: false }] : [];
  const line = withoutContradictedEstimates([
    ...end(actual.beforeAt, actual.beforeWh),
    ...estimates.map(({ at, energyWh }) => ({ at, registerWh: energyWh, estimated: true })),
    ...end(actual.afterAt, actual.afterWh),
  ]);
  const before = line.findLast(({ at }) => at <= instant);
  const after = line.find(({ at }) => at > instant);
  return {
    beforeAt: before?.at ?? null,
    beforeWh: before?.registerWh ?? null,
    beforeQuality: before ? (before.estimated ? 'ESTIMATED' : 'ACTUAL') : null,
    afterAt: after?.at ?? null,
    afterWh: after?.registerWh ?? null,
  };
}

/** What was used at a service point from its first installation up to an instant, and the estimate at the end, if there is one. */
export interface UseUntil {
  readonly usedWh: bigint;
  readonly estimated?: { readonly installationId: string; readonly register: EdgeRegister };
}

/** Adds up the registers of all installations up to an instant; undefined when one is not known well enough. */
export function useUntil(
  installations: readonly InstallationToBill[],
  until: Date,
  registerOn: RegisterOn,
): UseUntil | undefined {
  let usedWh = 0n;
  let estimated: UseUntil['estimated'];
  for (const installation of installations) {
    const { installationId, installedAt, installedWh, removedAt, removedWh } = installation;
    if (installedAt >= until) continue;
    const isRemoved = removedWh !== null && removedAt !== null && removedAt <= until;
    const at = isRemoved ? removedAt : until;
    const end = isRemoved ? { energyWh: removedWh, estimated: false } : registerOn(installation, until);
    if (!end) return undefined;
    usedWh += energyBetween({ at: installedAt, registerWh: installedWh }, { at, registerWh: end.energyWh });
    if (end.estimated) estimated = { installationId, register: end };
  }
  return { usedWh, ...(estimated && { estimated }) };
}

/**
 * Whether the register was known exactly at the beginning of a period: at that instant, or at the installation within the period.
 * Undefined when it was not known even for an estimate.
 */
export function startIsEstimated(
  installations: readonly InstallationToBill[],
  from: Date,
  until: Date,
  registerOn: RegisterOn,
): boolean | undefined {
  let estimated = false;
  for (const installation of installations) {
    const { installedAt, removedAt } = installation;
    if (installedAt >= until || (removedAt !== null && removedAt <= from) || installedAt >= from) continue;
    const start = registerOn(installation, from);
    if (!start) return undefined;
    estimated ||= start.estimated;
  }
  return estimated;
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

/**
 * What the registers per period counted between two instants; undefined unless every period of the end was also read at the
 * beginning: then the split is an estimate.
 */
export function periodUse(
  from: PeriodRegisters | undefined,
  to: PeriodRegisters | undefined,
): PeriodRegisters | undefined {
  const entries = Object.entries(to ?? {}) as [TouPeriod, bigint][];
  if (!from || entries.length === 0 || entries.some(([period]) => from[period] === undefined)) return undefined;
  return Object.fromEntries(
    entries.map(([period, endWh]) => {
      const usedWh = endWh - from[period]!;
      return [period, usedWh < 0n ? usedWh + REGISTER_MODULUS_WH : usedWh];
    }),
  );
}
