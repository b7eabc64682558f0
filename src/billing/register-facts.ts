/** What is known of registers, as bills are computed from it. */
import type { TouPeriod } from '../metering/reading.js';

/** What bills must know of an installation at a service point. */
export interface InstallationToBill {
  readonly installationId: string;
  readonly installedAt: Date;
  readonly installedWh: bigint;
  readonly removedAt: Date | null;
  readonly removedWh: bigint | null;
}

/** The usable readings on both sides of an instant. */
export interface RegisterAround {
  readonly beforeAt: Date | null;
  readonly beforeWh: bigint | null;
  readonly beforeQuality: string | null;
  readonly afterAt: Date | null;
  readonly afterWh: bigint | null;
}

/** A stored estimate near an edge. */
export interface NearbyEstimate {
  readonly at: Date;
  readonly energyWh: bigint;
}

/** Registers per time-of-use period of one installation at one instant. */
export type PeriodRegisters = Readonly<Partial<Record<TouPeriod, bigint>>>;
