import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { generateFleet } from '../generate-fleet.js';
import { checkManifest } from '../manifest.js';
import { share } from '../meter/random.js';
import { instantText, type FleetManifest } from '../wire/contract.js';
import type { ScenarioSpec } from './spec.js';

/** The registers of a generated fleet begin this long before the story, ms. */
const REGISTERS_BEFORE_MS = 30 * 86_400_000;

/** The fleet of a scenario: from its manifest, or generated from its seed. @throws Error in plain words. */
export function planFleet(spec: ScenarioSpec, seed: number, file: string, startsAtMs: number): FleetManifest {
  const { manifest: path, ...wanted } = spec.fleet;
  if (path !== undefined) {
    if (Object.keys(wanted).length > 0) throw new Error('a manifest says everything itself; leave out the other keys.');
    return readManifest(resolve(dirname(file), path));
  }
  const { manifest } = generateFleet({
    concentrators: wanted.concentrators ?? 1,
    metersPerConcentrator: wanted.metersPerConcentrator ?? 100,
    direct: wanted.direct ?? 0,
    seed,
    timezone: spec.time.timezone ?? 'Asia/Shanghai',
    registerAt: instantText(startsAtMs - REGISTERS_BEFORE_MS),
    downlinkKeys: [],
  });
  for (const gateway of manifest.gateways) {
    if (wanted.lineBaud !== undefined) gateway.lineBaud = wanted.lineBaud;
  }
  for (const meter of manifest.meters) {
    if (wanted.codec !== undefined) meter.codec = wanted.codec;
    meter.relay = wanted.relay ?? 'closed';
    if (share(`protected:${meter.meter}`, seed) < (wanted.protected ?? 0)) meter.protected = true;
  }
  return checkManifest(manifest);
}

function readManifest(path: string): FleetManifest {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`the manifest cannot be read: ${(error as Error).message}`);
  }
  return checkManifest(JSON.parse(text) as unknown);
}
