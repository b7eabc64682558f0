/** Whether a transformer district (台区) is without power, or only out of reach. Presence, last gasps and relays are three different facts. */

/** What is known of a district. */
export interface DistrictFacts {
  /** Meters installed there. */
  readonly meters: number;
  /** Meters whose last word is that their supply is going. */
  readonly dark: number;
  /** Concentrators that went with a last gasp of their own, and have not come back. */
  readonly concentratorsDark: number;
  /** Gateways that are offline and did not say why. */
  readonly gatewaysOffline: number;
}

/** OUTAGE: no supply. COMMUNICATION_LOST: nothing is heard, and nothing says that power is away. */
export type DistrictCondition = 'OUTAGE' | 'COMMUNICATION_LOST' | 'NORMAL';

export interface DistrictVerdict {
  readonly condition: DistrictCondition;
  readonly evidence: string;
}

/** Fewer dark meters than this are faults of their own houses. */
const LEAST_DARK_METERS = 3;
/** From this share on they have one cause. */
const DARK_SHARE = 0.2;

/** Tells an outage of a district from lost communication and from single faults. A cut is neither: its meter goes on speaking. Pure. */
export function districtCondition(facts: DistrictFacts): DistrictVerdict {
  const { meters, dark, concentratorsDark, gatewaysOffline } = facts;
  if (concentratorsDark > 0)
    return {
      condition: 'OUTAGE',
      evidence: `the concentrator said that its supply is gone; ${dark} of ${meters} meters said so too`,
    };
  if (dark >= LEAST_DARK_METERS && dark >= meters * DARK_SHARE)
    return { condition: 'OUTAGE', evidence: `${dark} of ${meters} meters said that their supply is gone` };
  if (gatewaysOffline > 0)
    return {
      condition: 'COMMUNICATION_LOST',
      evidence: `${gatewaysOffline === 1 ? 'a gateway is' : `${gatewaysOffline} gateways are`} offline, and nothing says that power is away`,
    };
  return {
    condition: 'NORMAL',
    evidence: dark === 0 ? 'every meter that spoke has power' : `${dark} of ${meters} meters are dark`,
  };
}
