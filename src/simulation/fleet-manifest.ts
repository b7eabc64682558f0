import { statement } from '../platform/database.js';
import type { FlowContext } from '../flows/context.js';
import { findWorld, registerOf } from './open-world.js';
import { drawWorld } from './world.js';

const GATEWAYS = statement(
  'fleet-gateways',
  `SELECT g.gateway_number AS gateway, lower(g.kind) AS kind, d.code AS district FROM gateway g JOIN transformer_district d ON d.id = g.district_id ORDER BY 1`,
);
const METERS = statement(
  'fleet-meters',
  `SELECT m.serial, g.gateway_number AS gateway, i.id AS installation, i.installed_at AS "installedAt",
          coalesce(m.reported_relay, 'CLOSED') AS relay, m.reported_sequence AS "lastSequence"
   FROM meter m JOIN gateway g ON g.id = m.gateway_id JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL ORDER BY m.serial`,
);

/**
 * The manifest from which a simulator builds the meters of this world (schema/fleet.schema.json). It carries the seed of their keys: for
 * testers only.
 * @throws Error when this database holds no simulated world
 */
export async function fleetManifest(
  ctx: FlowContext,
  downlinkKeys: readonly { readonly kid: string; readonly role: 'head-end' | 'guard'; readonly x: string }[],
): Promise<object> {
  const world = await findWorld(ctx);
  if (!world) throw new Error('This database holds no simulated world. Start once with SIMULATION=1.');
  const premises = new Map(
    drawWorld(world.plan).flatMap(({ premises: all }) => all.map((premise) => [premise.serial, premise])),
  );
  const timezone = ctx.timeZone;
  const meters = await ctx.db.rows<{
    serial: string;
    gateway: string;
    installation: string;
    installedAt: Date;
    relay: string;
    lastSequence: bigint;
  }>(METERS);
  return {
    version: 1,
    keySeed: world.keySeed,
    timezone,
    downlinkKeys,
    gateways: await ctx.db.rows(GATEWAYS),
    meters: meters.map(({ serial, gateway, installation, installedAt, relay, lastSequence }) => {
      const annualEnergyWh = premises.get(serial)?.annualEnergyWh ?? 0;
      return {
        meter: serial,
        gateway,
        installation,
        load: 'household',
        annualEnergyWh,
        registerWh: Number(registerOf(annualEnergyWh, installedAt, world.startsAt, timezone)),
        registerAt: world.startsAt.toISOString(),
        relay: relay.toLowerCase(),
        lastSequence: Number(lastSequence),
      };
    }),
  };
}
