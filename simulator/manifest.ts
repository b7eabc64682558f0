import { Calendar } from './meter/calendar.js';
import { instantMs, MAX_METERS_PER_CONCENTRATOR, type FleetManifest } from './wire/contract.js';
import { keyRing } from './wire/keys.js';
import { firstProblem, isFleetManifest } from './wire/schemas.js';

/** Default of `timezone` in fleet.schema.json. */
export const DEFAULT_TIMEZONE = 'Asia/Shanghai';

/**
 * Checks a manifest against its schema and against itself (every meter has a gateway, no number twice, …).
 * @throws Error naming the place and what to do.
 */
export function checkManifest(input: unknown): FleetManifest {
  if (!isFleetManifest(input)) {
    throw new Error(`The fleet manifest does not match schema/fleet.schema.json: ${firstProblem(isFleetManifest)}.`);
  }
  keyRing(input.downlinkKeys);
  if (!input.downlinkKeys.some((key) => key.role === 'head-end')) {
    throw new Error('The fleet manifest has no downlink key of role head-end; meters could obey nobody.');
  }
  try {
    new Calendar(input.timezone ?? DEFAULT_TIMEZONE);
  } catch {
    throw new Error(`The fleet manifest's timezone ${input.timezone} is unknown; use an IANA name like Asia/Shanghai.`);
  }
  checkTopology(input);
  return input;
}

function checkTopology(manifest: FleetManifest): void {
  const counts = new Map<string, number>();
  const kinds = new Map<string, string>();
  for (const { gateway, kind } of manifest.gateways) {
    if (kinds.has(gateway)) throw new Error(`The fleet manifest names gateway ${gateway} twice; keep one.`);
    kinds.set(gateway, kind);
    counts.set(gateway, 0);
  }
  const seen = new Set<string>();
  for (const { meter, gateway, registerAt } of manifest.meters) {
    const kind = kinds.get(gateway);
    if (!kind) throw new Error(`Meter ${meter} stands behind gateway ${gateway}, which the manifest does not list.`);
    if (seen.has(meter)) throw new Error(`The fleet manifest names meter ${meter} twice; keep one.`);
    if (kind === 'meter' && meter !== gateway) {
      throw new Error(`Gateway ${gateway} is a 4G meter, so only meter ${gateway} can be behind it, not ${meter}.`);
    }
    if (instantMs(registerAt) === undefined) {
      throw new Error(`Meter ${meter}: registerAt ${registerAt} is no real instant.`);
    }
    seen.add(meter);
    counts.set(gateway, (counts.get(gateway) as number) + 1);
  }
  for (const [gateway, count] of counts) {
    if (count > MAX_METERS_PER_CONCENTRATOR) {
      throw new Error(
        `Concentrator ${gateway} has ${count} meters, at most ${MAX_METERS_PER_CONCENTRATOR}; split it up.`,
      );
    }
  }
}
